// Every write of the vendor APIs is answered with a transaction; this asks what became of it. Equal transactions are asked for once.
//   Success -> applied       Failure -> failed, with Amazon's reasons       Processing -> processing, or done after a stated time
// How long a transaction has been Processing is counted from the first time this process asked: a restart counts anew, which only waits
// longer.
import { BelayError } from '../../domain/errors.ts'
import type { SettleOutcome } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import { belayError, settleOutcome, type TransactionProblem, transactionProblems } from './errors.ts'
import { isFields } from './fields.ts'
import { maxParallel, operations } from './limits.ts'

export interface TransactionKind {
  readonly operation: string
  readonly pathPrefix: string
  readonly envelope: 'bare' | 'payload'
  /** Processing for this long counts as done; null: never. */
  readonly doneAfterMs: number | null
}

export const directTransaction = (doneAfterMs: number | null): TransactionKind => ({
  operation: operations.getTransactionStatus,
  pathPrefix: '/vendor/directFulfillment/transactions/2021-12-28/transactions/',
  envelope: 'bare',
  doneAfterMs,
})

export const retailTransaction = (doneAfterMs: number | null): TransactionKind => ({
  operation: operations.getTransaction,
  pathPrefix: '/vendor/transactions/v1/transactions/',
  envelope: 'payload',
  doneAfterMs,
})

type TransactionState =
  | { readonly kind: 'failure'; readonly problems: readonly TransactionProblem[] }
  | Exclude<SettleOutcome, { readonly kind: 'rejected' }>

/** `{transactionStatus:{status}}`, bare or under `payload`. Throws channel-answer-malformed. */
const readTransaction = (
  operation: string,
  body: unknown,
  envelope: 'bare' | 'payload',
): 'Success' | 'Processing' | readonly TransactionProblem[] => {
  const outer = envelope === 'payload' && isFields(body) ? body.payload : body
  const transaction = isFields(outer) ? outer.transactionStatus : undefined
  const status = isFields(transaction) ? transaction.status : undefined
  if (status === 'Success' || status === 'Processing') return status
  if (status === 'Failure' && isFields(transaction)) return transactionProblems(transaction.errors)
  throw new BelayError('channel-answer-malformed', `${operation}: the answer has no transaction status that Belay knows`)
}

/** Transactions whose first question is remembered; the oldest is forgotten first. */
const maxRemembered = 5000

export interface Transactions {
  ask(kind: TransactionKind, transactionIds: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TransactionState>>
}

export const createTransactions = (client: SpApiClient, clock: Clock): Transactions => {
  const firstAskedMs = new Map<string, number>()

  const processing = (kind: TransactionKind, id: string): TransactionState => {
    const nowMs = clock.nowMs()
    const sinceMs = firstAskedMs.get(id)
    if (sinceMs === undefined) {
      const oldest = firstAskedMs.keys().next().value
      if (firstAskedMs.size >= maxRemembered && oldest !== undefined) firstAskedMs.delete(oldest)
      firstAskedMs.set(id, nowMs)
      return { kind: 'processing' }
    }
    return { kind: kind.doneAfterMs !== null && nowMs - sinceMs >= kind.doneAfterMs ? 'applied' : 'processing' }
  }

  const askOne = async (kind: TransactionKind, id: string, signal: AbortSignal): Promise<TransactionState> => {
    try {
      const { body } = await client.call<unknown>({
        operation: kind.operation,
        method: 'GET',
        path: `${kind.pathPrefix}${encodeURIComponent(id)}`,
        signal,
        write: false,
      })
      const status = readTransaction(kind.operation, body, kind.envelope)
      if (status === 'Processing') return processing(kind, id)
      firstAskedMs.delete(id)
      return status === 'Success' ? { kind: 'applied' } : { kind: 'failure', problems: status }
    } catch (error) {
      return settleOutcome(belayError(error), clock.nowMs()) as TransactionState
    }
  }

  return {
    ask: async (kind, transactionIds, signal) => {
      const unique = [...new Set(transactionIds)]
      const states = new Map<string, TransactionState>()
      for (let at = 0; at < unique.length; at += maxParallel) {
        const some = unique.slice(at, at + maxParallel)
        const answers = await Promise.all(some.map((id) => askOne(kind, id, signal)))
        for (const [index, id] of some.entries()) states.set(id, answers[index] as TransactionState)
      }
      return states
    },
  }
}

/** The id that every vendor write is answered with: `transactionId`, bare or under `payload`. Throws channel-answer-malformed. */
export const transactionIdOf = (operation: string, body: unknown, envelope: 'bare' | 'payload'): string => {
  const outer = envelope === 'payload' && isFields(body) ? body.payload : body
  const id = isFields(outer) ? outer.transactionId : undefined
  // `#` separates what this adapter adds to it.
  if (typeof id === 'string' && id !== '' && id.length <= 200 && !id.includes('#')) return id
  throw new BelayError('channel-answer-malformed', `${operation}: the answer names no transaction`)
}
