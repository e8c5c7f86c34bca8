// Every planted cause is called what it is, or by the name that it shares with what no evidence separates it from; what is in flight is not.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChannelId, ListingId, PoolId, Sku } from './ids.ts'
import type { LedgerEntry } from './ledger.ts'
import { type CompareContext, type Comparison, compareOffer } from './reconcile-compare.ts'
import { ingestedSince, type JudgeContext, judgeDueMs, judgeQuantity } from './reconcile-judge.ts'
import { alwaysAllowed, defaultPolicy, isTooMany, onlyByPerson } from './reconcile-policy.ts'
import { driftKinds, type ShownOffer } from './reconcile.ts'
import type { ChannelSettings } from './settings.ts'
import type { ListingState, Push } from './stock.ts'

const nowMs = 10_000_000
const constants = {
  orderVisibilityMs: 300_000,
  clockSkewMs: 10_000,
  checkoutHoldMs: 60_000,
  requestLifetimeMs: 120_000,
  readStalenessMs: 30_000,
}
const settings: ChannelSettings = {
  channel: 'shop' as ChannelId,
  mode: 'enforce',
  constants,
  keyedRetry: true,
  keyRetentionMs: 600_000,
  selfDecrement: 'documented',
}

const listing = (over: Partial<ListingState> = {}): ListingState => ({
  id: 'shop/a' as ListingId,
  channel: 'shop' as ChannelId,
  externalId: 'a',
  unitsPerListing: 1,
  writeClass: 'compare-and-set',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  base: 10,
  pushes: [],
  fences: [],
  fencedThroughMs: nowMs - 3_600_000,
  believedQuantity: 10,
  believedAtMs: nowMs - 3_600_000,
  sequence: 3,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
  ...over,
})

const shown = (over: Partial<ShownOffer> = {}): ShownOffer => ({
  externalId: 'a',
  sku: 'A',
  quantity: 10,
  state: 'live',
  fulfilment: 'MFN',
  tracked: true,
  sellsBelowZero: false,
  offersWithSku: 1,
  unitsPerListing: null,
  elsewhere: [],
  ...over,
})

const push = (over: Partial<Push> = {}): Push => ({
  id: 'shop/a#4',
  kind: 'compare-and-set',
  quantity: 14,
  fromQuantity: 10,
  charge: 4,
  issuedAtMs: nowMs - 5_000,
  attempts: 1,
  lastSendMs: nowMs - 5_000,
  status: 'unknown',
  submissionId: null,
  ceilingQuantity: 10,
  ...over,
})

const window = { fromMs: nowMs - 31_000, throughMs: nowMs - 1_000 }

const compare = (state: ListingState, offer: ShownOffer, over: Partial<CompareContext> = {}): Comparison =>
  compareOffer(state, offer, window, {
    settings,
    nowMs,
    fulfilment: 'MFN',
    listingSku: 'A',
    listingsOnChannel: 1,
    shownSkuKnown: false,
    skuBefore: null,
    agreedAtMs: null,
    ...over,
  })

const calm: JudgeContext = { soldSince: 0, cancelledSince: 0, toldWhenAsked: 0, elsewhereChange: null }

/** What a difference is called once the watermark has passed it. */
const called = (state: ListingState, quantity: number, judge: Partial<JudgeContext> = {}, over: Partial<CompareContext> = {}): string => {
  const result = compare(state, shown({ quantity }), over)
  if (result.kind === 'agrees') return 'agrees'
  if (result.kind === 'explained') return `explained: ${result.reason}`
  if (result.kind === 'offer') return result.drift
  const verdict = judgeQuantity(result.facts, { ...calm, ...judge })
  return verdict.kind === 'drift' ? verdict.drift : `explained: ${verdict.reason}`
}

const written = (quantity: number, fromQuantity: number): Partial<ListingState> => ({
  base: quantity,
  believedQuantity: quantity,
  lastWrite: { quantity, fromQuantity, atMs: nowMs - 600_000 },
})

describe('a listing that a person said something of', () => {
  const closed = listing({ base: 0, believedQuantity: 0, disconnectedAtMs: 1, closedAtMs: 1 })

  test('nobody follows what happens on a disconnected one', () => {
    expect(called(listing({ disconnectedAtMs: 1 }), 3)).toBe('explained: disconnected')
  })

  test('a closed one is gone, or shows nothing; a number there is not ours', () => {
    expect(compare(closed, shown({ state: 'gone', quantity: null }))).toEqual({ kind: 'agrees' })
    expect(called(closed, 0)).toBe('agrees')
    expect(called(closed, 3)).toBe('raised-in-channel')
  })
})

describe('what is in flight is not drift', () => {
  test('the same number agrees', () => {
    expect(called(listing(), 10)).toBe('agrees')
  })

  test('a write that may have landed, or not', () => {
    expect(called(listing({ pushes: [push()] }), 14)).toBe('explained: open-push')
    expect(called(listing({ base: 10, believedQuantity: 14, pushes: [push({ status: 'accepted' })] }), 10)).toBe('explained: open-push')
  })

  test('a sale told after the read, a write that took effect in the window', () => {
    const sold = { atMs: nowMs - 500, quantity: 2 }
    expect(called(listing({ base: 8, believedQuantity: 8, sales: [sold], lowered: [sold] }), 10)).toBe('explained: sale')
    expect(called(listing({ base: 14, believedQuantity: 14, applied: [{ atMs: nowMs - 500, quantity: 4 }] }), 10)).toBe(
      'explained: write-in-window',
    )
  })

  test('a number that the hub reads anyway, one that is being adopted, one outside of the guarantee', () => {
    expect(called(listing({ believedQuantity: null }), 3)).toBe('explained: read-due')
    expect(called(listing({ status: 'adopting', fencedThroughMs: 0 }), 3)).toBe('explained: being-adopted')
    const left = listing({ status: 'unprotected', blockedReason: 'not tracked' })
    expect(compare(left, shown({ tracked: false }))).toEqual({ kind: 'explained', reason: 'outside-guarantee' })
  })

  test('a sale that was on its way when it was compared', () => {
    expect(called(listing(), 7, { soldSince: 3 })).toBe('explained: sale')
    expect(called(listing(), 12, { cancelledSince: 2 })).toBe('explained: cancellation')
  })

  test('a window that the memory of the listing does not cover says nothing yet', () => {
    const state = listing({ sales: [{ atMs: nowMs, quantity: 1 }] })
    const result = compareOffer(
      state,
      shown({ quantity: 9 }),
      { fromMs: nowMs - 3_600_000, throughMs: nowMs - 3_500_000 },
      {
        settings,
        nowMs,
        fulfilment: 'MFN',
        listingSku: 'A',
        listingsOnChannel: 1,
        shownSkuKnown: false,
        skuBefore: null,
        agreedAtMs: null,
      },
    )
    expect(result).toMatchObject({ kind: 'quantity', clear: false })
  })
})

describe('what is drift is called what it is', () => {
  test('numbers', () => {
    expect(called(listing(), 7)).toBe('lowered-or-sold-untold')
    expect(called(listing(), 13)).toBe('raised-in-channel')
    expect(called(listing(), 7, { toldWhenAsked: 3 })).toBe('sale-not-seen')
    expect(called(listing(), 7, { toldWhenAsked: 2 })).toBe('lowered-or-sold-untold')
    expect(called(listing(), 7, { elsewhereChange: 3 })).toBe('stock-moved')
    expect(called(listing(), 12, { elsewhereChange: -2 })).toBe('stock-moved')
    expect(called(listing(), 12, { elsewhereChange: 2 })).toBe('raised-in-channel')
  })

  test('a write that is not in effect, up and down', () => {
    expect(called(listing(written(10, 4)), 4)).toBe('lost-write')
    expect(called(listing(written(4, 10)), 10)).toBe('lost-write')
    expect(called(listing({ ...written(10, 4), writeClass: 'absolute-set-with-read' }), 4)).toBe('never-applied')
    // Sold since, and told.
    expect(called(listing({ ...written(10, 4), base: 8, believedQuantity: 8 }), 2)).toBe('lost-write')
    expect(called(listing(written(10, 4)), 5)).toBe('lowered-or-sold-untold')
    // A look after the write found the number right: the write was not lost.
    expect(called(listing(written(10, 4)), 4, {}, { agreedAtMs: nowMs - 60_000 })).toBe('lowered-or-sold-untold')
  })

  test('offers', () => {
    const drift = (offer: Partial<ShownOffer>, over: Partial<CompareContext> = {}): string => {
      const result = compare(listing(), shown(offer), over)
      return result.kind === 'offer' ? result.drift : result.kind
    }
    expect(drift({ state: 'gone', quantity: null })).toBe('listing-gone')
    expect(drift({ state: 'inactive' })).toBe('listing-inactive')
    expect(drift({ fulfilment: 'FBA' })).toBe('fulfilment-switched')
    expect(drift({ tracked: false, quantity: null })).toBe('untracked')
    expect(drift({ sellsBelowZero: true })).toBe('sells-below-zero')
    expect(drift({ offersWithSku: 2 })).toBe('duplicate-sku')
    expect(drift({ offersWithSku: 2 }, { listingsOnChannel: 2 })).toBe('agrees')
    expect(drift({ unitsPerListing: 6 })).toBe('pack-size')
    expect(drift({ sku: 'B' }, { shownSkuKnown: true })).toBe('wrong-sku')
    expect(drift({ sku: 'B' }, { skuBefore: 'A' })).toBe('wrong-sku')
    // A SKU that the hub does not keep is how the merchant named the offer.
    expect(drift({ sku: 'B' })).toBe('agrees')
    // Sold out is not off sale.
    expect(compare(listing({ base: 0, believedQuantity: 0 }), shown({ state: 'inactive', quantity: 0 })).kind).toBe('agrees')
  })

  test('a difference on a calm listing is seen whatever it is, and the right number never', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), (held, seen) => {
        const state = listing({ base: held, believedQuantity: held })
        const expected = seen === held ? 'agrees' : seen > held ? 'raised-in-channel' : 'lowered-or-sold-untold'
        expect(called(state, seen)).toBe(expected)
      }),
    )
  })
})

test('a read is judged when all that happened before it must have been told', () => {
  const result = compare(listing(), shown({ quantity: 7 }))
  if (result.kind !== 'quantity') throw new Error('not a number')
  expect(judgeDueMs(result.facts, constants)).toBe(window.throughMs + constants.clockSkewMs + constants.checkoutHoldMs)
})

test('what was ingested since: of the channel alone, in listing quantities, rounded up', () => {
  const entry = (reference: string, reason: LedgerEntry['reason'], units: number, atMs: number): LedgerEntry => ({
    key: `${reference}/${reason}`,
    sku: 'A' as Sku,
    pool: 'main' as PoolId,
    from: reason === 'sale' ? 'free' : 'reserved',
    to: reason === 'sale' ? 'reserved' : 'free',
    units,
    reason,
    reference,
    atMs,
    version: 1,
  })
  const entries = [
    entry('shop/1/1', 'sale', 5, 100),
    entry('shop/2/1', 'cancel', 3, 101),
    entry('shop/3/1', 'sale', 9, 99),
    entry('shop-2/4/1', 'sale', 9, 100),
    entry('shop/5/1', 'ship', 9, 100),
  ]
  expect(ingestedSince(entries, 'shop', 100, 2)).toEqual({ sold: 3, cancelled: 2 })
})

test('a run with too many differences is stopped, a few of few are not', () => {
  const policy = { ...defaultPolicy, maxDifferences: 100, maxPerMille: 50 }
  expect(isTooMany(alwaysAllowed, 20, policy)).toBe(false)
  expect(isTooMany(alwaysAllowed + 1, 420, policy)).toBe(false)
  expect(isTooMany(alwaysAllowed + 1, 419, policy)).toBe(true)
  expect(isTooMany(100, 1_000_000, policy)).toBe(false)
  expect(isTooMany(101, 1_000_000, policy)).toBe(true)
})

test('what no look can mend is never corrected by default', () => {
  const corrected = driftKinds.filter((kind) => defaultPolicy.actions[kind] === 'correct')
  expect(corrected.filter((kind) => onlyByPerson.has(kind))).toEqual([])
  expect(corrected.length).toBeGreaterThan(0)
})
