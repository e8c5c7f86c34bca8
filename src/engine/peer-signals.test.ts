import { expect, test } from 'vitest'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import type { ChannelId } from '../domain/ids.ts'
import { openStore } from '../store/index.ts'
import { createPeerSignals } from './peer-signals.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const [shop, market] = ['shop', 'market'] as ChannelId[] as [ChannelId, ChannelId]

const opened = async () => {
  const clock = createVirtualClock()
  const store = await openStore('sqlite::memory:')
  await store.migrate()
  const counts = { writes: 0, reads: 0, away: false }
  const counted = {
    giveSignals: async (signals: Parameters<typeof store.giveSignals>[0]) => {
      counts.writes += 1
      await store.giveSignals(signals)
    },
    readSignals: async (channels: Parameters<typeof store.readSignals>[0]) => {
      counts.reads += 1
      if (counts.away) throw new Error('away')
      return store.readSignals(channels)
    },
  }
  const peer = (owned: readonly ChannelId[]) => {
    const heard: string[] = []
    const stop = new AbortController()
    const signals = createPeerSignals({
      store: counted,
      clock,
      log,
      channels: [shop, market],
      isOwnedHere: (channel) => owned.includes(channel),
      onSignal: (channel, kind) => heard.push(`${channel} ${kind} ${clock.nowMs() - startMs}`),
    })
    return { heard, stop, signals }
  }
  const startMs = clock.nowMs()
  return { clock, store, counts, peer }
}

test('what one process tells another hears within a tenth of a second', async () => {
  const { clock, peer } = await opened()
  const [api, worker] = [peer([]), peer([shop, market])]
  const listening = worker.signals.listen(worker.stop.signal)
  await clock.advance(1_000)
  api.signals.give(shop, 'inbox')
  api.signals.give(market, 'work')
  await clock.advance(100)
  expect(worker.heard).toEqual([expect.stringMatching(/^shop inbox 1[01]\d\d$/), expect.stringMatching(/^market work 1[01]\d\d$/)])
  await clock.advance(1_000)
  expect(worker.heard).toHaveLength(2)
  worker.stop.abort()
  await listening
})

test('a flood of events is a few writes', async () => {
  const { clock, counts, peer } = await opened()
  const api = peer([])
  for (let second = 0; second < 10; second++) {
    for (let i = 0; i < 1_000; i++) api.signals.give(i % 2 === 0 ? shop : market, 'work')
    await clock.advance(100)
  }
  expect(counts.writes).toBeLessThanOrEqual(20)
  expect(counts.writes).toBeGreaterThanOrEqual(10)
})

test('of a channel that it works itself it tells only that it gave it up', async () => {
  const { clock, counts, peer } = await opened()
  const worker = peer([shop])
  worker.signals.give(shop, 'work')
  worker.signals.give(shop, 'inbox')
  await clock.advance(100)
  expect(counts.writes).toBe(0)
  worker.signals.give(shop, 'lease')
  await clock.advance(100)
  expect(counts.writes).toBe(1)
})

test('a store that is away is asked less often, and heard again when it is back', async () => {
  const { clock, counts, peer } = await opened()
  const [api, worker] = [peer([]), peer([shop])]
  const listening = worker.signals.listen(worker.stop.signal)
  await clock.advance(1_000)
  counts.away = true
  const before = counts.reads
  await clock.advance(10_000)
  expect(counts.reads - before).toBeLessThan(20)
  api.signals.give(shop, 'work')
  counts.away = false
  await clock.advance(1_100)
  expect(worker.heard).toHaveLength(1)
  worker.stop.abort()
  await listening
})
