// The world of shoppers and its catalogue.
import { expect, test } from 'vitest'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import { createShopifySimulator } from '../shopify/index.ts'
import { createCatalogue, listingsFor } from './catalogue.ts'
import { seededRandom } from './seeded-random.ts'
import { createWorld, type WorldEvent, type WorldPlan } from './world.ts'

const build = (plan: Partial<WorldPlan> = {}, seed = 3) => {
  const clock = createVirtualClock(undefined, 1)
  const random = seededRandom(seed)
  const simulator = createShopifySimulator({
    shop: 'belay-demo',
    clientId: 'client',
    clientSecret: 'secret',
    locations: [{ name: 'Warehouse' }],
    catalogue: listingsFor(createCatalogue(1, 60), 'shopify'),
    ports: { clock, random, fetch: () => Promise.resolve(new Response(null)) },
  })
  const events: WorldEvent[] = []
  const world = createWorld({ simulators: [simulator], ports: { clock, random }, plan, observe: (event) => events.push(event) })
  return { clock, simulator, world, events }
}

test('the same seed gives the same session', async () => {
  const sessions = []
  for (let run = 0; run < 2; run++) {
    const { clock, world, events } = build()
    world.start()
    await clock.advance(10 * 60_000)
    await world.stop()
    sessions.push(events)
  }
  expect(sessions[0]!.length).toBeGreaterThan(100)
  expect(sessions[0]).toEqual(sessions[1])
})

test('orders come at the pace of the plan, which can change on the way', async () => {
  const { clock, world } = build({ ordersPerMinute: 60 })
  world.start()
  await clock.advance(10 * 60_000)
  const visits = world.statistics().shopify.visits
  // Poisson with mean 600: five standard deviations are 122.
  expect(Math.abs(visits - 600)).toBeLessThan(122)
  world.plan.ordersPerMinute = 0
  await clock.advance(60_000)
  expect(world.statistics().shopify.visits).toBeLessThanOrEqual(visits + 3)
  await world.stop()
  const stopped = world.statistics().shopify.visits
  await clock.advance(60_000)
  expect(world.statistics().shopify.visits).toBe(stopped)
})

test('statistics agree with the books; what is not cancelled ships', async () => {
  const { clock, simulator, world } = build({ cancelChance: 0.3 })
  for (let visit = 0; visit < 300; visit++) world.step()
  const statistics = world.statistics().shopify
  expect(statistics.visits).toBe(300)
  expect(statistics.orders + statistics.leftEmptyHanded).toBe(300)
  expect(simulator.market.books().reduce((units, each) => units + each.soldQuantity, 0)).toBe(statistics.unitsSold)
  await clock.advance(2 * 3_600_000)
  world.settleDue()
  const later = simulator.market.books()
  const total = (field: 'soldQuantity' | 'cancelledQuantity' | 'shippedQuantity') => later.reduce((units, each) => units + each[field], 0)
  expect(world.statistics().shopify.cancellations).toBeGreaterThan(20)
  expect(total('shippedQuantity') + total('cancelledQuantity')).toBe(total('soldQuantity'))
})

test('few things are bought often', () => {
  const { simulator, world } = build({ secondLineChance: 0, multiUnitChance: 0 })
  for (let visit = 0; visit < 500; visit++) world.step()
  const sold = simulator.market
    .books()
    .map((each) => each.soldQuantity)
    .sort((a, b) => b - a)
  const total = sold.reduce((sum, each) => sum + each, 0)
  expect(sold.slice(0, Math.ceil(sold.length / 4)).reduce((sum, each) => sum + each, 0)).toBeGreaterThan(total / 2)
})

test('a catalogue has unique SKUs, last units, packs, both modes and every channel, and depends on its seed alone', () => {
  const catalogue = createCatalogue(5)
  expect(catalogue).toHaveLength(500)
  expect(createCatalogue(5)).toEqual(catalogue)
  expect(createCatalogue(6)).not.toEqual(catalogue)
  expect(new Set(createCatalogue(5, 2_000).map((each) => each.sku)).size).toBe(2_000)
  expect(new Set(catalogue.map((each) => each.barcode)).size).toBe(500)
  expect(catalogue.every((each) => each.quantity >= 1 && each.quantity <= 100 && each.priceMinor > 0)).toBe(true)
  expect(catalogue.filter((each) => each.quantity <= 3).length).toBeGreaterThan(50)
  expect(new Set(catalogue.map((each) => each.mode))).toEqual(new Set(['strict', 'pooled']))
  const listings = catalogue.flatMap((each) => each.listings)
  expect(new Set(listings.map((each) => each.platform))).toEqual(new Set(['shopify', 'amazon-seller', 'amazon-vendor']))
  expect(new Set(listings.map((each) => each.unitsPerListing))).toEqual(new Set([1, 2, 6]))
  const pack = listings.find((each) => each.unitsPerListing === 6)!
  const entry = catalogue.find((each) => each.listings.includes(pack))!
  expect(listingsFor(catalogue, pack.platform).find((each) => each.sku === pack.sku)!.quantity).toBe(Math.floor(entry.quantity / 6))
})
