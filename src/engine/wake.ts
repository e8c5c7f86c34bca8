// A bell that a loop waits at: `ring` wakes it, or the time it gave runs out. A ring between two waits is not lost; many are one.
import type { Clock } from '../ports/clock.ts'

export interface Wake {
  ring(): void
  /** Resolves at the next ring (at once, if one came since the last wait), after `ms`, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
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
      rung = false
    },
  }
}
