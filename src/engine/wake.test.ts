import { expect, test } from 'vitest'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import { createIdle, createWake } from './wake.ts'

test('a wait says whether it was rung or its time ran out', async () => {
  const clock = createVirtualClock()
  const wake = createWake(clock)
  const { signal } = new AbortController()
  wake.ring()
  expect(await wake.wait(1_000, signal)).toBe(true)
  const rung = wake.wait(1_000, signal)
  await clock.settle()
  wake.ring()
  expect(await rung).toBe(true)
  const timed = wake.wait(1_000, signal)
  await clock.advance(1_000)
  expect(await timed).toBe(false)
})

test('who is not rung looks more and more seldom, up to a bound; a ring begins anew', () => {
  const idle = createIdle()
  const seen = Array.from({ length: 5 }, () => {
    const ms = idle.ms()
    idle.waited(false)
    return ms
  })
  expect(seen).toEqual([1_000, 2_000, 4_000, 5_000, 5_000])
  idle.waited(true)
  expect(idle.ms()).toBe(1_000)
})
