// The plan: for each listing the one next step, if any. A fixpoint: without events it proposes nothing new (reads of doubtful numbers are
// spaced). Level-triggered: it looks at the document alone, so any number of changes becomes one step towards the newest state.
// What it proposes is safe only after `admit` (below) agreed on the same document version: admit spends slack, plan does not.
import { isDisconnected } from './connection.ts'
import { allocate, type ModeOf, type Targets, type Told } from './allocation.ts'
import {
  expectedExposureQuantity,
  exposureQuantity,
  exposureUnits,
  guaranteedExposureUnits,
  hasBound,
  isGuaranteed,
  openCharge,
} from './exposure.ts'
import { fenceDueMs } from './fence.ts'
import type { ChannelId, ListingId } from './ids.ts'
import { passDueMs } from './last-units.ts'
import { chargeOf, expiresAtMs } from './push.ts'
import type { ChannelSettings } from './settings.ts'
import { isPooled, type ListingState, lowersToTheUnit, maxPushes, reserveUnits, sellableUnits, type Stock } from './stock.ts'

export type SettingsFor = (channel: ChannelId) => ChannelSettings

export type Step =
  | { readonly kind: 'set' | 'compare-and-set' | 'delta'; readonly quantity: number; readonly fromQuantity: number | null }
  | { readonly kind: 'read' }
  /** Send an open push again under its key. */
  | { readonly kind: 'resend'; readonly pushId: string }
  /** Ask what became of a submission. */
  | { readonly kind: 'settle'; readonly pushId: string }
  /** Sent by a process that is gone: treat it as timed out. */
  | { readonly kind: 'recover'; readonly pushId: string }

export interface Intent {
  readonly listing: ListingId
  readonly channel: ChannelId
  readonly step: Step
  /** 0: lowers what a channel shows. */
  readonly priority: 0 | 1
  readonly dueAtMs: number
  /** Takes the last units away from a listing that has not sold them (last-units.ts). */
  readonly passes?: true
}

/** A prepared push that nobody answered for this long was sent by a process that is gone. Longer than any request may take. */
export const recoverAfterMs = 60_000
/** How long an accepted write may take to show before we write again over it. */
const showWithinMs = 10 * 60_000
/** Changes smaller than this are not worth a call, they would make a storm of pushes: 5 % of the target unless the rule says. */
const hysteresisOf = ({ rule, unitsPerListing }: ListingState, target: number): number =>
  Math.max(1, Math.ceil(rule.hysteresisUnits === undefined ? target / 20 : rule.hysteresisUnits / unitsPerListing))

/**
 * What a listing outside the guarantee counts: at most its target; while it is being adopted, what it was last seen to show if that is more:
 * nobody else is raised over goods that it still offers, and nobody is refused for what is not proven yet. One that has no target because its
 * number bounds nothing, or because it is left alone, counts all that it may still sell.
 */
const countedUnits = (listing: ListingState, targets: Targets): number => {
  if (isGuaranteed(listing)) return exposureUnits(listing)
  // Without a bound, sales below 0 say nothing of what an open write may put on sale.
  const units = hasBound(listing) ? exposureUnits(listing) : (Math.max(0, listing.base) + openCharge(listing)) * listing.unitsPerListing
  const target = targets.get(listing.id) ?? (listing.status === 'unprotected' || isDisconnected(listing) ? units : 0)
  const shown = listing.status === 'adopting' ? (listing.believedQuantity ?? 0) : 0
  return Math.min(units, Math.max(shown, target) * listing.unitsPerListing)
}

export const modesOf =
  (settingsFor: SettingsFor): ModeOf =>
  (channel) =>
    settingsFor(channel).mode

/** Units that may still be promised. */
export const slackUnits = (stock: Stock, targets: Targets = allocate(stock)): number => {
  let committed = 0
  for (const listing of stock.listings) if (!isPooled(stock, listing)) committed += countedUnits(listing, targets)
  return sellableUnits(stock) - stock.bufferUnits - committed
}

/**
 * May this write be issued now? The only place where slack is spent. A set to 0 always may. An adopting listing may always be lowered:
 * that never makes an oversell likelier than it was. A pooled stock is unprotected by choice.
 */
export const admit = (
  stock: Stock,
  listing: ListingState,
  step: Extract<Step, { quantity: number }>,
  slack = slackUnits(stock),
): boolean => {
  const charge = chargeOf(step.kind, step.quantity, step.fromQuantity)
  if (charge === 0 || isPooled(stock, listing)) return true
  const lowersAdopting = listing.status === 'adopting' && listing.believedQuantity !== null && step.quantity <= listing.believedQuantity
  return lowersAdopting || charge * listing.unitsPerListing <= slack
}

/** A channel that went below 0 in a race with our own set is not told to stay there. */
const writeStep = (listing: ListingState, wanted: number): Extract<Step, { quantity: number }> => {
  const quantity = Math.max(0, wanted)
  const fromQuantity = listing.believedQuantity
  if (!lowersToTheUnit(listing.writeClass)) return { kind: 'set', quantity, fromQuantity }
  // A delta down would take back what is sold already: lowering compares.
  const adds = listing.writeClass === 'delta' && fromQuantity !== null && quantity > fromQuantity
  return { kind: adds ? 'delta' : 'compare-and-set', quantity, fromQuantity }
}

interface Found {
  readonly step: Step
  readonly dueAtMs: number
}

/** What must happen before anything new is written: an open request's next step. undefined: nothing is in the way. */
const openStep = (listing: ListingState, settings: ChannelSettings, nowMs: number): Found | undefined => {
  const underWay = listing.pushes.find((p) => p.status === 'prepared')
  if (underWay) return { step: { kind: 'recover', pushId: underWay.id }, dueAtMs: underWay.lastSendMs + recoverAfterMs }
  const dueAtMs = listing.nextPushAtMs
  const { keyRetentionMs, keyedRetry, constants } = settings
  for (const push of listing.pushes) {
    if (push.status === 'seen' || push.kind === 'read') continue
    // The key must still be remembered when the last attempt may arrive. Deltas share a request, whose key is not theirs.
    const keyed = push.kind === 'compare-and-set' && keyedRetry && nowMs + constants.requestLifetimeMs - push.issuedAtMs < keyRetentionMs
    if (push.status === 'unknown' && keyed) return { step: { kind: 'resend', pushId: push.id }, dueAtMs }
    if (push.status === 'accepted' && listing.writeClass === 'absolute-set') return { step: { kind: 'settle', pushId: push.id }, dueAtMs }
    if (nowMs < push.lastSendMs + showWithinMs && listing.writeClass !== 'absolute-set') return { step: { kind: 'read' }, dueAtMs }
  }
  return undefined
}

/** Until when a write that nobody can see is given time to land before another raise goes over it. */
const quietUntilMs = (listing: ListingState): number => {
  let untilMs = 0
  if (listing.writeClass === 'absolute-set')
    for (const push of listing.pushes) if (push.status === 'unknown') untilMs = Math.max(untilMs, push.lastSendMs + showWithinMs)
  return untilMs
}

/** How long evidence takes to become a bound, and a new look at the same number to bring a new one. */
const spacingMs = ({ constants }: ChannelSettings): number =>
  constants.orderVisibilityMs + constants.checkoutHoldMs + 2 * constants.clockSkewMs + constants.readStalenessMs

/**
 * More could be sold than the listing is thought to show, or it is thought to show more than the bound allows (somebody else wrote there), and no
 * evidence is on its way; or what it shows was read at a time that may be before our last write: look once more. Where nothing can be read, saying
 * the number again makes evidence: 0 where nothing is shown anyway, else what is shown, when its charge fits.
 */
const doubtStep = (listing: ListingState, settings: ChannelSettings, situation: Situation): Found | null => {
  const believed = listing.believedQuantity
  const readable = listing.writeClass !== 'absolute-set'
  const beyond = believed === null ? 0 : exposureQuantity(listing) - Math.max(0, believed)
  const agrees = beyond === 0 && listing.mayBeOld !== true
  if (believed !== null && (listing.fences.length > 0 || agrees || (beyond < 0 && !readable))) return null
  const dueAtMs = Math.max(listing.nextPushAtMs, listing.believedAtMs + spacingMs(settings))
  if (readable) return { step: { kind: 'read' }, dueAtMs }
  if (settings.mode === 'observe' || settings.selfDecrement === 'unproven') return null
  const target = situation.targets.get(listing.id) ?? 0
  const again = writeStep(listing, Math.max(0, Math.min(believed ?? target, target)))
  const fits = listing.pushes.length < maxPushes && admit(situation.stock, listing, again, situation.slack)
  if (fits || believed === 0) return { step: again, dueAtMs }
  // What is shown is not known, and to say it costs more than there is: start from 0.
  return believed === null ? { step: writeStep(listing, 0), dueAtMs } : null
}

const intentOf = (listing: ListingState, found: { step: Step; dueAtMs: number }, priority: 0 | 1 = 1): Intent => ({
  listing: listing.id,
  channel: listing.channel,
  step: found.step,
  priority,
  dueAtMs: found.dueAtMs,
})

const writeIntent = (listing: ListingState, quantity: number): Intent =>
  intentOf(
    listing,
    { step: writeStep(listing, quantity), dueAtMs: listing.nextPushAtMs },
    listing.believedQuantity === null || quantity < listing.believedQuantity ? 0 : 1,
  )

/** Pooled, and listings whose number nobody lowers but us: show the target, whatever was shown before. */
const plainWrite = (listing: ListingState, target: number): Intent | null =>
  listing.believedQuantity === target ? null : writeIntent(listing, target)

interface Situation {
  readonly stock: Stock
  readonly targets: Targets
  /** With fewer units than listings: those that may hold them. */
  readonly holders: readonly ListingState[]
  /** Units that a listing may have: all that is free but the reserve. */
  readonly slack: number
  /** Units that must come back because more could be sold than is there. */
  readonly overcommitted: number
  /** Units that the guarantee has left for a listing that is about to come in. */
  readonly room: number
  /** Somebody could sell and has nothing to show, and there is no slack to give; or the reserve is not free. */
  readonly starving: boolean
}

const raise = (listing: ListingState, target: number, situation: Situation): Intent | null => {
  const exposure = exposureQuantity(listing)
  const slack = Math.floor(Math.max(0, situation.slack) / listing.unitsPerListing)
  const hysteresis = hysteresisOf(listing, target)
  if (lowersToTheUnit(listing.writeClass)) {
    // What is thought to be shown beyond the bound (somebody else wrote there) is not raised further: it would go over the target, and back.
    const has = Math.max(exposure, listing.believedQuantity ?? 0)
    const up = Math.min(target - has, slack)
    if (up > 0 && (has === 0 || up >= hysteresis)) return writeIntent(listing, (listing.believedQuantity ?? 0) + up)
    return null
  }
  const quantity = Math.min(target, slack)
  if (quantity > 0 && (exposure === 0 || quantity >= exposure + hysteresis)) return writeIntent(listing, quantity)
  // Rule B: dark for a moment, then the whole target at its exact cost.
  const worthDark = expectedExposureQuantity(listing) > 0 && target >= 2 * exposure + hysteresis && slack + exposure >= target
  return worthDark && listing.believedQuantity !== 0 ? writeIntent(listing, 0) : null
}

const lower = (listing: ListingState, byQuantity: number): Intent | null => {
  const believed = listing.believedQuantity ?? 0
  const quantity = lowersToTheUnit(listing.writeClass) ? Math.max(0, believed - byQuantity) : 0
  return quantity < believed || (believed === 0 && listing.believedQuantity === null) ? writeIntent(listing, quantity) : null
}

/**
 * Its bound is too high, what it shows is not: the next look tells. Only where a set to 0 is the one way down, which would take off sale what
 * may stay there.
 */
const shownFits = (listing: ListingState, situation: Situation): boolean =>
  listing.writeClass === 'absolute-set-with-read' &&
  listing.believedQuantity !== null &&
  listing.believedQuantity * listing.unitsPerListing <= situation.room

/** How much more is shown than the rule ever wants (its cap was lowered, or the channel put cancelled units back). */
const overCap = (listing: ListingState): number => {
  const { rule, unitsPerListing, believedQuantity, writeClass } = listing
  if (rule.capUnits === null || believedQuantity === null) return 0
  const cap = Math.floor(rule.capUnits / unitsPerListing)
  const over = believedQuantity - cap
  // Where down means all the way to 0, a unit or so too much is the lesser harm.
  return lowersToTheUnit(writeClass) || over > hysteresisOf(listing, cap) ? Math.max(0, over) : 0
}

const strictWrite = (listing: ListingState, target: number, situation: Situation): Intent | null => {
  if (listing.status === 'adopting') {
    // Fenced, and too much for what the others leave: it gives way itself.
    const excess = Math.ceil((expectedExposureQuantity(listing) * listing.unitsPerListing - situation.room) / listing.unitsPerListing)
    if (hasBound(listing) && excess > 0 && !shownFits(listing, situation)) return lower(listing, excess)
    const slack = Math.floor(Math.max(0, situation.slack) / listing.unitsPerListing)
    // Nothing can be read: say the number that is right now, whatever was shown before.
    if (listing.believedQuantity === null) return writeIntent(listing, Math.min(target, slack))
    return listing.believedQuantity > target ? writeIntent(listing, target) : raise(listing, target, situation)
  }
  const beyondCap = overCap(listing)
  if (beyondCap > 0) return lower(listing, beyondCap)
  const expected = expectedExposureQuantity(listing)
  const over = expected - target
  if (over > 0 && (target === 0 || (situation.starving && over > hysteresisOf(listing, target)))) return lower(listing, over)
  return raise(listing, target, situation)
}

/** Emergency: cover the shortfall at once: compare-and-set listings to the unit, then sets to 0 on as few others as it takes. */
const emergency = (situation: Situation): ReadonlyMap<ListingId, Intent | null> => {
  const chosen = new Map<ListingId, Intent | null>()
  let short = situation.overcommitted
  const order = situation.stock.listings
    .filter(isGuaranteed)
    .sort((a, b) => Number(lowersToTheUnit(b.writeClass)) - Number(lowersToTheUnit(a.writeClass)) || exposureUnits(b) - exposureUnits(a))
  for (const listing of order) {
    if (short <= 0) break
    const expected = expectedExposureQuantity(listing)
    if (expected === 0) continue
    const by = lowersToTheUnit(listing.writeClass) ? Math.min(expected, Math.ceil(short / listing.unitsPerListing)) : expected
    chosen.set(listing.id, lower(listing, by))
    short -= by * listing.unitsPerListing
  }
  return chosen
}

const situationOf = (stock: Stock, settingsFor: SettingsFor): Situation => {
  const told: Told = { shares: null, holders: [] }
  const targets = allocate(stock, modesOf(settingsFor), told)
  const kept = reserveUnits(stock)
  // What is kept for demand that asks first is not free to a channel.
  const slack = slackUnits(stock, targets) - kept
  let expectedUnits = 0
  let hungry = kept > 0 && slack < 0
  for (const listing of stock.listings) {
    if (listing.writeClass === 'ask-first') continue
    const target = targets.get(listing.id) ?? 0
    if (isGuaranteed(listing)) expectedUnits += expectedExposureQuantity(listing) * listing.unitsPerListing
    if (target > 0 && exposureQuantity(listing) === 0 && slack < listing.unitsPerListing) hungry = true
  }
  return {
    stock,
    targets,
    holders: told.holders,
    slack,
    overcommitted: stock.sharing === 'strict' ? Math.max(0, expectedUnits - Math.max(0, sellableUnits(stock))) : 0,
    room: Math.max(0, Math.max(0, sellableUnits(stock)) - guaranteedExposureUnits(stock)),
    starving: hungry,
  }
}

/** All steps that the document calls for, with their due times (some in the future). At most one for each listing. */
export const plan = (stock: Stock, settingsFor: SettingsFor, nowMs: number): readonly Intent[] => {
  if (stock.listings.length === 0) return []
  const situation = situationOf(stock, settingsFor)
  const urgent = situation.overcommitted > 0 ? emergency(situation) : null
  const intents: Intent[] = []
  for (const listing of stock.listings) {
    if (listing.writeClass === 'ask-first' || isDisconnected(listing)) continue
    const settings = settingsFor(listing.channel)
    if (settings.mode === 'paused') continue
    const intent = stepFor(listing, settings, situation, urgent, nowMs)
    if (intent) intents.push(intent)
  }
  return intents
}

const stepFor = (
  listing: ListingState,
  settings: ChannelSettings,
  situation: Situation,
  urgent: ReadonlyMap<ListingId, Intent | null> | null,
  nowMs: number,
): Intent | null => {
  const open = openStep(listing, settings, nowMs)
  if (open) return intentOf(listing, open)
  const readable = listing.writeClass !== 'absolute-set'
  if (listing.believedQuantity === null && readable) return intentOf(listing, { step: { kind: 'read' }, dueAtMs: listing.nextPushAtMs }, 0)
  const write = settings.mode === 'observe' ? null : (urgent?.get(listing.id) ?? writeFor(listing, settings, situation))
  if (write && 'quantity' in write.step && admit(situation.stock, listing, write.step, situation.slack)) {
    const charge = chargeOf(write.step.kind, write.step.quantity, write.step.fromQuantity)
    if (charge === 0) return write
    // A full list takes only what costs nothing.
    if (listing.pushes.length < maxPushes) return { ...write, dueAtMs: Math.max(write.dueAtMs, quietUntilMs(listing)) }
  }
  const doubt = doubtStep(listing, settings, situation)
  if (doubt) return intentOf(listing, doubt)
  return write || settings.mode === 'observe' ? null : passOver(listing, situation)
}

/**
 * Refused for good, so that it has no share: the number that it is thought to show is said again when a refusal may be over, which tells
 * whether it takes numbers again and changes nothing if it does.
 */
const probe = (listing: ListingState): Intent => writeIntent(listing, listing.believedQuantity ?? 0)

const writeFor = (listing: ListingState, settings: ChannelSettings, situation: Situation): Intent | null => {
  const target = situation.targets.get(listing.id)
  if (target === undefined) return listing.blockedReason === null ? null : probe(listing)
  const plain = isPooled(situation.stock, listing) || settings.selfDecrement === 'unproven'
  return plain ? plainWrite(listing, target) : strictWrite(listing, target, situation)
}

/** The last units, unsold for long: another listing's turn. The one step that waits for time alone. */
const passOver = (listing: ListingState, { holders, targets }: Situation): Intent | null => {
  const others = holders.some((each) => each !== listing && (targets.get(each.id) ?? 0) === 0)
  const holds = others && holders.includes(listing) && listing.status === 'active' && (targets.get(listing.id) ?? 0) > 0
  const expected = expectedExposureQuantity(listing)
  const step = holds && expected > 0 ? lower(listing, expected) : null
  return step && { ...step, dueAtMs: Math.max(step.dueAtMs, passDueMs(listing)), passes: true }
}

export interface Mark {
  readonly channel: ChannelId
  readonly kind: 'push' | 'read' | 'expire' | 'fence'
  readonly priority: 0 | 1
  readonly dueAtMs: number
}

/** Writes and reads have budgets of their own on every platform, so they are different work. */
export const workKindOf = (step: Step): 'push' | 'read' => (step.kind === 'read' || step.kind === 'settle' ? 'read' : 'push')

/** The document's dirty keys: at most one for each channel and kind. Committed with it, so that no wake-up can be lost. */
export const workMarks = (stock: Stock, settingsFor: SettingsFor, nowMs: number): readonly Mark[] => {
  const marks = new Map<string, Mark>()
  const add = (mark: Mark): void => {
    const key = `${mark.kind}\u0000${mark.channel}`
    const known = marks.get(key)
    const first = !known || mark.dueAtMs < known.dueAtMs
    marks.set(key, {
      ...mark,
      dueAtMs: first ? mark.dueAtMs : known.dueAtMs,
      priority: known && known.priority < mark.priority ? known.priority : mark.priority,
    })
  }
  for (const intent of plan(stock, settingsFor, nowMs))
    add({ channel: intent.channel, kind: workKindOf(intent.step), priority: intent.priority, dueAtMs: intent.dueAtMs })
  for (const listing of stock.listings) {
    const { constants } = settingsFor(listing.channel)
    for (const push of listing.pushes) add({ channel: listing.channel, kind: 'expire', priority: 1, dueAtMs: expiresAtMs(push, constants) })
    for (const fence of listing.fences) add({ channel: listing.channel, kind: 'fence', priority: 1, dueAtMs: fenceDueMs(fence, constants) })
  }
  return [...marks.values()].sort((a, b) => (a.channel < b.channel ? -1 : a.channel > b.channel ? 1 : a.kind < b.kind ? -1 : 1))
}
