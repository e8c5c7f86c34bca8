import { describe, expect, test } from 'vitest'
import { createVirtualClock } from '../../../test/support/virtual-clock.ts'
import { createCostBucket, createCostEstimates } from './limits.ts'

const status = (currentlyAvailable: number) => ({ maximumAvailable: 2000, currentlyAvailable, restoreRate: 100 })

describe('budget of points', () => {
  test('follows what the platform says, and fills at its rate', async () => {
    const clock = createVirtualClock()
    const bucket = createCostBucket(clock)
    bucket.take(10)
    bucket.settle(10, status(405))
    expect(bucket.free('decrease')).toBe(405)
    expect(bucket.free('normal')).toBe(5)
    expect(bucket.waitMs(10, 'normal')).toBe(50)
    await clock.advance(50)
    expect(bucket.waitMs(10, 'normal')).toBe(0)
    await clock.advance(3_600_000)
    expect(bucket.free('decrease')).toBe(2000)
  })

  test('what is under way stays taken while other answers arrive', () => {
    const bucket = createCostBucket(createVirtualClock())
    bucket.take(300)
    bucket.take(100)
    bucket.settle(100, status(1900))
    expect(bucket.free('decrease')).toBe(1600)
    bucket.settle(300, status(1650))
    expect(bucket.free('decrease')).toBe(1650)
  })

  test('increases leave the reserve to decreases', () => {
    const bucket = createCostBucket(createVirtualClock())
    bucket.take(1)
    bucket.settle(1, status(20))
    expect(bucket.waitMs(10, 'decrease')).toBe(0)
    expect(bucket.waitMs(10, 'normal')).toBe(3_900)
    expect(bucket.queueMs(30)).toBe(4_100)
  })

  test('background work leaves half of the bucket, and what others wait for, but gets all that is restored', async () => {
    const clock = createVirtualClock()
    const bucket = createCostBucket(clock)
    bucket.take(1)
    bucket.settle(1, status(1200))
    expect(bucket.waitMs(200, 'background')).toBe(0)
    expect(bucket.waitMs(300, 'background')).toBe(1_000)
    const release = bucket.claim(100)
    expect(bucket.waitMs(200, 'background')).toBe(1_000)
    release()
    let taken = 0
    for (let second = 0; second < 60; second++) {
      while (bucket.waitMs(100, 'background') === 0) {
        bucket.take(100)
        bucket.settle(100, null)
        taken += 100
        expect(bucket.free('decrease')).toBeGreaterThanOrEqual(1_000)
      }
      await clock.advance(1_000)
    }
    expect(taken).toBe(200 + 59 * 100)
  })

  test('a large query that waits is not starved by small ones', () => {
    const bucket = createCostBucket(createVirtualClock())
    bucket.take(1)
    bucket.settle(1, status(700))
    const release = bucket.claim(500)
    expect(bucket.waitMs(10, 'normal')).toBe(2_100)
    expect(bucket.waitMs(10, 'decrease')).toBe(0)
    expect(bucket.waitMs(500, 'claimed')).toBe(2_000)
    release()
    release()
    expect(bucket.waitMs(10, 'normal')).toBe(0)
  })

  test('a query larger than the bucket is tried on a full one instead of waiting for ever', async () => {
    const clock = createVirtualClock()
    const bucket = createCostBucket(clock)
    expect(bucket.waitMs(5_000, 'normal')).toBe(0)
    bucket.take(500)
    bucket.settle(500, null)
    expect(bucket.waitMs(5_000, 'normal')).toBe(10_000)
  })

  test('a pause holds everything', async () => {
    const clock = createVirtualClock()
    const bucket = createCostBucket(clock)
    bucket.pauseUntil(clock.nowMs() + 2_000)
    expect(bucket.waitMs(1, 'decrease')).toBe(2_000)
    expect(bucket.free('decrease')).toBe(0)
    await clock.advance(2_000)
    expect(bucket.waitMs(1, 'decrease')).toBe(0)
  })

  test('estimates are learned from answers', () => {
    const estimates = createCostEstimates()
    expect(estimates.estimate('orders', 400)).toBe(400)
    estimates.learn('orders', 400, 100)
    expect(estimates.estimate('orders', 200)).toBe(50)
    expect(estimates.estimate('other', 200)).toBe(200)
  })
})
