import { describe, expect, test } from 'vitest'
import { entryOf, keyOf } from '../../test/support/store-samples.ts'
import type { LedgerEntry } from './ledger.ts'
import type { SkuDayRow, StockRow } from './report-rows.ts'
import { needsMovements, openingAvailableUnits, outOfStockMs, stockFold } from './report-stock.ts'

const hourMs = 3_600_000
const span = { fromMs: 0, toMs: 24 * hourMs }
const still: SkuDayRow = {
  soldUnits: 0,
  cancelledUnits: 0,
  shippedUnits: 0,
  returnedUnits: 0,
  receivedUnits: 0,
  onHandDelta: 0,
  reservedDelta: 0,
  lowestFreeDelta: 0,
}
const row = (over: Partial<StockRow> = {}): StockRow => ({
  ...keyOf('a'),
  title: 'A',
  onHandUnits: 10,
  reservedUnits: 0,
  bufferUnits: 0,
  windowSoldUnits: 28,
  moved: null,
  ...over,
})
const sale = (hour: number, version: number, units: number): LedgerEntry =>
  entryOf(`s${version}`, 'a', { atMs: hour * hourMs, version, units })
const receipt = (hour: number, version: number, units: number): LedgerEntry =>
  entryOf(`r${version}`, 'a', { atMs: hour * hourMs, version, units, from: 'supplier', to: 'on_hand/x', reason: 'receipt' })

describe('time out of stock', () => {
  test('begins with the sale of the last unit and ends with what comes in', () => {
    expect(outOfStockMs(2, [sale(6, 2, 2), receipt(12, 3, 5)], span)).toBe(6 * hourMs)
    expect(outOfStockMs(2, [sale(6, 2, 1), sale(20, 3, 1)], span)).toBe(4 * hourMs)
    expect(outOfStockMs(0, [], span)).toBe(24 * hourMs)
    expect(outOfStockMs(-3, [receipt(1, 2, 3), receipt(2, 3, 1)], span)).toBe(2 * hourMs)
    expect(outOfStockMs(5, [], span)).toBe(0)
  })

  test('counts time once where clocks went back between entries', () => {
    expect(outOfStockMs(1, [sale(10, 2, 1), receipt(8, 3, 1)], span)).toBe(0)
  })
})

describe('a day of stock', () => {
  test('costs velocity times the share of the day that it was out', () => {
    // Sold 28 in 28 days: one a day. Out from six to twelve.
    const out = row({
      moved: { ...still, soldUnits: 2, receivedUnits: 5, onHandDelta: 5, reservedDelta: 2, lowestFreeDelta: -2 },
      onHandUnits: 7,
      reservedUnits: 2,
    })
    expect(openingAvailableUnits(out)).toBe(2)
    expect(needsMovements(out, 28)).toBe(true)
    const fold = stockFold({ windowDays: 28, span, asked: new Set([out.sku]) })
    fold.add(out, 6 * hourMs)
    expect(fold.result().stockOuts).toMatchObject({
      skus: 1,
      lostMilliUnits: 250,
      worst: [{ outMs: 6 * hourMs, outAtEnd: false, velocityMilliUnits: 1000 }],
    })
    // 2 of the 2 that were there and the 5 that came.
    expect(fold.skus().get(out.sku)).toEqual({ title: 'A', onHandUnits: 7, sellThroughPermille: 286 })
  })

  test('tells what sells and has nothing from what does not sell', () => {
    const fold = stockFold({ windowDays: 28, span, asked: new Set() })
    fold.add(row({ onHandUnits: 0 }), null)
    fold.add(row({ ...keyOf('dead'), onHandUnits: 0, windowSoldUnits: 0 }), null)
    fold.add(row({ ...keyOf('slow'), onHandUnits: 9, windowSoldUnits: 0 }), null)
    const { stockOuts, slow } = fold.result()
    expect(stockOuts).toMatchObject({ skus: 1, lostMilliUnits: 1000, worst: [{ sku: 'a', outAtEnd: true }] })
    expect(slow).toMatchObject({ skus: 1, units: 9, rows: [{ sku: 'slow' }] })
  })

  test('warns once, on the day when cover falls below a week', () => {
    const fold = stockFold({ windowDays: 28, span, asked: new Set() })
    const sold = { ...still, soldUnits: 2, reservedDelta: 2, lowestFreeDelta: -2 }
    fold.add(row({ ...keyOf('now'), onHandUnits: 8, reservedUnits: 2, moved: sold }), null)
    fold.add(row({ ...keyOf('before'), onHandUnits: 6, reservedUnits: 2, moved: sold }), null)
    fold.add(row({ ...keyOf('fine'), onHandUnits: 100 }), null)
    const { newlyLow, cover } = fold.result()
    expect(newlyLow.rows.map(({ sku, coverDeciDays }) => [sku, coverDeciDays])).toEqual([['now', 60]])
    expect(cover.belowLow).toBe(2)
    expect(cover.lowest.map(({ sku }) => sku)).toEqual(['before', 'now', 'fine'])
  })

  test('sees a level that was below zero in between', () => {
    const fold = stockFold({ windowDays: 28, span, asked: new Set() })
    fold.add(row({ onHandUnits: 5, moved: { ...still, receivedUnits: 5, onHandDelta: 5, lowestFreeDelta: -3 } }), 0)
    expect(fold.result().belowZero).toEqual({ skus: 1, units: 3, movedSkus: 1 })
  })
})
