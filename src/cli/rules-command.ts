// `belay rules`: what the configuration says, what is said for a SKU and its listings, and what comes of it; with a field given, says it.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { BelayError } from '../domain/errors.ts'
import type { HubClient } from './hub-client.ts'
import { printable } from './live-lines.ts'
import type { Terminal } from './terminal.ts'

type Field = string | number | null
type Fields = Readonly<Record<string, Field>>

interface RulesOfPool {
  readonly pool: string
  readonly said: Fields
  readonly resolved: Fields
  readonly from: Readonly<Record<string, string>>
  readonly listings: readonly {
    readonly listing: string
    readonly channel: string
    readonly said: Fields
    readonly resolved: Fields
    readonly from: Readonly<Record<string, string>>
  }[]
}

interface Rules {
  readonly sku: string
  readonly pools: readonly RulesOfPool[]
}

interface Policy {
  readonly default: Fields
  readonly catalogue: Fields
  readonly channels: Readonly<Record<string, Fields>>
}

export interface RulesOptions {
  readonly json?: boolean
  readonly pool: string
  readonly listing?: string
  readonly clear?: boolean
  readonly unset?: readonly string[]
  readonly mode?: string
  readonly value?: number
  readonly cap?: number | 'none'
  readonly hideBelow?: number
  readonly priority?: number
  readonly hysteresis?: number
  readonly buffer?: number
  readonly sharing?: string
  readonly reserve?: Fields
}

/** The words of the command line, and the fields of the API. */
const fieldOf: Readonly<Record<string, readonly string[]>> = {
  mode: ['mode'],
  value: ['value'],
  cap: ['capUnits'],
  'hide-below': ['hideBelowUnits'],
  priority: ['priority'],
  hysteresis: ['hysteresisUnits'],
  buffer: ['bufferUnits'],
  sharing: ['sharing'],
  reserve: ['reserveUnits', 'reservePercent'],
}
const words: ReadonlyMap<string, string> = new Map(
  Object.entries(fieldOf).flatMap(([word, fields]) => fields.map((field) => [field, word])),
)

const valueText = (field: string, value: Field): string => (value === null ? 'none' : `${value}${field === 'reservePercent' ? '%' : ''}`)

const fieldsText = (fields: Fields): string => {
  const texts = Object.entries(fields).map(([field, value]) => `${words.get(field) ?? field} ${valueText(field, value)}`)
  return texts.length === 0 ? 'nothing' : texts.join(', ')
}

/** What counts, with the level that said it. */
const resolvedText = (resolved: Fields, from: Readonly<Record<string, string>>): string =>
  Object.entries(resolved)
    .map(([field, value]) => {
      const level = from[field.startsWith('reserve') ? 'reserve' : field]
      return `${words.get(field) ?? field} ${valueText(field, value)} (${level ?? 'default'})`
    })
    .join(', ')

const rulesText = ({ sku, pools }: Rules): string =>
  pools
    .flatMap(({ pool, said, resolved, from, listings }) => [
      `${sku}  pool ${pool}`,
      `  said for the SKU: ${fieldsText(said)}`,
      `  counts: ${resolvedText(resolved, from)}`,
      ...listings.flatMap((each) => [
        `  ${each.listing}`,
        `    said for it: ${fieldsText(each.said)}`,
        `    counts: ${resolvedText(each.resolved, each.from)}`,
      ]),
    ])
    .map(printable)
    .join('\n')

const policyText = (policy: Policy): string =>
  [
    `default: ${fieldsText(policy.default)}`,
    `catalogue: ${fieldsText(policy.catalogue)}`,
    ...Object.entries(policy.channels).map(([channel, fields]) => `channel ${channel}: ${fieldsText(fields)}`),
    'Over these count what is said for a SKU, and over that what is said for a SKU on a channel: belay rules SKU',
  ]
    .map(printable)
    .join('\n')

/** What the options say; empty: nothing. */
const saidBy = (options: RulesOptions): Fields => {
  const { mode, value, cap, hideBelow, priority, hysteresis, buffer, sharing, reserve } = options
  const all = {
    mode,
    value,
    capUnits: cap === 'none' ? null : cap,
    hideBelowUnits: hideBelow,
    priority,
    hysteresisUnits: hysteresis,
    bufferUnits: buffer,
    sharing,
    ...reserve,
  }
  return Object.fromEntries(Object.entries(all).flatMap(([field, given]) => (given === undefined ? [] : [[field, given]])))
}

const without = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => !names.includes(field)))

const unsetFields = (unset: readonly string[] | undefined): readonly string[] =>
  (unset ?? []).flatMap((word) => {
    const fields = Object.hasOwn(fieldOf, word) ? fieldOf[word] : undefined
    if (!fields)
      throw new BelayError('request-invalid', `--unset ${word}: is not a field of a rule`, {
        fix: `Name one of: ${Object.keys(fieldOf).join(', ')}.`,
      })
    return fields
  })

export const showRules = async (sku: string | undefined, options: RulesOptions, client: HubClient, terminal: Terminal): Promise<void> => {
  const print = (answer: unknown, text: string): void => terminal.print(options.json === true ? JSON.stringify(answer, null, 2) : text)
  const said = saidBy(options)
  const unset = unsetFields(options.unset)
  const changes = options.clear === true || unset.length > 0 || Object.keys(said).length > 0
  if (sku === undefined) {
    if (changes)
      throw new BelayError('request-invalid', 'Which SKU?', {
        fix: 'belay rules SKU …; for the catalogue and for channels rules stand in the configuration file.',
      })
    const policy = await client.get<Policy>('/api/v1/rules')
    return print(policy, policyText(policy))
  }
  const path = `/api/v1/rules/${encodeURIComponent(sku)}`
  const known = await client.get<Rules>(path)
  if (!changes) return print(known, rulesText(known))
  const pool = known.pools.find((each) => each.pool === options.pool)
  const level = options.listing === undefined ? pool : pool?.listings.find((each) => each.listing === options.listing)
  // A reserve in units takes the place of one in percent.
  const replaced = said['reserveUnits'] === undefined && said['reservePercent'] === undefined ? [] : ['reserveUnits', 'reservePercent']
  const kept = options.clear === true ? {} : without(level?.said ?? {}, [...unset, ...replaced])
  const answer = await client.put<Rules>(path, { pool: options.pool, listing: options.listing ?? null, rule: { ...kept, ...said } })
  print(answer, rulesText(answer))
}

const whole = (text: string): number => {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('Write a whole number.')
  return Number(text)
}
const wholeOrNone = (text: string): number | 'none' => (text === 'none' ? text : whole(text))
const reserveOf = (text: string): Fields =>
  text.endsWith('%') ? { reservePercent: whole(text.slice(0, -1)) } : { reserveUnits: whole(text) }
const gather = (word: string, before: readonly string[] = []): readonly string[] => [...before, word]

/** Adds the command's own arguments and options. */
export const rulesOptions = (command: Command): Command =>
  command
    .description('which rule each listing is shared by and which level said it; with a field given, says it for a SKU or a listing')
    .argument('[sku]')
    .option('--json', 'print JSON')
    .option('--pool <pool>', 'pool of the SKU', 'main')
    .option('--listing <id>', 'say it for this listing of the SKU only')
    .addOption(new Option('--mode <mode>', 'how its share is found').choices(['velocity', 'weight', 'fixed', 'percent']))
    .option('--value <number>', 'weight, units, or percent', whole)
    .option('--cap <units>', 'the most it may show; none: no cap', wholeOrNone)
    .option('--hide-below <units>', 'shown as sold out below this', whole)
    .option('--priority <number>', 'lower goes first', whole)
    .option('--hysteresis <units>', 'smaller changes are not sent', whole)
    .option('--buffer <units>', 'units that are not offered', whole)
    .addOption(new Option('--sharing <sharing>', 'strict or pooled').choices(['strict', 'pooled']))
    .option('--reserve <units>', 'kept for demand that asks first: 10 or 10%', reserveOf)
    .option('--unset <field>', 'say nothing of this field any more (may be repeated)', gather)
    .option('--clear', 'say nothing any more, but what else is given')
