// Reconciles a catalogue on the three channels at once through the real engine, adapters and simulators on the simulators' virtual clock, with
// drift planted and shoppers buying meanwhile: calls against the fewest that the documented quotas allow, time against the quota bound, what
// was found against what was planted, and the memory it took.
import { parseArgs } from 'node:util'
import { loadConfig } from '../src/config/config.ts'
import { type ChannelId, listingIdOf, type LocationId, type PoolId, type Sku } from '../src/domain/ids.ts'
import type { Listing } from '../src/domain/orders.ts'
import type { Finding, Reconciliation } from '../src/domain/reconcile.ts'
import { emptyStock, type ListingState } from '../src/domain/stock.ts'
import { createHub } from '../src/engine/hub.ts'
import { createStatusBook } from '../src/engine/status.ts'
import { createAdapter, platformSchemas, settingsOf } from '../src/main.ts'
import type { ChannelAdapter, Fetch } from '../src/ports/channel.ts'
import type { Store } from '../src/ports/store.ts'
import { openStore } from '../src/store/index.ts'
import { createMarketplaces, type Marketplaces } from '../sim/marketplaces.ts'
import type { Simulator } from '../sim/simulator.ts'
import type { CatalogueEntry } from '../sim/world/catalogue.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../test/support/virtual-clock.ts'
import { printTable, residentMebibytes } from './figures.ts'
import { noMetrics, silentLog } from './quiet.ts'

const pool = 'main' as PoolId
const location = 'berlin' as LocationId
const shownQuantity = 10
const origins = { shopify: 'http://127.0.0.1:1', seller: 'http://127.0.0.1:2', vendor: 'http://127.0.0.1:3' }
const skuOf = (i: number): string => `SKU-${String(i).padStart(6, '0')}`

const catalogueOf = (skus: number): readonly CatalogueEntry[] =>
  Array.from({ length: skus }, (_, i): CatalogueEntry => {
    const sku = skuOf(i)
    return {
      sku,
      title: `Thing ${i}`,
      priceMinor: 1990,
      currency: 'EUR',
      quantity: 3 * shownQuantity,
      barcode: String(2_000_000_000_000 + i),
      mode: 'strict',
      demandWeight: 1,
      listings: (['shopify', 'amazon-seller', 'amazon-vendor'] as const).map((platform) => ({ platform, sku, unitsPerListing: 1 })),
    }
  })

interface Offer {
  readonly channel: ChannelId
  readonly externalId: string
}

/** As every listing is after it was adopted long ago. */
const stateOf = (
  adapter: ChannelAdapter,
  { externalId }: Offer,
  nowMs: number,
): { state: ListingState; keys: readonly string[]; fulfilment: Listing['fulfilment'] } => {
  const address = adapter.parseListing(externalId)
  const state: ListingState = {
    id: listingIdOf(adapter.channel, address.externalId),
    channel: adapter.channel,
    externalId: address.externalId,
    unitsPerListing: 1,
    writeClass: address.writeClass,
    status: 'active',
    rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
    base: shownQuantity,
    pushes: [],
    fences: [],
    fencedThroughMs: nowMs - 86_400_000,
    believedQuantity: shownQuantity,
    believedAtMs: nowMs - 86_400_000,
    sequence: 0,
    nextPushAtMs: 0,
    applied: [],
    cancels: [],
    lateOrders: 0,
    blockedReason: null,
  }
  return { state, keys: address.keys, fulfilment: address.fulfilment }
}

const settle = async (
  store: Store,
  adapters: readonly ChannelAdapter[],
  offers: ReadonlyMap<string, readonly Offer[]>,
  nowMs: number,
): Promise<void> => {
  const byChannel = new Map(adapters.map((adapter) => [adapter.channel, adapter]))
  const entries = [...offers]
  for (let i = 0; i < entries.length; i += 500) {
    const listings: Listing[] = []
    const stock = entries.slice(i, i + 500).map(([sku, some]) => {
      const states = some.flatMap((offer) => {
        const adapter = byChannel.get(offer.channel)
        if (!adapter) return []
        const { state, keys, fulfilment } = stateOf(adapter, offer, nowMs)
        const { id, channel, externalId } = state
        listings.push({ id, channel, externalId, keys, sku: sku as Sku, pool, unitsPerListing: 1, fulfilment })
        return [state]
      })
      const next = { ...emptyStock(sku as Sku, pool), version: 1, onHandUnits: { [location]: 3 * shownQuantity }, listings: states }
      return { next, work: [] }
    })
    const result = await store.commit({ stock, listings })
    if (!result.ok) throw new Error('the store of the measurement is not empty')
  }
}

const offerOf = (simulator: Simulator, names: ReadonlyMap<string, string>, sku: string): string =>
  simulator.platform === 'shopify' ? (names.get(sku) ?? '') : sku

/** Drift on the first SKUs, told by nobody. By `channel sku`, what each must be called. */
const plant = ({ shopify, seller }: Marketplaces, names: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const planted = new Map<string, string>()
  const put = (simulator: Simulator, sku: string, kind: string, done: boolean): void => {
    if (!done) throw new Error(`${kind} could not be planted on ${simulator.platform}`)
    planted.set(`${simulator.platform === 'shopify' ? 'shopify' : 'amazon'} ${sku}`, kind)
  }
  for (const simulator of [shopify, seller]) {
    simulator.faults.lose = 1
    for (let i = 0; i < 40; i++) {
      const sku = skuOf(i)
      const id = offerOf(simulator, names, sku)
      const { backstage } = simulator
      if (i < 12) put(simulator, sku, 'raised-in-channel', backstage.editQuantity(id, shownQuantity + 3))
      else if (i < 24) put(simulator, sku, 'lowered-or-sold-untold', backstage.editQuantity(id, shownQuantity - 4))
      else if (i < 28) put(simulator, sku, 'listing-inactive', backstage.setOnSale(id, false))
      else if (i < 32) put(simulator, sku, 'listing-gone', backstage.remove(id))
      else if (simulator === shopify && i < 36) put(simulator, sku, 'untracked', backstage.setTracked(id, false))
      else if (simulator === shopify) put(simulator, sku, 'sells-below-zero', backstage.setSellsBelowZero(id, true))
      else put(simulator, sku, 'fulfilment-switched', backstage.setFulfilment(id, 'FBA'))
    }
    simulator.faults.lose = 0
  }
  return planted
}

/**
 * The fewest requests that a reconciliation of n SKUs with p planted differences a channel can do with.
 * Shopify (Admin GraphQL 2026-10): one bulk operation (start, one look that it is done, its file), whatever n is; what is suspicious by `nodes`,
 * at most 250 ids a query. Amazon Seller: one listings report (createReport, one getReport that says DONE, getReportDocument, its file); the FBA
 * inventory summaries, 50 a page, of which this merchant has none or one page; what is suspicious by searchListingsItems, 20 SKUs a request.
 * Orders: one search on each channel for what was lowered. Vendor: nothing can be read of what it offers; Amazon's own two reports, four requests each.
 */
const fewestCalls = (planted: number): number => 3 + Math.ceil(planted / 250) + 1 + (4 + 1 + Math.ceil(planted / 20) + 1) + 2 * 4

/**
 * The time that a run may need when it waits for nothing else. No documented rate delays so few requests: what takes time is the platform that prepares its report (the simulator's
 * longest: five minutes, Amazon gives no bound), and that nothing may be judged before the watermark has passed the second look: through +
 * eps + H must be complete, which a poll can say L + eps later, and the slowest stream is polled every `pollEveryMs` (Amazon's searchOrders has
 * 0.0056 requests a second, which the streams `orders` and `changes` share). Each wait counts at its longest, so that a lucky run is below it.
 */
const boundSeconds = (
  settings: { orderVisibilityMs: number; clockSkewMs: number; checkoutHoldMs: number },
  pollMs: number,
  prepareMs: number,
): number => Math.round((prepareMs + settings.orderVisibilityMs + 2 * settings.clockSkewMs + settings.checkoutHoldMs + pollMs) / 1000)

const preparesMs: Readonly<Record<string, number>> = { shopify: 0, amazon: 300_000, vendor: 0 }

const findingsOf = async (store: Store, run: string): Promise<readonly Finding[]> => {
  const all: Finding[] = []
  let after: string | null = null
  do {
    const page: { items: readonly Finding[]; next: string | null } = await store.listFindings({ run, after, limit: 500 })
    all.push(...page.items)
    after = page.next
  } while (after !== null)
  return all
}

/** Shoppers of the SKUs that nothing was planted on, until the signal. */
const trade = async (
  clock: VirtualClock,
  { shopify, seller, vendor }: Marketplaces,
  names: ReadonlyMap<string, string>,
  skus: number,
  signal: AbortSignal,
): Promise<number> => {
  const dice = seededRandom(11)
  let sold = 0
  while (!signal.aborted) {
    await clock.sleep(2_000, signal)
    const sku = skuOf(40 + Math.floor(dice.next() * (skus - 40)))
    // Amazon's order search takes no more than about a hundred orders in half an hour (README of the channel).
    const draw = dice.next()
    const simulator = draw < 0.05 ? seller : draw < 0.5 ? shopify : vendor
    if (signal.aborted) continue
    const externalId =
      simulator === vendor ? (vendor.market.offers()[0]?.externalId.replace(/[^/]+$/, sku) ?? '') : offerOf(simulator, names, sku)
    if (simulator.market.buy([{ externalId, quantity: 1 }])) sold += 1
  }
  return sold
}

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, skus: { type: 'string', default: '100000' } },
  })
  const skus = Number(values.skus)
  const clock = createVirtualClock(undefined, 4)
  const random = seededRandom(5)
  const marketplaces = createMarketplaces({
    catalogue: catalogueOf(skus),
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
  const offers = new Map<string, Offer[]>()
  const names = new Map(marketplaces.shopify.market.offers().map((offer) => [offer.sku, offer.externalId]))
  for (const line of files.listingsCsv.trim().split('\n').slice(1)) {
    const [sku = '', channel = '', externalId = ''] = line.split(',')
    offers.set(sku, [...(offers.get(sku) ?? []), { channel: channel as ChannelId, externalId }])
  }
  await settle(store, adapters, offers, clock.nowMs())
  offers.clear()
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
  await clock.advance(60_000)
  const planted = plant(marketplaces, names)
  const closing = new AbortController()
  const trading = trade(clock, marketplaces, names, skus, closing.signal)
  await clock.advance(10_000)
  const beforeMiB = residentMebibytes()
  let rssMiB = beforeMiB
  const startedMs = clock.nowMs()
  const runs: Reconciliation[] = []
  const asked = await hub.reconciler.request({ channel: null, skus: null, dryRun: false, requestedBy: 'person' })
  const open = new Set(asked.map(({ id }) => id))
  while (open.size > 0 && clock.nowMs() < startedMs + 8 * 3_600_000) {
    await clock.advance(5_000)
    rssMiB = Math.max(rssMiB, residentMebibytes())
    for (const id of open) {
      const stored = await store.readReconciliation(id)
      if (!stored || !['done', 'failed', 'stopped'].includes(stored.state)) continue
      runs.push(stored)
      open.delete(id)
    }
  }
  closing.abort()
  const sold = await trading
  const found = (await Promise.all(runs.map(({ id }) => findingsOf(store, id)))).flat()
  const rows = found.map((each) => ({ offer: `${each.channel} ${each.sku ?? each.externalId}`, kind: each.kind }))
  const right = rows.filter(({ offer, kind }) => planted.get(offer) === kind).length
  const misclassified = rows.filter(({ offer, kind }) => planted.has(offer) && planted.get(offer) !== kind)
  const falseAlarms = rows.filter(({ offer }) => !planted.has(offer))
  const channels = runs.map((each) => {
    const settings = hub.settingsOf(each.channel as ChannelId)
    const adapter = adapters.find(({ channel }) => channel === each.channel)
    const pollMs = Math.max(0, ...Object.values(adapter?.capabilities.pollEveryMs ?? {}))
    const waits = Object.keys(each.found).length > 0
    const bound = settings && waits ? boundSeconds(settings.constants, pollMs, preparesMs[String(each.channel)] ?? 0) : 0
    return {
      channel: each.channel,
      state: each.state,
      compared: each.compared,
      calls: each.calls,
      virtualSeconds: Math.round(((each.endedAtMs ?? 0) - startedMs) / 1000),
      quotaBoundSeconds: bound,
      explained: JSON.stringify(each.explained),
      message: each.message,
    }
  })
  const virtualSeconds = Math.max(...channels.map((each) => each.virtualSeconds))
  const quotaBoundSeconds = Math.max(...channels.map((each) => each.quotaBoundSeconds))
  printTable(channels)
  if (misclassified.length + falseAlarms.length > 0) printTable([...misclassified, ...falseAlarms].slice(0, 20))
  const result = {
    skus,
    calls: channels.reduce((sum, { calls }) => sum + calls, 0),
    fewestCalls: fewestCalls(40),
    virtualSeconds,
    quotaBoundSeconds,
    ratio: Math.round((virtualSeconds / quotaBoundSeconds) * 100) / 100,
    planted: planted.size,
    found: right,
    misclassified: misclassified.length,
    falseAlarms: falseAlarms.length,
    rssMiB,
    rssBeforeMiB: beforeMiB,
    soldMeanwhile: sold,
  }
  const stopped = hub.stop()
  await clock.advance(20_000)
  await stopped
  await store.close()
  for (const simulator of marketplaces.all) await simulator.close()
  if (values.json) console.log(JSON.stringify(result))
  else printTable([result])
}
