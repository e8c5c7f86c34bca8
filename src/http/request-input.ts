// What comes in, checked: bodies with a bound that holds whatever the sender declares, JSON, and query parameters. Every refusal says
// which field is wrong and what to write instead.
import { z } from 'zod'
import { nameHint } from '../config/nearest-name.ts'
import { unknownKeys } from '../config/unknown-keys.ts'
import { BelayError, type ErrorCode } from '../domain/errors.ts'
import { isIdText } from '../domain/ids.ts'

/** The id of a SKU, a pool, a location, a listing, or a caller's own reference. */
export const idText = z.string('must be a text').refine(isIdText, 'must have 1 to 200 characters and no white space at either end')

/** Larger than any movement or webhook that a platform sends. */
export const maxBodyBytes = 1_048_576
/** Imports carry two whole CSV files. */
export const maxImportBodyBytes = 32 * 1_048_576

const tooLarge = (limitBytes: number): BelayError =>
  new BelayError('body-too-large', `The body is larger than ${limitBytes / 1_048_576} MiB.`, {
    fix: 'Send less at once, in several requests.',
  })

/** Never holds more than the limit (and one chunk) in memory. Throws `body-too-large`. */
export const readBytes = async (request: Request, limitBytes: number): Promise<Uint8Array> => {
  const declared = request.headers.get('content-length')
  if (declared !== null) {
    if (Number(declared) > limitBytes) throw tooLarge(limitBytes)
    // The HTTP parser ends a body at its declared length.
    const bytes = new Uint8Array(await request.arrayBuffer())
    if (bytes.length > limitBytes) throw tooLarge(limitBytes)
    return bytes
  }
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop by an error cancels the stream.
  for await (const chunk of request.body) {
    length += chunk.length
    if (length > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

/** Only `application/json` is taken, which a browser never sends to another site without asking first. */
export const readJson = async (request: Request, limitBytes = maxBodyBytes): Promise<unknown> => {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new BelayError('body-malformed', 'The body is not declared as JSON.', { fix: 'Send the header Content-Type: application/json.' })
  const bytes = await readBytes(request, limitBytes)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new BelayError('body-malformed', 'The body is not JSON.', { fix: 'Send one JSON object in UTF-8.' })
  }
}

const issueText = (issue: z.core.$ZodIssue): string =>
  `${issue.path.map(String).join('.') || 'the body'}: ${issue.code === 'invalid_value' ? `must be one of ${issue.values.map(String).join(', ')}` : issue.message}`

/** The value as the schema has it; the first thing that is wrong is told, under the code given. */
export const checked = <T extends z.ZodType>(schema: T, value: unknown, code: ErrorCode, fix: string): z.output<T> => {
  const unknown = unknownKeys(schema, value, [])[0]
  if (unknown)
    throw new BelayError(code, `${unknown.path.map(String).join('.')}: is not known here`, { fix: nameHint(unknown.key, unknown.known) })
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new BelayError(code, issueText(parsed.error.issues[0] as z.core.$ZodIssue), { fix })
}

const maxPageSize = 500
const defaultPageSize = 100

/** Of every list: how many, and the cursor that the page before gave. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `must be a whole number from 1 to ${maxPageSize}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= maxPageSize, `must be a whole number from 1 to ${maxPageSize}`)
    .default(defaultPageSize),
  after: z
    .string()
    .min(1, 'must be the "next" of an earlier page')
    .max(1000, 'must be the "next" of an earlier page')
    .nullable()
    .default(null),
}

export const checkedQuery = <T extends z.ZodObject>(schema: T, query: Readonly<Record<string, string>>): z.output<T> =>
  checked(schema, query, 'request-invalid', 'Correct the query of the address; docs/api.md lists what it takes.')
