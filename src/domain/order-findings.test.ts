import { describe, expect, test } from 'vitest'
import { orderFact } from '../../test/support/scripted-channel.ts'
import { listingWith, minuteMs, nineMs, pushWith, settingsOf, stockWith } from '../../test/support/told-stock.ts'
import { exposureQuantity } from './exposure.ts'
import type { Incident } from './incidents.ts'
import { findInOrder, type FoldedOrder } from './order-findings.ts'
import type { ListingState, Stock } from './stock.ts'

const late = { kind: 'late-order' } as Incident

const found = (over: Partial<FoldedOrder> & { createdAtMs?: number; stock?: readonly [before: Stock, after: Stock] } = {}) => {
  const { createdAtMs = nineMs - minuteMs, stock, ...rest } = over
  return findInOrder({
    fact: orderFact('shop', '1001', 'mug', 1, createdAtMs),
    known: false,
    arrivedAtMs: nineMs,
    nowMs: nineMs,
    settings: settingsOf('shop'),
    before: () => stock?.[0] ?? null,
    after: stock ? [stock[1]] : [],
    incidents: [],
    ...rest,
  })
}

test('an order as it should be proves nothing', () => {
  expect(found()).toEqual({ incidents: [], contradictions: [], stock: [] })
})

describe('a late order', () => {
  test('tells how late it was', () => {
    expect(found({ incidents: [late], createdAtMs: nineMs - 50 * minuteMs }).contradictions).toEqual([
      { kind: 'late-order', orderId: '1001', seenMs: 50 * minuteMs },
    ])
  })

  test('that the hub had before is an edit, and says nothing about L', () => {
    expect(found({ incidents: [late], known: true }).contradictions).toEqual([])
  })

  test('that waited for its mapping was seen when it arrived', () => {
    expect(found({ incidents: [late], arrivedAtMs: nineMs - 30_000 }).contradictions).toEqual([
      { kind: 'late-order', orderId: '1001', seenMs: 30_000 },
    ])
  })
})

describe('an order from the future', () => {
  test('is told when the clocks differ by more than eps', () => {
    expect(found({ createdAtMs: nineMs + 10_000 })).toMatchObject({ incidents: [], contradictions: [] })
    expect(found({ createdAtMs: nineMs + 25_000 })).toMatchObject({
      incidents: [{ id: 'clock-skew/shop/1001', kind: 'clock-skew', evidence: { aheadMs: 25_000 } }],
      contradictions: [{ kind: 'clock-skew', seenMs: 25_000 }],
    })
  })

  test('is told once', () => {
    expect(found({ createdAtMs: nineMs + 25_000, known: true }).incidents).toEqual([])
  })
})

describe('sold beyond what was published', () => {
  const sale = (base: number, reservedUnits: number, over: Partial<ListingState> = {}): [Stock, Stock] => [
    stockWith(20, [listingWith('shop', { base, believedQuantity: 0, ...over })], { reservedUnits }),
    stockWith(20, [listingWith('shop', { base: base - 3, believedQuantity: 0, ...over })], { reservedUnits: reservedUnits + 3 }),
  ]

  test('is told when no cancellation can explain it, and read again', () => {
    const { incidents, contradictions, stock } = found({ stock: sale(1, 1) })
    expect(incidents).toMatchObject([{ id: 'sold-beyond-bound/shop/1001/shop/mug', kind: 'sold-beyond-bound', sku: 'MUG', units: 1 }])
    expect(contradictions).toEqual([])
    expect(stock[0]?.listings[0]).toMatchObject({ base: 0, believedQuantity: null })
  })

  test('is nothing while units that we hold reserved may be on sale again', () => {
    const within = sale(1, 2)
    expect(found({ stock: within })).toEqual({ incidents: [], contradictions: [], stock: [within[1]] })
    expect(found({ stock: sale(-5, 8) }).incidents).toEqual([])
  })

  test('counts what open requests may have published', () => {
    const pushes = [pushWith({ charge: 4 })]
    expect(found({ stock: sale(-1, 0, { pushes }) }).incidents).toEqual([])
    const { stock } = found({ stock: sale(-3, 0, { pushes }) })
    // A later charge is not set off against units that were never there.
    expect(stock[0]?.listings[0]).toMatchObject({ base: -4 })
    expect(exposureQuantity(stock[0]?.listings[0] as ListingState)).toBe(0)
  })

  test('disproves that a channel which cannot be read lowers its number', () => {
    const { contradictions, stock } = found({ stock: sale(0, 0, { writeClass: 'absolute-set', believedQuantity: 4 }), known: true })
    expect(contradictions).toEqual([{ kind: 'no-self-decrement', orderId: '1001' }])
    expect(stock[0]?.listings[0]).toMatchObject({ believedQuantity: 4 })
  })

  test('says nothing about a listing without a bound', () => {
    for (const status of ['adopting', 'unprotected'] as const)
      expect(found({ stock: sale(0, 0, { status, fencedThroughMs: 0 }) }).incidents).toEqual([])
  })
})
