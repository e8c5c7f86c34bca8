// The store on MongoDB: a replica set, multi-document transactions with majority writes. Durable when a promise resolves.
// Any number of processes may use one database; compare-and-swap on versions decides between them.
import type { Store } from '../../ports/store.ts'
import { commitTo } from './commit.ts'
import { type Connection, connect, type MongoOptions } from './connection.ts'
import { mongoInbox } from './inbox.ts'
import { mongoIncidents } from './incidents.ts'
import { mongoInventory } from './inventory.ts'
import { mongoLeases } from './leases.ts'
import { mongoLedger } from './ledger.ts'
import { mongoListings } from './listings.ts'
import { mongoOrders } from './orders.ts'
import { mongoSchema } from './schema.ts'
import { mongoReportBooks } from './report-books.ts'
import { mongoReportSales } from './report-sales.ts'
import { mongoReportStock } from './report-stock.ts'
import { mongoSchedules } from './schedules.ts'
import { mongoPeers } from './peers.ts'
import { mongoReconciliations } from './reconciliations.ts'
import { mongoSettings } from './settings.ts'
import { mongoSnapshots } from './snapshots.ts'
import { readState } from './state.ts'
import { mongoStock } from './stock.ts'
import { mongoTransfer } from './transfer.ts'
import { mongoWork } from './work.ts'

/** `uri`: of a replica set (a single member is enough), because transactions need one. */
export const openMongoStore = async (uri: string, options: MongoOptions = {}): Promise<Store> => storeOn(await connect(uri, options))

export const storeOn = (connection: Connection): Store => ({
  engine: 'mongo',
  transfer: mongoTransfer(connection),
  close: () => connection.close(),
  readState: (request) => readState(connection, request),
  commit: (commit) => commitTo(connection, commit),
  ...mongoSchema(connection),
  ...mongoInbox(connection),
  ...mongoWork(connection),
  ...mongoOrders(connection),
  ...mongoListings(connection),
  ...mongoSettings(connection),
  ...mongoLeases(connection),
  ...mongoPeers(connection),
  ...mongoStock(connection),
  ...mongoLedger(connection),
  ...mongoIncidents(connection),
  ...mongoSchedules(connection),
  ...mongoSnapshots(connection),
  ...mongoReportSales(connection),
  ...mongoReportStock(connection),
  ...mongoReportBooks(connection),
  ...mongoInventory(connection),
  ...mongoReconciliations(connection),
})
