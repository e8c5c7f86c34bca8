// Every statement of the unified view on SQLite goes by an index and sorts nothing: the statements are caught as they are prepared and
// explained. Fails when one scans a table or builds a tree to sort a page. The statement that makes the rows works on some fifty SKUs that it
// was given; what it sorts are those.
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Sku } from '../../src/domain/ids.ts'
import type { InventoryQuery } from '../../src/ports/inventory-view.ts'
import type { Store } from '../../src/ports/store.ts'
import { placeAfter } from '../../src/store/page.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { listingsItem, listingStateOf, seller, viewListing, viewSettings, viewStock } from '../support/inventory-samples.ts'
import { startMs } from '../support/store-samples.ts'

const filters: readonly Pick<InventoryQuery, 'status' | 'channel' | 'pool'>[] = [
  {},
  { status: 'protected' },
  { channel: seller },
  { pool: viewStock('a').pool },
  { status: 'protected', channel: seller },
]
const pages: readonly Omit<InventoryQuery, 'limit'>[] = [
  ...filters.flatMap((filter) =>
    (['sku', 'risk', 'drift', 'changed'] as const).flatMap((sort) => [
      { ...filter, sort, after: null },
      { ...filter, sort, after: placeAfter(sort === 'sku' ? ['s1'] : [sort === 'changed' ? startMs : 1, 's1']) },
    ]),
  ),
  ...(['sku', 'barcode', 'title'] as const).map((by) => ({ sort: 'sku' as const, search: { by, text: 'title s17' }, after: null })),
]

describe('plans of the view on SQLite', () => {
  let store: Store
  const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare')

  const plansOf = (): readonly { readonly sql: string; readonly steps: readonly string[] }[] => {
    const { calls, contexts } = prepared.mock
    return calls
      .map(([sql], i) => ({ sql, database: contexts[i] as DatabaseSync }))
      .filter(({ sql }) => /^\s*(SELECT|WITH|DELETE)/i.test(sql))
      .map(({ sql, database }) => ({
        sql,
        steps: database
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all()
          .map((row) => String(row['detail'])),
      }))
  }

  beforeAll(async () => {
    store = await openSqliteStore(':memory:')
    await store.migrate()
    const skus = Array.from({ length: 40 }, (_, i) => `s${i}`)
    const states = skus.map((sku) => listingStateOf(seller, sku))
    await store.commit({
      stock: skus.map((sku, i) => ({ next: viewStock(sku, { listings: states.slice(i, i + 1) }), work: [] })),
      listings: skus.flatMap((sku, i) => states.slice(i, i + 1).map((state) => viewListing(sku, state, []))),
    })
    await store.putSnapshots(skus.map((sku) => listingsItem(sku, 5)))
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    await store.close()
  })

  test.each(pages.map((page) => [JSON.stringify(page), page] as const))('a page of %s', async (_name, page) => {
    // Statements are prepared once: a store of its own prepares them again.
    const fresh = await openSqliteStore(':memory:')
    await fresh.migrate()
    prepared.mockClear()
    await fresh.listInventory({ ...page, limit: 20 })
    const plans = plansOf()
    expect(plans.length).toBeGreaterThan(0)
    for (const { sql, steps } of plans) {
      // Of two lower bounds of a column SQLite seeks to one and walks to the other, past all rows in between; no plan tells it. A plus
      // keeps a bound from the index.
      const bounded = [...sql.matchAll(/(?<![+\w])([a-z]\w*\.\w+) >=? \?/g)].map(([, column]) => column)
      expect(new Set(bounded).size, sql).toBe(bounded.length)
      for (const step of steps) {
        expect(step, sql).not.toMatch(/^SCAN (?!c$)/)
        expect(step, sql).not.toContain('TEMP B-TREE')
      }
    }
    await fresh.close()
  })

  test('a refresh finds everything from the SKUs that changed', async () => {
    prepared.mockClear()
    await store.refreshInventory({ settings: viewSettings, limit: 500 })
    expect(await store.readInventory('s1' as Sku)).toMatchObject({ listings: [{ observedQuantity: 5 }] })
    // A list of JSON, what was made of the SKUs before, and the notes in their order.
    const small =
      /VIRTUAL TABLE|^SCAN (?:CONSTANT|view_changes|p|t|w|wanted|pools|readings|\(subquery|found|kinds|things|ranked|newest|links|links?_of|listings_of|\w+_sums|\w+_rows|c|l)\b/
    for (const { sql, steps } of plansOf())
      for (const step of steps.filter((each) => each.startsWith('SCAN'))) expect(step, sql).toMatch(small)
  })

  test('old notes are counted up to a limit and removed by their key', async () => {
    await store.noteAllInventory(null, 20)
    prepared.mockClear()
    expect(await store.countInventoryNotes(5)).toBe(1)
    expect(await store.removeInventoryNotes(5)).toBe(1)
    const plans = plansOf()
    expect(plans).toHaveLength(2)
    for (const { sql, steps } of plans) {
      expect(steps.join(), sql).not.toContain('TEMP B-TREE')
      for (const step of steps.filter((each) => each.startsWith('SCAN'))) expect(step, sql).toMatch(/^SCAN (view_changes|\(subquery)/)
    }
    expect(plans[1]?.steps.join()).toContain('SEARCH view_changes USING INTEGER PRIMARY KEY')
  })
})
