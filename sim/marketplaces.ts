// The three simulated marketplaces of one merchant, and everything a hub needs to work for that merchant: the configuration file, its
// secrets, and the CSV files that the warehouse would import. Used by the demo, the end-to-end tests and the measurements.
import type { Clock } from '../src/ports/clock.ts'
import type { Random } from '../src/ports/random.ts'
import { createAmazonSellerSimulator } from './amazon-seller/index.ts'
import { queueAccountId } from './amazon-seller/sqs.ts'
import { createAmazonVendorSimulator } from './amazon-vendor/index.ts'
import { createShopifySimulator } from './shopify/index.ts'
import type { CatalogueItem, Simulator } from './simulator.ts'
import type { CatalogueEntry, Platform } from './world/catalogue.ts'

export interface MarketplacesOptions {
  readonly catalogue: readonly CatalogueEntry[]
  readonly ports: { readonly clock: Clock; readonly random: Random; readonly fetch: (request: Request) => Promise<Response> }
  /** The shop has a place besides the warehouse, of which the hub knows nothing. */
  readonly spareLocation?: boolean
  /** What an offer shows when the marketplaces open; default: an even share of the stock (pooled SKUs: all of it). */
  readonly openingQuantity?: (platform: Platform, sku: string, byDefault: number) => number
  /** quick: answers, processing and visibility in seconds, for a person who watches. documented: the platforms' own times. */
  readonly pace: 'quick' | 'documented'
  /** How many SKUs Amazon also buys by purchase order. Default 20. */
  readonly retailSkus?: number
}

export interface Origins {
  readonly shopify: string
  readonly seller: string
  readonly vendor: string
}

export interface HubFiles {
  /** The configuration file. Secrets are named in it, not held. */
  readonly config: string
  readonly environment: Readonly<Record<string, string>>
  readonly stockCsv: string
  readonly listingsCsv: string
}

export interface Marketplaces {
  readonly shopify: Simulator
  readonly seller: Simulator
  readonly vendor: Simulator
  readonly all: readonly Simulator[]
  filesFor(options: {
    readonly store: string
    readonly port: number
    readonly origins: Origins
    readonly sharing?: 'catalogue' | 'strict'
  }): HubFiles
  close(): Promise<void>
}

const sellerId = 'A2BELAYDEMO000'
const marketplaceId = 'A1PA6795UKMFR9'
const vendorCode = 'BELAY'
const warehouseId = 'BELW'
const region = 'eu-west-1'
const queueName = 'belay-notifications'

/**
 * Assumptions of the protocol that fit the quick pace: every simulated delay is within them, as long as the processes themselves do not stand
 * still for a good part of the request lifetime.
 */
export const quickRequestLifetimeMs = 45_000
const quickConstants = `
    constants: { orderVisibilityMs: 5000, clockSkewMs: 500, checkoutHoldMs: 2000, requestLifetimeMs: ${quickRequestLifetimeMs}, readStalenessMs: 1000 }`

/** Orders every ten seconds and changes every minute, with room for pages and for processes that start. */
const quickSearchesPerSecond = 0.25
const quickPolls = `
      ordersEveryMs: 10000
      changesEveryMs: 60000`

const itemsFor = (options: MarketplacesOptions, platform: Platform): CatalogueItem[] =>
  options.catalogue.flatMap((entry) =>
    entry.listings
      .filter((listing) => listing.platform === platform)
      .map((listing): CatalogueItem => {
        const share = entry.mode === 'pooled' ? entry.quantity : Math.floor(entry.quantity / entry.listings.length)
        const byDefault = Math.floor(share / listing.unitsPerListing)
        return {
          sku: listing.sku,
          title: entry.title,
          priceMinor: entry.priceMinor * listing.unitsPerListing,
          currency: entry.currency,
          quantity: options.openingQuantity?.(platform, listing.sku, byDefault) ?? byDefault,
        }
      }),
  )

const csvField = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
const csvOf = (header: string, rows: readonly (readonly (string | number)[])[]): string =>
  [header, ...rows.map((row) => row.map((field) => csvField(String(field))).join(','))].join('\n').concat('\n')

export const createMarketplaces = (options: MarketplacesOptions): Marketplaces => {
  const { ports, catalogue } = options
  const { random } = ports
  const quick = options.pace === 'quick'
  const shopifyCredentials = { clientId: random.uuid(), clientSecret: random.uuid() }
  const amazonCredentials = { clientId: `amzn1.${random.uuid()}`, clientSecret: random.uuid(), refreshToken: `Atzr|${random.uuid()}` }
  const aws = { accessKeyId: `AKIA${random.uuid().replaceAll('-', '').slice(0, 16).toUpperCase()}`, secretAccessKey: random.uuid() }
  const shopify = createShopifySimulator({
    shop: 'belay-demo',
    ...shopifyCredentials,
    locations: [{ name: 'Main warehouse' }, ...(options.spareLocation === true ? [{ name: 'Showroom' }] : [])],
    catalogue: itemsFor(options, 'shopify'),
    ports,
  })
  const seller = createAmazonSellerSimulator({
    sellerId,
    marketplaceId,
    credentials: amazonCredentials,
    catalogue: itemsFor(options, 'amazon-seller'),
    aws: { ...aws, queueName, region },
    ports,
    ...(quick
      ? {
          processing: { minMs: 300, maxMs: 3000 },
          orderVisibilityMs: 2000,
          pending: { minMs: 20_000, maxMs: 60_000 },
          grantedRates: { 'orders.searchOrders': quickSearchesPerSecond },
        }
      : {}),
  })
  const vendorItems = itemsFor(options, 'amazon-vendor')
  const vendor = createAmazonVendorSimulator({
    vendorCode,
    warehouses: [warehouseId],
    credentials: amazonCredentials,
    catalogue: vendorItems,
    retail: vendorItems.slice(0, options.retailSkus ?? 20).map((item, index) => ({ ...item, unitsPerCase: index % 3 === 0 ? 6 : 1 })),
    selfDecrement: true,
    ports,
    ...(quick ? { processing: { minMs: 500, maxMs: 4000 }, orderVisibilityMs: 1000 } : {}),
  })
  const all = [shopify, seller, vendor]
  const shopifyOffers = new Map(shopify.market.offers().map((o) => [o.sku, o.externalId]))
  const [, shopifyLocationId = ''] = [...shopifyOffers.values()][0]?.split('@') ?? []
  const retail = new Set(vendor.market.offers().flatMap((o) => (o.externalId.startsWith('retail/') ? [o.sku] : [])))

  const externalIdsOf = (platform: Platform, sku: string): readonly string[] => {
    if (platform === 'shopify') return [shopifyOffers.get(sku) ?? '']
    if (platform === 'amazon-seller') return [sku]
    return [`df/${warehouseId}/${sku}`, ...(retail.has(sku) ? [`retail/${sku}`] : [])]
  }

  return {
    shopify,
    seller,
    vendor,
    all,
    filesFor: ({ store, port, origins, sharing = 'catalogue' }) => ({
      config: `# A merchant on three simulated marketplaces.
store: ${store}
http: { host: 127.0.0.1, port: ${port}, publicUrl: "http://127.0.0.1:${port}" }
timeZone: Europe/Berlin
pools: [{ id: main, locations: [berlin] }]
channels:
  - id: shopify
    platform: shopify
    mode: enforce${quick ? quickConstants : ''}
    settings:
      shopUrl: ${origins.shopify}
      clientId: ${shopifyCredentials.clientId}
      clientSecret: "\${SHOPIFY_CLIENT_SECRET}"
      locations: [{ id: berlin, shopifyLocationId: "${shopifyLocationId}" }]
      pollEveryMs: ${quick ? 5000 : 60_000}
  - id: amazon
    platform: amazon-seller
    mode: enforce${quick ? quickConstants : ''}
    settings:
      endpoint: ${origins.seller}
      lwaEndpoint: ${origins.seller}/auth/o2/token
      sellerId: ${sellerId}
      marketplaceIds: [${marketplaceId}]
      clientId: ${amazonCredentials.clientId}
      clientSecret: "\${AMAZON_CLIENT_SECRET}"
      refreshToken: "\${AMAZON_REFRESH_TOKEN}"${quick ? quickPolls : ''}
      queue:
        queueUrl: ${origins.seller}/${queueAccountId}/${queueName}
        endpoint: ${origins.seller}
        arn: arn:aws:sqs:${region}:${queueAccountId}:${queueName}
        region: ${region}
        accessKeyId: ${aws.accessKeyId}
        secretAccessKey: "\${AWS_SECRET_ACCESS_KEY}"
  - id: vendor
    platform: amazon-vendor
    mode: enforce${quick ? quickConstants : ''}
    settings:
      endpoint: ${origins.vendor}
      lwaEndpoint: ${origins.vendor}/auth/o2/token
      clientId: ${amazonCredentials.clientId}
      clientSecret: "\${AMAZON_CLIENT_SECRET}"
      refreshToken: "\${AMAZON_REFRESH_TOKEN}"
      sellingPartyId: ${vendorCode}
      warehouses: [{ id: berlin, warehouseId: ${warehouseId} }]
      selfDecrement: attested
      directFulfilment: true
      retail: true
      settings:
        ordersEveryMs: ${quick ? 1000 : 60_000}
        purchaseOrdersEveryMs: ${quick ? 3000 : 300_000}
        reports: { marketplaceIds: [${marketplaceId}] }
`,
      environment: {
        SHOPIFY_CLIENT_SECRET: shopifyCredentials.clientSecret,
        AMAZON_CLIENT_SECRET: amazonCredentials.clientSecret,
        AMAZON_REFRESH_TOKEN: amazonCredentials.refreshToken,
        AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
      },
      stockCsv: csvOf(
        'sku,location,on_hand,title,sharing',
        catalogue.map((e) => [e.sku, 'berlin', e.quantity, e.title, sharing === 'catalogue' ? e.mode : 'strict']),
      ),
      listingsCsv: csvOf(
        'sku,channel,external_id,units_per_listing',
        catalogue.flatMap((e) =>
          e.listings.flatMap((l) => {
            const channel = { shopify: 'shopify', 'amazon-seller': 'amazon', 'amazon-vendor': 'vendor' }[l.platform]
            return externalIdsOf(l.platform, l.sku).map((externalId) => [e.sku, channel, externalId, l.unitsPerListing])
          }),
        ),
      ),
    }),
    close: async () => {
      await Promise.all(all.map((simulator) => simulator.close()))
    },
  }
}
