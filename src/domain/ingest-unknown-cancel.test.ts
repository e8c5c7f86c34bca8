import { describe, expect, test } from 'vitest'
import { completeFences } from './fence.ts'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from './ids.ts'
import { foldOrder, maxLineQuantity } from './order-fold.ts'
import type { Listing, OrderFact } from './orders.ts'
import type { ChannelSettings } from './settings.ts'
import { emptyStock, type ListingState, type Stock } from './stock.ts'

const channel = 'amazon' as ChannelId
const sku = 'MUG' as Sku
const pool = 'main' as PoolId
const id = 'amazon/MUG' as ListingId
const constants = { orderVisibilityMs: 0, clockSkewMs: 10, checkoutHoldMs: 0, requestLifetimeMs: 1_000, readStalenessMs: 0 }
const settings: ChannelSettings = { channel, mode: 'enforce', constants, keyedRetry: false, keyRetentionMs: 0, selfDecrement: 'documented' }
const listing: Listing = { id, channel, externalId: 'MUG', keys: ['MUG'], sku, pool, unitsPerListing: 1, fulfilment: 'MFN' }

const state: ListingState = {
  id,
  channel,
  externalId: 'MUG',
  unitsPerListing: 1,
  writeClass: 'absolute-set-with-read',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 1 },
  base: 16,
  pushes: [],
  // 13 were shown between 1,000 and 1,100: three of the sixteen were sold, in an order that nobody told us of yet.
  fences: [{ quantity: 13, fromMs: 1_000, throughMs: 1_100, sold: 0, restocked: 0, later: 0 }],
  fencedThroughMs: 500,
  believedQuantity: 13,
  believedAtMs: 1_100,
  sequence: 1,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
}
const stock: Stock = { ...emptyStock(sku, pool), version: 1, onHandUnits: { ['main' as LocationId]: 16 }, listings: [state] }

/** The order as it is told after its cancellation: nothing ordered, every one of them cancelled. */
const cancelledAt = (cancelledAtMs: number): OrderFact => ({
  channel,
  orderId: 'A1',
  createdAtMs: 900,
  revisedAtMs: cancelledAtMs,
  demand: 'fact',
  merge: 'maximum',
  acknowledgeByMs: null,
  lines: [
    {
      lineId: '1',
      listingKeys: ['MUG'],
      orderedQuantity: 0,
      cancelledQuantity: maxLineQuantity,
      shippedQuantity: 0,
      cancelledAtMs,
      cancelMayRestock: true,
      amountMinor: null,
      currency: null,
    },
  ],
  echo: null,
})

const fold = (fact: OrderFact, order: Parameters<typeof foldOrder>[1]['order'] = null) =>
  foldOrder(fact, { order, stock: () => stock, listingFor: () => listing, settingsFor: () => settings, nowMs: 2_000 })

const afterWatermark = (fact: OrderFact): ListingState => {
  const [folded] = fold(fact).stock
  const found = folded?.listings[0] ?? state
  return completeFences(found, 2_000, constants, 2_000)
}

describe('an order that was cancelled before we saw what it had ordered', () => {
  test('takes its force from evidence that is older than the cancellation', () => {
    // The three may be on sale again: 16, not 13.
    expect(afterWatermark(cancelledAt(1_500)).base).toBe(16)
  })

  test('leaves evidence that is newer', () => {
    expect(afterWatermark(cancelledAt(900)).base).toBe(13)
  })

  test('changes neither the bound nor what is reserved, and has the number read again', () => {
    const [folded] = fold(cancelledAt(1_500)).stock
    expect(folded?.reservedUnits).toBe(0)
    expect(folded?.listings[0]).toMatchObject({ base: 16, believedQuantity: null })
  })

  test('told at last what it had ordered, nothing changes and nothing is late, wherever the watermark is', () => {
    const first = fold(cancelledAt(1_500))
    const known = { ...stock, listings: [{ ...(first.stock[0]?.listings[0] as ListingState), fencedThroughMs: 1_900, fences: [] }] }
    const fact = cancelledAt(1_500)
    const told = foldOrder(
      { ...fact, revisedAtMs: 1_400, lines: fact.lines.map((line) => ({ ...line, orderedQuantity: 3 })) },
      { order: first.order, stock: () => known, listingFor: () => listing, settingsFor: () => settings, nowMs: 2_000 },
    )
    expect(told.stock[0]).toMatchObject({ reservedUnits: 0, listings: [{ base: 16, lateOrders: 0 }] })
    expect(told.incidents).toEqual([])
  })

  test('counts once', () => {
    const first = fold(cancelledAt(1_500))
    expect(fold({ ...cancelledAt(1_500), revisedAtMs: 1_600 }, first.order).stock).toEqual([])
  })
})
