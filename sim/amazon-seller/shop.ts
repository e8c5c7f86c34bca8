// The truth of a simulated Amazon seller account: what is for sale, what shoppers ordered, and what became of it.
// One quantity per seller SKU (Amazon keeps merchant-fulfilled stock per seller and SKU, for all marketplaces). A checkout makes a Pending
// order and takes its units off the listing at that moment; a Pending order becomes Unshipped when its payment is settled; a cancellation
// gives its units back to the listing unless it was for lack of stock. Books always balance: live = opening + written + restocked - sold.
//
//   Pending --payment settled--> Unshipped --shipped--> Shipped
//      \------- all units cancelled ------> Canceled
import type { CatalogueItem, Market, OfferBooks, SimulatedOrder, SimulatorPorts } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'
import { unitsWanted } from '../sp-api/basket.ts'
import { type DelayRange, delayMs, pick } from '../sp-api/chance.ts'

/** Kept for the life of the simulator; beyond it the platform sells nothing more. */
const maxOrders = 1_000_000

export interface Offer {
  readonly sku: string
  readonly asin: string
  readonly title: string
  readonly priceMinor: number
  readonly currency: string
  readonly createdAtMs: number
  readonly openingQuantity: number
  updatedAtMs: number
  liveQuantity: number
  soldQuantity: number
  cancelledQuantity: number
  restockedQuantity: number
  shippedQuantity: number
  writtenQuantity: number
  /** What `attributes` echoes: the quantity last accepted, which may never have taken effect and does not follow sales. */
  acceptedQuantity: number
  fulfilment: 'MFN' | 'FBA'
  /** Taken off sale by the merchant or by Amazon, whatever its quantity. */
  isInactive: boolean
  unitsPerListing: number
  /** Writes that will be accepted and not applied. */
  writesToLose: number
}

export interface OrderLine {
  readonly lineId: string
  readonly offer: Offer
  readonly orderedQuantity: number
  cancelledQuantity: number
  shippedQuantity: number
  cancellation: Cancellation | null
}

/** Who cancelled and why: for lack of stock the merchant, and then the units do not go back on sale; else the buyer. */
interface Cancellation {
  readonly cancelledBy: 'BUYER' | 'MERCHANT'
  readonly reason: string
}

export type OrderStatus = 'Pending' | 'Unshipped' | 'Shipped' | 'Canceled'

export interface SellerOrder {
  readonly orderId: string
  readonly createdAtMs: number
  /** From when on searches and reads find it. */
  visibleAtMs: number
  readonly lines: readonly OrderLine[]
  updatedAtMs: number
  status: OrderStatus
}

interface ShopEvents {
  quantityChanged(offer: Offer, atMs: number): void
  statusChanged(order: SellerOrder, reason: string, atMs: number): void
}

export interface Shop {
  readonly offers: Map<string, Offer>
  readonly orders: ReadonlyMap<string, SellerOrder>
  write(offer: Offer, quantity: number, atMs: number): void
  buy: Market['buy']
  cancel(orderId: string, options: { readonly restock: boolean; readonly lineId?: string; readonly quantity?: number }): boolean
  ship(orderId: string): boolean
  books(): readonly OfferBooks[]
}

export interface ShopOptions {
  readonly catalogue: readonly CatalogueItem[]
  readonly agenda: Agenda
  readonly ports: SimulatorPorts
  readonly events: ShopEvents
  readonly pending: DelayRange
  readonly orderVisibilityMs: number
}

const offerOf = (item: CatalogueItem, index: number, nowMs: number): Offer => ({
  sku: item.sku,
  asin: `B0${index.toString(36).toUpperCase().padStart(8, '0')}`,
  title: item.title,
  priceMinor: item.priceMinor,
  currency: item.currency,
  createdAtMs: nowMs,
  openingQuantity: item.quantity,
  updatedAtMs: nowMs,
  liveQuantity: item.quantity,
  soldQuantity: 0,
  cancelledQuantity: 0,
  restockedQuantity: 0,
  shippedQuantity: 0,
  writtenQuantity: 0,
  acceptedQuantity: item.quantity,
  fulfilment: 'MFN',
  isInactive: false,
  unitsPerListing: 1,
  writesToLose: 0,
})

const openUnits = (line: OrderLine): number => line.orderedQuantity - line.cancelledQuantity - line.shippedQuantity

export const simulatedOrder = (order: SellerOrder): SimulatedOrder => ({
  orderId: order.orderId,
  createdAtMs: order.createdAtMs,
  lines: order.lines.map((line) => ({ lineId: line.lineId, externalId: line.offer.sku, quantity: line.orderedQuantity })),
})

export const createShop = ({ catalogue, agenda, ports, events, pending, orderVisibilityMs }: ShopOptions): Shop => {
  const { clock, random } = ports
  const offers = new Map(catalogue.map((item, index) => [item.sku, offerOf(item, index, clock.nowMs())]))
  const orders = new Map<string, SellerOrder>()

  const move = (offer: Offer, units: number, atMs: number): void => {
    offer.liveQuantity += units
    if (units !== 0) events.quantityChanged(offer, atMs)
  }

  const enter = (order: SellerOrder, status: OrderStatus, reason: string, atMs: number): void => {
    order.status = status
    order.updatedAtMs = atMs
    events.statusChanged(order, reason, atMs)
  }

  /** Amazon order ids are digits in the form 3-7-7. */
  const newOrderId = (): string => {
    for (;;) {
      const id = [3, 7, 7].map((count) => pick(random, '0123456789', count)).join('-')
      if (!orders.has(id)) return id
    }
  }

  const place = (units: ReadonlyMap<Offer, number>): SellerOrder => {
    const nowMs = clock.nowMs()
    const order: SellerOrder = {
      orderId: newOrderId(),
      createdAtMs: nowMs,
      visibleAtMs: nowMs + delayMs(random, { minMs: 0, maxMs: orderVisibilityMs }),
      lines: [...units].map(([offer, quantity]) => ({
        lineId: pick(random, '0123456789', 14),
        offer,
        orderedQuantity: quantity,
        cancelledQuantity: 0,
        shippedQuantity: 0,
        cancellation: null,
      })),
      updatedAtMs: nowMs,
      status: 'Pending',
    }
    orders.set(order.orderId, order)
    for (const [offer, quantity] of units) {
      offer.soldQuantity += quantity
      move(offer, -quantity, nowMs)
    }
    enter(order, 'Pending', 'Order placed', nowMs)
    agenda.at(nowMs + delayMs(random, pending), (atMs) => {
      if (order.status === 'Pending') enter(order, 'Unshipped', 'Payment settled', atMs)
    })
    return order
  }

  const cancelUnits = (line: OrderLine, quantity: number, restock: boolean, atMs: number): void => {
    line.cancelledQuantity += quantity
    line.cancellation = restock ? { cancelledBy: 'BUYER', reason: 'Buyer Canceled' } : { cancelledBy: 'MERCHANT', reason: 'No Inventory' }
    line.offer.cancelledQuantity += quantity
    if (!restock) return
    line.offer.restockedQuantity += quantity
    move(line.offer, quantity, atMs)
  }

  return {
    offers,
    orders,
    write: (offer, quantity, atMs) => {
      const change = quantity - offer.liveQuantity
      offer.writtenQuantity += change
      offer.updatedAtMs = atMs
      move(offer, change, atMs)
    },
    buy: (lines, claim) => {
      agenda.runDue()
      const units = unitsWanted(offers, lines)
      if (units.size === 0 || orders.size >= maxOrders) return null
      for (const [offer, quantity] of units)
        if ((offer.liveQuantity < quantity && claim === undefined) || offer.isInactive || offer.fulfilment === 'FBA') return null
      return simulatedOrder(place(units))
    },
    cancel: (orderId, { restock, lineId, quantity }) => {
      agenda.runDue()
      const order = orders.get(orderId)
      if (!order || order.status === 'Shipped' || order.status === 'Canceled') return false
      const nowMs = clock.nowMs()
      let left = quantity ?? Number.MAX_SAFE_INTEGER
      let cancelled = 0
      for (const line of order.lines) {
        const units = lineId === undefined || line.lineId === lineId ? Math.min(openUnits(line), left) : 0
        if (units <= 0) continue
        cancelUnits(line, units, restock, nowMs)
        left -= units
        cancelled += units
      }
      if (cancelled === 0) return false
      order.updatedAtMs = nowMs
      // A partly cancelled order keeps its status, so no notice is sent of it: searches tell.
      if (order.lines.every((line) => openUnits(line) === 0)) enter(order, 'Canceled', restock ? 'Buyer Canceled' : 'No Inventory', nowMs)
      return true
    },
    ship: (orderId) => {
      agenda.runDue()
      const order = orders.get(orderId)
      if (order?.status !== 'Unshipped') return false
      for (const line of order.lines) {
        line.offer.shippedQuantity += openUnits(line)
        line.shippedQuantity += openUnits(line)
      }
      enter(order, 'Shipped', 'Shipment confirmed', clock.nowMs())
      return true
    },
    books: () => {
      agenda.runDue()
      return [...offers.values()].map((offer) => ({
        externalId: offer.sku,
        sku: offer.sku,
        openingQuantity: offer.openingQuantity,
        liveQuantity: offer.liveQuantity,
        soldQuantity: offer.soldQuantity,
        cancelledQuantity: offer.cancelledQuantity,
        restockedQuantity: offer.restockedQuantity,
        shippedQuantity: offer.shippedQuantity,
        writtenQuantity: offer.writtenQuantity,
      }))
    },
  }
}
