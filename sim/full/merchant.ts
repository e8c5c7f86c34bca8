// One merchant's marketplaces, as a scenario describes them, and everything that a hub needs to work for that merchant: adapters, settings
// and the import of stock and listings.
import { configSchema as shopifySchema, createShopify } from '../../src/channels/shopify/index.ts'
import { createAmazonSellerAdapter } from '../../src/channels/amazon-seller/index.ts'
import { amazonVendorConfig } from '../../src/channels/amazon-vendor/config.ts'
import { createAmazonVendor } from '../../src/channels/amazon-vendor/index.ts'
import type { ChannelId, LocationId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { ChannelSettings } from '../../src/domain/settings.ts'
import type { AllocationRule } from '../../src/domain/stock.ts'
import type { ChannelAdapter, Fetch } from '../../src/ports/channel.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { ImportRequest } from '../../src/ports/hub.ts'
import type { ChannelObserver } from '../../src/ports/metrics.ts'
import type { Random } from '../../src/ports/random.ts'
import { createAmazonSellerSimulator } from '../amazon-seller/index.ts'
import { queueAccountId } from '../amazon-seller/sqs.ts'
import { createAmazonVendorSimulator } from '../amazon-vendor/index.ts'
import { createShopifySimulator } from '../shopify/index.ts'
import type { CatalogueItem, Simulator } from '../simulator.ts'
import { seededRandom } from '../world/seeded-random.ts'
import { createMessageQueue } from './message-queue.ts'
import { channelOf, type FullScenario, type Platform, type PlatformScenario } from './scenario.ts'
import type { WorldClock } from './world-clock.ts'

export const pool = 'main' as PoolId
export const location = 'berlin' as LocationId
const shop = 'belay-sim'
const shopifyCredentials = { clientId: 'client', clientSecret: 'shopify-secret' }
const amazonCredentials = { clientId: 'amzn1.client', clientSecret: 'amazon-secret', refreshToken: 'Atzr|refresh' }
const sellerId = 'A2BELAYSIM0000'
const marketplaceId = 'A1PA6795UKMFR9'
const vendorCode = 'BELAY'
const warehouseId = 'BELW'
const aws = { accessKeyId: 'AKIASIMULATION', secretAccessKey: 'aws-secret', region: 'eu-west-1' }
const queueName = 'belay-notifications'
const queueUrl = `https://sqs.${aws.region}.amazonaws.com/${queueAccountId}/${queueName}`
const endpoint = 'https://sellingpartnerapi-eu.amazon.com'

/** One offer on one platform, and the SKU whose units it sells. */
export interface Offer {
  readonly platform: Platform
  readonly channel: ChannelId
  readonly simulator: Simulator
  readonly externalId: string
  readonly sku: Sku
  readonly unitsPerListing: number
  /** Purchase orders: they ask before they take. */
  readonly asks: boolean
}

export interface Market {
  readonly scenario: PlatformScenario
  readonly simulator: Simulator
  readonly offers: readonly Offer[]
}

export interface Merchant {
  readonly markets: readonly Market[]
  readonly offers: readonly Offer[]
  /** Units put aside in checkouts, by offer. */
  readonly held: Map<Offer, number>
  readonly importRequest: ImportRequest
  readonly settings: readonly ChannelSettings[]
  adapter(market: Market, ports: { readonly clock: Clock; readonly random: Random; readonly fetch: Fetch }): ChannelAdapter
}

const rule: AllocationRule = { mode: 'velocity', value: 1, capUnits: null, hideBelowUnits: 0, priority: 1 }
const silent: ChannelObserver = { request: () => undefined, error: () => undefined }

const itemsOf = (scenario: FullScenario, platform: Platform): readonly CatalogueItem[] =>
  scenario.skus.flatMap((sku) =>
    sku.listings
      .filter((listing) => listing.platform === platform)
      .map((listing) => ({
        sku: listing.sku,
        title: listing.sku,
        priceMinor: 1_999,
        currency: 'EUR',
        quantity: listing.openingQuantity,
      })),
  )

export interface MerchantPorts {
  readonly clock: WorldClock
  /** Where webhooks go. */
  readonly deliver: (request: Request) => Promise<Response>
}

const simulatorOf = (scenario: FullScenario, own: PlatformScenario, index: number, ports: MerchantPorts): Simulator => {
  const catalogue = itemsOf(scenario, own.platform)
  const simulatorPorts = {
    clock: ports.clock.view(null, own.skewMs),
    random: seededRandom(scenario.seed * 31 + index * 7 + 1),
    fetch: ports.deliver,
  }
  switch (own.platform) {
    case 'shopify':
      return createShopifySimulator({
        shop,
        ...shopifyCredentials,
        locations: [{ name: 'Main warehouse' }],
        catalogue,
        ports: simulatorPorts,
        orderIndexLagMs: own.visibilityMs,
        routingDelayMs: own.routingMs,
        keyRetentionMs: own.keyRetentionMs,
        refusalConsumesKey: own.refusalUsesKey,
        compareFailure: own.refusalUsesKey ? 'refuses-all' : 'refuses-item',
        throttleStatus: own.quotaScale === 1 ? 200 : 429,
      })
    case 'amazon-seller':
      return createAmazonSellerSimulator({
        sellerId,
        marketplaceId,
        credentials: amazonCredentials,
        catalogue,
        aws: { ...aws, queueName },
        processing: own.processing,
        orderVisibilityMs: own.visibilityMs,
        pending: { minMs: 20_000, maxMs: 300_000 },
        cancelledUnits: own.cancelledUnits,
        quotaScale: own.quotaScale,
        ports: simulatorPorts,
      })
    case 'amazon-vendor':
      return createAmazonVendorSimulator({
        vendorCode,
        warehouses: [warehouseId],
        credentials: amazonCredentials,
        catalogue,
        retail: own.retail ? catalogue.map((item, at) => ({ ...item, unitsPerCase: at % 3 === 1 ? 3 : 1 })) : [],
        selfDecrement: true,
        processing: own.processing,
        orderVisibilityMs: own.visibilityMs,
        quotaScale: own.quotaScale,
        ports: simulatorPorts,
      })
  }
}

const offersOf = (scenario: FullScenario, own: PlatformScenario, simulator: Simulator): readonly Offer[] => {
  const listed = new Map(
    scenario.skus.flatMap((sku) =>
      sku.listings
        .filter((listing) => listing.platform === own.platform)
        .map((listing) => [listing.sku, { sku: sku.sku as Sku, unitsPerListing: listing.unitsPerListing }] as const),
    ),
  )
  return simulator.market.offers().flatMap(({ externalId, sku }) => {
    const listing = listed.get(sku)
    const asks = externalId.startsWith('retail/')
    return listing
      ? [{ platform: own.platform, channel: channelOf[own.platform] as ChannelId, simulator, externalId, ...listing, asks }]
      : []
  })
}

export const createMerchant = (scenario: FullScenario, ports: MerchantPorts): Merchant => {
  const markets = scenario.platforms.map((own, index): Market => {
    const simulator = simulatorOf(scenario, own, index, ports)
    return { scenario: own, simulator, offers: offersOf(scenario, own, simulator) }
  })
  const offers = markets.flatMap((market) => market.offers)
  const shopifyLocationId = offers.find((offer) => offer.platform === 'shopify')?.externalId.split('@')[1] ?? '1'

  return {
    markets,
    offers,
    held: new Map(),
    importRequest: {
      reference: 'opening',
      stock: scenario.skus.map((each, index) => ({
        line: index + 2,
        sku: each.sku as Sku,
        pool,
        location,
        onHandUnits: each.onHandUnits,
        title: each.sku,
        bufferUnits: each.bufferUnits,
        sharing: each.sharing,
      })),
      listings: offers.map(({ sku, channel, externalId, unitsPerListing }, index) => ({
        line: index + 2,
        sku,
        pool,
        channel,
        externalId,
        unitsPerListing,
        rule,
      })),
    },
    settings: markets.map(({ scenario: own }) => ({
      channel: channelOf[own.platform] as ChannelId,
      mode: 'enforce',
      constants: own.constants,
      keyedRetry: own.platform === 'shopify' && own.keyRetentionMs > 0,
      keyRetentionMs: own.platform === 'shopify' ? own.keyRetentionMs : 0,
      selfDecrement: own.platform === 'amazon-vendor' ? 'attested' : 'documented',
    })),
    adapter: ({ scenario: own }, given) => {
      const id = channelOf[own.platform]
      const adapterPorts = { ...given, observer: silent }
      switch (own.platform) {
        case 'shopify':
          return createShopify(
            shopifySchema.parse({
              id,
              shopUrl: `https://${shop}.myshopify.com`,
              ...shopifyCredentials,
              locations: [{ id: location, shopifyLocationId }],
              pollEveryMs: own.pollEveryMs,
              keyRetentionMs: own.keyRetentionMs,
            }),
            adapterPorts,
          )
        case 'amazon-seller':
          return createAmazonSellerAdapter(
            {
              id,
              endpoint,
              sellerId,
              marketplaceIds: [marketplaceId],
              ...amazonCredentials,
              queue: { queueUrl, region: aws.region, accessKeyId: aws.accessKeyId, secretAccessKey: aws.secretAccessKey },
            },
            { ...adapterPorts, queue: createMessageQueue({ ...aws, queueUrl }, given) },
          )
        case 'amazon-vendor':
          return createAmazonVendor(
            amazonVendorConfig.parse({
              id,
              endpoint,
              ...amazonCredentials,
              sellingPartyId: vendorCode,
              warehouses: [{ id: location, warehouseId }],
              selfDecrement: 'attested',
              directFulfilment: true,
              retail: own.retail,
              settings: {
                ordersEveryMs: own.pollEveryMs,
                purchaseOrdersEveryMs: own.pollEveryMs * 2,
                rescanEveryMs: 5 * own.pollEveryMs,
              },
            }),
            adapterPorts,
          )
      }
    },
  }
}
