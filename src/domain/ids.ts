// Identifiers as branded strings, so that a location is never passed where a SKU is meant.
// Every id is the owner's exact string: never trimmed, never case-folded, never parsed for meaning.

declare const brand: unique symbol
type Branded<B extends string> = string & { readonly [brand]: B }

/** The merchant's stock-keeping unit: their exact string, which never changes (a rename is a new SKU and a transfer). */
export type Sku = Branded<'Sku'>
/** A set of locations whose stock is sold together. */
export type PoolId = Branded<'PoolId'>
/** A place that holds stock. */
export type LocationId = Branded<'LocationId'>
/** One account on one platform, as named in the configuration (for example `shopify-eu`). */
export type ChannelId = Branded<'ChannelId'>
/** One offer on one channel: `{channel}/{externalId}`. Protocol state is kept per listing. */
export type ListingId = Branded<'ListingId'>

/** What every textual id must satisfy: 1 to 200 characters, no control characters, no white space at either end. */
export const isIdText = (text: string): boolean =>
  text.length > 0 && text.length <= 200 && text.trim() === text && !/[\u0000-\u001f\u007f]/.test(text)

export const listingIdOf = (channel: ChannelId, externalId: string): ListingId => `${channel}/${externalId}` as ListingId

/** Where a stock document lives: the pair is its key in every store. */
export interface StockKey {
  readonly sku: Sku
  readonly pool: PoolId
}

/** One string per stock key, for maps. The separator cannot occur in an id. */
export const stockKeyText = (key: StockKey): string => `${key.sku}\u0000${key.pool}`

export interface OrderKey {
  readonly channel: ChannelId
  readonly orderId: string
}

export const orderKeyText = (key: OrderKey): string => `${key.channel}\u0000${key.orderId}`
