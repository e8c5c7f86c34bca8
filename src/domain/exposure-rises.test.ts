// P5: only an issued push, an ingested cancellation and a number that proves somebody else's write raise an exposure; whatever becomes of a push
// moves its charge or drops it, and evidence lowers.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { constants, fenceOf, listingOf, pushOf, startMs } from '../../test/support/stock-samples.ts'
import { exposureQuantity } from './exposure.ts'
import { completeFences } from './fence.ts'
import { expirePushes, type PushResult, recordPush, recordRead, recoverPush, resendPush } from './push.ts'
import type { ListingState, PushKind } from './stock.ts'

const push = fc
  .record({
    kind: fc.constantFrom<PushKind>('set', 'compare-and-set', 'delta', 'read'),
    quantity: fc.nat(9),
    from: fc.nat(9),
    attempts: fc.integer({ min: 1, max: 3 }),
    status: fc.constantFrom('prepared', 'accepted', 'seen', 'unknown'),
    agoMs: fc.nat(2 * constants.requestLifetimeMs),
  })
  .map(({ kind, quantity, from, attempts, status, agoMs }) =>
    pushOf({
      kind,
      quantity: kind === 'read' ? 0 : quantity,
      fromQuantity: kind === 'read' ? null : from,
      charge: kind === 'read' ? 0 : kind === 'set' ? quantity : Math.max(0, quantity - from),
      attempts,
      status,
      issuedAtMs: startMs - agoMs,
      lastSendMs: startMs - agoMs,
    }),
  )
const listing: fc.Arbitrary<ListingState> = fc
  .record({
    base: fc.integer({ min: -3, max: 12 }),
    pushes: fc.array(push, { minLength: 1, maxLength: 5 }),
    fences: fc.array(
      fc.nat(9).map((quantity) => fenceOf({ quantity })),
      { maxLength: 3 },
    ),
  })
  .map(({ base, pushes, fences }) =>
    listingOf({ base, fences, pushes: pushes.map((each, at) => ({ ...each, id: `#${at}` })), fencedThroughMs: 1 }),
  )
const result: fc.Arbitrary<PushResult> = fc.oneof(
  fc.nat(9).map((quantity): PushResult => ({ kind: 'applied', quantity, evidence: true })),
  fc.constant<PushResult>({ kind: 'accepted', submissionId: 'S', checkAtMs: startMs }),
  fc.constant<PushResult>({ kind: 'processing', checkAtMs: startMs }),
  fc.constant<PushResult>({ kind: 'stale', quantity: 1 }),
  fc.constant<PushResult>({ kind: 'rejected', reason: 'no', retryAtMs: startMs }),
  fc.constant<PushResult>({ kind: 'not-executed', retryAtMs: startMs }),
  fc.constant<PushResult>({ kind: 'ambiguous', retryAtMs: startMs }),
)

test('no answer, expiry, repeat, recovery or evidence raises an exposure (P5)', () => {
  fc.assert(
    fc.property(listing, result, fc.boolean(), fc.nat(9), (state, told, holds, shown) => {
      const own = { ...constants, checkoutHoldMs: holds ? constants.checkoutHoldMs : 0 }
      const before = exposureQuantity(state)
      const answered = recordPush(state, '#0', told, startMs, own)
      const after: readonly ListingState[] = [
        answered,
        completeFences(answered, Number.MAX_SAFE_INTEGER, own, startMs, 3),
        expirePushes(state, startMs + own.requestLifetimeMs, own),
        resendPush(state, '#0', startMs),
        recoverPush(state, '#0', startMs, own),
      ]
      expect(after.map((each) => Math.max(before, exposureQuantity(each)))).toEqual(after.map(() => before))
      const read = recordRead(state, '#0', shown, startMs, own)
      expect(exposureQuantity(read.listing)).toBe(read.raisedBy > 0 ? shown : exposureQuantity({ ...state, pushes: state.pushes.slice(1) }))
    }),
    { numRuns: 1_000 },
  )
})
