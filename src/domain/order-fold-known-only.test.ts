import { describe, expect, it } from 'vitest'
import type { ChannelId, PoolId, Sku } from './ids.ts'
import { listingIdOf } from './ids.ts'
import { type FoldContext, foldOrder } from './order-fold.ts'
import type { Listing, OrderFact } from './orders.ts'
import { emptyStock, type Stock } from './stock.ts'

const channel = 'vendor' as ChannelId
const listing: Listing = {
  id: listingIdOf(channel, 'df/WH1/A'),
  channel,
  externalId: 'df/WH1/A',
  keys: ['df/WH1/A'],
  sku: 'A' as Sku,
  pool: 'main' as PoolId,
  unitsPerListing: 1,
  fulfilment: 'DF',
}
const stock: Stock = { ...emptyStock(listing.sku, listing.pool), version: 1 }
const fact = (change: Partial<OrderFact>, cancelledQuantity = 0): OrderFact => ({
  channel,
  orderId: 'DX1',
  createdAtMs: 1,
  revisedAtMs: 1,
  demand: 'fact',
  merge: 'maximum',
  acknowledgeByMs: null,
  lines: [
    {
      lineId: '1',
      listingKeys: ['df/WH1/A'],
      orderedQuantity: 2,
      cancelledQuantity,
      shippedQuantity: 0,
      cancelledAtMs: null,
      cancelMayRestock: true,
      amountMinor: null,
      currency: null,
    },
  ],
  echo: null,
  ...change,
})
const context = (change: Partial<FoldContext>): FoldContext => ({
  order: null,
  stock: () => stock,
  listingFor: () => listing,
  settingsFor: () => {
    throw new Error('no listing state, no settings')
  },
  nowMs: 10,
  ...change,
})

describe('news of an order from before the hub looked', () => {
  it('changes nothing when the hub does not have the order, not even by parking it', () => {
    const result = foldOrder(fact({ knownOnly: true }), context({ listingFor: () => null }))
    expect(result).toEqual({ order: null, stock: [], ledger: [], incidents: [], unresolved: [], sold: [], cancelled: [] })
  })

  it('is folded as any other when it does', () => {
    const first = foldOrder(fact({}), context({}))
    const known = first.order
    expect(known).not.toBeNull()
    const result = foldOrder(fact({ knownOnly: true }, 2), context({ order: known, stock: () => first.stock[0] ?? null }))
    expect(result.stock[0]?.reservedUnits).toBe(0)
  })
})
