// What processes tell each other: signals that only grow, leases to look at, the last report of each channel.
import { describe, expect, test } from 'vitest'
import type { ChannelId } from '../../src/domain/ids.ts'
import { startMs } from '../support/store-samples.ts'
import type { Shared } from './store.ts'

export const describePeers = (shared: Shared): void => {
  describe('peers', () => {
    test('signals are counted for each channel and kind, by whoever gives them', async () => {
      const { store, reopen } = shared()
      const other = await reopen()
      const [loud, quiet] = ['signals-loud', 'signals-quiet'] as ChannelId[] as [ChannelId, ChannelId]
      expect(await store.readSignals([loud, quiet])).toEqual([
        { inbox: 0, work: 0, lease: 0 },
        { inbox: 0, work: 0, lease: 0 },
      ])
      await Promise.all([
        store.giveSignals([
          { channel: loud, kind: 'inbox' },
          { channel: loud, kind: 'work' },
        ]),
        other.giveSignals([{ channel: loud, kind: 'work' }]),
      ])
      await store.giveSignals([{ channel: quiet, kind: 'lease' }])
      await store.giveSignals([])
      expect(await other.readSignals([quiet, loud])).toEqual([
        { inbox: 0, work: 0, lease: 1 },
        { inbox: 1, work: 2, lease: 0 },
      ])
      expect(await store.readSignals([])).toEqual([])
    })

    test('leases can be looked at without being taken', async () => {
      const { store, reopen } = shared()
      const lease = await store.acquireLease('looked-at', 'a', 1000, startMs)
      expect(await (await reopen()).readLeases(['none-such', 'looked-at'])).toEqual([null, lease])
      await store.releaseLease('looked-at', 'a', 1)
      expect(await store.readLeases(['looked-at'])).toEqual([{ ...lease, expiresAtMs: 0 }])
    })

    test('a turn is one process at a time; its number tells whether others came between', async () => {
      const { store, reopen } = shared()
      const other = await reopen()
      const [a, b] = ['a', 'b']
      expect(await store.takeTurn('turn', a, startMs + 100, startMs)).toBe(1)
      expect(await other.takeTurn('turn', b, startMs + 150, startMs + 50)).toBeNull()
      expect(await store.takeTurn('turn', a, startMs + 150, startMs + 50)).toBe(1)
      await other.endTurn('turn', b)
      expect(await other.takeTurn('turn', b, startMs + 150, startMs + 60)).toBeNull()
      await store.endTurn('turn', a)
      expect(await other.takeTurn('turn', b, startMs + 150, startMs + 60)).toBe(2)
      expect(await store.takeTurn('turn', a, startMs + 300, startMs + 150)).toBe(3)
      await other.endTurn('never taken', b)
    })

    test('of many who ask for a turn at once one gets it', async () => {
      const { store, reopen } = shared()
      const other = await reopen()
      for (const round of [1, 2]) {
        const asked = await Promise.all(
          [store, other, store, other].map((each, i) =>
            each.takeTurn('wanted', `owner ${i}`, startMs + round * 100 + 50, startMs + round * 100),
          ),
        )
        expect(asked.filter((number) => number !== null)).toEqual([round])
      }
    })

    test('the newest report of a channel stands', async () => {
      const { store, reopen } = shared()
      const report = { channel: 'reported' as ChannelId, owner: 'a', atMs: startMs, body: '{"$set":{"a.b":1}}' }
      await store.putChannelReport(report)
      await store.putChannelReport({ ...report, owner: 'b', atMs: startMs + 1 })
      expect(await (await reopen()).readChannelReports(['silent' as ChannelId, report.channel])).toEqual([
        null,
        { ...report, owner: 'b', atMs: startMs + 1 },
      ])
    })
  })
}
