import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyStock, knownSettings, listingWith, minuteMs, nineMs, stockWith } from '../../test/support/told-stock.ts'
import type { Incident } from './incidents.ts'
import { type AffectedOrder, isCalm, watchStock } from './stock-incidents.ts'
import { type ListingState, maxOpenIncidents, type Stock } from './stock.ts'
import type { ChannelId } from './ids.ts'

const selling = listingWith('shop', { base: 10, believedQuantity: 10 })
const shelf = (units: number, over: Partial<Stock> = {}): Stock => stockWith(units, [selling], over)
const watch = (before: Stock | null, after: Stock, reported: readonly Incident[] = [], orders: readonly AffectedOrder[] | null = null) =>
  watchStock(
    before,
    { ...after, incidents: before?.incidents },
    { settingsOf: knownSettings(), nowMs: nineMs, reported, affectedOrders: orders },
  )

const reportedRisk: Incident = {
  id: 'at-risk/count-7/MUG/main',
  kind: 'at-risk',
  channel: null,
  sku: shelf(0).sku,
  listing: null,
  units: 4,
  atMs: nineMs,
  summary: 'after a count',
  evidence: { reference: 'count-7' },
}

test('nothing new: nothing is told, and the document is the same', () => {
  const after = shelf(10)
  expect(watch(shelf(10), after)).toMatchObject({ incidents: [], resolved: [], wantsOrders: false })
  expect(watchStock(shelf(10), after, { settingsOf: knownSettings(), nowMs: nineMs, reported: [], affectedOrders: null }).stock).toBe(after)
})

describe('at risk', () => {
  test('is told with who holds the units and until when, and is over when they are back', () => {
    const begun = watch(shelf(10), shelf(7))
    expect(begun.incidents).toMatchObject([
      {
        id: 'at-risk/MUG/main/1',
        kind: 'at-risk',
        units: 3,
        evidence: { holders: [{ channel: 'shop', units: 10 }], expectedByMs: nineMs + 20 * minuteMs + 20_000, oversoldUnits: 0 },
      },
    ])
    expect(begun.stock.incidents).toEqual({ count: 1, open: [{ about: 'at-risk', id: 'at-risk/MUG/main/1' }] })
    // Less, but not over.
    const less = watch(begun.stock, shelf(8))
    expect(less).toMatchObject({ incidents: [], resolved: [] })
    const more = watch(less.stock, shelf(5))
    expect(more).toMatchObject({ incidents: [{ units: 5, id: 'at-risk/MUG/main/2' }], resolved: [{ id: 'at-risk/MUG/main/1' }] })
    const over = watch(more.stock, shelf(10))
    expect(over).toMatchObject({ incidents: [], resolved: [{ id: 'at-risk/MUG/main/2', atMs: nineMs }] })
    expect(over.stock.incidents).toEqual({ count: 2, open: [] })
  })

  test('that the cause reported is not told twice, but told with the holders', () => {
    const told = watch(shelf(10), shelf(6), [reportedRisk])
    expect(told.incidents).toMatchObject([
      { ...reportedRisk, evidence: { reference: 'count-7', holders: [{ channel: 'shop', units: 10 }] } },
    ])
    expect(told.incidents).toHaveLength(1)
    expect(watch(told.stock, shelf(10)).resolved).toEqual([{ id: reportedRisk.id, atMs: nineMs }])
  })
})

describe('oversold', () => {
  const orders: readonly AffectedOrder[] = [{ channel: 'shop' as ChannelId, orderId: '1001', createdAtMs: nineMs, units: 2 }]
  const before = stockWith(5, [], { reservedUnits: 5 })
  const after = stockWith(3, [], { reservedUnits: 5 })

  test('asks for the orders that it hits, and tells them', () => {
    expect(watch(before, after).wantsOrders).toBe(true)
    const told = watch(before, after, [], orders)
    expect(told.wantsOrders).toBe(false)
    expect(told.incidents).toContainEqual(expect.objectContaining({ kind: 'oversold', units: 2 }))
    expect(told.incidents.find((each) => each.kind === 'oversold')?.evidence).toMatchObject({ affectedOrders: orders })
    expect(watch(told.stock, before).resolved).toHaveLength(2)
  })

  test('that an order reported stays that of the order', () => {
    const reported: Incident = { ...reportedRisk, id: 'oversold/shop/1001/MUG/1', kind: 'oversold' }
    const told = watch(before, after, [reported])
    expect(told.wantsOrders).toBe(false)
    expect(told.incidents.filter((each) => each.kind === 'oversold')).toEqual([reported])
    expect(watch(told.stock, before).resolved).toContainEqual({ id: reported.id, atMs: nineMs })
  })

  test('of a pooled SKU again and again keeps a bounded list', () => {
    let stock: Stock = stockWith(0, [], { sharing: 'pooled' })
    let resolved = 0
    for (let units = 1; units <= maxOpenIncidents + 20; units++) {
      const reported: Incident = { ...reportedRisk, id: `oversold/shop/${units}`, kind: 'oversold' }
      const told = watch(stock, stockWith(0, [], { sharing: 'pooled', reservedUnits: units }), [reported])
      resolved += told.resolved.length
      stock = told.stock
    }
    expect(stock.incidents?.open).toHaveLength(maxOpenIncidents)
    expect(resolved).toBe(20)
    expect(stock.incidents?.open[0]?.id).toBe('oversold/shop/21')
  })
})

describe('a listing', () => {
  const blocked: ListingState = { ...selling, blockedReason: 'the item is archived' }
  const outside: ListingState = { ...selling, status: 'unprotected', blockedReason: 'the item is not tracked' }
  const of = (listing: ListingState) => stockWith(10, [listing])

  test('that is refused is told once, and over at the next success', () => {
    const told = watch(of(selling), of(blocked))
    expect(told.incidents).toMatchObject([
      { id: 'listing-blocked/shop/mug/1', kind: 'listing-blocked', channel: 'shop', listing: 'shop/mug', sku: 'MUG' },
    ])
    expect(told.incidents[0]?.summary).toContain('the item is archived')
    expect(watch(told.stock, of({ ...blocked, nextPushAtMs: 5 })).incidents).toEqual([])
    expect(watch(told.stock, of(selling)).resolved).toEqual([{ id: 'listing-blocked/shop/mug/1', atMs: nineMs }])
  })

  test('that leaves the guarantee is told with the reason, and over when it is taken in', () => {
    const told = watch(of(blocked), of(outside))
    expect(told.incidents).toMatchObject([{ kind: 'listing-unprotected', evidence: { reason: 'the item is not tracked' } }])
    const back = watch(told.stock, of({ ...selling, status: 'adopting' }))
    expect(back.resolved).toHaveLength(1)
    expect(back.incidents).toEqual([])
  })

  test('is found by its id, wherever it stands', () => {
    const other = listingWith('market', { blockedReason: 'archived' })
    const told = watch(stockWith(20, [selling, other]), stockWith(20, [other, { ...blocked }]))
    expect(told.incidents.map((each) => each.listing)).toEqual(['shop/mug'])
  })

  test('unprotected by configuration is no incident', () => {
    expect(watch(of(selling), of({ ...selling, status: 'unprotected' })).incidents).toEqual([])
  })
})

test('a calm change is one that a watch would leave as it is', () => {
  fc.assert(
    fc.property(anyStock, anyStock, (before, after) => {
      fc.pre(isCalm(before, after))
      expect(watch(before, after)).toEqual({ stock: { ...after, incidents: undefined }, incidents: [], resolved: [], wantsOrders: false })
    }),
    { numRuns: 300 },
  )
  const calm = stockWith(10, [selling])
  expect(isCalm(calm, calm)).toBe(true)
  expect(isCalm({ ...calm, incidents: { count: 1, open: [] } }, calm)).toBe(false)
})
