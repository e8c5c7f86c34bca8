import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constants, fenceOf, listingOf, minuteMs, pushOf, startMs } from '../../test/support/stock-samples.ts'
import { exposureQuantity } from './exposure.ts'
import { expirePushes, expiresAtMs, issuePush, type PushResult, recordPush, recordRead, recoverPush, resendPush } from './push.ts'
import { type ListingState, maxPushes } from './stock.ts'

const laterMs = startMs + minuteMs
const issue = (
  listing: ListingState,
  kind: 'set' | 'compare-and-set' | 'delta' | 'read',
  quantity: number,
  fromQuantity: number | null = listing.believedQuantity,
): ListingState => {
  const next = issuePush(listing, { id: `#${listing.sequence + 1}`, kind, quantity, fromQuantity }, startMs)
  if (!next) throw new Error('no room')
  return next
}
const record = (listing: ListingState, id: string, result: PushResult, atMs = laterMs): ListingState =>
  recordPush(listing, id, result, atMs, constants)
const timeout: PushResult = { kind: 'ambiguous', retryAtMs: laterMs }
const notExecuted: PushResult = { kind: 'not-executed', retryAtMs: laterMs }

describe('what a request is charged', () => {
  test.each([
    ['set', 4, 5, 4],
    ['set', 0, 5, 0],
    ['compare-and-set', 8, 5, 3],
    ['compare-and-set', 2, 5, 0],
    ['delta', 8, 5, 3],
    ['read', 0, null, 0],
  ] as const)('%s to %i over %s: %i', (kind, quantity, from, charge) => {
    expect(exposureQuantity(issue(listingOf({ base: 5 }), kind, quantity, from))).toBe(5 + charge)
  })
})

describe('what becomes of the charge', () => {
  const open = issue(listingOf({ base: 2 }), 'set', 5)

  test('applied: into the bound, and the answer is evidence without the charge on top', () => {
    const next = record(open, '#1', { kind: 'applied', quantity: 5, evidence: true })
    expect(next).toMatchObject({ base: 7, pushes: [], believedQuantity: 5 })
    expect(next.fences).toMatchObject([{ quantity: 5, fromMs: startMs, throughMs: laterMs, later: 0 }])
    expect(next.applied).toEqual([{ atMs: laterMs, quantity: 5 }])
  })

  test('applied: the next write waits for nothing, though the question about this one had moved its time', () => {
    const asked = { ...open, nextPushAtMs: laterMs + minuteMs }
    expect(record(asked, '#1', { kind: 'applied', quantity: 5, evidence: true }).nextPushAtMs).toBe(laterMs)
  })

  test('accepted after it was given up: what is shown stays in doubt, for another may have been written meanwhile', () => {
    const givenUp = record(open, '#1', timeout)
    const over = record(issue(givenUp, 'set', 0), '#2', { kind: 'applied', quantity: 0, evidence: true })
    const late = record(over, '#1', { kind: 'accepted', submissionId: 'S1', checkAtMs: laterMs })
    expect(late).toMatchObject({ believedQuantity: null, pushes: [{ status: 'accepted', submissionId: 'S1' }] })
    expect(record(late, '#1', { kind: 'applied', quantity: 5, evidence: true }).believedQuantity).toBeNull()
  })

  test('timeout: stays', () => {
    expect(exposureQuantity(record(open, '#1', timeout))).toBe(7)
  })

  test('not executed at the first attempt: dropped', () => {
    expect(exposureQuantity(record(open, '#1', notExecuted))).toBe(2)
  })

  test.each([
    ['throttled', notExecuted],
    ['stale', { kind: 'stale', quantity: 1 }],
    ['rejected', { kind: 'rejected', reason: 'no', retryAtMs: laterMs }],
  ] as const)('%s on a repeat says nothing about the first attempt', (_name, result) => {
    const again = resendPush(record(open, '#1', timeout), '#1', laterMs)
    expect(exposureQuantity(record(again, '#1', result))).toBe(7)
  })

  test('a repeat that was answered is not sent a third time; one that was not executed is', () => {
    const again = resendPush(record(open, '#1', timeout), '#1', laterMs)
    expect(record(again, '#1', { kind: 'stale', quantity: 1 }).pushes[0]?.status).toBe('seen')
    expect(record(again, '#1', notExecuted).pushes[0]?.status).toBe('unknown')
  })

  test('D and sigma after the last send: into the bound, later for fences that opened by then, and the number is in doubt', () => {
    const fences = [fenceOf({ fromMs: startMs, throughMs: laterMs }), fenceOf({ fromMs: startMs + constants.requestLifetimeMs + 1 })]
    const lost = { ...record(open, '#1', timeout), fences }
    const [push] = lost.pushes
    if (!push) throw new Error('no push')
    expect(expirePushes(lost, expiresAtMs(push, constants) - 1, constants)).toBe(lost)
    const expired = expirePushes(lost, expiresAtMs(push, constants), constants)
    expect(expired).toMatchObject({ base: 7, pushes: [], believedQuantity: null })
    expect(expired.fences.map((f) => f.later)).toEqual([5, 0])
  })

  test('an answer to a request that is not open any more changes nothing', () => {
    expect(record(open, '#7', { kind: 'applied', quantity: 5, evidence: true })).toBe(open)
  })
})

test('a crash at any step leaves what a timeout leaves (P8)', () => {
  const kinds = ['set', 'compare-and-set', 'read'] as const
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.nat(20), fc.nat(20), fc.boolean(), (kind, base, quantity, again) => {
      const sent = issue(listingOf({ base, believedQuantity: base }), kind, kind === 'read' ? 0 : quantity)
      const open = again && kind !== 'read' ? resendPush(record(sent, '#1', timeout), '#1', laterMs) : sent
      const timedOut = record(open, '#1', { kind: 'ambiguous', retryAtMs: Math.max(laterMs, open.nextPushAtMs) })
      expect(recoverPush(open, '#1', laterMs, constants)).toEqual(timedOut)
    }),
  )
})

describe('a full list', () => {
  const charged = (count: number): ListingState =>
    listingOf({
      base: 1,
      sequence: count,
      pushes: Array.from({ length: count }, (_, i) => pushOf({ id: `#${i + 1}`, charge: 1, quantity: 1 })),
    })

  test('takes a set to 0 and a read, and loses no charge (P6)', () => {
    for (const kind of ['set', 'read'] as const) {
      const full = charged(maxPushes)
      const next = issue(full, kind, 0)
      expect(next.pushes).toHaveLength(maxPushes)
      expect(next.pushes.at(-1)?.kind).toBe(kind)
      expect(exposureQuantity(next)).toBe(exposureQuantity(full))
    }
  })

  test('takes any number of sets to 0 within its bound', () => {
    let listing = charged(3)
    for (let i = 0; i < 50; i++) listing = record(issue(listing, 'set', 0), `#${listing.sequence + 1}`, timeout)
    expect(listing.pushes.length).toBeLessThanOrEqual(maxPushes)
    expect(exposureQuantity(listing)).toBe(4)
    for (const push of listing.pushes) expect(push.id.length).toBeLessThan(5)
    // None is forgotten: each may still land over a newer number, so the number is in doubt when the last has ended.
    const endMs = Math.max(...listing.pushes.map((p) => expiresAtMs(p, constants)))
    expect(expirePushes({ ...listing, believedQuantity: 7 }, endMs, constants)).toMatchObject({ pushes: [], believedQuantity: null })
  })

  test('takes nothing that has a charge', () => {
    expect(issuePush(charged(maxPushes), { id: '#9', kind: 'set', quantity: 1, fromQuantity: 0 }, startMs)).toBeNull()
  })

  test('charges that were put together are settled by their lifetime alone', () => {
    const next = issue(charged(maxPushes), 'set', 0)
    const merged = next.pushes.find((p) => p.charge === 2)
    expect(merged?.status).toBe('seen')
    expect(exposureQuantity(record(record(next, '#1', notExecuted), '#2', notExecuted))).toBe(exposureQuantity(next))
  })
})

describe('ceilings', () => {
  test('start at the exposure before the push and rise with what raises the bound after it', () => {
    const two = issue(issue(listingOf({ base: 3 }), 'set', 5), 'set', 2)
    expect(two.pushes.map((p) => p.ceilingQuantity)).toEqual([5, 8])
  })

  test('are not known while the listing has no bound', () => {
    expect(issue(listingOf({ status: 'adopting', fencedThroughMs: 0 }), 'set', 5).pushes[0]?.ceilingQuantity).toBeUndefined()
  })
})

describe('a read', () => {
  const reading = (listing: ListingState): ListingState => issue(listing, 'read', 0, null)

  test('is evidence of a window that opens sigma before it was sent', () => {
    const { listing, raisedBy } = recordRead(reading(listingOf({ base: 5 })), '#1', 4, laterMs, constants)
    expect(raisedBy).toBe(0)
    expect(listing.fences).toMatchObject([{ quantity: 4, fromMs: startMs - constants.readStalenessMs, throughMs: laterMs }])
    expect(listing.believedQuantity).toBe(4)
  })

  test('above the bound: somebody else wrote there; the bound rises to what is shown', () => {
    const { listing, raisedBy } = recordRead(reading(listingOf({ base: 2 })), '#1', 9, laterMs, constants)
    expect(raisedBy).toBe(7)
    expect(exposureQuantity(listing)).toBe(9)
  })

  test('a number from before a sale that just came in is not somebody else', () => {
    const lowered = [{ atMs: startMs - constants.readStalenessMs, quantity: 2 }]
    const { listing, raisedBy } = recordRead(reading(listingOf({ base: 3, lowered })), '#1', 5, laterMs, constants)
    expect(raisedBy).toBe(0)
    expect(exposureQuantity(listing)).toBe(3)
    // More than the bound: it will be looked at once more.
    expect(listing.believedQuantity).toBe(5)
  })

  test('less is believed to be shown after a sale in its window, not after a bound that evidence lowered', () => {
    const lowered = [{ atMs: laterMs, quantity: 5 }]
    const afterFence = recordRead(reading(listingOf({ base: 5, lowered })), '#1', 5, laterMs, constants).listing
    expect(afterFence.believedQuantity).toBe(5)
    const afterSale = recordRead(
      reading(listingOf({ base: 5, lowered, sales: [{ atMs: laterMs, quantity: 2 }] })),
      '#1',
      5,
      laterMs,
      constants,
    )
    expect(afterSale.listing.believedQuantity).toBe(3)
  })

  test('a first refusal is tried again soon, the next ones when a person may have mended the cause', () => {
    const refusedUntil = (listing: ListingState): ListingState =>
      record(issue(listing, 'set', 5, 0), `#${listing.sequence + 1}`, {
        kind: 'rejected',
        reason: 'no',
        retryAtMs: laterMs + 60 * minuteMs,
      })
    const once = refusedUntil(listingOf())
    expect(once.nextPushAtMs).toBe(laterMs + minuteMs)
    expect(refusedUntil(once).nextPushAtMs).toBe(laterMs + 60 * minuteMs)
  })

  test('refused after it was accepted: the number before it stands, unless another write may have landed meanwhile', () => {
    const accepted = record(issue(listingOf({ base: 8, writeClass: 'absolute-set' }), 'set', 0, 8), '#1', {
      kind: 'accepted',
      submissionId: 's',
      checkAtMs: laterMs,
    })
    const refused = { kind: 'rejected', reason: 'no', retryAtMs: laterMs } as const
    expect(record(accepted, '#1', refused).believedQuantity).toBe(8)
    expect(record({ ...accepted, believedQuantity: null }, '#1', refused).believedQuantity).toBeNull()
  })

  test('shows whether an accepted write has arrived; while it has not, the next look waits longer each time', () => {
    const accepted = record(issue(listingOf(), 'set', 5, 0), '#1', { kind: 'accepted', submissionId: 's', checkAtMs: laterMs })
    const before = recordRead(reading(accepted), '#2', 0, laterMs, constants).listing
    expect(before.pushes[0]?.status).toBe('accepted')
    expect(before.nextPushAtMs).toBe(laterMs + (laterMs - startMs))
    expect(recordRead(reading(accepted), '#2', 4, laterMs, constants).listing.pushes[0]?.status).toBe('seen')
  })

  test('that brought nothing leaves nothing behind', () => {
    const listing = listingOf({ base: 3 })
    expect(record(reading(listing), '#1', timeout).pushes).toEqual([])
  })
})

describe('a channel that does not lower its own number', () => {
  const open = issue(listingOf({ base: 2, fences: [fenceOf()] }), 'set', 5)

  test('gives no evidence: the listing is outside the guarantee', () => {
    const next = record(open, '#1', { kind: 'applied', quantity: 5, evidence: false })
    expect(next).toMatchObject({ status: 'unprotected', believedQuantity: 5, fences: [], pushes: [] })
  })

  test('once attested, its next evidence starts to adopt it again', () => {
    const outside = { ...open, status: 'unprotected' as const, fencedThroughMs: startMs }
    const next = record(outside, '#1', { kind: 'applied', quantity: 5, evidence: true })
    expect(next).toMatchObject({ status: 'adopting', fencedThroughMs: 0 })
    expect(next.fences).toHaveLength(1)
  })
})

describe('what was settled is remembered', () => {
  test('for as long as an open request may still bring evidence of that time', () => {
    const resent = {
      ...pushOf({ id: '#1', kind: 'compare-and-set', quantity: 0, charge: 0, issuedAtMs: startMs, lastSendMs: startMs + 60 * minuteMs }),
    }
    const long = listingOf({ sequence: 1, pushes: [resent], applied: [{ atMs: startMs, quantity: 3 }] })
    const atMs = startMs + 60 * minuteMs
    const next = issuePush(long, { id: '#2', kind: 'set', quantity: 2, fromQuantity: 0 }, atMs)
    if (!next) throw new Error('no room')
    expect(record(next, '#2', { kind: 'applied', quantity: 2, evidence: true }, atMs).applied.map((t) => t.quantity)).toEqual([3, 2])
    const answered = record(next, '#1', { kind: 'applied', quantity: 0, evidence: true }, atMs)
    expect(answered.fences).toMatchObject([{ quantity: 0, fromMs: startMs, later: 3 }])
  })

  test('and no longer', () => {
    const listing = issue(listingOf({ applied: [{ atMs: startMs - 10 * minuteMs, quantity: 3 }] }), 'set', 2)
    expect(record(listing, '#1', { kind: 'applied', quantity: 2, evidence: true }).applied.map((t) => t.quantity)).toEqual([2])
  })
})
