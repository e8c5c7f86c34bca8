// What an ingested sale or cancellation does to a listing's bound. Called once for each unit that becomes known (the order's merge by
// maximum sees to that), in any order.
import type { ChannelSettings } from './settings.ts'
import { raiseCeilings } from './exposure.ts'
import type { ListingState } from './stock.ts'
import { addTrace, keepTracesFromMs } from './traces.ts'

/** Platform times of a sale. */
export interface SaleTime {
  /** Of the order: the units were not sold before. */
  readonly createdAtMs: number
  /** Units added to a known order: by when they were added. L covers that as it covers orders. */
  readonly addedByMs?: number
  /** Of the state of the order that tells of the units. */
  readonly revisedAtMs?: number
}

export interface IngestEffect {
  readonly listing: ListingState
  /** The order was created at or before a time up to which all were held to be in: the constant L was too small. */
  readonly late: boolean
}

/**
 * The channel may sell that much less now. A late sale lowers nothing: a fence has already counted it as in. Sales created after a
 * fence's instant for certain are counted on it; those that might be before it are not (the safe side).
 */
export const ingestSale = (
  listing: ListingState,
  quantity: number,
  { createdAtMs, addedByMs = createdAtMs, revisedAtMs = addedByMs }: SaleTime,
  nowMs: number,
  settings: ChannelSettings,
): IngestEffect => {
  const { clockSkewMs, checkoutHoldMs } = settings.constants
  const late = addedByMs <= listing.fencedThroughMs
  const keepFromMs = keepTracesFromMs(listing, nowMs, settings.constants)
  return {
    late,
    listing: {
      ...listing,
      base: late ? listing.base : listing.base - quantity,
      lowered: late ? listing.lowered : addTrace(listing.lowered ?? [], { atMs: nowMs, quantity }, keepFromMs),
      sales: addTrace(listing.sales ?? [], { atMs: nowMs, quantity }, keepFromMs),
      lateOrders: listing.lateOrders + (late ? 1 : 0),
      fences: listing.fences.map((f) => (createdAtMs > f.throughMs + clockSkewMs + checkoutHoldMs ? { ...f, sold: f.sold + quantity } : f)),
      believedQuantity:
        settings.selfDecrement === 'unproven' ? listing.believedQuantity : believedAfterSale(listing, quantity, revisedAtMs + clockSkewMs),
    },
  }
}

/** A sale that may be from after the number we know lowers it: a guess too low is looked at again, one too high would stand. */
const believedAfterSale = (listing: ListingState, quantity: number, latestMs: number): number | null => {
  const { believedQuantity } = listing
  return believedQuantity === null || latestMs < listing.believedAtMs ? believedQuantity : Math.max(0, believedQuantity - quantity)
}

/** More than any order line has. */
const anyQuantity = 100_000

/**
 * An order was cancelled before we saw what it had ordered, and its platform does not tell that any more: any number of units may have gone
 * back on sale since then. Evidence from before it bounds nothing; what is shown now is looked at again. The bound itself stands: what was
 * sold and came back was inside it all the time.
 */
export const ingestUnknownCancel = (
  listing: ListingState,
  cancelledAtMs: number,
  nowMs: number,
  settings: ChannelSettings,
): ListingState => ({ ...ingestCancel(listing, anyQuantity, cancelledAtMs, true, nowMs, settings), base: listing.base })

/**
 * An order that we refuse was sold all the same, and whether its units go back on sale is the channel's affair. No bound changes; what is shown
 * is looked at again, or, where it cannot be, taken to be that much less, so that the number is said again.
 */
export const ingestRefusal = (listing: ListingState, quantity: number): ListingState => ({
  ...listing,
  believedQuantity:
    listing.writeClass !== 'absolute-set' || listing.believedQuantity === null ? null : Math.max(0, listing.believedQuantity - quantity),
})

/** Units cancelled before shipment may be on sale again already, put there by the channel itself. Slack does not change. */
export const ingestCancel = (
  listing: ListingState,
  quantity: number,
  cancelledAtMs: number,
  mayRestock: boolean,
  nowMs: number,
  settings: ChannelSettings,
): ListingState => {
  const closed = listing.closedAtMs !== undefined
  // What was put back on sale before it closed was sold by then, and with all orders in, that is known.
  if (!mayRestock || (closed && listing.fences.length === 0)) return listing
  const { clockSkewMs } = settings.constants
  return {
    ...listing,
    pushes: raiseCeilings(listing.pushes, quantity),
    base: listing.base + quantity,
    // A closed listing puts nothing on sale any more.
    fences: closed
      ? listing.fences
      : listing.fences.map((f) => (cancelledAtMs >= f.fromMs - clockSkewMs ? { ...f, restocked: f.restocked + quantity } : f)),
    cancels: addTrace(listing.cancels, { atMs: cancelledAtMs, quantity }, keepTracesFromMs(listing, nowMs, settings.constants)),
    // What the channel shows now is not known where it can be asked; where it cannot, our last word stands until we write again.
    believedQuantity: listing.writeClass === 'absolute-set' ? listing.believedQuantity : null,
  }
}
