// What was noted for reports while it happened, incidents by state, the reports and their deliveries.
import { endingKinds, type Incident } from '../../domain/incidents.ts'
import type { SyncSlot } from '../../domain/sync-slot.ts'
import type { IncidentSummary, ReportDelivery, ReportStore, StoredReport } from '../../ports/reports.ts'
import { toIncident } from './codec.ts'
import type { Connection, Row } from './connection.ts'

const maxNewestOpen = 20
const kinds = [...endingKinds]
const places = kinds.map(() => '?').join(', ')

export const toDelivery = (row: Row): ReportDelivery => JSON.parse(row['body'] as string) as ReportDelivery

const incidentSummary = (connection: Connection, fromMs: number, toMs: number): IncidentSummary => {
  const open = `(SELECT kind, at_ms, id, body FROM incidents WHERE resolved_at_ms IS NULL AND kind IN (${places}) AND at_ms < ?
    UNION ALL SELECT kind, at_ms, id, body FROM incidents WHERE resolved_at_ms IS NOT NULL AND resolved_at_ms >= ? AND at_ms < ?)`
  const values = [...kinds, toMs, toMs, toMs]
  return {
    begun: connection
      .all(
        `SELECT kind, count(*) AS count, sum(body ->> '$.units') AS units FROM incidents INDEXED BY incidents_by_time
         WHERE at_ms >= ? AND at_ms < ? GROUP BY kind ORDER BY kind`,
        fromMs,
        toMs,
      )
      .map((row) => ({ ...(row as unknown as IncidentSummary['begun'][number]) })),
    open: connection
      .all(`SELECT kind, count(*) AS count FROM ${open} GROUP BY kind ORDER BY kind`, ...values)
      .map((row) => ({ ...(row as unknown as { kind: Incident['kind']; count: number }) })),
    newestOpen: connection.all(`SELECT body FROM ${open} ORDER BY at_ms DESC, id DESC LIMIT ${maxNewestOpen}`, ...values).map(toIncident),
  }
}

export const writeSyncSlot = ({ statement }: Connection, slot: SyncSlot): void => {
  statement('INSERT OR REPLACE INTO sync_slots (slot_ms, channel, writer, body) VALUES (?, ?, ?, ?)').run(
    slot.slotMs,
    slot.channel,
    slot.writer,
    JSON.stringify(slot),
  )
}

export const writeReport = ({ statement }: Connection, { day, madeAtMs, revision, body }: StoredReport): void => {
  statement('INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?)').run(day, madeAtMs, revision, body)
}

export const writeDelivery = ({ statement }: Connection, delivery: ReportDelivery): void => {
  statement('INSERT OR REPLACE INTO report_deliveries VALUES (?, ?, ?, ?, ?)').run(
    delivery.id,
    delivery.day,
    delivery.state,
    delivery.atMs,
    JSON.stringify(delivery),
  )
}

export const sqliteReportBooks = (
  connection: Connection,
): Omit<
  ReportStore,
  'readSales' | 'countOrders' | 'makeSkuDay' | 'listSkuDays' | 'firstLedgerAtMs' | 'readStockRows' | 'readMovements'
> => ({
  summariseIncidents: async ({ fromMs, toMs }) => connection.read(() => incidentSummary(connection, fromMs, toMs)),
  putSyncSlots: async (slots) => {
    connection.write(() => {
      for (const slot of slots) writeSyncSlot(connection, slot)
    })
  },
  readSyncSlots: async ({ fromMs, toMs }) =>
    connection
      .all('SELECT body FROM sync_slots WHERE slot_ms >= ? AND slot_ms < ? ORDER BY slot_ms, channel, writer', fromMs, toMs)
      .map((row) => JSON.parse(row['body'] as string) as SyncSlot),
  removeSyncSlotsBefore: async (slotMs) =>
    connection.write(() => Number(connection.statement('DELETE FROM sync_slots WHERE slot_ms < ?').run(slotMs).changes)),
  putReport: async (report) => {
    connection.write(() => writeReport(connection, report))
  },
  readReport: async (day) => {
    const [row] = connection.all('SELECT day, made_at_ms AS madeAtMs, revision, body FROM reports WHERE day = ?', day)
    return row === undefined ? null : { ...(row as unknown as StoredReport) }
  },
  listReports: async ({ before, limit }) =>
    connection
      .all(
        'SELECT day, made_at_ms AS madeAtMs, revision FROM reports WHERE day < ? ORDER BY day DESC LIMIT ?',
        // After every day.
        before ?? '~',
        limit,
      )
      .map((row) => ({ ...(row as unknown as Omit<StoredReport, 'body'>) })),
  putDelivery: async (delivery) => {
    connection.write(() => writeDelivery(connection, delivery))
  },
  readDelivery: async (id) => connection.all('SELECT body FROM report_deliveries WHERE id = ?', id).map(toDelivery)[0] ?? null,
  dueDeliveries: async ({ dueBeforeMs, limit }) =>
    connection
      .all(`SELECT body FROM report_deliveries WHERE state = 'waiting' AND at_ms <= ? ORDER BY at_ms, id LIMIT ?`, dueBeforeMs, limit)
      .map(toDelivery),
  listDeliveries: async (limit) =>
    connection.all('SELECT body FROM report_deliveries ORDER BY day DESC, id DESC LIMIT ?', limit).map(toDelivery),
})
