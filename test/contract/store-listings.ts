// What people and sweeps look through: listings, stock, ledger, orders, incidents, settings.
import { describe, expect, test } from 'vitest'
import type { ChannelId, LocationId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { Page } from '../../src/ports/store.ts'
import { entryOf, incidentOf, keyOf, listingOf, market, orderOf, shop, startMs, stockOf, storeStock } from '../support/store-samples.ts'
import type { MakeStore, Shared } from './store.ts'

/** All pages, each with at most `limit` items; fails when a page is too large or the pages do not end. */
const pagesOf = async <T>(read: (after: string | null, limit: number) => Promise<Page<T>>, limit: number): Promise<readonly T[]> => {
  const items: T[] = []
  let after: string | null = null
  for (let page = 0; page < 50; page++) {
    const { items: found, next }: Page<T> = await read(after, limit)
    expect(found.length).toBeLessThanOrEqual(limit)
    items.push(...found)
    if (next === null) return items
    after = next
  }
  throw new Error('the pages do not end')
}

const describeOffers = (shared: Shared): void => {
  describe('listings', () => {
    test('are found by any of their keys, on their channel', async () => {
      const { store } = shared()
      const [a, b] = [listingOf('a', ['a', 'gid://a', 'a.$x']), listingOf('b', ['b'])]
      const elsewhere = listingOf('a', ['a', 'b'], market)
      await store.commit({ listings: [a, b, elsewhere] })
      expect(await store.findListings(shop, ['a.$x', 'b', 'none', 'a', 'gid://a'])).toEqual([a, b, null, a, a])
      expect(await store.findListings(market, ['a', 'b', 'gid://a'])).toEqual([elsewhere, elsewhere, null])
      expect(await store.findListings(shop, [])).toEqual([])
    })

    test('are written over, and lose the keys that they no longer have', async () => {
      const { store } = shared()
      await store.commit({ listings: [listingOf('over', ['over', 'old'])] })
      const next = { ...listingOf('over', ['over', 'new']), unitsPerListing: 6 }
      await store.commit({ listings: [next] })
      expect(await store.findListings(shop, ['over', 'old', 'new'])).toEqual([next, null, next])
    })

    test('a key names one listing of a channel: a second claim is refused', async () => {
      const { store } = shared()
      await store.commit({ listings: [listingOf('owner', ['owner', 'claimed'])] })
      await expect(store.commit({ listings: [listingOf('second', ['second', 'claimed'])] })).rejects.toMatchObject({
        code: 'listing-address-invalid',
      })
      expect(await store.findListings(shop, ['second', 'claimed'])).toEqual([null, listingOf('owner', ['owner', 'claimed'])])
    })

    test('are paged by id', async () => {
      const { store } = shared()
      const channel = 'paging' as ChannelId
      const listings = ['e', 'a', 'd', 'b', 'c'].map((id) => listingOf(id, [id], channel))
      await store.commit({ listings })
      const found = await pagesOf((after, limit) => store.listListings({ channel, after, limit }), 2)
      expect(found.map((l) => l.externalId)).toEqual(['a', 'b', 'c', 'd', 'e'])
    })
  })
}

const describeStock = (shared: Shared): void => {
  describe('stock', () => {
    test('is listed by prefix, in pages, in the order of SKU and pool', async () => {
      const { store } = shared()
      const skus = ['list-b', 'list-a', 'list-a1', 'list-ä', 'list-Z', 'list-\u{1F4E6}', 'list-\uFFFD', 'lisu']
      await storeStock(
        store,
        ...skus.map((sku) => [stockOf(sku, 1)] as const),
        [stockOf('list-a', 1, { pool: 'fba' as PoolId })],
        [stockOf('list-', 1)],
      )
      const read = (limit: number, prefix = 'list-', pool?: string) =>
        pagesOf((after, most) => store.listStock({ prefix, pool: pool as PoolId | undefined, after, limit: most }), limit)
      const expected = ['list-', 'list-Z', 'list-a', 'list-a', 'list-a1', 'list-b', 'list-ä', 'list-\uFFFD', 'list-\u{1F4E6}']
      for (const limit of [1, 2, 3, 9, 10]) expect((await read(limit)).map((s) => s.sku)).toEqual(expected)
      expect((await read(5)).filter((s) => s.sku === 'list-a').map((s) => s.pool)).toEqual(['fba', 'main'])
      expect((await read(5, 'list-a')).map((s) => s.sku)).toEqual(['list-a', 'list-a', 'list-a1'])
      expect((await read(5, 'list-', 'fba')).map((s) => s.sku)).toEqual(['list-a'])
      expect(await read(5, 'list-%')).toEqual([])
      expect(await store.readSku('list-a' as Sku)).toMatchObject([{ pool: 'fba' }, { pool: 'main' }])
      expect(await store.readSku('list' as Sku)).toEqual([])
    })

    test('a page cursor that is none is refused', async () => {
      const { store } = shared()
      await expect(store.listStock({ after: 'nonsense', limit: 10 })).rejects.toMatchObject({ code: 'body-malformed' })
      await expect(store.listLedger({ after: 'WyJhIl0', limit: 10 })).rejects.toMatchObject({ code: 'body-malformed' })
    })
  })
}

export const describeListings = (shared: Shared, make: MakeStore): void => {
  describeOffers(shared)
  describeStock(shared)

  test('ledger levels are the sums of units in less units out', async () => {
    const { store } = shared()
    const sku = 'levels'
    const shelf = (location: string) => `on_hand/${location}` as const
    await store.commit({
      ledger: [
        entryOf('levels-1', sku, { from: 'supplier', to: shelf('w.1'), units: 10, reason: 'receipt' }),
        entryOf('levels-2', sku, { from: shelf('w.1'), to: shelf('w/2'), units: 3, reason: 'transfer' }),
        entryOf('levels-3', sku, { from: 'free', to: 'reserved', units: 4 }),
        entryOf('levels-4', sku, { from: 'reserved', to: 'free', units: 1, reason: 'cancel' }),
        entryOf('levels-5', sku, { from: shelf('w/2'), to: 'customer', units: 3, reason: 'ship' }),
        entryOf('levels-6', sku, { pool: 'other' as PoolId, from: 'supplier', to: shelf('w.1'), units: 99, reason: 'receipt' }),
        entryOf('levels-7', 'levels2', { from: 'supplier', to: shelf('w.1'), units: 99, reason: 'receipt' }),
      ],
    })
    expect((await store.ledgerLevels([keyOf(sku)]))[0]).toEqual({
      onHandUnits: { ['w.1' as LocationId]: 7, ['w/2' as LocationId]: 0 },
      reservedUnits: 3,
    })
    expect((await store.ledgerLevels([keyOf('nothing')]))[0]).toEqual({ onHandUnits: {}, reservedUnits: 0 })
    const large = 2 ** 40
    await store.commit({ ledger: [1, 2, 3].map((n) => entryOf(`large-${n}`, 'large', { units: large, to: 'reserved' })) })
    expect((await store.ledgerLevels([keyOf('large')]))[0]?.reservedUnits).toBe(3 * large)
  })

  test('ledger, orders and incidents: newest first, in pages, also of one SKU or channel', async () => {
    const { store, destroy } = await make()
    const times = [3, 1, 2, 2, 5, 4]
    const name = (i: number): string => `n${i}`
    await store.commit({
      ledger: times.map((t, i) => entryOf(name(i), i % 2 ? 'odd' : 'even', { atMs: startMs + t, version: i + 1 })),
      orders: times.map((t, i) => orderOf(name(i), 1, { firstSeenAtMs: startMs + t, channel: i % 2 ? market : shop })),
      incidents: times.map((t, i) => incidentOf(name(i), { atMs: startMs + t, sku: (i % 2 ? 'odd' : 'even') as Sku })),
    })
    for (const limit of [1, 2, 6, 500]) {
      const entries = await pagesOf((after, most) => store.listLedger({ after, limit: most }), limit)
      expect(entries.map((e) => e.key)).toEqual(['n4', 'n5', 'n0', 'n3', 'n2', 'n1'])
      const orders = await pagesOf((after, most) => store.listOrders({ after, limit: most }), limit)
      expect(orders.map((o) => o.orderId)).toEqual(['n4', 'n5', 'n0', 'n2', 'n3', 'n1'])
      const incidents = await pagesOf((after, most) => store.listIncidents({ after, limit: most }), limit)
      expect(incidents.map((i) => i.id)).toEqual(['n4', 'n5', 'n0', 'n3', 'n2', 'n1'])
    }
    const odd = 'odd' as Sku
    expect((await pagesOf((after, limit) => store.listLedger({ sku: odd, after, limit }), 2)).map((e) => e.key)).toEqual(['n5', 'n3', 'n1'])
    expect((await pagesOf((after, limit) => store.listOrders({ channel: market, after, limit }), 2)).map((o) => o.orderId)).toEqual([
      'n5',
      'n3',
      'n1',
    ])
    expect((await pagesOf((after, limit) => store.listIncidents({ sku: odd, after, limit }), 2)).map((i) => i.id)).toEqual([
      'n5',
      'n3',
      'n1',
    ])
    const [entry] = (await store.listLedger({ after: null, limit: 1 })).items
    expect(entry).toEqual(entryOf('n4', 'even', { atMs: startMs + 5, version: 5 }))
    expect(await store.counts()).toEqual({ stock: 0, orders: 6, ledger: 6, inboxPending: 0, inboxParked: 0 })
    await destroy()
  })

  test('an incident found twice stays as it was', async () => {
    const { store } = shared()
    const first = incidentOf('same', { sku: 'incident' as Sku })
    await store.commit({ incidents: [first] })
    expect(
      await store.commit({ incidents: [{ ...first, units: 99 }, incidentOf('more', { sku: 'incident' as Sku, atMs: startMs + 1 })] }),
    ).toEqual({
      ok: true,
    })
    const { items } = await store.listIncidents({ sku: 'incident' as Sku, after: null, limit: 10 })
    expect(items.map((i) => [i.id, i.units])).toEqual([
      ['more', 2],
      ['same', 2],
    ])
    expect(items[1]).toEqual(first)
  })

  test('an incident is over once, also in the commit that stores it', async () => {
    const { store } = shared()
    const sku = 'resolved' as Sku
    const [long, short] = [incidentOf('long', { sku }), incidentOf('short', { sku, atMs: startMs + 1 })]
    const stored = async () => (await store.listIncidents({ sku, after: null, limit: 10 })).items
    await store.commit({ incidents: [long, short], resolvedIncidents: [{ id: 'short', atMs: 5 }] })
    expect(await stored()).toEqual([{ ...short, resolvedAtMs: 5 }, long])
    const again = { incidents: [long], resolvedIncidents: ['long', 'short', 'unknown'].map((id) => ({ id, atMs: 9 })) }
    expect(await store.commit(again)).toEqual({ ok: true })
    expect(await stored()).toEqual([
      { ...short, resolvedAtMs: 5 },
      { ...long, resolvedAtMs: 9 },
    ])
    // Found again, it is not open again.
    await store.commit({ incidents: [short] })
    expect(await stored()).toHaveLength(2)
    expect((await stored())[0]).toMatchObject({ resolvedAtMs: 5 })
  })

  test('settings are kept by name', async () => {
    const { store, reopen } = shared()
    expect(await store.readSetting('zone')).toBeNull()
    await store.writeSetting('zone', 'Europe/Berlin')
    await store.writeSetting('zone', 'Europe/Rome')
    expect(await (await reopen()).readSetting('zone')).toBe('Europe/Rome')
  })
}
