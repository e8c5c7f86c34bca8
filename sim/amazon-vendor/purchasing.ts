// The truth of a vendor's retail business: purchase orders that Amazon makes and the vendor answers. A purchase order is a request, so it
// always succeeds; what the vendor accepts is sold. Amazon may lower or cancel lines afterwards. Lines of case-packed items are ordered in
// cases: quantities here are single units, the API tells cases and the units in one.
// Books: accepting grants units and sells them at once, so that nothing is ever live: 0 = 0 + written - sold.
//
//   New --acknowledged--> Acknowledged --shipped--> Closed
import type { CatalogueItem, OfferBooks, SimulatedOrder, SimulatorPorts } from '../simulator.ts'
import { delayMs, pick } from '../sp-api/chance.ts'

const maxOrders = 1_000_000

export interface RetailItem extends CatalogueItem {
  /** Units in a case; more than 1: Amazon orders it in cases. Default 1. */
  readonly unitsPerCase?: number
  /** Default false. */
  readonly isBackOrderAllowed?: boolean
}

interface RetailOffer {
  readonly externalId: string
  readonly vendorSku: string
  readonly asin: string
  readonly title: string
  readonly priceMinor: number
  readonly currency: string
  readonly unitsPerCase: number
  readonly isBackOrderAllowed: boolean
}

export interface RetailLine {
  readonly sequence: string
  readonly offer: RetailOffer
  /** As first ordered, in units. */
  readonly openingUnits: number
  /** What Amazon still wants, in units. */
  orderedUnits: number
  /** By the vendor's latest answer, less what Amazon took back since. */
  acceptedUnits: number
  /** Accepted and then taken back by Amazon. */
  takenBackUnits: number
  shippedUnits: number
  answer: 'none' | 'accepted' | 'rejected'
}

export interface PurchaseOrder {
  readonly purchaseOrderNumber: string
  readonly createdAtMs: number
  readonly visibleAtMs: number
  readonly lines: readonly RetailLine[]
  changedAtMs: number | null
  stateChangedAtMs: number
  acknowledgedAtMs: number | null
  state: 'New' | 'Acknowledged' | 'Closed'
}

export interface Purchasing {
  readonly offers: ReadonlyMap<string, RetailOffer>
  readonly orders: ReadonlyMap<string, PurchaseOrder>
  buy(lines: readonly { readonly externalId: string; readonly quantity: number }[]): SimulatedOrder | null
  cancel(order: PurchaseOrder, lineId: string | undefined, units: number | undefined): boolean
  ship(order: PurchaseOrder): boolean
  books(): readonly OfferBooks[]
}

export const retailSimulatedOrder = (order: PurchaseOrder): SimulatedOrder => ({
  orderId: order.purchaseOrderNumber,
  createdAtMs: order.createdAtMs,
  lines: order.lines.map((line) => ({ lineId: line.sequence, externalId: line.offer.externalId, quantity: line.openingUnits })),
})

const cancelLine = (line: RetailLine, units: number): boolean => {
  const { unitsPerCase } = line.offer
  const kept = Math.floor(Math.max(0, line.orderedUnits - units) / unitsPerCase) * unitsPerCase
  if (kept === line.orderedUnits) return false
  line.orderedUnits = kept
  const takenBack = Math.max(0, line.acceptedUnits - kept)
  line.acceptedUnits -= takenBack
  line.takenBackUnits += takenBack
  return true
}

const booksOf = (offer: RetailOffer, lines: readonly RetailLine[]): OfferBooks => {
  let cancelledQuantity = 0
  let acceptedQuantity = 0
  let shippedQuantity = 0
  for (const line of lines) {
    cancelledQuantity += line.takenBackUnits
    acceptedQuantity += line.acceptedUnits
    shippedQuantity += line.shippedUnits
  }
  const soldQuantity = acceptedQuantity + cancelledQuantity
  return {
    externalId: offer.externalId,
    sku: offer.vendorSku,
    openingQuantity: 0,
    liveQuantity: 0,
    soldQuantity,
    cancelledQuantity,
    restockedQuantity: 0,
    shippedQuantity,
    writtenQuantity: soldQuantity,
  }
}

export interface PurchasingOptions {
  readonly items: readonly RetailItem[]
  readonly orderVisibilityMs: number
  /** Amazon's number of each vendor SKU. */
  readonly asins: ReadonlyMap<string, string>
  readonly ports: SimulatorPorts
}

export const createPurchasing = ({ items, orderVisibilityMs, asins, ports }: PurchasingOptions): Purchasing => {
  const { clock, random } = ports
  const offers = new Map(
    items.map((item) => {
      const externalId = `retail/${item.sku}`
      const { sku: vendorSku, title, priceMinor, currency, unitsPerCase = 1, isBackOrderAllowed = false } = item
      return [
        externalId,
        { externalId, vendorSku, asin: asins.get(vendorSku) ?? vendorSku, title, priceMinor, currency, unitsPerCase, isBackOrderAllowed },
      ]
    }),
  )
  const orders = new Map<string, PurchaseOrder>()
  const linesByOffer = new Map<RetailOffer, RetailLine[]>([...offers.values()].map((offer) => [offer, []]))

  const newNumber = (): string => {
    for (;;) {
      const number = pick(random, '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', 8)
      if (!orders.has(number)) return number
    }
  }

  return {
    offers,
    orders,
    buy: (lines) => {
      if (lines.length === 0 || orders.size >= maxOrders) return null
      const nowMs = clock.nowMs()
      const order: PurchaseOrder = {
        purchaseOrderNumber: newNumber(),
        createdAtMs: nowMs,
        visibleAtMs: nowMs + delayMs(random, { minMs: 0, maxMs: orderVisibilityMs }),
        changedAtMs: null,
        stateChangedAtMs: nowMs,
        acknowledgedAtMs: null,
        state: 'New',
        lines: lines.map(({ externalId, quantity }, index) => {
          const offer = offers.get(externalId)
          if (!offer) throw new Error(`no offer ${externalId}`)
          if (!Number.isInteger(quantity) || quantity < 1) throw new Error(`Amazon cannot order ${quantity} units`)
          const units = Math.ceil(quantity / offer.unitsPerCase) * offer.unitsPerCase
          return {
            sequence: String(index + 1),
            offer,
            openingUnits: units,
            orderedUnits: units,
            acceptedUnits: 0,
            takenBackUnits: 0,
            shippedUnits: 0,
            answer: 'none',
          }
        }),
      }
      orders.set(order.purchaseOrderNumber, order)
      for (const line of order.lines) linesByOffer.get(line.offer)?.push(line)
      return retailSimulatedOrder(order)
    },
    cancel: (order, lineId, units) => {
      if (order.state === 'Closed') return false
      const changed = order.lines
        .filter((line) => lineId === undefined || line.sequence === lineId)
        .map((line) => cancelLine(line, units ?? line.orderedUnits))
      if (!changed.includes(true)) return false
      order.changedAtMs = clock.nowMs()
      return true
    },
    ship: (order) => {
      if (order.state !== 'Acknowledged') return false
      for (const line of order.lines) line.shippedUnits = line.acceptedUnits
      order.state = 'Closed'
      order.stateChangedAtMs = clock.nowMs()
      return true
    },
    books: () => [...linesByOffer].map(([offer, lines]) => booksOf(offer, lines)),
  }
}
