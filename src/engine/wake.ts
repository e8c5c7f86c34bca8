// A bell that a loop waits at: `ring` wakes it, or the time it gave runs out. A ring between two waits is not lost; many are one.
import type { Clock } from '../ports/clock.ts'

export interface Wake {
  ring(): void
  /** Resolves at the next ring (at once, if one came since the last wait), after `ms`, or when the signal aborts. True: it was rung. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
}

export const createWake = (clock: Clock): Wake => {
  let rung = false
  let wake: AbortController | null = null
  return {
    ring: () => {
      rung = true
      wake?.abort()
    },
    wait: async (ms, signal) => {
      if (!rung && ms > 0 && !signal.aborted) {
        wake = new AbortController()
        await clock.sleep(ms, AbortSignal.any([signal, wake.signal]))
        wake = null
      }
      const wasRung = rung
      rung = false
      return wasRung
    },
  }
}

/** How long a loop with nothing to do waits before it looks by itself, for a ring that never came from another process. */
export interface Idle {
  readonly ms: () => number
  /** After a wait: what rang once may soon ring again; who was not rung looks more and more seldom. */
  readonly waited: (rung: boolean) => void
}

const firstIdleMs = 1_000
const longestIdleMs = 5_000

export const createIdle = (): Idle => {
  let ms = firstIdleMs
  return {
    ms: () => ms,
    waited: (rung) => {
      ms = rung ? firstIdleMs : Math.min(longestIdleMs, ms * 2)
    },
  }
}
