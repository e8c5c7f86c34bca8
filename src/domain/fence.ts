// Fences: the one rule that lowers exposure. Evidence "the channel showed exactly n at some instant in [from, through]" becomes a bound
// as soon as every order created up to through + eps + H is in (the watermark says so):
//   base := min(base, n - sold + restocked + later)
// sold: ingested sales certainly decided after the instant; restocked, later: what may have gone on sale after it.
// Dropping a fence is always safe; completing one late is safe, its counters go on counting.
import { hasBound } from './exposure.ts'
import { type Fence, type ListingState, maxFences } from './stock.ts'
import type { ChannelConstants } from './settings.ts'
import { addTrace, keepTracesFromMs, sumSince } from './traces.ts'

/** From this time on, a sale counts as decided after the fence's instant. Also when the fence is due: the watermark must have reached it. */
export const fenceDueMs = (fence: Fence, constants: ChannelConstants): number =>
  fence.throughMs + constants.clockSkewMs + constants.checkoutHoldMs

/** Adds evidence. With a full list the newest entry gives way, so that the oldest still completes and progress is never starved. */
export const openFence = (
  listing: ListingState,
  evidence: { readonly quantity: number; readonly fromMs: number; readonly throughMs: number },
  constants: ChannelConstants,
): ListingState => {
  const fence: Fence = {
    ...evidence,
    // Below 0 (a unit sold out of a checkout hold after the number was lowered) nothing can be sold, and a later raise starts from 0.
    quantity: Math.max(0, evidence.quantity),
    sold: 0,
    restocked: sumSince(listing.cancels, evidence.fromMs - constants.clockSkewMs),
    later: sumSince(listing.applied, evidence.fromMs),
  }
  return { ...listing, fences: [...listing.fences.slice(0, maxFences - 1), fence] }
}

/** Charges that may have been applied after a fence's instant, if they were applied by `atMs` at the latest. */
export const countLater = (fences: readonly Fence[], charge: number, atMs: number): readonly Fence[] =>
  fences.map((f) => (f.fromMs <= atMs ? { ...f, later: f.later + charge } : f))

/**
 * Closes open charges that a fence proves applied before its instant: the channel showed more than it could have without that push, and a
 * push has at most one effect. What it could have shown: the push's ceiling, and cancelled units that went back on sale unknown to us,
 * which are units that we still hold reserved. The window must open after the push was issued: what was shown before proves nothing. And it
 * must have shown what the push put on sale, less what was sold since: a smaller number is somebody else's, with the push still to come.
 */
const closeProven = (listing: ListingState, fence: Fence, reservedQuantity: number, constants: ChannelConstants): ListingState => {
  const proven = listing.pushes.find(
    (p) =>
      p.charge > 0 &&
      p.status !== 'prepared' &&
      p.ceilingQuantity !== undefined &&
      p.issuedAtMs <= fence.fromMs &&
      fence.quantity > p.ceilingQuantity + reservedQuantity &&
      fence.quantity >= p.charge - (sumSince(listing.sales ?? [], p.issuedAtMs - constants.clockSkewMs) - fence.sold),
  )
  if (!proven) return listing
  const closed: ListingState = {
    ...listing,
    base: listing.base + proven.charge,
    pushes: listing.pushes.filter((p) => p !== proven),
    fences: countLater(listing.fences, proven.charge, fence.throughMs).map((f, i) => (listing.fences[i] === fence ? fence : f)),
    applied: addTrace(
      listing.applied,
      { atMs: fence.throughMs, quantity: proven.charge },
      keepTracesFromMs(listing, fence.throughMs, constants),
    ),
  }
  return closeProven(closed, fence, reservedQuantity, constants)
}

/**
 * Completes every fence that the watermark has passed. Returns the same object when there is none. The first fence of a listing without a
 * bound makes one; later ones only lower it. `reservedUnits`: all that the stock holds reserved.
 */
export const completeFences = (
  listing: ListingState,
  watermarkMs: number,
  constants: ChannelConstants,
  nowMs: number,
  reservedUnits = Number.POSITIVE_INFINITY,
): ListingState => {
  const reservedQuantity = Math.floor(Math.max(0, reservedUnits) / listing.unitsPerListing)
  let next = listing
  for (;;) {
    const fence = next.fences.find((f) => fenceDueMs(f, constants) <= watermarkMs)
    if (!fence) return next
    next = closeProven(next, fence, reservedQuantity, constants)
    const bound = fence.quantity - fence.sold + fence.restocked + fence.later
    const base = hasBound(next) ? Math.min(next.base, bound) : bound
    next = {
      ...next,
      base,
      lowered: addTrace(
        next.lowered ?? [],
        { atMs: nowMs, quantity: Math.max(0, next.base - base) },
        keepTracesFromMs(next, nowMs, constants),
      ),
      fencedThroughMs: Math.max(next.fencedThroughMs, fenceDueMs(fence, constants)),
      fences: next.fences.filter((f) => f !== fence),
    }
  }
}
