// Judges a number that was suspicious, once every order and cancellation up to the read is in (all streams' watermarks have passed it), by
// the facts of the second, live look. Pure. sold, cancelled: ingested since the comparison; each may be from before the read (safe side).
//
//   shown in [low - sold - cancelled, high + cancelled]     no drift: the order or the cancellation was on its way
//
//   direction  evidence                                                                     kind
//   less       asked again, the channel tells orders that never came in, as many as miss    sale-not-seen
//   any        other places of the account changed by as much the other way                 stock-moved
//   any        exactly what was shown before our last write, and nothing has shown since    lost-write      (compare-and-set, delta: answered as applied)
//              that this write took effect                                                  never-applied   (asynchronous: said to be done)
//   more       none of these                                                                raised-in-channel
//   less       none of these                                                                lowered-or-sold-untold
//
// What no evidence separates, and what it is called:
// - lowered by hand, by another program, or by a sale that the channel never tells: one kind, lowered-or-sold-untold;
// - raised by hand, by another program, or by a cancellation that the channel never tells: raised-in-channel. With the watermark past it,
//   the channel has had its time to tell;
// - somebody who writes exactly the number before our last write looks like that write being lost. The protocol does the same for both.
// A write that the protocol still watches (open push) is never called lost: it is explained, and the protocol mends it by itself.
import type { LedgerEntry } from './ledger.ts'
import type { Explanation, QuantityDrift, QuantityFacts } from './reconcile.ts'

export interface JudgeContext {
  /** Listing quantities, ingested since the facts were taken. */
  readonly soldSince: number
  readonly cancelledSince: number
  /** Sold by orders that the channel tells when it is asked again and that were not in. */
  readonly toldWhenAsked: number
  /** By how much all other places of the account changed since the look before; null: not known. */
  readonly elsewhereChange: number | null
}

export type Verdict =
  | { readonly kind: 'explained'; readonly reason: Explanation }
  | { readonly kind: 'drift'; readonly drift: QuantityDrift; readonly evidence: Readonly<Record<string, unknown>> }

/** When the read can be judged: all that happened up to it has been told by then. Watermarks are compared with it. */
export const judgeDueMs = (
  facts: Pick<QuantityFacts, 'window'>,
  constants: { readonly clockSkewMs: number; readonly checkoutHoldMs: number },
): number => facts.window.throughMs + constants.clockSkewMs + constants.checkoutHoldMs

export const judgeQuantity = (facts: QuantityFacts, context: JudgeContext): Verdict => {
  const shown = Math.max(0, facts.shown)
  // What was believed may have been read after goods came back that were told later: before, the channel showed that much less.
  const low = Math.max(0, facts.low - context.soldSince - context.cancelledSince)
  const high = facts.high + context.cancelledSince
  const missing = low - shown
  const surplus = facts.shown - high
  if (missing <= 0 && surplus <= 0) return { kind: 'explained', reason: facts.shown < facts.believed ? 'sale' : 'cancellation' }
  const drift = (kind: QuantityDrift): Verdict => ({
    kind: 'drift',
    drift: kind,
    evidence: {
      ...facts,
      soldSince: context.soldSince,
      cancelledSince: context.cancelledSince,
      toldWhenAsked: context.toldWhenAsked,
      elsewhereChange: context.elsewhereChange,
      differsBy: missing > 0 ? -missing : surplus,
    },
  })
  if (missing > 0 && context.toldWhenAsked >= missing) return drift('sale-not-seen')
  const moved = context.elsewhereChange ?? 0
  if (missing > 0 ? moved >= missing : -moved >= surplus) return drift('stock-moved')
  const { unprovenWrite } = facts
  const undone = facts.shown + unprovenWrite
  const sameWay = missing > 0 ? unprovenWrite > 0 : unprovenWrite < 0
  if (sameWay && undone >= low && undone <= high) return drift(facts.asynchronous ? 'never-applied' : 'lost-write')
  return drift(missing > 0 ? 'lowered-or-sold-untold' : 'raised-in-channel')
}

/**
 * What a channel sold and cancelled of a stock, as ingested since then, by the ledger. Units of all its listings on the channel, rounded up:
 * more than that cannot have gone into or out of one of them.
 */
export const ingestedSince = (
  entries: Iterable<LedgerEntry>,
  channel: string,
  sinceMs: number,
  unitsPerListing: number,
): { readonly sold: number; readonly cancelled: number } => {
  let soldUnits = 0
  let cancelledUnits = 0
  for (const entry of entries) {
    if (entry.atMs < sinceMs || !entry.reference.startsWith(`${channel}/`)) continue
    if (entry.reason === 'sale' && entry.to === 'reserved') soldUnits += entry.units
    // A platform that tells net quantities takes units back as a smaller sale.
    if ((entry.reason === 'sale' || entry.reason === 'cancel') && entry.from === 'reserved') cancelledUnits += entry.units
  }
  return { sold: Math.ceil(soldUnits / unitsPerListing), cancelled: Math.ceil(cancelledUnits / unitsPerListing) }
}
