// Somebody else writes quantities: what is found out about it, and when.
import { describe, expect, test } from 'vitest'
import { constants, fenceOf, listingOf, minuteMs, settingsOf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import { exposureQuantity } from './exposure.ts'
import { completeFences } from './fence.ts'
import { plan, type Step } from './plan.ts'
import { issuePush, recordPush, recordRead } from './push.ts'
import type { ListingState, PushKind } from './stock.ts'

const laterMs = startMs + minuteMs
const after = (listing: ListingState): ListingState => completeFences(listing, Number.MAX_SAFE_INTEGER, constants, laterMs)
const shown = (quantity: number, change: Partial<ListingState> = {}): ListingState =>
  listingOf({ base: quantity, believedQuantity: quantity, fencedThroughMs: 1, ...change })
const issued = (listing: ListingState, kind: PushKind, quantity: number, id: string): ListingState => {
  const next = issuePush(listing, { id, kind, quantity, fromQuantity: listing.believedQuantity }, startMs)
  if (!next) throw new Error('no room')
  return next
}
const read = (listing: ListingState, quantity: number) =>
  recordRead(issued(listing, 'read', 0, '#read'), '#read', quantity, laterMs, constants)
const stepOf = (listing: ListingState): Step | undefined => plan(stockOf(9, [listing]), settingsOf, laterMs + 99 * minuteMs)[0]?.step

describe('a number beyond the bound', () => {
  test('lifts it, and evidence of an instant before does not bring it down again', () => {
    const pending = shown(7, { fences: [fenceOf({ quantity: 4, fromMs: startMs - minuteMs, throughMs: startMs })] })
    const { listing, raisedBy } = read(pending, 9)
    expect([raisedBy, exposureQuantity(listing)]).toEqual([2, 9])
    expect(exposureQuantity(after(listing))).toBe(9)
  })

  test('nor does the late answer to a write that was under way before', () => {
    const writing = issued(shown(7), 'compare-and-set', 4, '#write')
    const { listing } = read(writing, 9)
    const answered = recordPush(listing, '#write', { kind: 'applied', quantity: 4, evidence: true }, laterMs, constants)
    expect(exposureQuantity(after(answered))).toBeGreaterThanOrEqual(9)
  })
})

describe('a listing thought to show more than its bound allows', () => {
  test('is looked at again, until the two agree', () => {
    expect(stepOf(shown(9, { base: 7 }))).toEqual({ kind: 'read' })
    expect(stepOf(shown(9))).toBeUndefined()
  })

  test('is not, while evidence is on its way or where nothing can be read', () => {
    const fences = [fenceOf({ quantity: 9, fromMs: laterMs, throughMs: laterMs })]
    expect(stepOf(shown(9, { base: 7, fences, rule: { ...listingOf({}).rule, mode: 'fixed', value: 7 } }))?.kind).not.toBe('read')
    expect(stepOf(shown(9, { base: 7, writeClass: 'absolute-set' }))?.kind).not.toBe('read')
  })
})

test('a channel below 0 is told 0 at least', () => {
  const below = shown(0, { believedQuantity: -1, base: 5, writeClass: 'absolute-set-with-read', blockedReason: 'refused once' })
  const wanted = [0, 3, 9].map((onHand) => plan(stockOf(onHand, [below]), settingsOf, laterMs + 99 * minuteMs)[0]?.step)
  expect(wanted.map((step) => (step && 'quantity' in step ? step.quantity : null))).toEqual([0, 0, 0])
})
