// The three adapters, each against the simulator of its platform, in one process on a virtual clock. Adapter and simulator share nothing but
// the HTTP between them (and, where Amazon has a queue, SQS through AWS's own SDK). What goes over the wire is counted here.
import { setImmediate as nextMacrotask } from 'node:timers/promises'
import { amazonVendorConfig } from '../../src/channels/amazon-vendor/config.ts'
import { createAmazonVendor } from '../../src/channels/amazon-vendor/index.ts'
import { createAmazonSellerAdapter } from '../../src/channels/amazon-seller/index.ts'
import { configSchema as shopifyConfig, createShopify } from '../../src/channels/shopify/index.ts'
import type { ChannelAdapter, Fetch } from '../../src/ports/channel.ts'
import type { ChannelObserver } from '../../src/ports/metrics.ts'
import type { InboxEvent } from '../../src/ports/store.ts'
import { type AmazonSellerOptions, createAmazonSellerSimulator } from '../../sim/amazon-seller/index.ts'
import { queueAccountId } from '../../sim/amazon-seller/sqs.ts'
import { createAmazonVendorSimulator } from '../../sim/amazon-vendor/index.ts'
import { createShopifySimulator } from '../../sim/shopify/index.ts'
import type { ShopifySimulatorOptions } from '../../sim/shopify/options.ts'
import type { CatalogueItem, Simulator } from '../../sim/simulator.ts'
import { type ChannelTraits, minuteMs, sellerTraits, shopifyTraits, vendorTraits } from './in-process-traits.ts'
import { seededRandom } from './seeded-random.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

export interface RigOptions {
  readonly items?: readonly { readonly sku: string; readonly quantity: number }[]
  /** The hub's secret is wrong. */
  readonly wrongSecret?: boolean
  /** The app was not given this scope. */
  readonly withoutScope?: string
  readonly seed?: number
  /** Shopify: the shop has a place that is not of the channel. */
  readonly spareLocation?: boolean
}

export interface WireCounts {
  requests: number
  throttled: number
  /** Shopify: points that its answers cost. */
  points: number
}

export interface ChannelRig {
  readonly clock: VirtualClock
  readonly simulator: Simulator
  readonly adapter: ChannelAdapter
  readonly wire: WireCounts
  /** Offers with a published quantity. */
  readonly offers: readonly string[]
  /** Where webhooks go; null: this platform sends none. */
  readonly webhookUrl: string | null
  /** Runs the clock until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T>
  /** What the platform has sent by itself until now, authenticated, stripped and in order of arrival. */
  arrived(): Promise<readonly InboxEvent[]>
  close(): Promise<void>
}

export interface ChannelUnderTest {
  readonly traits: ChannelTraits
  readonly make: (options?: RigOptions) => ChannelRig
}

/** Makes a rig for one test and closes it. */
export const withRig = async (channel: ChannelUnderTest, options: RigOptions, test: (rig: ChannelRig) => Promise<void>): Promise<void> => {
  const rig = channel.make(options)
  try {
    await test(rig)
  } finally {
    await rig.close()
  }
}

/** More steps than any test takes; a promise that is still open then never settles. */
const maxSteps = 20_000
/** Turns granted to code that needs no time before the clock moves: signing and hashing take several. */
const turnsBeforeStep = 60

export const runOn = async <T>(clock: VirtualClock, promise: Promise<T>): Promise<T> => {
  const state = { settled: false }
  const tracked = promise.finally(() => {
    state.settled = true
  })
  tracked.catch(() => undefined)
  for (let steps = 0; steps < maxSteps; steps++) {
    for (let turn = 0; turn < turnsBeforeStep && !state.settled; turn++) await nextMacrotask()
    if (state.settled) return tracked
    await clock.step()
  }
  throw new Error('a promise did not settle on the virtual clock')
}

const silent: ChannelObserver = { request: () => undefined, error: () => undefined }

/** A stream, as files are, is left to its reader. */
const isAnswer = (response: Response): boolean => response.headers.get('content-type')?.includes('application/json') ?? false

const readAnswer = async (response: Response, wire: WireCounts): Promise<void> => {
  const text = isAnswer(response) ? await response.clone().text() : ''
  if (response.status === 429 || (response.status === 200 && text.includes('"code":"THROTTLED"'))) wire.throttled += 1
  wire.points += Number(/"actualQueryCost":(\d+)/.exec(text)?.[1] ?? 0)
}

const counting =
  (simulator: Simulator, wire: WireCounts): Fetch =>
  async (input, init) => {
    wire.requests += 1
    const response = await simulator.fetch(new Request(input, init))
    await readAnswer(response, wire)
    return response
  }

const usualItems = ['MUG', 'POT', 'PAN', 'JUG'].map((sku) => ({ sku, quantity: 10 }))

const catalogueOf = (options: RigOptions): readonly CatalogueItem[] =>
  (options.items ?? usualItems).map((item) => ({ ...item, title: `Title of ${item.sku}`, priceMinor: 1_250, currency: 'EUR' }))

const portsOf = (options: RigOptions, receive: (request: Request) => Promise<Response>) => {
  const clock = createVirtualClock()
  return { clock, random: seededRandom(options.seed ?? 1), fetch: receive }
}

const secretOf = (options: RigOptions, secret: string): string => (options.wrongSecret === true ? 'not the secret' : secret)

const nobody = (): Promise<Response> => Promise.reject(new Error('this platform calls nobody'))

/** Each by its reading form, apart from the one that the hub writes with. */
const allScopes = [
  'read_inventory',
  'write_inventory',
  'read_locations',
  'read_products',
  'read_orders',
  'read_merchant_managed_fulfillment_orders',
]

/** What Shopify does not document, in the reading of this rig. */
type ShopifyReading = Partial<ShopifySimulatorOptions>

const makeShopify = (options: RigOptions = {}, reading: ShopifyReading = {}): ChannelRig => {
  const events: InboxEvent[] = []
  const ports = portsOf(options, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer())
    if (!adapter.webhook?.verify(request.headers, body)) return new Response(null, { status: 401 })
    events.push(adapter.webhook.accept(request.headers, body, ports.clock.nowMs()))
    return new Response(null, { status: 200 })
  })
  const catalogue = catalogueOf(options)
  const credentials = { clientId: 'client', clientSecret: 'the secret of the app' }
  const simulator = createShopifySimulator({
    shop: 'belay-demo',
    ...credentials,
    locations: [{ name: 'Warehouse' }, ...(options.spareLocation === true ? [{ name: 'Spare' }] : [])],
    catalogue,
    ...(options.withoutScope === undefined
      ? {}
      : {
          scopes: allScopes.filter((scope) => scope !== options.withoutScope),
        }),
    orderIndexLagMs: 2 * minuteMs,
    ports,
    ...reading,
    // Each item lies at one of the locations, in turn.
    ...(reading.locations
      ? { catalogue: catalogue.map((item, index) => ({ ...item, stockedAt: [index % (reading.locations?.length ?? 1)] })) }
      : {}),
  })
  const wire: WireCounts = { requests: 0, throttled: 0, points: 0 }
  const offers = simulator.market.offers().map((each) => each.externalId)
  const config = shopifyConfig.parse({
    id: 'shopify',
    shopUrl: 'https://belay-demo.myshopify.com',
    clientId: credentials.clientId,
    clientSecret: secretOf(options, credentials.clientSecret),
    locations: [...new Set(offers.map((each) => each.split('@')[1] ?? ''))].map((shopifyLocationId, index) => ({
      id: `location-${index}`,
      shopifyLocationId,
    })),
  })
  const adapter = createShopify(config, {
    fetch: counting(simulator, wire),
    clock: ports.clock,
    random: seededRandom(2),
    observer: silent,
  })
  return {
    clock: ports.clock,
    simulator,
    adapter,
    wire,
    offers,
    webhookUrl: 'https://hub.example.com/webhooks/shopify',
    run: (promise) => runOn(ports.clock, promise),
    arrived: async () => {
      await ports.clock.settle()
      return events.splice(0)
    },
    close: () => simulator.close(),
  }
}

const amazonHosts = { endpoint: 'https://sellingpartnerapi-eu.amazon.com', lwaEndpoint: 'https://api.amazon.com/auth/o2/token' }
const amazonCredentials = { clientId: 'amzn1.application', clientSecret: 'the secret of the application', refreshToken: 'Atzr|refresh' }

const makeSeller = (options: RigOptions = {}, reading: Partial<AmazonSellerOptions> = {}): ChannelRig => {
  const ports = portsOf(options, nobody)
  const aws = { accessKeyId: 'AKIASIMULATED', secretAccessKey: 'the secret of the queue', region: 'eu-west-1' }
  const queueName = 'belay-notifications'
  const sellerId = 'A2SELLERTEST'
  const marketplaceId = 'A1PA6795UKMFR9'
  const simulator = createAmazonSellerSimulator({
    sellerId,
    marketplaceId,
    credentials: amazonCredentials,
    catalogue: catalogueOf(options),
    aws: { ...aws, queueName },
    ports,
    ...reading,
  })
  const wire: WireCounts = { requests: 0, throttled: 0, points: 0 }
  const adapter = createAmazonSellerAdapter(
    {
      id: 'amazon',
      ...amazonHosts,
      ...amazonCredentials,
      clientSecret: secretOf(options, amazonCredentials.clientSecret),
      sellerId,
      marketplaceIds: [marketplaceId],
      queue: { queueUrl: `https://sqs.eu-west-1.amazonaws.com/${queueAccountId}/${queueName}`, ...aws },
    },
    { fetch: counting(simulator, wire), clock: ports.clock, random: seededRandom(2), observer: silent },
  )
  const run = <T>(promise: Promise<T>): Promise<T> => runOn(ports.clock, promise)
  return {
    clock: ports.clock,
    simulator,
    adapter,
    wire,
    offers: simulator.market.offers().map((each) => each.externalId),
    webhookUrl: null,
    run,
    // Twenty seconds of silence is an empty long poll.
    arrived: async () => {
      const events: InboxEvent[] = []
      for (;;) {
        const messages = (await run(adapter.queue?.receive(new AbortController().signal) ?? Promise.resolve([]))) ?? []
        if (messages.length === 0) return events
        events.push(...messages.map((each) => each.event))
        await run(adapter.queue?.remove(messages.map((each) => each.receipt)) ?? Promise.resolve())
      }
    },
    close: () => simulator.close(),
  }
}

const makeVendor = (options: RigOptions = {}): ChannelRig => {
  const ports = portsOf(options, nobody)
  const catalogue = catalogueOf(options)
  const simulator = createAmazonVendorSimulator({
    vendorCode: 'VEND1',
    warehouses: ['BELW'],
    credentials: amazonCredentials,
    catalogue,
    retail: catalogue.slice(0, 2).map((item, index) => ({ ...item, unitsPerCase: index === 0 ? 1 : 6 })),
    selfDecrement: true,
    ports,
  })
  const wire: WireCounts = { requests: 0, throttled: 0, points: 0 }
  const config = amazonVendorConfig.parse({
    id: 'vendor',
    ...amazonHosts,
    ...amazonCredentials,
    clientSecret: secretOf(options, amazonCredentials.clientSecret),
    sellingPartyId: 'VEND1',
    warehouses: [{ id: 'berlin', warehouseId: 'BELW' }],
    selfDecrement: 'attested',
    directFulfilment: true,
    retail: true,
    settings: { reports: { marketplaceIds: ['A1PA6795UKMFR9'] } },
  })
  const adapter = createAmazonVendor(config, {
    fetch: counting(simulator, wire),
    clock: ports.clock,
    random: seededRandom(2),
    observer: silent,
  })
  return {
    clock: ports.clock,
    simulator,
    adapter,
    wire,
    offers: simulator.market
      .offers()
      .map((each) => each.externalId)
      .filter((externalId) => externalId.startsWith('df/')),
    webhookUrl: null,
    run: (promise) => runOn(ports.clock, promise),
    arrived: () => Promise.resolve([]),
    close: () => simulator.close(),
  }
}

/** Each platform as the simulators read its documents, and again where the documents leave another reading open. */
export const channelsUnderTest: readonly ChannelUnderTest[] = [
  { traits: shopifyTraits, make: makeShopify },
  {
    traits: { ...shopifyTraits, name: 'shopify, the other readings' },
    make: (options) =>
      makeShopify(options, {
        compareFailure: 'refuses-item',
        refusalConsumesKey: false,
        reportsUnchanged: false,
        throttleStatus: 429,
        connectionCost: 'linear',
        orderIndexLagMs: 0,
      }),
  },
  {
    traits: { ...shopifyTraits, name: 'shopify, two locations, routed late', linesByMarketId: false, decidedWithinMs: 10 * minuteMs },
    make: (options) => makeShopify(options, { locations: [{ name: 'Warehouse' }, { name: 'Shop floor' }], routingDelayMs: 7 * minuteMs }),
  },
  { traits: sellerTraits, make: makeSeller },
  {
    traits: {
      ...sellerTraits,
      name: 'amazon-seller, cancelled units removed',
      cancelsParts: 'a quantity that is merely lowered tells of no cancellation (README of the channel)',
      keepsCancelled: false,
    },
    make: (options) => makeSeller(options, { cancelledUnits: 'removed' }),
  },
  { traits: vendorTraits, make: makeVendor },
]
