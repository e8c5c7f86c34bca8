// The whole hub and three marketplaces in one process on a virtual clock: real engine, real adapters, real HTTP app, SQLite in memory. Calls
// between them are function calls, routed by origin. A hub can be killed: nothing that it started goes on in it afterwards, as when its
// process is gone, while what reached a marketplace or the store stays.
import { setImmediate as nextMacrotask } from 'node:timers/promises'
import { readImportCsv } from '../../src/cli/import-csv.ts'
import { loadConfig } from '../../src/config/config.ts'
import { exposureQuantity } from '../../src/domain/exposure.ts'
import type { ChannelId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { ChannelMode } from '../../src/domain/settings.ts'
import { type Stock, sellableUnits } from '../../src/domain/stock.ts'
import type { Logger } from '../../src/engine/context.ts'
import { createHub } from '../../src/engine/hub.ts'
import { createSyncRecorder } from '../../src/engine/sync-recorder.ts'
import { createStatusBook } from '../../src/engine/status.ts'
import { createHttpApp, type HttpAppParts } from '../../src/http/app.ts'
import { createAdapter, platformSchemas, settingsOf } from '../../src/main.ts'
import type { Fetch } from '../../src/ports/channel.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Hub } from '../../src/ports/hub.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { Store } from '../../src/ports/store.ts'
import { openStore } from '../../src/store/index.ts'
import { createMarketplaces, type Marketplaces } from '../../sim/marketplaces.ts'
import type { Simulator } from '../../sim/simulator.ts'
import type { CatalogueEntry } from '../../sim/world/catalogue.ts'
import { runOn } from './in-process-channels.ts'
import { seededRandom } from './seeded-random.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

const origins = { shopify: 'http://127.0.0.1:9001', seller: 'http://127.0.0.1:9002', vendor: 'http://127.0.0.1:9003' }
const hubPort = 9000
const platformOf: Readonly<Record<string, Simulator['platform']>> = {
  shopify: 'shopify',
  amazon: 'amazon-seller',
  vendor: 'amazon-vendor',
}

/** A SKU that all three marketplaces sell. */
export const everywhere = (sku: string, quantity: number, mode: 'strict' | 'pooled' = 'strict'): CatalogueEntry => ({
  sku,
  title: `Title of ${sku}`,
  priceMinor: 1_250,
  currency: 'EUR',
  quantity,
  barcode: '2000000000008',
  mode,
  demandWeight: 1,
  listings: (['shopify', 'amazon-seller', 'amazon-vendor'] as const).map((platform) => ({ platform, sku, unitsPerListing: 1 })),
})

export interface TownOptions {
  readonly catalogue: readonly CatalogueEntry[]
  /** What the offers show before the hub comes. */
  readonly opening?: (platform: Simulator['platform'], sku: string, byDefault: number) => number
  readonly modes?: Readonly<Record<string, ChannelMode>>
  readonly retailSkus?: number
  /** Shopify has a place besides the warehouse. */
  readonly spareLocation?: boolean
  readonly seed?: number
  readonly startMs?: number
  /** Resolves when a store outside of this process has answered: no time passes before. */
  readonly outside?: () => Promise<void>
}

export interface RunningHub {
  readonly hub: Hub
  /** Ends it in order. */
  stop(): Promise<void>
  /** Ends it as a crash would: at once, with nothing finished. `sockets: open` leaves its requests standing at the marketplaces. */
  kill(sockets?: 'closed' | 'open'): void
}

export interface Town {
  readonly clock: VirtualClock
  readonly marketplaces: Marketplaces
  /** What hubs run on now. */
  readonly store: Store
  /** Hubs that are started from now on run on this one. */
  useStore(next: Store): void
  /** What the hubs logged as an error. */
  readonly errors: readonly string[]
  /** Requests so far that write what an offer shows, or answer an order. */
  writes(): number
  /** A hub on this store. The first one imports the stock. */
  startHub(): Promise<RunningHub>
  run<T>(promise: Promise<T>): Promise<T>
  stock(sku: string): Promise<Stock>
  /** Live quantity of a SKU on a channel. */
  shown(channel: string, sku: string): number
  buy(channel: string, sku: string, quantity: number): string
  /** Goes on until there is no complaint, or fails with the last one. */
  until(what: string, complaint: () => Promise<string | null>, withinMs?: number): Promise<void>
  /** Goes on until every strict exposure is what its channel shows, pushes and fences are done, and what is shown is what there is. */
  untilSettled(withinMs?: number): Promise<void>
  close(): Promise<void>
}

const noMetrics: Metrics & { text(): Promise<string> } = {
  count: () => undefined,
  observe: () => undefined,
  gauge: () => undefined,
  text: () => Promise.resolve(''),
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined)

/** Everything of a store, until the process that uses it is gone. */
const mortalStore = (store: Store, gone: AbortSignal): Store =>
  new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...inputs: readonly unknown[]): unknown => {
        if (gone.aborted) return never()
        const answer: unknown = Reflect.apply(value, target, inputs)
        // What was written stays written; who asked is not there to hear of it.
        return answer instanceof Promise ? answer.then((result: unknown) => (gone.aborted ? never() : result)) : answer
      }
    },
  })

/** What is wrong with a stock document that has had all the time it needs; null: nothing. */
const unsettled = (stock: Stock, live: (channel: string, externalId: string) => number): string | null => {
  const sellable = Math.max(0, sellableUnits(stock) - stock.bufferUnits)
  let shownUnits = 0
  for (const listing of stock.listings) {
    if (listing.writeClass === 'ask-first') continue
    const shown = live(listing.channel, listing.externalId)
    shownUnits += shown * listing.unitsPerListing
    if (listing.pushes.length > 0) return `${listing.id} has ${listing.pushes.length} open pushes`
    if (listing.fences.length > 0) return `${listing.id} has ${listing.fences.length} open fences`
    // Pooled stock makes no promise, so that no listing of it ever comes into one.
    if (stock.sharing === 'strict' && listing.status !== 'active') return `${listing.id} is ${listing.status}`
    // What was cancelled and is not on sale again can be proven only by a read, or by saying the number again when that fits.
    const exact = listing.writeClass !== 'absolute-set'
    if (exact ? exposureQuantity(listing) !== shown : exposureQuantity(listing) < shown)
      return `${listing.id} shows ${shown}, its exposure is ${exposureQuantity(listing)}`
    if (stock.sharing === 'pooled' && shown !== sellable) return `${listing.id} shows ${shown} of ${sellable} pooled units`
  }
  if (stock.sharing === 'strict' && shownUnits > sellable) return `${stock.sku} shows ${shownUnits} of ${sellable} units`
  return null
}

export const openTown = async (options: TownOptions): Promise<Town> => {
  const clock = createVirtualClock(options.startMs, 4, options.outside)
  const errors: string[] = []
  const receivers = new Set<(request: Request) => Promise<Response>>()
  const refused = (): Promise<Response> => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))
  const marketplaces = createMarketplaces({
    catalogue: options.catalogue,
    ports: {
      clock,
      random: seededRandom(options.seed ?? 1),
      fetch: async (request) => {
        const [receive] = receivers
        return receive ? await receive(request) : await refused()
      },
    },
    pace: 'quick',
    retailSkus: options.retailSkus ?? 1,
    spareLocation: options.spareLocation ?? false,
    ...(options.opening ? { openingQuantity: options.opening } : {}),
  })
  const simulators: Readonly<Record<string, Simulator>> = {
    [origins.shopify]: marketplaces.shopify,
    [origins.seller]: marketplaces.seller,
    [origins.vendor]: marketplaces.vendor,
  }
  const files = marketplaces.filesFor({ store: 'sqlite:memory-of-the-test', port: hubPort, origins })
  let configText = files.config
  for (const [channel, mode] of Object.entries(options.modes ?? {}))
    configText = configText.replace(new RegExp(`(id: ${channel}\\n[^]*?mode: )enforce`), `$1${mode}`)
  const config = loadConfig(configText, files.environment, platformSchemas)
  let store = await openStore('sqlite::memory:')
  await store.migrate()
  const run = <T>(promise: Promise<T>): Promise<T> => runOn(clock, promise)
  let hubs = 0

  const startHub = async (): Promise<RunningHub> => {
    const number = ++hubs
    const gone = new AbortController()
    const cut = new AbortController()
    const mortal = mortalStore(store, gone.signal)
    const fetch: Fetch = async (input, init) => {
      if (gone.signal.aborted) return never()
      const request = new Request(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, cut.signal]) : cut.signal })
      const { origin } = new URL(request.url)
      const simulator = simulators[origin]
      const response = await (simulator ? simulator.fetch(request) : refused())
      return gone.signal.aborted ? never() : response
    }
    const ownClock: Clock = {
      nowMs: () => clock.nowMs(),
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal)
        if (gone.signal.aborted) await never()
      },
    }
    const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
      errors.push(`${message} ${JSON.stringify(fields)}`)
    }
    const log: Logger = { info: () => undefined, warn: () => undefined, error: note }
    const sync = createSyncRecorder({
      store: mortal,
      clock: ownClock,
      log,
      status: createStatusBook(ownClock, noMetrics),
      writer: `hub-${number}`,
    })
    const { status } = sync
    const adapters = config.channels.map((channel, index) =>
      createAdapter(channel, { fetch, clock: ownClock, random: seededRandom(number * 10 + index) }, status.observerFor(channel.id)),
    )
    const hub = createHub({
      store: mortal,
      clock: ownClock,
      random: seededRandom(1000 + number),
      metrics: noMetrics,
      log,
      status,
      adapters,
      settings: config.channels.flatMap((channel, index) => {
        const adapter = adapters[index]
        return adapter ? [settingsOf(channel, adapter)] : []
      }),
      poolLocations: new Map(config.pools.map((pool) => [pool.id, pool.locations])),
      webhookUrlFor: (channel: ChannelId) => `http://127.0.0.1:${hubPort}/webhooks/${channel}`,
      peers: store.engine === 'mongo',
    })
    const app = createHttpApp({
      hub,
      metrics: noMetrics,
      apiKeyHash: null,
      timeZone: config.timeZone,
      clock: ownClock,
      random: seededRandom(number),
      log: log as HttpAppParts['log'],
    })
    const receive = async (request: Request): Promise<Response> => app.fetch(request)
    receivers.add(receive)
    if (number === 1) {
      const { request } = await readImportCsv({ stock: files.stockCsv, listings: files.listingsCsv })
      await run(hub.applyImport(request))
    }
    const stopping = new AbortController()
    const noting = sync.run(hub, adapters, stopping.signal)
    await run(hub.start())
    return {
      hub,
      stop: async () => {
        receivers.delete(receive)
        await run(hub.stop())
        stopping.abort()
        await run(noting)
      },
      kill: (sockets = 'closed') => {
        receivers.delete(receive)
        gone.abort()
        if (sockets === 'closed') cut.abort()
      },
    }
  }

  const marketOf = (channel: string): Simulator['market'] => {
    const simulator = marketplaces.all.find((each) => each.platform === platformOf[channel])
    if (!simulator) throw new Error(`no channel ${channel}`)
    return simulator.market
  }
  const offerOf = (channel: string, sku: string): string => {
    const offer = marketOf(channel)
      .offers()
      .find((each) => each.sku === sku && !each.externalId.startsWith('retail/'))
    if (!offer) throw new Error(`${channel} has no offer of ${sku}`)
    return offer.externalId
  }
  const until: Town['until'] = async (what, complaint, withinMs = 15 * 60_000) => {
    const deadlineMs = clock.nowMs() + withinMs
    for (;;) {
      const wrong = await complaint()
      if (wrong === null) return
      if (clock.nowMs() >= deadlineMs) throw new Error(`${what}: ${wrong}`)
      await clock.advance(1_000)
      await nextMacrotask()
    }
  }
  const readStock = async (sku: string): Promise<Stock> => {
    const [found] = await store.readSku(sku as Sku)
    if (found?.pool !== ('main' as PoolId)) throw new Error(`no stock of ${sku}`)
    return found
  }
  return {
    clock,
    marketplaces,
    get store() {
      return store
    },
    useStore: (next) => {
      store = next
    },
    errors,
    writes: () => {
      let count = 0
      for (const simulator of marketplaces.all)
        for (const [operation, requests] of Object.entries(simulator.requestCounts()))
          if (/(inventorySetQuantities|patchListingsItem|submitInventoryUpdate|submitAcknowledgement)$/.test(operation)) count += requests
      return count
    },
    startHub,
    run,
    stock: readStock,
    shown: (channel, sku) => marketOf(channel).liveQuantity(offerOf(channel, sku)),
    buy: (channel, sku, quantity) => {
      const order = marketOf(channel).buy([{ externalId: offerOf(channel, sku), quantity }])
      if (!order) throw new Error(`${channel} does not sell ${quantity} of ${sku}`)
      return order.orderId
    },
    until,
    untilSettled: (withinMs) =>
      until(
        'all is settled',
        async () => {
          for (const { sku } of options.catalogue) {
            const wrong = unsettled(await readStock(sku), (channel, externalId) => marketOf(channel).liveQuantity(externalId))
            if (wrong !== null) return wrong
          }
          return null
        },
        withinMs,
      ),
    close: async () => {
      await marketplaces.close()
      await store.close()
    },
  }
}
