import { afterEach, beforeEach, expect, test } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createCommitter } from './committer.ts'
import { cursorChange } from './first-window.ts'
import { type LeaseTerm, runUnderLease } from './lease-term.ts'
import { createWake, type Wake } from './wake.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const channel = 'shop' as ChannelId
const settingsFor = () => {
  throw new Error('no channel is configured in this test')
}

let clock: VirtualClock
let store: Store
const stops: AbortController[] = []

beforeEach(async () => {
  clock = createVirtualClock()
  store = await openStore('sqlite::memory:')
  await store.migrate()
})
afterEach(async () => {
  for (const stop of stops.splice(0)) stop.abort()
  await clock.settle()
  await store.close()
})

interface Process {
  /** Its terms so far, the newest last. */
  readonly terms: LeaseTerm[]
  readonly stop: AbortController
  readonly wake: Wake
  readonly done: Promise<void>
  /** Stands still, as a process that was sent SIGSTOP: its timers wait. */
  pause(): void
  resume(): void
}

const until = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** A process that moves a cursor under the lease whenever it is told to. */
const processOf = (owner: string): Process => {
  let paused: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null
  const ownClock: Clock = {
    nowMs: () => clock.nowMs(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal)
      await paused?.promise
    },
  }
  const stop = new AbortController()
  stops.push(stop)
  const wake = createWake(ownClock)
  const terms: LeaseTerm[] = []
  const committer = createCommitter({ store, clock: ownClock, settingsFor })
  const done = runUnderLease({ store, clock: ownClock, committer, log, name: 'channel/shop', owner, wake, signal: stop.signal }, (term) => {
    terms.push(term)
    return until(term.signal)
  })
  return {
    terms,
    stop,
    wake,
    done,
    pause: () => {
      paused = Promise.withResolvers<void>()
    },
    resume: () => {
      paused?.resolve()
      paused = null
    },
  }
}

const move = (process: Process, sinceMs: number): Promise<void> => {
  const term = process.terms.at(-1)
  if (!term) throw new Error('it has no term')
  return term.committer.submit(cursorChange({ channel, stream: 'orders', sinceMs, watermarkMs: null }))
}
const position = async (): Promise<number | undefined> => (await store.readCursor(channel, 'orders'))?.sinceMs

test('one process works at a time, for as long as it renews', async () => {
  const [first, second] = [processOf('first'), processOf('second')]
  await clock.advance(120_000)
  expect([first.terms.length, second.terms.length]).toEqual([1, 0])
  await move(first, 1)
  expect(await position()).toBe(1)
})

test('a paused process is replaced within its lease; what it commits late is refused, and its term ends', async () => {
  const [first, second] = [processOf('first'), processOf('second')]
  await clock.advance(6_000)
  first.pause()
  await clock.advance(16_000)
  expect(second.terms).toHaveLength(1)
  await move(second, 2)
  const [term] = first.terms
  expect(term?.isHeld()).toBe(false)
  expect(term?.signal.aborted).toBe(false)
  await expect(move(first, 1)).rejects.toMatchObject({ code: 'lease-lost' })
  expect(term?.signal.aborted).toBe(true)
  first.resume()
  await clock.advance(60_000)
  expect(await position()).toBe(2)
  expect([first.terms.length, second.terms.length]).toEqual([1, 1])
})

test('a process that was paused past its lease ends its term before it does anything, and begins another one if nobody came', async () => {
  const only = processOf('only')
  await clock.advance(6_000)
  only.pause()
  await clock.advance(30_000)
  only.resume()
  await clock.advance(2_000)
  expect(only.terms).toHaveLength(2)
  expect(only.terms[0]?.signal.aborted).toBe(true)
  await expect(
    only.terms[0]?.committer.submit(cursorChange({ channel, stream: 'orders', sinceMs: 1, watermarkMs: null })),
  ).rejects.toMatchObject({ code: 'lease-lost' })
  await move(only, 3)
  expect(await position()).toBe(3)
})

test('one that stops hands over at once to who is told', async () => {
  const [first, second] = [processOf('first'), processOf('second')]
  await clock.advance(6_000)
  first.stop.abort()
  await first.done
  second.wake.ring()
  await clock.advance(1)
  expect(second.terms).toHaveLength(1)
  await move(second, 4)
  await expect(move(first, 5)).rejects.toMatchObject({ code: 'lease-lost' })
  expect(await position()).toBe(4)
})
