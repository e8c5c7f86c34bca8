import { describe, expect, test } from 'vitest'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from './ids.ts'
import { foldOrder } from './order-fold.ts'
import type { Listing, Order, OrderFact } from './orders.ts'
import type { ChannelSettings } from './settings.ts'
import { emptyStock, type ListingState, type Stock } from './stock.ts'
import { listingOf } from '../../test/support/stock-samples.ts'

const channel = 'vendor' as ChannelId
const sku = 'MUG' as Sku
const pool = 'main' as PoolId
const listing: Listing = {
  id: 'vendor/df/W/MUG' as ListingId,
  channel,
  externalId: 'df/W/MUG',
  keys: ['df/W/MUG'],
  sku,
  pool,
  unitsPerListing: 1,
  fulfilment: 'DF',
}
const stock: Stock = { ...emptyStock(sku, pool), version: 1, onHandUnits: { ['main' as LocationId]: 5 } }
const settings: ChannelSettings = {
  channel,
  mode: 'enforce',
  constants: { orderVisibilityMs: 0, clockSkewMs: 0, checkoutHoldMs: 0, requestLifetimeMs: 0, readStalenessMs: 0 },
  keyedRetry: false,
  keyRetentionMs: 0,
  selfDecrement: 'attested',
}

const fact = (acknowledgeByMs: number | null): OrderFact => ({
  channel,
  orderId: 'D1',
  createdAtMs: 100,
  revisedAtMs: 100,
  demand: 'fact',
  merge: 'maximum',
  acknowledgeByMs,
  lines: [
    {
      lineId: '1',
      listingKeys: [listing.externalId],
      orderedQuantity: 1,
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

const fold = (told: OrderFact, order: Order | null): Order | null =>
  foldOrder(told, { order, stock: () => stock, listingFor: () => listing, settingsFor: () => settings, nowMs: 200 }).order

const withState = (state: NonNullable<Order['acknowledgement']>['state']): Order => {
  const order = fold(fact(1_000), null)
  if (!order?.acknowledgement) throw new Error('nothing to answer')
  return { ...order, acknowledgement: { ...order.acknowledgement, state, lastError: 'refused as a repeat' } }
}

describe('an order that its platform wants no answer to any more', () => {
  test.each(['due', 'failed'] as const)('is answered, although ours is %s', (state) => {
    expect(fold(fact(null), withState(state))?.acknowledgement).toMatchObject({ state: 'done', lastError: null })
  })

  test.each(['submitted', 'done'] as const)('keeps an answer that is %s', (state) => {
    expect(fold(fact(null), withState(state))).toBeNull()
  })

  test('is not answered as long as the platform waits', () => {
    expect(fold(fact(1_000), withState('failed'))).toBeNull()
  })
})

describe('an order that we refuse was sold all the same', () => {
  const shows = (writeClass: ListingState['writeClass']): Stock => ({
    ...stock,
    onHandUnits: {},
    listings: [listingOf({ id: listing.id, channel, externalId: listing.externalId, writeClass, base: 3, believedQuantity: 3 })],
  })
  const after = (writeClass: ListingState['writeClass']): ListingState | undefined =>
    foldOrder(fact(1_000), {
      order: null,
      stock: () => shows(writeClass),
      listingFor: () => listing,
      settingsFor: () => settings,
      nowMs: 200,
    }).stock[0]?.listings[0]

  test('what cannot be read is taken to show that much less, and is said again; no bound changes', () => {
    expect(after('absolute-set')).toMatchObject({ base: 3, believedQuantity: 2 })
  })

  test('what can be read is looked at', () => {
    expect(after('absolute-set-with-read')).toMatchObject({ base: 3, believedQuantity: null })
  })
})
