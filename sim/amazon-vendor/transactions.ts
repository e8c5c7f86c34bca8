// Submissions of a vendor account: every write is answered 202 with a transaction id and decided later. A transaction is Processing until
// then, and ends as Success or Failure; it takes effect as a whole or not at all. Transactions of one item may be decided in either order.
//
//   Processing --applied--> Success      Processing --refused--> Failure      Processing (fault: for ever)
import type { FaultPlan, SimulatorPorts } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'
import { chance, type DelayRange, delayMs } from '../sp-api/chance.ts'
import { type Answer, answered, type Endpoint, refusal } from '../sp-api/gateway.ts'
import { loadOperation, type ApiError } from '../sp-api/operation.ts'

/** Kept for asking; the oldest are forgotten first. */
const maxTransactions = 100_000

/** Where a transaction is asked for: direct fulfilment and retail procurement have an operation each. */
type Program = 'direct-fulfilment' | 'retail'

interface Transaction {
  readonly transactionId: string
  readonly program: Program
  status: 'Processing' | 'Success' | 'Failure'
  errors: readonly ApiError[]
}

interface Submission {
  readonly program: Program
  /** May the fault plan leave it Processing for ever? Otherwise a submission that is not applied ends as Failure. */
  readonly mayHang: boolean
  /** What is wrong with it, in order; nothing was changed if anything is. */
  readonly apply: (atMs: number) => readonly ApiError[]
}

export interface Transactions {
  submit(submission: Submission): string
  readonly endpoints: readonly Endpoint[]
}

export interface TransactionsOptions {
  readonly agenda: Agenda
  readonly ports: SimulatorPorts
  readonly faults: FaultPlan
  readonly processing: DelayRange
}

export const transactionError = (message: string, details = ''): ApiError => ({ code: 'InvalidInput', message, details })

export const createTransactions = ({ agenda, ports, faults, processing }: TransactionsOptions): Transactions => {
  const transactions = new Map<string, Transaction>()

  const find = (program: Program, transactionId: string): Transaction | Answer => {
    const transaction = transactions.get(transactionId)
    return transaction?.program === program ? transaction : refusal(404, 'NotFound', 'The transaction was not found.')
  }

  return {
    submit: ({ program, mayHang, apply }) => {
      const nowMs = ports.clock.nowMs()
      const stamp = new Date(nowMs).toISOString().replaceAll(/\D/g, '').slice(0, 14)
      const transaction: Transaction = { transactionId: `${stamp}-${ports.random.uuid()}`, program, status: 'Processing', errors: [] }
      transactions.set(transaction.transactionId, transaction)
      for (const oldest of transactions.keys()) {
        if (transactions.size <= maxTransactions) break
        transactions.delete(oldest)
      }
      const lost = chance(ports.random, faults.acceptedNeverApplied)
      const hangs = lost && mayHang && ports.random.next() < 0.5
      if (!hangs)
        agenda.at(nowMs + delayMs(ports.random, processing), (atMs) => {
          transaction.errors = lost ? [{ code: 'InternalFailure', message: 'The submission could not be processed.' }] : apply(atMs)
          transaction.status = transaction.errors.length > 0 ? 'Failure' : 'Success'
        })
      return transaction.transactionId
    },
    endpoints: [
      {
        operation: loadOperation('directFulfillmentTransactions', 'getTransactionStatus'),
        access: 'partner',
        writes: false,
        handle: ({ path }) => {
          const found = find('direct-fulfilment', path['transactionId'] ?? '')
          if ('error' in found || 'body' in found) return found
          const { transactionId, status, errors } = found
          return answered(200, { transactionStatus: { transactionId, status, ...(errors.length > 0 ? { errors: { errors } } : {}) } })
        },
      },
      {
        operation: loadOperation('vendorTransactions', 'getTransaction'),
        access: 'partner',
        writes: false,
        handle: ({ path }) => {
          const found = find('retail', path['transactionId'] ?? '')
          if ('error' in found || 'body' in found) return found
          const { transactionId, status, errors } = found
          return answered(200, { payload: { transactionStatus: { transactionId, status, ...(errors.length > 0 ? { errors } : {}) } } })
        },
      },
    ],
  }
}
