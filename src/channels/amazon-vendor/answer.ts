// Sends answers to orders, one order a request: an order that Amazon refuses must not take others with it, and 10 requests a second are
// enough. A transaction id given out says which API settles it: `df:`, `retail:`, or `none:` for an order with nothing left to answer.
import { BelayError } from '../../domain/errors.ts'
import type { Order } from '../../domain/orders.ts'
import type { AcknowledgeOutcome, SettleOutcome } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import { type AcknowledgeCodes, directAcknowledgement, purchaseAcknowledgement } from './acknowledge.ts'
import { echoOf } from './echo.ts'
import { acknowledgeOutcome, belayError, transactionRejected } from './errors.ts'
import { maxParallel, operations } from './limits.ts'
import { type TransactionKind, transactionIdOf, type Transactions } from './transactions.ts'

export interface AnswerOptions {
  readonly codes: AcknowledgeCodes
  readonly directTransaction: TransactionKind
  readonly retailTransaction: TransactionKind
}

export interface Answers {
  send(orders: readonly Order[], signal: AbortSignal): Promise<readonly AcknowledgeOutcome[]>
  settle(transactionIds: readonly string[], signal: AbortSignal): Promise<readonly SettleOutcome[]>
}

interface Prepared {
  readonly prefix: 'df' | 'retail'
  readonly operation: string
  readonly path: string
  readonly envelope: 'bare' | 'payload'
  /** Null: nothing to answer. */
  readonly body: unknown
}

const prepare = (order: Order, codes: AcknowledgeCodes, nowMs: number): Prepared => {
  const echo = echoOf(order)
  if (echo.kind === 'df')
    return {
      prefix: 'df',
      operation: operations.submitAcknowledgement,
      path: '/vendor/directFulfillment/orders/2021-12-28/acknowledgements',
      envelope: 'bare',
      body: directAcknowledgement(order, echo, codes, nowMs),
    }
  return {
    prefix: 'retail',
    operation: operations.submitPurchaseOrderAcknowledgement,
    path: '/vendor/orders/v1/acknowledgements',
    envelope: 'payload',
    body: purchaseAcknowledgement(order, echo, nowMs),
  }
}

export const createAnswers = (client: SpApiClient, transactions: Transactions, clock: Clock, options: AnswerOptions): Answers => {
  const sendOne = async (order: Order, signal: AbortSignal): Promise<AcknowledgeOutcome> => {
    try {
      const { prefix, body, ...request } = prepare(order, options.codes, clock.nowMs())
      if (body === null) return { kind: 'accepted', transactionId: `none:${order.orderId}` }
      const answer = await client.call<unknown>({
        operation: request.operation,
        method: 'POST',
        path: request.path,
        body,
        signal,
        write: true,
      })
      return { kind: 'accepted', transactionId: `${prefix}:${transactionIdOf(request.operation, answer.body, request.envelope)}` }
    } catch (error) {
      const known = belayError(error)
      // Not mapped yet: a person mends it and the answer still goes out in time, so it is not refused for good.
      if (known.code === 'listing-unknown') return { kind: 'failed', code: known.code, message: `${known.message}: ${known.fix ?? ''}` }
      return acknowledgeOutcome(known, clock.nowMs())
    }
  }

  const without = (prefix: string, ids: readonly string[]): readonly string[] =>
    ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length))

  return {
    send: async (orders, signal) => {
      const outcomes: AcknowledgeOutcome[] = []
      for (let at = 0; at < orders.length; at += maxParallel)
        outcomes.push(...(await Promise.all(orders.slice(at, at + maxParallel).map((order) => sendOne(order, signal)))))
      return outcomes
    },
    settle: async (transactionIds, signal) => {
      const direct = await transactions.ask(options.directTransaction, without('df:', transactionIds), signal)
      const retail = await transactions.ask(options.retailTransaction, without('retail:', transactionIds), signal)
      return transactionIds.map((id): SettleOutcome => {
        if (id.startsWith('none:')) return { kind: 'applied' }
        const state = id.startsWith('df:') ? direct.get(id.slice(3)) : id.startsWith('retail:') ? retail.get(id.slice(7)) : undefined
        if (state === undefined) {
          const error = new BelayError('not-found', `${id} is not a transaction of this channel`)
          return { kind: 'failed', code: error.code, message: error.message }
        }
        return state.kind === 'failure' ? transactionRejected('the acknowledgement', state.problems) : state
      })
    },
  }
}
