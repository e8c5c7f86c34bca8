// Orders, normalised. Adapters state facts (what the platform says now, cumulative); the hub keeps one document an order, whose
// lines merge by maximum, so that duplicates, reordering and stale snapshots change nothing. No buyer data is kept.
import type { ChannelId, ListingId, LocationId, OrderKey, PoolId, Sku } from './ids.ts'

/** What a platform says of one order line. Quantities are listing quantities and cumulative. */
export interface OrderLineFact {
  readonly lineId: string
  /** How to find the listing on this channel: the first key that is known wins. See Listing.keys. */
  readonly listingKeys: readonly string[]
  readonly orderedQuantity: number
  readonly cancelledQuantity: number
  readonly shippedQuantity: number
  /** Platform time of the latest cancellation on this line; null when nothing is cancelled or the time is not told. */
  readonly cancelledAtMs: number | null
  /** False only where the platform says that this cancellation did not go back on sale. */
  readonly cancelMayRestock: boolean
  /**
   * Discounted item price with tax for the whole ordered quantity, minor units; null when not told (yet). Of a vendor's order: what Amazon
   * pays for it, before tax.
   */
  readonly amountMinor: number | null
  /** ISO 4217; null when no amount. */
  readonly currency: string | null
}

export interface OrderFact extends OrderKey {
  /** Platform time of the order's creation. */
  readonly createdAtMs: number
  /** Platform time of this state of the order. */
  readonly revisedAtMs: number
  /** fact: it is sold, we follow. ask-first: we may answer with less. */
  readonly demand: 'fact' | 'ask-first'
  /** maximum: quantities only grow. revision: the later revision replaces (platforms that only tell net quantities). */
  readonly merge: 'maximum' | 'revision'
  /** Must the hub answer the platform (vendor orders)? Latest time to do so; null: no. */
  readonly acknowledgeByMs: number | null
  readonly lines: readonly OrderLineFact[]
  /** What the platform wants to see again in our answer (party ids, units); opaque to the engine, never buyer data. */
  readonly echo: Readonly<Record<string, unknown>> | null
  /** True: news of an order that the hub may have; one that it does not have was over before the hub looked, and changes nothing. */
  readonly knownOnly?: boolean
}

export interface OrderLine {
  readonly lineId: string
  /** Frozen with sku, pool and unitsPerListing when the line is first folded. */
  readonly listing: ListingId
  readonly sku: Sku
  readonly pool: PoolId
  readonly unitsPerListing: number
  readonly orderedQuantity: number
  readonly cancelledQuantity: number
  readonly shippedQuantity: number
  readonly cancelledAtMs: number | null
  readonly amountMinor: number | null
  readonly currency: string | null
  readonly createdAtMs: number
  /** Only ask-first and acknowledged orders: how much of it we accept. */
  readonly acceptedQuantity: number | null
  /** Where shipped goods are taken from; null: the pool's fullest location. */
  readonly location: LocationId | null
}

/** due -> submitted -> done, or failed; a failed one is due again until `byMs`. */
export interface Acknowledgement {
  readonly state: 'due' | 'submitted' | 'done' | 'failed'
  readonly dueAtMs: number
  readonly byMs: number
  readonly attempts: number
  readonly transactionId: string | null
  readonly lastError: string | null
}

export interface Order extends OrderKey {
  /** 0: not stored yet. */
  readonly version: number
  readonly createdAtMs: number
  readonly revisedAtMs: number
  readonly demand: 'fact' | 'ask-first'
  readonly merge: 'maximum' | 'revision'
  readonly lines: readonly OrderLine[]
  readonly acknowledgement: Acknowledgement | null
  readonly echo: Readonly<Record<string, unknown>> | null
  /** When the hub first folded it. */
  readonly firstSeenAtMs: number
}

/** How goods of a listing reach the buyer: by the merchant, by Amazon, or by the vendor for Amazon; retail: sold to Amazon. */
export type Fulfilment = 'MFN' | 'FBA' | 'DF' | 'retail'

/** A channel's offer mapped to a SKU and pool. */
export interface Listing {
  readonly id: ListingId
  readonly channel: ChannelId
  /** The adapter's text for one offer; its format is in the adapter's README. */
  readonly externalId: string
  /** Every key under which order lines, events or reads may name it, externalId included. */
  readonly keys: readonly string[]
  readonly sku: Sku
  readonly pool: PoolId
  readonly unitsPerListing: number
  readonly fulfilment: Fulfilment
}
