// Any sequence of commits leaves the state that a few lines of plain maps say, and answers as they do.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LocationId, type OrderKey, orderKeyText, type StockKey, stockKeyText } from '../../src/domain/ids.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { Order } from '../../src/domain/orders.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { Commit, CommitResult, WorkMark } from '../../src/ports/store.ts'
import { entryOf, keyOf, market, orderOf, shop, startMs, stockOf } from '../support/store-samples.ts'
import type { MakeStore } from './store.ts'

const sequences = 12

interface Model {
  readonly stock: Map<string, { readonly next: Stock; readonly work: readonly WorkMark[] }>
  readonly orders: Map<string, Order>
  readonly ledger: Map<string, LedgerEntry>
}

const applyToModel = (model: Model, commit: Commit): CommitResult => {
  const { stock = [], orders = [], ledger = [] } = commit
  const conflicts = {
    stock: stock
      .filter(({ next }) => (model.stock.get(stockKeyText(next))?.next.version ?? 0) !== next.version - 1)
      .map(({ next: { sku, pool } }): StockKey => ({ sku, pool })),
    orders: orders
      .filter((order) => (model.orders.get(orderKeyText(order))?.version ?? 0) !== order.version - 1)
      .map(({ channel, orderId }): OrderKey => ({ channel, orderId })),
    ledgerKeys: ledger.filter(({ key }) => model.ledger.has(key)).map(({ key }) => key),
  }
  if (conflicts.stock.length + conflicts.orders.length + conflicts.ledgerKeys.length > 0) return { ok: false, ...conflicts }
  for (const each of stock) model.stock.set(stockKeyText(each.next), each)
  for (const order of orders) model.orders.set(orderKeyText(order), order)
  for (const entry of ledger) model.ledger.set(entry.key, entry)
  return { ok: true }
}

const small = fc.integer({ min: 1, max: 4 })

const marks: fc.Arbitrary<readonly WorkMark[]> = fc.uniqueArray(
  fc.record({
    channel: fc.constantFrom(shop, market),
    kind: fc.constantFrom('push' as const, 'fence' as const),
    priority: fc.constantFrom(0 as const, 1 as const),
    dueAtMs: fc.integer({ min: 0, max: 5 }).map((n) => startMs + n),
  }),
  { selector: (mark) => `${mark.channel} ${mark.kind}`, maxLength: 4 },
)

const stockWrite = fc
  .record({ sku: fc.constantFrom('m.1', '$m2', 'm3'), version: small, units: fc.integer({ min: -5, max: 2 ** 35 }), work: marks })
  .map(({ sku, version, units, work }) => ({ next: stockOf(sku, version, { reservedUnits: units }), work }))

const order = fc
  .record({ id: fc.constantFrom('o1', 'o2', 'o3'), version: small, seen: small })
  .map(({ id, version, seen }) => orderOf(id, version, { firstSeenAtMs: startMs + seen }))

const entry = fc
  .record({ key: fc.integer({ min: 0, max: 20 }), sku: fc.constantFrom('m.1', '$m2'), units: small, back: fc.boolean() })
  .map(({ key, sku, units, back }) =>
    entryOf(`k${key}`, sku, back ? { units, from: 'reserved', to: 'free' } : { units, from: 'supplier', to: 'on_hand/w.1' }),
  )

const commit: fc.Arbitrary<Commit> = fc.record({
  stock: fc.uniqueArray(stockWrite, { selector: ({ next }) => next.sku, maxLength: 3 }),
  orders: fc.uniqueArray(order, { selector: ({ orderId }) => orderId, maxLength: 2 }),
  ledger: fc.uniqueArray(entry, { selector: ({ key }) => key, maxLength: 2 }),
})

/** Half of the commits follow on what is stored, so that sequences get somewhere; the others mostly conflict. */
const fitted = (model: Model, { stock = [], orders = [], ledger = [] }: Commit): Commit => ({
  stock: stock.map(({ next, work }) => ({
    next: { ...next, version: (model.stock.get(stockKeyText(next))?.next.version ?? 0) + 1 },
    work,
  })),
  orders: orders.map((each) => ({ ...each, version: (model.orders.get(orderKeyText(each))?.version ?? 0) + 1 })),
  ledger: ledger.filter(({ key }) => !model.ledger.has(key)),
})

/** What the model holds of one step's ids, under the names that this run has given them. */
const renamed = (run: number, { stock = [], orders = [], ledger = [] }: Commit): Commit => ({
  stock: stock.map(({ next, work }) => ({ next: { ...next, ...keyOf(`${next.sku} ${run}`) }, work })),
  orders: orders.map((each) => ({ ...each, orderId: `${each.orderId} ${run}` })),
  ledger: ledger.map((each) => ({ ...each, ...keyOf(`${each.sku} ${run}`), key: `${each.key} ${run}` })),
})

const balance = (model: Model, key: StockKey, account: string): number => {
  let units = 0
  for (const each of model.ledger.values()) {
    if (stockKeyText(each) !== stockKeyText(key)) continue
    if (each.to === account) units += each.units
    if (each.from === account) units -= each.units
  }
  return units
}

export const describeModel = (make: MakeStore): void => {
  test('any sequence of commits is answered and stored as the model says', async () => {
    const { store, destroy } = await make()
    const model: Model = { stock: new Map(), orders: new Map(), ledger: new Map() }
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(commit, fc.boolean()), { maxLength: 12 }), async (steps) => {
        run++
        for (const [step, fits] of steps) {
          const named = renamed(run, step)
          const next = fits ? fitted(model, named) : named
          expect(await store.commit(next)).toEqual(applyToModel(model, next))
        }
        const stock = [...model.stock.values()]
        const state = await store.readState({
          stock: stock.map(({ next }) => next),
          orders: [...model.orders.values()],
          ledgerKeys: [...model.ledger.keys(), 'none'],
        })
        expect(state).toEqual({
          stock: stock.map(({ next }) => next),
          orders: [...model.orders.values()],
          ledgerKeys: new Set(model.ledger.keys()),
        })
        for (const kind of ['push', 'fence'] as const) {
          const wanted = stock
            .flatMap(({ next, work }) => work.filter((m) => m.channel === shop && m.kind === kind).map((m) => ({ next, ...m })))
            .sort((a, b) => a.priority - b.priority || a.dueAtMs - b.dueAtMs || (a.next.sku < b.next.sku ? -1 : 1))
            .map(({ next: { sku, pool }, priority, dueAtMs }) => ({ sku, pool, priority, dueAtMs }))
          const query = { channel: shop, kind }
          expect(await store.dueWork({ ...query, dueBeforeMs: startMs + 9, limit: 1000 })).toEqual(wanted)
          expect(await store.countWork(query)).toBe(wanted.length)
          expect(await store.nextWorkAtMs(query)).toBe(wanted.length > 0 ? Math.min(...wanted.map((w) => w.dueAtMs)) : null)
        }
        for (const sku of ['m.1', '$m2'].map((each) => keyOf(`${each} ${run}`))) {
          const [levels] = await store.ledgerLevels([sku])
          expect(levels?.onHandUnits['w.1' as LocationId] ?? 0).toBe(balance(model, sku, 'on_hand/w.1'))
          expect(levels?.reservedUnits).toBe(balance(model, sku, 'reserved'))
        }
        expect(await store.counts()).toMatchObject({ stock: model.stock.size, orders: model.orders.size, ledger: model.ledger.size })
      }),
      { numRuns: sequences, seed: 20261130 },
    )
    await destroy()
  })
}
