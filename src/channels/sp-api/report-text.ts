// Text of report documents. Their charset is told in the Content-Type, or not at all; then each line is UTF-8 where it can be, else Latin-1,
// because a line of the one is next to never valid in the other.
import { parse } from 'csv-parse'
import { BelayError } from '../../domain/errors.ts'
import { ExchangeFailure } from '../http/exchange.ts'

/** A line of a report is a few kB; the longest, with a description of a product, some tens of kB. */
const maxLineBytes = 4 * 1024 * 1024

const decoderOf = (charset: string | null): TextDecoder | null => {
  if (charset === null) return null
  try {
    return new TextDecoder(charset)
  } catch {
    return null
  }
}

export const charsetOf = (contentType: string | null): string | null => /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? null

const decodeLine = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('latin1').decode(bytes)
  }
}

async function* guessedText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = new Uint8Array()
  for await (const chunk of chunks) {
    const joined = new Uint8Array(rest.length + chunk.length)
    joined.set(rest)
    joined.set(chunk, rest.length)
    let start = 0
    let text = ''
    for (let end = joined.indexOf(10, start); end >= 0; end = joined.indexOf(10, start)) {
      text += decodeLine(joined.subarray(start, end + 1))
      start = end + 1
    }
    rest = joined.slice(start)
    if (rest.length > maxLineBytes) throw new ExchangeFailure('oversized', `a line is longer than ${maxLineBytes} bytes`)
    if (text !== '') yield text
  }
  if (rest.length > 0) yield decodeLine(rest)
}

async function* toldText(chunks: AsyncIterable<Uint8Array>, decoder: TextDecoder): AsyncGenerator<string> {
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

export const textOf = (chunks: AsyncIterable<Uint8Array>, charset: string | null): AsyncIterable<string> => {
  const decoder = decoderOf(charset)
  return decoder === null ? guessedText(chunks) : toldText(chunks, decoder)
}

export type TableRow = Readonly<Record<string, string>>

/** Lines of a tab-separated table with column names in the first one. Quotes are text: Amazon writes none around values. */
export async function* tableRows(text: AsyncIterable<string>): AsyncGenerator<TableRow> {
  const parser = parse({
    delimiter: '\t',
    columns: (names: string[]) => names.map((name) => name.trim()),
    quote: null,
    escape: null,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxLineBytes,
  })
  const rows: TableRow[] = []
  let failure: Error | null = null
  parser.on('readable', () => {
    for (let row: unknown = parser.read(); row !== null; row = parser.read()) rows.push(row as TableRow)
  })
  parser.on('error', (error) => {
    failure = error
  })
  const check = (): void => {
    if (failure !== null) throw new BelayError('channel-answer-malformed', 'the report is not a table that can be read', { cause: failure })
  }
  // Written piece by piece, each taken out before the next: no more than one chunk's rows are held.
  for await (const piece of text) {
    await new Promise<void>((resolve) => parser.write(piece, () => resolve()))
    check()
    yield* rows.splice(0)
  }
  await new Promise<void>((resolve) => {
    parser.once('end', resolve)
    parser.once('error', () => resolve())
    parser.end()
  })
  check()
  yield* rows.splice(0)
}
