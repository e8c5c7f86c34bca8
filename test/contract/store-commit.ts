// Commits: compare-and-swap, all or nothing, idempotency keys, groups.
import { describe, expect, test } from 'vitest'
import type { LocationId } from '../../src/domain/ids.ts'
import {
  entryOf,
  eventOf,
  incidentOf,
  keyOf,
  listingOf,
  market,
  markOf,
  orderOf,
  readStock,
  shop,
  startMs,
  stockOf,
  storeStock,
} from '../support/store-samples.ts'
import type { Shared } from './store.ts'

export const describeCommits = (shared: Shared): void => {
  describe('commit', () => {
    test('gives back exactly what was stored, in the order asked', async () => {
      const { store } = shared()
      const stock = stockOf('exact', 1)
      const order = orderOf('exact', 1)
      const entry = entryOf('exact', 'exact')
      expect(await store.commit({ stock: [{ next: stock, work: [] }], orders: [order], ledger: [entry] })).toEqual({ ok: true })
      const state = await store.readState({
        stock: [keyOf('missing'), keyOf('exact')],
        orders: [
          { channel: shop, orderId: 'exact' },
          { channel: market, orderId: 'exact' },
        ],
        ledgerKeys: ['exact', 'missing'],
      })
      expect(state).toEqual({ stock: [null, stock], orders: [order, null], ledgerKeys: new Set(['exact']) })
    })

    test('an engine that counts commits counts its own one by one, refused ones not, and notices those of others', async () => {
      const { store, reopen } = shared()
      const before = store.commitCount?.()
      if (before === undefined) return
      await storeStock(store, [stockOf('counted', 1)])
      expect(store.commitCount?.()).toBe(before + 1)
      expect(await store.commit({ stock: [{ next: stockOf('counted', 5), work: [] }] })).toMatchObject({ ok: false })
      await readStock(store, 'counted')
      expect(store.commitCount?.()).toBe(before + 1)
      await storeStock(await reopen(), [stockOf('counted', 2)])
      expect(store.commitCount?.()).toBeGreaterThan(before + 1)
    })

    test('a commit of nothing is well', async () => {
      expect(await shared().store.commit({})).toEqual({ ok: true })
      expect(await shared().store.commit({ stock: [], ledger: [] })).toEqual({ ok: true })
    })

    test('ids may hold every character but control characters', async () => {
      const { store } = shared()
      const odd = `$odd.sku/ä \u{1F4E6} "quoted" 'single' %_\\ {x:1}`
      const stock = stockOf(odd, 1, {
        onHandUnits: { ['a.b' as LocationId]: 1, ['$c' as LocationId]: 2, ['__proto__' as LocationId]: 3, ['' as LocationId]: 4 },
      })
      const order = orderOf(odd, 1)
      const entry = entryOf(odd, odd, { to: 'on_hand/a.b' })
      expect(await store.commit({ stock: [{ next: stock, work: [markOf()] }], orders: [order], ledger: [entry] })).toEqual({ ok: true })
      const read = await store.readState({ stock: [keyOf(odd)], orders: [{ channel: shop, orderId: odd }], ledgerKeys: [odd] })
      expect(read).toEqual({ stock: [stock], orders: [order], ledgerKeys: new Set([odd]) })
      expect(await store.readSku(keyOf(odd).sku)).toEqual([stock])
      expect((await store.ledgerLevels([keyOf(odd)]))[0]?.onHandUnits).toEqual({ 'a.b': 1 })
    })

    test('what a person said of a listing is kept', async () => {
      const { store } = shared()
      const stock = stockOf('vouched', 1)
      const listings = stock.listings.map((each) => ({ ...each, disconnectedAtMs: startMs, closedAtMs: startMs }))
      expect(await store.commit({ stock: [{ next: { ...stock, listings }, work: [] }] })).toEqual({ ok: true })
      expect(await store.readSku(keyOf('vouched').sku)).toEqual([{ ...stock, listings }])
    })

    test('a version is taken once: of two writers one wins, and the other is told', async () => {
      const { store, reopen } = shared()
      const other = await reopen()
      await storeStock(store, [stockOf('raced', 1)])
      const results = await Promise.all(
        [store, other].map((each, i) => each.commit({ stock: [{ next: stockOf('raced', 2, { reservedUnits: i + 1 }), work: [] }] })),
      )
      expect(results.filter((r) => r.ok)).toHaveLength(1)
      expect(results.find((r) => !r.ok)).toEqual({ ok: false, stock: [keyOf('raced')], orders: [], ledgerKeys: [] })
      const [stored] = await readStock(store, 'raced')
      expect(stored?.reservedUnits).toBe(results.findIndex((r) => r.ok) + 1)
    })

    test('a first version is stored once', async () => {
      const { store, reopen } = shared()
      const other = await reopen()
      const results = await Promise.all([store, other].map((each) => storeStock(each, [stockOf('first', 1)])))
      expect(results.filter((r) => r.ok)).toHaveLength(1)
    })

    test('versions do not skip, and go on from what is stored', async () => {
      const { store } = shared()
      expect(await storeStock(store, [stockOf('skip', 2)])).toMatchObject({ ok: false, stock: [keyOf('skip')] })
      await storeStock(store, [stockOf('skip', 1)])
      expect(await storeStock(store, [stockOf('skip', 3)])).toMatchObject({ ok: false })
      expect(await storeStock(store, [stockOf('skip', 2)])).toEqual({ ok: true })
      expect(await storeStock(store, [stockOf('skip', 2)])).toMatchObject({ ok: false })
    })

    const conflicting = {
      stock: { stock: [{ next: stockOf('whole-old', 1), work: [] }] },
      order: { orders: [orderOf('whole-old', 1)] },
      'ledger key': { ledger: [entryOf('whole-old', 'whole-old')] },
    }
    test.each(Object.entries(conflicting))('a conflict in the %s leaves nothing of the rest', async (part, conflict) => {
      const { store } = shared()
      const id = `whole-${part}`
      await store.commit({
        stock: [{ next: stockOf('whole-old', 1), work: [] }],
        orders: [orderOf('whole-old', 1)],
        ledger: [entryOf('whole-old', 'whole-old')],
      })
      await store.appendInbox([eventOf(id)])
      const whole = {
        stock: [{ next: stockOf(id, 1), work: [markOf({ channel: market })] }],
        orders: [orderOf(id, 1)],
        ledger: [entryOf(id, id)],
        inbox: [{ channel: shop, dedupeKey: id, state: 'applied' as const, reason: null }],
        cursors: [{ channel: shop, stream: id, sinceMs: 1, watermarkMs: 1 }],
        listings: [listingOf(id, [id])],
        incidents: [incidentOf(id)],
        resolvedIncidents: [{ id, atMs: 1 }],
      }
      const merged = {
        ...whole,
        stock: [...whole.stock, ...('stock' in conflict ? conflict.stock : [])],
        orders: [...whole.orders, ...('orders' in conflict ? conflict.orders : [])],
        ledger: [...whole.ledger, ...('ledger' in conflict ? conflict.ledger : [])],
      }
      const result = await store.commit(merged)
      expect(result).toEqual({
        ok: false,
        stock: part === 'stock' ? [keyOf('whole-old')] : [],
        orders: part === 'order' ? [{ channel: shop, orderId: 'whole-old' }] : [],
        ledgerKeys: part === 'ledger key' ? ['whole-old'] : [],
      })
      const state = await store.readState({ stock: [keyOf(id)], orders: [{ channel: shop, orderId: id }], ledgerKeys: [id] })
      expect(state).toEqual({ stock: [null], orders: [null], ledgerKeys: new Set() })
      expect(await store.countWork({ channel: market, kind: 'push' })).toBe(0)
      expect(await store.readCursor(shop, id)).toBeNull()
      expect(await store.findListings(shop, [id])).toEqual([null])
      expect((await store.readInbox({ state: 'pending', limit: 500 })).map((e) => e.dedupeKey)).toContain(id)
      expect((await store.listIncidents({ after: null, limit: 500 })).items.map((i) => i.id)).not.toContain(id)
      expect(await store.commit(whole)).toEqual({ ok: true })
      await storeStock(store, [stockOf(id, 2)])
    })

    test('tells every conflict at once', async () => {
      const { store } = shared()
      const old = ['all-1', 'all-2']
      await store.commit({
        stock: old.map((sku) => ({ next: stockOf(sku, 1), work: [] })),
        orders: old.map((id) => orderOf(id, 1)),
        ledger: old.map((key) => entryOf(key, key)),
      })
      const all = ['all-1', 'all-new', 'all-2']
      const result = await store.commit({
        stock: all.map((sku) => ({ next: stockOf(sku, 1), work: [] })),
        orders: all.map((id) => orderOf(id, 1)),
        ledger: all.map((key) => entryOf(key, key)),
      })
      expect(result).toEqual({
        ok: false,
        stock: old.map((sku) => keyOf(sku)),
        orders: old.map((orderId) => ({ channel: shop, orderId })),
        ledgerKeys: old,
      })
    })

    test('an order grows by versions too', async () => {
      const { store } = shared()
      expect(await store.commit({ orders: [orderOf('grows', 1)] })).toEqual({ ok: true })
      const next = orderOf('grows', 2, { revisedAtMs: startMs + 1, echo: null })
      expect(await store.commit({ orders: [next] })).toEqual({ ok: true })
      expect(await store.commit({ orders: [next] })).toMatchObject({ ok: false, orders: [{ channel: shop, orderId: 'grows' }] })
      expect((await store.readState({ stock: [], orders: [next], ledgerKeys: [] })).orders).toEqual([next])
    })

    test.each([100, 500])('%i SKUs with an order and an entry each are one commit', async (size) => {
      const { store } = shared()
      const ids = Array.from({ length: size }, (_, i) => `group-${size}-${String(i).padStart(3, '0')}`)
      const result = await store.commit({
        stock: ids.map((sku) => ({ next: stockOf(sku, 1), work: [markOf({ channel: market, kind: 'fence' })] })),
        orders: ids.map((id) => orderOf(id, 1)),
        ledger: ids.map((id) => entryOf(id, id)),
      })
      expect(result).toEqual({ ok: true })
      const again = await store.commit({ stock: ids.map((sku) => ({ next: stockOf(sku, 2), work: [] })) })
      expect(again).toEqual({ ok: true })
      const stored = await readStock(store, ...ids)
      expect(stored.every((stock) => stock?.version === 2)).toBe(true)
      expect(await store.countWork({ channel: market, kind: 'fence' })).toBe(0)
    })

    test('one that names a document twice, or a version that cannot be, is a bug and says so', async () => {
      const { store } = shared()
      await expect(storeStock(store, [stockOf('twice', 1)], [stockOf('twice', 2)])).rejects.toThrow(TypeError)
      await expect(store.commit({ ledger: [entryOf('twice', 'x'), entryOf('twice', 'y')] })).rejects.toThrow(TypeError)
      await expect(storeStock(store, [stockOf('twice', 0)])).rejects.toThrow(RangeError)
      expect(await readStock(store, 'twice')).toEqual([null])
    })

    test('what was committed is there after the store was opened anew', async () => {
      const { store, reopen } = shared()
      await storeStock(store, [stockOf('durable', 1)])
      expect(await readStock(await reopen(), 'durable')).toEqual([stockOf('durable', 1)])
    })
  })
}
