// Rules in levels: catalogue (configuration), channel (configuration), SKU, SKU on a channel (import, API). Field by field the most specific
// level that says something wins; where nobody does, the default counts. The stock document keeps the resolved rule, what was said for the
// SKU and its listings, and which level each field came from: planning reads the document alone. Guarantees: pure, and a fixpoint (a document
// resolved once is the same object after). Safety does not depend on it: a rule only moves what listings aim for.
import type { ChannelId } from './ids.ts'
import type { AllocationRule, ListingState, RuleField, RuleLevel, RuleOrigin, RuleStatement, Stock } from './stock.ts'

/** What the configuration says. */
export interface Policy {
  readonly catalogue: RuleStatement
  readonly channels: Readonly<Record<ChannelId, RuleStatement>>
}

export const noPolicy: Policy = { catalogue: {}, channels: {} }

/** From the most general to the most specific, which wins. */
export const ruleLevels: readonly RuleLevel[] = ['catalogue', 'channel', 'sku', 'listing']

/** Where nobody says anything. */
export const defaultRule: AllocationRule = { mode: 'velocity', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 }

export interface Said {
  readonly level: RuleLevel
  readonly statement: RuleStatement
}

/** Weights, units and percentages are different things: a value counts with the kind that it was said for. */
const kindOf = (mode: AllocationRule['mode']): 'weight' | 'fixed' | 'percent' => (mode === 'velocity' ? 'weight' : mode)

type Origin = Partial<Record<RuleField, RuleLevel>>

/** The last level that says something of the field. */
const winner = <F extends RuleField>(said: readonly Said[], field: F, from: Origin): RuleStatement[F] => {
  let value: RuleStatement[F] = undefined
  for (const { level, statement } of said)
    if (statement[field] !== undefined) {
      value = statement[field]
      from[field] = level
    }
  return value
}

const modeAndValue = (said: readonly Said[], from: Origin): Pick<AllocationRule, 'mode' | 'value'> => {
  let { mode, value } = defaultRule
  for (const { level, statement } of said) {
    if (statement.mode !== undefined) {
      if (kindOf(statement.mode) !== kindOf(mode)) {
        // A statement of fixed or percent brings its value (checkStatement).
        value = kindOf(statement.mode) === 'weight' ? defaultRule.value : 0
        delete from.value
      }
      mode = statement.mode
      from.mode = level
    }
    if (statement.value !== undefined) {
      value = statement.value
      from.value = level
    }
  }
  return { mode, value: mode === 'percent' ? Math.min(100, value) : value }
}

const resolveRule = (said: readonly Said[]): { readonly rule: AllocationRule; readonly from: RuleOrigin } => {
  const from: Origin = {}
  const { mode, value } = modeAndValue(said, from)
  const capUnits = winner(said, 'capUnits', from) ?? null
  const hideBelowUnits = winner(said, 'hideBelowUnits', from) ?? defaultRule.hideBelowUnits
  const priority = winner(said, 'priority', from) ?? defaultRule.priority
  const hysteresisUnits = winner(said, 'hysteresisUnits', from)
  // The catalogue and the SKU speak of the whole shelf, the channel and the listing of what is offered there.
  const bufferUnits = winner(
    said.filter(({ level }) => level === 'channel' || level === 'listing'),
    'bufferUnits',
    from,
  )
  const sharing = winner(said, 'sharing', from)
  return {
    rule: {
      mode,
      value,
      capUnits,
      hideBelowUnits,
      priority,
      ...(hysteresisUnits === undefined ? {} : { hysteresisUnits }),
      ...(bufferUnits === undefined || bufferUnits === 0 ? {} : { bufferUnits }),
      ...(sharing === 'pooled' ? { sharing } : {}),
    },
    from,
  }
}

/** A rule from before rules had levels was said in whole by its listing; what equals the default of then was not said. */
const earlierListing = ({ rule }: ListingState): RuleStatement => ({
  ...(rule.mode === 'weight' && rule.value === 1 ? {} : { mode: rule.mode, value: rule.value }),
  ...(rule.capUnits === null ? {} : { capUnits: rule.capUnits }),
  ...(rule.hideBelowUnits === 0 ? {} : { hideBelowUnits: rule.hideBelowUnits }),
  ...(rule.priority === 0 ? {} : { priority: rule.priority }),
})

const earlierStock = ({ bufferUnits, sharing }: Stock): RuleStatement => ({
  ...(bufferUnits === 0 ? {} : { bufferUnits }),
  ...(sharing === 'strict' ? {} : { sharing }),
})

/** What is said for this SKU on this channel. */
export const saidOfListing = (listing: ListingState): RuleStatement =>
  listing.said ?? (listing.ruleFrom === undefined ? earlierListing(listing) : {})

/** What is said for this SKU. */
export const saidOfStock = (stock: Stock): RuleStatement => stock.said ?? (stock.ruleFrom === undefined ? earlierStock(stock) : {})

/** What each level says of a listing; null: of the SKU as a whole. Levels that say nothing are left out. */
export const saidOf = (stock: Stock, listing: ListingState | null, policy: Policy): readonly Said[] => {
  const statements: Readonly<Record<RuleLevel, RuleStatement>> = {
    catalogue: policy.catalogue,
    channel: listing ? (policy.channels[listing.channel] ?? {}) : {},
    sku: saidOfStock(stock),
    listing: listing ? saidOfListing(listing) : {},
  }
  return ruleLevels.flatMap((level) => (isEmpty(statements[level]) ? [] : [{ level, statement: statements[level] }]))
}

const isEmpty = (statement: RuleStatement): boolean => {
  for (const _ in statement) return false
  return true
}

const same = (a: object | undefined, b: object | undefined): boolean => {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  for (const key of keys) {
    const [one, other] = [(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]]
    if (one === other) continue
    const nested = typeof one === 'object' && typeof other === 'object' && one !== null && other !== null
    if (!nested || !same(one, other)) return false
  }
  return true
}

/** Field by field. */
export const sameStatement = (a: RuleStatement, b: RuleStatement): boolean => same(a, b)

/** With nothing said the key is left out: most documents carry none. */
const withSaid = <T extends ListingState | Stock>(document: T, said: RuleStatement): T => {
  const { said: _said, ...rest } = document
  return (isEmpty(said) ? rest : { ...rest, said }) as T
}

const resolveListing = (listing: ListingState, stock: Stock, policy: Policy): ListingState => {
  const { rule, from } = resolveRule(saidOf(stock, listing, policy))
  if (same(rule, listing.rule) && same(from, listing.ruleFrom)) return listing
  return { ...withSaid(listing, saidOfListing(listing)), rule, ruleFrom: from }
}

/** The document with its rules as the levels have them now. Returns the same object when they are already. */
export const resolveStock = (stock: Stock, policy: Policy): Stock => {
  const said = saidOf(stock, null, policy)
  const from: Origin = {}
  const bufferUnits = winner(said, 'bufferUnits', from) ?? 0
  const own = winner(said, 'sharing', from) ?? 'strict'
  const reserve = winner(said, 'reserve', from)
  const resolved = stock.listings.map((listing) => resolveListing(listing, stock, policy))
  const listings = resolved.every((listing, i) => listing === stock.listings[i]) ? stock.listings : resolved
  const selling = listings.filter((listing) => listing.writeClass !== 'ask-first')
  const pooled = selling.length > 0 ? selling.every((listing) => listing.rule.sharing === 'pooled') : own === 'pooled'
  const sharing = pooled ? 'pooled' : 'strict'
  if (
    listings === stock.listings &&
    bufferUnits === stock.bufferUnits &&
    sharing === stock.sharing &&
    same(reserve, stock.reserve) &&
    same(from, stock.ruleFrom)
  )
    return stock
  const { reserve: _reserve, ...rest } = withSaid(stock, saidOfStock(stock))
  return { ...rest, bufferUnits, sharing, listings, ruleFrom: from, ...(reserve === undefined ? {} : { reserve }) }
}

/** Replaces what is said for the SKU (`listing` null) or for one of its listings, and resolves. */
export const sayRule = (stock: Stock, listing: ListingState | null, statement: RuleStatement, policy: Policy): Stock => {
  // Resolved first: what was there from before has levels then, and an empty statement means nothing is said.
  const known = resolveStock(stock, policy)
  const next = listing
    ? { ...known, listings: known.listings.map((each) => (each.id === listing.id ? withSaid(each, statement) : each)) }
    : withSaid(known, statement)
  return resolveStock(next, policy)
}
