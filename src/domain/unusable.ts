// A listing whose number bounds nothing: oversell allowed, not tracked, fulfilled by others, gone. Its exposure has no bound, so it leaves the
// guarantee, with the reason; nothing is written there, since the next step of a listing whose number is not known is a read. The first read
// that brings a number again takes it in anew, like a listing that was never seen.
import type { ChannelSettings } from './settings.ts'
import type { ListingState } from './stock.ts'

/** `id`: the read that found it out. One that is not open any more changes nothing. */
export const leaveGuarantee = (listing: ListingState, id: string, reason: string, readAgainAtMs: number): ListingState => {
  if (!listing.pushes.some((push) => push.id === id)) return listing
  return {
    ...listing,
    status: 'unprotected',
    blockedReason: reason,
    pushes: listing.pushes.filter((push) => push.id !== id),
    fences: [],
    believedQuantity: null,
    nextPushAtMs: readAgainAtMs,
  }
}

/** Before a number that was read is recorded. Without self-decrement no number bounds anything: then it stays outside. */
export const takeInAnew = (listing: ListingState, settings: ChannelSettings): ListingState =>
  listing.status === 'unprotected' && settings.selfDecrement !== 'unproven'
    ? { ...listing, status: 'adopting', fencedThroughMs: 0, fences: [] }
    : listing
