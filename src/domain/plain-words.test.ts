import { expect, test } from 'vitest'
import { constantsText, spanText, unitsText } from './plain-words.ts'

test.each([
  [-5, '0 ms'],
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [150_000, '2 min 30 s'],
  [3_600_000, '1 h'],
  [3_930_000, '1 h 5 min'],
  [86_400_000, '1 d'],
  [97_200_000, '1 d 3 h'],
])('%i ms is %s', (ms, text) => {
  expect(spanText(ms)).toBe(text)
})

test('one unit is no units', () => {
  expect([0, 1, 2].map(unitsText)).toEqual(['0 units', '1 unit', '2 units'])
})

test('every constant is named', () => {
  const text = constantsText({
    orderVisibilityMs: 300_000,
    clockSkewMs: 10_000,
    checkoutHoldMs: 900_000,
    requestLifetimeMs: 120_000,
    readStalenessMs: 30_000,
  })
  expect(text).toBe(
    'every order is visible within 5 min (L), clocks differ by at most 10 s (eps), a checkout holds a unit for at most 15 min (H), a request takes effect within 2 min or never (D), a read is at most 30 s old (sigma)',
  )
})
