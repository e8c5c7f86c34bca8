// A simulated Amazon vendor account: SP-API (direct-fulfilment inventory, orders and transactions; retail purchase orders and transactions;
// restricted data tokens) and Login with Amazon behind one fetch handler; and a market to shop in: `df/…` offers are bought by shoppers and
// shipped by the vendor, `retail/…` offers are asked for by Amazon. Every warehouse opens with the catalogue's quantity.
// Times that Amazon does not state are settings with a default.
import { type CatalogueItem, noFaults, type Simulator, type SimulatorPorts } from '../simulator.ts'
import { createAgenda } from '../sp-api/agenda.ts'
import type { DelayRange } from '../sp-api/chance.ts'
import { createGateway } from '../sp-api/gateway.ts'
import type { Credentials } from '../sp-api/login.ts'
import { createReports } from '../sp-api/reports.ts'
import { createBackstage } from './backstage.ts'
import { directOrdersEndpoints } from './direct-orders.ts'
import { inventoryEndpoint } from './inventory.ts'
import { createPurchasing, type RetailItem, retailSimulatedOrder } from './purchasing.ts'
import { vendorReports } from './reports.ts'
import { retailOrdersEndpoints } from './retail-orders.ts'
import { createTransactions } from './transactions.ts'
import { createDirectBusiness, directSimulatedOrder } from './warehouse.ts'

export interface AmazonVendorOptions {
  readonly vendorCode: string
  readonly warehouses: readonly string[]
  /** Where its reports tell of. Default: Germany. */
  readonly marketplaceIds?: readonly string[]
  /** From asking for a report to its end. Default: 1 to 5 min. */
  readonly reportProcessing?: DelayRange
  readonly credentials: Credentials
  /** Direct-fulfilment offers, `sku` being the vendorProductIdentifier. */
  readonly catalogue: readonly CatalogueItem[]
  /** What Amazon buys by purchase order; quantities are not used. Default: nothing. */
  readonly retail?: readonly RetailItem[]
  /** Does Amazon lower a direct-fulfilment quantity itself when it sells a unit? Not documented, so it must be said. */
  readonly selfDecrement: boolean
  /** From a submission to its outcome. Default: 1 to 15 min (direct-fulfilment inventory guide: up to 15 minutes). */
  readonly processing?: DelayRange
  /** A purchase order is found at most this long after its creation. Default: 1 min. */
  readonly orderVisibilityMs?: number
  /** Multiplies every documented rate and burst. Default: 1. */
  readonly quotaScale?: number
  readonly ports: SimulatorPorts
}

export const createAmazonVendorSimulator = (options: AmazonVendorOptions): Simulator => {
  const { vendorCode, warehouses, ports } = options
  const orderVisibilityMs = options.orderVisibilityMs ?? 60_000
  const faults = noFaults()
  const agenda = createAgenda(ports.clock)
  const counts: Record<string, number> = {}
  const transactions = createTransactions({ agenda, ports, faults, processing: options.processing ?? { minMs: 60_000, maxMs: 900_000 } })
  const { catalogue, retail = [], selfDecrement } = options
  const skus = new Set([...catalogue, ...retail].map((item) => item.sku))
  const asins = new Map([...skus].map((sku, index) => [sku, `B1${index.toString(36).toUpperCase().padStart(8, '0')}`]))
  const business = createDirectBusiness({ warehouses, catalogue, selfDecrement, orderVisibilityMs, asins, ports })
  const purchasing = createPurchasing({ items: retail, orderVisibilityMs, asins, ports })
  const reports = createReports({
    kinds: vendorReports(purchasing),
    marketplaceIds: options.marketplaceIds ?? ['A1PA6795UKMFR9'],
    agenda,
    ports,
    faults,
    processing: options.reportProcessing,
  })
  const gateway = createGateway({
    ports,
    credentials: options.credentials,
    agenda,
    faults,
    quotaScale: options.quotaScale ?? 1,
    count: (operation) => {
      counts[operation] = (counts[operation] ?? 0) + 1
    },
    endpoints: [
      inventoryEndpoint({ vendorCode, warehouses, business, transactions }),
      ...directOrdersEndpoints({ vendorCode, business, transactions, ports }),
      ...retailOrdersEndpoints({ vendorCode, purchasing, transactions, ports }),
      ...transactions.endpoints,
      ...reports.endpoints,
    ],
  })

  return {
    platform: 'amazon-vendor',
    fetch: async (request) => reports.document(request) ?? gateway(request),
    market: {
      offers: () =>
        [...business.offers.values(), ...purchasing.offers.values()].map(({ externalId, vendorSku, title }) => ({
          externalId,
          sku: vendorSku,
          title,
        })),
      liveQuantity: (externalId) => {
        agenda.runDue()
        const offer = business.offers.get(externalId)
        if (!offer && !purchasing.offers.has(externalId)) throw new Error(`no offer ${externalId}`)
        // Retail purchase orders ask first: nothing is published for them.
        return offer?.liveQuantity ?? 0
      },
      buy: (lines, claim) => {
        agenda.runDue()
        const asked = lines.filter((line) => line.externalId.startsWith('retail/'))
        if (asked.length === 0) return business.buy(lines, claim)
        return asked.length === lines.length ? purchasing.buy(lines) : null
      },
      cancel: (orderId, { restock, lineId, quantity }) => {
        agenda.runDue()
        const purchase = purchasing.orders.get(orderId)
        if (purchase) return purchasing.cancel(purchase, lineId, quantity)
        const order = business.orders.get(orderId)
        // A direct-fulfilment order is cancelled as a whole: its shape knows no cancelled quantity.
        const isWhole = order?.lines.every(
          (line) => (lineId ?? line.sequence) === line.sequence && (quantity ?? line.quantity) >= line.quantity,
        )
        return order !== undefined && isWhole === true && business.cancel(order, restock)
      },
      // Amazon's orders never grow.
      grow: () => false,
      ship: (orderId) => {
        agenda.runDue()
        const purchase = purchasing.orders.get(orderId)
        if (purchase) return purchasing.ship(purchase)
        const order = business.orders.get(orderId)
        return order !== undefined && business.ship(order)
      },
      books: () => {
        agenda.runDue()
        return [...business.books(), ...purchasing.books()]
      },
      orders: () => [
        ...[...business.orders.values()].map(directSimulatedOrder),
        ...[...purchasing.orders.values()].map(retailSimulatedOrder),
      ],
      isCancelled: (orderId) => {
        agenda.runDue()
        const purchase = purchasing.orders.get(orderId)
        if (purchase) return purchase.lines.every(({ orderedUnits }) => orderedUnits === 0)
        return business.orders.get(orderId)?.status === 'CANCELLED'
      },
    },
    backstage: createBackstage(business, agenda),
    faults,
    requestCounts: () => ({ ...counts }),
    // Nothing runs by itself.
    close: () => Promise.resolve(),
  }
}
