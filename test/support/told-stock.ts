// Stock documents made by hand for tests of what people are told about them, and arbitrary ones for properties.
import { type ChannelId, listingIdOf, type LocationId, type PoolId, type Sku } from '../../src/domain/ids.ts'
import type { ChannelSettings } from '../../src/domain/settings.ts'
import { emptyStock, type Fence, type ListingState, type Push, type Stock } from '../../src/domain/stock.ts'

export const startMs = 1_000_000_000
export const minuteMs = 60_000
export const shelf = 'shelf' as LocationId

export const constants = {
  orderVisibilityMs: 5 * minuteMs,
  clockSkewMs: 10_000,
  checkoutHoldMs: 2 * minuteMs,
  requestLifetimeMs: 10 * minuteMs,
  readStalenessMs: minuteMs,
}

export const settingsOf = (channel: string, change: Partial<ChannelSettings> = {}): ChannelSettings => ({
  channel: channel as ChannelId,
  mode: 'enforce',
  constants,
  keyedRetry: true,
  keyRetentionMs: 60 * minuteMs,
  selfDecrement: 'documented',
  ...change,
})

export const listingOf = (change: Partial<ListingState> = {}, channel = 'shop'): ListingState => ({
  id: listingIdOf(channel as ChannelId, 'offer'),
  channel: channel as ChannelId,
  externalId: 'offer',
  unitsPerListing: 1,
  writeClass: 'absolute-set-with-read',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 1 },
  base: 0,
  pushes: [],
  fences: [],
  fencedThroughMs: 1,
  believedQuantity: 0,
  believedAtMs: startMs - minuteMs,
  sequence: 0,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
  ...change,
})

export const pushOf = (change: Partial<Push> = {}): Push => ({
  id: 'shop/offer#1',
  kind: 'set',
  quantity: 5,
  fromQuantity: 0,
  charge: 5,
  issuedAtMs: startMs,
  attempts: 1,
  lastSendMs: startMs,
  status: 'unknown',
  submissionId: null,
  ceilingQuantity: 0,
  ...change,
})

export const fenceOf = (change: Partial<Fence> = {}): Fence => ({
  quantity: 5,
  fromMs: startMs,
  throughMs: startMs + 1_000,
  sold: 0,
  restocked: 0,
  later: 0,
  ...change,
})

export const stockOf = (onHandUnits: number, listings: readonly ListingState[], change: Partial<Stock> = {}): Stock => ({
  ...emptyStock('SKU-1' as Sku, 'main' as PoolId),
  version: 1,
  onHandUnits: { [shelf]: onHandUnits },
  listings,
  ...change,
})
