import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addLatency, latencyCount, latencyPercentileMs, mergeHistograms, type LatencyHistogram } from './latency-histogram.ts'

const of = (delays: readonly number[]): LatencyHistogram => delays.reduce<LatencyHistogram>((sum, each) => addLatency(sum, each), {})

test('a percentile is at least the true one and at most 10 % above it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(1, 50, 95, 99, 100),
      (delays, percent) => {
        const sorted = delays.toSorted((a, b) => a - b)
        const truth = sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1] ?? 0
        const told = latencyPercentileMs(of(delays), percent) ?? -1
        expect(told).toBeGreaterThanOrEqual(truth)
        expect(told).toBeLessThanOrEqual(truth * 1.1 + 1)
      },
    ),
  )
})

test('histograms add up, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 1_000_000 })), { maxLength: 5 }), (parts) => {
      expect(mergeHistograms(parts.map(of))).toEqual(of(parts.flat()))
      expect(latencyCount(mergeHistograms(parts.map(of).toReversed()))).toBe(parts.flat().length)
    }),
  )
})

test('has a bounded number of buckets, and none without delays', () => {
  const all = of(Array.from({ length: 5_000 }, (_, i) => Math.round(1.01 ** i)).filter((ms) => ms < Number.MAX_SAFE_INTEGER))
  expect(Object.keys(all).length).toBeLessThanOrEqual(217)
  expect(latencyPercentileMs({}, 50)).toBeNull()
})
