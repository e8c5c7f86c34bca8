// The connection to a replica set, its collections, and what its errors mean to the engine.
// Majority writes and reads on the primary. Nothing waits without a bound: selecting a server, connecting and silence on a socket have
// limits, and retries stop at `retryForMs`.
import {
  type Collection,
  type Db,
  MongoBulkWriteError,
  MongoClient,
  type MongoClientOptions,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb'
import { BelayError } from '../../domain/errors.ts'
import { systemClock } from '../../engine/system-clock.ts'
import { systemRandom } from '../../engine/system-random.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type {
  ChannelReportDocument,
  CounterDocument,
  CursorDocument,
  IncidentDocument,
  InboxDocument,
  LeaseDocument,
  LedgerDocument,
  ListingDocument,
  OrderDocument,
  ScheduleDocument,
  SettingDocument,
  SignalDocument,
  SnapshotDocument,
  StockDocument,
  TermDocument,
  TurnDocument,
} from './codec.ts'
import type { StockSummaryDocument } from './inventory-refresh.ts'
import type { InventoryDocument } from './inventory.ts'
import type { ViewChangeDocument } from './view-changes.ts'
import type { FindingDocument, ReconciliationDocument, SightingDocument } from './reconciliations.ts'

import type { ReportDeliveryDocument, ReportDocument, SkuDayDocument, SkuDayMadeDocument, SyncSlotDocument } from './report-codec.ts'

export interface MongoOptions {
  /** Default: the database of the URI, else `belay`. */
  readonly database?: string
  /** How long a commit or read that meets a passing trouble (conflict, failover) is tried again. */
  readonly retryForMs?: number
  readonly serverSelectionTimeoutMs?: number
  /** What the server's log calls this client. */
  readonly appName?: string
  readonly clock?: Clock
  readonly random?: Random
}

interface Collections {
  readonly stock: Collection<StockDocument>
  readonly orders: Collection<OrderDocument>
  readonly ledger: Collection<LedgerDocument>
  readonly inbox: Collection<InboxDocument>
  readonly listings: Collection<ListingDocument>
  readonly cursors: Collection<CursorDocument>
  readonly incidents: Collection<IncidentDocument>
  readonly leases: Collection<LeaseDocument>
  readonly terms: Collection<TermDocument>
  readonly turns: Collection<TurnDocument>
  readonly settings: Collection<SettingDocument>
  readonly schedules: Collection<ScheduleDocument>
  readonly snapshots: Collection<SnapshotDocument>
  readonly reconciliations: Collection<ReconciliationDocument>
  readonly findings: Collection<FindingDocument>
  readonly sightings: Collection<SightingDocument>
  readonly viewChanges: Collection<ViewChangeDocument>
  readonly skuDays: Collection<SkuDayDocument>
  readonly skuDaysMade: Collection<SkuDayMadeDocument>
  readonly syncSlots: Collection<SyncSlotDocument>
  readonly reports: Collection<ReportDocument>
  readonly reportDeliveries: Collection<ReportDeliveryDocument>
  readonly stockSummaries: Collection<StockSummaryDocument>
  readonly inventoryView: Collection<InventoryDocument>
  readonly counters: Collection<CounterDocument>
  readonly signals: Collection<SignalDocument>
  readonly channelReports: Collection<ChannelReportDocument>
}

export interface Connection {
  readonly client: MongoClient
  readonly db: Db
  readonly collections: Collections
  /** The same over connections that wait for minutes: for what sums up a whole day. */
  readonly patient: Collections
  readonly clock: Clock
  readonly random: Random
  readonly retryForMs: number
  close(): Promise<void>
}

/** A failover takes a replica set up to about twelve seconds (MongoDB manual, "Replica Set Elections"). */
const defaultRetryForMs = 15_000
const defaultServerSelectionTimeoutMs = 5000
const connectTimeoutMs = 5000
/** Longer than any answer that is still on its way. */
const socketTimeoutMs = 60_000
/** A day of millions of order lines is summed by one query; nothing but a report waits for it. */
const patientTimeoutMs = 15 * 60_000
const patientPoolSize = 2
/** Connections of one process: each concurrent transaction holds one. */
const maxPoolSize = 32
/** For one of them to be free: as long as a failover may take. */
const waitQueueTimeoutMs = 15_000

/** Raised by a write that found its unique key taken. */
export const isDuplicateKey = (error: unknown): error is MongoServerError => error instanceof MongoServerError && error.code === 11_000

/** The transaction had no effect and may be run again (MongoDB specification "Transactions", error labels). */
export const isTransient = (error: unknown): boolean => error instanceof MongoError && error.hasErrorLabel('TransientTransactionError')

/**
 * What a member answers that steps down, shuts down, or knows of no primary: no network error, and of reads and of writes of many documents no
 * label tells it either (MongoDB specification "Retryable Reads", the codes of a retryable error).
 */
const passingCodes: ReadonlySet<unknown> = new Set([6, 7, 89, 91, 134, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436])

/** The server's own answer that a commit did not happen. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof MongoServerError &&
  !(error instanceof MongoWriteConcernError) &&
  !passingCodes.has(error.code) &&
  !error.hasErrorLabel('UnknownTransactionCommitResult') &&
  !error.hasErrorLabel('RetryableWriteError')

/** A write of many documents wraps what stopped it. */
const innermost = (error: unknown): unknown =>
  error instanceof MongoBulkWriteError && error.errorResponse instanceof MongoError ? error.errorResponse : error

/** Not reachable, or not able to answer now: the server is not the cause of a wrong answer, it gave none. */
export const isUnavailable = (raised: unknown): boolean => {
  const error = innermost(raised)
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    (error instanceof MongoServerError && passingCodes.has(error.code)) ||
    (error instanceof MongoError &&
      (error.hasErrorLabel('RetryableWriteError') ||
        error.hasErrorLabel('RetryableError') ||
        error.hasErrorLabel('TransientTransactionError') ||
        error.hasErrorLabel('PoolRequestedRetry') ||
        error.name === 'MongoPoolClearedError' ||
        error.name === 'MongoWaitQueueTimeoutError' ||
        error.name === 'MongoNotConnectedError'))
  )
}

const unavailable = (cause: unknown): BelayError =>
  new BelayError('store-unavailable', 'MongoDB did not answer', {
    fix: 'Look whether the replica set has a primary and can be reached from here.',
    cause,
  })

const translate = (error: unknown): unknown => (isUnavailable(error) ? unavailable(error) : error)

/** Runs what has no effect to lose, or one that is harmless to repeat, and says `store-unavailable` when the server could not be used. */
export const reached = async <T>(operation: () => Promise<T>): Promise<T> => {
  try {
    return await operation()
  } catch (error) {
    throw translate(error)
  }
}

/** The driver's own default, which no merchant means: their data goes to `belay`. */
const driverDefaultDatabase = 'test'

const collectionsIn = (db: Db): Collections => ({
  stock: db.collection('stock'),
  orders: db.collection('orders'),
  ledger: db.collection('ledger'),
  inbox: db.collection('inbox'),
  listings: db.collection('listings'),
  cursors: db.collection('cursors'),
  incidents: db.collection('incidents'),
  leases: db.collection('leases'),
  terms: db.collection('terms'),
  turns: db.collection('turns'),
  settings: db.collection('settings'),
  schedules: db.collection('schedules'),
  snapshots: db.collection('snapshots'),
  reconciliations: db.collection('reconciliations'),
  findings: db.collection('findings'),
  sightings: db.collection('sightings'),
  viewChanges: db.collection('viewChanges'),
  skuDays: db.collection('skuDays'),
  skuDaysMade: db.collection('skuDaysMade'),
  syncSlots: db.collection('syncSlots'),
  reports: db.collection('reports'),
  reportDeliveries: db.collection('reportDeliveries'),
  stockSummaries: db.collection('stockSummaries'),
  inventoryView: db.collection('inventoryView'),
  counters: db.collection('counters'),
  signals: db.collection('signals'),
  channelReports: db.collection('channelReports'),
})

/** `patient`: a second client; without, the first one does its work too. */
export const connectionOn = (client: MongoClient, options: MongoOptions, patient: MongoClient = client): Connection => {
  const named = client.options.dbName === driverDefaultDatabase ? 'belay' : client.options.dbName
  const database = options.database ?? named
  const db = client.db(database)
  return {
    client,
    db,
    collections: collectionsIn(db),
    patient: collectionsIn(patient.db(database)),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    retryForMs: options.retryForMs ?? defaultRetryForMs,
    close: async () => {
      await Promise.all([client.close(), patient === client ? undefined : patient.close()])
    },
  }
}

/** A mongod on its own takes no transactions: said now, and not at the first sale. */
const assertTransactions = async (client: MongoClient): Promise<void> => {
  const answer = await client.db('admin').command({ hello: 1 })
  const isRouter = answer['msg'] === 'isdbgrid'
  if (answer['setName'] === undefined && !isRouter)
    throw new BelayError('config-invalid', 'The MongoDB server is not a member of a replica set, so it has no transactions', {
      fix: 'Start mongod with --replSet NAME, run rs.initiate() once, and add replicaSet=NAME to the URI; one member is enough.',
    })
}

export const connect = async (uri: string, options: MongoOptions): Promise<Connection> => {
  const createClient = (limits: Pick<MongoClientOptions, 'maxPoolSize' | 'socketTimeoutMS'>): MongoClient =>
    new MongoClient(uri, {
      appName: options.appName ?? 'belay',
      writeConcern: { w: 'majority' },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      retryWrites: true,
      retryReads: true,
      ignoreUndefined: true,
      waitQueueTimeoutMS: waitQueueTimeoutMs,
      connectTimeoutMS: connectTimeoutMs,
      serverSelectionTimeoutMS: options.serverSelectionTimeoutMs ?? defaultServerSelectionTimeoutMs,
      ...limits,
    })
  let client: MongoClient
  let patient: MongoClient
  try {
    client = createClient({ maxPoolSize, socketTimeoutMS: socketTimeoutMs })
    // Connects when it is used first.
    patient = createClient({ maxPoolSize: patientPoolSize, socketTimeoutMS: patientTimeoutMs })
  } catch (error) {
    // The driver's message may repeat the URI, and with it a password.
    throw new BelayError('config-invalid', `The MongoDB URI cannot be used (${error instanceof Error ? error.name : 'unknown error'})`, {
      fix: 'Write it as mongodb://HOST:PORT/DATABASE?replicaSet=NAME, with special characters in the password percent-encoded.',
    })
  }
  try {
    await reached(async () => {
      await client.connect()
      await assertTransactions(client)
    })
  } catch (error) {
    await client.close()
    throw error
  }
  return connectionOn(client, options, patient)
}
