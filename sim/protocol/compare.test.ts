import { expect, test } from 'vitest'
import { costOf } from './compare.ts'

const minuteMs = 60_000

test('where a hub that pushes everything oversells, and one with a buffer too, the protocol does not', () => {
  const rush = { latency: 'slow', hours: 1, stock: 20, holdMs: 10 * minuteMs } as const
  expect(costOf(rush, 'naive', 10).oversoldPercent).toBeGreaterThan(5)
  expect(costOf(rush, 'buffer', 10).oversoldPercent).toBeGreaterThan(5)
  expect(costOf(rush, 'protocol', 10).oversoldPercent).toBe(0)
})

test('on a common day zero costs little: under 1 % of 20 units, under a third of what a buffer of 10 % costs', () => {
  const day = { latency: 'typical', hours: 24, stock: 20, holdMs: 0 } as const
  const { lostPercent } = costOf(day, 'protocol', 20)
  expect(lostPercent).toBeLessThan(1)
  expect(lostPercent).toBeLessThan(costOf(day, 'buffer', 20).lostPercent / 3)
})
