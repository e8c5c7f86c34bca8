// Reading a whole channel back: what reconciliation compares with what the hub believes. The same for every platform; how a platform is
// read most cheaply (a bulk operation, a report, a search) is the adapter's business. A sweep only reads.
// Guarantees: rows come in bounded batches and are never gathered in memory; a sweep that was cut off goes on where its last batch ended;
// it takes from the rate budget only what live pushes, reads and polls leave. Errors: throws BelayError when the whole sweep cannot go on
// (then what was handed over stands, and `resume` of the last batch continues it).
import type { ShownOffer } from '../domain/reconcile.ts'
import type { SnapshotSource } from './snapshots.ts'

/** What one offer shows, made by the adapter's map, pure. */
export interface ObservedOffer extends ShownOffer {
  /** Every key under which a listing of the hub may know it (Listing.keys). */
  readonly keys: readonly string[]
}

export interface SweptRow {
  readonly source: SnapshotSource
  /** Unique for the channel and source: the next sweep's row of the same thing has the same one. */
  readonly key: string
  /** As the platform sent it: what `snapshots` keeps. */
  readonly row: Readonly<Record<string, unknown>>
  /** null: a row that tells of no offer (a vendor's sales of a day). */
  readonly observed: ObservedOffer | null
  /** The number was true at some instant of [readFromMs, readThroughMs], our clock. A report: from when it was made, not fetched. */
  readonly readFromMs: number
  readonly readThroughMs: number
}

export interface SweepRequest {
  /** everything: all offers of the account, the cheapest way. offers: these, read live, one answer each (gone ones too). */
  readonly scope: { readonly kind: 'everything' } | { readonly kind: 'offers'; readonly externalIds: readonly string[] }
  /** From a batch of an earlier sweep of the same scope that was cut off; null: from the beginning. Opaque. */
  readonly resume: string | null
  /**
   * At most maxSweepRows; the next batch comes only after it resolved. `resume`: what continues after this batch. A batch without rows tells
   * `resume` alone: the platform has begun to prepare what will be read, so that a sweep that is cut off now need not ask for it again.
   */
  readonly onRows: (batch: { readonly rows: readonly SweptRow[]; readonly resume: string }) => Promise<void>
  /** Called now and then. `rowsExpected` null: not known yet. */
  readonly onProgress: (progress: { readonly rowsRead: number; readonly rowsExpected: number | null; readonly calls: number }) => void
  readonly signal: AbortSignal
}

export interface SweepResult {
  /** Every offer of the scope was handed over: what was not seen is not there. */
  readonly complete: boolean
  /** Requests made by this call. */
  readonly calls: number
}

/** Rows of one batch at most. */
export const maxSweepRows = 500

/** Implemented by every channel adapter (ports/channel.ts). */
export interface SweepingChannel {
  sweep(request: SweepRequest): Promise<SweepResult>
}
