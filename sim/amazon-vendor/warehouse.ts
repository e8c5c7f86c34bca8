// The truth of a vendor's direct-fulfilment business: what Amazon shows as available per warehouse and item, and what shoppers ordered.
// Whether Amazon lowers the number itself when it sells a unit is not documented: `selfDecrement` says it. Where it does not, Amazon goes
// on offering the sold unit, and the books show each sale as restocked at once. Books balance: live = opening + written + restocked - sold.
// A cancellation or a rejection never gives units back on its own unless the shopper's world says so (`restock`).
//
//   NEW --accepted--> ACCEPTED --shipped--> SHIPPED
//     \--rejected or cancelled--> CANCELLED <--cancelled--/
import type { CatalogueItem, Market, OfferBooks, SimulatedOrder, SimulatorPorts } from '../simulator.ts'
import { unitsWanted } from '../sp-api/basket.ts'
import { delayMs, pick } from '../sp-api/chance.ts'

const maxOrders = 1_000_000

export interface WarehouseOffer {
  readonly externalId: string
  readonly warehouseId: string
  readonly vendorSku: string
  readonly asin: string
  readonly title: string
  readonly priceMinor: number
  readonly currency: string
  readonly openingQuantity: number
  isObsolete: boolean
  /** Submissions that will be accepted and not applied. */
  writesToLose: number
  liveQuantity: number
  soldQuantity: number
  cancelledQuantity: number
  restockedQuantity: number
  shippedQuantity: number
  writtenQuantity: number
}

interface DirectOrderLine {
  readonly sequence: string
  readonly offer: WarehouseOffer
  readonly quantity: number
}

export interface DirectOrder {
  readonly purchaseOrderNumber: string
  readonly customerOrderNumber: string
  readonly warehouseId: string
  readonly createdAtMs: number
  readonly visibleAtMs: number
  readonly lines: readonly DirectOrderLine[]
  status: 'NEW' | 'ACCEPTED' | 'SHIPPED' | 'CANCELLED'
}

export interface DirectBusiness {
  readonly offers: ReadonlyMap<string, WarehouseOffer>
  remove(offer: WarehouseOffer): void
  readonly orders: ReadonlyMap<string, DirectOrder>
  offersOf(warehouseId: string): readonly WarehouseOffer[]
  write(offer: WarehouseOffer, quantity: number): void
  buy: Market['buy']
  accept(order: DirectOrder): void
  cancel(order: DirectOrder, restock: boolean): boolean
  ship(order: DirectOrder): boolean
  books(): readonly OfferBooks[]
}

export interface DirectBusinessOptions {
  readonly warehouses: readonly string[]
  readonly catalogue: readonly CatalogueItem[]
  readonly selfDecrement: boolean
  readonly orderVisibilityMs: number
  /** Amazon's number of each vendor SKU. */
  readonly asins: ReadonlyMap<string, string>
  readonly ports: SimulatorPorts
}

export const directSimulatedOrder = (order: DirectOrder): SimulatedOrder => ({
  orderId: order.purchaseOrderNumber,
  createdAtMs: order.createdAtMs,
  lines: order.lines.map((line) => ({ lineId: line.sequence, externalId: line.offer.externalId, quantity: line.quantity })),
})

export const createDirectBusiness = (options: DirectBusinessOptions): DirectBusiness => {
  const { clock, random } = options.ports
  const offers = new Map<string, WarehouseOffer>()
  const byWarehouse = new Map<string, WarehouseOffer[]>()
  for (const warehouseId of options.warehouses) {
    const shelf = options.catalogue.map((item) => ({
      externalId: `df/${warehouseId}/${item.sku}`,
      warehouseId,
      vendorSku: item.sku,
      asin: options.asins.get(item.sku) ?? item.sku,
      title: item.title,
      priceMinor: item.priceMinor,
      currency: item.currency,
      openingQuantity: item.quantity,
      isObsolete: false,
      writesToLose: 0,
      liveQuantity: item.quantity,
      soldQuantity: 0,
      cancelledQuantity: 0,
      restockedQuantity: 0,
      shippedQuantity: 0,
      writtenQuantity: 0,
    }))
    byWarehouse.set(warehouseId, shelf)
    for (const offer of shelf) offers.set(offer.externalId, offer)
  }
  const orders = new Map<string, DirectOrder>()

  const restock = (offer: WarehouseOffer, quantity: number): void => {
    offer.restockedQuantity += quantity
    offer.liveQuantity += quantity
  }

  const newNumber = (): string => {
    for (;;) {
      const number = `D${pick(random, '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', 8)}`
      if (!orders.has(number)) return number
    }
  }

  return {
    offers,
    orders,
    remove: (offer) => {
      offers.delete(offer.externalId)
      const shelf = byWarehouse.get(offer.warehouseId)
      shelf?.splice(shelf.indexOf(offer), 1)
    },
    offersOf: (warehouseId) => byWarehouse.get(warehouseId) ?? [],
    write: (offer, quantity) => {
      offer.writtenQuantity += quantity - offer.liveQuantity
      offer.liveQuantity = quantity
    },
    buy: (lines, claim) => {
      const units = unitsWanted(offers, lines)
      const warehouseIds = new Set([...units.keys()].map((offer) => offer.warehouseId))
      const [warehouseId] = warehouseIds
      // One purchase order ships from one warehouse.
      if (warehouseId === undefined || warehouseIds.size > 1 || orders.size >= maxOrders) return null
      for (const [offer, quantity] of units) if (offer.liveQuantity < quantity && claim === undefined) return null
      for (const [offer, quantity] of units) {
        offer.soldQuantity += quantity
        offer.liveQuantity -= quantity
        if (!options.selfDecrement) restock(offer, quantity)
      }
      const nowMs = clock.nowMs()
      const order: DirectOrder = {
        purchaseOrderNumber: newNumber(),
        customerOrderNumber: [3, 7, 7].map((count) => pick(random, '0123456789', count)).join('-'),
        warehouseId,
        createdAtMs: nowMs,
        visibleAtMs: nowMs + delayMs(random, { minMs: 0, maxMs: options.orderVisibilityMs }),
        lines: [...units].map(([offer, quantity], index) => ({ sequence: String(index + 1), offer, quantity })),
        status: 'NEW',
      }
      orders.set(order.purchaseOrderNumber, order)
      return directSimulatedOrder(order)
    },
    accept: (order) => {
      order.status = 'ACCEPTED'
    },
    cancel: (order, restocks) => {
      if (order.status === 'SHIPPED' || order.status === 'CANCELLED') return false
      order.status = 'CANCELLED'
      for (const { offer, quantity } of order.lines) {
        offer.cancelledQuantity += quantity
        // Without self-decrement the units never went off sale.
        if (restocks && options.selfDecrement) restock(offer, quantity)
      }
      return true
    },
    ship: (order) => {
      if (order.status !== 'ACCEPTED') return false
      order.status = 'SHIPPED'
      for (const { offer, quantity } of order.lines) offer.shippedQuantity += quantity
      return true
    },
    books: () =>
      [...offers.values()].map((offer) => ({
        externalId: offer.externalId,
        sku: offer.vendorSku,
        openingQuantity: offer.openingQuantity,
        liveQuantity: offer.liveQuantity,
        soldQuantity: offer.soldQuantity,
        cancelledQuantity: offer.cancelledQuantity,
        restockedQuantity: offer.restockedQuantity,
        shippedQuantity: offer.shippedQuantity,
        writtenQuantity: offer.writtenQuantity,
      })),
  }
}
