// Allocation: what each listing aims for. Safety never depends on it. Pure arithmetic on the document, without the time: fixed shares first (by
// priority), then percent, then the rest by weight with largest remainders; caps, hide-below floors and packs (whole listing quantities only)
// applied on the way. Guarantees under `strict`: the targets together are at most what may be shared, which is what is available less the
// reserve and what listings hold that take no part. Pooled listings stand beside that: they show all that is offered. Who takes no part (nothing can be written there, or nothing is sold there) gets no share.
import { isDisconnected } from './connection.ts'
import { exposureUnits, isGuaranteed } from './exposure.ts'
import type { ChannelId, ListingId } from './ids.ts'
import { areLast, holdersOf, lastSaleMs } from './last-units.ts'
import { milliUnitsPerDayOfOne, rateAt } from './sales-rate.ts'
import type { ChannelMode } from './settings.ts'
import { availableUnits, isPooled, type ListingState, reserveUnits, type Stock, type WriteClass } from './stock.ts'

export type ModeOf = (channel: ChannelId) => ChannelMode
export type Targets = ReadonlyMap<ListingId, number>

/** How a share came about, in units; for explanations. */
export type Share =
  | { readonly kind: 'fixed' | 'percent'; readonly wantedUnits: number; readonly leftUnits: number }
  /** `weight` of `weights` in `potUnits`: of the round that decided. */
  | { readonly kind: 'weight'; readonly potUnits: number; readonly weight: number; readonly weights: number }

/** What allocate() tells of how it decided. */
export interface Told {
  /** null: nobody wants to know. */
  readonly shares: Map<ListingId, Share> | null
  /** With fewer units than listings: those that may hold them. Empty otherwise. */
  holders: readonly ListingState[]
}

/** Part of the sales that is shared out as if all listings sold alike: a new one can prove itself beside one that sells fast. */
const unprovenShare = 0.1

/** Of the fastest listing's weight: from here on another one counts as equally fast where the last units go. */
const nearlyEqual = 0.6

const enforced: ModeOf = () => 'enforce'

/** Can a number be written there, and does what it shows sell? */
export const takesPart = (listing: ListingState, modeOf: ModeOf): boolean =>
  listing.writeClass !== 'ask-first' && !isDisconnected(listing) && listing.blockedReason === null && modeOf(listing.channel) === 'enforce'

/** What those may still sell that take no part: nobody else can have it before evidence frees it. Outside of the guarantee nothing is held. */
export const heldOutsideUnits = (stock: Stock, modeOf: ModeOf = enforced): number => {
  let units = 0
  for (const listing of stock.listings) if (isGuaranteed(listing) && !takesPart(listing, modeOf)) units += exposureUnits(listing)
  return units
}

/** The most units it may show: its cap, and what is available beyond its own buffer. */
export const limitUnits = ({ rule }: ListingState, available: number): number =>
  Math.min(
    rule.capUnits ?? Number.POSITIVE_INFINITY,
    rule.bufferUnits === undefined ? Number.POSITIVE_INFINITY : Math.max(0, available - rule.bufferUnits),
  )

/** Whole listing quantities within the units, the limit and the floor. */
const wholeQuantity = (listing: ListingState, units: number, available: number): number => {
  const capped = Math.min(units, limitUnits(listing, available))
  const quantity = Math.max(0, Math.floor(capped / listing.unitsPerListing))
  return quantity * listing.unitsPerListing < listing.rule.hideBelowUnits ? 0 : quantity
}

/** Where a unit comes back soonest when it is wanted elsewhere: a compare-and-set is lowered to the unit, others only to 0, and later. */
const reclaim: Readonly<Record<WriteClass, number>> = {
  'compare-and-set': 0,
  delta: 0,
  'absolute-set-with-read': 1,
  'absolute-set': 2,
  'ask-first': 3,
}

/** Who goes first where shares tie or run out. */
const byPriority = (a: ListingState, b: ListingState): number =>
  a.rule.priority - b.rule.priority ||
  b.rule.value - a.rule.value ||
  reclaim[a.writeClass] - reclaim[b.writeClass] ||
  (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

const isWeighted = ({ rule }: ListingState): boolean => rule.mode === 'velocity' || rule.mode === 'weight'

/**
 * Weights of the listings. By velocity: the configured weight times the share of the sales, as of the latest of them, so that the time between
 * two sales changes nothing. Every listing is taken to have sold one unit more than it has: with nothing sold all are alike. The average is
 * the configured weight, beside which fixed weights keep their meaning.
 */
const weightsOf = (listings: readonly ListingState[], stock: Stock): ReadonlyMap<ListingId, number> => {
  const weights = new Map<ListingId, number>()
  const moving = listings.filter((l) => l.rule.mode === 'velocity')
  const atMs = moving.length > 1 ? lastSaleMs(stock) : 0
  let total = 0
  for (const listing of moving) {
    const rate = atMs === 0 ? 0 : rateAt(listing.rate, atMs)
    weights.set(listing.id, rate)
    total += rate
  }
  const unproven = milliUnitsPerDayOfOne + (unprovenShare * total) / Math.max(1, moving.length)
  const each = (total + unproven * moving.length) / Math.max(1, moving.length)
  for (const listing of listings) {
    const rate = weights.get(listing.id)
    weights.set(listing.id, rate === undefined ? listing.rule.value : (listing.rule.value * (rate + unproven)) / each)
  }
  return weights
}

/**
 * For the last units: weights that are nearly the largest count as the largest. A few sales do not tell two such listings apart, and then it is
 * better to go by priority and by where a unit comes back soonest.
 */
const evened = (weights: ReadonlyMap<ListingId, number>): ReadonlyMap<ListingId, number> => {
  const most = Math.max(...weights.values())
  return new Map([...weights].map(([id, weight]) => [id, weight >= most * nearlyEqual ? most : weight]))
}

/** Shares `units` among the listings by weight in whole listing quantities; what a cap or a floor frees goes round again. */
const shareByWeight = (
  listings: readonly ListingState[],
  units: number,
  stock: Stock,
  targets: Map<ListingId, number>,
  told?: Told,
): void => {
  let open: readonly ListingState[] = listings.filter((l) => l.rule.value > 0)
  let left = units
  const available = availableUnits(stock)
  const last = open.length > 1 && areLast(open, units)
  if (last) open = holdersOf(open, stock)
  if (last && told) told.holders = open
  const weightOf = last ? evened(weightsOf(open, stock)) : weightsOf(open, stock)
  const weight = (listing: ListingState): number => weightOf.get(listing.id) ?? 0
  // Each round closes at least one listing (capped or hidden) or is the last.
  while (open.length > 0) {
    let weights = 0
    for (const listing of open) weights += weight(listing)
    const potUnits = left
    const exact = new Map<ListingId, number>()
    for (const listing of open) {
      exact.set(listing.id, (left * weight(listing)) / weights)
      told?.shares?.set(listing.id, { kind: 'weight', potUnits, weight: weight(listing), weights })
    }
    const atCap = (l: ListingState): boolean => (exact.get(l.id) ?? 0) >= limitUnits(l, available)
    // Caps first: what they free may lift the others over their floors.
    const capped = open.filter(atCap)
    const hidden = open.length > 1 && capped.length === 0 ? open.filter((l) => (exact.get(l.id) ?? 0) < l.rule.hideBelowUnits) : []
    const given = hidden.length > 0 ? [...hidden].sort(byPriority).at(-1) : undefined
    const closing = given ? [given] : capped
    if (closing.length === 0) {
      shareRemainders(open, exact, left, available, targets)
      return
    }
    for (const listing of closing) {
      const quantity = given ? 0 : wholeQuantity(listing, left, available)
      targets.set(listing.id, quantity)
      left -= quantity * listing.unitsPerListing
    }
    open = open.filter((l) => !closing.includes(l))
  }
}

const shareRemainders = (
  open: readonly ListingState[],
  exact: ReadonlyMap<ListingId, number>,
  units: number,
  available: number,
  targets: Map<ListingId, number>,
): void => {
  let left = units
  for (const listing of open) {
    const quantity = wholeQuantity(listing, Math.floor(exact.get(listing.id) ?? 0), available)
    targets.set(listing.id, quantity)
    left -= quantity * listing.unitsPerListing
  }
  if (left <= 0) return
  const remainder = (l: ListingState): number => (exact.get(l.id) ?? 0) - (targets.get(l.id) ?? 0) * l.unitsPerListing
  for (const listing of [...open].sort((a, b) => remainder(b) - remainder(a) || byPriority(a, b))) {
    const quantity = targets.get(listing.id) ?? 0
    const more = wholeQuantity(listing, (quantity + 1) * listing.unitsPerListing, available)
    if (left >= listing.unitsPerListing && more > quantity) {
      targets.set(listing.id, quantity + 1)
      left -= listing.unitsPerListing
    }
  }
}

/** Desired exposure of each listing that takes part, in listing quantities. `modeOf`: a channel that is not enforced takes no part. */
export const allocate = (stock: Stock, modeOf: ModeOf = enforced, told?: Told): Targets => {
  const targets = new Map<ListingId, number>()
  const available = availableUnits(stock)
  const offered = available - reserveUnits(stock)
  const listings: ListingState[] = []
  for (const listing of stock.listings)
    if (isPooled(stock, listing)) {
      if (listing.writeClass !== 'ask-first' && !isDisconnected(listing))
        targets.set(listing.id, wholeQuantity(listing, offered, available))
    } else if (takesPart(listing, modeOf)) listings.push(listing)
  if (listings.length === 0) return targets
  const shared = listings.length === stock.listings.length ? offered : Math.max(0, offered - heldOutsideUnits(stock, modeOf))
  let left = shared
  if (!listings.every(isWeighted))
    for (const kind of ['fixed', 'percent'] as const) {
      for (const listing of listings.filter((l) => l.rule.mode === kind).sort(byPriority)) {
        const wantedUnits = kind === 'fixed' ? listing.rule.value : Math.floor((shared * listing.rule.value) / 100)
        told?.shares?.set(listing.id, { kind, wantedUnits, leftUnits: left })
        const quantity = wholeQuantity(listing, Math.min(wantedUnits, left), available)
        targets.set(listing.id, quantity)
        left -= quantity * listing.unitsPerListing
      }
    }
  const weighted = listings.filter(isWeighted)
  for (const listing of weighted) targets.set(listing.id, 0)
  shareByWeight(weighted, left, stock, targets, told)
  return targets
}
