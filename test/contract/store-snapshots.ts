// What platforms sent, as they sent it: the newest reading of each thing, in pages, until a sweep no longer saw it.
import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import type { ChannelId } from '../../src/domain/ids.ts'
import type { SnapshotRow } from '../../src/ports/snapshots.ts'
import type { Store } from '../../src/ports/store.ts'
import { snapshotOf, startMs } from '../support/store-samples.ts'
import type { MakeStore, Shared } from './store.ts'

const channelOf = (name: string): ChannelId => name as ChannelId

const all = async (store: Store, filter: Pick<Parameters<Store['listSnapshots']>[0], 'channel' | 'source'>, limit: number) => {
  const rows: SnapshotRow[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Store['listSnapshots']>> = await store.listSnapshots({ ...filter, after, limit })
    expect(page.items.length).toBeLessThanOrEqual(limit)
    rows.push(...page.items)
    after = page.next
  } while (after !== null)
  return rows
}

export const describeSnapshots = (shared: Shared, make: MakeStore): void => {
  describe('snapshots', () => {
    test('a row is kept as it was sent, keys that a database would mind included', async () => {
      const { store, reopen } = shared()
      const channel = channelOf('as-sent')
      const row = { 'a.b': 1, $set: { 'item-name': 'Tasse, 5 € "rot"', n: null, deep: [{ 'x.y': [] }] }, big: 2 ** 40, share: 0.25 }
      const snapshot = snapshotOf('gid://shopify/InventoryLevel/1?inventory_item_id=2', { channel, row, listingKeys: ['k.1', '$k'] })
      await store.putSnapshots([snapshot])
      expect(await all(await reopen(), { channel }, 10)).toEqual([snapshot])
      await store.putSnapshots([])
    })

    test('an older reading changes nothing, also within one call; one as new replaces', async () => {
      const { store } = shared()
      const channel = channelOf('older')
      const at = (readThroughMs: number, n: number) => snapshotOf('a', { channel, readThroughMs, row: { n } })
      await store.putSnapshots([at(startMs + 5, 1), at(startMs + 9, 2), at(startMs + 7, 3)])
      expect(await all(store, { channel }, 10)).toEqual([at(startMs + 9, 2)])
      await store.putSnapshots([at(startMs + 8, 4)])
      expect(await all(store, { channel }, 10)).toEqual([at(startMs + 9, 2)])
      await store.putSnapshots([at(startMs + 9, 5)])
      expect(await all(store, { channel }, 10)).toEqual([at(startMs + 9, 5)])
    })

    test('are listed in the order of source and key, of one channel or source', async () => {
      const { store } = shared()
      const channel = channelOf('listed')
      const keys = ['b', 'a', 'a1', '~', 'ä', '\u{1F4E6}']
      await store.putSnapshots([
        ...keys.map((key) => snapshotOf(key, { channel, source: 'shopify-level' })),
        snapshotOf('a', { channel, source: 'amazon-fba-report' }),
        snapshotOf('z', { channel: channelOf('listed2') }),
      ])
      for (const limit of [1, 2, 3, 7, 500]) {
        expect((await all(store, { channel }, limit)).map((s) => `${s.source} ${s.key}`)).toEqual([
          'amazon-fba-report a',
          ...['a', 'a1', 'b', '~', 'ä', '\u{1F4E6}'].map((key) => `shopify-level ${key}`),
        ])
        expect((await all(store, { channel, source: 'shopify-level' }, limit)).length).toBe(6)
      }
      await expect(store.listSnapshots({ channel, after: 'nonsense', limit: 1 })).rejects.toMatchObject({ code: 'body-malformed' })
    })

    test('what a complete sweep did not see again goes, and nothing else', async () => {
      const { store } = shared()
      const channel = channelOf('swept')
      const at = (key: string, readThroughMs: number, over: Partial<SnapshotRow> = {}) =>
        snapshotOf(key, { channel, readThroughMs, ...over })
      const old = Array.from({ length: 501 }, (_, i) => at(`old${i}`, startMs - 1))
      await store.putSnapshots(old.slice(0, 500))
      await store.putSnapshots([...old.slice(500), at('kept', startMs), at('other', startMs - 1, { source: 'shopify-bulk-level' })])
      const filter = { channel, source: 'shopify-level', readBeforeMs: startMs } as const
      expect(await store.removeSnapshotsReadBefore(filter)).toBe(501)
      expect((await all(store, { channel }, 500)).map((s) => s.key)).toEqual(['other', 'kept'])
      expect(await store.removeSnapshotsReadBefore(filter)).toBe(0)
    })

    test('more than a batch at once is a mistake of the caller', async () => {
      const { store } = shared()
      await expect(store.putSnapshots(Array.from({ length: 501 }, (_, i) => snapshotOf(`m${i}`)))).rejects.toThrow(RangeError)
    })

    test('whatever the order of readings and writers, the newest of each thing stays', async () => {
      const { store, reopen, destroy } = await make()
      const writers = [store, await reopen()]
      let run = 0
      const reading = fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        time: fc.integer({ min: 1, max: 9 }),
        names: fc.subarray(['k', 'l']),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(reading, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }), async (calls) => {
          const channel = channelOf(`run${++run}`)
          const rowsOf = (call: (typeof calls)[number]) =>
            call.map(({ key, time, names }) =>
              snapshotOf(key, { channel, readThroughMs: startMs + time, listingKeys: names, row: { time } }),
            )
          await Promise.all(calls.map(async (call, i) => writers[i % 2]?.putSnapshots(rowsOf(call))))
          const newest = new Map<string, number>()
          for (const { key, time } of calls.flat()) newest.set(key, Math.max(newest.get(key) ?? 0, time))
          const found = await all(store, { channel }, 10)
          expect(new Map(found.map((s) => [s.key, s.row['time']]))).toEqual(newest)
          for (const { readThroughMs, row } of found) expect(readThroughMs).toBe(startMs + Number(row['time']))
        }),
        { numRuns: 12, seed: 20261130 },
      )
      await destroy()
    })
  })
}
