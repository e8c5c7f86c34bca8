import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listingOf, stockOf } from '../../test/support/stock-samples.ts'
import { checkStatement } from './rule-check.ts'
import { noPolicy, type Policy, resolveStock, sayRule } from './rules.ts'
import type { ListingState, RuleLevel, RuleStatement, Stock } from './stock.ts'

const fresh = (said?: RuleStatement): ListingState => listingOf({ ruleFrom: {}, ...(said ? { said } : {}) })
const policyWith = (catalogue: RuleStatement, shop: RuleStatement = {}): Policy => ({ catalogue, channels: { shop } as Policy['channels'] })
const resolved = (policy: Policy, sku: RuleStatement = {}, listing: RuleStatement = {}): Stock =>
  resolveStock(stockOf(10, [fresh(listing)], { said: sku, ruleFrom: {} }), policy)

describe('the most specific level that says something wins, field by field', () => {
  test('of a listing', () => {
    const stock = resolved(
      policyWith({ capUnits: 40, priority: 4, hideBelowUnits: 3 }, { capUnits: 30, priority: 3 }),
      { capUnits: 20 },
      { value: 2 },
    )
    expect(stock.listings[0]).toMatchObject({
      rule: { mode: 'velocity', value: 2, capUnits: 20, priority: 3, hideBelowUnits: 3 },
      ruleFrom: { value: 'listing', capUnits: 'sku', priority: 'channel', hideBelowUnits: 'catalogue' },
    })
  })

  test('no cap is something to say', () => {
    expect(resolved(policyWith({}, { capUnits: 5 }), {}, { capUnits: null }).listings[0]?.rule.capUnits).toBeNull()
  })

  test('of the whole shelf: buffer and reserve of the catalogue and the SKU; the buffer of a channel is of what is offered there', () => {
    const stock = resolved(policyWith({ bufferUnits: 1, reserve: { percent: 10 } }, { bufferUnits: 4 }), { bufferUnits: 2 })
    expect(stock).toMatchObject({
      bufferUnits: 2,
      reserve: { percent: 10 },
      ruleFrom: { bufferUnits: 'sku', reserve: 'catalogue' },
      listings: [{ rule: { bufferUnits: 4 }, ruleFrom: { bufferUnits: 'channel' } }],
    })
  })

  const number = fc.option(fc.nat(50), { nil: undefined })
  const anyStatement = fc.record({ capUnits: number, hideBelowUnits: number, priority: number, hysteresisUnits: number })
  const told = (written: Readonly<Record<string, unknown>>): RuleStatement =>
    Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined))

  test('whatever is said', () => {
    fc.assert(
      fc.property(anyStatement, anyStatement, anyStatement, anyStatement, (catalogue, channel, sku, listing) => {
        const stock = resolved(policyWith(told(catalogue), told(channel)), told(sku), told(listing))
        const levels: readonly (readonly [RuleLevel, Partial<Record<string, unknown>>])[] = [
          ['listing', listing],
          ['sku', sku],
          ['channel', channel],
          ['catalogue', catalogue],
        ]
        for (const field of ['capUnits', 'hideBelowUnits', 'priority', 'hysteresisUnits'] as const) {
          const winner = levels.find(([, statement]) => statement[field] !== undefined)
          expect(stock.listings[0]?.ruleFrom?.[field]).toBe(winner?.[0])
          const otherwise = field === 'capUnits' ? null : field === 'hysteresisUnits' ? undefined : 0
          expect(stock.listings[0]?.rule[field]).toBe(winner?.[1][field] ?? otherwise)
        }
        expect(resolveStock(stock, policyWith(told(catalogue), told(channel)))).toBe(stock)
      }),
    )
  })
})

describe('a value counts with the kind that it was said for', () => {
  const ruleOf = (channel: RuleStatement, sku: RuleStatement, listing: RuleStatement = {}): unknown =>
    resolved(policyWith({}, channel), sku, listing).listings[0]?.rule
  test('a weight stays one', () => {
    expect(ruleOf({ value: 3 }, { mode: 'weight' })).toMatchObject({ mode: 'weight', value: 3 })
  })
  test('units are no weight, and back', () => {
    expect(ruleOf({ mode: 'fixed', value: 12 }, { mode: 'velocity' })).toMatchObject({ mode: 'velocity', value: 1 })
    expect(ruleOf({ value: 3 }, { mode: 'fixed', value: 12 }, { value: 7 })).toMatchObject({ mode: 'fixed', value: 7 })
  })
  test('no percentage is above 100', () => {
    expect(ruleOf({ mode: 'percent', value: 50 }, {}, { value: 400 })).toMatchObject({ mode: 'percent', value: 100 })
  })
})

describe('pooled', () => {
  const two = (policy: Policy, said: RuleStatement = {}): Stock => {
    const other = { ...fresh(), ...listingOf({}, 'market'), ruleFrom: {} }
    return resolveStock(stockOf(10, [fresh(), other], { said, ruleFrom: {} }), policy)
  }
  test('by the SKU or the catalogue it is the whole SKU', () => {
    expect(two(noPolicy, { sharing: 'pooled' }).sharing).toBe('pooled')
    expect(two(policyWith({ sharing: 'pooled' })).sharing).toBe('pooled')
  })
  test('by a channel it is the listings of that channel; the SKU has the last word', () => {
    const stock = two(policyWith({}, { sharing: 'pooled' }))
    expect(stock.sharing).toBe('strict')
    expect(stock.listings.map((l) => l.rule.sharing)).toEqual(['pooled', undefined])
    expect(two(policyWith({}, { sharing: 'pooled' }), { sharing: 'strict' }).listings[0]?.rule.sharing).toBeUndefined()
  })
})

describe('a document', () => {
  test('from before rules had levels: what it held was said there, but for the defaults', () => {
    const { ruleFrom: _from, ...earlier } = listingOf({ rule: { mode: 'weight', value: 1, capUnits: 9, hideBelowUnits: 0, priority: 0 } })
    const stock = resolveStock(stockOf(10, [earlier], { bufferUnits: 2 }), noPolicy)
    expect(stock.listings[0]).toMatchObject({ rule: { mode: 'velocity', value: 1, capUnits: 9 }, ruleFrom: { capUnits: 'listing' } })
    expect(stock).toMatchObject({ bufferUnits: 2, ruleFrom: { bufferUnits: 'sku' }, said: { bufferUnits: 2 } })
    expect(resolveStock(stock, noPolicy)).toBe(stock)
  })

  test('is told something new, and nothing any more', () => {
    const first = sayRule(stockOf(10, [fresh()], { ruleFrom: {} }), null, { capUnits: 3 }, noPolicy)
    expect(first.listings[0]?.rule.capUnits).toBe(3)
    const [listing] = first.listings
    const second = sayRule(first, listing ?? null, { capUnits: 5 }, noPolicy)
    expect(second.listings[0]).toMatchObject({ said: { capUnits: 5 }, rule: { capUnits: 5 }, ruleFrom: { capUnits: 'listing' } })
    const third = sayRule(second, second.listings[0] ?? null, {}, noPolicy)
    expect(third.listings[0]).toMatchObject({ rule: { capUnits: 3 } })
    expect(third.listings[0]).not.toHaveProperty('said')
  })
})

test('what makes no sense is told with the way to mend it', () => {
  expect(checkStatement({ mode: 'fixed' }, true)).toMatchObject([{ field: 'value', message: 'is missing: fixed needs one' }])
  expect(checkStatement({ mode: 'percent', value: 101 }, true)).toMatchObject([{ field: 'value', message: 'is 101, more than 100' }])
  expect(checkStatement({ reserve: { percent: 120 } }, true)).toMatchObject([{ field: 'reserve' }])
  expect(checkStatement({ reserve: { units: 1 } }, false)).toMatchObject([{ message: 'is of the whole shelf, not of a channel' }])
  expect(checkStatement({ mode: 'velocity', value: 3, capUnits: null, reserve: { units: 4 } }, true)).toEqual([])
})
