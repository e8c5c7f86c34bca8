import { expect, test } from 'vitest'
import { localTimes } from './local-time.ts'

const nineMs = Date.UTC(2026, 10, 30, 9)
const dayMs = 86_400_000

test('today without the day, any other day with it, always with the zone', () => {
  const berlin = localTimes('Europe/Berlin', nineMs)
  expect(berlin(nineMs)).toBe('10:00:00 CET')
  expect(berlin(nineMs - dayMs)).toBe('29 Nov 2026, 10:00:00 CET')
  expect(berlin(Date.UTC(2026, 6, 1, 12, 30, 5))).toBe('1 Jul 2026, 14:30:05 CEST')
  // Midnight is the zone's own.
  expect(localTimes('Europe/Berlin', Date.UTC(2026, 10, 30, 23, 30))(Date.UTC(2026, 10, 30, 22, 59))).toBe('30 Nov 2026, 23:59:00 CET')
  expect(localTimes('UTC', nineMs)(nineMs + 1_500)).toBe('09:00:01 UTC')
})
