// Raises that add to what is shown, and what a compare-and-set takes back at once.
import { describe, expect, test } from 'vitest'
import { constants, fenceOf, listingOf, minuteMs, settingsOf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import { exposureQuantity } from './exposure.ts'
import { completeFences } from './fence.ts'
import { plan, type Step } from './plan.ts'
import { issuePush, type PushResult, recordDelta, recordPush } from './push.ts'
import type { ListingState, PushKind } from './stock.ts'

const laterMs = startMs + minuteMs
const shown = (quantity: number, change: Partial<ListingState> = {}): ListingState =>
  listingOf({ writeClass: 'delta', base: quantity, believedQuantity: quantity, fencedThroughMs: startMs, ...change })
const issued = (listing: ListingState, kind: PushKind, quantity: number): ListingState => {
  const next = issuePush(listing, { id: '#1', kind, quantity, fromQuantity: listing.believedQuantity }, startMs)
  if (!next) throw new Error('no room')
  return next
}
const stepOf = (listing: ListingState, onHand: number, nowMs = startMs): Step | undefined =>
  plan(stockOf(onHand, [listing]), settingsOf, nowMs)[0]?.step

describe('a raise by a delta', () => {
  test('is planned where the class adds; lowering compares', () => {
    expect(stepOf(shown(5), 9)).toEqual({ kind: 'delta', quantity: 9, fromQuantity: 5 })
    expect(stepOf(shown(5), 3)).toEqual({ kind: 'compare-and-set', quantity: 3, fromQuantity: 5 })
  })

  test('costs what it adds, and what is shown after it is evidence, whatever was expected', () => {
    const open = issued(shown(5), 'delta', 9)
    expect(exposureQuantity(open)).toBe(9)
    // Two were sold meanwhile, and the hub has not heard of them.
    const { listing, raisedBy } = recordDelta(open, '#1', 7, laterMs, constants)
    expect([listing.base, listing.pushes.length, listing.believedQuantity, raisedBy]).toEqual([9, 0, 7, 0])
    expect(completeFences(listing, Number.MAX_SAFE_INTEGER, constants, laterMs).base).toBe(7)
  })

  test("that nobody answered is never sent again: its key was its company's. It is looked at, and counts until then", () => {
    const silent: PushResult = { kind: 'ambiguous', retryAtMs: laterMs }
    const open = recordPush(issued(shown(5), 'delta', 9), '#1', silent, laterMs, constants)
    expect(exposureQuantity(open)).toBe(9)
    expect(stepOf(open, 20, laterMs)).toEqual({ kind: 'read' })
    const compared = recordPush(issued(shown(5), 'compare-and-set', 2), '#1', silent, laterMs, constants)
    expect(
      plan(stockOf(20, [compared]), (c) => ({ ...settingsOf(c), keyedRetry: true, keyRetentionMs: 99 * minuteMs }), laterMs)[0]?.step.kind,
    ).toBe('resend')
  })

  test('that shows more than all that is allowed tells of somebody else, as a read does', () => {
    const { listing, raisedBy } = recordDelta(issued(shown(5), 'delta', 9), '#1', 12, laterMs, constants)
    expect([raisedBy, exposureQuantity(listing)]).toEqual([3, 12])
    // Of what was shown before the bound fell nothing is proven.
    const fell = { ...issued(shown(5), 'delta', 9), lowered: [{ atMs: startMs, quantity: 3 }] }
    expect(recordDelta(fell, '#1', 12, laterMs, constants).raisedBy).toBe(0)
  })
})

describe('what a compare-and-set takes back', () => {
  const applied: PushResult = { kind: 'applied', quantity: 2, evidence: true }
  const noHolds = { ...constants, checkoutHoldMs: 0 }

  test('is free at its answer where nothing is held in checkouts', () => {
    const open = issued(shown(5, { fences: [fenceOf({ quantity: 5 })] }), 'compare-and-set', 2)
    const next = recordPush(open, '#1', applied, laterMs, noHolds)
    expect(exposureQuantity(next)).toBe(2)
    expect(next.lowered).toEqual([{ atMs: laterMs, quantity: 3 }])
  })

  test('waits for evidence where a checkout may hold it', () => {
    const next = recordPush(issued(shown(5), 'compare-and-set', 2), '#1', applied, laterMs, { ...constants, checkoutHoldMs: minuteMs })
    expect(exposureQuantity(next)).toBe(5)
  })

  test('is nothing where no number bounded the listing, and nothing of a set or a raise', () => {
    const adopting = issued(shown(5, { status: 'adopting', fencedThroughMs: 0 }), 'compare-and-set', 2)
    expect(recordPush(adopting, '#1', applied, laterMs, noHolds).base).toBe(5)
    expect(recordPush(issued(shown(5), 'set', 2), '#1', applied, laterMs, noHolds).base).toBe(7)
    expect(recordPush(issued(shown(5), 'compare-and-set', 8), '#1', { ...applied, quantity: 8 }, laterMs, noHolds).base).toBe(8)
  })
})
