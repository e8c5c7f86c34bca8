import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constants, fenceOf, listingOf, minuteMs, pushOf, settingsOf, startMs } from '../../test/support/stock-samples.ts'
import { exposureQuantity } from './exposure.ts'
import { fenceDueMs } from './fence.ts'
import { ingestCancel, ingestSale } from './ingest.ts'
import { addTrace, keepTracesFromMs, sumSince } from './traces.ts'
import { maxTraces, type Trace } from './stock.ts'

const settings = settingsOf('shop')
const sell = (listing: ReturnType<typeof listingOf>, quantity: number, createdAtMs: number): ReturnType<typeof ingestSale> =>
  ingestSale(listing, quantity, { createdAtMs }, startMs + minuteMs, settings)

describe('a sale that becomes known', () => {
  test('lowers what its channel may still sell', () => {
    expect(sell(listingOf({ base: 5 }), 2, startMs)).toMatchObject({ late: false, listing: { base: 3 } })
  })

  test('late, it lowers nothing: a fence has counted it as in (P10)', () => {
    const listing = listingOf({ base: 5, fencedThroughMs: startMs })
    expect(sell(listing, 2, startMs)).toMatchObject({ late: true, listing: { base: 5, lateOrders: 1 } })
    expect(sell(listing, 2, startMs + 1)).toMatchObject({ late: false, listing: { base: 3, lateOrders: 0 } })
  })

  test('counts on a fence only when it was decided after the instant for certain', () => {
    const listing = listingOf({ base: 9, fences: [fenceOf()] })
    const dueMs = fenceDueMs(fenceOf(), constants)
    expect(sell(listing, 2, dueMs).listing.fences[0]?.sold).toBe(0)
    expect(sell(listing, 2, dueMs + 1).listing.fences[0]?.sold).toBe(2)
  })

  test('lowers what the channel is thought to show, unless it was sold before that was seen', () => {
    const listing = listingOf({ base: 5, believedQuantity: 5, believedAtMs: startMs })
    expect(sell(listing, 2, startMs - constants.clockSkewMs).listing.believedQuantity).toBe(3)
    expect(sell(listing, 2, startMs - constants.clockSkewMs - 1).listing.believedQuantity).toBe(5)
  })

  test('of a channel that does not lower its own number leaves that as it is', () => {
    const unproven = settingsOf('shop', { selfDecrement: 'unproven' })
    const listing = listingOf({ base: 5, believedQuantity: 5 })
    expect(ingestSale(listing, 2, { createdAtMs: startMs }, startMs, unproven).listing.believedQuantity).toBe(5)
  })
})

describe('a cancellation that becomes known', () => {
  const cancel = (listing: ReturnType<typeof listingOf>, atMs: number, mayRestock = true): ReturnType<typeof listingOf> =>
    ingestCancel(listing, 2, atMs, mayRestock, startMs + minuteMs, settings)

  test('may be on sale again: it raises the bound and the ceilings of open pushes, and the number is in doubt', () => {
    const next = cancel(listingOf({ base: 3, pushes: [pushOf({ ceilingQuantity: 1 })] }), startMs)
    expect(next).toMatchObject({ base: 5, believedQuantity: null })
    expect(next.pushes[0]?.ceilingQuantity).toBe(3)
  })

  test('counts on fences whose window was open or to come', () => {
    const listing = listingOf({ fences: [fenceOf({ fromMs: startMs }), fenceOf({ fromMs: startMs + constants.clockSkewMs + 1 })] })
    expect(cancel(listing, startMs).fences.map((f) => f.restocked)).toEqual([2, 0])
  })

  test('that provably did not go back on sale changes nothing', () => {
    const listing = listingOf({ base: 3 })
    expect(cancel(listing, startMs, false)).toBe(listing)
  })
})

test('sales and cancellations give the same bound in any order, when no fence comes between (P4)', () => {
  const fact = fc.record({
    sold: fc.boolean(),
    quantity: fc.integer({ min: 1, max: 5 }),
    atMs: fc.integer({ min: startMs, max: startMs + 9 }),
  })
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 12 }), fc.nat(), fc.nat(10), (facts, turn, base) => {
      const apply = (order: typeof facts): number =>
        order.reduce(
          (listing, f) =>
            f.sold ? sell(listing, f.quantity, f.atMs).listing : ingestCancel(listing, f.quantity, f.atMs, true, startMs, settings),
          listingOf({ base }),
        ).base
      const shuffled = facts.map((f, i) => ({ f, key: (i * 7919 + turn) % 101 })).sort((a, b) => a.key - b.key)
      expect(apply(shuffled.map((s) => s.f))).toBe(apply(facts))
    }),
  )
})

test('a sale never raises exposure, and a cancellation raises it by no more than its units (P5)', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 20 }), fc.integer({ min: 1, max: 9 }), fc.nat(2 * minuteMs), (base, quantity, agoMs) => {
      const listing = listingOf({ base, pushes: [pushOf({ charge: 2 })] })
      const before = exposureQuantity(listing)
      expect(exposureQuantity(sell(listing, quantity, startMs - agoMs).listing)).toBeLessThanOrEqual(before)
      const after = exposureQuantity(ingestCancel(listing, quantity, startMs - agoMs, true, startMs, settings))
      expect(after).toBeGreaterThanOrEqual(before)
      expect(after).toBeLessThanOrEqual(before + quantity)
    }),
  )
})

describe('short memories', () => {
  const entry = fc.record({ atMs: fc.nat(1_000), quantity: fc.integer({ min: 1, max: 5 }) })

  test('are bounded, and never forget a unit that a window may still need', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.nat(1_000), (entries, fromMs) => {
        const kept = entries.reduce<readonly Trace[]>((traces, e) => addTrace(traces, e, 0), [])
        expect(kept.length).toBeLessThanOrEqual(maxTraces)
        expect(sumSince(kept, fromMs)).toBeGreaterThanOrEqual(sumSince(entries, fromMs))
        expect(sumSince(kept, 0)).toBe(sumSince(entries, 0))
      }),
    )
  })

  test('reach back to the oldest open request, and by twice sigma and the clocks further', () => {
    const reachMs = 2 * constants.readStalenessMs + 2 * constants.clockSkewMs
    expect(keepTracesFromMs(listingOf(), startMs, constants)).toBe(startMs - reachMs)
    const open = listingOf({ pushes: [pushOf({ issuedAtMs: startMs - 9 * minuteMs })] })
    expect(keepTracesFromMs(open, startMs, constants)).toBe(startMs - 9 * minuteMs - reachMs)
  })
})

test('units added to an order are as late as the revision that tells of them, and lower a fence only by when the order was created', () => {
  const listing = listingOf({ base: 5, fencedThroughMs: startMs, fences: [fenceOf()] })
  const dueMs = fenceDueMs(fenceOf(), constants)
  const added = ingestSale(listing, 1, { createdAtMs: startMs - minuteMs, addedByMs: dueMs + 1 }, dueMs + 2, settings)
  expect(added).toMatchObject({ late: false, listing: { base: 4 } })
  expect(added.listing.fences[0]?.sold).toBe(0)
})
