import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { createVirtualClock } from '../../../test/support/virtual-clock.ts'
import { createBuckets } from './buckets.ts'

const make = (ratePerSecond: number, burst: number) => {
  const clock = createVirtualClock()
  return { clock, buckets: createBuckets({ op: { ratePerSecond, burst } }, { clock, random: seededRandom(1) }) }
}

const takeAll = (buckets: ReturnType<typeof createBuckets>): number => {
  let taken = 0
  while (buckets.take('op') === null) taken += 1
  return taken
}

describe('token buckets', () => {
  it('gives the burst at once and then the rate', async () => {
    const { clock, buckets } = make(5, 5)
    expect(takeAll(buckets)).toBe(5)
    expect(buckets.capacity('op')).toEqual({ items: 0, retryAtMs: clock.nowMs() + 200 })
    await clock.advance(199)
    expect(takeAll(buckets)).toBe(0)
    await clock.advance(1)
    expect(takeAll(buckets)).toBe(1)
    await clock.advance(10_000)
    expect(takeAll(buckets)).toBe(5)
  })

  it('is exact for very slow operations: the time it names is the time it works', async () => {
    const { clock, buckets } = make(0.0056, 20)
    expect(takeAll(buckets)).toBe(20)
    for (let round = 0; round < 5; round++) {
      const { items, retryAtMs } = buckets.capacity('op')
      expect(items).toBe(0)
      await clock.advance(retryAtMs - clock.nowMs())
      expect(takeAll(buckets)).toBe(1)
    }
  })

  it('never lets more through than burst plus rate, however it is asked', async () => {
    const { clock, buckets } = make(2, 4)
    const random = seededRandom(7)
    const startMs = clock.nowMs()
    let taken = 0
    for (let round = 0; round < 200; round++) {
      taken += takeAll(buckets)
      await clock.advance(Math.floor(random.next() * 700))
      expect(taken).toBeLessThanOrEqual(4 + ((clock.nowMs() - startMs) / 1000) * 2 + 0.001)
    }
  })

  it('follows the rate that Amazon states and ignores nonsense', async () => {
    const { clock, buckets } = make(1, 1)
    takeAll(buckets)
    buckets.follow('op', 10)
    await clock.advance(100)
    expect(takeAll(buckets)).toBe(1)
    for (const nonsense of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) buckets.follow('op', nonsense)
    await clock.advance(100)
    expect(takeAll(buckets)).toBe(1)
  })

  it('waits at least one interval after a throttle, longer after each, and forgets after an answer', async () => {
    const { clock, buckets } = make(5, 5)
    const waits = [1, 2, 3].map(() => buckets.throttled('op', null) - clock.nowMs())
    expect(waits[0]).toBeGreaterThanOrEqual(200)
    expect(waits[0]).toBeLessThanOrEqual(300)
    expect(waits[1]).toBeGreaterThanOrEqual(400)
    expect(waits[2]).toBeGreaterThanOrEqual(800)
    expect(buckets.capacity('op').items).toBe(0)
    await clock.advance(2000)
    expect(buckets.capacity('op').items).toBeGreaterThan(0)
    buckets.answered('op')
    expect(buckets.throttled('op', null) - clock.nowMs()).toBeLessThanOrEqual(300)
  })

  it('takes a time that the server names as it is', () => {
    const { clock, buckets } = make(5, 5)
    expect(buckets.throttled('op', 7000)).toBe(clock.nowMs() + 7000)
  })

  it('leaves two fifths of the burst to live use in the background, and still gets the whole rate', async () => {
    const { clock, buckets } = make(5, 5)
    let taken = 0
    for (let step = 0; step < 100; step++) {
      while (buckets.capacity('op', 'background').items > 0) {
        expect(buckets.take('op')).toBeNull()
        taken += 1
        expect(buckets.capacity('op').items).toBeGreaterThanOrEqual(2)
      }
      expect(buckets.capacity('op', 'background').retryAtMs).toBeLessThanOrEqual(clock.nowMs() + 200)
      await clock.advance(200)
    }
    expect(taken).toBe(3 + 99)
  })

  it('a burst of one or two keeps nothing back: the background would never come', () => {
    for (const burst of [1, 2]) expect(make(1, burst).buckets.capacity('op', 'background').items).toBe(burst)
  })

  it('refuses an operation it has no limit for', () => {
    expect(() => make(1, 1).buckets.capacity('other')).toThrow('other')
  })
})
