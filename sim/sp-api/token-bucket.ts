// A token bucket as SP-API documents it ("Usage Plans and Rate Limits"): `burst` tokens at most, refilled at `ratePerSecond`.
import type { Clock } from '../../src/ports/clock.ts'

/** Rounding of many small refills must not cost a caller a request that is due. */
const roundingTolerance = 1e-9

export interface TokenBucket {
  /** Takes one token if there is one. */
  take(): boolean
}

export const createTokenBucket = (clock: Clock, ratePerSecond: number, burst: number): TokenBucket => {
  let tokens = burst
  let filledAtMs = clock.nowMs()
  return {
    take: () => {
      const nowMs = clock.nowMs()
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) * ratePerSecond) / 1000)
      filledAtMs = nowMs
      if (tokens + roundingTolerance < 1) return false
      tokens -= 1
      return true
    },
  }
}
