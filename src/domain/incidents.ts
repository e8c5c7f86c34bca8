// Something a person should know, with the evidence. Some kinds tell of a state, which ends (`endingKinds`); the others of an event.
import type { ChannelId, ListingId, Sku } from './ids.ts'

export type IncidentKind =
  /** A demand that asks first got less than it asked for. */
  | 'accepted-less'
  /** The platform did not take our answer to an order. */
  | 'acknowledgement-failed'
  /** Channels may still sell more than there is. */
  | 'at-risk'
  /** An order from the future: the clocks differ by more than eps. */
  | 'clock-skew'
  /** A constant of the protocol was contradicted and is larger now. */
  | 'constant-widened'
  /** The hub's own books contradict each other: a bug. */
  | 'books-differ'
  /** Differences of a channel wait for a person's answer. */
  | 'drift-asked'
  | 'event-parked'
  /** A channel showed more than the hub allowed. */
  | 'external-raise'
  | 'late-order'
  | 'listing-blocked'
  /** A person vouched that a listing is closed: the promise rests on that word too. */
  | 'listing-closed'
  /** A listing left the guarantee: its number bounds nothing. */
  | 'listing-unprotected'
  /** Orders take more than is on the shelf. */
  | 'oversold'
  /** A daily report did not reach a place that it was to be sent to. */
  | 'report-undelivered'
  /** A reconciliation found so many differences that it did nothing. */
  | 'reconciliation-stopped'
  /** A channel sold more than was published, however many cancellations it put back on sale. */
  | 'sold-beyond-bound'
  /** The store was restored from a backup: what the channels may sell is proven anew. */
  | 'store-restored'
  | 'watermark-stalled'

export const endingKinds: ReadonlySet<IncidentKind> = new Set<IncidentKind>([
  'acknowledgement-failed',
  'at-risk',
  'drift-asked',
  'event-parked',
  'listing-blocked',
  'listing-unprotected',
  'oversold',
  'report-undelivered',
  'reconciliation-stopped',
  'watermark-stalled',
])

export interface Incident {
  /** Deterministic: the same finding made twice is one incident. */
  readonly id: string
  readonly kind: IncidentKind
  readonly channel: ChannelId | null
  readonly sku: Sku | null
  readonly listing: ListingId | null
  readonly units: number
  readonly atMs: number
  /** One sentence for the operations lead. */
  readonly summary: string
  readonly evidence: Readonly<Record<string, unknown>>
  /** When the state that it tells of was over; absent: it is not, or there is none. */
  readonly resolvedAtMs?: number
}

/** An incident that is over: kept, with the time. */
export interface Resolution {
  readonly id: string
  readonly atMs: number
}

/** noted: an event, there is nothing that could be over. */
export const incidentState = (incident: Incident): 'open' | 'resolved' | 'noted' => {
  if (incident.resolvedAtMs !== undefined) return 'resolved'
  return endingKinds.has(incident.kind) ? 'open' : 'noted'
}
