// Pages of the unified view. Each is a range of one index, in the index's order; where a row stands is its key, so that a cursor stays true
// while rows change. The order by risk or drift is that of the rows that have any, then the others by SKU.
// Pages are read here, in well under a millisecond; the refresh runs on a thread of its own (inventory-thread.ts).
import type { SQLInputValue } from 'node:sqlite'
import type { InventoryQuery, InventoryRow, InventoryViewStore } from '../../ports/inventory-view.ts'
import type { Page } from '../../ports/store.ts'
import { afterPrefix, decodeCursor, pageLimit, pageOf, placeAfter } from '../page.ts'
import { type InventoryPlan, maxTitleCandidates, planInventory } from '../view/facets.ts'
import type { Connection, Row } from './connection.ts'
import type { RefreshRequest, RefreshResult } from './inventory-refresh.ts'
import { noteStock } from './view-changes.ts'

const toRow = (row: Row): InventoryRow => JSON.parse(row['body'] as string) as InventoryRow

const ofFacet = 'SELECT v.body FROM inventory_facets f CROSS JOIN inventory_view v ON v.sku = f.sku WHERE f.facet = ?'

/** The rows of this column that come after the key, in parts: those as large that come later by SKU, then the smaller ones. */
interface Ordered {
  /** Written out, so that the partial indexes of risk and drift can be used. */
  readonly having: string
  readonly column: 'changed_at_ms' | 'units_at_risk' | 'drift_units'
}

export const sqliteInventory = (
  connection: Connection,
  refresh: (request: RefreshRequest) => Promise<RefreshResult>,
): InventoryViewStore => {
  const rowsOf = (sql: string, ...values: SQLInputValue[]): readonly InventoryRow[] => connection.all(sql, ...values).map(toRow)

  const bySku = (facet: string, prefix: string, after: string, limit: number, having = ''): readonly InventoryRow[] =>
    // One lower end, which the index begins at: of two, SQLite takes the first.
    rowsOf(
      `${ofFacet} AND ${after === '' ? 'f.sku >= ?' : 'f.sku > ?'} AND f.sku < ? AND +f.sku >= ? ${having} ORDER BY f.sku LIMIT ?`,
      facet,
      after === '' ? prefix : after,
      afterPrefix(prefix),
      prefix,
      limit,
    )

  const byMost = (facet: string, { column, having }: Ordered, after: readonly [number, string] | null, limit: number) => {
    const order = `ORDER BY f.${column} DESC, f.sku LIMIT ?`
    if (after === null) return rowsOf(`${ofFacet} ${having} ${order}`, facet, limit)
    const [value, sku] = after
    const found = rowsOf(`${ofFacet} ${having} AND f.${column} = ? AND f.sku > ? ${order}`, facet, value, sku, limit)
    return found.length === limit
      ? found
      : [...found, ...rowsOf(`${ofFacet} ${having} AND f.${column} < ? ${order}`, facet, value, limit - found.length)]
  }

  /** `after`: [0, sku] is among the rows that have none. */
  const byMostThenSku = (
    facet: string,
    column: 'units_at_risk' | 'drift_units',
    after: readonly [number, string] | null,
    limit: number,
  ) => {
    const most = after === null || after[0] > 0 ? byMost(facet, { column, having: `AND f.${column} > 0` }, after, limit) : []
    if (most.length === limit) return most
    return [...most, ...bySku(facet, '', after?.[0] === 0 ? after[1] : '', limit - most.length, `AND f.${column} = 0`)]
  }

  const byFacet = (
    { facet, sort, prefix }: Extract<InventoryPlan, { by: 'facet' }>,
    { after }: InventoryQuery,
    limit: number,
  ): Page<InventoryRow> => {
    if (sort === 'sku') {
      const [afterSku] = after === null ? [''] : decodeCursor(after, [''])
      return pageOf(bySku(facet, prefix, String(afterSku), limit + 1), limit, (row) => [row.sku])
    }
    const key = after === null ? null : (decodeCursor(after, [0, '']) as readonly [number, string])
    if (sort === 'changed')
      return pageOf(byMost(facet, { column: 'changed_at_ms', having: '' }, key, limit + 1), limit, (row) => [row.changedAtMs, row.sku])
    return sort === 'risk'
      ? pageOf(byMostThenSku(facet, 'units_at_risk', key, limit + 1), limit, (row) => [row.unitsAtRisk, row.sku])
      : pageOf(byMostThenSku(facet, 'drift_units', key, limit + 1), limit, (row) => [row.driftUnits, row.sku])
  }

  const byBarcode = (prefix: string, after: string | null, limit: number): Page<InventoryRow> => {
    const [barcode, sku] = after === null ? [prefix, ''] : decodeCursor(after, ['', ''])
    const found = rowsOf(
      'SELECT body FROM inventory_view WHERE barcode < ? AND (barcode, sku) > (?, ?) ORDER BY barcode, sku LIMIT ?',
      afterPrefix(prefix),
      barcode ?? '',
      sku ?? '',
      limit + 1,
    )
    return pageOf(found, limit, (row) => [row.barcode ?? '', row.sku])
  }

  const byTitle = ([first, ...rest]: readonly [string, ...string[]], after: string | null, limit: number): Page<InventoryRow> => {
    const [afterSku] = after === null ? [''] : decodeCursor(after, [''])
    const candidates = 'SELECT sku FROM inventory_words WHERE word = ? AND sku > ? ORDER BY sku LIMIT ?'
    const also = rest.map((_word, i) => `CROSS JOIN inventory_words w${i} ON w${i}.word = ? AND w${i}.sku = c.sku`).join(' ')
    const found = rowsOf(
      `SELECT v.body FROM (${candidates}) c ${also} CROSS JOIN inventory_view v ON v.sku = c.sku LIMIT ?`,
      first,
      afterSku ?? '',
      rest.length === 0 ? limit + 1 : maxTitleCandidates,
      ...rest,
      limit + 1,
    )
    const page = pageOf(found, limit, (row) => [row.sku])
    if (page.next !== null || rest.length === 0) return page
    const [last] = connection.all(`${candidates} OFFSET ?`, first, afterSku ?? '', 1, maxTitleCandidates - 1)
    return last ? { items: page.items, next: placeAfter([last['sku'] as string]) } : page
  }

  return {
    refreshInventory: refresh,
    noteAllInventory: async (after, limit) => {
      const rows = pageLimit(limit)
      const [afterSku, afterPool] = after === null ? ['', ''] : decodeCursor(after, ['', ''])
      const found = connection.all(
        'SELECT sku, pool FROM stock WHERE (sku, pool) > (?, ?) ORDER BY sku, pool LIMIT ?',
        afterSku ?? '',
        afterPool ?? '',
        rows,
      )
      const keys = found.map((row): readonly [string, string] => [row['sku'] as string, row['pool'] as string])
      if (keys.length > 0) connection.write(() => noteStock(connection, keys))
      const last = keys.at(-1)
      return keys.length < rows || !last ? null : placeAfter(last)
    },
    countInventoryNotes: async (limit) =>
      Number(connection.all('SELECT count(*) AS notes FROM (SELECT 1 FROM view_changes LIMIT ?)', limit)[0]?.['notes']),
    removeInventoryNotes: async (limit) => {
      const oldest = 'SELECT sequence FROM view_changes ORDER BY sequence LIMIT ?'
      return connection.write(() =>
        Number(connection.statement(`DELETE FROM view_changes WHERE sequence IN (${oldest})`).run(limit).changes),
      )
    },
    listInventory: async (query) => {
      const plan = planInventory(query)
      const limit = pageLimit(query.limit)
      if (plan.by === 'barcode') return byBarcode(plan.prefix, query.after, limit)
      if (plan.by === 'title') return byTitle(plan.words, query.after, limit)
      return byFacet(plan, query, limit)
    },
    readInventory: async (sku) => rowsOf('SELECT body FROM inventory_view WHERE sku = ?', sku)[0] ?? null,
  }
}
