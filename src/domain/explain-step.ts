// Why the plan does what it does next with a listing, or why it does nothing. Explains plan()'s intent and never decides: with an intent the
// step is the plan's own. The reason is found from the same document that the plan was made on.
import { isDisconnected } from './connection.ts'
import { expectedExposureQuantity, exposureQuantity, isGuaranteed } from './exposure.ts'
import type { Intent } from './plan.ts'
import type { ChannelSettings } from './settings.ts'
import { isPooled, type ListingState, lowersToTheUnit, maxPushes, sellableUnits, type Stock } from './stock.ts'

export type WriteReason =
  /** More could be sold than is there. */
  | 'emergency'
  | 'pooled'
  /** Nobody but us lowers the number. */
  | 'self-decrement'
  | 'adopting'
  /** 0 first, the whole target when that has been seen: cheaper than a second number on top. */
  | 'dark-first'
  | 'lower'
  | 'raise'
  /** Refused for good: tells whether the channel takes numbers again. */
  | 'probe'
  /** The last units have not sold here for long: another listing's turn. */
  | 'turn'
  /** The same number once more, because saying it is the only evidence there is. */
  | 'say-again'

export type ReadReason =
  | 'not-known'
  /** An open request's effect is looked for. */
  | 'look-for-effect'
  /** More could be sold than is shown, and no evidence is on its way. */
  | 'more-than-shown'

export type IdleReason =
  | 'ask-first'
  | 'closed'
  | 'disconnected'
  | 'not-configured'
  | 'paused'
  | 'observe'
  /** Too many requests are open for another one that costs something. */
  | 'full'
  /** It should get more, and what it would cost is not free. */
  | 'no-slack'
  /** The difference is not worth a call. */
  | 'small'
  | 'waits-for-evidence'
  /** It may sell more than it should, and nobody else needs it. */
  | 'nobody-needs'
  | 'as-it-should'

export type StepExplanation =
  | {
      readonly kind: 'write'
      readonly quantity: number
      readonly fromQuantity: number | null
      readonly dueAtMs: number
      readonly why: WriteReason
    }
  | { readonly kind: 'read'; readonly dueAtMs: number; readonly why: ReadReason }
  /** resend: again under its key. settle: ask what became of it. recover: count it as timed out. */
  | { readonly kind: 'resend' | 'settle' | 'recover'; readonly pushId: string; readonly dueAtMs: number }
  | { readonly kind: 'none'; readonly why: IdleReason }

export interface StepSituation {
  readonly stock: Stock
  readonly settings: ChannelSettings | null
  readonly targetQuantity: number
  readonly slackUnits: number
}

/** More could be sold, when the evidence at hand is in, than there is. */
const isShort = (stock: Stock): boolean => {
  let units = 0
  for (const listing of stock.listings) if (isGuaranteed(listing)) units += expectedExposureQuantity(listing) * listing.unitsPerListing
  return stock.sharing === 'strict' && units > Math.max(0, sellableUnits(stock))
}

const writeReason = (listing: ListingState, quantity: number, { stock, settings, targetQuantity }: StepSituation): WriteReason => {
  const lowers = listing.believedQuantity === null || quantity < listing.believedQuantity
  if (lowers && isGuaranteed(listing) && isShort(stock)) return 'emergency'
  if (isPooled(stock, listing)) return 'pooled'
  if (settings?.selfDecrement === 'unproven') return 'self-decrement'
  if (listing.blockedReason !== null) return 'probe'
  if (listing.status === 'adopting') return 'adopting'
  if (quantity === listing.believedQuantity) return 'say-again'
  if (!lowers) return 'raise'
  const isSet = !lowersToTheUnit(listing.writeClass)
  return isSet && quantity === 0 && targetQuantity > exposureQuantity(listing) ? 'dark-first' : 'lower'
}

const readReason = (listing: ListingState): ReadReason => {
  if (listing.pushes.some((p) => p.kind !== 'read' && (p.status === 'accepted' || p.status === 'unknown'))) return 'look-for-effect'
  return listing.believedQuantity === null ? 'not-known' : 'more-than-shown'
}

const idleReason = (listing: ListingState, { settings, targetQuantity, slackUnits }: StepSituation): IdleReason => {
  if (listing.writeClass === 'ask-first') return 'ask-first'
  if (listing.closedAtMs !== undefined) return 'closed'
  if (isDisconnected(listing)) return 'disconnected'
  if (!settings) return 'not-configured'
  if (settings.mode !== 'enforce') return settings.mode
  const exposure = exposureQuantity(listing)
  const slack = Math.floor(Math.max(0, slackUnits) / listing.unitsPerListing)
  if (targetQuantity > exposure) {
    if (listing.pushes.length >= maxPushes) return 'full'
    // A plain set costs its whole number, any other only the difference.
    const reachable = lowersToTheUnit(listing.writeClass) ? exposure + slack : slack
    return Math.min(targetQuantity, reachable) <= exposure ? 'no-slack' : 'small'
  }
  if (exposure > targetQuantity || exposure !== listing.believedQuantity)
    return listing.fences.length > 0 || listing.pushes.length > 0 ? 'waits-for-evidence' : 'nobody-needs'
  return 'as-it-should'
}

/** `intent`: what plan() proposes for this listing, or null. */
export const explainStep = (listing: ListingState, intent: Intent | null, situation: StepSituation): StepExplanation => {
  if (!intent) return { kind: 'none', why: idleReason(listing, situation) }
  const { step, dueAtMs } = intent
  switch (step.kind) {
    case 'read':
      return { kind: 'read', dueAtMs, why: readReason(listing) }
    case 'resend':
    case 'settle':
    case 'recover':
      return { kind: step.kind, pushId: step.pushId, dueAtMs }
    case 'set':
    case 'compare-and-set':
    case 'delta': {
      const { quantity, fromQuantity } = step
      return {
        kind: 'write',
        quantity,
        fromQuantity,
        dueAtMs,
        why: intent.passes === true ? 'turn' : writeReason(listing, quantity, situation),
      }
    }
  }
}
