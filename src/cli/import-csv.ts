// CSV text to import rows with their line numbers. Takes what spreadsheets write: a byte order mark, CRLF, quoted fields, semicolons.
// Says what it cannot read, line by line; whether a row makes sense is the planner's business (domain/import.ts).
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { nameHint } from '../config/nearest-name.ts'
import { BelayError } from '../domain/errors.ts'
import type { ChannelId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { Reserve, RuleStatement } from '../domain/stock.ts'
import type { ImportPreview, ImportRequest, ListingRow, StockRow } from '../ports/hub.ts'

type Problem = ImportPreview['problems'][number]
type FileName = Problem['file']

export interface CsvTexts {
  readonly stock: string | null
  readonly listings: string | null
  /** Names this import; left out: the hash of the texts, so that the same files are applied once. */
  readonly reference?: string
}

export interface ReadImport {
  readonly request: ImportRequest
  readonly problems: readonly Problem[]
}

const columns = {
  stock: { required: ['sku', 'location', 'on_hand'], optional: ['pool', 'title', 'barcode', 'buffer', 'sharing', 'reserve'] },
  listings: {
    required: ['sku', 'channel', 'external_id'],
    optional: ['pool', 'units_per_listing', 'allocation', 'value', 'cap', 'hide_below', 'priority', 'hysteresis', 'buffer', 'sharing'],
  },
} as const satisfies Record<FileName, { required: readonly string[]; optional: readonly string[] }>

/** One import is one decision in memory; more rows are imported as several files. */
const maxRows = 200_000
const maxProblems = 500
/** Parsed in pieces, so that a large file does not hold up everything else in the process. */
const pieceLength = 65_536
const maxFieldLength = 10_000

const pieces = function* (text: string): Generator<string> {
  for (let at = 0; at < text.length; at += pieceLength) yield text.slice(at, at + pieceLength)
}

/** A spreadsheet in a language with decimal commas separates by semicolons. */
const delimiterOf = (text: string): string => {
  const header = text.slice(0, text.search(/[\r\n]|$/))
  return /^[^,]*;[^,]*$/.test(header) ? ';' : ','
}

interface Row {
  readonly line: number
  /** Trimmed of nothing: ids are exact. Missing and empty are both ''. */
  text(column: string): string
}

type Report = (line: number, message: string, fix: string) => void

const readHeader = (file: FileName, names: readonly string[], report: Report): readonly string[] => {
  const { required, optional } = columns[file]
  const known: readonly string[] = [...required, ...optional]
  const header = names.map((name) => name.trim().toLowerCase())
  for (const [index, name] of header.entries()) {
    if (!known.includes(name)) report(1, `column "${name}" is not known`, nameHint(name, known))
    else if (header.indexOf(name) < index) report(1, `column "${name}" is there twice`, 'Keep one of them.')
  }
  const missing = required.filter((name) => !header.includes(name))
  if (missing.length > 0)
    report(
      1,
      `missing ${missing.length === 1 ? 'column' : 'columns'}: ${missing.join(', ')}`,
      `The first line must name them: ${known.join(',')}`,
    )
  return header
}

const isCsvError = (error: unknown): error is Error & { readonly lines?: number } =>
  error instanceof Error && error.name === 'Error' && 'code' in error

const readRows = async (file: FileName, text: string, report: Report, onRow: (row: Row) => void): Promise<void> => {
  let header: readonly string[] | null = null
  let count = 0
  let broken = false
  const parser = Readable.from(pieces(text)).pipe(
    parse({
      bom: true,
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: maxFieldLength * 10,
    }),
  )
  try {
    for await (const item of parser) {
      const { record, info } = item as { record: readonly string[]; info: { lines: number } }
      if (header === null) {
        header = readHeader(file, record, (...problem) => {
          broken = true
          report(...problem)
        })
        // Without the right columns every row would be one more problem of the same kind.
        if (broken) return
        continue
      }
      if (record.length > header.length) {
        report(
          info.lines,
          `has ${record.length} fields, the first line ${header.length}`,
          'Put a field that holds a comma into double quotes.',
        )
        continue
      }
      if (++count > maxRows) {
        report(info.lines, `more than ${maxRows} rows`, 'Split the file and import its parts one after the other.')
        return
      }
      const names = header
      onRow({ line: info.lines, text: (column) => record[names.indexOf(column)] ?? '' })
    }
  } catch (error) {
    if (!isCsvError(error)) throw error
    report(
      error.lines ?? 1,
      `this is not CSV: ${error.message}`,
      'Often a double quote is not closed, or stands inside of a field without being doubled.',
    )
    return
  }
  if (header === null)
    report(
      1,
      'the file is empty',
      `The first line must name the columns: ${[...columns[file].required, ...columns[file].optional].join(',')}`,
    )
}

const numberPattern = /^-?\d{1,15}(\.\d{1,15})?$/

interface Fields {
  required(column: string): string
  number(column: string, otherwise: number | null): number | null
  option<T extends string>(column: string, options: readonly T[]): T | null
  /** A number, or one of the words. */
  numberOr<T extends string>(column: string, word: T): number | T | null
  reserve(): Reserve | null
}

/** Reads a row's fields; `ok` turns false with the first one that cannot be read. */
const fieldsOf = (row: Row, report: Report): Fields & { ok: boolean } => {
  const fail = (message: string, fix: string): void => {
    fields.ok = false
    report(row.line, message, fix)
  }
  const fields: Fields & { ok: boolean } = {
    ok: true,
    required: (column) => {
      const text = row.text(column)
      if (text === '') fail(`${column} is empty`, `Fill in ${column}.`)
      return text
    },
    number: (column, otherwise) => {
      const text = row.text(column).trim()
      if (text === '') {
        if (otherwise === null && column === 'on_hand') fail(`${column} is empty`, 'Write the number that was counted, 0 for none.')
        return otherwise
      }
      if (numberPattern.test(text)) return Number(text)
      fail(`${column} is "${text.slice(0, 40)}", not a number`, 'Write digits only: 1000, not 1,000.')
      return otherwise
    },
    numberOr: (column, word) => (row.text(column).trim() === word ? word : fields.number(column, null)),
    reserve: () => {
      const text = row.text('reserve').trim()
      const percent = /^(\d{1,3}) ?%$/.exec(text)
      if (percent) return { percent: Number(percent[1]) }
      const units = fields.number('reserve', null)
      return units === null ? null : { units }
    },
    option: (column, options) => {
      const text = row.text(column).trim()
      if (text === '') return null
      const found = options.find((each) => each === text)
      if (found === undefined) fail(`${column} is "${text.slice(0, 40)}"`, `Write one of: ${options.join(', ')}.`)
      return found ?? null
    },
  }
  return fields
}

const stockRow = (row: Row, report: Report): StockRow | null => {
  const fields = fieldsOf(row, report)
  const title = row.text('title')
  const barcode = row.text('barcode')
  const bufferUnits = fields.number('buffer', null)
  const sharing = fields.option('sharing', ['strict', 'pooled'])
  const reserve = fields.reserve()
  const read: StockRow = {
    line: row.line,
    sku: fields.required('sku') as Sku,
    pool: (row.text('pool') || 'main') as PoolId,
    location: fields.required('location') as LocationId,
    onHandUnits: fields.number('on_hand', null) ?? 0,
    ...(title === '' ? {} : { title }),
    ...(barcode === '' ? {} : { barcode }),
    ...(bufferUnits === null ? {} : { bufferUnits }),
    ...(sharing === null ? {} : { sharing }),
    ...(reserve === null ? {} : { reserve }),
  }
  return fields.ok ? read : null
}

const listingRow = (row: Row, report: Report): ListingRow | null => {
  const fields = fieldsOf(row, report)
  const said = <K extends keyof RuleStatement>(key: K, value: RuleStatement[K] | null): Pick<RuleStatement, K> =>
    (value === null ? {} : { [key]: value }) as Pick<RuleStatement, K>
  const mode = fields.option('allocation', ['velocity', 'weight', 'fixed', 'percent'])
  const sharing = fields.option('sharing', ['strict', 'pooled'])
  const cap = fields.numberOr('cap', 'none')
  const rule: RuleStatement = {
    ...said('mode', mode),
    ...said('value', fields.number('value', null)),
    ...(cap === null ? {} : { capUnits: cap === 'none' ? null : cap }),
    ...said('hideBelowUnits', fields.number('hide_below', null)),
    ...said('priority', fields.number('priority', null)),
    ...said('hysteresisUnits', fields.number('hysteresis', null)),
    ...said('bufferUnits', fields.number('buffer', null)),
    ...said('sharing', sharing),
  }
  const read: ListingRow = {
    line: row.line,
    sku: fields.required('sku') as Sku,
    pool: (row.text('pool') || 'main') as PoolId,
    channel: fields.required('channel') as ChannelId,
    externalId: fields.required('external_id'),
    unitsPerListing: fields.number('units_per_listing', 1) ?? 1,
    rule,
  }
  return fields.ok ? read : null
}

const referenceOf = (texts: CsvTexts): string =>
  `csv-${createHash('sha256')
    .update(texts.stock ?? '')
    .update('\u0000')
    .update(texts.listings ?? '')
    .digest('hex')
    .slice(0, 32)}`

export const readImportCsv = async (texts: CsvTexts): Promise<ReadImport> => {
  const problems: Problem[] = []
  const reportFor =
    (file: FileName): Report =>
    (line, message, fix) => {
      if (problems.length < maxProblems) problems.push({ file, line, message, fix })
    }
  const stock: StockRow[] = []
  const listings: ListingRow[] = []
  const report = { stock: reportFor('stock'), listings: reportFor('listings') }
  const keep =
    <T>(into: T[], read: (row: Row, tell: Report) => T | null, tell: Report) =>
    (row: Row): void => {
      const made = read(row, tell)
      if (made !== null) into.push(made)
    }
  if (texts.stock !== null) await readRows('stock', texts.stock, report.stock, keep(stock, stockRow, report.stock))
  if (texts.listings !== null) await readRows('listings', texts.listings, report.listings, keep(listings, listingRow, report.listings))
  return { request: { reference: texts.reference ?? referenceOf(texts), stock, listings }, problems }
}

/** The bytes of a CSV file as text. Throws `import-invalid` when they are not UTF-8. */
export const decodeCsv = (bytes: Uint8Array, name: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new BelayError('import-invalid', `${name} is not UTF-8 text.`, { fix: 'Save it as "CSV UTF-8" in the spreadsheet.', cause })
  }
}
