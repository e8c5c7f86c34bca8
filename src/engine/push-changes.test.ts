import { expect, test } from 'vitest'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import { emptyStock, type ListingState, type Stock } from '../domain/stock.ts'
import type { View } from './change.ts'
import { doubtChange } from './push-changes.ts'

const listing: ListingState = {
  id: 'shop/1' as ListingId,
  channel: 'shop' as ChannelId,
  externalId: '1',
  unitsPerListing: 1,
  writeClass: 'compare-and-set',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  base: 5,
  pushes: [],
  fences: [],
  fencedThroughMs: 0,
  believedQuantity: 5,
  believedAtMs: 1,
  sequence: 0,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
}
const stockWith = (state: ListingState): Stock => ({
  ...emptyStock('MUG' as Sku, 'main' as PoolId),
  onHandUnits: { ['berlin' as LocationId]: 9 },
  listings: [state],
})

/** What a notice of that quantity leaves the hub believing; undefined: the document is not written. */
const believedAfter = (state: ListingState, quantity: number): number | null | undefined => {
  const stock = stockWith(state)
  const view: View = { stock: () => stock, order: () => null, hasLedgerKey: () => false, nowMs: 10 }
  const decision = doubtChange(stock, state.id, quantity).decide(view)
  return 'needs' in decision ? undefined : decision.stock?.[0]?.listings[0]?.believedQuantity
}

test('a channel that shows more than is believed is read again; its base is not touched by the hint', () => {
  expect(believedAfter(listing, 6)).toBeNull()
})

test('an echo of our own write, a sale seen early, and a write under way raise no doubt', () => {
  expect(believedAfter(listing, 5)).toBeUndefined()
  expect(believedAfter(listing, 4)).toBeUndefined()
  const push = {
    id: 'p',
    kind: 'compare-and-set',
    quantity: 7,
    fromQuantity: 5,
    charge: 2,
    issuedAtMs: 1,
    attempts: 1,
    lastSendMs: 1,
    status: 'prepared',
    submissionId: null,
  } as const
  expect(believedAfter({ ...listing, pushes: [push] }, 7)).toBeUndefined()
})
