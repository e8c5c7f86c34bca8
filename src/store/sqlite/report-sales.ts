// Orders of a day: their lines summed in SQL.
import type { SalesRow } from '../../domain/report-rows.ts'
import type { OrderCount, ReportStore } from '../../ports/reports.ts'
import type { ReadRows } from './report-reader.ts'

/** Integer division rounded half up; a line of nothing has no share. */
const share = (part: string): string =>
  `CASE WHEN ordered > 0 AND amount IS NOT NULL THEN (2 * amount * ${part} + ordered) / (2 * ordered) ELSE 0 END`

const sales = `
  WITH lines AS (
    SELECT o.channel AS channel, json_extract(o.body, '$.demand') AS demand,
      l.value ->> '$.sku' AS sku, l.value ->> '$.pool' AS pool, l.value ->> '$.unitsPerListing' AS each,
      l.value ->> '$.orderedQuantity' AS ordered,
      min(l.value ->> '$.orderedQuantity', l.value ->> '$.cancelledQuantity') AS cancelled,
      l.value ->> '$.acceptedQuantity' AS accepted, l.value ->> '$.amountMinor' AS amount,
      CASE WHEN l.value ->> '$.amountMinor' IS NULL THEN NULL ELSE l.value ->> '$.currency' END AS currency
    FROM orders AS o INDEXED BY orders_by_creation, json_each(o.body, '$.lines') AS l
    WHERE o.created_at_ms >= ? AND o.created_at_ms < ?)
  SELECT sku, pool, channel, demand, currency, count(*) AS lines,
    sum(ordered * each) AS orderedUnits, sum(cancelled * each) AS cancelledUnits,
    sum(coalesce(accepted, 0) * each) AS acceptedUnits,
    sum(CASE WHEN accepted IS NULL THEN 0 ELSE ordered * each END) AS answeredUnits,
    sum(coalesce(amount, 0)) AS amountMinor, sum(${share('cancelled')}) AS cancelledMinor,
    sum(${share('coalesce(accepted, 0)')}) AS acceptedMinor
  FROM lines GROUP BY sku, pool, channel, demand, currency ORDER BY sku, pool, channel, demand, currency`

const counts = `
  SELECT channel, json_extract(body, '$.demand') AS demand, count(*) AS orders FROM orders INDEXED BY orders_by_creation
  WHERE created_at_ms >= ? AND created_at_ms < ? GROUP BY 1, 2 ORDER BY 1, 2`

export const sqliteReportSales = (read: ReadRows): Pick<ReportStore, 'readSales' | 'countOrders'> => ({
  readSales: ({ fromMs, toMs }, onRows) =>
    read(sales, [fromMs, toMs], (rows) => onRows((rows as unknown as readonly SalesRow[]).map((row) => ({ ...row })))),
  countOrders: async ({ fromMs, toMs }) => {
    const found: OrderCount[] = []
    await read(counts, [fromMs, toMs], (rows) => void found.push(...(rows as unknown as readonly OrderCount[]).map((row) => ({ ...row }))))
    return found
  },
})
