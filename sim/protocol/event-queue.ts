// What happens next, by time, then by order of entry. No promises: a run is one loop.
import { createTimeline } from '../world/timeline.ts'

export interface EventQueue {
  nowMs(): number
  /** In `delayMs` from now, at the earliest now. */
  after(delayMs: number, run: () => void): void
  /** Runs the next event due at or before `untilMs`; false: there is none, and it is `untilMs` now. */
  step(untilMs: number): boolean
}

export const createEventQueue = (startMs: number): EventQueue => {
  const events = createTimeline<{ readonly atMs: number; readonly run: () => void }>()
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    after: (delayMs, run) => events.add({ atMs: nowMs + Math.max(0, Math.round(delayMs)), run }),
    step: (untilMs) => {
      const next = events.first()
      if (!next || next.atMs > untilMs) {
        nowMs = untilMs
        return false
      }
      events.take()
      nowMs = next.atMs
      next.run()
      return true
    },
  }
}
