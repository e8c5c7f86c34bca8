// The rows of an import and what each row on its own must satisfy. A problem names the file, the line, what is wrong and how to mend it.
import type { ChannelId, LocationId, PoolId, Sku } from './ids.ts'
import { isIdText, stockKeyText } from './ids.ts'
import { checkStatement, maxRuleUnits } from './rule-check.ts'
import type { Reserve, RuleField, RuleStatement, Sharing } from './stock.ts'

export interface ImportStockRow {
  readonly line: number
  readonly sku: Sku
  readonly pool: PoolId
  readonly location: LocationId
  readonly onHandUnits: number
  /** undefined: leave as it is. */
  readonly title?: string
  readonly barcode?: string
  readonly bufferUnits?: number
  readonly sharing?: Sharing
  readonly reserve?: Reserve
}

export interface ImportListingRow {
  readonly line: number
  readonly sku: Sku
  readonly pool: PoolId
  readonly channel: ChannelId
  readonly externalId: string
  readonly unitsPerListing: number
  /** All that is said for this SKU on this channel: what is left out falls to the more general levels. */
  readonly rule: RuleStatement
}

export interface ImportRows {
  /** Names the import; everything written carries it, so that the same import is applied once. */
  readonly reference: string
  readonly stock: readonly ImportStockRow[]
  readonly listings: readonly ImportListingRow[]
}

export interface ImportProblem {
  readonly file: 'stock' | 'listings'
  readonly line: number
  readonly message: string
  readonly fix: string
}

const maxImportUnits = maxRuleUnits
/** A pack of more than this is not sold as one listing. */
const maxUnitsPerListing = 10_000

const maxTitleLength = 500
/** Longer than any GTIN (14) and than what other codes on goods have. */
const maxBarcodeLength = 80

type Report = (message: string, fix: string) => void

const checkWhole = (report: Report, name: string, value: number, least: number, most: number): void => {
  if (Number.isInteger(value) && value >= least && value <= most) return
  const wrong = Number.isInteger(value)
    ? value < least
      ? `is ${value}, less than ${least}`
      : `is ${value}, more than ${most}`
    : `is ${value}, not a whole number`
  report(`${name} ${wrong}`, `Write a whole number from ${least} to ${most}.`)
}

const checkId = (report: Report, name: string, value: string): void => {
  if (!isIdText(value))
    report(`${name} is empty, too long, or has white space around it`, 'Write 1 to 200 characters without white space at either end.')
}

/** The columns of the files. */
const columnOf: Readonly<Record<RuleField, string>> = {
  mode: 'allocation',
  value: 'value',
  capUnits: 'cap',
  hideBelowUnits: 'hide_below',
  priority: 'priority',
  hysteresisUnits: 'hysteresis',
  bufferUnits: 'buffer',
  sharing: 'sharing',
  reserve: 'reserve',
}

const checkRule = (report: Report, statement: RuleStatement, whole: boolean): void => {
  for (const { field, message, fix } of checkStatement(statement, whole)) report(`${columnOf[field]} ${message}`, fix)
}

const stockRowText = (row: ImportStockRow): string => `${stockKeyText(row)}\u0000${row.location}`

/** What is said of the whole SKU must be the same in each of its rows. */
const perSku = (row: ImportStockRow): readonly (readonly [string, string | number | undefined])[] => [
  ['title', row.title],
  ['barcode', row.barcode],
  ['buffer', row.bufferUnits],
  ['sharing', row.sharing],
  ['reserve', row.reserve && JSON.stringify(row.reserve)],
]

const checkAgreement = (report: Report, row: ImportStockRow, said: Map<string, { line: number; value: string | number }>): void => {
  for (const [name, value] of perSku(row)) {
    if (value === undefined) continue
    const at = `${stockKeyText(row)}\u0000${name}`
    const before = said.get(at)
    if (before === undefined) said.set(at, { line: row.line, value })
    else if (before.value !== value)
      report(`${name} of ${row.sku} differs from line ${before.line}`, `Write the same ${name} in each row of the SKU, or in one row only.`)
  }
}

export const checkStockRows = (
  rows: readonly ImportStockRow[],
  poolLocations: ReadonlyMap<PoolId, readonly LocationId[]> | null,
): readonly ImportProblem[] => {
  const problems: ImportProblem[] = []
  const lines = new Map<string, number>()
  const said = new Map<string, { line: number; value: string | number }>()
  for (const row of rows) {
    const report: Report = (message, fix) => problems.push({ file: 'stock', line: row.line, message, fix })
    checkId(report, 'sku', row.sku)
    checkWhole(report, 'on_hand', row.onHandUnits, 0, maxImportUnits)
    checkRule(
      report,
      { ...(row.bufferUnits === undefined ? {} : { bufferUnits: row.bufferUnits }), ...(row.reserve ? { reserve: row.reserve } : {}) },
      true,
    )
    if (row.title !== undefined && row.title.length > maxTitleLength)
      report('title is too long', `Write at most ${maxTitleLength} characters.`)
    if (row.barcode !== undefined && (row.barcode.length > maxBarcodeLength || !isIdText(row.barcode)))
      report(
        'barcode is empty, too long, or has white space around it',
        `Write 1 to ${maxBarcodeLength} characters, leading zeros included.`,
      )
    const locations = poolLocations?.get(row.pool)
    if (poolLocations && !locations)
      report(`pool ${row.pool} is not in the configuration`, `Use one of: ${[...poolLocations.keys()].join(', ')}; or add it under pools.`)
    else if (locations && !locations.includes(row.location))
      report(`location ${row.location} is not in pool ${row.pool}`, `Use one of: ${locations.join(', ')}; or add it under pools.`)
    checkId(report, 'location', row.location)
    const text = stockRowText(row)
    const first = lines.get(text)
    if (first === undefined) lines.set(text, row.line)
    else report(`${row.sku} at ${row.location} is in line ${first} already`, 'Keep one of the two rows.')
    checkAgreement(report, row, said)
  }
  return problems
}

/** Each listing row on its own; how it fits to what is stored is decided with the documents at hand. */
export const checkListingRow = (row: ImportListingRow): readonly ImportProblem[] => {
  const problems: ImportProblem[] = []
  const report: Report = (message, fix) => problems.push({ file: 'listings', line: row.line, message, fix })
  checkId(report, 'sku', row.sku)
  checkWhole(report, 'units_per_listing', row.unitsPerListing, 1, maxUnitsPerListing)
  checkRule(report, row.rule, false)
  return problems
}
