import { expect, test } from 'vitest'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import { BelayError } from '../domain/errors.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import type { Cursor } from '../ports/store.ts'
import type { Decision } from './change.ts'
import type { ChannelContext } from './context.ts'
import { runPollLoop } from './poll-loop.ts'
import { createWake } from './wake.ts'

const channel = 'shop' as ChannelId
const constants = {
  orderVisibilityMs: 5_000,
  clockSkewMs: 1_000,
  checkoutHoldMs: 0,
  requestLifetimeMs: 60_000,
  readStalenessMs: 0,
}

test('the first window stays open until a poll succeeds, however late that is', async () => {
  const clock = createVirtualClock(1_000_000)
  let cursor: Cursor | null = null
  const windows: number[] = []
  const adapter = {
    channel,
    capabilities: { pollEveryMs: { orders: 60_000 } },
    pollOrders: ({ sinceMs, nowMs }: { sinceMs: number; nowMs: number }) => {
      windows.push(sinceMs)
      return nowMs < 1_600_000
        ? Promise.reject(new BelayError('channel-unreachable', 'away'))
        : Promise.resolve({ throughMs: nowMs, undecidedSinceMs: null })
    },
  } as unknown as ChannelAdapter
  const parts = {
    store: { readCursor: () => Promise.resolve(cursor) },
    clock,
    random: { next: () => 1, uuid: () => '' },
    committer: {
      submit: (change: { decide: (view: never) => Decision<unknown> }) => {
        cursor = change.decide(undefined as never).cursors?.[0] ?? cursor
        return Promise.resolve()
      },
    },
    settingsFor: () => ({ constants }),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    retried: () => undefined,
  }
  const context = { ...parts, owned: parts.committer, isHeld: () => true } as unknown as ChannelContext
  const stop = new AbortController()
  const loop = runPollLoop(context, adapter, 'orders', () => undefined, createWake(clock), stop.signal)
  await clock.advance(800_000)
  stop.abort()
  await loop
  const failedPolls = windows.filter((sinceMs) => sinceMs === 1_000_000 - 60_000 - 5_000)
  expect(failedPolls.length).toBeGreaterThan(5)
  expect(windows.slice(0, failedPolls.length)).toEqual(failedPolls)
  expect((cursor as Cursor | null)?.watermarkMs).toBeGreaterThan(1_600_000 - 6_001)
})
