// A day of trade against a hub process, and the accounting at its end: every unit of every SKU is where an order, a movement or the
// shelf says, for the hub and for the channels alike.
import { expect } from 'vitest'
import type { Order } from '../../src/domain/orders.ts'
import type { Stock } from '../../src/domain/stock.ts'
import { openStore } from '../../src/store/index.ts'
import { createMarketplaces, type Marketplaces } from '../../sim/marketplaces.ts'
import { loopbackFetch, type ServedSimulator, serveSimulator } from '../../sim/serve.ts'
import type { Simulator } from '../../sim/simulator.ts'
import { createCatalogue } from '../../sim/world/catalogue.ts'
import { seededRandom } from '../../sim/world/seeded-random.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { eventually, freePort, hubProcess, type HubProcess } from './hub-process.ts'

const skuCount = 30

export interface Trade {
  readonly hub: HubProcess
  readonly marketplaces: Marketplaces
  readonly storeUrl: string
  /** Orders made so far, over all marketplaces. */
  orderCount(): number
  /** Shoppers order, cancel and receive until there are `count` orders in all. */
  shopUntil(count: number): Promise<void>
  close(): Promise<void>
}

const channelOf: Readonly<Record<Simulator['platform'], string>> = {
  shopify: 'shopify',
  'amazon-seller': 'amazon',
  'amazon-vendor': 'vendor',
}

export const openTrade = async (storeUrlIn: (folder: string) => string, seed: number): Promise<Trade> => {
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
  const hub = hubProcess(port, files(storeUrl))
  await hub.start()
  const { stockCsv, listingsCsv } = files(storeUrl)
  const imported = await hub.post('/api/v1/import', { stock: stockCsv, listings: listingsCsv })
  expect(await imported.text()).toContain('"problems":[]')
  expect(imported.status).toBe(200)
  // Of what Amazon sells before the hub has subscribed no message is ever sent, and the poll that finds it comes after minutes.
  await eventually('the hub is subscribed', () => {
    const subscriptions = marketplaces.seller.requestCounts()['notifications.createSubscription'] ?? 0
    return Promise.resolve(subscriptions >= 2 ? null : `${subscriptions} of 2 subscriptions are made`)
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
    marketplaces,
    storeUrl,
    orderCount,
    shopUntil: async (count) => {
      while (orderCount() < count) {
        shop()
        await systemClock.sleep(15)
      }
    },
    close: async () => {
      await hub.stop()
      for (const each of served) await each.close()
      await marketplaces.close()
      hub.cleanUp()
    },
  }
}

/** Sold less cancelled and shipped, by hub channel and SKU of the channel, as the platforms have it. */
const channelBooks = (trade: Trade): Map<string, { sold: number; cancelled: number; shipped: number }> => {
  const books = new Map<string, { sold: number; cancelled: number; shipped: number }>()
  for (const simulator of trade.marketplaces.all) {
    for (const offer of simulator.market.books()) {
      if (offer.externalId.startsWith('retail/')) continue
      expect(offer.liveQuantity, `${offer.externalId}: the channel's own books`).toBe(
        offer.openingQuantity + offer.writtenQuantity + offer.restockedQuantity - offer.soldQuantity,
      )
      books.set(`${channelOf[simulator.platform]}/${offer.externalId}`, {
        sold: offer.soldQuantity,
        cancelled: offer.cancelledQuantity,
        shipped: offer.shippedQuantity,
      })
    }
  }
  return books
}

const allPages = async <T>(hub: HubProcess, path: string): Promise<T[]> => {
  const items: T[] = []
  let after = ''
  for (;;) {
    const page = await hub.get<{ items: T[]; next: string | null }>(`${path}?limit=100${after}`)
    items.push(...page.items)
    if (page.next === null) return items
    after = `&after=${encodeURIComponent(page.next)}`
  }
}

/** Which orders of a listing the hub has, and how. */
const differences = (trade: Trade, listing: string, seen: ReadonlyMap<string, Order>): string =>
  trade.marketplaces.all
    .flatMap((simulator) =>
      simulator.market.orders().filter((o) => o.lines.some((l) => `${channelOf[simulator.platform]}/${l.externalId}` === listing)),
    )
    .map(
      (o) =>
        `${o.orderId} of ${new Date(o.createdAtMs).toISOString()}: ${JSON.stringify(o.lines)} ${JSON.stringify(seen.get(o.orderId)?.lines ?? 'unknown')}`,
    )
    .join('\n')

/** Waits until the hub knows every order exactly as the platforms do. */
export const expectOrdersAccountedFor = (trade: Trade): Promise<void> =>
  eventually('the hub knows all orders', async () => {
    const books = channelBooks(trade)
    const known = new Map<string, { sold: number; cancelled: number; shipped: number }>()
    const orders = await allPages<Order>(trade.hub, '/api/v1/orders')
    const seen = new Map(orders.map((order) => [order.orderId, order]))
    for (const order of orders) {
      for (const line of order.lines) {
        const sum = known.get(line.listing) ?? { sold: 0, cancelled: 0, shipped: 0 }
        sum.sold += line.orderedQuantity
        sum.cancelled += line.cancelledQuantity
        sum.shipped += line.shippedQuantity
        known.set(line.listing, sum)
      }
    }
    for (const [listing, truth] of books) {
      const ours = known.get(listing) ?? { sold: 0, cancelled: 0, shipped: 0 }
      if (ours.sold !== truth.sold || ours.cancelled !== truth.cancelled || ours.shipped !== truth.shipped)
        return `${listing}: the platform says ${JSON.stringify(truth)}, the hub ${JSON.stringify(ours)}; ${differences(trade, listing, seen)}`
    }
    return null
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\nWhat the hub said last:\n${trade.hub.output().slice(-4000)}`)
  })

/** With the hub stopped: levels are the ledger's, promises are the orders', and nothing strict is oversold. */
export const expectLedgerBalanced = async (trade: Trade): Promise<void> => {
  const store = await openStore(trade.storeUrl)
  try {
    const stock: Stock[] = [...(await store.listStock({ limit: 500 })).items]
    expect(stock).toHaveLength(skuCount)
    const promised = new Map<string, number>()
    let after: string | null = null
    do {
      const page: Awaited<ReturnType<typeof store.listOrders>> = await store.listOrders({ after, limit: 500 })
      for (const order of page.items) {
        for (const line of order.lines) {
          const open = Math.max(0, (line.acceptedQuantity ?? line.orderedQuantity) - line.cancelledQuantity - line.shippedQuantity)
          promised.set(line.sku, (promised.get(line.sku) ?? 0) + open * line.unitsPerListing)
        }
      }
      after = page.next
    } while (after !== null)
    for (const each of stock) {
      const levels = await store.ledgerLevels(each)
      expect(levels, `${each.sku}: opening and movements make closing`).toEqual({
        onHandUnits: each.onHandUnits,
        reservedUnits: each.reservedUnits,
      })
      expect(each.reservedUnits, `${each.sku}: reserved is what orders hold`).toBe(promised.get(each.sku) ?? 0)
      const onHand = Object.values(each.onHandUnits).reduce((sum, units) => sum + units, 0)
      if (each.sharing === 'strict') expect(onHand - each.reservedUnits, `${each.sku}: oversold`).toBeGreaterThanOrEqual(0)
    }
    expect(
      (await store.readInbox({ state: 'parked', limit: 20 })).map((event) => `${event.channel} ${event.topic}: ${event.reason}`),
    ).toEqual([])
  } finally {
    await store.close()
  }
}
