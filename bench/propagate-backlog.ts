// 10,000 SKUs, each on three channels, all showing 50. The warehouse loses one unit of each at one instant; every listing must show 49.
// Virtual time until the last of the 30,000 writes was taken by its channel. The same the other way, one unit of each coming in: with the
// write class that the adapter gives, and with raises that compare, as Shopify's would otherwise be.
import type { ChannelId, LocationId, PoolId, Sku } from '../src/domain/ids.ts'
import { listingIdOf } from '../src/domain/ids.ts'
import type { Listing } from '../src/domain/orders.ts'
import { emptyStock, type ListingState } from '../src/domain/stock.ts'
import { loadConfig } from '../src/config/config.ts'
import { createHub } from '../src/engine/hub.ts'
import { createStatusBook } from '../src/engine/status.ts'
import { createAdapter, platformSchemas, settingsOf } from '../src/main.ts'
import type { ChannelAdapter, Fetch } from '../src/ports/channel.ts'
import type { Store } from '../src/ports/store.ts'
import { createMarketplaces } from '../sim/marketplaces.ts'
import type { CatalogueEntry } from '../sim/world/catalogue.ts'
import { openStore } from '../src/store/index.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { createVirtualClock } from '../test/support/virtual-clock.ts'
import { residentMebibytes } from './figures.ts'
import { noMetrics, silentLog } from './quiet.ts'

const shownQuantity = 50
const pool = 'main' as PoolId
const location = 'berlin' as LocationId
const origins = { shopify: 'http://127.0.0.1:1', seller: 'http://127.0.0.1:2', vendor: 'http://127.0.0.1:3' }

const catalogueOf = (skus: number): readonly CatalogueEntry[] =>
  Array.from({ length: skus }, (_, i): CatalogueEntry => {
    const sku = `SKU-${String(i).padStart(6, '0')}`
    return {
      sku,
      title: `Thing ${i}`,
      priceMinor: 1990,
      currency: 'EUR',
      quantity: shownQuantity,
      barcode: String(2_000_000_000_000 + i),
      mode: 'pooled',
      demandWeight: 1,
      listings: (['shopify', 'amazon-seller', 'amazon-vendor'] as const).map((platform) => ({ platform, sku, unitsPerListing: 1 })),
    }
  })

export interface Backlog {
  readonly skus: number
  readonly moves: 'down' | 'up'
  /** Raises of channels that could add to a number name the number they replace instead. */
  readonly compares?: boolean
}

const stateOf = (adapter: ChannelAdapter, externalId: string, compares: boolean): ListingState => {
  const address = adapter.parseListing(externalId)
  return {
    id: listingIdOf(adapter.channel, address.externalId),
    channel: adapter.channel,
    externalId: address.externalId,
    unitsPerListing: 1,
    writeClass: compares && address.writeClass === 'delta' ? 'compare-and-set' : address.writeClass,
    status: 'active',
    rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
    base: shownQuantity,
    pushes: [],
    fences: [],
    fencedThroughMs: 0,
    believedQuantity: shownQuantity,
    believedAtMs: 1,
    sequence: 0,
    nextPushAtMs: 0,
    applied: [],
    cancels: [],
    lateOrders: 0,
    blockedReason: null,
  }
}

/** The state after every listing has been adopted long ago. */
const settle = async (
  store: Store,
  adapters: readonly ChannelAdapter[],
  rows: ReadonlyMap<string, readonly (readonly [ChannelId, string])[]>,
  compares: boolean,
): Promise<void> => {
  const byChannel = new Map(adapters.map((a) => [a.channel, a]))
  const entries = [...rows]
  for (let i = 0; i < entries.length; i += 500) {
    const part = entries.slice(i, i + 500).map(([sku, offers]) => ({
      next: {
        ...emptyStock(sku as Sku, pool),
        version: 1,
        sharing: 'pooled' as const,
        onHandUnits: { [location]: shownQuantity },
        listings: offers.flatMap(([channel, externalId]) => {
          const adapter = byChannel.get(channel)
          return adapter ? [stateOf(adapter, externalId, compares)] : []
        }),
      },
      work: [],
    }))
    const listings = part.flatMap(({ next }) =>
      next.listings.map(
        (l): Listing => ({
          id: l.id,
          channel: l.channel,
          externalId: l.externalId,
          keys: [l.externalId],
          sku: next.sku,
          pool,
          unitsPerListing: 1,
          fulfilment: 'MFN',
        }),
      ),
    )
    const result = await store.commit({ stock: part, listings })
    if (!result.ok) throw new Error('the bench store is not empty')
  }
}

/**
 * The fewest seconds for n changes by the documented quotas. Shopify: 250 quantities and 10 points a mutation, 2,000 points at once, 100 a
 * second. Amazon Seller: one listing a PATCH, 5 at once, 5 a second. Vendor: as many items a request as one likes, 10 at once, 10 a second.
 */
const quotaBounds = (n: number): Readonly<Record<string, number>> => ({
  shopify: Math.max(0, (Math.ceil(n / 250) * 10 - 2_000) / 100),
  amazon: Math.max(0, (n - 5) / 5),
  vendor: 0,
})

export const measureBacklog = async ({ skus: dirty, moves: direction, compares = false }: Backlog) => {
  const clock = createVirtualClock()
  const random = seededRandom(5)
  const marketplaces = createMarketplaces({
    catalogue: catalogueOf(dirty),
    ports: { clock, random, fetch: () => Promise.resolve(new Response(null, { status: 200 })) },
    pace: 'documented',
    retailSkus: 0,
  })
  const files = marketplaces.filesFor({ store: 'sqlite:not-opened.db', port: 1, origins })
  const config = loadConfig(files.config, files.environment, platformSchemas)
  const simulators = new Map([
    [origins.shopify, marketplaces.shopify],
    [origins.seller, marketplaces.seller],
    [origins.vendor, marketplaces.vendor],
  ])
  const route: Fetch = (input, init) => {
    const request = new Request(input, init)
    const simulator = simulators.get(new URL(request.url).origin)
    return simulator ? simulator.fetch(request) : Promise.reject(new TypeError(`nobody is at ${request.url}`))
  }
  const status = createStatusBook(clock, noMetrics)
  const adapters = config.channels.map((channel) => createAdapter(channel, { clock, random, fetch: route }, status.observerFor(channel.id)))
  const store = await openStore('sqlite::memory:')
  await store.migrate()
  const rows = new Map<string, (readonly [ChannelId, string])[]>()
  for (const line of files.listingsCsv.trim().split('\n').slice(1)) {
    const [sku = '', channel = '', externalId = ''] = line.split(',')
    rows.set(sku, [...(rows.get(sku) ?? []), [channel as ChannelId, externalId]])
  }
  await settle(store, adapters, rows, compares)
  const hub = createHub({
    store,
    clock,
    random,
    metrics: noMetrics,
    log: silentLog,
    status,
    adapters,
    settings: config.channels.flatMap((channel, i) => {
      const adapter = adapters[i]
      return adapter ? [settingsOf(channel, adapter)] : []
    }),
    poolLocations: new Map([[pool, [location]]]),
    webhookUrlFor: () => null,
  })
  await hub.start()
  await clock.advance(2_000)

  const startedMs = clock.nowMs()
  const done = new Map<ChannelId, { writes: number; lastMs: number }>()
  let writes = 0
  hub.watch((event) => {
    if (event.kind !== 'push' || (event.outcome !== 'applied' && event.outcome !== 'accepted')) return
    writes += 1
    done.set(event.channel, { writes: (done.get(event.channel)?.writes ?? 0) + 1, lastMs: event.atMs })
  })
  const moves = [...rows.keys()].map((sku) =>
    hub.move({
      kind: direction === 'down' ? 'shrinkage' : 'receipt',
      sku: sku as Sku,
      pool,
      location,
      toLocation: null,
      units: 1,
      reference: `moved ${sku}`,
    }),
  )
  await Promise.all(moves)
  const wanted = dirty * adapters.length
  const giveUpAtMs = startedMs + 4 * 3_600_000
  for (; clock.nowMs() < giveUpAtMs; await clock.step()) if (writes >= wanted) break
  const rssMiB = residentMebibytes()
  await hub.stop()
  await marketplaces.close()
  await store.close()
  if (writes < wanted) throw new Error(`only ${writes} of ${wanted} writes were taken within four hours`)

  const bounds = quotaBounds(dirty)
  const channels = [...done].map(([channel, { writes: taken, lastMs }]) => ({
    channel,
    writes: taken,
    virtualSeconds: Math.round((lastMs - startedMs) / 100) / 10,
    quotaBoundSeconds: Math.round((bounds[channel] ?? 0) * 10) / 10,
  }))
  const virtualSeconds = Math.max(...channels.map((c) => c.virtualSeconds))
  const quotaBoundSeconds = Math.max(...channels.map((c) => c.quotaBoundSeconds))
  return {
    dirty,
    channels,
    virtualSeconds,
    quotaBoundSeconds,
    ratio: Number((virtualSeconds / quotaBoundSeconds).toFixed(3)),
    /** Each channel as fast as it was here, but beginning when the one before it is done. */
    oneAfterTheOtherSeconds: Number(channels.reduce((sum, c) => sum + c.virtualSeconds, 0).toFixed(1)),
    rssMiB,
  }
}
