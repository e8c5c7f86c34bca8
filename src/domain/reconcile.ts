// What reconciliation speaks of: offers as a channel shows them, the kinds of drift, the reasons that explain a difference, findings and
// runs. Shapes and words only; comparing is in reconcile-compare.ts, judging in reconcile-judge.ts, what is done in reconcile-policy.ts.
import type { ChannelId, ListingId, Sku } from './ids.ts'
import type { Fulfilment } from './orders.ts'

/** What one offer shows, in the hub's terms. null: the source does not tell. */
export interface ShownOffer {
  /** The adapter's external id of the offer. */
  readonly externalId: string
  /** The SKU as the platform holds it, exact text. */
  readonly sku: string | null
  /** What it offers now at the listing's own place, in listing quantities. */
  readonly quantity: number | null
  /**
   * live: on sale as far as the platform tells (an offer that shows 0 is live: platforms tell it apart from one that was taken off sale only
   * by its number). inactive: there, but not on sale whatever its number. gone: the account has no such offer (only where it was asked for).
   */
  readonly state: 'live' | 'inactive' | 'gone'
  /** Of a row of Amazon's own stock (`amazon-fba-summary`): where those goods lie, not how the listing is fulfilled; its own row tells that. */
  readonly fulfilment: Fulfilment | null
  /** False: the platform keeps no count of it. */
  readonly tracked: boolean | null
  /** True: it goes on selling at 0. */
  readonly sellsBelowZero: boolean | null
  /** How many offers of the account carry this SKU, this one included. */
  readonly offersWithSku: number | null
  /** Units in one listing quantity, as the platform tells it. */
  readonly unitsPerListing: number | null
  /** Quantities of the same goods at other places of the account, which the hub does not write. */
  readonly elsewhere: readonly { readonly place: string; readonly quantity: number }[]
}

/** The number was true at some instant of it, our clock. */
export interface ReadWindow {
  readonly fromMs: number
  readonly throughMs: number
}

/** How the offer itself is not what the hub takes it for: no number is needed to see it. */
export type OfferDrift =
  | 'listing-gone'
  | 'fulfilment-switched'
  | 'untracked'
  | 'sells-below-zero'
  | 'listing-inactive'
  | 'wrong-sku'
  | 'duplicate-sku'
  | 'pack-size'

/** Why the number is not what it should be, all that is in flight taken into account. */
export type QuantityDrift =
  /** An order that the channel tells when asked for it again, and that never came in. */
  | 'sale-not-seen'
  /** A compare-and-set or delta that was answered as applied; the channel shows what it showed before. */
  | 'lost-write'
  /** An asynchronous write that was said to be done; the channel shows what it showed before. */
  | 'never-applied'
  /** It went to, or came from, another place of the same account. */
  | 'stock-moved'
  /** Shows more: somebody wrote there. */
  | 'raised-in-channel'
  /** Shows less: somebody wrote there, or a sale that the channel does not tell. No evidence tells the two apart. */
  | 'lowered-or-sold-untold'

export type DriftKind = OfferDrift | QuantityDrift | 'offer-unknown'

export const driftKinds: readonly DriftKind[] = [
  'sale-not-seen',
  'lost-write',
  'never-applied',
  'stock-moved',
  'raised-in-channel',
  'lowered-or-sold-untold',
  'wrong-sku',
  'duplicate-sku',
  'pack-size',
  'untracked',
  'sells-below-zero',
  'listing-inactive',
  'listing-gone',
  'fulfilment-switched',
  'offer-unknown',
]

/** Why a difference is none. */
export type Explanation =
  /** A write of ours that may still land, or has and is not proven yet. */
  | 'open-push'
  /** A write of ours took effect within the window. */
  | 'write-in-window'
  /** Sold within the window, or before it and told since. */
  | 'sale'
  /** Cancelled and back on sale, within the window or told since. */
  | 'cancellation'
  /** The hub holds the number for possible itself: evidence is on its way to its bound. */
  | 'evidence-on-its-way'
  /** The hub does not trust its own number and reads it. */
  | 'read-due'
  | 'being-adopted'
  /** A person said that it is to be left alone. */
  | 'disconnected'
  /** Outside the guarantee, known and told. */
  | 'outside-guarantee'
  /** Amazon's own stock: no listing of ours. */
  | 'fulfilled-by-platform'
  /** The second, live look agreed. */
  | 'gone-by-itself'
  /** So much traded that no look was clear; the next run looks again. */
  | 'trade-in-window'
  /** The watermark did not pass the read in time: not judged. */
  | 'orders-not-complete'
  /** The source tells no number of it. */
  | 'not-told'
  /** The second look brought no answer. */
  | 'not-answered'
  /** The listing went away while the run was on. */
  | 'listing-removed'

/** What a number is judged by, once the watermark has passed it. Listing quantities. */
export interface QuantityFacts {
  readonly shown: number
  /** What the hub believed when it compared. */
  readonly believed: number
  /** Least and most that the channel can have shown by all that the hub knew then; orders that it did not know can lower `low`. */
  readonly low: number
  readonly high: number
  readonly window: ReadWindow
  readonly comparedAtMs: number
  /** By how much our last write changed the number, if nothing has shown since that it took effect; 0: no such write. */
  readonly unprovenWrite: number
  /** An asynchronous write, so that its acceptance was not its effect. */
  readonly asynchronous: boolean
}

export type Action = 'flag' | 'correct' | 'ask'

/**
 * pending -> flagged | asked | correcting -> mended. asked -> correcting | dismissed. Explained ones are counted and not kept.
 * flagged: told, nothing is done. correcting: the number was put in doubt, so that the protocol reads it. mended: it has.
 */
export type FindingState = 'pending' | 'flagged' | 'asked' | 'correcting' | 'mended' | 'dismissed'

export interface Finding {
  /** `{run}/{listing or offer}`: the same difference found twice in a run is one. */
  readonly id: string
  readonly run: string
  readonly channel: ChannelId | null
  readonly listing: ListingId | null
  readonly externalId: string
  readonly sku: Sku | null
  readonly pool: string | null
  /** null while it is pending and only a number differs. */
  readonly kind: DriftKind | BooksFault | null
  readonly state: FindingState
  readonly dryRun: boolean
  readonly foundAtMs: number
  readonly changedAtMs: number
  /** Listing quantities; null: not told. */
  readonly shown: number | null
  readonly expected: number | null
  /** What separates it from the other kinds, and for people to look at. No buyer data. */
  readonly evidence: Readonly<Record<string, unknown>>
}

/** Ways in which the hub's own books may contradict each other. */
export type BooksFault = 'levels-differ' | 'reservations-differ' | 'exposure-broken'

/**
 * queued -> reading -> looking (again, at what was suspicious) -> waiting (for the watermark) -> acting -> done.
 * stopped: too many differences; a person confirms (-> acting) or dismisses (-> done). failed: what went wrong is in `message`.
 */
export type RunState = 'queued' | 'reading' | 'looking' | 'waiting' | 'acting' | 'stopped' | 'done' | 'failed'

export interface Reconciliation {
  readonly id: string
  /** 0: not stored yet. Each write adds one: a second process that works on it is refused. */
  readonly version: number
  /** null: the ledger audit, which reads no channel. */
  readonly channel: ChannelId | null
  /** null: everything. At most maxScopeSkus. */
  readonly skus: readonly Sku[] | null
  readonly dryRun: boolean
  readonly requestedBy: 'person' | 'schedule'
  readonly state: RunState
  readonly requestedAtMs: number
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  /** Of the sweep; or of the page that the audit has reached. */
  readonly resume: string | null
  readonly rowsRead: number
  readonly rowsExpected: number | null
  readonly calls: number
  /** Rows that name a listing of the hub. */
  readonly compared: number
  readonly agreed: number
  readonly explained: Readonly<Partial<Record<Explanation, number>>>
  readonly found: Readonly<Partial<Record<DriftKind | BooksFault, number>>>
  readonly corrected: number
  readonly mended: number
  /** Too many to keep: counted only. */
  readonly notKept: number
  /** A person has looked at a stopped run and let it go on. */
  readonly confirmed: boolean
  readonly message: string | null
}

export const maxScopeSkus = 500

export const newReconciliation = (
  request: Pick<Reconciliation, 'id' | 'channel' | 'skus' | 'dryRun' | 'requestedBy' | 'requestedAtMs'>,
): Reconciliation => ({
  ...request,
  version: 0,
  state: 'queued',
  startedAtMs: null,
  endedAtMs: null,
  resume: null,
  rowsRead: 0,
  rowsExpected: null,
  calls: 0,
  compared: 0,
  agreed: 0,
  explained: {},
  found: {},
  corrected: 0,
  mended: 0,
  notKept: 0,
  confirmed: false,
  message: null,
})

export const isOver = ({ state }: Pick<Reconciliation, 'state'>): boolean => state === 'done' || state === 'failed'

/** Counts one more of a key. */
export const counted = <K extends string>(
  counts: Readonly<Partial<Record<K, number>>>,
  key: K,
  by = 1,
): Readonly<Partial<Record<K, number>>> => ({ ...counts, [key]: (counts[key] ?? 0) + by })
