// What an order carries along so that it can be answered (OrderFact.echo): ids, units and costs that Amazon wants to see again, nothing
// of the buyer. It is stored as plain JSON, so it is read back with the same distrust as a platform's document.
import { BelayError } from '../../domain/errors.ts'
import type { Order } from '../../domain/orders.ts'
import { isFields } from './fields.ts'

export interface EchoMoney {
  readonly amount: string
  readonly currencyCode: string | null
  /** Only for goods priced by weight. */
  readonly unitOfMeasure: string | null
}

export interface DirectEchoLine {
  readonly lineId: string
  readonly vendorProductIdentifier: string | null
  readonly asin: string | null
  readonly unitOfMeasure: 'Each'
  /** Before tax, to the vendor. */
  readonly netPrice: EchoMoney | null
}

export interface DirectEcho {
  readonly kind: 'df'
  /** The vendor's own number of the order: the acknowledgement needs one, and Amazon's is as good as any. */
  readonly vendorOrderNumber: string
  readonly sellingPartyId: string
  readonly shipFromPartyId: string
  readonly lines: readonly DirectEchoLine[]
}

export interface PurchaseEchoLine {
  readonly lineId: string
  readonly vendorProductIdentifier: string | null
  readonly asin: string | null
  readonly orderedAmount: number
  readonly unitOfMeasure: 'Cases' | 'Eaches'
  readonly unitSize: number | null
  readonly netCost: EchoMoney | null
  readonly isBackOrderAllowed: boolean
}

export interface PurchaseEcho {
  readonly kind: 'retail'
  readonly sellingPartyId: string
  readonly lines: readonly PurchaseEchoLine[]
}

/** Throws `not-found`: an order that this adapter did not make, or that was stored without its echo, cannot be answered. */
export const echoOf = (order: Order): DirectEcho | PurchaseEcho => {
  const echo = order.echo
  if (isFields(echo) && (echo.kind === 'df' || echo.kind === 'retail') && Array.isArray(echo.lines))
    return echo as unknown as DirectEcho | PurchaseEcho
  throw new BelayError('not-found', `order ${order.orderId} has lost what Amazon wants to see again in the answer`, {
    fix: 'acknowledge this order in Vendor Central',
  })
}
