// All that a file holds, read table by table in the order of keys, and written again (ports/store-transfer.ts). `tables` names every table that
// travels; `derivedTables` those that are made of the others or belong to running processes. A test holds the two to the schema.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { ChannelId } from '../../domain/ids.ts'
import type { Incident } from '../../domain/incidents.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import type { Listing, Order } from '../../domain/orders.ts'
import type { Finding, Reconciliation } from '../../domain/reconcile.ts'
import type { Stock } from '../../domain/stock.ts'
import type { SyncSlot } from '../../domain/sync-slot.ts'
import type { ReportDelivery, StoredReport } from '../../ports/reports.ts'
import type { JobState } from '../../ports/schedule.ts'
import type { SnapshotRow } from '../../ports/snapshots.ts'
import type { Cursor, Lease, StoredInboxEvent, WorkMark } from '../../ports/store.ts'
import {
  maxTransferRows,
  type TransferKind,
  type TransferReader,
  type TransferStore,
  type TransferValue,
} from '../../ports/store-transfer.ts'
import { marksOf, toIncident, toInboxEvent, toLedgerEntry, toListing, toOrder, toStock } from './codec.ts'
import { insertIncident, insertOrder, insertStock, writeCursor, writeLedgerEntry, writeListing } from './commit.ts'
import type { Connection, Row } from './connection.ts'
import { toDelivery, writeDelivery, writeReport, writeSyncSlot } from './report-books.ts'
import { insertRun, toFinding, toRun, writeFinding } from './reconciliations.ts'
import { putSnapshot, toSnapshot } from './snapshots.ts'
import { noteStock } from './view-changes.ts'

interface TableTransfer {
  readonly table: string
  /** The columns of its key, in order. */
  readonly key: readonly string[]
  readonly read: (row: Row) => object
  readonly write: (connection: Connection, value: never) => void
}

/** Gives `write` its own type of value: what `read` of either engine made. */
const table = <V extends object>(
  name: string,
  key: readonly string[],
  read: (row: Row) => V,
  write: (connection: Connection, value: V) => void,
): TableTransfer => ({ table: name, key, read, write })

const tables: Readonly<Record<TransferKind, TableTransfer>> = {
  settings: table(
    'settings',
    ['name'],
    (row) => ({ name: row['name'] as string, value: row['value'] as string }),
    ({ statement }, { name, value }) =>
      statement('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING').run(name, value),
  ),
  listings: table<Listing>('listings', ['id'], toListing, writeListing),
  stock: table<{ stock: Stock; work: readonly WorkMark[] }>(
    'stock',
    ['sku', 'pool'],
    (row) => ({ stock: toStock(row), work: marksOf(row['marks'] as string) }),
    (connection, { stock, work }) => insertStock(connection, { next: stock, work }),
  ),
  ledger: table<LedgerEntry>('ledger', ['key'], toLedgerEntry, writeLedgerEntry),
  orders: table<Order>('orders', ['channel', 'order_id'], toOrder, insertOrder),
  inbox: table<StoredInboxEvent>('inbox', ['sequence'], toInboxEvent, ({ statement }, event) =>
    statement(
      `INSERT INTO inbox (sequence, channel, dedupe_key, topic, payload, received_at_ms, state, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    ).run(event.sequence, event.channel, event.dedupeKey, event.topic, event.payload, event.receivedAtMs, event.state, event.reason),
  ),
  cursors: table<Cursor>(
    'cursors',
    ['channel', 'stream'],
    (row) => ({
      channel: row['channel'] as ChannelId,
      stream: row['stream'] as string,
      sinceMs: row['since_ms'] as number,
      watermarkMs: row['watermark_ms'] as number | null,
    }),
    writeCursor,
  ),
  incidents: table<Incident>('incidents', ['id'], toIncident, insertIncident),
  schedules: table<{ token: number; state: JobState }>(
    'schedules',
    ['name'],
    (row) => ({ token: row['token'] as number, state: JSON.parse(row['body'] as string) as JobState }),
    ({ statement }, { token, state }) =>
      statement('INSERT INTO schedules (name, token, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING').run(
        state.name,
        token,
        JSON.stringify(state),
      ),
  ),
  snapshots: table<SnapshotRow>('snapshots', ['channel', 'source', 'key'], toSnapshot, putSnapshot),
  reports: table<StoredReport>(
    'reports',
    ['day'],
    (row) => ({
      day: row['day'] as StoredReport['day'],
      madeAtMs: row['made_at_ms'] as number,
      revision: row['revision'] as number,
      body: row['body'] as string,
    }),
    writeReport,
  ),
  reportDeliveries: table<ReportDelivery>('report_deliveries', ['id'], toDelivery, writeDelivery),
  syncSlots: table<SyncSlot>(
    'sync_slots',
    ['slot_ms', 'channel', 'writer'],
    (row) => JSON.parse(row['body'] as string) as SyncSlot,
    writeSyncSlot,
  ),
  reconciliations: table<Reconciliation>('reconciliations', ['id'], toRun, insertRun),
  findings: table<Finding>('findings', ['id'], toFinding, writeFinding),
}

export const transferredTables: readonly string[] = Object.values(tables).map((each) => each.table)

/** Made of the others when they are written, or only of use to processes that run. */
export const derivedTables: readonly string[] = [
  'channel_reports',
  'inventory_facets',
  'inventory_view',
  'inventory_words',
  'leases',
  'listing_keys',
  'sightings',
  'signals',
  'sku_days',
  'sku_days_made',
  'snapshot_names',
  'stock_links',
  'stock_summaries',
  'turns',
  'view_changes',
  'work',
]

type ReadRows = (sql: string, ...values: SQLInputValue[]) => readonly Row[]

const readerOn = (rows: ReadRows): TransferReader => ({
  readAll: async (kind, after, limit) => {
    const { table: name, key, read } = tables[kind]
    const columns = key.join(', ')
    const from = after === null ? null : (JSON.parse(after) as SQLInputValue[])
    const found = rows(
      `SELECT * FROM ${name}${from === null ? '' : ` WHERE (${columns}) > (${key.map(() => '?').join(', ')})`} ORDER BY ${columns} LIMIT ?`,
      ...(from ?? []),
      Math.min(limit, maxTransferRows),
    )
    const last = found.at(-1)
    return {
      values: found.map((row) => read(row) as TransferValue),
      next: last === undefined || found.length < limit ? null : JSON.stringify(key.map((column) => last[column])),
    }
  },
})

/** `path`: of the file, for a connection whose view stands still while others write. */
export const sqliteTransfer = (connection: Connection, path: string): TransferStore => ({
  ...readerOn(connection.all),
  countAll: async (kind) => Number(connection.all(`SELECT count(*) AS rows FROM ${tables[kind].table}`)[0]?.['rows']),
  atOneMoment: async (work) => {
    // A database in memory has no second connection; nobody but this process can write to it either.
    if (path === ':memory:') return work(readerOn(connection.all))
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      // The view is taken by the first read, not by BEGIN (https://sqlite.org/lang_transaction.html).
      database.exec('BEGIN; SELECT count(*) FROM settings')
      return await work(readerOn((sql, ...values) => database.prepare(sql).all(...values)))
    } finally {
      database.close()
    }
  },
  writeAll: async (kind, values) => {
    connection.write(() => {
      for (const value of values) tables[kind].write(connection, value as never)
      if (kind === 'stock' && values.length > 0)
        noteStock(
          connection,
          values.map((value) => {
            const { sku, pool } = (value as unknown as { stock: Stock }).stock
            return [sku, pool]
          }),
        )
    })
  },
  heldLeases: async (nowMs) =>
    connection.all('SELECT name, owner, token, expires_at_ms FROM leases WHERE expires_at_ms > ? ORDER BY name LIMIT 1000', nowMs).map(
      (row): Lease => ({
        name: row['name'] as string,
        owner: row['owner'] as string,
        token: row['token'] as number,
        expiresAtMs: row['expires_at_ms'] as number,
      }),
    ),
})
