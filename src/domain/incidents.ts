// Something a person should know, with the evidence.
import type { ChannelId, ListingId, Sku } from './ids.ts'

export type IncidentKind =
  | 'at-risk'
  | 'event-parked'
  | 'external-raise'
  | 'late-order'
  | 'listing-blocked'
  | 'oversold'
  | 'acknowledgement-failed'

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
}
