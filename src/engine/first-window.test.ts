import { expect, test } from 'vitest'
import type { ChannelId } from '../domain/ids.ts'
import type { Cursor } from '../ports/store.ts'
import type { Decision } from './change.ts'
import { windowOf } from './first-window.ts'

const channel = 'shop' as ChannelId

const contextAt = (nowMs: number, stored: { cursor: Cursor | null }) =>
  ({
    store: { readCursor: () => Promise.resolve(stored.cursor) },
    clock: { nowMs: () => nowMs },
    committer: {
      submit: (change: { decide: (view: never) => Decision<unknown> }) => {
        stored.cursor = change.decide(undefined as never).cursors?.[0] ?? stored.cursor
        return Promise.resolve()
      },
    },
    settingsFor: () => ({ constants: { orderVisibilityMs: 5_000 } }),
  }) as unknown as Parameters<typeof windowOf>[0]

test('a window is opened once, durably, before anything was read, and stays open', async () => {
  const stored: { cursor: Cursor | null } = { cursor: null }
  const opened = { channel, stream: 'orders', sinceMs: 1_000_000 - 60_000 - 5_000, watermarkMs: null }
  expect(await windowOf(contextAt(1_000_000, stored), { channel }, 'orders')).toEqual(opened)
  expect(stored.cursor).toEqual(opened)
  expect(await windowOf(contextAt(9_000_000, stored), { channel }, 'orders')).toEqual(opened)
})
