// A day of trade for the long runs: the three simulated marketplaces on a fast clock, served over real HTTP to hubs that are processes of their
// own, with shoppers, a warehouse that receives goods, and small faults of the platforms all the time. It keeps what only the world knows: what
// every platform sold, what came to the shelf, and the worst that was ever sold beyond it.
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../src/ports/clock.ts'
import { createMarketplaces, type Marketplaces } from '../../sim/marketplaces.ts'
import { loopbackFetch, serveSimulator } from '../../sim/serve.ts'
import type { FaultPlan, Simulator } from '../../sim/simulator.ts'
import { type CatalogueEntry, createCatalogue } from '../../sim/world/catalogue.ts'
import { seededRandom } from '../../sim/world/seeded-random.ts'
import { createWorld, type World, type WorldPlan } from '../../sim/world/world.ts'
import { eventually, freePort, hubProcess, type HubProcess } from '../e2e/hub-process.ts'
import { clockText, clockVariable, type FastClock, fastClock } from './fast-clock.ts'

export interface MarketDayOptions {
  readonly storeUrl: string
  readonly seed: number
  readonly skus: number
  readonly clock: FastClock
  readonly ordersPerMinute: number
  /** Processes of the hub; more than one only on a store that serves them. */
  readonly hubs: number
  /** `serve`: the hub is `belay serve` itself, which knows no clock but the machine's: at speed 1. Default: the program of this folder. */
  readonly program?: 'serve'
  /** Over the day's own. */
  readonly plan?: Partial<WorldPlan>
}

export interface MarketDay {
  readonly catalogue: readonly CatalogueEntry[]
  readonly marketplaces: Marketplaces
  readonly world: World
  readonly clock: Clock
  readonly hubs: readonly HubProcess[]
  readonly storeUrl: string
  /** Goods that ever came to the shelf, by SKU. */
  readonly goodsUnits: ReadonlyMap<string, number>
  /** Orders that shoppers were given, retail orders included. */
  orderCount(): number
  unitsSold(): number
  /** The most units that were ever sold beyond the goods, over all SKUs, by the platforms' own books. */
  worstOversoldUnits(): number
  /** What was sold too much, with the books of its offers: the first few. */
  readonly oversales: readonly string[]
  /** The longest time, of the machine, that this process stood still: the platforms' own delays were longer by it. */
  longestStallMs(): number
  /** Goods of a SKU arrive: told to a hub until one says that it has them. False: it could not be told before the signal. */
  receive(signal: AbortSignal): Promise<boolean>
  /** The platforms lose, repeat and refuse a little of everything, until `endFaults`. */
  beginFaults(): void
  endFaults(): void
  close(): Promise<void>
}

/** Units of a listing quantity and the merchant's SKU, by platform and the SKU that the platform has. */
interface Pack {
  readonly sku: string
  readonly unitsPerListing: number
}

/** Each is small, so that trade goes on, and often enough that every one of them meets a kill. */
const faults: Partial<FaultPlan> = {
  duplicate: 0.2,
  reorder: 0.2,
  reorderWithinMs: 800,
  lose: 0.05,
  throttle: 0.01,
  errorBefore: 0.01,
  errorAfter: 0.02,
  acceptedNeverApplied: 0.01,
}

const hubProgram = fileURLToPath(new URL('./hub.ts', import.meta.url))
const location = 'berlin'
const maxOversales = 3
const askAgainMs = 100
/** A hub that is gone says so at once; one that hangs is asked again after this. */
const askTimeoutMs = 5_000

const packsOf = (catalogue: readonly CatalogueEntry[]): ReadonlyMap<string, Pack> =>
  new Map(
    catalogue.flatMap((entry) =>
      entry.listings.map(({ platform, sku, unitsPerListing }) => [`${platform} ${sku}`, { sku: entry.sku, unitsPerListing }] as const),
    ),
  )

export const isRetail = (externalId: string): boolean => externalId.startsWith('retail/')

/** What the platforms sold less what was cancelled, in units of each SKU. Retail orders ask first: what is accepted is the hub's to say. */
const netUnits = (simulators: readonly Simulator[], packs: ReadonlyMap<string, Pack>): Map<string, number> => {
  const net = new Map<string, number>()
  for (const simulator of simulators) {
    for (const offer of simulator.market.books()) {
      const pack = packs.get(`${simulator.platform} ${offer.sku}`)
      if (!pack || isRetail(offer.externalId)) continue
      const units = (offer.soldQuantity - offer.cancelledQuantity) * pack.unitsPerListing
      net.set(pack.sku, (net.get(pack.sku) ?? 0) + units)
    }
  }
  return net
}

const oversaleText = (
  sku: string,
  over: number,
  simulators: readonly Simulator[],
  packs: ReadonlyMap<string, Pack>,
  nowMs: number,
): string => {
  const books = simulators.flatMap((simulator) =>
    simulator.market
      .books()
      .filter((offer) => packs.get(`${simulator.platform} ${offer.sku}`)?.sku === sku)
      .map((offer) => `${simulator.platform} ${JSON.stringify(offer)}`),
  )
  return `${new Date(nowMs).toISOString()}: ${sku} oversold by ${over}: ${books.join('; ')}`
}

const stallStepMs = 20
const watchStalls = (): { readonly longestMs: () => number; readonly stop: () => void } => {
  let lastMs = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    const nowMs = performance.now()
    longest = Math.max(longest, nowMs - lastMs - stallStepMs)
    lastMs = nowMs
  }, stallStepMs)
  return { longestMs: () => Math.round(longest), stop: () => clearInterval(timer) }
}

const startHubs = async (
  options: MarketDayOptions,
  marketplaces: Marketplaces,
  origins: Parameters<Marketplaces['filesFor']>[0]['origins'],
): Promise<readonly HubProcess[]> => {
  const ports: number[] = []
  for (let index = 0; index < options.hubs; index++) ports.push(await freePort())
  const [first = 0] = ports
  const files = marketplaces.filesFor({ store: options.storeUrl, port: first, origins, sharing: 'strict' })
  // All of them are reached under one address, as behind a name that points to one of them.
  const hubs = ports.map((port) =>
    hubProcess(
      port,
      {
        ...files,
        config: files.config.replace(`port: ${first},`, `port: ${port},`),
        environment: { ...files.environment, [clockVariable]: clockText(options.clock) },
      },
      [],
      options.program === 'serve' ? undefined : [hubProgram],
    ),
  )
  for (const hub of hubs) await hub.start()
  const imported = await hubs[0]?.post('/api/v1/import', { stock: files.stockCsv, listings: files.listingsCsv })
  if (imported?.status !== 200) {
    // What the hub says of it comes by another way than its answer.
    await new Promise((resolve) => setTimeout(resolve, 500))
    throw new Error(`the import says ${imported?.status}: ${await imported?.text()}\n${hubs.map((hub) => hub.output()).join('\n')}`)
  }
  // Of what Amazon sells before the hub has subscribed no message is ever sent.
  await eventually('the hub is subscribed', () => {
    const subscriptions = marketplaces.seller.requestCounts()['notifications.createSubscription'] ?? 0
    return Promise.resolve(subscriptions >= 2 ? null : `${subscriptions} of 2 subscriptions are made`)
  })
  return hubs
}

export const openMarketDay = async (options: MarketDayOptions): Promise<MarketDay> => {
  if (options.program === 'serve' && options.clock.speed !== 1) throw new Error('belay serve runs at speed 1')
  const clock = fastClock(options.clock)
  const random = seededRandom(options.seed)
  const catalogue = createCatalogue(options.seed, options.skus)
  const marketplaces = createMarketplaces({ catalogue, ports: { clock, random, fetch: loopbackFetch }, pace: 'quick', retailSkus: 5 })
  const { all } = marketplaces
  const packs = packsOf(catalogue)
  const goodsUnits = new Map(catalogue.map((entry): [string, number] => [entry.sku, entry.quantity]))
  let worst = 0
  let receipts = 0
  const oversales: string[] = []
  const look = (): void => {
    let oversold = 0
    for (const [sku, units] of netUnits(all, packs)) {
      const over = units - (goodsUnits.get(sku) ?? 0)
      if (over <= 0) continue
      oversold += over
      if (oversales.length < maxOversales) oversales.push(oversaleText(sku, over, all, packs, clock.nowMs()))
    }
    worst = Math.max(worst, oversold)
  }
  const stalls = watchStalls()
  const served = await Promise.all(all.map((simulator) => serveSimulator(simulator, { clock })))
  const [shopify = '', seller = '', vendor = ''] = served.map(({ url }) => url)
  const hubs = await startHubs(options, marketplaces, { shopify, seller, vendor })
  const world = createWorld({
    simulators: all,
    ports: { clock, random: seededRandom(options.seed + 1) },
    plan: { ordersPerMinute: options.ordersPerMinute, cancelChance: 0.1, cancelWithinMs: 60_000, shipAfterMs: 5 * 60_000, ...options.plan },
    observe: ({ kind }) => {
      if (kind === 'order') look()
    },
  })

  const tell = async (body: object, signal: AbortSignal): Promise<boolean> => {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const hub = hubs[attempt % hubs.length]
      const answer = await fetch(`${hub?.url}/api/v1/movements`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(askTimeoutMs),
      }).catch(() => null)
      if (answer?.ok) return true
      // What it refuses it would refuse again: a mistake of this program.
      if (answer && answer.status < 500 && answer.status !== 429) throw new Error(`a receipt was refused: ${await answer.text()}`)
      await new Promise((resolve) => setTimeout(resolve, askAgainMs))
    }
    return false
  }

  return {
    catalogue,
    marketplaces,
    world,
    clock,
    hubs,
    storeUrl: options.storeUrl,
    goodsUnits,
    orderCount: () => all.reduce((sum, simulator) => sum + simulator.market.orders().length, 0),
    unitsSold: () => [...netUnits(all, packs).values()].reduce((sum, units) => sum + units, 0),
    worstOversoldUnits: () => worst,
    oversales,
    longestStallMs: stalls.longestMs,
    receive: async (signal) => {
      const entry = catalogue[Math.floor(random.next() * catalogue.length)]
      if (!entry) return true
      const units = 1 + Math.floor(random.next() * 20)
      const reference = `delivery-${receipts++}`
      // They lie on the shelf before anybody is told.
      goodsUnits.set(entry.sku, (goodsUnits.get(entry.sku) ?? 0) + units)
      return tell({ kind: 'receipt', sku: entry.sku, location, units, reference }, signal)
    },
    beginFaults: () => {
      for (const simulator of all) Object.assign(simulator.faults, faults)
    },
    endFaults: () => {
      for (const simulator of all) for (const fault of Object.keys(simulator.faults)) simulator.faults[fault as keyof FaultPlan] = 0
    },
    close: async () => {
      stalls.stop()
      for (const hub of hubs) await hub.stop()
      for (const each of served) await each.close()
      await marketplaces.close()
      for (const hub of hubs) hub.cleanUp()
    },
  }
}
