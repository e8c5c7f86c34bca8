// What an order proves against the settings of its channel, once it is folded: that it came later than L allows, that the clocks differ by
// more than eps, that more was sold than was published. Pure; an order speaks once, when it is first seen, so that an edit days later or an
// event that waited for its mapping proves nothing.
import { hasBound, openCharge } from './exposure.ts'
import type { Incident } from './incidents.ts'
import type { Contradiction } from './learned.ts'
import type { OrderFact } from './orders.ts'
import { spanText } from './plain-words.ts'
import type { ChannelSettings } from './settings.ts'
import { type ListingState, type Stock, withListing } from './stock.ts'

export interface OrderFindings {
  readonly incidents: readonly Incident[]
  readonly contradictions: readonly Contradiction[]
  /** The documents, those in doubt marked so that they are read. */
  readonly stock: readonly Stock[]
}

export interface FoldedOrder {
  readonly fact: OrderFact
  /** The hub had it before. */
  readonly known: boolean
  /** When it was first heard of. */
  readonly arrivedAtMs: number
  readonly nowMs: number
  readonly settings: ChannelSettings
  readonly before: (stock: Stock) => Stock | null
  readonly after: readonly Stock[]
  /** What the fold itself reports. */
  readonly incidents: readonly Incident[]
}

const skewIncident = ({ fact, nowMs, settings }: FoldedOrder, aheadMs: number): Incident => ({
  id: `clock-skew/${fact.channel}/${fact.orderId}`,
  kind: 'clock-skew',
  channel: fact.channel,
  sku: null,
  listing: null,
  units: 0,
  atMs: nowMs,
  summary: `Order ${fact.orderId} of ${fact.channel} was created ${spanText(aheadMs)} in the future: the clocks differ by more than ${spanText(settings.constants.clockSkewMs)}.`,
  evidence: { orderId: fact.orderId, createdAtMs: fact.createdAtMs, aheadMs, clockSkewMs: settings.constants.clockSkewMs },
})

/**
 * By how much more was sold than could be, in listing quantities: a bound below 0 is possible only as far as cancelled units went back on
 * sale unknown to us, and those are units that we held reserved. 0: within.
 */
const soldBeyond = (before: ListingState, after: ListingState, reservedUnits: number): number => {
  if (after.writeClass === 'ask-first' || !hasBound(after)) return 0
  const left = after.base + openCharge(after)
  if (left >= before.base + openCharge(before)) return 0
  return Math.max(0, -left - Math.floor(Math.max(0, reservedUnits) / after.unitsPerListing))
}

const beyondIncident = ({ fact, nowMs }: FoldedOrder, stock: Stock, listing: ListingState, beyond: number): Incident => ({
  id: `sold-beyond-bound/${fact.channel}/${fact.orderId}/${listing.id}`,
  kind: 'sold-beyond-bound',
  channel: fact.channel,
  sku: stock.sku,
  listing: listing.id,
  units: beyond * listing.unitsPerListing,
  atMs: nowMs,
  summary: `${fact.channel} sold ${beyond} more of ${stock.sku} than was published there: it does not lower its number by itself, or somebody else wrote it.`,
  evidence: { orderId: fact.orderId, base: listing.base, openCharge: openCharge(listing), reservedUnits: stock.reservedUnits },
})

/** What nobody can explain is not believed any more: where it can be read, it is read. */
const inDoubt = (listing: ListingState): ListingState => {
  // Later charges must not be set off against units that were never there.
  const base = 0 - openCharge(listing)
  return listing.writeClass === 'absolute-set' ? { ...listing, base } : { ...listing, base, believedQuantity: null }
}

/**
 * Sold beyond the bound, by an order created soon after the last evidence counted: a checkout that held a unit for longer than H, as far as it
 * is within twice of that. Later than that somebody else wrote the number. null: no hold.
 */
const longHold = (listing: ListingState, { fact, settings }: FoldedOrder): Contradiction | null => {
  const { checkoutHoldMs, clockSkewMs } = settings.constants
  const afterMs = fact.createdAtMs - listing.fencedThroughMs
  if (checkoutHoldMs === 0 || afterMs <= 0 || afterMs > checkoutHoldMs + clockSkewMs) return null
  return { kind: 'long-hold', orderId: fact.orderId, seenMs: checkoutHoldMs + afterMs }
}

const findBeyond = (
  order: FoldedOrder,
): { incidents: Incident[]; stock: readonly Stock[]; disproved: boolean; hold: Contradiction | null } => {
  const incidents: Incident[] = []
  let disproved = false
  let hold: Contradiction | null = null
  const stock = order.after.map((after) => {
    const before = order.before(after)
    if (!before) return after
    let next = after
    for (const [i, listing] of after.listings.entries()) {
      const was = before.listings[i]
      if (!was || was === listing || was.id !== listing.id) continue
      const beyond = soldBeyond(was, listing, before.reservedUnits)
      if (beyond === 0) continue
      incidents.push(beyondIncident(order, after, listing, beyond))
      if (listing.writeClass === 'absolute-set') disproved = true
      else hold ??= longHold(was, order)
      next = withListing(next, inDoubt(listing))
    }
    return next
  })
  return { incidents, stock, disproved, hold }
}

export const findInOrder = (order: FoldedOrder): OrderFindings => {
  const { fact, known, arrivedAtMs, settings } = order
  const beyond = findBeyond(order)
  const disproved: readonly Contradiction[] = [
    ...(beyond.disproved ? [{ kind: 'no-self-decrement', orderId: fact.orderId } as const] : []),
    ...(beyond.hold ? [beyond.hold] : []),
  ]
  if (known) return { incidents: beyond.incidents, contradictions: disproved, stock: beyond.stock }
  const aheadMs = fact.createdAtMs - arrivedAtMs
  const skewed = aheadMs > settings.constants.clockSkewMs
  const late = order.incidents.some((incident) => incident.kind === 'late-order')
  return {
    incidents: [...beyond.incidents, ...(skewed ? [skewIncident(order, aheadMs)] : [])],
    contradictions: [
      ...disproved,
      ...(skewed ? [{ kind: 'clock-skew', orderId: fact.orderId, seenMs: aheadMs } as const] : []),
      ...(late ? [{ kind: 'late-order', orderId: fact.orderId, seenMs: arrivedAtMs - fact.createdAtMs } as const] : []),
    ],
    stock: beyond.stock,
  }
}
