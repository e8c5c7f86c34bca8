// Compares one offer as the channel showed it with one listing as the hub knows it, at the moment of comparing. Pure.
//
// What the channel can have shown at an instant t of the window, nobody else writing there (Q: its number; B: believedQuantity now):
//   Q(t) <= high = exposure + what lowered the bound since the window opened          (exposure bounds Q, ZERO-OVERSELL.md section 1)
//                  + cancelled units that went back on sale and are not in yet        (the judge adds them when they are)
//   Q(t) >= low  = min(B, every number that an open write may leave or not have replaced)
//                  - what our writes and cancellations added since the window opened
//                  - units sold before t that are not in yet                          (the judge takes them off when they are)
// B never lies above what is shown: each sale that may not be in it lowers it, and whatever may raise or replace it makes it null (a read
// follows). A number in [low, high] is explained by whatever made the interval wide; one outside is suspicious, and nothing more: it is
// judged when the watermark has passed a second, live look (reconcile-judge.ts).
//
// The sums over the window come from the listing's traces, which are kept for evidence of the protocol: sigma and twice eps back from the
// last entry. A window that opens earlier is not covered: then only the very number that is believed agrees.
import { isDisconnected } from './connection.ts'
import { exposureQuantity, hasBound } from './exposure.ts'
import type { Fulfilment } from './orders.ts'
import type { Explanation, OfferDrift, QuantityFacts, ReadWindow, ShownOffer } from './reconcile.ts'
import type { ChannelSettings } from './settings.ts'
import { type ListingState, lowersToTheUnit, type Push } from './stock.ts'
import { keepTracesFromMs, sumSince } from './traces.ts'

export type Comparison =
  | { readonly kind: 'agrees' }
  | { readonly kind: 'explained'; readonly reason: Explanation }
  | { readonly kind: 'offer'; readonly drift: OfferDrift; readonly evidence: Readonly<Record<string, unknown>> }
  /** `clear` false: the window is not covered, so that the numbers say nothing yet. */
  | { readonly kind: 'quantity'; readonly facts: QuantityFacts; readonly clear: boolean }

export interface CompareContext {
  readonly settings: ChannelSettings
  readonly nowMs: number
  readonly fulfilment: Fulfilment
  readonly listingSku: string
  /** Listings that the stock document has on this channel. */
  readonly listingsOnChannel: number
  /** Does the hub keep stock of the SKU that the offer carries? */
  readonly shownSkuKnown: boolean
  /** What the offer was called when it was last looked at; null: never. */
  readonly skuBefore: string | null
  /** When a complete look last found the number right; null: never. */
  readonly agreedAtMs: number | null
}

const latestTraceMs = (listing: ListingState): number => {
  let latest = Number.NEGATIVE_INFINITY
  for (const traces of [listing.applied, listing.cancels, listing.lowered ?? [], listing.sales ?? []])
    for (const trace of traces) latest = Math.max(latest, trace.atMs)
  return latest
}

/** Are the sums over the window complete? The last entry that was added decided what was forgotten. */
const covers = (listing: ListingState, window: ReadWindow, settings: ChannelSettings): boolean => {
  // Written over a number that nobody knew: before that the channel may have shown anything.
  if (listing.lastWrite?.fromQuantity === null && listing.lastWrite.atMs >= window.fromMs) return false
  const lastMs = latestTraceMs(listing)
  if (lastMs === Number.NEGATIVE_INFINITY) return true
  return keepTracesFromMs({ ...listing, pushes: [] }, lastMs, settings.constants) <= window.fromMs - settings.constants.clockSkewMs
}

/** The lowest number that an open write may leave behind, or may not have replaced yet at some instant of the window: also one that was seen since. */
const lowestOf = (push: Push, listing: ListingState): number => {
  // Two entries in one: what the first one wrote is not known any more.
  if (push.ceilingQuantity === undefined && push.id.endsWith('+')) return 0
  const sold = sumSince(listing.sales ?? [], push.issuedAtMs)
  return Math.min(push.quantity, push.fromQuantity ?? 0) - sold
}

const factsOf = (
  listing: ListingState,
  believed: number,
  shown: number,
  window: ReadWindow,
  { settings, nowMs, agreedAtMs }: CompareContext,
): QuantityFacts => {
  const writes = listing.pushes.filter((p) => p.kind !== 'read')
  const { fromMs } = window
  const unproven = settings.selfDecrement === 'unproven'
  let low = believed
  let high = hasBound(listing) && !unproven ? exposureQuantity(listing) : believed
  const last = listing.lastWrite
  for (const push of writes) {
    low = Math.min(low, lowestOf(push, listing))
    high = Math.max(high, push.quantity, push.fromQuantity ?? 0)
  }
  low -= sumSince(listing.applied, fromMs) + sumSince(listing.cancels, fromMs - settings.constants.clockSkewMs)
  high += sumSince(listing.lowered ?? [], fromMs) + sumSince(listing.sales ?? [], fromMs)
  // Read higher within sigma of the write that lowered it: the read may be the older one, and then so is all that is believed since.
  // Or the number is what was shown at an unknown time before.
  if ((last !== undefined && last.quantity < believed) || listing.believedAtMs === 0) low = 0
  const proven = agreedAtMs !== null && last !== undefined && agreedAtMs > last.atMs
  return {
    shown,
    believed,
    // Whether the channel lowers its own number is not known: it may show anything down to 0.
    low: unproven ? 0 : Math.max(0, low),
    high: Math.max(believed, high),
    window,
    comparedAtMs: nowMs,
    unprovenWrite: last === undefined || proven || last.fromQuantity === null ? 0 : last.quantity - last.fromQuantity,
    asynchronous: !lowersToTheUnit(listing.writeClass),
  }
}

/** What made the interval wide enough for the number. */
const reasonFor = (listing: ListingState, facts: QuantityFacts, settings: ChannelSettings): Explanation => {
  if (listing.pushes.some((p) => p.kind !== 'read')) return 'open-push'
  const { fromMs } = facts.window
  if (settings.selfDecrement === 'unproven') return 'outside-guarantee'
  if (facts.shown < facts.believed) return sumSince(listing.applied, fromMs) > 0 ? 'write-in-window' : 'cancellation'
  if (sumSince(listing.sales ?? [], fromMs) > 0) return 'sale'
  if (sumSince(listing.lowered ?? [], fromMs) > 0) return 'write-in-window'
  return 'evidence-on-its-way'
}

const offerDrift = (listing: ListingState, shown: ShownOffer, context: CompareContext): Comparison | null => {
  const drift = (kind: OfferDrift, evidence: Readonly<Record<string, unknown>>): Comparison => ({ kind: 'offer', drift: kind, evidence })
  if (shown.state === 'gone') return drift('listing-gone', { fencedThroughMs: listing.fencedThroughMs })
  if (shown.fulfilment !== null && shown.fulfilment !== context.fulfilment)
    return drift('fulfilment-switched', { mapped: context.fulfilment, shown: shown.fulfilment })
  if (shown.tracked === false) return drift('untracked', {})
  if (shown.sellsBelowZero === true) return drift('sells-below-zero', {})
  // Platforms call an offer inactive that is merely sold out.
  if (shown.state === 'inactive' && (shown.quantity ?? listing.believedQuantity ?? 0) > 0) return drift('listing-inactive', {})
  const renamed = context.skuBefore !== null && context.skuBefore !== shown.sku
  if (shown.sku !== null && shown.sku !== context.listingSku && (context.shownSkuKnown || renamed))
    return drift('wrong-sku', { mapped: context.listingSku, shown: shown.sku, before: context.skuBefore, known: context.shownSkuKnown })
  if (shown.offersWithSku !== null && shown.offersWithSku > Math.max(1, context.listingsOnChannel))
    return drift('duplicate-sku', { offersWithSku: shown.offersWithSku, listings: context.listingsOnChannel })
  if (shown.unitsPerListing !== null && shown.unitsPerListing !== listing.unitsPerListing)
    return drift('pack-size', { mapped: listing.unitsPerListing, shown: shown.unitsPerListing })
  return null
}

export const compareOffer = (listing: ListingState, shown: ShownOffer, window: ReadWindow, context: CompareContext): Comparison => {
  if (listing.writeClass === 'ask-first') return { kind: 'agrees' }
  // Nobody follows what happens there. Gone is what closed listings are; one that shows a number is not closed.
  if (isDisconnected(listing) && listing.closedAtMs === undefined) return { kind: 'explained', reason: 'disconnected' }
  if (listing.closedAtMs !== undefined && (shown.state !== 'live' || (shown.quantity ?? 0) <= 0)) return { kind: 'agrees' }
  const { settings } = context
  const drift = offerDrift(listing, shown, context)
  // A number that bounds nothing is known and told already; a wrong mapping is wrong all the same.
  const left = listing.status === 'unprotected' && listing.blockedReason !== null
  const mapping = drift?.kind === 'offer' && ['wrong-sku', 'duplicate-sku', 'pack-size'].includes(drift.drift)
  if (drift && (!left || mapping)) return drift
  if (left) return { kind: 'explained', reason: 'outside-guarantee' }
  if (shown.quantity === null) return { kind: 'explained', reason: 'not-told' }
  const believed = listing.believedQuantity
  if (shown.quantity === believed) return { kind: 'agrees' }
  // Until its first fence nothing bounds what an adopted listing shows; the protocol is about to prove it.
  if (listing.status === 'adopting' && !hasBound(listing)) return { kind: 'explained', reason: 'being-adopted' }
  if (believed === null) return { kind: 'explained', reason: 'read-due' }
  const facts = factsOf(listing, believed, shown.quantity, window, context)
  const clear = covers(listing, window, settings)
  // What lies below 0 was sold out of a hold: nothing can be sold there, as at 0.
  if (Math.max(0, facts.shown) >= facts.low && facts.shown <= facts.high && clear)
    return { kind: 'explained', reason: reasonFor(listing, facts, settings) }
  return { kind: 'quantity', facts, clear }
}
