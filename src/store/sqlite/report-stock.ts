// The ledger of a day summed by SKU, and levels at the end of a day.
import type { SQLInputValue } from 'node:sqlite'
import type { DaySpan } from '../../domain/local-day.ts'
import type { StockRow } from '../../domain/report-rows.ts'
import type { ReportStore } from '../../ports/reports.ts'
import { toLedgerEntry } from './codec.ts'
import type { Connection } from './connection.ts'
import type { ReadRows } from './report-reader.ts'

/** Change of what is on hand and of what is reserved by one entry. */
const hand = `(CASE WHEN to_account LIKE 'on\\_hand/%' ESCAPE '\\' THEN units ELSE 0 END
  - CASE WHEN from_account LIKE 'on\\_hand/%' ESCAPE '\\' THEN units ELSE 0 END)`
const promised = `(CASE WHEN to_account = 'reserved' THEN units ELSE 0 END - CASE WHEN from_account = 'reserved' THEN units ELSE 0 END)`
const when = (condition: string, value = 'units'): string => `sum(CASE WHEN ${condition} THEN ${value} ELSE 0 END)`

/**
 * The lowest level is looked for after whole commits, not between the entries of one. A reservation that the warehouse makes itself
 * (its key begins with "movement/") is no sale.
 */
const moved = `
  WITH commits AS (
    SELECT sku, pool, version, sum(${hand}) AS on_hand, sum(${promised}) AS reserved,
      ${when("reason = 'sale' AND key NOT LIKE 'movement/%'", promised)} AS sold,
      ${when("reason = 'cancel'", `-${promised}`)} AS cancelled,
      ${when("reason = 'ship' AND to_account = 'customer'")} AS shipped,
      ${when("reason = 'return'")} AS returned, ${when("reason = 'receipt'")} AS received
    FROM ledger INDEXED BY ledger_by_time WHERE at_ms >= ? AND at_ms < ? GROUP BY sku, pool, version),
  running AS (
    SELECT *, sum(on_hand - reserved) OVER (PARTITION BY sku, pool ORDER BY version ROWS UNBOUNDED PRECEDING) AS free FROM commits)
  SELECT sku, pool, sum(sold) AS sold, sum(cancelled) AS cancelled, sum(shipped) AS shipped, sum(returned) AS returned,
    sum(received) AS received, sum(on_hand) AS on_hand, sum(reserved) AS reserved, min(0, min(free)) AS lowest_free
  FROM running GROUP BY sku, pool ORDER BY sku, pool`

const stockRows = `
  WITH win AS (SELECT sku, pool, sum(sold - cancelled) AS sold FROM sku_days WHERE day >= ?1 AND day <= ?2 GROUP BY sku, pool),
  later AS (
    SELECT sku, pool, sum(on_hand) AS on_hand, sum(reserved) AS reserved FROM (
      SELECT sku, pool, on_hand, reserved FROM sku_days WHERE day > ?2 AND day <= ?3
      UNION ALL
      SELECT sku, pool, ${hand} AS on_hand, ${promised} AS reserved FROM ledger INDEXED BY ledger_by_time WHERE at_ms >= ?4)
    GROUP BY sku, pool)
  SELECT s.sku AS sku, s.pool AS pool, s.body ->> '$.title' AS title,
    (SELECT coalesce(sum(value), 0) FROM json_each(s.body, '$.onHandUnits')) - coalesce(later.on_hand, 0) AS onHandUnits,
    (s.body ->> '$.reservedUnits') - coalesce(later.reserved, 0) AS reservedUnits, s.body ->> '$.bufferUnits' AS bufferUnits,
    coalesce(win.sold, 0) AS windowSoldUnits,
    d.day AS day, d.sold AS soldUnits, d.cancelled AS cancelledUnits, d.shipped AS shippedUnits, d.returned AS returnedUnits,
    d.received AS receivedUnits, d.on_hand AS onHandDelta, d.reserved AS reservedDelta, d.lowest_free AS lowestFreeDelta
  FROM stock AS s
    LEFT JOIN win ON win.sku = s.sku AND win.pool = s.pool
    LEFT JOIN later ON later.sku = s.sku AND later.pool = s.pool
    LEFT JOIN sku_days AS d ON d.day = ?2 AND d.sku = s.sku AND d.pool = s.pool
  ORDER BY s.sku, s.pool`

interface MovedColumns {
  readonly sku: string
  readonly pool: string
  readonly sold: number
  readonly cancelled: number
  readonly shipped: number
  readonly returned: number
  readonly received: number
  readonly on_hand: number
  readonly reserved: number
  readonly lowest_free: number
}

type JoinedRow = Omit<StockRow, 'moved'> & NonNullable<StockRow['moved']> & { readonly day: string | null }

const toStockRow = (row: JoinedRow): StockRow => {
  const { sku, pool, title, onHandUnits, reservedUnits, bufferUnits, windowSoldUnits, day } = row
  const { soldUnits, cancelledUnits, shippedUnits, returnedUnits, receivedUnits, onHandDelta, reservedDelta, lowestFreeDelta } = row
  return {
    sku,
    pool,
    title,
    onHandUnits,
    reservedUnits,
    bufferUnits,
    windowSoldUnits,
    moved:
      day === null
        ? null
        : { soldUnits, cancelledUnits, shippedUnits, returnedUnits, receivedUnits, onHandDelta, reservedDelta, lowestFreeDelta },
  }
}

export const sqliteReportStock = (
  connection: Connection,
  read: ReadRows,
): Pick<ReportStore, 'makeSkuDay' | 'listSkuDays' | 'firstLedgerAtMs' | 'readStockRows' | 'readMovements'> => ({
  // Batch by batch, so that no sale waits for the whole; the day counts as made only when all of it is there.
  makeSkuDay: async ({ day, fromMs, toMs }) => {
    connection.write(() => {
      connection.statement('DELETE FROM sku_days_made WHERE day = ?').run(day)
      connection.statement('DELETE FROM sku_days WHERE day = ?').run(day)
    })
    await read(moved, [fromMs, toMs], (rows) => {
      connection.write(() => {
        const insert = connection.statement('INSERT OR REPLACE INTO sku_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
        for (const row of rows as unknown as readonly MovedColumns[]) {
          const { sku, pool, sold, cancelled, shipped, returned, received, on_hand, reserved, lowest_free } = row
          insert.run(day, sku, pool, sold, cancelled, shipped, returned, received, on_hand, reserved, lowest_free)
        }
      })
    })
    connection.write(() => connection.statement('INSERT OR REPLACE INTO sku_days_made VALUES (?, ?, ?)').run(day, fromMs, toMs))
  },
  listSkuDays: async ({ from, to }) =>
    connection
      .all('SELECT day, from_ms AS fromMs, to_ms AS toMs FROM sku_days_made WHERE day >= ? AND day <= ? ORDER BY day', from, to)
      .map((row) => ({ ...(row as unknown as DaySpan) })),
  firstLedgerAtMs: async () => (connection.all('SELECT min(at_ms) AS at FROM ledger')[0]?.['at'] as number | null | undefined) ?? null,
  readStockRows: ({ day, windowFrom, madeThrough }, onRows) =>
    read(stockRows, [windowFrom, day, madeThrough.day, madeThrough.toMs], (rows) =>
      onRows((rows as unknown as readonly JoinedRow[]).map(toStockRow)),
    ),
  readMovements: async ({ fromMs, toMs }, keys) =>
    keys.flatMap(({ sku, pool }) =>
      connection
        .all(
          'SELECT * FROM ledger WHERE sku = ? AND at_ms >= ? AND at_ms < ? AND pool = ? ORDER BY version, key',
          ...([sku, fromMs, toMs, pool] satisfies SQLInputValue[]),
        )
        .map(toLedgerEntry),
    ),
})
