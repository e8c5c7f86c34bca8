// The stock document: one SKU in one pool, with everything the zero-oversell protocol needs, so that one compare-and-swap on
// `version` guards it. This file holds its shape and the sums over it; the rules that change it are in the files beside it.
// Quantities: `…Units` count single goods; `…Quantity` (and base, charge, n of the protocol) count what a listing sells, which is
// `unitsPerListing` units each. Times are epoch milliseconds.
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from './ids.ts'

/** How a channel's number is written and what counts as evidence of it. Data, so that no rule asks for a platform by name. */
export type WriteClass =
  /** The write succeeds only if the channel still shows what we believe. Its answer is evidence. */
  | 'compare-and-set'
  /** As compare-and-set on the way down; a raise adds to whatever is shown, so that it is never stale (Shopify). Its answer is evidence. */
  | 'delta'
  /** The write overwrites; a live read is the only evidence (Amazon Seller). */
  | 'absolute-set-with-read'
  /** The write overwrites and nothing can be read back; the settled submission is the evidence (Vendor direct fulfilment). */
  | 'absolute-set'
  /** Nothing is published: the channel asks before it takes (retail purchase orders). */
  | 'ask-first'

export type PushKind = 'set' | 'compare-and-set' | 'delta' | 'read'

/** Can this listing be lowered to the unit, without going through 0? */
export const lowersToTheUnit = (writeClass: WriteClass): boolean => writeClass === 'compare-and-set' || writeClass === 'delta'

/** A request to a channel that may still take effect, or whose evidence is still wanted. Persisted before the first byte is sent. */
export interface Push {
  /** Idempotency key: `{listing}#{sequence}` hashed by the store's owner; unique for ever. */
  readonly id: string
  readonly kind: PushKind
  /** The quantity written; of a delta, what it makes of `fromQuantity`; for a read, 0. */
  readonly quantity: number
  /** What the channel must show for a compare-and-set to succeed; else what we believed it to show; null: not known. */
  readonly fromQuantity: number | null
  /** By how much this request may raise what the channel can still sell. */
  readonly charge: number
  /** Persisted before the first attempt: no effect of this push is earlier. */
  readonly issuedAtMs: number
  /** Attempts made or about to be made. */
  readonly attempts: number
  readonly lastSendMs: number
  /**
   * prepared -> (accepted -> seen) | unknown; a push whose end is known is not in the list any more. seen: the channel showed its number,
   * or refused a repeat: nothing more is asked about it, its charge alone waits for evidence or D.
   */
  readonly status: 'prepared' | 'accepted' | 'seen' | 'unknown'
  /** The platform's handle for an accepted, not yet settled, submission. */
  readonly submissionId: string | null
  /**
   * The most that the listing's bound has been without this push since it was issued: exposure before it, and all that raised it after.
   * A channel that shows more shows this push's effect. Absent: not known (issued while the listing had no bound).
   */
  readonly ceilingQuantity?: number
}

/** Evidence that the channel showed exactly `quantity` at some instant in [fromMs, throughMs], waiting for the watermark. */
export interface Fence {
  readonly quantity: number
  readonly fromMs: number
  readonly throughMs: number
  /** Ingested sales certainly decided after the instant. */
  readonly sold: number
  /** Ingested cancellations that may have gone back on sale after the instant. */
  readonly restocked: number
  /** Charges of other pushes that may have been applied after the instant. */
  readonly later: number
}

/** A quantity with a time, kept long enough for evidence whose window opens in the past. */
export interface Trace {
  readonly atMs: number
  readonly quantity: number
}

/** How fast a listing sells (sales-rate.ts): exponentially weighted, as of `atMs`, its latest sale. */
export interface SalesRate {
  /** Thousandths of a unit a day. */
  readonly milliUnitsPerDay: number
  readonly atMs: number
}

/** Kept from the channels for demand that asks first: purchase orders, manual reservations. */
export type Reserve = { readonly units: number } | { readonly percent: number }

export type Sharing = 'strict' | 'pooled'

/** What one level (rules.ts) says of the rule. An absent field: it says nothing of it. */
export interface RuleStatement {
  readonly mode?: AllocationRule['mode']
  readonly value?: number
  /** null: no cap, whatever a more general level says. */
  readonly capUnits?: number | null
  readonly hideBelowUnits?: number
  readonly priority?: number
  readonly hysteresisUnits?: number
  readonly bufferUnits?: number
  readonly sharing?: Sharing
  /** Of the catalogue and of a SKU only. */
  readonly reserve?: Reserve
}

export type RuleField = keyof RuleStatement
export type RuleLevel = 'catalogue' | 'channel' | 'sku' | 'listing'
/** Which level won, by field; absent: nobody said anything, the default counts. */
export type RuleOrigin = Readonly<Partial<Record<RuleField, RuleLevel>>>

/** What share of the available units a listing aims for, as resolved from all levels (rules.ts). */
export interface AllocationRule {
  /** velocity: a weight times the share of the sales. weight: the weight as it is. */
  readonly mode: 'velocity' | 'weight' | 'fixed' | 'percent'
  /** A weight; a number of units; or whole percent of the available units. */
  readonly value: number
  /** The most this listing may show, in units; null: no cap. */
  readonly capUnits: number | null
  /** Below this many units the listing is shown as sold out. */
  readonly hideBelowUnits: number
  /** Lower goes first. */
  readonly priority: number
  /** Changes smaller than this are not worth a call; absent: 5 % of the target, at least 1. */
  readonly hysteresisUnits?: number
  /** The last so many units that are available are not offered here; absent: none. */
  readonly bufferUnits?: number
  /** pooled: it shows everything, outside of the guarantee by choice. Absent: strict. */
  readonly sharing?: 'pooled'
}

/** adopting: connected, not yet fenced. active: fenced, in the guarantee. unprotected: outside the guarantee. */
export type ListingStatus = 'adopting' | 'active' | 'unprotected'

/** One listing's protocol state inside the stock document. */
export interface ListingState {
  readonly id: ListingId
  readonly channel: ChannelId
  readonly externalId: string
  readonly unitsPerListing: number
  readonly writeClass: WriteClass
  readonly status: ListingStatus
  readonly rule: AllocationRule
  /** What is said for this SKU on this channel; absent: nothing. */
  readonly said?: RuleStatement
  /** Where `rule` comes from; absent: it was written before rules had levels. */
  readonly ruleFrom?: RuleOrigin
  /** Upper bound of what the channel may still sell, open charges apart; may be negative while orders are late. */
  readonly base: number
  /** At most maxPushes. */
  readonly pushes: readonly Push[]
  /** At most maxFences. */
  readonly fences: readonly Fence[]
  /** Orders created up to here are known to be in as far as this listing's bound is concerned. */
  readonly fencedThroughMs: number
  /** What we think the channel shows now; null: not known, read first. A guess: safety never rests on it. */
  readonly believedQuantity: number | null
  /** Since when the evidence behind believedQuantity may be: sales after it are not in that number for certain. 0: none yet. */
  readonly believedAtMs: number
  /** Number of the last push issued. */
  readonly sequence: number
  /** No push before this time (throttle, back-off, hysteresis in time). */
  readonly nextPushAtMs: number
  /** Pushes applied or expired lately (at most maxTraces, older ones merged into newer: the safe side). */
  readonly applied: readonly Trace[]
  /** Cancellations ingested lately (same bound and merging). */
  readonly cancels: readonly Trace[]
  /** What lowered the bound lately (same bound and merging): a read tells of somebody else's write only if it shows more than before that. */
  readonly lowered?: readonly Trace[]
  /** Sales ingested lately (same bound and merging): a number shown before them may be that much less now. */
  readonly sales?: readonly Trace[]
  /** Absent: nothing sold so far. */
  readonly rate?: SalesRate
  /** When a write raised it from nothing; absent: it was never seen. */
  readonly heldSinceMs?: number
  /** When the last units were taken from it because it did not sell them (last-units.ts); absent: never. */
  readonly passedAtMs?: number
  /** Our last write whose answer said that it is in effect or was taken, until a read whose window opened later. A hint for reconciliation. */
  readonly lastWrite?: { readonly quantity: number; readonly fromQuantity: number | null; readonly atMs: number }
  /** The read behind `believedQuantity` may be older than our last write, and told another number: one more look is wanted. Absent: not so. */
  readonly mayBeOld?: true
  /** A person says that it cannot be reached, or must be left alone (connection.ts): nothing is written or read. Absent: it is there. */
  readonly disconnectedAtMs?: number
  /** And vouches that nothing can be sold on it since then; absent: nobody does. */
  readonly closedAtMs?: number
  /** Orders that came in although the watermark said that there were none left. */
  readonly lateOrders: number
  /** Why the last push was refused for good; null when the listing is fine. Set by a permanent rejection, cleared by the next success. */
  readonly blockedReason: string | null
}

/** Incidents that its own changes told of (stock-incidents.ts): how many so far, for their ids, and those whose state lasts. */
export interface IncidentBook {
  readonly count: number
  /** At most maxOpenIncidents. `about`: what state of which part it tells of. */
  readonly open: readonly { readonly about: string; readonly id: string }[]
}

export interface Stock {
  readonly sku: Sku
  readonly pool: PoolId
  /** 0: not stored yet. Each commit adds one. */
  readonly version: number
  readonly title: string
  /** GTIN or the like, exact text; absent: none is known. */
  readonly barcode?: string
  readonly onHandUnits: Readonly<Record<LocationId, number>>
  /** Ordered and neither cancelled nor shipped, over all ingested order lines and manual reservations. */
  readonly reservedUnits: number
  /** Never offered to any channel. */
  readonly bufferUnits: number
  /** strict: the sum over channels never exceeds the shelf, those of pooled listings apart. pooled: every listing shows everything, by choice. */
  readonly sharing: Sharing
  /** Absent: none. */
  readonly reserve?: Reserve
  /** What is said for this SKU; absent: nothing. */
  readonly said?: RuleStatement
  /** Where bufferUnits, sharing and reserve come from; absent: they were written before rules had levels. */
  readonly ruleFrom?: RuleOrigin
  readonly listings: readonly ListingState[]
  readonly changedAtMs: number
  /** Absent: none so far. */
  readonly incidents?: IncidentBook
}

export const maxPushes = 8
export const maxFences = 4
export const maxTraces = 16
export const maxListings = 64
/** One for each listing, one for the shortfall, and what orders were oversold last. */
export const maxOpenIncidents = 96

export const onHandTotal = (stock: Stock): number => {
  let units = 0
  for (const location in stock.onHandUnits) units += stock.onHandUnits[location as LocationId] ?? 0
  return units
}

/** On hand less reserved: what may still be promised, before the buffer. Negative when facts outran the shelf. */
export const sellableUnits = (stock: Stock): number => onHandTotal(stock) - stock.reservedUnits

/** Available = on hand - reserved - buffer, never below 0. */
export const availableUnits = (stock: Stock): number => Math.max(0, sellableUnits(stock) - stock.bufferUnits)

/** Kept back from the channels for demand that asks first. */
export const reserveUnits = (stock: Stock): number => {
  const { reserve } = stock
  if (reserve === undefined) return 0
  const available = availableUnits(stock)
  return Math.min(available, 'units' in reserve ? reserve.units : Math.floor((available * reserve.percent) / 100))
}

/** Shows everything by choice, so that its number is outside of the guarantee. */
export const isPooled = (stock: Stock, listing: ListingState): boolean => stock.sharing === 'pooled' || listing.rule.sharing === 'pooled'

export const findListing = (stock: Stock, id: ListingId): ListingState | undefined => stock.listings.find((l) => l.id === id)

export const withListing = (stock: Stock, next: ListingState): Stock => ({
  ...stock,
  listings: stock.listings.map((l) => (l.id === next.id ? next : l)),
})

export const emptyStock = (sku: Sku, pool: PoolId): Stock => ({
  sku,
  pool,
  version: 0,
  title: '',
  onHandUnits: {},
  reservedUnits: 0,
  bufferUnits: 0,
  sharing: 'strict',
  listings: [],
  changedAtMs: 0,
})
