// From the shared client's errors to this channel's outcomes, and from Amazon's transaction errors to a sentence.
//   throttled                    -> throttled, at the time told
//   credentials, permission      -> unsent / failed: the account's trouble, not the item's
//   any other refusal            -> rejected
//   nothing sent                 -> unsent / failed
//   a write of unknown end       -> ambiguous (an inventory update) / failed (an acknowledgement: sending it again replaces the first)
// What is no BelayError is a bug and goes on being thrown.
import { BelayError } from '../../domain/errors.ts'
import type { AcknowledgeOutcome, PushOutcome, SettleOutcome } from '../../ports/channel.ts'
import { isFields } from './fields.ts'

type Rejected = Extract<PushOutcome, { kind: 'rejected' }>

const accountTrouble: ReadonlySet<string> = new Set(['channel-credentials-rejected', 'channel-permission-missing'])

/** Any BelayError; anything else is thrown on. */
export const belayError = (error: unknown): BelayError => {
  if (error instanceof BelayError) return error
  throw error
}

export const isRefusal = (error: BelayError): boolean => error.kind === 'permanent' && !accountTrouble.has(error.code)

const rejected = (error: BelayError): Rejected => ({
  kind: 'rejected',
  code: error.code,
  message: error.message,
  fix: error.fix ?? 'correct what Amazon names and try again',
})

export const pushOutcome = (error: BelayError, nowMs: number): PushOutcome => {
  if (error.kind === 'throttled') return { kind: 'throttled', retryAtMs: error.retryAtMs ?? nowMs }
  if (isRefusal(error)) return rejected(error)
  return { kind: error.kind === 'ambiguous' ? 'ambiguous' : 'unsent', code: error.code, message: error.message }
}

/** Asking for an outcome loses nothing by failing: whatever it is, the transaction is still open. */
export const settleOutcome = (error: BelayError, nowMs: number): SettleOutcome =>
  error.kind === 'throttled'
    ? { kind: 'throttled', retryAtMs: error.retryAtMs ?? nowMs }
    : { kind: 'failed', code: error.code, message: error.message }

export const acknowledgeOutcome = (error: BelayError, nowMs: number): AcknowledgeOutcome => {
  if (error.kind === 'throttled') return { kind: 'throttled', retryAtMs: error.retryAtMs ?? nowMs }
  return isRefusal(error) ? rejected(error) : { kind: 'failed', code: error.code, message: error.message }
}

export interface TransactionProblem {
  readonly code: string
  readonly message: string
  readonly details: string
}

const maxProblems = 200
const line = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .replace(/[\u0000-\u001f\u007f]+/g, ' ')
        .trim()
        .slice(0, 300)
    : ''

/** `errors` of a transaction: a list (vendor v1), or an object with a list (direct fulfilment 2021-12-28). */
export const transactionProblems = (errors: unknown): readonly TransactionProblem[] => {
  const list = isFields(errors) ? errors.errors : errors
  if (!Array.isArray(list)) return []
  return list.slice(0, maxProblems).flatMap((each: unknown) => {
    if (!isFields(each)) return []
    const problem = { code: line(each.code), message: line(each.message), details: line(each.details) }
    return problem.code === '' && problem.message === '' ? [] : [problem]
  })
}

export const transactionRejected = (what: string, problems: readonly TransactionProblem[]): Rejected => {
  const told = problems
    .slice(0, 5)
    .map((each) => [each.code, each.message].filter((part) => part !== '').join(': '))
    .join('; ')
  const advice = problems.find((each) => each.details !== '')?.details
  return {
    kind: 'rejected',
    code: 'channel-rejected',
    message: `Amazon refused ${what}${told === '' ? ' and gave no reason' : `: ${told}`}`,
    fix: advice ?? 'look up the transaction in Vendor Central, correct what it names and try again',
  }
}
