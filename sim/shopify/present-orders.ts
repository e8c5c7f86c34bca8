// Orders, their lines, fulfilment orders and refunds as GraphQL resolves on them, and the `orders` connection with its search.
import { GraphQLError } from 'graphql'
import { gid, isoSeconds } from './identifiers.ts'
import {
  currentQuantity,
  type Fulfillment,
  type FulfillmentOrder,
  type Order,
  type OrderLine,
  type Refund,
  unfulfilledQuantity,
  updatedAtMs,
} from './orders.ts'
import { connectionOf, type PageArguments, type SortKey } from './paging.ts'
import { type Context, moneyAmount, type Node, type StockPresenter } from './present-stock.ts'
import { parseSearch, parseTime, type SearchFields } from './search.ts'
import type { Shop } from './shop.ts'

export interface OrderPresenter {
  readonly order: (order: Order) => Node
  readonly fulfillmentOrder: (order: Order, each: FulfillmentOrder) => Node
  orders(page: PageArguments & { readonly query?: string | null; readonly sortKey?: string | null }, context: Context): unknown
}

/** Without the scope read_all_orders only these are seen [shopify.dev Order]. */
const visibleMs = 60 * 24 * 3_600_000

const fulfillmentStatusOf = (order: Order): string => {
  if (order.lines.every((line) => currentQuantity(line) === 0))
    return order.refunds.some((each) => each.lines.some((line) => line.restock)) ? 'RESTOCKED' : 'UNFULFILLED'
  if (order.lines.every((line) => unfulfilledQuantity(line) === 0)) return 'FULFILLED'
  return order.lines.some((line) => line.shippedQuantity > 0) ? 'PARTIALLY_FULFILLED' : 'UNFULFILLED'
}

const financialStatusOf = (order: Order): string => {
  if (order.lines.every((line) => currentQuantity(line) === 0)) return 'REFUNDED'
  return order.refunds.length > 0 ? 'PARTIALLY_REFUNDED' : 'PAID'
}

const money = (minor: number, currencyCode: string): Node => {
  const one = { amount: moneyAmount(minor), currencyCode }
  return { shopMoney: one, presentmentMoney: one }
}

export const createOrderPresenter = (shop: Shop, stock: StockPresenter): OrderPresenter => {
  const lineNode = (line: OrderLine): Node => {
    const { priceMinor, currency } = line.item
    return {
      __typename: 'LineItem',
      id: gid('LineItem', line.id),
      sku: line.item.sku,
      name: line.item.title,
      title: line.item.title,
      quantity: line.quantity,
      currentQuantity: currentQuantity(line),
      unfulfilledQuantity: unfulfilledQuantity(line),
      fulfillableQuantity: unfulfilledQuantity(line),
      nonFulfillableQuantity: line.removedQuantity,
      refundableQuantity: currentQuantity(line),
      requiresShipping: true,
      restockable: true,
      isGiftCard: false,
      taxable: true,
      customAttributes: [],
      discountAllocations: [],
      taxLines: [],
      originalUnitPriceSet: money(priceMinor, currency),
      discountedUnitPriceSet: money(priceMinor, currency),
      discountedUnitPriceAfterAllDiscountsSet: money(priceMinor, currency),
      originalTotalSet: money(priceMinor * line.quantity, currency),
      discountedTotalSet: money(priceMinor * line.quantity, currency),
      totalDiscountSet: money(0, currency),
      variant: () => stock.variant(line.item),
      product: () => stock.product(line.item),
    }
  }

  const lines = (nodes: readonly OrderLine[], page: PageArguments, context: Context): unknown =>
    connectionOf({ nodes, keyOf: (line) => ({ value: 0, sequence: nodes.indexOf(line) }), present: lineNode }, page, context.bulk)

  const fulfillmentOrder = (order: Order, each: FulfillmentOrder): Node => {
    const open = each.lines.some(({ line }) => unfulfilledQuantity(line) > 0)
    return {
      __typename: 'FulfillmentOrder',
      id: gid('FulfillmentOrder', each.id),
      status: order.cancelledAtMs === null ? (open ? 'OPEN' : 'CLOSED') : 'CANCELLED',
      requestStatus: 'UNSUBMITTED',
      createdAt: isoSeconds(order.createdAtMs),
      updatedAt: isoSeconds(updatedAtMs(order)),
      orderId: gid('Order', order.id),
      orderName: order.name,
      orderProcessedAt: isoSeconds(order.createdAtMs),
      order: () => orderNode(order),
      assignedLocation: {
        __typename: 'FulfillmentOrderAssignedLocation',
        name: each.location.name,
        location: () => stock.location(each.location),
      },
      fulfillmentHolds: [],
      lineItems: (page: PageArguments, context: Context) =>
        connectionOf(
          {
            nodes: each.lines,
            keyOf: (one) => ({ value: 0, sequence: each.lines.indexOf(one) }),
            present: ({ id, line }) => ({
              __typename: 'FulfillmentOrderLineItem',
              id: gid('FulfillmentOrderLineItem', id),
              sku: line.item.sku,
              productTitle: line.item.title,
              inventoryItemId: gid('InventoryItem', line.item.id),
              requiresShipping: true,
              totalQuantity: line.quantity,
              remainingQuantity: unfulfilledQuantity(line),
              lineItem: () => lineNode(line),
              variant: () => stock.variant(line.item),
            }),
          },
          page,
          context.bulk,
        ),
    }
  }

  const refundNode = (order: Order, refund: Refund): Node => ({
    __typename: 'Refund',
    id: gid('Refund', refund.id),
    legacyResourceId: refund.id,
    createdAt: isoSeconds(refund.createdAtMs),
    processedAt: isoSeconds(refund.createdAtMs),
    updatedAt: isoSeconds(refund.createdAtMs),
    note: null,
    order: () => orderNode(order),
    refundLineItems: (page: PageArguments, context: Context) =>
      connectionOf(
        {
          nodes: refund.lines,
          keyOf: (one) => ({ value: 0, sequence: refund.lines.indexOf(one) }),
          present: (one) => ({
            __typename: 'RefundLineItem',
            id: gid('RefundLineItem', one.id),
            quantity: one.quantity,
            restockType: one.restock ? 'CANCEL' : 'NO_RESTOCK',
            restocked: one.restock,
            location: () => (one.restock ? stock.location(one.line.level.location) : null),
            lineItem: () => lineNode(one.line),
          }),
        },
        page,
        context.bulk,
      ),
  })

  const fulfillmentNode = (order: Order, each: Fulfillment): Node => ({
    __typename: 'Fulfillment',
    id: gid('Fulfillment', each.id),
    legacyResourceId: each.id,
    name: `${order.name}.${order.fulfillments.indexOf(each) + 1}`,
    status: 'SUCCESS',
    createdAt: isoSeconds(each.createdAtMs),
    updatedAt: isoSeconds(each.createdAtMs),
    totalQuantity: each.lines.reduce((sum, one) => sum + one.quantity, 0),
    requiresShipping: true,
    order: () => orderNode(order),
    location: () => stock.location(each.location),
    fulfillmentLineItems: (page: PageArguments, context: Context) =>
      connectionOf(
        {
          nodes: each.lines,
          keyOf: (one) => ({ value: 0, sequence: each.lines.indexOf(one) }),
          present: (one) => ({
            __typename: 'FulfillmentLineItem',
            id: gid('FulfillmentLineItem', one.id),
            quantity: one.quantity,
            lineItem: () => lineNode(one.line),
          }),
        },
        page,
        context.bulk,
      ),
  })

  const orderNode = (order: Order): Node => {
    const currency = order.lines[0]?.item.currency ?? 'USD'
    const total = order.lines.reduce((sum, line) => sum + line.quantity * line.item.priceMinor, 0)
    const current = order.lines.reduce((sum, line) => sum + currentQuantity(line) * line.item.priceMinor, 0)
    return {
      __typename: 'Order',
      id: gid('Order', order.id),
      legacyResourceId: order.id,
      name: order.name,
      number: 1 + order.sequence,
      createdAt: isoSeconds(order.createdAtMs),
      processedAt: isoSeconds(order.createdAtMs),
      updatedAt: isoSeconds(updatedAtMs(order)),
      cancelledAt: order.cancelledAtMs === null ? null : isoSeconds(order.cancelledAtMs),
      cancelReason: order.cancelReason,
      closed: order.closedAtMs !== null,
      closedAt: order.closedAtMs === null ? null : isoSeconds(order.closedAtMs),
      confirmed: true,
      test: false,
      edited: false,
      sourceName: 'web',
      currencyCode: currency,
      presentmentCurrencyCode: currency,
      taxesIncluded: true,
      tags: [],
      displayFinancialStatus: financialStatusOf(order),
      displayFulfillmentStatus: fulfillmentStatusOf(order),
      requiresShipping: true,
      subtotalLineItemsQuantity: order.lines.reduce((sum, line) => sum + line.quantity, 0),
      currentSubtotalLineItemsQuantity: order.lines.reduce((sum, line) => sum + currentQuantity(line), 0),
      totalPriceSet: money(total, currency),
      originalTotalPriceSet: money(total, currency),
      currentTotalPriceSet: money(current, currency),
      subtotalPriceSet: money(total, currency),
      totalTaxSet: money(0, currency),
      totalRefundedSet: money(total - current, currency),
      lineItems: (page: PageArguments, context: Context) => lines(order.lines, page, context),
      fulfillmentOrders: (page: PageArguments & { readonly query?: string | null }, context: Context) => {
        if (page.query) throw new GraphQLError('fulfillmentOrders(query:) is not simulated')
        const nodes = shop.isRouted(order) ? order.fulfillmentOrders : []
        return connectionOf(
          { nodes, keyOf: (one) => ({ value: 0, sequence: nodes.indexOf(one) }), present: (one) => fulfillmentOrder(order, one) },
          page,
          context.bulk,
        )
      },
      fulfillments: ({ first }: { readonly first?: number | null }) =>
        order.fulfillments.slice(0, first ?? undefined).map((each) => fulfillmentNode(order, each)),
      refunds: ({ first }: { readonly first?: number | null }) =>
        order.refunds.slice(0, first ?? undefined).map((each) => refundNode(order, each)),
    }
  }

  const lagMs = shop.options.orderIndexLagMs ?? 0
  /** What the search index has as the order's time of change; null: it does not know the order yet. */
  const indexedAtMs = (order: Order, nowMs: number): number | null => order.changesAtMs.findLast((atMs) => atMs <= nowMs - lagMs) ?? null

  const orders: OrderPresenter['orders'] = (page, context) => {
    const nowMs = shop.nowMs()
    const fields: SearchFields<Order> = {
      id: { kind: 'number', read: (order) => BigInt(order.id) },
      name: { kind: 'text', read: (order) => order.name },
      created_at: { kind: 'time', read: (order) => order.createdAtMs },
      processed_at: { kind: 'time', read: (order) => order.createdAtMs },
      updated_at: { kind: 'time', read: (order) => indexedAtMs(order, nowMs) ?? order.createdAtMs },
      financial_status: { kind: 'choice', read: (order) => financialStatusOf(order).toLowerCase() },
      fulfillment_status: { kind: 'choice', read: (order) => (fulfillmentStatusOf(order) === 'FULFILLED' ? 'shipped' : 'unshipped') },
      status: {
        kind: 'choice',
        read: (order) => (order.cancelledAtMs !== null ? 'cancelled' : order.closedAtMs !== null ? 'closed' : 'open'),
      },
    }
    const search = parseSearch(page.query, fields)
    const sortKey = page.sortKey ?? 'PROCESSED_AT'
    if (!['PROCESSED_AT', 'CREATED_AT', 'UPDATED_AT', 'ID', 'ORDER_NUMBER'].includes(sortKey)) {
      throw new GraphQLError(`orders(sortKey: ${sortKey}) is not simulated`)
    }
    const sinceMs = search.required
      .filter((term) => term.field === 'updated_at' && (term.operator === '>' || term.operator === '>='))
      .reduce((latest, term) => Math.max(latest, parseTime(term.value)), Number.NEGATIVE_INFINITY)
    const oldestMs = shop.scopes.has('read_all_orders') ? Number.NEGATIVE_INFINITY : nowMs - visibleMs
    const matches = (order: Order): boolean =>
      order.createdAtMs >= oldestMs && order.hiddenUntilMs <= nowMs && indexedAtMs(order, nowMs) !== null && search.matches(order)
    const keyOf = (order: Order): SortKey => ({
      value:
        sortKey === 'UPDATED_AT'
          ? (indexedAtMs(order, nowMs) ?? 0)
          : sortKey === 'ID' || sortKey === 'ORDER_NUMBER'
            ? 0
            : order.createdAtMs,
      sequence: order.sequence,
    })
    // Orders changed at or after `sinceMs` are at the end of the log of changes; without such a term all orders are looked at.
    let nodes: Order[]
    if (sinceMs > Number.NEGATIVE_INFINITY) {
      const log = shop.orders.changes()
      let from = log.length
      while (from > 0 && log[from - 1]!.atMs >= sinceMs) from--
      nodes = [...new Set(log.slice(from).map((each) => each.order))].filter(matches)
    } else nodes = shop.orders.all().filter(matches)
    if (sortKey === 'UPDATED_AT') nodes.sort((a, b) => keyOf(a).value - keyOf(b).value || a.sequence - b.sequence)
    else nodes.sort((a, b) => a.sequence - b.sequence)
    return connectionOf({ nodes, keyOf, present: orderNode }, page, context.bulk)
  }

  return { order: orderNode, fulfillmentOrder, orders }
}
