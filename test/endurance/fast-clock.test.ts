import { expect, test } from 'vitest'
import { createVirtualClock } from '../support/virtual-clock.ts'
import { clockText, fastClock, parseClock } from './fast-clock.ts'

test('runs so many times faster from its origin on, and a sleep is shorter by as much', async () => {
  const machine = createVirtualClock()
  const originMs = machine.nowMs()
  const clock = fastClock({ originMs, speed: 10 }, machine)
  expect(clock.nowMs()).toBe(originMs)
  let woken = false
  const slept = clock.sleep(5000).then(() => {
    woken = true
  })
  await machine.advance(499)
  expect(woken).toBe(false)
  await machine.advance(1)
  await slept
  expect(clock.nowMs()).toBe(originMs + 5000)
})

test('goes into a process as text and comes out the same; other text is refused', () => {
  const clock = { originMs: 1_700_000_000_000, speed: 12.5 }
  expect(parseClock(clockText(clock))).toEqual(clock)
  for (const text of [undefined, '', '10', '1700000000000x0', '1700000000000x-3', 'nowx5'])
    expect(() => parseClock(text)).toThrow(/ORIGIN_MS/)
})
