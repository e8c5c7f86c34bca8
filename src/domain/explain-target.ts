// Why a listing aims for what it aims for: the numbers behind its target, and what limited it. Explains the result of allocate() and never
// decides: the quantity is always allocate's own. Where the rounds of sharing cannot be told in one sentence it says `rest`.
import type { ListingId } from './ids.ts'
import { type AllocationRule, availableUnits, type ListingState, type Stock } from './stock.ts'

export type TargetBasis =
  /** Takes no part: asks first, or is disconnected. */
  | { readonly kind: 'none' }
  | { readonly kind: 'pooled'; readonly availableUnits: number }
  /** `leftUnits`: what the rules before it have left. */
  | { readonly kind: 'fixed' | 'percent'; readonly wantedUnits: number; readonly leftUnits: number }
  /** `potUnits` are shared among listings whose weights sum up to `weights`, after caps and floors of others. */
  | { readonly kind: 'weight'; readonly potUnits: number; readonly weights: number }

/** What made the target other than its share. rest: what rounding and the limits of others leave. */
export type TargetLimit = 'left' | 'cap' | 'hide-below' | 'largest-remainder' | 'pack' | 'rest'

export interface TargetExplanation {
  readonly quantity: number
  readonly units: number
  readonly rule: AllocationRule
  readonly basis: TargetBasis
  readonly limits: readonly TargetLimit[]
}

type Targets = ReadonlyMap<ListingId, number>

const takesPart = (listing: ListingState): boolean => listing.writeClass !== 'ask-first' && listing.status !== 'disconnected'

/** The order in which fixed and percent rules are served. */
const before = (a: ListingState, b: ListingState): boolean => {
  if (a.rule.mode !== b.rule.mode) return a.rule.mode === 'fixed'
  return (a.rule.priority - b.rule.priority || b.rule.value - a.rule.value || (a.id < b.id ? -1 : 1)) < 0
}

const unitsOf = (listing: ListingState, targets: Targets): number => (targets.get(listing.id) ?? 0) * listing.unitsPerListing
const sum = (listings: readonly ListingState[], of: (listing: ListingState) => number): number =>
  listings.reduce((total, listing) => total + of(listing), 0)

/** What of the cap, the floor and whole packs changed a number of units into the target. */
const limitsOf = (listing: ListingState, shareUnits: number, quantity: number): readonly TargetLimit[] => {
  const { capUnits, hideBelowUnits } = listing.rule
  const limits: TargetLimit[] = []
  const capped = Math.min(shareUnits, capUnits ?? shareUnits)
  const whole = Math.max(0, Math.floor(capped / listing.unitsPerListing))
  if (capped < shareUnits) limits.push('cap')
  if (whole * listing.unitsPerListing < capped && listing.unitsPerListing > 1) limits.push('pack')
  if (quantity === 0 && whole > 0 && whole * listing.unitsPerListing < hideBelowUnits) limits.push('hide-below')
  return limits
}

interface Round {
  readonly potUnits: number
  readonly weights: number
}

/** The round of the sharing by weight that gave the listing its target: the one that its cap or floor took it out of, or the last. */
const roundOf = (listing: ListingState, weighted: readonly ListingState[], targets: Targets, potUnits: number): Round => {
  let open = weighted.filter((l) => l.rule.value > 0)
  let left = potUnits
  for (;;) {
    const weights = sum(open, (l) => l.rule.value)
    const closed = open.filter((l) => {
      const { capUnits, hideBelowUnits, value } = l.rule
      const atCap = capUnits !== null && left * value >= capUnits * weights && unitsOf(l, targets) <= capUnits
      const hidden = unitsOf(l, targets) === 0 && left * value < hideBelowUnits * weights && open.length > 1
      return atCap || hidden
    })
    if (closed.length === 0 || closed.includes(listing)) return { potUnits: left, weights }
    left -= sum(closed, (l) => unitsOf(l, targets))
    open = open.filter((l) => !closed.includes(l))
  }
}

const explainWeight = (listing: ListingState, weighted: readonly ListingState[], targets: Targets, potUnits: number): TargetExplanation => {
  const { rule, unitsPerListing } = listing
  const quantity = targets.get(listing.id) ?? 0
  const { potUnits: pot, weights } = roundOf(listing, weighted, targets, potUnits)
  const shareUnits = weights === 0 ? 0 : Math.floor((pot * rule.value) / weights)
  const limits = limitsOf(listing, shareUnits, quantity)
  const whole = Math.floor(Math.min(shareUnits, rule.capUnits ?? shareUnits) / unitsPerListing)
  const cause = (): readonly TargetLimit[] => {
    if (quantity === whole || limits.includes('hide-below')) return limits
    if (quantity === 0 && shareUnits < rule.hideBelowUnits) return ['hide-below']
    return quantity === whole + 1 && !limits.includes('cap') ? ['largest-remainder'] : ['rest']
  }
  return {
    quantity,
    units: quantity * unitsPerListing,
    rule,
    basis: { kind: 'weight', potUnits: pot, weights },
    limits: cause(),
  }
}

/** `targets`: what allocate() said of this document. */
export const explainTarget = (stock: Stock, listing: ListingState, targets: Targets): TargetExplanation => {
  const { rule } = listing
  const quantity = targets.get(listing.id) ?? 0
  const told = { quantity, units: quantity * listing.unitsPerListing, rule }
  const available = availableUnits(stock)
  if (!takesPart(listing)) return { ...told, basis: { kind: 'none' }, limits: [] }
  if (stock.sharing === 'pooled')
    return { ...told, basis: { kind: 'pooled', availableUnits: available }, limits: limitsOf(listing, available, quantity) }
  const taking = stock.listings.filter(takesPart)
  const served = taking.filter((l) => l.rule.mode !== 'weight')
  if (rule.mode === 'weight') {
    const pot = available - sum(served, (l) => unitsOf(l, targets))
    return explainWeight(
      listing,
      taking.filter((l) => l.rule.mode === 'weight'),
      targets,
      pot,
    )
  }
  const leftUnits =
    available -
    sum(
      served.filter((l) => l !== listing && before(l, listing)),
      (l) => unitsOf(l, targets),
    )
  const wantedUnits = rule.mode === 'fixed' ? rule.value : Math.floor((available * rule.value) / 100)
  const limits = limitsOf(listing, Math.min(wantedUnits, leftUnits), quantity)
  return {
    ...told,
    basis: { kind: rule.mode, wantedUnits, leftUnits },
    limits: leftUnits < wantedUnits ? ['left', ...limits] : limits,
  }
}
