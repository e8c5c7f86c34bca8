import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listingOf, stockOf } from '../../test/support/stock-samples.ts'
import { allocate } from './allocation.ts'
import type { ListingId } from './ids.ts'
import { type AllocationRule, availableUnits, type ListingState, type Stock } from './stock.ts'

const rule = (change: Partial<AllocationRule> = {}): AllocationRule => ({
  mode: 'weight',
  value: 1,
  capUnits: null,
  hideBelowUnits: 0,
  priority: 1,
  ...change,
})
const offer = (name: string, change: Partial<AllocationRule> = {}, unitsPerListing = 1): ListingState =>
  listingOf({ id: name as ListingId, unitsPerListing, rule: rule(change) }, name)
const targets = (stock: Stock): Record<string, number> => Object.fromEntries(allocate(stock))

describe('shares', () => {
  test('by weight, the remainders to the largest', () => {
    expect(targets(stockOf(10, [offer('a', { value: 5 }), offer('b', { value: 3 }), offer('c', { value: 2 })]))).toEqual({
      a: 5,
      b: 3,
      c: 2,
    })
  })

  test('the last units go to the fastest', () => {
    expect(targets(stockOf(1, [offer('a', { value: 2 }), offer('b', { value: 5 }), offer('c', { value: 3 })]))).toEqual({
      a: 0,
      b: 1,
      c: 0,
    })
  })

  test('fixed first, then percent of all, then the rest', () => {
    const listings = [offer('f', { mode: 'fixed', value: 3 }), offer('p', { mode: 'percent', value: 50 }), offer('w')]
    expect(targets(stockOf(10, listings))).toEqual({ f: 3, p: 5, w: 2 })
  })

  test('what a cap or a floor frees goes to the others', () => {
    expect(targets(stockOf(10, [offer('a', { capUnits: 2 }), offer('b')]))).toEqual({ a: 2, b: 8 })
    expect(targets(stockOf(6, [offer('a', { hideBelowUnits: 4 }), offer('b')]))).toEqual({ a: 0, b: 6 })
  })

  test('packs count in whole', () => {
    expect(targets(stockOf(7, [offer('pack', {}, 3)]))).toEqual({ pack: 2 })
  })

  test('buffer and reserved units are nobody’s; sold out is 0 for all', () => {
    expect(targets(stockOf(10, [offer('a')], { bufferUnits: 3, reservedUnits: 2 }))).toEqual({ a: 5 })
    expect(targets(stockOf(2, [offer('a')], { reservedUnits: 5 }))).toEqual({ a: 0 })
  })

  test('pooled: everyone shows everything', () => {
    expect(targets(stockOf(9, [offer('a'), offer('b', {}, 2)], { sharing: 'pooled' }))).toEqual({ a: 9, b: 4 })
  })

  test('disconnected and ask-first listings take no part', () => {
    const listings = [
      offer('a'),
      { ...offer('gone'), status: 'disconnected' as const },
      { ...offer('ask'), writeClass: 'ask-first' as const },
    ]
    expect(targets(stockOf(4, listings))).toEqual({ a: 4 })
  })
})

const anyRule = fc.record({
  mode: fc.constantFrom('weight', 'weight', 'fixed', 'percent'),
  value: fc.nat(100),
  capUnits: fc.option(fc.nat(30)),
  hideBelowUnits: fc.nat(5),
  priority: fc.nat(3),
})
const anyStock = fc
  .record({
    onHand: fc.nat(200),
    buffer: fc.nat(10),
    rules: fc.array(fc.record({ rule: anyRule, units: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 6 }),
  })
  .map(({ onHand, buffer, rules }) =>
    stockOf(
      onHand,
      rules.map((r, i) => offer(`l${i}`, r.rule, r.units)),
      { bufferUnits: buffer },
    ),
  )

test('the sum never exceeds what is available; caps and floors hold; nothing is negative or a fraction', () => {
  fc.assert(
    fc.property(anyStock, (stock) => {
      const found = allocate(stock)
      let units = 0
      for (const listing of stock.listings) {
        const quantity = found.get(listing.id) ?? Number.NaN
        const share = quantity * listing.unitsPerListing
        expect(Number.isSafeInteger(quantity) && quantity >= 0).toBe(true)
        expect(share).toBeLessThanOrEqual(listing.rule.capUnits ?? share)
        expect(quantity === 0 || share >= listing.rule.hideBelowUnits).toBe(true)
        units += share
      }
      expect(units).toBeLessThanOrEqual(availableUnits(stock))
    }),
    { numRuns: 400 },
  )
})

test('nothing is left over while a plain weighted listing could take it', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }), (onHand, weights) => {
      const stock = stockOf(
        onHand,
        weights.map((value, i) => offer(`l${i}`, { value })),
      )
      expect([...allocate(stock).values()].reduce((sum, q) => sum + q, 0)).toBe(onHand)
    }),
  )
})
