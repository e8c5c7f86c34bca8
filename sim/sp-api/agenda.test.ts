import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import { createAgenda } from './agenda.ts'

describe('agenda', () => {
  it('lets everything happen in order of time, and of planning at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), async (delays) => {
        const clock = createVirtualClock(1_000, 0)
        const agenda = createAgenda(clock)
        const happened: { atMs: number; index: number }[] = []
        delays.forEach((delayMs, index) => agenda.at(1_000 + delayMs, (atMs) => happened.push({ atMs, index })))
        await clock.advance(25)
        agenda.runDue()
        const expected = delays
          .map((delayMs, index) => ({ atMs: 1_000 + delayMs, index }))
          .sort((a, b) => a.atMs - b.atMs || a.index - b.index)
        expect(happened).toEqual(expected.filter((each) => each.atMs <= 1_025))
        expect(agenda.nextAtMs()).toBe(expected.find((each) => each.atMs > 1_025)?.atMs ?? null)
        await clock.advance(25)
        agenda.runDue()
        expect(happened).toEqual(expected)
      }),
      { numRuns: 100 },
    )
  })

  it('runs what an effect plans for the past or now in the same go, and tells of an earlier plan', () => {
    const clock = createVirtualClock(1_000, 0)
    const agenda = createAgenda(clock)
    const told: (number | null)[] = []
    agenda.onEarlier(() => told.push(agenda.nextAtMs()))
    const happened: string[] = []
    agenda.at(2_000, () => happened.push('later'))
    agenda.at(900, () => {
      happened.push('past')
      agenda.at(1_000, () => happened.push('now'))
      agenda.runDue()
    })
    agenda.runDue()
    expect(happened).toEqual(['past', 'now'])
    expect(told).toEqual([2_000, 900, 1_000])
  })
})
