// From what Shopify tells of an order line to what the hub counts: ordered, cancelled before shipment, shipped; cumulative.
// Shopify's `currentQuantity` leaves out refunded and removed units whether they had been shipped or not, but a unit that was shipped and
// then refunded is still gone from the shelf. So what is cancelled is bounded from both sides by what the refunds say:
//   CANCEL        refunded before shipment, back on sale
//   RETURN        refunded after shipment: not a cancellation
//   NO_RESTOCK    either (LEGACY_RESTOCK as well); as many as were shipped may have been shipped units
//   no refund     taken out by an edit of the order, which touches only units that were not shipped
// Between the bounds `unfulfilledQuantity` decides. Where it is not exact it is too high (Shopify's formula for it takes the larger of
// refunded and fulfilled units), so a unit is rather held reserved too long than given away while it is still to be shipped.

export type RestockKind = 'CANCEL' | 'RETURN' | 'NO_RESTOCK' | 'LEGACY_RESTOCK'

export interface RefundedUnits {
  readonly quantity: number
  readonly kind: RestockKind
  readonly atMs: number | null
}

export interface LineEvidence {
  /** Units ordered, refunded and removed ones included. */
  readonly quantity: number
  /** The same without refunded and removed ones; null: not told. */
  readonly currentQuantity: number | null
  /** Units still to be shipped; null: not told. */
  readonly unfulfilledQuantity: number | null
  readonly shippedQuantity: number
  readonly refunds: readonly RefundedUnits[]
  /** False: there are more refunds than could be read. */
  readonly refundsComplete: boolean
  /** The whole order was cancelled then. */
  readonly orderCancelledAtMs: number | null
}

export interface LineQuantities {
  readonly orderedQuantity: number
  readonly cancelledQuantity: number
  readonly shippedQuantity: number
  readonly cancelledAtMs: number | null
  readonly cancelMayRestock: boolean
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), Math.max(low, high))

const sumOf = (refunds: readonly RefundedUnits[], ...kinds: readonly RestockKind[]): number =>
  refunds.reduce((sum, each) => (kinds.includes(each.kind) ? sum + each.quantity : sum), 0)

const latestCancelMs = (evidence: LineEvidence, removed: number): number | null => {
  const { orderCancelledAtMs } = evidence
  // The time of an edit is not told, and it may be the latest.
  if (removed > 0 && orderCancelledAtMs === null) return null
  let latest = orderCancelledAtMs
  for (const refund of evidence.refunds) {
    if (refund.kind === 'RETURN') continue
    if (refund.atMs === null) return null
    latest = Math.max(latest ?? 0, refund.atMs)
  }
  return latest
}

export const lineQuantities = (evidence: LineEvidence): LineQuantities => {
  const ordered = evidence.quantity
  const shipped = Math.min(evidence.shippedQuantity, ordered)
  const open = ordered - shipped
  const returned = sumOf(evidence.refunds, 'RETURN')
  const cancelled = sumOf(evidence.refunds, 'CANCEL')
  const either = sumOf(evidence.refunds, 'NO_RESTOCK', 'LEGACY_RESTOCK')
  const told = returned + cancelled + either
  const reduced = evidence.currentQuantity === null ? told : Math.max(0, ordered - evidence.currentQuantity)
  const unexplained = Math.max(0, reduced - told)
  const removed = evidence.refundsComplete ? unexplained : 0
  const undecided = either + unexplained - removed

  const most = clamp(reduced - Math.min(returned, reduced), 0, open)
  const least = clamp(cancelled + removed + Math.max(0, undecided - Math.max(0, shipped - returned)), 0, most)
  const byRemainder = evidence.unfulfilledQuantity === null ? least : open - evidence.unfulfilledQuantity
  const cancelledQuantity = evidence.orderCancelledAtMs === null ? clamp(byRemainder, least, most) : open

  const notRestocked = sumOf(evidence.refunds, 'NO_RESTOCK')
  return {
    orderedQuantity: ordered,
    cancelledQuantity,
    shippedQuantity: shipped,
    cancelledAtMs: cancelledQuantity === 0 ? null : latestCancelMs(evidence, unexplained),
    // Provable only when every unit that left the order did so without going back on sale.
    cancelMayRestock: !(
      cancelledQuantity > 0 &&
      evidence.refundsComplete &&
      notRestocked >= cancelledQuantity &&
      notRestocked === told &&
      unexplained === 0
    ),
  }
}
