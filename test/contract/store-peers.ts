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
