// Allocation: what each listing aims for. Safety never depends on it. Pure arithmetic: fixed shares first (by priority), then percent,
// then the rest by weight with largest remainders; caps, hide-below floors and packs (whole listing quantities only) applied on the way.
import type { ListingId } from './ids.ts'
import { availableUnits, type ListingState, type Stock } from './stock.ts'

const takesPart = (listing: ListingState): boolean => listing.writeClass !== 'ask-first' && listing.status !== 'disconnected'

/** Whole listing quantities within the units, the cap and the floor. */
const wholeQuantity = (listing: ListingState, units: number): number => {
  const capped = Math.min(units, listing.rule.capUnits ?? units)
  const quantity = Math.max(0, Math.floor(capped / listing.unitsPerListing))
  return quantity * listing.unitsPerListing < listing.rule.hideBelowUnits ? 0 : quantity
}

const byPriority = (a: ListingState, b: ListingState): number =>
  a.rule.priority - b.rule.priority || b.rule.value - a.rule.value || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** Shares `units` among the listings by weight in whole listing quantities; what a cap or a floor frees goes round again. */
const shareByWeight = (listings: readonly ListingState[], units: number, targets: Map<ListingId, number>): void => {
  let open = listings.filter((l) => l.rule.value > 0)
  let left = units
  // Each round closes at least one listing (capped or hidden) or is the last.
  while (open.length > 0) {
    const weights = open.reduce((sum, l) => sum + l.rule.value, 0)
    const exact = new Map(open.map((l) => [l.id, (left * l.rule.value) / weights]))
    const closed = open.filter((l) => {
      const share = exact.get(l.id) ?? 0
      const capped = l.rule.capUnits !== null && share >= l.rule.capUnits
      return capped || (share < l.rule.hideBelowUnits && open.length > 1)
    })
    if (closed.length === 0) {
      shareRemainders(open, exact, left, targets)
      return
    }
    // Caps first: what they free may lift the others over their floors.
    const capped = closed.filter((l) => l.rule.capUnits !== null && (exact.get(l.id) ?? 0) >= l.rule.capUnits)
    const closing = capped.length > 0 ? capped : [closed.sort(byPriority).at(-1)].filter((l) => l !== undefined)
    for (const listing of closing) {
      const quantity = capped.length > 0 ? wholeQuantity(listing, left) : 0
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
  targets: Map<ListingId, number>,
): void => {
  let left = units
  for (const listing of open) {
    const quantity = wholeQuantity(listing, Math.floor(exact.get(listing.id) ?? 0))
    targets.set(listing.id, quantity)
    left -= quantity * listing.unitsPerListing
  }
  const remainder = (l: ListingState): number => (exact.get(l.id) ?? 0) - (targets.get(l.id) ?? 0) * l.unitsPerListing
  for (const listing of [...open].sort((a, b) => remainder(b) - remainder(a) || byPriority(a, b))) {
    const quantity = targets.get(listing.id) ?? 0
    const more = wholeQuantity(listing, (quantity + 1) * listing.unitsPerListing)
    if (left >= listing.unitsPerListing && more > quantity) {
      targets.set(listing.id, quantity + 1)
      left -= listing.unitsPerListing
    }
  }
}

/** Desired exposure of each listing, in listing quantities. Under `strict` the sum in units is at most the available units. */
export const allocate = (stock: Stock): ReadonlyMap<ListingId, number> => {
  const targets = new Map<ListingId, number>()
  const available = availableUnits(stock)
  const listings = stock.listings.filter(takesPart)
  if (stock.sharing === 'pooled') {
    for (const listing of listings) targets.set(listing.id, wholeQuantity(listing, available))
    return targets
  }
  let left = available
  for (const mode of ['fixed', 'percent'] as const) {
    for (const listing of listings.filter((l) => l.rule.mode === mode).sort(byPriority)) {
      const wanted = mode === 'fixed' ? listing.rule.value : Math.floor((available * listing.rule.value) / 100)
      const quantity = wholeQuantity(listing, Math.min(wanted, left))
      targets.set(listing.id, quantity)
      left -= quantity * listing.unitsPerListing
    }
  }
  const weighted = listings.filter((l) => l.rule.mode === 'weight')
  for (const listing of weighted) targets.set(listing.id, 0)
  shareByWeight(weighted, left, targets)
  return targets
}
