import { describe, expect, test } from 'vitest'
import { cronTimes } from './cron-times.ts'

const berlin = (expression: string) => cronTimes(expression, 'Europe/Berlin')
const iso = (times: readonly number[]): readonly string[] => times.map((ms) => new Date(ms).toISOString().slice(5, 16))
const following = (expression: string, from: string, count: number, zone = 'Europe/Berlin'): readonly string[] => {
  const times = cronTimes(expression, zone)
  const found: number[] = []
  for (let atMs: number | null = Date.parse(from); found.length < count; ) {
    atMs = times.next(atMs)
    if (atMs === null) break
    found.push(atMs)
  }
  return iso(found)
}

describe('times of a cron expression', () => {
  test('are those of the merchant’s clock, in summer and in winter', () => {
    expect(following('0 6 * * *', '2026-10-24T12:00Z', 2)).toEqual(['10-25T05:00', '10-26T05:00'])
    expect(following('0 6 * * *', '2026-03-28T12:00Z', 2)).toEqual(['03-29T04:00', '03-30T04:00'])
    expect(following('15 0 * * *', '2026-11-20T00:00Z', 2, 'Asia/Kolkata')).toEqual(['11-20T18:45', '11-21T18:45'])
  })

  test('a time that does not exist that day comes when the clocks change; one that exists twice comes once', () => {
    expect(following('30 2 * * *', '2026-03-28T12:00Z', 2)).toEqual(['03-29T01:00', '03-30T00:30'])
    expect(following('30 2 * * *', '2026-10-24T12:00Z', 2)).toEqual(['10-25T00:30', '10-26T01:30'])
  })

  test('hourly means every hour that passes', () => {
    expect(following('0 * * * *', '2026-10-24T23:30Z', 3)).toEqual(['10-25T00:00', '10-25T01:00', '10-25T02:00'])
    expect(following('0 * * * *', '2026-03-29T00:30Z', 2)).toEqual(['03-29T01:00', '03-29T02:00'])
  })

  test('those within a span are the newest, oldest first, the end included and the beginning not', () => {
    const at = (text: string): number => Date.parse(text)
    const times = berlin('0 6 * * *')
    expect(iso(times.within(at('2026-10-23T04:00Z'), at('2026-10-26T05:00Z'), 9))).toEqual(['10-24T04:00', '10-25T05:00', '10-26T05:00'])
    expect(iso(times.within(at('2026-10-23T04:00Z'), at('2026-10-26T05:00Z'), 1))).toEqual(['10-26T05:00'])
    expect(times.within(at('2026-10-25T05:00Z'), at('2026-10-26T04:59Z'), 9)).toEqual([])
  })

  test.each(['61 * * * *', '* * * *', '* * * * * *', '@daily', 'x', ''])('"%s" is refused with what to write', (expression) => {
    expect(() => berlin(expression)).toThrow(
      expect.objectContaining({ code: 'config-invalid', fix: expect.stringContaining('five fields') }),
    )
  })

  test('a time that never comes is no error and has no next', () => {
    expect(berlin('0 0 30 2 *').next(Date.parse('2026-01-01T00:00Z'))).toBeNull()
  })
})
