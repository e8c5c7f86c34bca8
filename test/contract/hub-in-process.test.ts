// The engine with all three adapters against all three marketplaces, on a virtual clock: what one channel does, the others follow.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocationId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { MovementRequest } from '../../src/ports/hub.ts'
import { type FaultPlan, noFaults } from '../../sim/simulator.ts'
import { everywhere, openTown, type RunningHub, type Town } from '../support/in-process-hub.ts'
import { seededRandom } from '../support/seeded-random.ts'

const channels = ['shopify', 'amazon', 'vendor'] as const
const main = 'main' as PoolId
const berlin = 'berlin' as LocationId

const move = (kind: MovementRequest['kind'], sku: string, units: number): MovementRequest => ({
  kind,
  sku: sku as Sku,
  pool: main,
  location: berlin,
  toLocation: null,
  units,
  reference: `${kind} of ${sku}`,
})

const shownSum = (town: Town, sku: string): number => channels.reduce((sum, channel) => sum + town.shown(channel, sku), 0)

describe('a day of trade, all well', () => {
  let town: Town
  let running: RunningHub
  const orders = new Map<string, string>()
  /** What was shown once the import had settled. */
  const adopted = new Map<string, readonly number[]>()

  beforeAll(async () => {
    const strict = ['SOLD-shopify', 'SOLD-amazon', 'SOLD-vendor', 'RESTOCKED', 'LOST', 'RECEIVED', 'SHRUNK', 'RETAIL', 'SHIPPED']
    town = await openTown({
      catalogue: [...strict.map((sku) => everywhere(sku, 30)), everywhere('POOLED', 50, 'pooled'), everywhere('LAST', 1)],
      // A merchant without a hub shows everything everywhere.
      opening: (_platform, sku) => (sku === 'LAST' ? 1 : 30),
      retailSkus: 8,
    })
    running = await town.startHub()
    const { hub } = running
    // Equal shares, whatever sells: what each channel gives and gets is then known.
    for (const channel of channels) {
      const sku = `SOLD-${channel}`
      const rows = (await town.stock(sku)).listings.map((listing, index) => ({
        line: index + 2,
        sku: sku as Sku,
        pool: main,
        channel: listing.channel,
        externalId: listing.externalId,
        unitsPerListing: 1,
        rule: { mode: 'weight', value: 1 } as const,
      }))
      await town.run(hub.applyImport({ reference: `equal shares of ${sku}`, stock: [], listings: rows }))
    }
    await town.untilSettled()
    for (const sku of [...strict, 'POOLED', 'LAST'])
      adopted.set(
        sku,
        channels.map((channel) => town.shown(channel, sku)),
      )
    for (const channel of channels) {
      orders.set(`sold ${channel}`, town.buy(channel, `SOLD-${channel}`, 10))
      town.buy(channel, 'POOLED', 2)
      orders.set(`restocked ${channel}`, town.buy(channel, 'RESTOCKED', 4))
      orders.set(`lost ${channel}`, town.buy(channel, 'LOST', 4))
      orders.set(`shipped ${channel}`, town.buy(channel, 'SHIPPED', 3))
    }
    await town.run(hub.move(move('receipt', 'RECEIVED', 12)))
    await town.run(hub.move(move('shrinkage', 'SHRUNK', 12)))
    const capped = { mode: 'weight', value: 1, capUnits: 5, hideBelowUnits: 0, priority: 0 } as const
    const listings = (await town.stock('RETAIL')).listings.map((listing, index) => ({
      line: index + 2,
      sku: 'RETAIL' as Sku,
      pool: main,
      channel: listing.channel,
      externalId: listing.externalId,
      unitsPerListing: 1,
      rule: capped,
    }))
    await town.run(hub.applyImport({ reference: 'caps', stock: [], listings }))
    await town.clock.advance(70_000)
    for (const simulator of town.marketplaces.all) {
      const channel = { shopify: 'shopify', 'amazon-seller': 'amazon', 'amazon-vendor': 'vendor' }[simulator.platform]
      simulator.market.cancel(orders.get(`restocked ${channel}`) ?? '', { restock: true })
      simulator.market.cancel(orders.get(`lost ${channel}`) ?? '', { restock: false })
      simulator.market.ship(orders.get(`shipped ${channel}`) ?? '')
    }
    await town.untilSettled()
    orders.set('retail', town.marketplaces.vendor.market.buy([{ externalId: 'retail/RETAIL', quantity: 20 }])?.orderId ?? '')
    await town.clock.advance(60_000)
    await town.untilSettled()
  }, 120_000)
  afterAll(async () => {
    await running.stop()
    await town.close()
  })

  test('an adopted catalogue goes to its shares, the last unit to one channel', () => {
    expect(adopted.get('SOLD-shopify')).toEqual([10, 10, 10])
    expect(adopted.get('POOLED')).toEqual([50, 50, 50])
    expect(adopted.get('LAST')?.toSorted()).toEqual([0, 0, 1])
  })

  for (const sold of channels)
    test(`sold out on ${sold}: the others give, and it sells again`, async () => {
      const sku = `SOLD-${sold}`
      expect((await town.stock(sku)).reservedUnits).toBe(10)
      expect(town.shown(sold, sku)).toBeGreaterThan(0)
      for (const other of channels.filter((channel) => channel !== sold)) expect(town.shown(other, sku)).toBeLessThan(10)
      expect(shownSum(town, sku)).toBeLessThanOrEqual(20)
      expect(shownSum(town, sku)).toBeGreaterThan(15)
    })

  test('pooled stock shows what is left on every channel', async () => {
    expect((await town.stock('POOLED')).reservedUnits).toBe(6)
    for (const channel of channels) expect(town.shown(channel, 'POOLED')).toBe(44)
  })

  test('cancelled, restocked by the channel or not: all of it is on sale again, none of it twice', async () => {
    for (const sku of ['RESTOCKED', 'LOST']) {
      expect((await town.stock(sku)).reservedUnits).toBe(0)
      expect(shownSum(town, sku)).toBeLessThanOrEqual(30)
      expect(shownSum(town, sku)).toBeGreaterThanOrEqual(20)
    }
  })

  test('what was shipped has left the shelf', async () => {
    const stock = await town.stock('SHIPPED')
    expect([stock.onHandUnits[berlin], stock.reservedUnits]).toEqual([21, 0])
  })

  test('goods received are offered, goods lost are not', () => {
    expect(shownSum(town, 'RECEIVED')).toBeGreaterThan(30)
    expect(shownSum(town, 'RECEIVED')).toBeLessThanOrEqual(42)
    expect(shownSum(town, 'SHRUNK')).toBeLessThanOrEqual(18)
    expect(shownSum(town, 'SHRUNK')).toBeGreaterThan(9)
  })

  test('a purchase order is accepted up to what no channel offers', async () => {
    const books = town.marketplaces.vendor.market.books().find((each) => each.externalId === 'retail/RETAIL')
    expect(books?.soldQuantity).toBe(15)
    expect((await town.stock('RETAIL')).reservedUnits).toBe(15)
  })

  test('orders of direct fulfilment are answered: Amazon lets them be shipped', () => {
    expect(town.marketplaces.vendor.market.ship(orders.get('sold vendor') ?? '')).toBe(true)
  })

  test('nothing was parked, nothing failed, no channel was throttled', async () => {
    expect(town.errors).toEqual([])
    expect(await town.store.readInbox({ state: 'parked', limit: 10 })).toEqual([])
    const status = await running.hub.channelStatus()
    expect(status.map((each) => [each.channel, each.throttles, each.health])).toEqual(channels.map((channel) => [channel, 0, 'ok']))
  })

  test('without events nothing is sent any more', async () => {
    const before = town.writes()
    await town.clock.advance(5 * 60_000)
    expect(town.writes()).toBe(before)
  }, 60_000)
})

describe('what a channel may do', () => {
  test('observed: orders are read, nothing is written, and no order is answered', async () => {
    const town = await openTown({
      catalogue: [everywhere('MUG', 30), everywhere('POOLED', 20, 'pooled')],
      modes: { shopify: 'observe', amazon: 'observe', vendor: 'observe' },
      opening: () => 30,
    })
    const running = await town.startHub()
    for (const channel of channels) town.buy(channel, 'MUG', 2)
    town.marketplaces.vendor.market.buy([{ externalId: 'retail/MUG', quantity: 3 }])
    await town.until('the sales are in', async () => {
      const { reservedUnits } = await town.stock('MUG')
      return reservedUnits >= 6 ? null : `${reservedUnits} units are reserved`
    })
    await town.clock.advance(60_000)
    expect(town.writes()).toBe(0)
    for (const channel of channels) expect(town.shown(channel, 'MUG')).toBe(28)
    await running.stop()
    expect(town.errors).toEqual([])
    await town.close()
  })

  test('paused: neither written nor read, and its orders come in all the same', async () => {
    const town = await openTown({
      catalogue: [everywhere('MUG', 30)],
      modes: { shopify: 'paused', amazon: 'paused', vendor: 'paused' },
    })
    const running = await town.startHub()
    for (const channel of channels) town.buy(channel, 'MUG', 2)
    await town.until('the sales are in', async () => ((await town.stock('MUG')).reservedUnits === 6 ? null : 'not yet'))
    await town.clock.advance(60_000)
    expect(town.writes()).toBe(0)
    expect(Object.keys(town.marketplaces.seller.requestCounts()).filter((each) => each.startsWith('listings.'))).toEqual([])
    expect((await town.stock('MUG')).listings.map((each) => each.believedQuantity)).toEqual([null, null, null, null])
    await running.stop()
    await town.close()
  })
})

describe('when notices do not come', () => {
  test('what was bought and cancelled before the hub was subscribed is found by its second poll', async () => {
    const town = await openTown({ catalogue: [everywhere('MUG', 30)] })
    const [kept, cancelled] = [town.buy('amazon', 'MUG', 2), town.buy('amazon', 'MUG', 3)]
    town.marketplaces.seller.market.cancel(cancelled, { restock: true })
    const running = await town.startHub()
    const ordersOf = async (): Promise<string> =>
      (await town.store.listOrders({ after: null, limit: 10 })).items
        .map((order) => `${order.orderId}: ${order.lines.map((line) => line.orderedQuantity - line.cancelledQuantity).join()}`)
        .toSorted()
        .join(' ')
    const all = [`${kept}: 2`, `${cancelled}: 0`].toSorted().join(' ')
    await town.until('both orders are known', async () => ((await ordersOf()) === all ? null : await ordersOf()), 5 * 60_000)
    expect((await town.stock('MUG')).reservedUnits).toBe(2)
    await running.stop()
    await town.close()
  })

  test('polls alone reach the same state', async () => {
    const town = await openTown({ catalogue: [everywhere('MUG', 30), everywhere('POOLED', 20, 'pooled')] })
    for (const simulator of town.marketplaces.all) simulator.faults.lose = 1
    const running = await town.startHub()
    await town.untilSettled()
    const bought = channels.map((channel) => ({ channel, orderId: town.buy(channel, 'MUG', 10) }))
    for (const channel of channels) town.buy(channel, 'POOLED', 1)
    await town.clock.advance(60_000)
    const [first] = bought
    town.marketplaces.shopify.market.cancel(first?.orderId ?? '', { restock: true })
    await town.until('the sales are in', async () => {
      const [mug, pooled] = [await town.stock('MUG'), await town.stock('POOLED')]
      return mug.reservedUnits === 20 && pooled.reservedUnits === 3 ? null : `${mug.reservedUnits} and ${pooled.reservedUnits} are reserved`
    })
    await town.untilSettled()
    expect(shownSum(town, 'MUG')).toBeLessThanOrEqual(10)
    for (const channel of channels) expect(town.shown(channel, 'POOLED')).toBe(17)
    await running.stop()
    await town.close()
  }, 60_000)
})

describe('faults and crashes', () => {
  const random = seededRandom(21)
  const trade = async (town: Town, skus: readonly string[], forMs: number): Promise<void> => {
    const untilMs = town.clock.nowMs() + forMs
    while (town.clock.nowMs() < untilMs) {
      const simulator = town.marketplaces.all[Math.floor(random.next() * 3)]
      const sku = skus[Math.floor(random.next() * skus.length)]
      const offer = simulator?.market.offers().find((each) => each.sku === sku && !each.externalId.startsWith('retail/'))
      const order = offer && simulator?.market.buy([{ externalId: offer.externalId, quantity: 1 + Math.floor(random.next() * 2) }])
      if (order && random.next() < 0.3) simulator?.market.cancel(order.orderId, { restock: random.next() < 0.5 })
      await town.clock.advance(Math.ceil(random.next() * 4_000))
    }
  }
  const strictSkus = ['A', 'B', 'C']

  /** Every order of the platforms, as the platforms have it. */
  const expectOrdersKnown = (town: Town, withinMs?: number): Promise<void> =>
    town.until(
      'the hub knows all orders',
      async () => {
        const known = new Map<string, number>()
        for (let after: string | null = null, more = true; more; ) {
          const page: Awaited<ReturnType<typeof town.store.listOrders>> = await town.store.listOrders({ after, limit: 500 })
          for (const order of page.items)
            for (const line of order.lines)
              known.set(line.listing, (known.get(line.listing) ?? 0) + line.orderedQuantity - line.cancelledQuantity)
          after = page.next
          more = after !== null
        }
        for (const simulator of town.marketplaces.all) {
          const channel = { shopify: 'shopify', 'amazon-seller': 'amazon', 'amazon-vendor': 'vendor' }[simulator.platform]
          for (const { externalId, soldQuantity, cancelledQuantity } of simulator.market.books()) {
            if (externalId.startsWith('retail/')) continue
            const ours = known.get(`${channel}/${externalId}`) ?? 0
            if (ours !== soldQuantity - cancelledQuantity) return `${externalId}: ${ours} of ${soldQuantity - cancelledQuantity}`
          }
        }
        return null
      },
      withinMs,
    )

  test('everything goes wrong for a while, then nothing: all of it comes right, and nothing was oversold', async () => {
    const town = await openTown({ catalogue: [...strictSkus.map((sku) => everywhere(sku, 60)), everywhere('POOLED', 50, 'pooled')] })
    const running = await town.startHub()
    await town.untilSettled()
    for (const { faults } of town.marketplaces.all)
      Object.assign(faults, { duplicate: 0.3, reorder: 0.3, reorderWithinMs: 20_000, lose: 0.2 } satisfies Partial<FaultPlan>)
    for (const { faults } of town.marketplaces.all)
      Object.assign(faults, { throttle: 0.1, errorBefore: 0.1, errorAfter: 0.1, acceptedNeverApplied: 0.1 } satisfies Partial<FaultPlan>)
    await trade(town, [...strictSkus, 'POOLED'], 5 * 60_000)
    for (const { faults } of town.marketplaces.all) Object.assign(faults, noFaults())
    await expectOrdersKnown(town)
    await town.untilSettled(30 * 60_000)
    for (const sku of strictSkus) {
      const stock = await town.stock(sku)
      expect((stock.onHandUnits[berlin] ?? 0) - stock.reservedUnits, `of ${sku}`).toBeGreaterThanOrEqual(0)
    }
    await running.stop()
    expect(town.errors).toEqual([])
    await town.close()
  }, 120_000)

  test('killed again and again in the middle of pushes, its requests left standing: the same accounts', async () => {
    const town = await openTown({ catalogue: [...strictSkus.map((sku) => everywhere(sku, 60)), everywhere('POOLED', 50, 'pooled')] })
    let running = await town.startHub()
    await town.untilSettled()
    for (let round = 0; round < 6; round++) {
      await trade(town, [...strictSkus, 'POOLED'], 20_000)
      const before = town.writes()
      // The kill falls between a request and its answer.
      town.buy('shopify', 'POOLED', 1)
      for (let steps = 0; steps < 200 && town.writes() === before; steps++) await town.clock.step()
      running.kill(round % 2 === 0 ? 'closed' : 'open')
      await trade(town, [...strictSkus, 'POOLED'], 5_000)
      running = await town.startHub()
    }
    await expectOrdersKnown(town, 60_000)
    await town.untilSettled(30 * 60_000)
    for (const sku of strictSkus) {
      const stock = await town.stock(sku)
      expect((stock.onHandUnits[berlin] ?? 0) - stock.reservedUnits, `of ${sku}`).toBeGreaterThanOrEqual(0)
      expect((await town.store.ledgerLevels([stock]))[0]).toEqual({ onHandUnits: stock.onHandUnits, reservedUnits: stock.reservedUnits })
    }
    await running.stop()
    expect(town.errors).toEqual([])
    await town.close()
  }, 120_000)
})
