// An explanation in sentences for an operations lead: short, with units, local times with their zone, and every term of the protocol said in
// words. It adds nothing: each sentence is made from the plain data beside it.
import { rulesSentence } from './explain-rules.ts'
import type { IdleReason, ReadReason, StepExplanation, WriteReason } from './explain-step.ts'
import type { NoShareReason, TargetBasis, TargetExplanation, TargetLimit } from './explain-target.ts'
import type { Explanation, ListingExplanation, OpenFenceExplanation, OpenPushExplanation } from './explain.ts'
import { localTimes, type TimeText } from './local-time.ts'
import { constantsText, spanText, unitsText } from './plain-words.ts'
import { protectionText, reasonText } from './protection.ts'
import type { Shortfall } from './shortfall.ts'
import type { WriteClass } from './stock.ts'

export interface ExplanationSection {
  readonly title: string
  readonly sentences: readonly string[]
}

/** What a listing sells: units, or packs of several. */
type QuantityText = (quantity: number) => string

const quantities =
  (unitsPerListing: number): QuantityText =>
  (quantity) =>
    unitsPerListing === 1
      ? unitsText(quantity)
      : `${quantity} ${quantity === 1 ? 'pack' : 'packs'} of ${unitsPerListing} (${unitsText(quantity * unitsPerListing)})`

const sentences = (sentence: string | null): readonly string[] => (sentence === null ? [] : [sentence])

const stockSentences = (e: Explanation): readonly string[] => {
  const places = e.onHandByLocation.map(({ location, units }) => `${location} ${units}`).join(', ')
  const free = e.slackUnits
  return [
    `On hand: ${unitsText(e.onHandUnits)}${places === '' ? '' : ` (${places})`}.`,
    e.sellableUnits < 0
      ? `Reserved for orders that are not shipped yet: ${unitsText(e.reservedUnits)}. That is ${unitsText(-e.sellableUnits)} more than there are.`
      : `Reserved for orders that are not shipped yet: ${unitsText(e.reservedUnits)}, which leaves ${unitsText(e.sellableUnits)} to sell.`,
    `Kept back as a buffer: ${unitsText(e.bufferUnits)}. Available to the channels: ${unitsText(e.availableUnits)}.`,
    ...(e.reserveUnits > 0
      ? [`Of these kept for demand that asks first (purchase orders, manual reservations): ${unitsText(e.reserveUnits)}.`]
      : []),
    ...sentences(rulesSentence(e.rules)),
    ...(e.rulesBehind ? ['A change of the rules in the configuration has not reached this SKU yet; it will.'] : []),
    `Held by listings already: ${unitsText(e.countedUnits)}. ${free < 0 ? `That is ${unitsText(-free)} more than there are to give` : `Free to be given to a listing or a reservation: ${unitsText(free)}`} (slack: ${e.sellableUnits} to sell - ${e.bufferUnits} buffer - ${e.countedUnits} held = ${free}).`,
  ]
}

const writes: Readonly<Record<WriteClass, string>> = {
  'compare-and-set': 'each change names the number it replaces',
  delta: 'a raise adds to the number; a lower number names the one it replaces',
  'absolute-set-with-read': 'a change overwrites the number; reading it back is the proof',
  'absolute-set': 'a change overwrites the number; it cannot be read back',
  'ask-first': 'the channel asks before it takes',
}

const shown = (l: ListingExplanation, q: QuantityText, time: TimeText): string => {
  if (l.writeClass === 'ask-first') return 'Shows no number: the channel asks before it takes.'
  if (l.believedQuantity === null)
    return l.lastEvidenceMs === 0
      ? 'What it shows is not known yet.'
      : `What it shows now is not known; the last evidence is from ${time(l.lastEvidenceMs)}.`
  return `Should be showing ${q(l.believedQuantity)} now; ${l.lastEvidenceMs === 0 ? 'there is no evidence yet' : `the last evidence is from ${time(l.lastEvidenceMs)}`}.`
}

const exposure = (l: ListingExplanation, q: QuantityText): string => {
  const parts = `${l.baseQuantity} by evidence and known orders${l.openPushes.length === 0 ? '' : `, ${l.chargesQuantity} by requests that are still open`}`
  const floor = l.baseQuantity + l.chargesQuantity < 0 ? ', never below 0' : ''
  const proven = l.status === 'adopting' && !l.guaranteed ? ' What it could sell before it was connected is not proven yet.' : ''
  return `May still sell at most ${q(l.exposureQuantity)} that we do not know of (exposure: ${parts}${floor}).${proven}`
}

const pushNumber = (id: string): string => id.slice(id.lastIndexOf('#') + 1)

const stillOpen: Readonly<Record<OpenPushExplanation['status'], string>> = {
  prepared: 'the answer is awaited',
  accepted: 'the channel took it, and it does not show yet',
  seen: 'it shows or was refused when repeated, and the proof waits for later orders to come in',
  unknown: 'no answer came, so it may or may not have happened',
}

const pushSentence = (p: OpenPushExplanation, q: QuantityText, time: TimeText): string => {
  const what =
    p.kind === 'read'
      ? 'read the number'
      : p.kind === 'set'
        ? `set to ${p.quantity}`
        : p.kind === 'delta'
          ? `add ${p.quantity - (p.fromQuantity ?? 0)}`
          : `change from ${p.fromQuantity ?? 'not known'} to ${p.quantity}`
  const attempt = p.attempts > 1 ? `, attempt ${p.attempts}, last ${time(p.lastSendMs)}` : ''
  const counts = p.chargeQuantity === 0 ? 'It counts nothing' : `It counts ${q(p.chargeQuantity)} until there is proof`
  const end = p.endsAtMs === null || p.chargeQuantity === 0 ? '' : `; after ${time(p.endsAtMs)} it is taken for done`
  return `Open request ${pushNumber(p.id)}: ${what}, sent ${time(p.issuedAtMs)}${attempt}: ${stillOpen[p.status]}. ${counts}${end}.`
}

const fenceSentence = (f: OpenFenceExplanation, q: QuantityText, time: TimeText): string => {
  const changes = [
    f.sold > 0 ? `${f.sold} sold` : null,
    f.restocked > 0 ? `${f.restocked} put back by cancellations` : null,
    f.later > 0 ? `${f.later} more by other requests` : null,
  ].filter((each) => each !== null)
  const since = changes.length === 0 ? '' : ` Since then: ${changes.join(', ')}.`
  const due =
    f.dueAtMs === null
      ? 'The channel is not configured, so this cannot be completed.'
      : `This counts when all orders up to ${time(f.dueAtMs)} are in; ${
          f.watermarkMs === null
            ? 'no complete look at the orders has been made yet'
            : f.remainingMs === 0
              ? 'they are'
              : `they are in up to ${time(f.watermarkMs)}, ${spanText(f.remainingMs ?? 0)} are missing`
        }.`
  return `Evidence under way (fence): it showed ${q(f.quantity)} between ${time(f.fromMs)} and ${time(f.throughMs)}.${since} So it may sell at most ${q(Math.max(0, f.boundQuantity))}. ${due}`
}

const limitTexts: Readonly<Record<TargetLimit, (t: TargetExplanation, unitsPerListing: number) => string>> = {
  left: () => 'less because others go first',
  cap: ({ rule }) => `capped at ${unitsText(rule.capUnits ?? 0)}`,
  buffer: ({ rule }) => `the last ${unitsText(rule.bufferUnits ?? 0)} are not offered here`,
  'hide-below': ({ rule }) => `shown as sold out below ${unitsText(rule.hideBelowUnits)}`,
  'largest-remainder': () => 'rounded up, because its remainder is among the largest',
  pack: (_t, unitsPerListing) => `whole packs of ${unitsPerListing} only`,
  rest: () => 'what rounding and the limits of others leave',
}

/** "9.5": enough to see which way it was rounded. */
const tenths = (value: number): string => String(Math.floor(value * 10 + 1e-6) / 10)

const noShare: Readonly<Record<NoShareReason, string>> = {
  'ask-first': 'the channel asks before it takes',
  closed: 'it is closed, by the word of a person',
  disconnected: 'it is disconnected',
  blocked: 'the channel refuses our number, so nobody could sell a share of it',
  'not-configured': 'the channel is not configured',
  observe: 'the channel is only observed',
  paused: 'the channel is paused',
}

/** Thousandths of a unit a day, so that a person can think of it. */
const rateText = (milliUnitsPerDay: number): string => {
  if (milliUnitsPerDay === 0) return 'none yet'
  const perDay = milliUnitsPerDay / 1_000
  if (perDay >= 1) return `about ${decimals(perDay)} a day`
  return perDay * 30 >= 1 ? `about ${decimals(perDay * 30)} in 30 days` : 'less than 1 in 30 days'
}

const decimals = (value: number): string => String(Math.round(value * 10) / 10)

const weightShare = (basis: Extract<TargetBasis, { kind: 'weight' }>, rule: TargetExplanation['rule']): string => {
  const { weights, weight, potUnits, shareUnits, milliUnitsPerDay } = basis
  if (weights === 0) return `weight ${rule.value}: nothing is shared with it`
  if (milliUnitsPerDay === null) return `weight ${rule.value} of ${decimals(weights)} in ${unitsText(potUnits)} is ${tenths(shareUnits)}`
  const part = `${decimals((100 * weight) / weights)} % of ${unitsText(potUnits)} is ${tenths(shareUnits)}`
  return `by its sales (${rateText(milliUnitsPerDay)}${rule.value === 1 ? '' : `, times its weight ${rule.value}`}), ${part}`
}

const share = ({ basis, rule }: TargetExplanation, q: QuantityText): string => {
  switch (basis.kind) {
    case 'none': {
      const held = basis.heldUnits > 0 ? `; what it may still sell (${unitsText(basis.heldUnits)}) stays counted, and is nobody else's` : ''
      const wouldBe =
        basis.wouldBeQuantity === null ? '' : `; with the observed channels enforced it would have ${q(basis.wouldBeQuantity)}`
      return `${noShare[basis.why]}${held}${wouldBe}`
    }
    case 'left-out':
      return basis.why === 'passed'
        ? 'the last units were with it and did not sell for long, so that it is the turn of another listing'
        : 'its weight is 0, so nothing is shared with it'
    case 'pooled':
      return `pooled: all ${unitsText(basis.availableUnits)} that are offered`
    case 'fixed':
      return `fixed at ${unitsText(basis.wantedUnits)}, of ${basis.leftUnits} left for it (priority ${rule.priority})`
    case 'percent':
      return `${rule.value} % of what is available is ${unitsText(basis.wantedUnits)}, of ${basis.leftUnits} left for it (priority ${rule.priority})`
    case 'weight':
      return weightShare(basis, rule)
  }
}

const targetSentence = (target: TargetExplanation, unitsPerListing: number, q: QuantityText): string => {
  const limits = target.limits.map((limit) => `; ${limitTexts[limit](target, unitsPerListing)}`).join('')
  if (target.basis.kind === 'none') return `Has no share: ${share(target, q)}.`
  return `Should have ${q(target.quantity)}: ${share(target, q)}${limits}.`
}

const writeReasons: Readonly<Record<WriteReason, string>> = {
  emergency: 'more could be sold than there is',
  pooled: 'it shows all that is available, by choice',
  'self-decrement': 'the channel is not known to lower its number itself',
  adopting: 'the listing is being adopted',
  'dark-first': 'it goes to 0 for a moment, so that the larger number then costs no more than itself',
  lower: 'it may sell more than it should, and the units are needed elsewhere',
  raise: 'it should have more, and that is free',
  probe: 'the channel refused our number for good; saying the same again tells whether it takes numbers now',
  turn: 'the last units have not sold here for long, so that it is the turn of another listing if none sells before',
  'say-again': 'to say the number again is the only proof that this channel gives',
}

const readReasons: Readonly<Record<ReadReason, string>> = {
  'not-known': 'what it shows is not known',
  'look-for-effect': 'to see whether the open request has arrived',
  'more-than-shown': 'it may still sell more than it shows, and new evidence can lower that',
}

const idleReasons: Readonly<Record<IdleReason, string>> = {
  'ask-first': 'the channel asks when it wants goods',
  closed: 'it is closed, by the word of a person: nothing can be sold there',
  disconnected: 'it is disconnected, so what it may sell stays counted',
  'not-configured': 'the channel is not configured',
  paused: 'the channel is paused',
  observe: 'the channel is only observed: nothing is written there',
  full: 'as many requests are open as are allowed; one must be settled first',
  'no-slack': 'it should have more, and no more is free: other listings hold it, or the evidence that frees it is still under way',
  small: 'the difference is too small to be worth a call',
  'waits-for-evidence': 'evidence is under way, and settles the rest by itself',
  'nobody-needs': 'it may sell more than it should, and nobody else needs the units now',
  'as-it-should': 'it shows what it should',
}

const stepSentence = (next: StepExplanation, nowMs: number, q: QuantityText, time: TimeText): string => {
  if (next.kind === 'none') return `Nothing to do: ${idleReasons[next.why]}.`
  const when = next.dueAtMs <= nowMs ? 'now' : `at ${time(next.dueAtMs)}`
  switch (next.kind) {
    case 'write':
      return `Next, ${when}: write ${q(next.quantity)}${next.fromQuantity === null ? '' : ` over ${next.fromQuantity}`}, because ${writeReasons[next.why]}.`
    case 'read':
      return `Next, ${when}: read the number: ${readReasons[next.why]}.`
    case 'resend':
      return `Next, ${when}: send request ${pushNumber(next.pushId)} again under the same key; it takes effect once.`
    case 'settle':
      return `Next, ${when}: ask the channel what became of request ${pushNumber(next.pushId)}.`
    case 'recover':
      return when === 'now'
        ? `Next, now: count request ${pushNumber(next.pushId)} as timed out, because no answer came.`
        : `Next: wait for the answer to request ${pushNumber(next.pushId)}; without one it counts as timed out from ${time(next.dueAtMs)}.`
  }
}

const listingSection = (l: ListingExplanation, nowMs: number, time: TimeText): ExplanationSection => {
  const q = quantities(l.unitsPerListing)
  const asks = l.writeClass === 'ask-first'
  return {
    title: `${l.channel}, listing ${l.externalId} (${writes[l.writeClass]})`,
    sentences: [
      shown(l, q, time),
      ...(asks ? [] : [exposure(l, q)]),
      ...l.openPushes.map((push) => pushSentence(push, q, time)),
      ...l.openFences.map((fence) => fenceSentence(fence, q, time)),
      ...(asks ? [] : [targetSentence(l.target, l.unitsPerListing, q), ...sentences(rulesSentence(l.rules))]),
      stepSentence(l.next, nowMs, q, time),
      ...(l.blockedReason === null ? [] : [`The channel does not take our number: ${l.blockedReason}.`]),
      ...(l.lateOrders === 0
        ? []
        : [`${l.lateOrders} ${l.lateOrders === 1 ? 'order' : 'orders'} of it came in later than the channel was assumed to show them.`]),
    ],
  }
}

const atRiskSentences = (shortfall: Shortfall | null, time: TimeText): readonly string[] => {
  if (!shortfall) return []
  const { oversoldUnits, holders, expectedByMs, units } = shortfall
  const lowered = units - oversoldUnits
  const held = holders.map((each) => `${each.channel} ${each.units}`).join(', ')
  return [
    ...(oversoldUnits > 0
      ? [`Orders take ${unitsText(oversoldUnits)} more than there are: only new goods or cancellations mend that.`]
      : []),
    ...(lowered > 0
      ? [
          `If every channel sold all it may, ${unitsText(lowered)} would be missing. What they may still sell: ${held}.`,
          expectedByMs === null
            ? 'One of them cannot be lowered by us, so this does not end by itself.'
            : `Their numbers are being lowered; that is expected to be proven by ${time(expectedByMs)}.`,
        ]
      : []),
  ]
}

const statusSection = ({ protection, shortfall }: Explanation, time: TimeText): ExplanationSection => {
  const { status, reasons, constants } = protection
  const title = protectionText(protection)
  const why = reasons.map((reason) =>
    reason.kind === 'pooled' && reason.channel === null
      ? 'Every listing shows all that is available, by choice: two channels can sell the same unit.'
      : `${reasonText(reason)}.`,
  )
  switch (status) {
    case 'protected':
      return {
        title,
        sentences: [
          'No sale can exceed the shelf, as long as this holds:',
          ...constants.map((each) => `${each.channel}: ${constantsText(each)}.`),
        ],
      }
    case 'at-risk':
      return { title, sentences: [...atRiskSentences(shortfall, time), ...why] }
    case 'unprotected':
      return { title: 'Unprotected', sentences: why }
    case 'not-offered':
      return { title, sentences: ['No channel shows a number of it.'] }
  }
}

/** In the merchant's time zone. The first section is the stock, then one for each listing; the last is the status. */
export const explanationSections = (explanation: Explanation, timeZone: string): readonly ExplanationSection[] => {
  const time = localTimes(timeZone, explanation.atMs)
  const name = explanation.title === '' ? '' : ` (${explanation.title})`
  return [
    { title: `${explanation.sku}${name}, pool ${explanation.pool}, at ${time(explanation.atMs)}`, sentences: stockSentences(explanation) },
    ...explanation.listings.map((each) => listingSection(each, explanation.atMs, time)),
    statusSection(explanation, time),
  ]
}
