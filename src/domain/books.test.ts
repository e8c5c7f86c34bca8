// The books of a sound document agree; each planted fault is found, and as what it is.
import { describe, expect, test } from 'vitest'
import { listingOf, pushOf, shelf, stockOf } from '../../test/support/stock-samples.ts'
import { booksDifferences, heldUnits } from './books.ts'
import type { Stock } from './stock.ts'

const levelsOf = (stock: Stock) => ({ onHandUnits: stock.onHandUnits, reservedUnits: stock.reservedUnits })
const faults = (stock: Stock, levels = levelsOf(stock), open = stock.reservedUnits): readonly string[] =>
  booksDifferences(stock, levels, open).map(({ fault }) => fault)

describe('books', () => {
  const sound = stockOf(10, [listingOf({ base: 3, pushes: [pushOf()] })], { reservedUnits: 2 })

  test('a sound document', () => {
    expect(faults(sound)).toEqual([])
  })

  test('levels that are not the sum of the ledger, by place and reserved', () => {
    expect(faults(sound, { ...levelsOf(sound), onHandUnits: { [shelf]: 9 } })).toEqual(['levels-differ'])
    expect(faults(sound, { ...levelsOf(sound), onHandUnits: {} })).toEqual(['levels-differ'])
    expect(faults(sound, { ...levelsOf(sound), reservedUnits: 1 })).toEqual(['levels-differ'])
  })

  test('reservations that no order holds', () => {
    expect(faults(sound, levelsOf(sound), 1)).toEqual(['reservations-differ'])
  })

  test('a bound that does not count its requests', () => {
    const broken = (change: Parameters<typeof pushOf>[0]) => faults(stockOf(20, [listingOf({ pushes: [pushOf(change)] })]))
    expect(broken({ charge: 4 })).toEqual(['exposure-broken'])
    expect(broken({ charge: -1 })).toEqual(['exposure-broken'])
    expect(broken({ attempts: 0 })).toEqual(['exposure-broken'])
    expect(broken({ id: 'a#1+', charge: 9 })).toEqual([])
    expect(faults(stockOf(20, [listingOf({ base: 0.5 })]))).toEqual(['exposure-broken'])
    expect(faults(stockOf(20, [listingOf({ pushes: [pushOf(), pushOf()] })]))).toEqual(['exposure-broken'])
  })

  test('a shortfall that nobody was told', () => {
    const short = stockOf(2, [listingOf({ base: 3 })])
    expect(faults(short)).toEqual(['exposure-broken'])
    expect(faults({ ...short, incidents: { count: 1, open: [{ about: 'at-risk', id: 'x' }] } })).toEqual([])
  })

  test('an order line holds what is promised and neither cancelled nor shipped', () => {
    const line = { orderedQuantity: 5, cancelledQuantity: 1, shippedQuantity: 2, acceptedQuantity: null, unitsPerListing: 3 }
    expect(heldUnits(line as Parameters<typeof heldUnits>[0])).toBe(6)
    expect(heldUnits({ ...line, acceptedQuantity: 1 } as Parameters<typeof heldUnits>[0])).toBe(0)
  })
})
