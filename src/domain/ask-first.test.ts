// Demand that asks first: what it gets, what it is told when that is less, and the reserve that keeps goods for it.
import { expect, test } from 'vitest'
import { listingOf, settingsOf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import type { ChannelId, ListingId } from './ids.ts'
import { adviceFor, incidentDetails } from './incident-text.ts'
import { moveStock } from './movement.ts'
import { foldOrder, type FoldResult } from './order-fold.ts'
import type { Listing, OrderFact } from './orders.ts'
import type { Stock } from './stock.ts'

const retail: Listing = {
  id: 'vendor/retail/1' as ListingId,
  channel: 'vendor' as ChannelId,
  externalId: 'retail/1',
  keys: ['retail/1'],
  sku: stockOf(0, []).sku,
  pool: stockOf(0, []).pool,
  unitsPerListing: 1,
  fulfilment: 'retail',
}
const purchase = (orderedQuantity: number): OrderFact => ({
  channel: retail.channel,
  orderId: 'PO-1',
  createdAtMs: startMs,
  revisedAtMs: startMs,
  demand: 'ask-first',
  merge: 'revision',
  acknowledgeByMs: startMs + 1_000,
  lines: [
    {
      lineId: '1',
      listingKeys: ['retail/1'],
      orderedQuantity,
      cancelledQuantity: 0,
      shippedQuantity: 0,
      cancelledAtMs: null,
      cancelMayRestock: true,
      amountMinor: null,
      currency: null,
    },
  ],
  echo: null,
})
const ask = (stock: Stock, quantity: number): FoldResult =>
  foldOrder(purchase(quantity), {
    order: null,
    stock: () => stock,
    listingFor: () => retail,
    settingsFor: (channel) => settingsOf(channel),
    nowMs: startMs,
  })
const shop = listingOf({ base: 6, believedQuantity: 6 })
const market = listingOf({ base: 1, believedQuantity: 1 }, 'market')
const reserve = (stock: Stock, units: number) =>
  moveStock(
    { kind: 'reserve', sku: stock.sku, pool: stock.pool, location: null, toLocation: null, units, reference: 'R' },
    stock,
    null,
    startMs,
  )

test('a purchase order gets what no channel may still sell, and who has the rest is told with what keeps it', () => {
  const result = ask(stockOf(10, [market, shop]), 8)
  expect(result.order?.lines[0]?.acceptedQuantity).toBe(3)
  const [incident] = result.incidents
  expect(incident).toMatchObject({
    kind: 'accepted-less',
    units: 5,
    summary: 'Order PO-1 of vendor asks for 8 of SKU-1 and got 3: the rest is not there, or channels may sell it.',
    evidence: {
      askedUnits: 8,
      acceptedUnits: 3,
      heldByListings: [
        { listing: 'shop/offer', units: 6 },
        { listing: 'market/offer', units: 1 },
      ],
    },
  })
  if (!incident) throw new Error('no incident')
  expect(incidentDetails(incident, String)).toEqual(['Listings may still sell: shop/offer 6, market/offer 1.'])
  expect(adviceFor(incident)).toContain('belay rules SKU-1 --reserve UNITS')
})

test('one that gets all it asks for is nothing to tell; asked again, it is not decided again', () => {
  const stock = stockOf(10, [shop])
  const first = ask(stock, 4)
  expect(first).toMatchObject({ incidents: [], order: { lines: [{ acceptedQuantity: 4 }] } })
  const again = foldOrder(purchase(4), {
    order: first.order,
    stock: () => first.stock[0] ?? null,
    listingFor: () => retail,
    settingsFor: (channel) => settingsOf(channel),
    nowMs: startMs,
  })
  expect(again).toMatchObject({ order: null, incidents: [] })
})

test('a reservation that does not fit says how much does, who has the rest, and what keeps it', () => {
  const stock = stockOf(10, [market, shop])
  expect(() => reserve(stock, 5)).toThrow('SKU-1: 5 asked, 3 there that no channel may still sell')
  expect(() => reserve(stockOf(7, [market, shop]), 5)).toThrow(
    expect.objectContaining({
      fix: 'nothing can be reserved now; listings hold shop/offer 6, market/offer 1: belay rules SKU-1 --reserve 5 keeps that many for demand that asks first, and frees them as evidence comes in',
    }),
  )
  expect(reserve(stock, 3).stock.reservedUnits).toBe(3)
})

test('what is kept is theirs', () => {
  const kept = stockOf(10, [{ ...shop, base: 6 }], { reserve: { units: 4 } })
  expect(ask(kept, 4).order?.lines[0]?.acceptedQuantity).toBe(4)
  expect(reserve(kept, 4).stock.reservedUnits).toBe(4)
})
