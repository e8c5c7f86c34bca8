// Which level each field of a rule came from, and what the other levels say of it. Explains what the document holds and never decides. Only
// fields of which somebody says something are told: all else is the default.
import type { Policy, Said } from './rules.ts'
import { resolveStock, saidOf } from './rules.ts'
import type { ListingState, RuleField, RuleLevel, RuleOrigin, RuleStatement, Stock } from './stock.ts'

export interface FieldExplanation {
  readonly field: RuleField
  /** What counts; null of a cap: none. */
  readonly value: RuleStatement[RuleField]
  readonly level: RuleLevel | 'default'
  /** What the levels say that do not count, from the most specific. */
  readonly others: readonly { readonly level: RuleLevel; readonly value: RuleStatement[RuleField] }[]
}

const ofListing: readonly RuleField[] = [
  'mode',
  'value',
  'capUnits',
  'hideBelowUnits',
  'priority',
  'hysteresisUnits',
  'bufferUnits',
  'sharing',
]
const ofStock: readonly RuleField[] = ['bufferUnits', 'sharing', 'reserve']

const explainFields = (
  fields: readonly RuleField[],
  resolved: RuleStatement,
  from: RuleOrigin | undefined,
  said: readonly Said[],
): readonly FieldExplanation[] =>
  fields.flatMap((field): readonly FieldExplanation[] => {
    const saying = said.filter(({ statement }) => statement[field] !== undefined)
    // A document from before rules had levels: what it holds was said there.
    const level = from === undefined ? (saying.at(-1)?.level ?? 'default') : (from[field] ?? 'default')
    if (saying.length === 0 && level === 'default') return []
    const others = saying.filter((each) => each.level !== level).map((each) => ({ level: each.level, value: each.statement[field] }))
    return [{ field, value: resolved[field], level, others: others.toReversed() }]
  })

export const explainListingRules = (stock: Stock, listing: ListingState, policy: Policy): readonly FieldExplanation[] => {
  // Of the whole shelf is told with the SKU.
  const said = saidOf(stock, listing, policy).map((each): Said => {
    const { bufferUnits: _buffer, ...rest } = each.statement
    return each.level === 'catalogue' || each.level === 'sku' ? { ...each, statement: rest } : each
  })
  return explainFields(ofListing, { ...listing.rule, sharing: listing.rule.sharing ?? 'strict' }, listing.ruleFrom, said)
}

export const explainStockRules = (stock: Stock, policy: Policy): readonly FieldExplanation[] =>
  explainFields(
    ofStock,
    { bufferUnits: stock.bufferUnits, sharing: stock.sharing, ...(stock.reserve ? { reserve: stock.reserve } : {}) },
    stock.ruleFrom,
    saidOf(stock, null, policy),
  )

/** A change of the configuration that has not reached the document yet. */
export const isBehind = (stock: Stock, policy: Policy): boolean => stock.ruleFrom !== undefined && resolveStock(stock, policy) !== stock

const fieldTexts: Readonly<Record<RuleField, string>> = {
  mode: 'mode',
  value: 'value',
  capUnits: 'cap',
  hideBelowUnits: 'hidden below',
  priority: 'priority',
  hysteresisUnits: 'hysteresis',
  bufferUnits: 'buffer',
  sharing: 'sharing',
  reserve: 'reserve',
}

const levelTexts: Readonly<Record<RuleLevel | 'default', string>> = {
  default: 'by default',
  catalogue: 'from the catalogue',
  channel: 'from the channel',
  sku: 'from the SKU',
  listing: 'from the SKU on this channel',
}

const otherTexts: Readonly<Record<RuleLevel, string>> = {
  catalogue: 'the catalogue',
  channel: 'the channel',
  sku: 'the SKU',
  listing: 'the SKU on this channel',
}

const valueText = (value: RuleStatement[RuleField]): string => {
  if (value === null || value === undefined) return 'none'
  if (typeof value === 'object') return 'units' in value ? String(value.units) : `${value.percent} %`
  return String(value)
}

/** "Rules: cap 5 from the SKU (the channel says 10); all else by default." Nothing said: null. */
export const rulesSentence = (fields: readonly FieldExplanation[]): string | null => {
  if (fields.length === 0) return null
  const texts = fields.map(({ field, value, level, others }) => {
    const said = others.map((each) => `${otherTexts[each.level]} says ${valueText(each.value)}`).join(', ')
    return `${fieldTexts[field]} ${valueText(value)} ${levelTexts[level]}${said === '' ? '' : ` (${said})`}`
  })
  return `Rules: ${texts.join('; ')}; all else by default.`
}
