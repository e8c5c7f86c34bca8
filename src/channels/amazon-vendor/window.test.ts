import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { historyMs, maxWindowMs } from './limits.ts'
import { isoTime, splitWindow } from './window.ts'

const nowMs = Date.UTC(2026, 10, 23, 9)

describe('poll windows', () => {
  it('covers everything from since to until, each window within the range, neighbours overlapping', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: historyMs }), (backMs) => {
        const windows = splitWindow(nowMs - backMs, nowMs)
        expect(windows[0]?.afterMs).toBeLessThanOrEqual(nowMs - backMs)
        expect(windows.at(-1)?.beforeMs).toBe(nowMs)
        for (const [at, window] of windows.entries()) {
          expect(window.afterMs).toBeLessThan(window.beforeMs)
          expect(window.beforeMs - window.afterMs).toBeLessThanOrEqual(maxWindowMs)
          expect(window.afterMs).toBeLessThan(windows[at - 1]?.beforeMs ?? Number.POSITIVE_INFINITY)
        }
      }),
    )
  })

  it('asks for one window when the range is short, and for none older than what Amazon keeps', () => {
    expect(splitWindow(nowMs - 60_000, nowMs)).toEqual([{ afterMs: nowMs - 60_000, beforeMs: nowMs }])
    expect(splitWindow(0, nowMs)[0]?.afterMs).toBe(nowMs - historyMs)
    expect(splitWindow(0, nowMs)).toHaveLength(26)
    expect(splitWindow(nowMs + 5000, nowMs)).toHaveLength(1)
  })

  it('writes ISO times', () => expect(isoTime(nowMs)).toBe('2026-11-23T09:00:00.000Z'))
})
