// The store on SQLite: one file, no server to install. Durable when a promise resolves; other processes on the same file are safe.
import type { Store } from '../../ports/store.ts'
import { commitTo } from './commit.ts'
import { connect, type SqliteOptions } from './connection.ts'
import { sqliteInbox } from './inbox.ts'
import { sqliteIncidents } from './incidents.ts'
import { sqliteInventory } from './inventory.ts'
import { createInventoryThread } from './inventory-thread.ts'
import { sqliteLeases } from './leases.ts'
import { sqliteLedger } from './ledger.ts'
import { sqliteListings } from './listings.ts'
import { sqliteOrders } from './orders.ts'
import { sqliteSchema } from './schema.ts'
import { sqliteReportBooks } from './report-books.ts'
import { createReader } from './report-reader.ts'
import { sqliteReportSales } from './report-sales.ts'
import { sqliteReportStock } from './report-stock.ts'
import { sqliteSchedules } from './schedules.ts'
import { sqlitePeers } from './peers.ts'
import { sqliteReconciliations } from './reconciliations.ts'
import { sqliteSettings } from './settings.ts'
import { sqliteSnapshots } from './snapshots.ts'
import { readState } from './state.ts'
import { sqliteStock } from './stock.ts'
import { sqliteTransfer } from './transfer.ts'
import { sqliteWork } from './work.ts'

/** `path`: a file (made with its folder if it is not there) or `:memory:`. */
export const openSqliteStore = async (path: string, options: SqliteOptions = {}): Promise<Store> => {
  const connection = connect(path, options)
  const read = createReader(connection, path)
  const inventory = createInventoryThread(path, connection)
  let commits = 0
  return {
    engine: 'sqlite',
    transfer: sqliteTransfer(connection, path),
    close: async () => {
      await inventory.close()
      connection.close()
    },
    readState: async (request) => readState(connection, request),
    commit: async (commit) => {
      const result = commitTo(connection, commit)
      if (result.ok) commits += 1
      return result
    },
    // https://sqlite.org/pragma.html#pragma_data_version: grows when another connection, of this process or another, has committed.
    commitCount: () => commits + Number(connection.all('PRAGMA data_version')[0]?.['data_version']),
    ...sqliteSchema(connection),
    ...sqliteInbox(connection),
    ...sqliteWork(connection),
    ...sqliteOrders(connection),
    ...sqliteListings(connection),
    ...sqliteSettings(connection),
    ...sqliteLeases(connection),
    ...sqlitePeers(connection),
    ...sqliteStock(connection),
    ...sqliteLedger(connection),
    ...sqliteIncidents(connection),
    ...sqliteSchedules(connection),
    ...sqliteSnapshots(connection),
    ...sqliteReportSales(read),
    ...sqliteReportStock(connection, read),
    ...sqliteReportBooks(connection),
    ...sqliteInventory(connection, (request) => inventory.refresh(request)),
    ...sqliteReconciliations(connection),
  }
}
