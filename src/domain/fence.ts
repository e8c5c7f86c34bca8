// Fences: the one rule that lowers exposure. Evidence "the channel showed exactly n at some instant in [from, through]" becomes a bound
// as soon as every order created up to through + eps + H is in (the watermark says so):
//   base := min(base, n - sold + restocked + later)
// sold: ingested sales certainly decided after the instant; restocked, later: what may have gone on sale after it.
// Dropping a fence is always safe; completing one late is safe, its counters go on counting.
import { openCharge } from './exposure.ts'
import { type Fence, type ListingState, maxFences } from './stock.ts'
import type { ChannelConstants } from './settings.ts'
import { sumSince } from './traces.ts'

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
    sold: 0,
    restocked: sumSince(listing.cancels, evidence.fromMs - constants.clockSkewMs),
    later: sumSince(listing.applied, evidence.fromMs),
  }
  return { ...listing, fences: [...listing.fences.slice(0, maxFences - 1), fence] }
}

/**
 * Closes open charges that the evidence proves applied. Without a push's effect the channel could not have shown more than
 * base + the other open charges; if it showed more, that push took effect before the instant, and it has at most one effect.
 */
const closeProven = (listing: ListingState, quantity: number): ListingState => {
  for (const push of listing.pushes) {
    const without = Math.max(0, listing.base + openCharge(listing) - push.charge)
    if (push.charge > 0 && push.status !== 'prepared' && quantity > without) {
      return closeProven({ ...listing, base: listing.base + push.charge, pushes: listing.pushes.filter((p) => p !== push) }, quantity)
    }
  }
  return listing
}

/** Completes every fence that the watermark has passed. Returns the same object when there is none. */
export const completeFences = (listing: ListingState, watermarkMs: number, constants: ChannelConstants): ListingState => {
  let next = listing
  for (const fence of listing.fences) {
    const dueMs = fenceDueMs(fence, constants)
    if (watermarkMs < dueMs) continue
    next = closeProven(next, fence.quantity)
    next = {
      ...next,
      base: Math.min(next.base, fence.quantity - fence.sold + fence.restocked + fence.later),
      fencedThroughMs: Math.max(next.fencedThroughMs, dueMs),
      fences: next.fences.filter((f) => f !== fence),
      status: next.status === 'adopting' ? 'active' : next.status,
    }
  }
  return next
}
