// Transactions with a bounded number of tries, by the rules of the drivers' specification "Transactions":
//   TransientTransactionError               nothing happened: run the whole transaction again
//   UnknownTransactionCommitResult          the commit may have happened: send only the commit again, it has an effect at most once
// withTransaction of the driver does the same for up to two minutes; a sale does not wait that long, and a conflict has to be looked at
// between two tries.
import type { ClientSession } from 'mongodb'
import { BelayError } from '../../domain/errors.ts'
import { type Connection, isDuplicateKey, isRefusal, isTransient, isUnavailable } from './connection.ts'

const firstPauseMs = 4
const longestPauseMs = 200

const snapshotMajority = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority' },
  readPreference: 'primary',
} as const

const pause = (connection: Connection, attempt: number): Promise<void> =>
  connection.clock.sleep(Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 6)) * (0.5 + connection.random.next() / 2))

const abortQuietly = async (session: ClientSession): Promise<void> => {
  if (!session.inTransaction()) return
  // The driver ignores what the server answers to an abort; the server ends the transaction by itself when it cannot be told.
  await session.abortTransaction()
}

/**
 * Sends the commit until its outcome is known. Only a server's own answer to the first one is taken for a refusal: a server that cannot
 * be selected for the second, for one, says nothing of what the first has done, and the driver gives that error no label.
 */
const commitBounded = async (connection: Connection, session: ClientSession, deadlineMs: number): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await session.commitTransaction()
      return
    } catch (error) {
      if (isTransient(error) || (attempt === 0 && isRefusal(error))) throw error
      if (connection.clock.nowMs() >= deadlineMs)
        throw new BelayError('store-commit-unknown', 'It is not known whether a commit was stored', { cause: error })
      await pause(connection, attempt)
    }
  }
}

export type Attempt<T> =
  /** Commit it. */
  | { readonly kind: 'commit'; readonly value: T }
  /** Something stored does not fit: undo it. */
  | { readonly kind: 'undo' }

/** One try: the value, or why there is none yet. */
const attemptOnce = async <T>(
  connection: Connection,
  session: ClientSession,
  deadlineMs: number,
  work: (session: ClientSession) => Promise<Attempt<T>>,
): Promise<{ readonly value: T } | { readonly failure: unknown }> => {
  try {
    session.startTransaction(snapshotMajority)
    const result = await work(session)
    if (result.kind === 'commit') {
      await commitBounded(connection, session, deadlineMs)
      return { value: result.value }
    }
    await abortQuietly(session)
    return { failure: undefined }
  } catch (error) {
    await abortQuietly(session)
    // A commit that was sent and refused left nothing behind; of one that is not known commitBounded has said so itself. So a server that
    // gave no answer gave none to what comes before the commit. The driver does not always label that: not where another connection's end
    // has cleared the pool meanwhile.
    if (!isTransient(error) && !isDuplicateKey(error) && !isUnavailable(error)) throw error
    return { failure: error }
  }
}

/**
 * Runs `work` in a transaction until it is committed. After a try that was undone or met a conflict, `settle` looks (outside of any
 * transaction) whether it can ever succeed: a value is the final answer, undefined means try again.
 * All tries share one session: beginning a transaction ends the one before it on the server, so that a try whose connection was cut
 * does not keep its locks until the server gives it up (60 s).
 */
export const inTransaction = async <T>(
  connection: Connection,
  work: (session: ClientSession) => Promise<Attempt<T>>,
  settle: (error: unknown) => Promise<T | undefined>,
): Promise<T> => {
  const deadlineMs = connection.clock.nowMs() + connection.retryForMs
  const session = connection.client.startSession()
  try {
    for (let attempt = 0; ; attempt++) {
      const outcome = await attemptOnce(connection, session, deadlineMs, work)
      if ('value' in outcome) return outcome.value
      const settled = await settle(outcome.failure)
      if (settled !== undefined) return settled
      if (connection.clock.nowMs() >= deadlineMs)
        throw new BelayError('store-unavailable', `No try of a transaction succeeded within ${connection.retryForMs} ms`, {
          fix: 'Look whether the replica set is healthy, and what else writes the same documents.',
          cause: outcome.failure,
        })
      await pause(connection, attempt)
    }
  } finally {
    await session.endSession()
  }
}
