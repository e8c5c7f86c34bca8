import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, daySpan, daysBetween, isLocalDay, localDayOf } from './local-day.ts'

const hours = (day: string, zone: string): number => {
  const { fromMs, toMs } = daySpan(day, zone)
  return (toMs - fromMs) / 3_600_000
}

describe('days of a place', () => {
  test.each([
    ['2026-03-29', 'Europe/Berlin', 23],
    ['2026-10-25', 'Europe/Berlin', 25],
    ['2026-11-20', 'Europe/Berlin', 24],
    ['2026-10-04', 'Australia/Lord_Howe', 23.5],
    ['2026-04-05', 'Australia/Lord_Howe', 24.5],
    ['2026-03-08', 'America/New_York', 23],
    ['2018-11-04', 'America/Sao_Paulo', 23],
    ['2011-12-30', 'Pacific/Apia', 0],
  ])('%s in %s has %s hours', (day, zone, expected) => expect(hours(day, zone)).toBe(expected))

  test('begin when the clock of the place says so', () => {
    expect(daySpan('2026-11-20', 'Europe/Berlin').fromMs).toBe(Date.UTC(2026, 10, 19, 23))
    expect(daySpan('2026-11-20', 'Asia/Kolkata').fromMs).toBe(Date.UTC(2026, 10, 19, 18, 30))
    expect(daySpan('2026-11-20', 'Asia/Kathmandu').fromMs).toBe(Date.UTC(2026, 10, 19, 18, 15))
    // The clocks went from midnight to one: the day began at one.
    expect(daySpan('2018-11-04', 'America/Sao_Paulo').fromMs).toBe(Date.UTC(2018, 10, 4, 3))
  })

  test('follow each other without a gap, and every instant is in its own', () => {
    const zones = ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'UTC']
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: Date.UTC(2040, 0, 1) }), (zone, atMs) => {
        const day = localDayOf(atMs, zone)
        const { fromMs, toMs } = daySpan(day, zone)
        expect(fromMs <= atMs && atMs < toMs).toBe(true)
        expect(daySpan(addDays(day, 1), zone).fromMs).toBe(toMs)
        expect(daysBetween(day, addDays(day, 400))).toBe(400)
      }),
      { numRuns: 200 },
    )
  })

  test('are told from other texts', () => {
    for (const text of ['2026-02-29', '2026-13-01', '2026-1-1', 'today', '', '2026-11-20T00:00']) expect(isLocalDay(text)).toBe(false)
    for (const text of ['2024-02-29', '2026-11-20']) expect(isLocalDay(text)).toBe(true)
  })
})
