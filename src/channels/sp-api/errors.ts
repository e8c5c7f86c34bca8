// From what happened on the wire to Belay's closed set of errors. The table:
//   429                                            channel-throttled (with the time)
//   nothing was sent                               channel-unreachable
//   timeout / 408                                  write: channel-timeout      read: channel-unreachable
//   connection broken, stopped, 5xx                write: channel-unavailable  read: channel-unreachable
//   401, or 403 whose token Amazon calls invalid   channel-credentials-rejected
//   403 otherwise                                  channel-permission-missing
//   any other 3xx, 4xx                             channel-rejected
//   2xx that is not JSON                           channel-answer-malformed
// The messages quote Amazon's code and message (source: ErrorList of every SP-API model), bounded and without tokens.
import { BelayError } from '../../domain/errors.ts'
import type { ExchangeFailure } from '../http/exchange.ts'

/** `cause` of the BelayError for an answered refusal. */
interface AnsweredProblem {
  readonly status: number
  readonly codes: readonly string[]
  readonly requestId: string | null
}

const maxQuotedLength = 300

/** Platform text fit for a log line: one line, bounded, tokens taken out. */
export const quoted = (text: string): string => {
  const clean = text
    .replace(/Atz[a-z]{0,2}\|[\w\-./+=|]*/gi, '(token)')
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
  return clean.length > maxQuotedLength ? `${clean.slice(0, maxQuotedLength)}...` : clean
}

interface Problem {
  readonly code: string
  readonly message: string
}

/** `{"errors":[{code,message}]}`; anything else gives []. */
const problemsOf = (body: unknown): readonly Problem[] => {
  if (typeof body !== 'object' || body === null || !('errors' in body) || !Array.isArray(body.errors)) return []
  return body.errors.slice(0, 5).flatMap((each: unknown): readonly Problem[] => {
    if (typeof each !== 'object' || each === null) return []
    const code = 'code' in each && typeof each.code === 'string' ? quoted(each.code) : ''
    const message = 'message' in each && typeof each.message === 'string' ? quoted(each.message) : ''
    return code === '' && message === '' ? [] : [{ code, message }]
  })
}

export const failureError = (operation: string, failure: ExchangeFailure, write: boolean): BelayError => {
  const text = `${operation}: ${failure.message}`
  const detail = { cause: failure }
  if (failure.failure === 'unsent' || !write) return new BelayError('channel-unreachable', text, detail)
  if (failure.failure === 'oversized') return new BelayError('channel-answer-malformed', text, detail)
  return new BelayError(failure.failure === 'timeout' ? 'channel-timeout' : 'channel-unavailable', text, detail)
}

export interface Refusal {
  readonly operation: string
  readonly status: number
  readonly body: unknown
  readonly requestId: string | null
  readonly write: boolean
  /** Known for 429. */
  readonly retryAtMs: number
}

export const refusalError = (refusal: Refusal): BelayError => {
  const { operation, status, write } = refusal
  const problems = problemsOf(refusal.body)
  const told = problems.map((each) => [each.code, each.message].filter((part) => part !== '').join(': ')).join('; ')
  const text = `${operation} was answered ${status}${told === '' ? '' : ` (${told})`}`
  const cause: AnsweredProblem = { status, codes: problems.map((each) => each.code), requestId: refusal.requestId }
  if (status === 429) return new BelayError('channel-throttled', text, { retryAtMs: refusal.retryAtMs, cause })
  if (status === 408) return new BelayError(write ? 'channel-timeout' : 'channel-unreachable', text, { cause })
  if (status >= 500) return new BelayError(write ? 'channel-unavailable' : 'channel-unreachable', text, { cause })
  if (status === 401 || (status === 403 && problems.some((each) => /expired|revoked|invalid.*token|token.*invalid/i.test(each.message))))
    return new BelayError('channel-credentials-rejected', text, {
      cause,
      fix: 'Authorise the application again in Seller or Vendor Central and store the new refresh token.',
    })
  if (status === 403)
    return new BelayError('channel-permission-missing', text, {
      cause,
      fix: `Give the application the role that ${operation} needs in the Solution Provider Portal, then authorise it again.`,
    })
  return new BelayError('channel-rejected', text, { cause, fix: `Correct what ${operation} names and try again.` })
}

/** The status Amazon answered with, when it did. */
export const answeredStatus = (error: unknown): number | null => {
  const cause = error instanceof BelayError ? error.cause : null
  return typeof cause === 'object' && cause !== null && 'status' in cause && typeof cause.status === 'number' ? cause.status : null
}
