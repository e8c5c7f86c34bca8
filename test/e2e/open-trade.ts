// A day of trade against hub processes: three marketplaces as servers, shoppers, one process or several.
import type { ChannelStatus } from '../../src/ports/hub.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { createMarketplaces, type Marketplaces } from '../../sim/marketplaces.ts'
import { loopbackFetch, type ServedSimulator, serveSimulator } from '../../sim/serve.ts'
import type { Simulator } from '../../sim/simulator.ts'
import { createCatalogue } from '../../sim/world/catalogue.ts'
import { seededRandom } from '../../sim/world/seeded-random.ts'
import { eventually, freePort, hubProcess, type HubProcess } from './hub-process.ts'

export const skuCount = 30

export interface Trade {
  /** The one that answers the API. */
  readonly hub: HubProcess
  /** Those of `workers`. */
  readonly workers: readonly HubProcess[]
  readonly marketplaces: Marketplaces
  readonly storeUrl: string
  /** Orders made so far, over all marketplaces. */
  orderCount(): number
  /** Shoppers order, cancel and receive until there are `count` orders in all. */
  shopUntil(count: number): Promise<void>
  close(): Promise<void>
}

export const channelOf: Readonly<Record<Simulator['platform'], string>> = {
  shopify: 'shopify',
  'amazon-seller': 'amazon',
  'amazon-vendor': 'vendor',
}

export interface TradeOptions {
  /** 0 (default): one process does everything. Else so many processes of the role worker, started one after the other, beside one of the others. */
  readonly workers?: number
}

export const openTrade = async (
  storeUrlIn: (folder: string) => string,
  seed: number,
  { workers: workerCount = 0 }: TradeOptions = {},
): Promise<Trade> => {
  const random = seededRandom(seed)
  const catalogue = createCatalogue(seed, skuCount).map((entry) => ({ ...entry, quantity: entry.quantity + 30 }))
  const marketplaces = createMarketplaces({
    catalogue,
    ports: { clock: systemClock, random, fetch: loopbackFetch },
    pace: 'quick',
    retailSkus: 5,
  })
  for (const simulator of marketplaces.all) {
    simulator.faults.duplicate = 0.3
    simulator.faults.reorder = 0.3
    simulator.faults.reorderWithinMs = 800
  }
  const served: ServedSimulator[] = []
  for (const simulator of marketplaces.all) served.push(await serveSimulator(simulator))
  const [shopify, seller, vendor] = served.map((each) => each.url)
  const port = await freePort()
  const files = (store: string) =>
    marketplaces.filesFor({ store, port, origins: { shopify: shopify ?? '', seller: seller ?? '', vendor: vendor ?? '' } })
  const storeUrl = storeUrlIn('belay.db')
  const hub = hubProcess(port, files(storeUrl), workerCount === 0 ? [] : ['--role', 'api', '--role', 'scheduler'])
  const workers: HubProcess[] = []
  const close = async (): Promise<void> => {
    for (const each of [...workers, hub]) await each.stop()
    for (const each of served) await each.close()
    await marketplaces.close()
    for (const each of [...workers, hub]) each.cleanUp()
  }
  const begin = async (): Promise<void> => {
    await hub.start()
    for (let i = 0; i < workerCount; i++) {
      const workerPort = await freePort()
      const worker = hubProcess(workerPort, files(storeUrl), ['--role', 'worker', '--port', String(workerPort)])
      workers.push(worker)
      await worker.start()
    }
    const { stockCsv, listingsCsv } = files(storeUrl)
    const imported = await hub.post('/api/v1/import', { stock: stockCsv, listings: listingsCsv })
    const answer = await imported.text()
    if (imported.status !== 200 || !answer.includes('"problems":[]')) throw new Error(`the import says ${imported.status}: ${answer}`)
    // Of what Amazon sells before the hub has subscribed no message is ever sent, and the poll that finds it comes after minutes.
    await eventually('the hub is subscribed', () => {
      const subscriptions = marketplaces.seller.requestCounts()['notifications.createSubscription'] ?? 0
      return Promise.resolve(subscriptions >= 2 ? null : `${subscriptions} of 2 subscriptions are made`)
    })
  }
  // Nothing of a trade that could not begin is left running.
  await begin().catch(async (error: unknown) => {
    await close()
    throw error
  })

  const shop = (): void => {
    const simulator = marketplaces.all[Math.floor(random.next() * marketplaces.all.length)]
    const offers = simulator?.market.offers() ?? []
    const offer = offers[Math.floor(random.next() * offers.length)]
    if (!simulator || !offer) return
    const order = simulator.market.buy([{ externalId: offer.externalId, quantity: 1 + Math.floor(random.next() * 3) }])
    if (!order || offer.externalId.startsWith('retail/')) return
    const fate = random.next()
    if (fate < 0.15) simulator.market.cancel(order.orderId, { restock: random.next() < 0.5 })
    else if (fate < 0.4 && simulator !== marketplaces.vendor) simulator.market.ship(order.orderId)
  }
  const orderCount = (): number => marketplaces.all.reduce((sum, simulator) => sum + simulator.market.orders().length, 0)
  return {
    hub,
    workers,
    marketplaces,
    storeUrl,
    orderCount,
    shopUntil: async (count) => {
      while (orderCount() < count) {
        shop()
        await systemClock.sleep(15)
      }
    },
    close,
  }
}

/** Which process works each channel; the owner names its pid. */
const ownersOf = async (trade: Trade): Promise<ReadonlyMap<string, number | null>> => {
  const { items } = await trade.hub.get<{ readonly items: readonly ChannelStatus[] }>('/api/v1/channels')
  return new Map(items.map(({ channel, owner }) => [channel, owner === null ? null : Number(owner.split('/')[1])]))
}

export const expectOwners = (trade: Trade, what: string, fits: (pid: number) => boolean): Promise<void> =>
  eventually(what, async () => {
    const owners = await ownersOf(trade)
    const others = [...owners].filter(([, pid]) => pid === null || !fits(pid))
    return owners.size > 0 && others.length === 0 ? null : JSON.stringify([...owners])
  })
