// What a stock document may still claim after its store was restored from an older copy: charges and evidence since then are lost, so no bound
// holds any more (ZERO-OVERSELL.md section 4, point 7). Every listing is adopted anew: read (or, where nothing can be read, written) and fenced
// before it counts again. On hand, reservations and rules stay as the copy has them; orders since then come in again by the polls.
import { isDisconnected } from './connection.ts'
import type { ListingState, Stock } from './stock.ts'

/** Push ids are `{listing}#{sequence}` for ever. Numbers in seconds are beyond any that was used between the copy and now. */
const freshSequence = (listing: ListingState, nowMs: number): number => Math.max(listing.sequence + 1, Math.floor(nowMs / 1000))

const adoptListingAnew = (listing: ListingState, nowMs: number): ListingState => ({
  ...listing,
  // Outside the guarantee it is for a reason of its own, which a read ends.
  status: listing.status === 'unprotected' ? 'unprotected' : 'adopting',
  fencedThroughMs: 0,
  sequence: freshSequence(listing, nowMs),
  // Nobody would read a disconnected one: what the copy knows of it bounds nothing any more, and is counted all the same. That a closed one
  // shows nothing stays true, and its goods wait for its orders.
  ...(isDisconnected(listing)
    ? { fences: listing.closedAtMs === undefined ? [] : listing.fences }
    : { base: 0, pushes: [], fences: [], believedQuantity: null, believedAtMs: 0, nextPushAtMs: 0 }),
})

export const adoptAnew = (stock: Stock, nowMs: number): Stock => ({
  ...stock,
  listings: stock.listings.map((listing) => (listing.writeClass === 'ask-first' ? listing : adoptListingAnew(listing, nowMs))),
})
