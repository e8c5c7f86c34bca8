import { expect, test } from 'vitest'
import { seededRandom } from '../../test/support/seeded-random.ts'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { Listing, OrderFact } from '../domain/orders.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import { emptyStock, type ListingState } from '../domain/stock.ts'
import { openStore } from '../store/index.ts'
import { createCauseBook } from './causes.ts'
import { createCommitter } from './committer.ts'
import type { EngineContext } from './context.ts'
import { foldFacts } from './fold.ts'
import { createListingFinder } from './listing-finder.ts'
import { systemClock } from './system-clock.ts'

const channel = 'shop' as ChannelId
const [sku, pool] = ['MUG' as Sku, 'main' as PoolId]
const listing: Listing = {
  id: 'shop/1' as ListingId,
  channel,
  externalId: '1',
  keys: ['1'],
  sku,
  pool,
  unitsPerListing: 1,
  fulfilment: 'MFN',
}
const state: ListingState = {
  id: listing.id,
  channel,
  externalId: '1',
  unitsPerListing: 1,
  writeClass: 'compare-and-set',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  base: 0,
  pushes: [],
  fences: [],
  fencedThroughMs: 0,
  believedQuantity: 0,
  believedAtMs: 1,
  sequence: 0,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
}
const settings: ChannelSettings = {
  channel,
  mode: 'enforce',
  constants: { orderVisibilityMs: 1, clockSkewMs: 1, checkoutHoldMs: 1, requestLifetimeMs: 1000, readStalenessMs: 1 },
  keyedRetry: false,
  keyRetentionMs: 0,
  selfDecrement: 'documented',
}

test('a pack that another process made larger counts as it is, whatever this process remembers of the listing', async () => {
  const store = await openStore('sqlite::memory:')
  await store.migrate()
  const stock = { ...emptyStock(sku, pool), version: 1, onHandUnits: { ['berlin' as LocationId]: 60 }, listings: [state] }
  await store.commit({ stock: [{ next: stock, work: [] }], listings: [listing] })
  const committer = createCommitter({ store, clock: systemClock, settingsFor: () => settings })
  const context = {
    store,
    clock: systemClock,
    random: seededRandom(1),
    committer,
    settingsFor: () => settings,
    metrics: { count: () => undefined, observe: () => undefined, gauge: () => undefined },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    listings: createListingFinder(store),
    causes: createCauseBook(),
    emit: () => undefined,
    contradicted: () => Promise.resolve(),
    retried: () => undefined,
  } satisfies EngineContext
  const nowMs = systemClock.nowMs()
  const order = (orderId: string): OrderFact => ({
    channel,
    orderId,
    createdAtMs: nowMs,
    revisedAtMs: nowMs,
    demand: 'fact',
    merge: 'maximum',
    acknowledgeByMs: null,
    echo: null,
    lines: [
      {
        lineId: '1',
        listingKeys: ['1'],
        orderedQuantity: 2,
        cancelledQuantity: 0,
        shippedQuantity: 0,
        cancelledAtMs: null,
        cancelMayRestock: true,
        amountMinor: null,
        currency: null,
      },
    ],
  })
  await foldFacts(context, [order('single')], null, nowMs)
  const [single] = await store.readSku(sku)
  expect(single?.reservedUnits).toBe(2)
  if (!single) throw new Error('gone')
  const packs = single.listings.map((each) => ({ ...each, unitsPerListing: 6 }))
  await store.commit({
    stock: [{ next: { ...single, version: single.version + 1, listings: packs }, work: [] }],
    listings: [{ ...listing, unitsPerListing: 6 }],
  })
  await foldFacts(context, [order('packs')], null, nowMs)
  expect((await store.readSku(sku))[0]?.reservedUnits).toBe(2 + 12)
  await store.close()
})
