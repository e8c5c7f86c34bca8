// The history of reconciliation: runs, what they found, and what every listing looked like when it was last looked at. It belongs to the
// reconciler alone: nothing here is what stock, orders or pushes rest on. Runs are worked on by one process at a time: a write names the
// version that it replaces.
import type { BooksFault, DriftKind, Finding, FindingState, Reconciliation } from '../domain/reconcile.ts'
import type { ChannelId, ListingId, Sku } from '../domain/ids.ts'
import type { Listing } from '../domain/orders.ts'
import type { Page } from './store.ts'

/** How a listing looked in the last run that saw it. */
export interface Sighting {
  readonly listing: ListingId
  readonly sku: string | null
  /** Of all other places of the account together; null: not told. */
  readonly elsewhereQuantity: number | null
  /** When a look last found its number right; null: never. */
  readonly agreedAtMs: number | null
}

export interface FindingCount {
  /** null: the hub's own books. */
  readonly channel: ChannelId | null
  readonly kind: DriftKind | BooksFault
  readonly state: FindingState
  readonly count: number
}

/** Findings, sightings and listings in one call at most. */
export const maxReconciliationRows = 500

export interface ReconciliationStore {
  /** Inserted as version 1, or in place of the stored version - 1. False: somebody else has written it. */
  writeReconciliation(run: Reconciliation): Promise<boolean>
  readReconciliation(id: string): Promise<Reconciliation | null>
  /** Neither done nor failed, oldest first, at most 100. Channel null: audits of the hub's own books. */
  openReconciliations(channel: ChannelId | null): Promise<readonly Reconciliation[]>
  /** Newest first. */
  listReconciliations(filter: {
    readonly channel?: ChannelId | null
    readonly after: string | null
    readonly limit: number
  }): Promise<Page<Reconciliation>>
  /** Those requested before, as far as they are over, with their findings. Returns how many. */
  removeReconciliationsBefore(requestedBeforeMs: number): Promise<number>

  /** Written over what has the same id. */
  putFindings(findings: readonly Finding[]): Promise<void>
  removeFindings(ids: readonly string[]): Promise<void>
  readFinding(id: string): Promise<Finding | null>
  /** In the order of their id. */
  listFindings(filter: {
    readonly run: string
    readonly state?: FindingState
    readonly after: string | null
    readonly limit: number
  }): Promise<Page<Finding>>
  /** Found in [fromMs, beforeMs), dry runs left out, by channel, kind and state: what a day's report tells. */
  countFindings(filter: { readonly fromMs: number; readonly beforeMs: number }): Promise<readonly FindingCount[]>

  /** The run saw these. */
  putSightings(channel: ChannelId, run: string, sightings: readonly Sighting[]): Promise<void>
  /** Of those that were ever seen. */
  readSightings(channel: ChannelId, listings: readonly ListingId[]): Promise<ReadonlyMap<ListingId, Sighting>>
  /** Listings of the channel that the run did not see, in the order of their id. A page may be short or empty and still not be the last. */
  listUnsighted(filter: {
    readonly channel: ChannelId
    readonly run: string
    readonly after: string | null
    readonly limit: number
  }): Promise<Page<Listing>>
}

export interface ReconcileRequest {
  /** null: every channel. */
  readonly channel: ChannelId | null
  /** null: everything. */
  readonly skus: readonly Sku[] | null
  readonly dryRun: boolean
  readonly requestedBy: Reconciliation['requestedBy']
}

/** What the shell and the scheduler ask of reconciliation. What is stored is read from the store. */
export interface Reconciler {
  /** One run for each channel; one that waits already is given instead of a second. Throws not-found, sku-unknown, request-invalid, overloaded. */
  request(request: ReconcileRequest): Promise<readonly Reconciliation[]>
  /** Holds the hub's own books against each other. */
  audit(requestedBy: Reconciliation['requestedBy']): Promise<Reconciliation>
  /** A stopped run goes on and acts. Throws not-found, request-invalid. */
  resume(id: string): Promise<Reconciliation>
  /** A stopped run ends, with nothing done. */
  dismiss(id: string): Promise<Reconciliation>
  /** What a person says to a finding that asks, or was only told. */
  answer(id: string, answer: 'correct' | 'dismiss'): Promise<Finding>
}
