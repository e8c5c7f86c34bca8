import { describe, expect, test } from 'vitest'
import { listingOf, minuteMs, startMs } from '../../test/support/stock-samples.ts'
import { findInOrder } from './order-findings.ts'
import type { OrderFact } from './orders.ts'
import { explainNumberBeyond } from './read-findings.ts'
import type { ChannelSettings } from './settings.ts'
import { emptyStock, type ListingState, type Stock } from './stock.ts'
import { settingsOf } from '../../test/support/stock-samples.ts'
import type { PoolId, Sku } from './ids.ts'

const constants = {
  orderVisibilityMs: minuteMs,
  clockSkewMs: 1_000,
  checkoutHoldMs: 10 * minuteMs,
  requestLifetimeMs: 5 * minuteMs,
  readStalenessMs: 10_000,
}
const listing = (change: Partial<ListingState> = {}): ListingState =>
  listingOf({ writeClass: 'absolute-set-with-read', base: 3, fencedThroughMs: startMs, ...change })
const seen = (state: ListingState, quantity: number) =>
  explainNumberBeyond(state, { quantity, askedAtMs: startMs, nowMs: startMs + 1_000 }, constants)

describe('a number beyond the bound', () => {
  test('that is the number of a set which was given up: the set had its effect after D', () => {
    const given = listing({ applied: [{ atMs: startMs - minuteMs, quantity: 7 }] })
    expect(seen(given, 7)).toEqual({ kind: 'late-write', listing: given.id, seenMs: 6 * minuteMs + 1_000 })
    expect(seen(given, 8)).toBeNull()
    // Where a write compares, one that comes late is refused.
    expect(seen({ ...given, writeClass: 'compare-and-set' }, 7)).toBeNull()
  })

  test('that was allowed until lately: the read is older than sigma', () => {
    const fell = listing({ lowered: [{ atMs: startMs - 25_000, quantity: 4 }] })
    expect(seen(fell, 7)).toEqual({ kind: 'stale-read', listing: fell.id, seenMs: 25_000 })
    expect(seen(fell, 8)).toBeNull()
  })

  test('that fits neither: somebody else wrote it', () => {
    expect(seen(listing(), 4)).toBeNull()
  })
})

describe('sold beyond the bound', () => {
  const stockOf = (state: ListingState): Stock => ({ ...emptyStock('MUG' as Sku, 'main' as PoolId), version: 1, listings: [state] })
  const findings = (createdAtMs: number, settings: ChannelSettings) => {
    const before = listing({ base: 0 })
    return findInOrder({
      fact: { channel: before.channel, orderId: 'O1', createdAtMs, revisedAtMs: createdAtMs } as OrderFact,
      known: false,
      arrivedAtMs: createdAtMs,
      nowMs: createdAtMs,
      settings,
      before: () => stockOf(before),
      after: [stockOf({ ...before, base: -1 })],
      incidents: [],
    }).contradictions
  }
  const settings = { ...settingsOf(listing().channel), constants }

  test('soon after the evidence: a checkout held longer than H', () => {
    expect(findings(startMs + minuteMs, settings)).toEqual([{ kind: 'long-hold', orderId: 'O1', seenMs: 11 * minuteMs }])
  })

  test('much later, or where nothing holds: no hold is to blame', () => {
    expect(findings(startMs + 30 * minuteMs, settings)).toEqual([])
    expect(findings(startMs + 1, { ...settings, constants: { ...constants, checkoutHoldMs: 0 } })).toEqual([])
  })
})
