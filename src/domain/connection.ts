// A listing that the hub cannot reach, or is told to leave alone: it may go on selling, so that its bound is frozen, never released. Two things
// end that: it is connected again, and evidence counts from there; or a person vouches that it is closed, so that nothing could be sold
// since (ZERO-OVERSELL.md section 2, disconnect). That word is an assumption of the promise, and the caller records it as an incident.
import { openCharge } from './exposure.ts'
import { expiresAtMs } from './push.ts'
import type { ChannelConstants } from './settings.ts'
import type { ListingState } from './stock.ts'

export type Connection =
  /** Nothing is written to it and nothing read; what is on its way is still recorded. */
  | { readonly kind: 'disconnected' }
  /**
   * Nothing can be sold from `closedAtMs` on, whatever request is still on its way. Its bound ends when all its orders until then are in,
   * by the watermark or, with `ordersAreIn`, by the person's word.
   */
  | { readonly kind: 'closed'; readonly closedAtMs: number; readonly ordersAreIn: boolean }
  | { readonly kind: 'connected' }

export const isDisconnected = ({ disconnectedAtMs }: ListingState): boolean => disconnectedAtMs !== undefined

/** Closed, and nothing it sold before can come any more: it takes no part in what the promise rests on. */
export const isReleased = ({ closedAtMs, base, fences }: ListingState): boolean =>
  closedAtMs !== undefined && base <= 0 && fences.length === 0

const close = (listing: ListingState, closedAtMs: number, ordersAreIn: boolean, nowMs: number): ListingState => {
  const base = listing.base + openCharge(listing)
  return {
    ...listing,
    disconnectedAtMs: listing.disconnectedAtMs ?? nowMs,
    closedAtMs,
    base: ordersAreIn ? Math.min(base, 0) : base,
    // They free nothing by landing on what is closed; kept because they may still land on it once it is open again.
    pushes: listing.pushes.map((push) => ({ ...push, charge: 0 })),
    // It shows nothing from then on, and nothing can raise that: no charge and no cancellation counts beside it.
    fences: ordersAreIn ? [] : [{ quantity: 0, fromMs: closedAtMs, throughMs: closedAtMs, sold: 0, restocked: 0, later: 0 }],
    believedQuantity: 0,
    believedAtMs: closedAtMs,
    blockedReason: null,
  }
}

/** The bound of one that was only disconnected still holds; it is looked at. One that was closed may show anything: it is adopted anew. */
const connect = ({ disconnectedAtMs: _since, closedAtMs, ...listing }: ListingState, nowMs: number): ListingState => ({
  ...listing,
  // It showed nothing until now, as after a write of 0: a read that tells another number may be from before it closed.
  ...(closedAtMs === undefined
    ? {}
    : { status: 'adopting', fencedThroughMs: 0, fences: [], lastWrite: { quantity: 0, fromQuantity: null, atMs: nowMs } }),
  believedQuantity: null,
  nextPushAtMs: nowMs,
})

/** Until when a closed listing cannot be connected: a request from before could land on it, and its charge is given up. 0: it can. */
export const connectableFromMs = (listing: ListingState, constants: ChannelConstants): number =>
  listing.closedAtMs === undefined
    ? 0
    : listing.pushes.reduce((latestMs, push) => (push.kind === 'read' ? latestMs : Math.max(latestMs, expiresAtMs(push, constants))), 0)

/** The same object when the word changes nothing. The caller asks `connectableFromMs` first. */
export const setConnection = (listing: ListingState, connection: Connection, nowMs: number): ListingState => {
  switch (connection.kind) {
    case 'disconnected':
      return isDisconnected(listing) ? listing : { ...listing, disconnectedAtMs: nowMs }
    case 'closed':
      return isReleased(listing) ? listing : close(listing, connection.closedAtMs, connection.ordersAreIn, nowMs)
    case 'connected':
      return isDisconnected(listing) ? connect(listing, nowMs) : listing
  }
}
