// An order's decision as the answer that Amazon expects. Pure.
// Direct fulfilment is fill or kill: every line in full (accept code), or every line with 0 (out-of-stock code).
// A purchase order is answered line by line: Accepted, the rest Rejected as TemporarilyUnavailable, never more than ordered. A line ordered
// in Cases is accepted in whole cases, rounded DOWN: of 30 eaches accepted and cases of 12, Amazon is told 2 cases, so that 6 eaches stay
// reserved for an order that will not take them until the warehouse ships or releases them. Parts of 0 are left out, because the model
// says that an acknowledged quantity should not be 0.
// Sources: vendorDirectFulfillmentOrders_2021-12-28.json, vendorOrders.json, submitAcknowledgement.
import { BelayError } from '../../domain/errors.ts'
import type { Order, OrderLine } from '../../domain/orders.ts'
import type { components as DirectOrders } from '../sp-api/generated/vendor-direct-fulfillment-orders.ts'
import type { components as VendorOrders } from '../sp-api/generated/vendor-orders.ts'
import type { DirectEcho, EchoMoney, PurchaseEcho, PurchaseEchoLine } from './echo.ts'
import { isoTime } from './window.ts'

export type DirectAcknowledgement = DirectOrders['schemas']['SubmitAcknowledgementRequest']
export type PurchaseAcknowledgement = VendorOrders['schemas']['SubmitAcknowledgementRequest']
type PurchaseItem = VendorOrders['schemas']['OrderAcknowledgementItem']
type PurchasePart = VendorOrders['schemas']['OrderItemAcknowledgement']
type PurchaseMoney = VendorOrders['schemas']['Money']

export interface AcknowledgeCodes {
  readonly acceptCode: string
  readonly outOfStockCode: string
}

const decisionsOf = (order: Order): ReadonlyMap<string, OrderLine> => new Map(order.lines.map((line) => [line.lineId, line]))

const undecided = (order: Order, lineId: string): BelayError =>
  new BelayError('listing-unknown', `order ${order.orderId} line ${lineId} has no decision: its product is not among the listings`, {
    fix: 'add the listing that the line names; the answer is then sent',
  })

/** How many of the line we take. A fact without a decision is a sale: it is taken in full. */
const acceptedOf = (order: Order, line: OrderLine | undefined, lineId: string): number => {
  const accepted = line?.acceptedQuantity ?? (order.demand === 'fact' ? line?.orderedQuantity : undefined)
  if (line === undefined || accepted === undefined) throw undecided(order, lineId)
  return Math.max(0, Math.min(accepted, line.orderedQuantity))
}

const identifiersAs = (
  asinName: 'buyerProductIdentifier' | 'amazonProductIdentifier',
  line: { readonly vendorProductIdentifier: string | null; readonly asin: string | null },
): Record<string, string> => ({
  ...(line.asin === null ? {} : { [asinName]: line.asin }),
  ...(line.vendorProductIdentifier === null ? {} : { vendorProductIdentifier: line.vendorProductIdentifier }),
})

/** Null: everything is cancelled, there is nothing to answer. */
export const directAcknowledgement = (
  order: Order,
  echo: DirectEcho,
  codes: AcknowledgeCodes,
  nowMs: number,
): DirectAcknowledgement | null => {
  if (order.lines.length > 0 && order.lines.every((line) => line.cancelledQuantity >= line.orderedQuantity)) return null
  const decisions = decisionsOf(order)
  const lines = echo.lines.map((line) => {
    const decision = decisions.get(line.lineId)
    return { line, accepted: acceptedOf(order, decision, line.lineId), ordered: decision?.orderedQuantity ?? 0 }
  })
  const whole = lines.every((each) => each.accepted === each.ordered)
  return {
    orderAcknowledgements: [
      {
        purchaseOrderNumber: order.orderId,
        vendorOrderNumber: echo.vendorOrderNumber,
        acknowledgementDate: isoTime(nowMs),
        acknowledgementStatus: whole
          ? { code: codes.acceptCode, description: 'Shipping 100 percent of ordered product' }
          : { code: codes.outOfStockCode, description: 'Out of stock' },
        sellingParty: { partyId: echo.sellingPartyId },
        shipFromParty: { partyId: echo.shipFromPartyId },
        itemAcknowledgements: lines.map(({ line, ordered }) => ({
          itemSequenceNumber: line.lineId,
          ...identifiersAs('buyerProductIdentifier', line),
          acknowledgedQuantity: { amount: whole ? ordered : 0, unitOfMeasure: line.unitOfMeasure },
        })),
      },
    ],
  }
}

const weightUnits = ['POUNDS', 'OUNCES', 'GRAMS', 'KILOGRAMS'] as const

const moneyAs = (money: EchoMoney): PurchaseMoney => {
  const unit = weightUnits.find((each) => each === money.unitOfMeasure)
  return {
    amount: money.amount,
    ...(money.currencyCode === null ? {} : { currencyCode: money.currencyCode }),
    ...(unit === undefined ? {} : { unitOfMeasure: unit }),
  }
}

/** Accepted eaches in the unit of the order line: whole cases where it was ordered in cases. */
export const acceptedAmount = (
  line: Pick<PurchaseEchoLine, 'orderedAmount' | 'unitOfMeasure' | 'unitSize'>,
  acceptedEaches: number,
): number => {
  const amount = line.unitOfMeasure === 'Cases' ? Math.floor(acceptedEaches / Math.max(1, line.unitSize ?? 1)) : acceptedEaches
  return Math.max(0, Math.min(amount, line.orderedAmount))
}

const purchaseItem = (line: PurchaseEchoLine, acceptedEaches: number): PurchaseItem => {
  const quantityOf = (amount: number): PurchasePart['acknowledgedQuantity'] => ({
    amount,
    unitOfMeasure: line.unitOfMeasure,
    ...(line.unitSize === null ? {} : { unitSize: line.unitSize }),
  })
  const accepted = acceptedAmount(line, acceptedEaches)
  const refused = line.orderedAmount - accepted
  const parts: PurchasePart[] = []
  if (accepted > 0) parts.push({ acknowledgementCode: 'Accepted', acknowledgedQuantity: quantityOf(accepted) })
  if (refused > 0)
    parts.push({ acknowledgementCode: 'Rejected', acknowledgedQuantity: quantityOf(refused), rejectionReason: 'TemporarilyUnavailable' })
  return {
    itemSequenceNumber: line.lineId,
    ...identifiersAs('amazonProductIdentifier', line),
    orderedQuantity: quantityOf(line.orderedAmount),
    ...(line.netCost === null ? {} : { netCost: moneyAs(line.netCost) }),
    itemAcknowledgements: parts,
  }
}

/** Null: every line is cancelled (ordered quantity 0), there is nothing to answer. */
export const purchaseAcknowledgement = (order: Order, echo: PurchaseEcho, nowMs: number): PurchaseAcknowledgement | null => {
  const decisions = decisionsOf(order)
  const items = echo.lines
    .filter((line) => line.orderedAmount > 0)
    .map((line) => purchaseItem(line, acceptedOf(order, decisions.get(line.lineId), line.lineId)))
  if (items.length === 0) return null
  return {
    acknowledgements: [
      { purchaseOrderNumber: order.orderId, sellingParty: { partyId: echo.sellingPartyId }, acknowledgementDate: isoTime(nowMs), items },
    ],
  }
}
