// Ids as Shopify has them: numbers beyond 2^53 that JSON.parse rounds (neighbours collapse into one double here, on purpose), and
// `gid://shopify/Type/number` in GraphQL. Inside the simulator an id is its decimal digits, never a JavaScript number.

/** First id of each kind. All are above 2^53 and below 2^63; the spacing of doubles there is 8 or more. */
const firstIds = {
  AppInstallation: 62_071_992_547_409_931n,
  BulkOperation: 63_071_992_547_409_931n,
  Customer: 207_119_551_000_000_003n,
  Fulfillment: 255_858_046_000_000_003n,
  FulfillmentLineItem: 312_508_077_000_000_003n,
  FulfillmentOrder: 564_786_110_000_000_003n,
  FulfillmentOrderLineItem: 137_215_460_000_000_003n,
  InventoryAdjustmentGroup: 149_900_310_000_000_003n,
  InventoryItem: 271_878_346_596_884_003n,
  InventoryLevel: 878_923_941_500_000_003n,
  Job: 64_071_992_547_409_931n,
  LineItem: 866_550_311_766_439_003n,
  Location: 537_168_447_100_000_003n,
  Order: 820_982_911_946_154_499n,
  Product: 788_032_119_674_292_995n,
  ProductVariant: 457_924_702_000_000_003n,
  Refund: 929_361_480_000_000_003n,
  RefundLineItem: 104_689_539_000_000_003n,
  Shop: 65_071_992_547_409_931n,
  WebhookSubscription: 892_403_750_000_000_003n,
} as const

export type IdKind = keyof typeof firstIds

/** The id of the `sequence`-th thing of a kind, from 0. */
export const numericId = (kind: IdKind, sequence: number): string => (firstIds[kind] + BigInt(sequence)).toString()

export const gid = (type: string, id: string): string => `gid://shopify/${type}/${id}`

/** The digits of a gid of that type; null when it is none. A query part (`?inventory_item_id=`) is cut off. */
export const parseGid = (type: string, value: string): string | null => {
  const match = /^gid:\/\/shopify\/([A-Za-z]+)\/(\d{1,20})(?:\?.*)?$/.exec(value)
  return match && match[1] === type ? match[2]! : null
}

export const gidType = (value: string): string | null => /^gid:\/\/shopify\/([A-Za-z]+)\/\d/.exec(value)?.[1] ?? null

/** Shopify tells times in whole seconds. */
export const isoSeconds = (atMs: number): string => `${new Date(Math.floor(atMs / 1000) * 1000).toISOString().slice(0, 19)}Z`
