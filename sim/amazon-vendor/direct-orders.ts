// Vendor Direct Fulfillment Orders 2021-12-28: getOrders and getOrder (both need a restricted data token, for they carry the shopper's
// address) and submitAcknowledgement. An order is answered as a whole: code 00 with every line at exactly the ordered quantity accepts it,
// any other code rejects it. What quantity a rejected line carries is not documented: 0 and the ordered quantity are both taken. The
// address is invented, and the same for everyone.
import type { SimulatorPorts } from '../simulator.ts'
import { amountOf } from '../sp-api/amount.ts'
import { type Answer, answered, type Endpoint, invalid, refusal } from '../sp-api/gateway.ts'
import { type ApiError, type Arguments, loadOperation } from '../sp-api/operation.ts'
import { createPages } from '../sp-api/paging.ts'
import { inWindow, timeWindow } from './time-window.ts'
import { transactionError, type Transactions } from './transactions.ts'
import type { DirectBusiness, DirectOrder } from './warehouse.ts'

/** Not documented. */
const pageLifetimeMs = 3_600_000
const maxPageSize = 100
const dayMs = 86_400_000
/** Direct fulfilment use case guide, acknowledgement codes: "shipping 100 percent of ordered product". */
const acceptedCode = '00'
const knownCodes = /^(?:0\d|1[0-3]|2[0-2]|50|51|53|54|55|56|71)$/

interface Quantity {
  readonly amount?: number
  readonly unitOfMeasure?: string
}

interface OrderAcknowledgement {
  readonly purchaseOrderNumber: string
  readonly acknowledgementStatus: { readonly code?: string }
  readonly sellingParty: { readonly partyId: string }
  readonly shipFromParty: { readonly partyId: string }
  readonly itemAcknowledgements: readonly { readonly itemSequenceNumber: string; readonly acknowledgedQuantity: Quantity }[]
}

export interface DirectOrdersOptions {
  readonly vendorCode: string
  readonly business: DirectBusiness
  readonly transactions: Transactions
  readonly ports: SimulatorPorts
}

const isoTime = (ms: number): string => new Date(ms).toISOString()

const shipToParty = {
  name: 'Simulated Shopper',
  addressLine1: '2 Invented Street',
  city: 'Nowhere',
  stateOrRegion: 'Nowhere',
  postalCode: '00000',
  countryCode: 'DE',
  phone: '+49 000 000000',
}

const orderShape = (order: DirectOrder, vendorCode: string): unknown => ({
  purchaseOrderNumber: order.purchaseOrderNumber,
  orderDetails: {
    customerOrderNumber: order.customerOrderNumber,
    orderDate: isoTime(order.createdAtMs),
    orderStatus: order.status,
    shipmentDetails: {
      isPriorityShipment: false,
      isScheduledDeliveryShipment: false,
      isPslipRequired: true,
      isGift: false,
      shipMethod: 'DHL_PAKET',
      shipmentDates: { requiredShipDate: isoTime(order.createdAtMs + dayMs), promisedDeliveryDate: isoTime(order.createdAtMs + 3 * dayMs) },
      messageToCustomer: '',
    },
    sellingParty: { partyId: vendorCode },
    shipFromParty: { partyId: order.warehouseId },
    shipToParty,
    billToParty: { partyId: 'AMAZON' },
    items: order.lines.map(({ sequence, offer, quantity }) => ({
      itemSequenceNumber: sequence,
      buyerProductIdentifier: offer.asin,
      vendorProductIdentifier: offer.vendorSku,
      title: offer.title,
      orderedQuantity: { amount: quantity, unitOfMeasure: 'Each' },
      netPrice: amountOf(offer.priceMinor, offer.currency),
      totalPrice: amountOf(offer.priceMinor * quantity, offer.currency),
    })),
  },
})

/** Why an acknowledgement is refused, or what it says. */
const verdictOn = (given: OrderAcknowledgement, order: DirectOrder | undefined, vendorCode: string): 'accept' | 'reject' | ApiError => {
  const number = given.purchaseOrderNumber
  if (!order) return transactionError('The purchase order is not known.', number)
  if (order.status !== 'NEW') return transactionError(`The purchase order is ${order.status} and cannot be acknowledged.`, number)
  if (given.sellingParty.partyId !== vendorCode) return transactionError('sellingParty is not that of the purchase order.', number)
  if (given.shipFromParty.partyId !== order.warehouseId) return transactionError('shipFromParty is not that of the purchase order.', number)
  const { code = '' } = given.acknowledgementStatus
  if (!knownCodes.test(code)) return transactionError('acknowledgementStatus.code is not known.', number)
  const accepts = code === acceptedCode
  const answers = new Map(given.itemAcknowledgements.map((each) => [each.itemSequenceNumber, each.acknowledgedQuantity.amount]))
  if (answers.size !== given.itemAcknowledgements.length || answers.size !== order.lines.length)
    return transactionError('Every line of the purchase order must be acknowledged exactly once.', number)
  const wrong = order.lines.find((line) => {
    const quantity = answers.get(line.sequence)
    return quantity !== line.quantity && (accepts || quantity !== 0)
  })
  if (wrong) return transactionError('A purchase order is accepted or rejected completely.', `${number}, line ${wrong.sequence}`)
  return accepts ? 'accept' : 'reject'
}

const apply = (acknowledgements: readonly OrderAcknowledgement[], business: DirectBusiness, vendorCode: string): readonly ApiError[] => {
  const verdicts = acknowledgements.map((given) => {
    const order = business.orders.get(given.purchaseOrderNumber)
    return { order, verdict: verdictOn(given, order, vendorCode) }
  })
  const errors = verdicts.flatMap(({ verdict }) => (typeof verdict === 'string' ? [] : [verdict]))
  if (errors.length > 0) return errors
  for (const { order, verdict } of verdicts) {
    if (order && verdict === 'accept') business.accept(order)
    if (order && verdict === 'reject') business.cancel(order, false)
  }
  return []
}

export const directOrdersEndpoints = ({ vendorCode, business, transactions, ports }: DirectOrdersOptions): readonly Endpoint[] => {
  const pages = createPages<DirectOrder>(ports.clock, ports.random, pageLifetimeMs)

  const search = (call: Arguments): Answer => {
    const query = call.query as {
      readonly createdAfter: string
      readonly createdBefore: string
      readonly shipFromPartyId?: string
      readonly status?: string
      readonly sortOrder?: string
      readonly limit?: number
      readonly nextToken?: string
      readonly includeDetails?: string
    }
    const nowMs = ports.clock.nowMs()
    const window = timeWindow('created', query.createdAfter, query.createdBefore, nowMs)
    if ('status' in window) return window
    const found = [...business.orders.values()].filter(
      (order) =>
        inWindow(order.createdAtMs, window) &&
        order.visibleAtMs <= nowMs &&
        (query.shipFromPartyId === undefined || order.warehouseId === query.shipFromPartyId) &&
        (query.status === undefined || order.status === query.status),
    )
    const sorted = query.sortOrder === 'DESC' ? found.toReversed() : found
    const filter = JSON.stringify({ ...query, nextToken: undefined, limit: undefined })
    const pageSize = query.limit ?? maxPageSize
    const page = query.nextToken === undefined ? pages.first(sorted, pageSize, filter) : pages.next(query.nextToken, pageSize, filter)
    if ('refused' in page) return invalid('nextToken', `is not valid: ${page.refused}`)
    const orders = page.items.map((order) =>
      query.includeDetails === 'false' ? { purchaseOrderNumber: order.purchaseOrderNumber } : orderShape(order, vendorCode),
    )
    return answered(200, { ...(page.nextToken === null ? {} : { pagination: { nextToken: page.nextToken } }), orders })
  }

  const get = ({ path }: Arguments): Answer => {
    const order = business.orders.get(path['purchaseOrderNumber'] ?? '')
    if (!order || order.visibleAtMs > ports.clock.nowMs()) return refusal(404, 'NotFound', 'The purchase order was not found.')
    return answered(200, orderShape(order, vendorCode))
  }

  const acknowledge = ({ body }: Arguments): Answer => {
    const { orderAcknowledgements = [] } = body as { readonly orderAcknowledgements?: readonly OrderAcknowledgement[] }
    if (orderAcknowledgements.length === 0) return invalid('orderAcknowledgements', 'must hold at least one acknowledgement')
    const transactionId = transactions.submit({
      program: 'direct-fulfilment',
      mayHang: false,
      apply: () => apply(orderAcknowledgements, business, vendorCode),
    })
    return answered(202, { transactionId })
  }

  const load = (operationId: string): Endpoint['operation'] => loadOperation('directFulfillmentOrders', operationId)
  return [
    { operation: load('getOrders'), access: 'restricted', writes: false, handle: search },
    { operation: load('getOrder'), access: 'restricted', writes: false, handle: get },
    { operation: load('submitAcknowledgement'), access: 'partner', writes: true, handle: acknowledge },
  ]
}
