// The shop's orders and what they do to stock [shopify.dev inventory-management-apps]:
//   created:            available -q, committed +q
//   shipped:            committed -q (on hand falls)
//   cancelled, restock: committed -k, available +k
//   cancelled without:  committed -k (on hand falls; available stays)
// Every change moves `updatedAt`. Keeps at most `maxOrders` orders; the oldest settled ones are forgotten first.
import { numericId } from './identifiers.ts'
import { change, type Item, type Level, type Location, type Stock } from './stock.ts'

export interface OrderLine {
  readonly id: string
  readonly level: Level
  readonly item: Item
  quantity: number
  removedQuantity: number
  shippedQuantity: number
}

export interface FulfillmentOrder {
  readonly id: string
  readonly location: Location
  readonly lines: readonly { readonly id: string; readonly line: OrderLine }[]
}

export interface Refund {
  readonly id: string
  readonly createdAtMs: number
  readonly lines: readonly { readonly id: string; readonly line: OrderLine; readonly quantity: number; readonly restock: boolean }[]
}

/** What left one location together. */
export interface Fulfillment {
  readonly id: string
  readonly createdAtMs: number
  readonly location: Location
  readonly lines: readonly { readonly id: string; readonly line: OrderLine; readonly quantity: number }[]
}

export type CancelReason = 'CUSTOMER' | 'DECLINED' | 'FRAUD' | 'INVENTORY' | 'OTHER' | 'STAFF'

export interface Order {
  readonly sequence: number
  readonly id: string
  readonly name: string
  readonly createdAtMs: number
  /** Every time it changed, creation included, ascending. */
  readonly changesAtMs: number[]
  readonly lines: readonly OrderLine[]
  readonly fulfillmentOrders: readonly FulfillmentOrder[]
  readonly refunds: Refund[]
  readonly fulfillments: Fulfillment[]
  cancelledAtMs: number | null
  cancelReason: CancelReason | null
  closedAtMs: number | null
  /** No search finds it before. */
  hiddenUntilMs: number
}

export interface CancelRequest {
  readonly restock: boolean
  readonly lineId?: string
  readonly quantity?: number
  readonly reason: CancelReason
}

/** What a change of an order touched: for the webhooks. */
export interface OrderEffect {
  readonly order: Order
  /** Levels whose available quantity changed. */
  readonly levels: readonly Level[]
  readonly refund: Refund | null
}

export interface OrderBook {
  /** `claimed`: put aside in a checkout before, so that what is available now does not matter. */
  place(lines: readonly { readonly level: Level; readonly quantity: number }[], atMs: number, claimed?: boolean): OrderEffect | null
  /** An order is edited: one more of a line, if it is there. */
  grow(order: Order, lineId: string, atMs: number): OrderEffect | null
  cancel(order: Order, request: CancelRequest, atMs: number): OrderEffect | null
  ship(order: Order, atMs: number): OrderEffect | null
  /** An order that changed without its stock (routing done). */
  touch(order: Order, atMs: number): void
  order(id: string): Order | undefined
  fulfillmentOrder(id: string): { readonly order: Order; readonly fulfillmentOrder: FulfillmentOrder } | undefined
  /** In the order of creation. */
  all(): readonly Order[]
  /** Every (order, change time) in the order of the changes. */
  changes(): readonly { readonly order: Order; readonly atMs: number }[]
}

export const updatedAtMs = (order: Order): number => order.changesAtMs.at(-1) ?? order.createdAtMs
export const unfulfilledQuantity = (line: OrderLine): number => line.quantity - line.removedQuantity - line.shippedQuantity
export const currentQuantity = (line: OrderLine): number => line.quantity - line.removedQuantity

/** Twice what an eight-hour rehearsal at 200 orders a minute makes. */
const defaultMaxOrders = 200_000

export const createOrderBook = (stock: Stock, maxOrders = defaultMaxOrders): OrderBook => {
  let orders: Order[] = []
  let changes: { readonly order: Order; readonly atMs: number }[] = []
  let lineCount = 0
  let orderCount = 0
  let refundCount = 0
  let refundLineCount = 0
  let fulfillmentCount = 0
  let fulfillmentLineCount = 0
  const byId = new Map<string, Order>()
  const fulfillmentOrders = new Map<string, { readonly order: Order; readonly fulfillmentOrder: FulfillmentOrder }>()

  const settled = (order: Order): boolean => order.lines.every((line) => unfulfilledQuantity(line) === 0)
  const forget = (): void => {
    const excess = orders.length - maxOrders
    const gone = new Set(
      orders
        .slice(0, Math.max(1, orders.length / 4))
        .filter(settled)
        .slice(0, excess + maxOrders / 10),
    )
    // When nothing old is settled, the oldest go anyway: the bound holds.
    for (const order of orders) if (gone.size < excess) gone.add(order)
    for (const order of gone) {
      byId.delete(order.id)
      for (const each of order.fulfillmentOrders) fulfillmentOrders.delete(each.id)
    }
    orders = orders.filter((order) => !gone.has(order))
    changes = changes.filter((each) => !gone.has(each.order))
  }
  const touch = (order: Order, atMs: number): void => {
    order.changesAtMs.push(atMs)
    changes.push({ order, atMs })
  }

  const grow: OrderBook['grow'] = (order, lineId, atMs) => {
    const line = order.lines.find((each) => each.id === lineId)
    if (!line || order.cancelledAtMs !== null || line.removedQuantity > 0 || line.shippedQuantity > 0) return null
    if (line.level.quantities.available < 1) return null
    line.quantity += 1
    line.level.soldQuantity += 1
    change(line.level, 'available', -1, atMs)
    change(line.level, 'committed', 1, atMs)
    touch(order, atMs)
    return { order, levels: [line.level], refund: null }
  }

  const place: OrderBook['place'] = (wanted, atMs, claimed = false) => {
    const wantedUnits = new Map<Level, number>()
    for (const each of wanted) wantedUnits.set(each.level, (wantedUnits.get(each.level) ?? 0) + each.quantity)
    for (const [level, units] of wantedUnits) {
      if (!level.location.isActive || !level.item.tracked) return null
      if (!claimed && level.item.inventoryPolicy === 'DENY' && level.quantities.available < units) return null
    }
    const sequence = orderCount++
    const lines = wanted.map(
      (each): OrderLine => ({
        id: numericId('LineItem', lineCount++),
        level: each.level,
        item: each.level.item,
        quantity: each.quantity,
        removedQuantity: 0,
        shippedQuantity: 0,
      }),
    )
    const locations = [...new Set(lines.map((line) => line.level.location))]
    const order: Order = {
      sequence,
      id: numericId('Order', sequence),
      name: `#${1001 + sequence}`,
      createdAtMs: atMs,
      changesAtMs: [],
      lines,
      fulfillmentOrders: locations.map((location, index) => ({
        // An order has at most as many as the shop has locations, so the ids do not meet.
        id: numericId('FulfillmentOrder', sequence * stock.locations.length + index),
        location,
        lines: lines
          .filter((line) => line.level.location === location)
          .map((line) => ({ id: numericId('FulfillmentOrderLineItem', Number(BigInt(line.id) - BigInt(numericId('LineItem', 0)))), line })),
      })),
      refunds: [],
      fulfillments: [],
      cancelledAtMs: null,
      cancelReason: null,
      closedAtMs: null,
      hiddenUntilMs: 0,
    }
    for (const [level, units] of wantedUnits) {
      change(level, 'available', -units, atMs)
      change(level, 'committed', units, atMs)
      level.soldQuantity += units
    }
    orders.push(order)
    byId.set(order.id, order)
    for (const each of order.fulfillmentOrders) fulfillmentOrders.set(each.id, { order, fulfillmentOrder: each })
    touch(order, atMs)
    if (orders.length > maxOrders) forget()
    return { order, levels: [...wantedUnits.keys()], refund: null }
  }

  const cancel: OrderBook['cancel'] = (order, request, atMs) => {
    if (order.cancelledAtMs !== null) return null
    const whole = request.lineId === undefined
    // Shopify cancels an order only as long as nothing of it is fulfilled; single lines are refunded.
    if (whole && (request.quantity !== undefined || order.lines.some((line) => line.shippedQuantity > 0))) return null
    const lines = whole ? order.lines : order.lines.filter((line) => line.id === request.lineId)
    const removals = lines
      .map((line) => ({ line, quantity: request.quantity ?? unfulfilledQuantity(line) }))
      .filter((each) => each.quantity !== 0)
    if (removals.length === 0) return null
    if (removals.some(({ line, quantity }) => !Number.isInteger(quantity) || quantity < 0 || quantity > unfulfilledQuantity(line)))
      return null
    for (const { line, quantity } of removals) {
      line.removedQuantity += quantity
      line.level.cancelledQuantity += quantity
      change(line.level, 'committed', -quantity, atMs)
      if (!request.restock) continue
      change(line.level, 'available', quantity, atMs)
      line.level.restockedQuantity += quantity
    }
    const refund: Refund = {
      id: numericId('Refund', refundCount++),
      createdAtMs: atMs,
      lines: removals.map((each) => ({ ...each, id: numericId('RefundLineItem', refundLineCount++), restock: request.restock })),
    }
    order.refunds.push(refund)
    if (whole) {
      order.cancelledAtMs = atMs
      order.cancelReason = request.reason
      order.closedAtMs = atMs
    }
    touch(order, atMs)
    return { order, levels: request.restock ? [...new Set(removals.map((each) => each.line.level))] : [], refund }
  }

  const ship: OrderBook['ship'] = (order, atMs) => {
    const open = order.lines.filter((line) => unfulfilledQuantity(line) > 0)
    if (order.cancelledAtMs !== null || open.length === 0) return null
    const parcels = Map.groupBy(open, (line) => line.level.location)
    for (const [location, lines] of parcels) {
      order.fulfillments.push({
        id: numericId('Fulfillment', fulfillmentCount++),
        createdAtMs: atMs,
        location,
        lines: lines.map((line) => ({
          id: numericId('FulfillmentLineItem', fulfillmentLineCount++),
          line,
          quantity: unfulfilledQuantity(line),
        })),
      })
    }
    for (const line of open) {
      const units = unfulfilledQuantity(line)
      line.shippedQuantity += units
      line.level.shippedQuantity += units
      change(line.level, 'committed', -units, atMs)
    }
    order.closedAtMs = atMs
    touch(order, atMs)
    return { order, levels: [], refund: null }
  }

  return {
    place,
    grow,
    cancel,
    ship,
    touch,
    order: (id) => byId.get(id),
    fulfillmentOrder: (id) => fulfillmentOrders.get(id),
    all: () => orders,
    changes: () => changes,
  }
}
