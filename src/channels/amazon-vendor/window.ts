// Time windows of a poll. Whether Amazon includes the ends of a window is not documented, so neighbours overlap by a second and no order
// can fall between two.
import { historyMs, maxWindowMs } from './limits.ts'

export interface Window {
  readonly afterMs: number
  readonly beforeMs: number
}

const overlapMs = 1000

/** Windows from `sinceMs` to `untilMs`, oldest first, each within Amazon's range; none older than what Amazon keeps. */
export const splitWindow = (sinceMs: number, untilMs: number): readonly Window[] => {
  const windows: Window[] = []
  const firstMs = Math.max(0, untilMs - historyMs, Math.min(sinceMs, untilMs - overlapMs))
  for (let afterMs = firstMs; ; afterMs += maxWindowMs - overlapMs) {
    const beforeMs = Math.min(untilMs, afterMs + maxWindowMs)
    windows.push({ afterMs, beforeMs })
    if (beforeMs >= untilMs) return windows
  }
}

export const isoTime = (atMs: number): string => new Date(atMs).toISOString()
