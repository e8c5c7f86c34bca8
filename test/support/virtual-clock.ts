// A clock that stands still until it is told to go on. `advance` wakes sleepers in order of their time; between two of them it lets
// everything that can run without time run (macrotasks included, so that in-process HTTP settles).
import { setImmediate as nextMacrotask } from 'node:timers/promises'
import type { Clock } from '../../src/ports/clock.ts'

export interface VirtualClock extends Clock {
  /** Goes on by `ms`, waking sleepers on the way. */
  advance(ms: number): Promise<void>
  /** Lets everything run that needs no time. */
  settle(): Promise<void>
  /** Goes to the next sleeper's time; false: nobody sleeps. */
  step(): Promise<boolean>
  readonly sleepers: number
}

interface Sleeper {
  readonly atMs: number
  readonly order: number
  readonly wake: () => void
}

/**
 * `settleRounds`: macrotask turns granted between two steps; in-process HTTP through Hono needs a few.
 * `outside`: resolves when what is not of this process, and takes real time, has answered.
 */
export const createVirtualClock = (
  startMs = Date.UTC(2026, 10, 23, 9),
  settleRounds = 8,
  outside: () => Promise<void> = () => Promise.resolve(),
): VirtualClock => {
  let nowMs = startMs
  let order = 0
  const sleepers = new Set<Sleeper>()
  const settle = async (): Promise<void> => {
    for (let round = 0; round < settleRounds; round++) await nextMacrotask()
    await outside()
  }
  const earliest = (): Sleeper | undefined => {
    let best: Sleeper | undefined
    for (const s of sleepers) if (!best || s.atMs < best.atMs || (s.atMs === best.atMs && s.order < best.order)) best = s
    return best
  }
  const wakeDue = async (next: Sleeper): Promise<void> => {
    nowMs = Math.max(nowMs, next.atMs)
    for (const s of [...sleepers].filter((each) => each.atMs <= nowMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order)) s.wake()
    await settle()
  }
  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = (): void => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper: Sleeper = { atMs: nowMs + Math.max(0, ms), order: order++, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake, { once: true })
      }),
    settle,
    step: async () => {
      await settle()
      const next = earliest()
      if (!next) return false
      await wakeDue(next)
      return true
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms
      await settle()
      for (let next = earliest(); next && next.atMs <= untilMs; next = earliest()) await wakeDue(next)
      nowMs = untilMs
      await settle()
    },
    get sleepers() {
      return sleepers.size
    },
  }
}
