// Queues: work marks, the inbox, acknowledgements, poll cursors.
import { describe, expect, test } from 'vitest'
import type { ChannelId } from '../../src/domain/ids.ts'
import type { Acknowledgement } from '../../src/domain/orders.ts'
import type { StoredInboxEvent } from '../../src/ports/store.ts'
import { eventOf, keyOf, market, markOf, orderOf, shop, startMs, stockOf, storeStock } from '../support/store-samples.ts'
import type { MakeStore, Shared } from './store.ts'

const channelOf = (name: string): ChannelId => name as ChannelId

const acknowledgement = (state: Acknowledgement['state'], dueAtMs: number): Acknowledgement => ({
  state,
  dueAtMs,
  byMs: startMs + 1000,
  attempts: 0,
  transactionId: null,
  lastError: null,
})

const keysOf = (events: readonly StoredInboxEvent[]): readonly string[] => events.map((event) => event.dedupeKey)

const describeWork = (shared: Shared): void => {
  describe('work', () => {
    test('is due by priority, then due time, then key', async () => {
      const { store } = shared()
      const channel = channelOf('ordering')
      const mark = (priority: 0 | 1, dueAtMs: number): ReturnType<typeof markOf> => markOf({ channel, priority, dueAtMs })
      await storeStock(
        store,
        [stockOf('order-a', 1), mark(1, 10)],
        [stockOf('order-b', 1), mark(0, 30)],
        [stockOf('order-d', 1), mark(0, 20), markOf({ channel, kind: 'fence', priority: 0, dueAtMs: 1 })],
        [stockOf('order-c', 1), mark(0, 20), markOf({ channel: market, kind: 'expire', priority: 0, dueAtMs: 1 })],
        [stockOf('order-e', 1), mark(1, 40)],
      )
      const due = (dueBeforeMs: number, limit: number) => store.dueWork({ channel, kind: 'push', dueBeforeMs, limit })
      expect(await due(40, 10)).toEqual([
        { ...keyOf('order-c'), priority: 0, dueAtMs: 20 },
        { ...keyOf('order-d'), priority: 0, dueAtMs: 20 },
        { ...keyOf('order-b'), priority: 0, dueAtMs: 30 },
        { ...keyOf('order-a'), priority: 1, dueAtMs: 10 },
        { ...keyOf('order-e'), priority: 1, dueAtMs: 40 },
      ])
      expect((await due(39, 10)).map((w) => w.sku)).toEqual(['order-c', 'order-d', 'order-b', 'order-a'])
      expect((await due(40, 2)).map((w) => w.sku)).toEqual(['order-c', 'order-d'])
      expect((await due(40, 4)).map((w) => w.sku)).toEqual(['order-c', 'order-d', 'order-b', 'order-a'])
      expect(await due(9, 10)).toEqual([])
      expect(await store.nextWorkAtMs({ channel, kind: 'push' })).toBe(10)
      expect(await store.nextWorkAtMs({ channel, kind: 'fence' })).toBe(1)
      expect(await store.nextWorkAtMs({ channel, kind: 'expire' })).toBeNull()
      expect(await store.countWork({ channel, kind: 'push' })).toBe(5)
      expect(await store.countWork({ channel, kind: 'push', dueBeforeMs: 9 })).toBe(0)
      expect(await store.countWork({ channel, kind: 'push', dueBeforeMs: 10 })).toBeGreaterThan(0)
    })

    test('takes the earliest of many', async () => {
      const { store } = shared()
      const channel = channelOf('backlog')
      const scattered = Array.from({ length: 120 }, (_, i) => ({ sku: `backlog-${i}`, dueAtMs: ((i * 37) % 120) + 1 }))
      await storeStock(
        store,
        ...scattered.map(({ sku, dueAtMs }) => [stockOf(sku, 1), markOf({ channel, kind: 'expire', dueAtMs })] as const),
      )
      const due = await store.dueWork({ channel, kind: 'expire', dueBeforeMs: 1000, limit: 10 })
      expect(due.map((w) => w.dueAtMs)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect(await store.nextWorkAtMs({ channel, kind: 'expire' })).toBe(1)
    })

    test('is replaced with the document that names it', async () => {
      const { store } = shared()
      const channel = channelOf('replacing')
      const due = async (kind: 'push' | 'read' | 'fence') =>
        (await store.dueWork({ channel, kind, dueBeforeMs: startMs + 9, limit: 10 })).map((w) => [w.priority, w.dueAtMs - startMs])
      await storeStock(store, [stockOf('marked', 1), markOf({ channel }), markOf({ channel, kind: 'read', priority: 0 })])
      expect([await due('push'), await due('read'), await due('fence')]).toEqual([[[1, 0]], [[0, 0]], []])
      await storeStock(store, [
        stockOf('marked', 2),
        markOf({ channel, kind: 'fence', dueAtMs: startMs + 5 }),
        markOf({ channel, priority: 0 }),
      ])
      expect([await due('push'), await due('read'), await due('fence')]).toEqual([[[0, 0]], [], [[1, 5]]])
      // The same marks in another order, and a lost race: neither changes what is due.
      await storeStock(store, [
        stockOf('marked', 3),
        markOf({ channel, priority: 0 }),
        markOf({ channel, kind: 'fence', dueAtMs: startMs + 5 }),
      ])
      await storeStock(store, [stockOf('marked', 3), markOf({ channel, kind: 'read' })])
      expect([await due('push'), await due('read'), await due('fence')]).toEqual([[[0, 0]], [], [[1, 5]]])
      await storeStock(store, [stockOf('marked', 4)])
      expect([await due('push'), await due('read'), await due('fence')]).toEqual([[], [], []])
    })
  })
}

const describeInbox = (make: MakeStore): void => {
  test('inbox: stored once, read in order of arrival, parked, tried again, applied, expired', async () => {
    const { store, reopen, destroy } = await make()
    const mark = (dedupeKey: string, state: 'applied' | 'parked' | 'pending', reason: string | null = null) =>
      store.commit({ inbox: [{ channel: shop, dedupeKey, state, reason }] })
    expect(await store.appendInbox([])).toEqual([])
    expect(await store.appendInbox([eventOf('1'), eventOf('2'), eventOf('1'), eventOf('1', market)])).toEqual([
      'stored',
      'stored',
      'duplicate',
      'stored',
    ])
    expect(await store.appendInbox([eventOf('3', shop, startMs + 10), eventOf('2')])).toEqual(['stored', 'duplicate'])
    const all = await store.readInbox({ state: 'pending', limit: 10 })
    expect(all.map((e) => [e.channel, e.dedupeKey])).toEqual([
      [shop, '1'],
      [shop, '2'],
      [market, '1'],
      [shop, '3'],
    ])
    expect(all.every((event, i) => i === 0 || event.sequence > (all[i - 1]?.sequence ?? 0))).toBe(true)
    expect(all[3]).toEqual({ ...eventOf('3', shop, startMs + 10), sequence: all[3]?.sequence, state: 'pending', reason: null })
    expect(keysOf(await store.readInbox({ state: 'pending', channel: shop, limit: 2 }))).toEqual(['1', '2'])
    expect(keysOf(await store.readInbox({ state: 'pending', channel: shop, afterSequence: all[1]?.sequence, limit: 2 }))).toEqual(['3'])

    await mark('1', 'applied')
    await mark('2', 'parked', 'unknown listing: map it')
    expect(keysOf(await store.readInbox({ state: 'pending', channel: shop, limit: 10 }))).toEqual(['3'])
    expect(await store.readInbox({ state: 'parked', limit: 10 })).toMatchObject([{ dedupeKey: '2', reason: 'unknown listing: map it' }])
    expect(await store.counts()).toMatchObject({ inboxPending: 2, inboxParked: 1 })
    expect(await store.appendInbox([eventOf('1'), eventOf('2')])).toEqual(['duplicate', 'duplicate'])

    await mark('2', 'pending')
    expect(await (await reopen()).readInbox({ state: 'pending', channel: shop, limit: 10 })).toMatchObject([
      { dedupeKey: '2', reason: null },
      { dedupeKey: '3' },
    ])
    await mark('2', 'applied')
    await mark('3', 'applied')
    expect(await store.expireInbox(startMs + 10)).toBe(2)
    expect(await store.expireInbox(startMs + 10)).toBe(0)
    expect(await mark('1', 'applied')).toEqual({ ok: true })
    expect(await store.appendInbox([eventOf('1'), eventOf('3')])).toEqual(['stored', 'duplicate'])
    expect(keysOf(await store.readInbox({ state: 'pending', limit: 10 }))).toEqual(['1', '1'])
    await destroy()
  })

  test('inbox: of the same event sent twice at once one is stored', async () => {
    const { store, reopen, destroy } = await make()
    const other = await reopen()
    const answers = await Promise.all([store, other, store, other].map((each) => each.appendInbox([eventOf('same'), eventOf('other')])))
    for (const i of [0, 1]) expect(answers.map((answer) => answer[i]).filter((outcome) => outcome === 'stored')).toHaveLength(1)
    expect(await store.readInbox({ state: 'pending', limit: 10 })).toHaveLength(2)
    await destroy()
  })
}

export const describeQueues = (shared: Shared, make: MakeStore): void => {
  describeWork(shared)
  describeInbox(make)

  test('acknowledgements: due and failed ones by then, submitted ones apart, earliest first', async () => {
    const { store } = shared()
    const channel = channelOf('answering')
    const stored = (orderId: string, state: Acknowledgement['state'], dueAtMs: number) =>
      orderOf(orderId, 1, { channel, acknowledgement: acknowledgement(state, dueAtMs) })
    const orders = [
      stored('late', 'due', 30),
      stored('failed', 'failed', 20),
      stored('early', 'due', 10),
      stored('sent', 'submitted', 5),
      stored('done', 'done', 1),
      orderOf('silent', 1, { channel }),
    ]
    await store.commit({ orders })
    const due = async (state: 'due' | 'submitted', dueBeforeMs: number, limit = 10) =>
      (await store.dueAcknowledgements({ channel, state, dueBeforeMs, limit })).map((order) => order.orderId)
    expect(await due('due', 30)).toEqual(['early', 'failed', 'late'])
    expect(await due('due', 29)).toEqual(['early', 'failed'])
    expect(await due('due', 30, 1)).toEqual(['early'])
    expect(await due('submitted', 30)).toEqual(['sent'])
    expect(await due('submitted', 4)).toEqual([])
    await store.commit({ orders: [{ ...stored('early', 'submitted', 12), version: 2 }] })
    expect(await due('due', 30)).toEqual(['failed', 'late'])
    expect(await due('submitted', 30)).toEqual(['sent', 'early'])
    const [first] = await store.dueAcknowledgements({ channel, state: 'submitted', dueBeforeMs: 30, limit: 1 })
    expect(first).toEqual(orders[3])
  })

  test('cursors are kept by channel and stream, with the commit that read the rows', async () => {
    const { store } = shared()
    const cursor = { channel: shop, stream: 'orders', sinceMs: startMs, watermarkMs: null }
    expect(await store.readCursor(shop, 'orders')).toBeNull()
    await store.commit({ cursors: [cursor, { ...cursor, stream: 'returns', watermarkMs: 7 }] })
    expect(await store.readCursor(shop, 'orders')).toEqual(cursor)
    await store.commit({ cursors: [{ ...cursor, sinceMs: startMs + 1, watermarkMs: startMs }] })
    expect(await store.readCursor(shop, 'orders')).toEqual({ ...cursor, sinceMs: startMs + 1, watermarkMs: startMs })
    expect(await store.readCursor(shop, 'returns')).toMatchObject({ watermarkMs: 7 })
    expect(await store.readCursor(market, 'orders')).toBeNull()
  })
}
