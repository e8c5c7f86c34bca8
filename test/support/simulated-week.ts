// A week of trade in the simulated marketplaces with the real hub in this process, and its truth by the marketplaces' own books. Shoppers come
// around each midnight of Berlin, so that every trade is cut by a day's end; between these times the hub is down, as for the night, and
// orders that came meanwhile are found at the next start.
import type { ChannelId } from '../../src/domain/ids.ts'
import { addDays, daySpan, type LocalDay } from '../../src/domain/local-day.ts'
import type { ReportSource } from '../../src/reports/daily-report.ts'
import type { CatalogueEntry } from '../../sim/world/catalogue.ts'
import { createCatalogue } from '../../sim/world/catalogue.ts'
import { createWorld } from '../../sim/world/world.ts'
import { openTown, type Town } from './in-process-hub.ts'
import { seededRandom } from './seeded-random.ts'

const weekZone = 'Europe/Berlin'
const minuteMs = 60_000
/** Of each purchase order, one at each midnight. */
export const purchasedUnits = 7

export interface SimulatedWeek {
  readonly town: Town
  readonly days: readonly LocalDay[]
  readonly source: ReportSource
  readonly catalogue: readonly CatalogueEntry[]
  close(): Promise<void>
}

const platformOf: Readonly<Record<string, string>> = { shopify: 'shopify', 'amazon-seller': 'amazon', 'amazon-vendor': 'vendor' }

/** `firstMidnight`: the day at whose beginning the first shoppers come. */
export const simulateWeek = async (options: {
  readonly firstMidnight: LocalDay
  readonly midnights: number
  readonly skus: number
  readonly ordersPerMinute: number
  readonly aroundMinutes: number
}): Promise<SimulatedWeek> => {
  const { firstMidnight, midnights } = options
  const catalogue = createCatalogue(5, options.skus)
  const startMs = daySpan(firstMidnight, weekZone).fromMs - options.aroundMinutes * minuteMs
  const town = await openTown({ catalogue, startMs: startMs - 5 * minuteMs, retailSkus: 6, seed: 3 })
  // Of the retail offers the second is asked for by the piece.
  const retailOffer =
    town.marketplaces.vendor.market.offers().filter(({ externalId }) => externalId.startsWith('retail/'))[1]?.externalId ?? ''
  const world = createWorld({
    simulators: town.marketplaces.all,
    ports: { clock: town.clock, random: seededRandom(11) },
    plan: {
      ordersPerMinute: options.ordersPerMinute,
      cancelWithinMs: 4 * minuteMs,
      cancelChance: 0.15,
      shipAfterMs: 6 * minuteMs,
    },
  })
  for (let i = 0; i < midnights; i++) {
    const midnightMs = daySpan(addDays(firstMidnight, i), weekZone).fromMs
    await town.clock.advance(Math.max(0, midnightMs - options.aroundMinutes * minuteMs - town.clock.nowMs()))
    const hub = await town.startHub()
    // The world's own notes are what comes while the hub looks.
    world.start()
    const asked = town.marketplaces.vendor.market.buy([{ externalId: retailOffer, quantity: purchasedUnits }])
    if (!asked) throw new Error('Amazon asked for nothing')
    await town.clock.advance(2 * options.aroundMinutes * minuteMs)
    await world.stop()
    // What is due is cancelled and shipped, pending orders get their prices, and all of it is told.
    for (let minutes = 0; minutes < 8; minutes++) {
      await town.clock.advance(minuteMs)
      world.settleDue()
    }
    await hub.stop()
  }
  const lastDay = addDays(firstMidnight, midnights - 1)
  await town.clock.advance(daySpan(lastDay, weekZone).toMs + 6 * 3_600_000 - town.clock.nowMs())
  const days = Array.from({ length: midnights + 1 }, (_, i) => addDays(firstMidnight, i - 1))
  return {
    town,
    days,
    catalogue,
    source: {
      store: town.store,
      clock: town.clock,
      timeZone: weekZone,
      channels: ['amazon', 'shopify', 'vendor'] as ChannelId[],
      paidByAmazon: new Set(['vendor' as ChannelId]),
    },
    close: () => town.close(),
  }
}

export interface TrueSales {
  readonly orders: number
  readonly quantity: number
  readonly amountMinor: number
}

/** By channel what the marketplaces sold on a day, retail purchase orders apart. */
export const trueSales = ({ town, catalogue }: SimulatedWeek, day: LocalDay): ReadonlyMap<string, TrueSales> => {
  const { fromMs, toMs } = daySpan(day, weekZone)
  const priceOf = new Map<string, number>()
  const unitsOf = new Map<string, number>()
  for (const entry of catalogue)
    for (const listing of entry.listings) {
      priceOf.set(`${listing.platform} ${listing.sku}`, entry.priceMinor * listing.unitsPerListing)
      unitsOf.set(`${listing.platform} ${listing.sku}`, listing.unitsPerListing)
    }
  return new Map(
    town.marketplaces.all.map(({ platform, market }) => {
      const skuOf = new Map(market.offers().map(({ externalId, sku }) => [externalId, `${platform} ${sku}`]))
      const orders = market
        .orders()
        .filter(({ createdAtMs, lines }) => createdAtMs >= fromMs && createdAtMs < toMs && !lines[0]?.externalId.startsWith('retail/'))
      const lines = orders.flatMap((order) => order.lines)
      return [
        platformOf[platform] ?? '',
        {
          orders: orders.length,
          quantity: lines.reduce((sum, line) => sum + line.quantity * (unitsOf.get(skuOf.get(line.externalId) ?? '') ?? Number.NaN), 0),
          amountMinor: lines.reduce((sum, line) => sum + line.quantity * (priceOf.get(skuOf.get(line.externalId) ?? '') ?? Number.NaN), 0),
        },
      ]
    }),
  )
}

/** By channel the units that were cancelled in all of the week. */
export const trueCancelledUnits = ({ town, catalogue }: SimulatedWeek): ReadonlyMap<string, number> => {
  const unitsOf = new Map(
    catalogue.flatMap((entry) => entry.listings.map((each) => [`${each.platform} ${each.sku}`, each.unitsPerListing])),
  )
  return new Map(
    town.marketplaces.all.map(({ platform, market }) => [
      platformOf[platform] ?? '',
      market
        .books()
        .filter(({ externalId }) => !externalId.startsWith('retail/'))
        .reduce((sum, book) => sum + book.cancelledQuantity * (unitsOf.get(`${platform} ${book.sku}`) ?? Number.NaN), 0),
    ]),
  )
}
