// All that a database holds, read collection by collection in the order of keys, and written again (ports/store-transfer.ts). `collections`
// names every collection that travels; `derivedCollections` those that are made of the others or belong to running processes. A test holds
// the two to the schema.
import { type ClientSession, type Collection, type Document, type FindOptions, MongoBulkWriteError, MongoServerError } from 'mongodb'
import type { Incident } from '../../domain/incidents.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import type { Listing, Order } from '../../domain/orders.ts'
import type { Finding, Reconciliation } from '../../domain/reconcile.ts'
import type { Stock } from '../../domain/stock.ts'
import type { SyncSlot } from '../../domain/sync-slot.ts'
import type { ReportDelivery, StoredReport } from '../../ports/reports.ts'
import type { JobState } from '../../ports/schedule.ts'
import type { SnapshotRow } from '../../ports/snapshots.ts'
import type { Cursor, StoredInboxEvent, WorkMark } from '../../ports/store.ts'
import {
  maxTransferRows,
  type TransferKind,
  type TransferReader,
  type TransferStore,
  type TransferValue,
} from '../../ports/store-transfer.ts'
import {
  type CursorDocument,
  fromCursor,
  fromIncident,
  fromInboxEvent,
  fromLedgerEntry,
  fromListing,
  fromOrder,
  fromSnapshot,
  fromStock,
  type IncidentDocument,
  idOf,
  type InboxDocument,
  inboxCounter,
  type LedgerDocument,
  type ListingDocument,
  type OrderDocument,
  type ScheduleDocument,
  type SettingDocument,
  type SnapshotDocument,
  type StockDocument,
  toIncident,
  toInboxEvent,
  toLedgerEntry,
  toListing,
  toOrder,
  toSnapshot,
  toStock,
} from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'
import { toLease } from './leases.ts'
import { type FindingDocument, fromFinding, fromRun, type ReconciliationDocument, toFinding, toRun } from './reconciliations.ts'
import { type ReportDeliveryDocument, type ReportDocument, type SyncSlotDocument, syncSlotId } from './report-codec.ts'
import { noteStock } from './view-changes.ts'

interface CollectionTransfer {
  readonly collection: string
  readonly toValue: (document: never) => object
  readonly fromValue: (value: never) => { readonly _id: string }
}

/** Gives both ways their own types: the value is what either engine reads. */
const collection = <D extends { readonly _id: string }, V extends object>(
  name: string,
  toValue: (document: D) => V,
  fromValue: (value: V) => D,
): CollectionTransfer => ({
  collection: name,
  toValue,
  fromValue,
})

/** As SQLite has them; their order means nothing. */
const byMark = (a: WorkMark, b: WorkMark): number => (a.channel === b.channel ? (a.kind < b.kind ? -1 : 1) : a.channel < b.channel ? -1 : 1)

const toCursor = ({ _id, ...cursor }: CursorDocument): Cursor => cursor

const fromStoredEvent = (event: StoredInboxEvent): InboxDocument => {
  const { open: _open, ...document } = fromInboxEvent(event, event.sequence)
  return { ...document, state: event.state, reason: event.reason, ...(event.state === 'applied' ? {} : { open: true as const }) }
}

const collections: Readonly<Record<TransferKind, CollectionTransfer>> = {
  settings: collection<SettingDocument, { name: string; value: string }>(
    'settings',
    ({ _id, value }) => ({ name: _id, value }),
    ({ name, value }) => ({ _id: name, value }),
  ),
  listings: collection<ListingDocument, Listing>('listings', toListing, fromListing),
  stock: collection<StockDocument, { stock: Stock; work: readonly WorkMark[] }>(
    'stock',
    (document) => ({ stock: toStock(document), work: [...document.work].sort(byMark) }),
    ({ stock, work }) => fromStock(stock, work),
  ),
  ledger: collection<LedgerDocument, LedgerEntry>('ledger', toLedgerEntry, fromLedgerEntry),
  orders: collection<OrderDocument, Order>('orders', toOrder, fromOrder),
  inbox: collection<InboxDocument, StoredInboxEvent>('inbox', toInboxEvent, fromStoredEvent),
  cursors: collection<CursorDocument, Cursor>('cursors', toCursor, fromCursor),
  incidents: collection<IncidentDocument, Incident>('incidents', toIncident, fromIncident),
  schedules: collection<ScheduleDocument, { token: number; state: JobState }>(
    'schedules',
    ({ _id, token, ...state }) => ({ token, state: { name: _id, ...state } }),
    ({ token, state: { name, ...state } }) => ({ _id: name, token, ...state }),
  ),
  snapshots: collection<SnapshotDocument, SnapshotRow>('snapshots', toSnapshot, fromSnapshot),
  reports: collection<ReportDocument, StoredReport>(
    'reports',
    ({ _id, ...report }) => ({ day: _id, ...report }),
    ({ day, ...report }) => ({ _id: day, ...report }),
  ),
  reportDeliveries: collection<ReportDeliveryDocument, ReportDelivery>(
    'reportDeliveries',
    ({ _id, ...delivery }) => ({ id: _id, ...delivery }),
    ({ id, ...delivery }) => ({ _id: id, ...delivery }),
  ),
  syncSlots: collection<SyncSlotDocument, SyncSlot>(
    'syncSlots',
    ({ _id, ...slot }) => slot,
    (slot) => ({ _id: syncSlotId(slot), ...slot }),
  ),
  reconciliations: collection<ReconciliationDocument, Reconciliation>('reconciliations', toRun, fromRun),
  findings: collection<FindingDocument, Finding>('findings', toFinding, fromFinding),
}

export const transferredCollections: readonly string[] = Object.values(collections).map((each) => each.collection)

/** Made of the others when they are written, or only of use to processes that run. */
export const derivedCollections: readonly string[] = [
  'channelReports',
  'counters',
  'inventoryView',
  'leases',
  'sightings',
  'signals',
  'skuDays',
  'skuDaysMade',
  'stockSummaries',
  'terms',
  'turns',
  'viewChanges',
]

/** InvalidOptions: a server that gives no view of one moment outside of a transaction. */
const invalidOptions = 72
const maxLeases = 1000

/** Said with each read: the client's own read concern would count otherwise, and the session's moment not. */
const ofOneMoment = (session: ClientSession): FindOptions => ({ session, readConcern: { level: 'snapshot' } })

/** The driver's option for a raw document with a text as key. */
type Raw = Collection<Document & { readonly _id: string }>

export const mongoTransfer = (connection: Connection): TransferStore => {
  const raw = (kind: TransferKind): Raw => connection.db.collection(collections[kind].collection)

  const readerIn = (within: FindOptions): TransferReader => ({
    readAll: (kind, after, limit) =>
      reached(async () => {
        const rows = Math.min(limit, maxTransferRows)
        // One batch: as many as fit into an answer, so that no second request needs the same view.
        const found = await raw(kind)
          .find(after === null ? {} : { _id: { $gt: after } }, { ...within, limit: rows, batchSize: rows, singleBatch: true })
          .sort({ _id: 1 })
          .toArray()
        const last = found.at(-1)
        return {
          values: found.map((document) => collections[kind].toValue(document as never) as TransferValue),
          next: last === undefined ? null : idOf(last),
        }
      }),
  })

  /** Where the server keeps a view only for a transaction, it lasts as long as one may (60 s unless it is set otherwise). */
  const inOneTransaction = async <T>(work: (reader: TransferReader) => Promise<T>): Promise<T> =>
    connection.client.withSession(async (session) => {
      session.startTransaction({ readConcern: { level: 'snapshot' }, readPreference: 'primary' })
      try {
        return await work(readerIn({ session }))
      } finally {
        await session.abortTransaction()
      }
    })

  /** A session of one moment, if the server has them: it outlives transactions (minSnapshotHistoryWindowInSeconds, 300 s unless set otherwise). */
  const givesSnapshots = (session: ClientSession): Promise<boolean> =>
    raw('settings')
      .findOne({}, ofOneMoment(session))
      .then(() => true)
      .catch((error: unknown) => {
        if (error instanceof MongoServerError && error.code === invalidOptions) return false
        throw error
      })

  return {
    ...readerIn({}),
    countAll: (kind) => reached(() => raw(kind).countDocuments({})),
    atOneMoment: async (work) => {
      const session = connection.client.startSession({ snapshot: true })
      try {
        if (await reached(() => givesSnapshots(session))) return await work(readerIn(ofOneMoment(session)))
      } finally {
        await session.endSession()
      }
      return inOneTransaction(work)
    },
    writeAll: (kind, values) =>
      reached(async () => {
        if (values.length === 0) return
        const documents = values.map((value) => collections[kind].fromValue(value as never))
        try {
          await raw(kind).insertMany(documents, { ordered: false })
        } catch (error) {
          const failures = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : []
          if (!isDuplicateKey(error) || failures.some(({ code }) => code !== 11_000)) throw error
        }
        // A write that is repeated is noted again: the note comes after the documents.
        if (kind === 'stock') await noteStock(connection, documents.map(idOf))
        if (kind === 'inbox') {
          const value = Math.max(...values.map((each) => (each as unknown as StoredInboxEvent).sequence))
          await connection.collections.counters.updateOne({ _id: inboxCounter }, { $max: { value } }, { upsert: true })
        }
      }),
    heldLeases: (nowMs) =>
      reached(async () => {
        const found = await connection.collections.leases.find({}).sort({ _id: 1 }).limit(maxLeases).toArray()
        return found.map(toLease).filter(({ expiresAtMs }) => expiresAtMs > nowMs)
      }),
  }
}
