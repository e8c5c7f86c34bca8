// What the books of a world count as demand where the hub refuses an order: nothing from then on, and all of it before.
import { expect, test } from 'vitest'
import { listingIdOf, type ChannelId, type PoolId, type Sku } from '../../src/domain/ids.ts'
import type { Incident } from '../../src/domain/incidents.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { Order } from '../../src/domain/orders.ts'
import { listingOf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import { createBooks } from './books.ts'
import { createMerchant, type Offer } from './merchant.ts'
import { drawFullScenario, type FullScenario, type PlatformScenario } from './scenario.ts'
import { createWorldClock } from './world-clock.ts'

const sku = 'GOODS-1' as Sku
const pool = 'main' as PoolId

const vendorOf = (scenario: FullScenario): PlatformScenario | undefined =>
  scenario.platforms.find((own) => own.platform === 'amazon-vendor')

/** A vendor with two direct-fulfilment offers of one SKU, both inside the guarantee as far as the hub's document says. */
const worldOf = (goodsUnits: number, quantities: readonly [number, number]) => {
  const drawn = Array.from({ length: 50 }, (_, seed) => drawFullScenario(seed)).find(vendorOf)
  const vendor = drawn && vendorOf(drawn)
  if (!vendor) throw new Error('no drawn world has a vendor')
  const listings = quantities.map((openingQuantity, at) => ({
    platform: vendor.platform,
    sku: `${sku}-${at}`,
    unitsPerListing: 1,
    openingQuantity,
  }))
  const merchant = createMerchant(
    {
      ...drawn,
      platforms: [{ ...vendor, retail: false }],
      skus: [{ sku, onHandUnits: goodsUnits, bufferUnits: 0, sharing: 'strict', listings }],
    },
    { clock: createWorldClock(startMs), deliver: () => Promise.resolve(new Response()) },
  )
  const [first, second] = merchant.offers
  if (!first || !second) throw new Error('two offers were to be there')
  const books = createBooks(merchant, false)
  let version = 0
  const goods = (from: LedgerEntry['from'], to: LedgerEntry['to'], units: number): LedgerEntry => ({
    key: `goods/${version}`,
    sku,
    pool,
    from,
    to,
    units,
    reason: 'count',
    reference: 'count',
    atMs: startMs,
    version,
  })
  const observe = (
    onHandUnits: number,
    bases: readonly [number, number],
    rest: Omit<Parameters<typeof books.observe>[0], 'stock'>,
  ): void => {
    version += 1
    const states = [first, second].map(({ channel, externalId }, at) =>
      listingOf({ id: listingIdOf(channel, externalId), channel, externalId, base: bases[at] ?? 0 }),
    )
    books.observe({ stock: [{ next: stockOf(onHandUnits, states, { sku, pool, version }), work: [] }], ...rest })
  }
  const sell = (offer: Offer, quantity: number): string => {
    const order = offer.simulator.market.buy([{ externalId: offer.externalId, quantity }])
    if (!order) throw new Error('the offer was to be sold')
    return order.orderId
  }
  observe(quantities[0] + quantities[1], quantities, { ledger: [goods('adjustment', 'on_hand/berlin', goodsUnits)] })
  // From the first look at fenced listings on, nothing is excused by adoption.
  expect(books.check()).toBeNull()
  return { books, first, second, goods, observe, sell }
}

const refusedOrder = ({ channel, externalId }: Offer, orderId: string, quantity: number): Order => ({
  channel,
  orderId,
  version: 1,
  createdAtMs: startMs,
  revisedAtMs: startMs,
  demand: 'fact',
  merge: 'maximum',
  lines: [
    {
      lineId: '1',
      listing: listingIdOf(channel, externalId),
      sku,
      pool,
      unitsPerListing: 1,
      orderedQuantity: quantity,
      cancelledQuantity: 0,
      shippedQuantity: 0,
      cancelledAtMs: null,
      amountMinor: null,
      currency: null,
      createdAtMs: startMs,
      acceptedQuantity: 0,
      location: null,
    },
  ],
  acknowledgement: { state: 'due', dueAtMs: startMs, byMs: startMs, attempts: 0, transactionId: null, lastError: null },
  echo: null,
  firstSeenAtMs: startMs,
})

const atRisk = (units: number): Incident => ({
  id: 'at-risk',
  kind: 'at-risk',
  channel: 'vendor' as ChannelId,
  sku,
  listing: null,
  units,
  atMs: startMs,
  summary: '',
  evidence: {},
})

test('a refused order is no demand, before the platform knows of the refusal and after', () => {
  const { books, first, second, goods, observe, sell } = worldOf(5, [2, 3])
  const orderId = sell(first, 2)
  observe(1, [2, 3], { ledger: [goods('on_hand/berlin', 'scrap', 4)], incidents: [atRisk(1)] })
  expect(books.check()).toBeNull()
  observe(1, [2, 3], { orders: [refusedOrder(first, orderId, 2)] })
  // With the two that are refused it would be three of one.
  sell(second, 1)
  expect(books.check()).toBeNull()
  expect(first.simulator.market.cancel(orderId, { restock: false })).toBe(true)
  expect(books.check()).toBeNull()
  // Nor are they taken off what others sell.
  sell(second, 2)
  expect(books.check()).toMatchObject({ property: 'P3', text: '2 units oversold, 1 reported at risk' })
})

test('an oversell is found when it is sold: to refuse the order later does not hide it', () => {
  const { books, first, observe, sell } = worldOf(1, [2, 0])
  const orderId = sell(first, 2)
  expect(books.check()).toMatchObject({ property: 'P3', text: '1 units oversold, 0 reported at risk' })
  observe(2, [2, 0], { orders: [refusedOrder(first, orderId, 2)] })
  expect(books.oversoldUnits()).toBe(1)
})
