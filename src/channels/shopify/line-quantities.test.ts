import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LineEvidence, lineQuantities, type RestockKind } from './line-quantities.ts'

const line = (changes: Partial<LineEvidence>): LineEvidence => ({
  quantity: 5,
  currentQuantity: 5,
  unfulfilledQuantity: null,
  shippedQuantity: 0,
  refunds: [],
  refundsComplete: true,
  orderCancelledAtMs: null,
  ...changes,
})
const refund = (kind: RestockKind, quantity: number, atMs: number | null = 1000) => ({ kind, quantity, atMs })

describe('quantities of a line', () => {
  test('a cancellation that went back on sale', () => {
    expect(lineQuantities(line({ currentQuantity: 3, refunds: [refund('CANCEL', 2)] }))).toEqual({
      orderedQuantity: 5,
      cancelledQuantity: 2,
      shippedQuantity: 0,
      cancelledAtMs: 1000,
      cancelMayRestock: true,
    })
  })

  test('provably not back on sale: only when every unit left that way', () => {
    expect(lineQuantities(line({ currentQuantity: 3, refunds: [refund('NO_RESTOCK', 2)] })).cancelMayRestock).toBe(false)
    expect(lineQuantities(line({ currentQuantity: 3, refunds: [refund('NO_RESTOCK', 1), refund('CANCEL', 1)] })).cancelMayRestock).toBe(
      true,
    )
    expect(lineQuantities(line({ currentQuantity: 2, refunds: [refund('NO_RESTOCK', 2)] })).cancelMayRestock).toBe(true)
    expect(lineQuantities(line({ currentQuantity: 0, orderCancelledAtMs: 9, refunds: [refund('NO_RESTOCK', 2)] }))).toMatchObject({
      cancelledQuantity: 5,
      cancelMayRestock: true,
    })
    expect(lineQuantities(line({ currentQuantity: 3, refundsComplete: false, refunds: [refund('NO_RESTOCK', 2)] })).cancelMayRestock).toBe(
      true,
    )
  })

  test('what was shipped and came back is not cancelled', () => {
    expect(lineQuantities(line({ currentQuantity: 3, shippedQuantity: 3, refunds: [refund('RETURN', 2)] }))).toMatchObject({
      cancelledQuantity: 0,
      shippedQuantity: 3,
      cancelledAtMs: null,
    })
  })

  test('a refund without restock after shipment may be of shipped units: the remainder decides, and if unknown nothing is given away', () => {
    const evidence = line({ currentQuantity: 3, shippedQuantity: 3, refunds: [refund('NO_RESTOCK', 2)] })
    expect(lineQuantities(evidence).cancelledQuantity).toBe(0)
    expect(lineQuantities({ ...evidence, unfulfilledQuantity: 2 }).cancelledQuantity).toBe(0)
    expect(lineQuantities({ ...evidence, unfulfilledQuantity: 1 }).cancelledQuantity).toBe(1)
    expect(lineQuantities({ ...evidence, unfulfilledQuantity: 0 }).cancelledQuantity).toBe(2)
  })

  test('units taken out by an edit: cancelled, at a time that is not told', () => {
    expect(lineQuantities(line({ currentQuantity: 4 }))).toMatchObject({
      cancelledQuantity: 1,
      cancelledAtMs: null,
      cancelMayRestock: true,
    })
  })

  test('a cancelled order has cancelled all that was not shipped, whatever its lines say yet', () => {
    expect(lineQuantities(line({ orderCancelledAtMs: 77, shippedQuantity: 1 }))).toMatchObject({ cancelledQuantity: 4, cancelledAtMs: 77 })
  })

  test('property: never more than ordered, never a shipped or still open unit given away', () => {
    const units = fc.integer({ min: 0, max: 6 })
    // A line's true history, and what Shopify tells of it.
    const history = fc.record({
      open: units,
      shippedKept: units,
      returned: units,
      lost: units,
      cancelled: units,
      thrown: units,
      edited: units,
    })
    fc.assert(
      fc.property(history, fc.boolean(), fc.boolean(), (h, remainderTold, complete) => {
        const shipped = h.shippedKept + h.returned + h.lost
        const quantity = h.open + shipped + h.cancelled + h.thrown + h.edited
        const refunded = h.returned + h.lost + h.cancelled + h.thrown
        const result = lineQuantities({
          quantity,
          currentQuantity: quantity - refunded - h.edited,
          unfulfilledQuantity: remainderTold ? h.open : null,
          shippedQuantity: shipped,
          refunds: [
            refund('RETURN', h.returned),
            refund('NO_RESTOCK', h.lost + h.thrown),
            ...(complete ? [refund('CANCEL', h.cancelled)] : []),
          ],
          refundsComplete: complete,
          orderCancelledAtMs: null,
        })
        const gone = h.cancelled + h.thrown + h.edited
        expect(result.cancelledQuantity).toBeLessThanOrEqual(gone)
        expect(result.cancelledQuantity).toBeGreaterThanOrEqual(remainderTold ? gone : 0)
        expect(result.cancelledQuantity + result.shippedQuantity).toBeLessThanOrEqual(result.orderedQuantity)
        // Not provable while something may have gone back on sale.
        const mayHaveRestocked = h.cancelled + h.edited > 0 && result.cancelledQuantity > 0
        expect(result.cancelMayRestock || !mayHaveRestocked).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
