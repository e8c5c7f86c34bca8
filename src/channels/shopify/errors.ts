// From what happened on the wire to Belay's closed set of errors. Shopify refuses on three planes, and all three are asked:
//   the exchange     nothing sent                  channel-unreachable
//                    timeout, 408                  write: channel-timeout      read: channel-unreachable
//                    broken, stopped, 5xx          write: channel-unavailable  read: channel-unreachable
//   HTTP status      429, 430                      channel-throttled
//                    401                           channel-credentials-rejected
//                    402, 403, 404, 423, other     channel-permission-missing / channel-rejected
//   errors[]         THROTTLED                     channel-throttled
//                    codes that stop a request     channel-permission-missing / channel-rejected
//                    any other code                write: channel-unavailable  read: channel-unreachable
//   userErrors[]     per item, in push.ts
// So for a write: throttled, retryable and permanent kinds mean that it had no effect; ambiguous kinds mean that it may have.
// Messages quote Shopify's text bounded, on one line, without tokens.
import { BelayError } from '../../domain/errors.ts'
import type { ExchangeFailure } from '../http/exchange.ts'

const maxQuotedLength = 300

export const quoted = (text: string): string => {
  const clean = text
    .replace(/\b(shp[a-z]{2}_|Bearer\s+)[\w-]+/gi, '(token)')
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
  return clean.length > maxQuotedLength ? `${clean.slice(0, maxQuotedLength)}...` : clean
}

/** `cause` of the errors below that were answered: what Shopify called the problem. */
export interface AnsweredProblem {
  readonly status: number
  readonly codes: readonly string[]
}

export const failureError = (operation: string, failure: ExchangeFailure, write: boolean): BelayError => {
  const text = `${operation}: ${failure.message}`
  const detail = { cause: failure }
  if (failure.failure === 'unsent' || !write) return new BelayError('channel-unreachable', text, detail)
  if (failure.failure === 'oversized') return new BelayError('channel-answer-malformed', text, detail)
  return new BelayError(failure.failure === 'timeout' ? 'channel-timeout' : 'channel-unavailable', text, detail)
}

const statusFixes: Readonly<Record<number, string>> = {
  402: 'The shop is frozen: settle its Shopify bill, then try again.',
  404: 'Check shopUrl and apiVersion of the channel.',
  423: 'The shop is locked: ask Shopify support.',
}

export const statusError = (operation: string, status: number, write: boolean, retryAtMs: number): BelayError => {
  const text = `${operation} was answered ${status}`
  const cause: AnsweredProblem = { status, codes: [] }
  // 430 is what Shopify's own limits of abuse answer.
  if (status === 429 || status === 430) return new BelayError('channel-throttled', text, { cause, retryAtMs })
  if (status === 408) return new BelayError(write ? 'channel-timeout' : 'channel-unreachable', text, { cause })
  if (status >= 500) return new BelayError(write ? 'channel-unavailable' : 'channel-unreachable', text, { cause })
  if (status === 401)
    return new BelayError('channel-credentials-rejected', text, {
      cause,
      fix: 'Check clientId and clientSecret of the channel, and that the app is still installed in the shop.',
    })
  if (status === 403)
    return new BelayError('channel-permission-missing', text, {
      cause,
      fix: 'Give the app the scopes that the README of the Shopify channel lists, and install it again.',
    })
  return new BelayError('channel-rejected', text, { cause, fix: statusFixes[status] ?? `Look at what ${operation} sends.` })
}

export interface GraphqlProblem {
  readonly code: string
  readonly message: string
}

/** The first ten entries of `errors`, whatever their shape. */
export const problemsOf = (errors: unknown): readonly GraphqlProblem[] => {
  if (errors === undefined || errors === null) return []
  // Some refusals before GraphQL (a wrong token, a closed shop) have a text instead of a list.
  if (!Array.isArray(errors)) return [{ code: '', message: typeof errors === 'string' ? quoted(errors) : '' }]
  return errors.slice(0, 10).map((each: unknown): GraphqlProblem => {
    if (typeof each !== 'object' || each === null) return { code: '', message: '' }
    const extensions = 'extensions' in each && typeof each.extensions === 'object' ? each.extensions : null
    const code = extensions && 'code' in extensions && typeof extensions.code === 'string' ? quoted(extensions.code) : ''
    return { code, message: 'message' in each && typeof each.message === 'string' ? quoted(each.message) : '' }
  })
}

/** Codes with which a request is refused before anything of it is carried out. */
const refusedCodes: ReadonlySet<string> = new Set([
  'ACCESS_DENIED',
  'BAD_REQUEST',
  'INVALID_FIELD_ARGUMENTS',
  'INVALID_VARIABLE',
  'MAX_COST_EXCEEDED',
  'SHOP_INACTIVE',
  'argumentLiteralsIncompatible',
  'missingRequiredArguments',
  'undefinedField',
])

export const graphqlError = (operation: string, problems: readonly GraphqlProblem[], write: boolean, retryAtMs: number): BelayError => {
  const told = problems.map((each) => [each.code, each.message].filter((part) => part !== '').join(': ')).join('; ')
  const text = `${operation} was refused${told === '' ? '' : ` (${told})`}`
  const cause: AnsweredProblem = { status: 200, codes: problems.map((each) => each.code) }
  const has = (code: string): boolean => cause.codes.includes(code)
  if (has('THROTTLED')) return new BelayError('channel-throttled', text, { cause, retryAtMs })
  if (!cause.codes.every((code) => refusedCodes.has(code)))
    return new BelayError(write ? 'channel-unavailable' : 'channel-unreachable', text, { cause })
  if (has('ACCESS_DENIED'))
    return new BelayError('channel-permission-missing', text, {
      cause,
      fix: 'Give the app the scopes that the README of the Shopify channel lists, and install it again.',
    })
  const fix = has('SHOP_INACTIVE') ? 'The shop is not active: open it again in Shopify.' : 'Check apiVersion of the channel.'
  return new BelayError('channel-rejected', text, { cause, fix })
}

/** Was the query refused for costing more than one query may (1000 points)? A smaller page may pass. */
export const isTooCostly = (error: unknown): boolean => {
  const cause = error instanceof BelayError ? error.cause : null
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'codes' in cause &&
    Array.isArray(cause.codes) &&
    cause.codes.includes('MAX_COST_EXCEEDED')
  )
}
