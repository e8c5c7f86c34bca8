// The machine's clock.
import type { Clock } from '../ports/clock.ts'

/** The longest delay a timer takes, milliseconds; longer sleeps are cut there and end early. */
const maxTimerMs = 2_147_483_647

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(Math.max(0, ms), maxTimerMs))
      signal?.addEventListener('abort', done, { once: true })
    }),
}
