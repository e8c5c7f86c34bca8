// A simulated Amazon seller account in one marketplace: SP-API (listings, orders, sellers, notifications, tokens), Login with Amazon and the
// SQS queue that notifications go to, behind one fetch handler; and a market to shop in.
// Times that Amazon does not state are settings with a default: how long a submission takes, how late an order is found, how long it is Pending.
import { type CatalogueItem, noFaults, type Simulator, type SimulatorPorts } from '../simulator.ts'
import { createAgenda } from '../sp-api/agenda.ts'
import type { DelayRange } from '../sp-api/chance.ts'
import { createGateway } from '../sp-api/gateway.ts'
import type { Credentials } from '../sp-api/login.ts'
import { createReports } from '../sp-api/reports.ts'
import { createBackstage } from './backstage.ts'
import { fbaInventoryEndpoint } from './fba-inventory.ts'
import { listingsReport } from './listings-report.ts'
import { listingsEndpoints } from './listings.ts'
import { orderChangePayload, type OrderView } from './order-shape.ts'
import { ordersEndpoints } from './orders.ts'
import { participationsEndpoint } from './participations.ts'
import { createQueue } from './queue.ts'
import { createShop, simulatedOrder } from './shop.ts'
import { createSqs, isSqsRequest } from './sqs.ts'
import { createSubscriptions } from './subscriptions.ts'

export interface AmazonSellerOptions {
  readonly sellerId: string
  readonly marketplaceId: string
  readonly credentials: Credentials
  readonly catalogue: readonly CatalogueItem[]
  readonly aws: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly queueName: string; readonly region: string }
  /** From the answer to a patch to its effect. Default: 5 s to 2 min. */
  readonly processing?: DelayRange
  /** An order is found by searches and reads at most this long after its creation. Default: 2 min. */
  readonly orderVisibilityMs?: number
  /** How long orders stay Pending. Default: 30 min. */
  readonly pending?: DelayRange
  /** Does quantityOrdered of a line keep cancelled units? Not documented. Default: kept. */
  readonly cancelledUnits?: OrderView['cancelledUnits']
  /** From asking for a report to its end. Default: 1 to 5 min. */
  readonly reportProcessing?: DelayRange
  /** How report documents are stored. Defaults: GZIP, UTF-8. */
  readonly reportCompression?: 'GZIP' | 'none'
  readonly reportCharset?: 'UTF-8' | 'ISO-8859-1'
  /** Multiplies every documented rate and burst. Default: 1. */
  readonly quotaScale?: number
  /** Amazon grants some accounts more than its models say: requests per second, by operation as in request counts. */
  readonly grantedRates?: Readonly<Record<string, number>>
  readonly ports: SimulatorPorts
}

/** Marketplaces of the European endpoint whose merchant stock is one quantity for each SKU [developer-docs.amazon.com, marketplace ids]. */
const europe: readonly string[] = [
  'A1PA6795UKMFR9',
  'A13V1IB3VIYZZH',
  'APJ6JRA9NG5V4',
  'A1RKKUPIHCS9HS',
  'A1F83G8C2ARO7P',
  'A1805IZSGTT6HS',
  'A2NODRKZP88ZB9',
  'A1C3SOZRARQ6R3',
  'AMEN7PMS3EDWL',
  'A28R8C7NBKEWEA',
]

export const createAmazonSellerSimulator = (options: AmazonSellerOptions): Simulator => {
  const { sellerId, marketplaceId, ports, aws } = options
  const faults = noFaults()
  const agenda = createAgenda(ports.clock)
  const queue = createQueue(ports, agenda)
  const counts: Record<string, number> = {}
  const count = (operation: string): void => {
    counts[operation] = (counts[operation] ?? 0) + 1
  }

  const subscriptions = createSubscriptions({
    queueName: aws.queueName,
    region: aws.region,
    marketplaceId,
    agenda,
    ports,
    faults,
    enqueue: (body, atMs) => queue.send(body, atMs),
  })
  const shop = createShop({
    catalogue: options.catalogue,
    agenda,
    ports,
    pending: options.pending ?? { minMs: 1_800_000, maxMs: 1_800_000 },
    orderVisibilityMs: options.orderVisibilityMs ?? 120_000,
    events: {
      quantityChanged: (offer, atMs) =>
        subscriptions.publish(
          'LISTINGS_ITEM_MFN_QUANTITY_CHANGE',
          { SellerId: sellerId, FulfillmentChannelCode: 'DEFAULT', Sku: offer.sku, Quantity: Math.max(0, offer.liveQuantity) },
          atMs,
        ),
      statusChanged: (order, reason, atMs) =>
        subscriptions.publish('ORDER_CHANGE', orderChangePayload(order, { sellerId, marketplaceId, reason, atMs }), atMs),
    },
  })
  const processing = options.processing ?? { minMs: 5_000, maxMs: 120_000 }
  // The marketplaces that share one stock with this one.
  const marketplaceIds = europe.includes(marketplaceId) ? europe : [marketplaceId]
  const reports = createReports({
    kinds: { GET_MERCHANT_LISTINGS_ALL_DATA: listingsReport(shop, options.reportCharset ?? 'UTF-8') },
    marketplaceIds,
    agenda,
    ports,
    faults,
    processing: options.reportProcessing,
    compression: options.reportCompression,
  })
  const gateway = createGateway({
    ports,
    credentials: options.credentials,
    agenda,
    faults,
    quotaScale: options.quotaScale ?? 1,
    grantedRates: options.grantedRates,
    count,
    endpoints: [
      ...listingsEndpoints({ sellerId, marketplaceId, shop, agenda, ports, faults, processing }),
      ...ordersEndpoints({ marketplaceId, shop, ports, cancelledUnits: options.cancelledUnits ?? 'kept' }),
      participationsEndpoint(marketplaceId),
      fbaInventoryEndpoint({ marketplaceIds, shop, ports }),
      ...reports.endpoints,
      ...subscriptions.endpoints,
    ],
  })
  const sqs = createSqs({ identity: aws, queueName: aws.queueName, queue, agenda, ports, faults, count })

  return {
    platform: 'amazon-seller',
    fetch: async (request) => (isSqsRequest(request) ? sqs(request) : (reports.document(request) ?? gateway(request))),
    market: {
      offers: () => [...shop.offers.values()].map(({ sku, title }) => ({ externalId: sku, sku, title })),
      liveQuantity: (externalId) => {
        agenda.runDue()
        const offer = shop.offers.get(externalId)
        if (!offer) throw new Error(`no offer ${externalId}`)
        return offer.liveQuantity
      },
      buy: (lines, claim) => shop.buy(lines, claim),
      cancel: (orderId, how) => shop.cancel(orderId, how),
      // Amazon's orders never grow.
      grow: () => false,
      ship: (orderId) => shop.ship(orderId),
      books: () => shop.books(),
      orders: () => [...shop.orders.values()].map(simulatedOrder),
      isCancelled: (orderId) => shop.orders.get(orderId)?.status === 'Canceled',
    },
    backstage: createBackstage(shop, agenda, () => ports.clock.nowMs()),
    faults,
    requestCounts: () => ({ ...counts }),
    close: () => {
      queue.close()
      return Promise.resolve()
    },
  }
}
