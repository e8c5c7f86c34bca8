// By which names the readings of a SKU are found (snapshot-names.ts), the same in both engines.
import type { StockSummary } from '../../domain/inventory-summary.ts'
import type { ChannelId, ListingId, Sku } from '../../domain/ids.ts'
import type { Listing } from '../../domain/orders.ts'
import { namesOfKey, ownSkuName } from './snapshot-names.ts'

/** A reading with this name tells of the SKU. */
export interface ViewLink {
  readonly name: string
  /** null: of the SKU itself and of no listing. */
  readonly listing: ListingId | null
  readonly unitsPerListing: number
  /** Channels whose readings under this name are another SKU's. */
  readonly exceptChannels: readonly ChannelId[]
}

/** What is kept for each stock document, so that a refresh reads only what changed. */
export interface LinkedSummary extends StockSummary {
  readonly links: readonly ViewLink[]
}

/** `listings`: of the SKU and pool. `takenOn`: where the SKU's own text names another SKU's listing. */
export const linksOf = (sku: Sku, listings: readonly Listing[], takenOn: readonly ChannelId[]): readonly ViewLink[] => [
  ...listings.flatMap(({ id, channel, keys, unitsPerListing }) =>
    keys.flatMap((key) => namesOfKey(channel, key)).map((name) => ({ name, listing: id, unitsPerListing, exceptChannels: [] })),
  ),
  { name: ownSkuName(sku), listing: null, unitsPerListing: 1, exceptChannels: [...takenOn].sort() },
]
