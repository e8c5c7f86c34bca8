import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constants, minuteMs, settingsOf } from '../../test/support/told-stock.ts'
import { type Contradiction, learn, type Learned, mergeLearned, parseLearned, withLearned } from './learned.ts'

const hourMs = 60 * minuteMs
const late = (seenMs: number): Contradiction => ({ kind: 'late-order', orderId: '1', seenMs })
const skew = (seenMs: number): Contradiction => ({ kind: 'clock-skew', orderId: '1', seenMs })

describe('a contradiction', () => {
  test('widens the constant to twice of what was seen, never below what it is', () => {
    expect(learn(settingsOf('shop'), {}, late(20 * minuteMs))).toEqual({
      learned: { orderVisibilityMs: 40 * minuteMs },
      setting: 'orderVisibilityMs',
      before: 5 * minuteMs,
      after: 40 * minuteMs,
      atCap: false,
    })
    expect(learn(settingsOf('shop'), {}, late(2 * minuteMs))).toBeNull()
    expect(learn(settingsOf('shop'), { orderVisibilityMs: 5 }, skew(25_000))?.learned).toEqual({
      orderVisibilityMs: 5,
      clockSkewMs: 50_000,
    })
  })

  test('widens as far as a cap, and says so; what is configured beyond it stays', () => {
    expect(learn(settingsOf('shop'), {}, late(30 * hourMs))).toMatchObject({ after: 24 * hourMs, atCap: true })
    expect(learn(settingsOf('shop'), {}, skew(30 * hourMs))).toMatchObject({ after: hourMs, atCap: true })
    const wide = settingsOf('shop', { constants: { ...constants, clockSkewMs: 2 * hourMs } })
    expect(learn(wide, {}, skew(30 * hourMs))).toBeNull()
  })

  test.each([
    [{ kind: 'long-hold', orderId: '1', seenMs: 40 * minuteMs }, 'checkoutHoldMs', 80 * minuteMs],
    [{ kind: 'late-write', listing: 'shop/1', seenMs: 90 * minuteMs }, 'requestLifetimeMs', 180 * minuteMs],
    [{ kind: 'stale-read', listing: 'shop/1', seenMs: 20 * minuteMs }, 'readStalenessMs', 40 * minuteMs],
  ] as const)('%o widens %s', (contradiction, setting, after) => {
    const lesson = learn(settingsOf('shop'), {}, contradiction)
    expect(lesson).toMatchObject({ setting, after, learned: { [setting]: after } })
    expect(withLearned(settingsOf('shop'), lesson?.learned ?? {}).constants[setting]).toBe(after)
    expect(parseLearned(JSON.stringify(lesson?.learned))).toEqual(lesson?.learned)
    expect(learn(settingsOf('shop'), {}, { ...contradiction, seenMs: 1 })).toBeNull()
  })

  test('of self-decrement takes the channel out of the guarantee, once', () => {
    const lesson = learn(settingsOf('shop', { selfDecrement: 'attested' }), {}, { kind: 'no-self-decrement', orderId: '1' })
    expect(lesson).toMatchObject({ learned: { selfDecrement: 'unproven' }, before: 'attested', after: 'unproven' })
    expect(learn(settingsOf('shop', { selfDecrement: 'unproven' }), {}, { kind: 'no-self-decrement', orderId: '1' })).toBeNull()
  })
})

const anyLearned: fc.Arbitrary<Learned> = fc
  .record({
    orderVisibilityMs: fc.option(fc.integer({ min: 1, max: 24 * hourMs }), { nil: undefined }),
    clockSkewMs: fc.option(fc.integer({ min: 1, max: hourMs }), { nil: undefined }),
    selfDecrement: fc.constantFrom(undefined, 'unproven' as const),
  })
  .map((learned) => mergeLearned(learned, {}))

test('what is learned only widens, in any order, and comes back from its text', () => {
  fc.assert(
    fc.property(anyLearned, anyLearned, (a, b) => {
      const merged = mergeLearned(a, b)
      expect(mergeLearned(b, a)).toEqual(merged)
      expect(mergeLearned(merged, a)).toEqual(merged)
      expect(parseLearned(JSON.stringify(merged))).toEqual(merged)
      const inForce = withLearned(settingsOf('shop'), merged).constants
      expect(inForce.orderVisibilityMs).toBeGreaterThanOrEqual(constants.orderVisibilityMs)
      expect(inForce.clockSkewMs).toBeGreaterThanOrEqual(constants.clockSkewMs)
      expect({ ...inForce, orderVisibilityMs: 0, clockSkewMs: 0 }).toEqual({ ...constants, orderVisibilityMs: 0, clockSkewMs: 0 })
    }),
  )
})

test.each([
  '',
  'x',
  'null',
  '5',
  '{"orderVisibilityMs":-1}',
  '{"orderVisibilityMs":1.5}',
  '{"clockSkewMs":86400000}',
  '{"selfDecrement":"yes"}',
])('a text that is none (%s) is not read', (text) => {
  expect(parseLearned(text)).toBeNull()
})
