import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startMs } from '../../test/support/stock-samples.ts'
import { countSale, interSaleMs, rateAt, rateHalfLifeMs } from './sales-rate.ts'
import type { SalesRate } from './stock.ts'

const dayMs = 24 * 60 * 60_000

test('one sale a day for long is a rate of one a day; twice the units are twice the rate', () => {
  const after = (units: number): SalesRate | undefined => {
    let rate: SalesRate | undefined
    for (let day = 0; day < 400; day++) rate = countSale(rate, units, startMs + day * dayMs)
    return rate
  }
  // Just after a sale: half a sale above the mean.
  expect(after(1)?.milliUnitsPerDay).toBeGreaterThan(1_000)
  expect(after(1)?.milliUnitsPerDay).toBeLessThan(1_050)
  expect(after(2)?.milliUnitsPerDay).toBeGreaterThan(2_000)
})

test('it halves in its half-life, without being written', () => {
  const rate = countSale(undefined, 40, startMs)
  expect(rateAt(rate, startMs + rateHalfLifeMs)).toBeCloseTo((rate?.milliUnitsPerDay ?? 0) / 2, 6)
  expect(rateAt(undefined, startMs)).toBe(0)
})

test('the expected wait is that of the rate; a listing that never sold is taken for one that sold a unit', () => {
  expect(interSaleMs({ milliUnitsPerDay: 2_000, atMs: startMs })).toBe(dayMs / 2)
  expect(interSaleMs(undefined)).toBe(Math.round(rateHalfLifeMs / Math.LN2))
})

const sale = fc.record({ units: fc.integer({ min: 1, max: 5 }), atMs: fc.integer({ min: startMs, max: startMs + 60 * dayMs }) })

test('in whatever order the sales arrive: the same rate, but for the rounding of each', () => {
  fc.assert(
    fc.property(
      fc
        .array(sale, { maxLength: 40 })
        .chain((sales) => fc.tuple(fc.constant(sales), fc.shuffledSubarray(sales, { minLength: sales.length, maxLength: sales.length }))),
      ([sales, shuffled]) => {
        const count = (all: typeof sales): SalesRate | undefined =>
          all.reduce<SalesRate | undefined>((rate, { units, atMs }) => countSale(rate, units, atMs), undefined)
        const [a, b] = [count(sales), count(shuffled)]
        expect(a?.atMs).toBe(b?.atMs)
        expect(Math.abs((a?.milliUnitsPerDay ?? 0) - (b?.milliUnitsPerDay ?? 0))).toBeLessThanOrEqual(sales.length)
        expect(Number.isSafeInteger(a?.milliUnitsPerDay ?? 0)).toBe(true)
      },
    ),
  )
})

test('a cancellation takes back what its sale counted, however much later it comes', () => {
  fc.assert(
    fc.property(fc.array(sale, { minLength: 1, maxLength: 20 }), (sales) => {
      const kept = sales.slice(1)
      const all = sales.reduce<SalesRate | undefined>((rate, { units, atMs }) => countSale(rate, units, atMs), undefined)
      const first = sales[0]
      const back = first ? countSale(all, -first.units, first.atMs) : all
      const without = kept.reduce<SalesRate | undefined>((rate, { units, atMs }) => countSale(rate, units, atMs), undefined)
      const atMs = back?.atMs ?? startMs
      expect(Math.abs(rateAt(back, atMs) - rateAt(without, atMs))).toBeLessThanOrEqual(sales.length + 1)
    }),
  )
})
