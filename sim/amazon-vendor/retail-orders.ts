// Vendor Orders v1 (retail procurement): getPurchaseOrders, getPurchaseOrder, submitAcknowledgement.
// `changedAfter` finds only orders that Amazon changed after they were placed: an order that never changed has no changed date.
import type { SimulatorPorts } from '../simulator.ts'
import { amountOf } from '../sp-api/amount.ts'
import { type Answer, answered, type Endpoint, invalid, refusal } from '../sp-api/gateway.ts'
import { type Arguments, loadOperation } from '../sp-api/operation.ts'
import { createPages } from '../sp-api/paging.ts'
import type { PurchaseOrder, Purchasing, RetailLine } from './purchasing.ts'
import { applyRetailAnswers, type RetailAnswer } from './retail-answer.ts'
import { inWindow, timeWindow, type TimeWindow } from './time-window.ts'
import type { Transactions } from './transactions.ts'

/** Not documented. */
const pageLifetimeMs = 3_600_000
/** Vendor Orders v1, getPurchaseOrders: default and most records of a page. */
const maxPageSize = 100
const dayMs = 86_400_000

interface Query {
  readonly limit?: number
  readonly createdAfter?: string
  readonly createdBefore?: string
  readonly changedAfter?: string
  readonly changedBefore?: string
  readonly sortOrder?: string
  readonly nextToken?: string
  readonly includeDetails?: string
  readonly poItemState?: string
  readonly isPOChanged?: string
  readonly purchaseOrderState?: string
  readonly orderingVendorCode?: string
}

export interface RetailOrdersOptions {
  readonly vendorCode: string
  readonly purchasing: Purchasing
  readonly transactions: Transactions
  readonly ports: SimulatorPorts
}

const isoTime = (ms: number): string => new Date(ms).toISOString()

const quantityShape = (line: RetailLine): unknown =>
  line.offer.unitsPerCase > 1
    ? { amount: line.orderedUnits / line.offer.unitsPerCase, unitOfMeasure: 'Cases', unitSize: line.offer.unitsPerCase }
    : { amount: line.orderedUnits, unitOfMeasure: 'Eaches', unitSize: 1 }

const orderShape = (order: PurchaseOrder, vendorCode: string): unknown => ({
  purchaseOrderNumber: order.purchaseOrderNumber,
  purchaseOrderState: order.state,
  orderDetails: {
    purchaseOrderDate: isoTime(order.createdAtMs),
    ...(order.changedAtMs === null ? {} : { purchaseOrderChangedDate: isoTime(order.changedAtMs) }),
    purchaseOrderStateChangedDate: isoTime(order.stateChangedAtMs),
    purchaseOrderType: 'RegularOrder',
    paymentMethod: 'Invoice',
    buyingParty: { partyId: 'AMAZON' },
    sellingParty: { partyId: vendorCode },
    shipToParty: { partyId: 'DTM2' },
    billToParty: { partyId: 'AMAZON' },
    shipWindow: `${isoTime(order.createdAtMs + dayMs)}--${isoTime(order.createdAtMs + 5 * dayMs)}`,
    deliveryWindow: `${isoTime(order.createdAtMs + 3 * dayMs)}--${isoTime(order.createdAtMs + 8 * dayMs)}`,
    items: order.lines.map((line) => ({
      itemSequenceNumber: line.sequence,
      amazonProductIdentifier: line.offer.asin,
      vendorProductIdentifier: line.offer.vendorSku,
      orderedQuantity: quantityShape(line),
      isBackOrderAllowed: line.offer.isBackOrderAllowed,
      netCost: amountOf(line.offer.priceMinor, line.offer.currency),
    })),
  },
})

interface Windows {
  readonly created: TimeWindow | null
  readonly changed: TimeWindow | null
}

const windowsOf = (query: Query, nowMs: number): Windows | Answer => {
  if (query.createdAfter === undefined && query.changedAfter === undefined)
    return invalid('createdAfter, changedAfter', 'must be given, at least one of them')
  const created = query.createdAfter === undefined ? null : timeWindow('created', query.createdAfter, query.createdBefore, nowMs)
  if (created && 'status' in created) return created
  const changed = query.changedAfter === undefined ? null : timeWindow('changed', query.changedAfter, query.changedBefore, nowMs)
  if (changed && 'status' in changed) return changed
  return { created, changed }
}

const matches = (order: PurchaseOrder, query: Query, windows: Windows, vendorCode: string): boolean =>
  (windows.created === null || inWindow(order.createdAtMs, windows.created)) &&
  (windows.changed === null || (order.changedAtMs !== null && inWindow(order.changedAtMs, windows.changed))) &&
  (query.isPOChanged !== 'true' || order.changedAtMs !== null) &&
  (query.poItemState === undefined || order.lines.some((line) => line.orderedUnits === 0)) &&
  (query.purchaseOrderState === undefined || order.state === query.purchaseOrderState) &&
  (query.orderingVendorCode === undefined || query.orderingVendorCode === vendorCode)

export const retailOrdersEndpoints = ({ vendorCode, purchasing, transactions, ports }: RetailOrdersOptions): readonly Endpoint[] => {
  const pages = createPages<PurchaseOrder>(ports.clock, ports.random, pageLifetimeMs)

  const search = (call: Arguments): Answer => {
    const query = call.query as Query
    const nowMs = ports.clock.nowMs()
    const windows = windowsOf(query, nowMs)
    if ('status' in windows) return windows
    const found = [...purchasing.orders.values()].filter(
      (order) => order.visibleAtMs <= nowMs && matches(order, query, windows, vendorCode),
    )
    const sorted = query.sortOrder === 'DESC' ? found.toReversed() : found
    const filter = JSON.stringify({ ...query, nextToken: undefined, limit: undefined })
    const pageSize = query.limit ?? maxPageSize
    const page = query.nextToken === undefined ? pages.first(sorted, pageSize, filter) : pages.next(query.nextToken, pageSize, filter)
    if ('refused' in page) return invalid('nextToken', `is not valid: ${page.refused}`)
    const orders = page.items.map((order) =>
      query.includeDetails === 'false'
        ? { purchaseOrderNumber: order.purchaseOrderNumber, purchaseOrderState: order.state }
        : orderShape(order, vendorCode),
    )
    return answered(200, { payload: { ...(page.nextToken === null ? {} : { pagination: { nextToken: page.nextToken } }), orders } })
  }

  const get = ({ path }: Arguments): Answer => {
    const order = purchasing.orders.get(path['purchaseOrderNumber'] ?? '')
    if (!order || order.visibleAtMs > ports.clock.nowMs()) return refusal(404, 'NotFound', 'The purchase order was not found.')
    return answered(200, { payload: orderShape(order, vendorCode) })
  }

  const acknowledge = ({ body }: Arguments): Answer => {
    const { acknowledgements = [] } = body as { readonly acknowledgements?: readonly RetailAnswer[] }
    if (acknowledgements.length === 0) return invalid('acknowledgements', 'must hold at least one acknowledgement')
    const transactionId = transactions.submit({
      program: 'retail',
      mayHang: false,
      apply: (atMs) => applyRetailAnswers(acknowledgements, purchasing.orders, vendorCode, atMs),
    })
    return answered(202, { payload: { transactionId } })
  }

  const load = (operationId: string): Endpoint['operation'] => loadOperation('vendorOrders', operationId)
  return [
    { operation: load('getPurchaseOrders'), access: 'partner', writes: false, handle: search },
    { operation: load('getPurchaseOrder'), access: 'partner', writes: false, handle: get },
    { operation: load('submitAcknowledgement'), access: 'partner', writes: true, handle: acknowledge },
  ]
}
