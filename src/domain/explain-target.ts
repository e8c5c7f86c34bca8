// Why a listing aims for what it aims for: the numbers behind its target, and what limited it. Explains the result of allocate() and never
// decides: the quantity and the share before rounding are allocate's own. Where the rounds of sharing cannot be told in one sentence it says
// `rest`.
import { isDisconnected } from './connection.ts'
import { allocate, limitUnits, type ModeOf, type Share, takesPart, type Targets } from './allocation.ts'
import { exposureUnits, isGuaranteed } from './exposure.ts'
import { lastSaleMs } from './last-units.ts'
import { rateAt } from './sales-rate.ts'
import type { ChannelMode } from './settings.ts'
import { type AllocationRule, availableUnits, isPooled, type ListingState, reserveUnits, type Stock } from './stock.ts'

/** Why a listing has no share. */
export type NoShareReason = 'ask-first' | 'closed' | 'disconnected' | 'blocked' | 'not-configured' | Exclude<ChannelMode, 'enforce'>

export type TargetBasis =
  /** Takes no part. What it may still sell stays counted (`heldUnits`). `wouldBeQuantity`: its target if it took part; null: not told. */
  | {
      readonly kind: 'none'
      readonly why: NoShareReason
      readonly heldUnits: number
      readonly wouldBeQuantity: number | null
    }
  | { readonly kind: 'pooled'; readonly availableUnits: number }
  /** `leftUnits`: what the rules before it have left. */
  | { readonly kind: 'fixed' | 'percent'; readonly wantedUnits: number; readonly leftUnits: number }
  /** `potUnits` are shared among listings whose weights sum up to `weights`, after caps and floors of others; `shareUnits` before rounding. */
  | {
      readonly kind: 'weight'
      readonly potUnits: number
      readonly weight: number
      readonly weights: number
      readonly shareUnits: number
      /** What it sells, thousandths of a unit a day as of the latest sale of the SKU; null: by the configured weight alone. */
      readonly milliUnitsPerDay: number | null
    }
  /** By weight, and it was given none: its weight is 0, or the last units had their turn with it and did not sell. */
  | { readonly kind: 'left-out'; readonly why: 'weight-0' | 'passed' }

/** What made the target other than its share. rest: what rounding and the limits of others leave. */
export type TargetLimit = 'left' | 'cap' | 'buffer' | 'hide-below' | 'largest-remainder' | 'pack' | 'rest'

export interface TargetExplanation {
  readonly quantity: number
  readonly units: number
  readonly rule: AllocationRule
  readonly basis: TargetBasis
  readonly limits: readonly TargetLimit[]
}

export interface TargetSituation {
  readonly stock: Stock
  /** What allocate() said of this document, and told of it. */
  readonly targets: Targets
  readonly shares: ReadonlyMap<ListingState['id'], Share>
  readonly modeOf: (channel: ListingState['channel']) => ChannelMode | 'not-configured'
}

/** What of the cap, the floor and whole packs changed a number of units into the target. */
const limitsOf = (listing: ListingState, shareUnits: number, quantity: number, available: number): readonly TargetLimit[] => {
  const { capUnits, hideBelowUnits } = listing.rule
  const limits: TargetLimit[] = []
  const most = limitUnits(listing, available)
  const capped = Math.min(shareUnits, most)
  const whole = Math.max(0, Math.floor(capped / listing.unitsPerListing))
  if (capped < shareUnits) limits.push(most === capUnits ? 'cap' : 'buffer')
  if (whole * listing.unitsPerListing < capped && listing.unitsPerListing > 1) limits.push('pack')
  if (quantity === 0 && whole > 0 && whole * listing.unitsPerListing < hideBelowUnits) limits.push('hide-below')
  return limits
}

type Told = Pick<TargetExplanation, 'quantity' | 'units' | 'rule'>

const explainWeight = (told: Told, listing: ListingState, share: Extract<Share, { kind: 'weight' }>, stock: Stock): TargetExplanation => {
  const { rule, unitsPerListing } = listing
  const { quantity } = told
  const exact = share.weights === 0 ? 0 : (Math.max(0, share.potUnits) * share.weight) / share.weights
  const shareUnits = Math.floor(exact)
  const available = availableUnits(stock)
  const limits = limitsOf(listing, shareUnits, quantity, available)
  const whole = Math.floor(Math.min(shareUnits, limitUnits(listing, available)) / unitsPerListing)
  const cause = (): readonly TargetLimit[] => {
    if (quantity === whole || limits.includes('hide-below')) return limits
    if (quantity === 0 && shareUnits < rule.hideBelowUnits) return ['hide-below']
    return quantity === whole + 1 && !limits.includes('cap') && !limits.includes('buffer') ? ['largest-remainder'] : ['rest']
  }
  const milliUnitsPerDay = rule.mode === 'velocity' ? Math.round(rateAt(listing.rate, lastSaleMs(stock))) : null
  return { ...told, basis: { ...share, shareUnits: exact, milliUnitsPerDay }, limits: cause() }
}

const noShareReason = (listing: ListingState, mode: ChannelMode | 'not-configured'): NoShareReason => {
  if (listing.writeClass === 'ask-first') return 'ask-first'
  if (listing.closedAtMs !== undefined) return 'closed'
  if (isDisconnected(listing)) return 'disconnected'
  return mode === 'enforce' ? 'blocked' : mode
}

/** For the sharing, a channel that is not configured is one that nothing is written to. */
export const sharingModes =
  (modeOf: TargetSituation['modeOf']): ModeOf =>
  (channel) => {
    const mode = modeOf(channel)
    return mode === 'not-configured' ? 'paused' : mode
  }

export const explainTarget = (listing: ListingState, situation: TargetSituation): TargetExplanation => {
  const { stock, targets, shares, modeOf } = situation
  const quantity = targets.get(listing.id) ?? 0
  const told: Told = { quantity, units: quantity * listing.unitsPerListing, rule: listing.rule }
  const available = availableUnits(stock)
  if (!targets.has(listing.id) || !(isPooled(stock, listing) || takesPart(listing, sharingModes(modeOf)))) {
    const why = noShareReason(listing, modeOf(listing.channel))
    // What enforcing the observed channels would come to: what somebody who looks before they leap wants to see.
    const wouldBe =
      why === 'observe'
        ? (allocate(stock, (c) => (modeOf(c) === 'observe' ? 'enforce' : sharingModes(modeOf)(c))).get(listing.id) ?? null)
        : null
    const heldUnits = isGuaranteed(listing) ? exposureUnits(listing) : 0
    return { ...told, basis: { kind: 'none', why, heldUnits, wouldBeQuantity: wouldBe }, limits: [] }
  }
  if (isPooled(stock, listing)) {
    const offered = available - reserveUnits(stock)
    return { ...told, basis: { kind: 'pooled', availableUnits: offered }, limits: limitsOf(listing, offered, quantity, available) }
  }
  const share = shares.get(listing.id)
  if (share === undefined)
    return { ...told, basis: { kind: 'left-out', why: listing.rule.value === 0 ? 'weight-0' : 'passed' }, limits: [] }
  if (share.kind === 'weight') return explainWeight(told, listing, share, stock)
  const limits = limitsOf(listing, Math.min(share.wantedUnits, share.leftUnits), quantity, available)
  return { ...told, basis: share, limits: share.leftUnits < share.wantedUnits ? ['left', ...limits] : limits }
}
