// A store read and written as a whole: for moving house, backups and their restoring. Documents are in the ports' own shapes, so that what
// one engine wrote the other one reads. What can be made again from the rest, and what only running processes tell each other, does not travel.
import type { Lease } from './store.ts'

/** In the order in which they are written: what refers to something comes after it. */
export const transferKinds = [
  'settings',
  'listings',
  'stock',
  'ledger',
  'orders',
  'inbox',
  'cursors',
  'incidents',
  'schedules',
  'snapshots',
  'reports',
  'reportDeliveries',
  'syncSlots',
  'reconciliations',
  'findings',
] as const

export type TransferKind = (typeof transferKinds)[number]

/**
 * A JSON value. stock: `{ stock, work }`. settings: `{ name, value }`. The others as the store's port gives them: Listing, LedgerEntry, Order,
 * StoredInboxEvent, Cursor, Incident, SnapshotRow, StoredReport, ReportDelivery, SyncSlot, Reconciliation, Finding; schedules: `{ token, state }`.
 */
export type TransferValue = Readonly<Record<string, unknown>>

export interface TransferPage {
  readonly values: readonly TransferValue[]
  /** Give it back to get the next page; null: that was the last. */
  readonly next: string | null
}

export interface TransferReader {
  /** In the order of the engine's key. `limit`: 1 to maxTransferRows. */
  readAll(kind: TransferKind, after: string | null, limit: number): Promise<TransferPage>
}

export const maxTransferRows = 500

export interface TransferStore extends TransferReader {
  countAll(kind: TransferKind): Promise<number>
  /** Reads of one moment, however long the work takes and whatever is written meanwhile. Ends with the work. */
  atOneMoment<T>(work: (reader: TransferReader) => Promise<T>): Promise<T>
  /** Durable when it resolves. What is there already under the same key stays as it is, so that it may be repeated. At most maxTransferRows. */
  writeAll(kind: TransferKind, values: readonly TransferValue[]): Promise<void>
  /** All leases that are not over at this time. At most 1,000. */
  heldLeases(nowMs: number): Promise<readonly Lease[]>
}
