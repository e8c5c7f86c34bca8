// The accounting at the end of a day of trade: every unit of every SKU is where an order, a movement or the shelf says, for the hub and for the
// channels alike.
import { expect } from 'vitest'
import type { Order } from '../../src/domain/orders.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { ChannelStatus } from '../../src/ports/hub.ts'
import { openStore } from '../../src/store/index.ts'
import { eventually, type HubProcess } from './hub-process.ts'
import { channelOf, skuCount, type Trade } from './open-trade.ts'

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
    const said = [trade.hub, ...trade.workers].map((each) => each.output().slice(-4000)).join('\n---\n')
    throw new Error(`${String(error)}\nWhat the hub said last:\n${said}`)
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
      const [levels] = await store.ledgerLevels([each])
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

interface ShownStock {
  readonly sharing: 'strict' | 'pooled'
  readonly listings: readonly {
    readonly id: string
    readonly externalId: string
    readonly channel: string
    readonly writeClass: string
    readonly believedQuantity: number | null
    readonly exposureQuantity: number
    /** Before its first evidence is complete, a listing has no bound: what it sells then is outside of the promise. */
    readonly guaranteed: boolean
    readonly openPushes: readonly unknown[]
  }[]
}

type Live = (channel: string, externalId: string) => number | undefined

const unrest = ({ listings }: ShownStock, live: Live): string | null => {
  for (const each of listings) {
    if (each.writeClass === 'ask-first') continue
    if (each.openPushes.length > 0) return `${each.id} has ${each.openPushes.length} open pushes`
    const shown = live(each.channel, each.externalId) ?? Number.NaN
    // Shopify tells of what goes back on sale by itself, Amazon does not: there it may show more than what was written last.
    const believed = each.believedQuantity ?? Number.NaN
    const fits = each.writeClass === 'compare-and-set' ? believed === shown : believed <= shown
    if (!fits) return `${each.id} shows ${shown}, the hub believes ${each.believedQuantity}`
  }
  return null
}

const unbounded = ({ listings }: ShownStock, live: Live): string | null => {
  const beyond = listings.find((each) => each.guaranteed && !(each.exposureQuantity >= (live(each.channel, each.externalId) ?? Number.NaN)))
  return beyond ? `${beyond.id} shows ${live(beyond.channel, beyond.externalId)}: ${JSON.stringify(beyond)}` : null
}

const notAdopted = ({ sharing, listings }: ShownStock): string | null => {
  const outside = listings.find((each) => sharing === 'strict' && each.writeClass !== 'ask-first' && !each.guaranteed)
  return outside ? `${outside.id} is not taken into the guarantee yet: ${JSON.stringify(outside)}` : null
}

/** The first complaint about any pool of stock, with what the platforms show now; null: none. */
const complaintAbout = async (trade: Trade, check: (pool: ShownStock, live: Live) => string | null): Promise<string | null> => {
  const live = new Map<string, number>()
  for (const simulator of trade.marketplaces.all)
    for (const { externalId, liveQuantity } of simulator.market.books())
      live.set(`${channelOf[simulator.platform]}/${externalId}`, liveQuantity)
  for (const { sku } of await allPages<{ readonly sku: string }>(trade.hub, '/api/v1/stock')) {
    const { pools } = await trade.hub.get<{ readonly pools: readonly ShownStock[] }>(`/api/v1/stock/${encodeURIComponent(sku)}`)
    for (const pool of pools) {
      const complaint = check(pool, (channel, externalId) => live.get(`${channel}/${externalId.replace(/#.*/, '')}`))
      if (complaint !== null) return complaint
    }
  }
  return null
}

/** Waits until every listing of stock that is not pooled has a bound. Amazon's orders of the last two minutes cannot be searched: it takes that long. */
export const expectAdopted = (trade: Trade): Promise<void> =>
  eventually('every listing is taken into the guarantee', () => complaintAbout(trade, notAdopted), 300_000)

/** Waits until nothing is under way or due any more and every channel shows what was written: no push was lost, none comes late. */
export const expectAtRest = (trade: Trade): Promise<void> =>
  eventually(
    'every channel shows what was written',
    async () => {
      const { items } = await trade.hub.get<{ readonly items: readonly ChannelStatus[] }>('/api/v1/channels')
      const due = items.find(({ pushesDue }) => pushesDue > 0)
      return due ? `${due.pushesDue} pushes of ${due.channel} are due` : await complaintAbout(trade, unrest)
    },
    150_000,
  )

/** With the shops closed and everything at rest: no listing shows more than its bound, whoever wrote it and however late. */
export const expectBounded = async (trade: Trade): Promise<void> => {
  expect(await complaintAbout(trade, unbounded)).toBeNull()
}

/** Every write that a channel of plain sets received was issued once: a push that was issued is sent once or never, whoever sends it. */
export const expectNoDoubledPush = async (trade: Trade): Promise<void> => {
  const store = await openStore(trade.storeUrl)
  try {
    const { items } = await store.listStock({ limit: 500 })
    const issued = items
      .flatMap(({ listings }) => listings)
      .filter(({ writeClass }) => writeClass === 'absolute-set-with-read')
      .reduce((sum, { sequence }) => sum + sequence, 0)
    const counts = trade.marketplaces.seller.requestCounts()
    const received = (name: string): number => counts[name] ?? 0
    expect(received('listings.patchListingsItem')).toBeGreaterThan(0)
    expect(received('listings.patchListingsItem')).toBeLessThanOrEqual(issued)
  } finally {
    await store.close()
  }
}
