// The committer: every change of stock documents of this process, in order, many in one commit (group commit). Guarantees:
// - a change resolves only after what it decided is durable, and is decided on the state that it was committed against;
// - a change that throws, or whose lease is lost, is refused alone; a commit that conflicts is read again and decided again, in halves when it keeps conflicting,
//   so that no change is dropped; a commit of unknown outcome is read again (versions and keys make the repeat harmless).
// Stock documents are cached (bounded): what this process wrote last is what is stored, unless another process wrote too. An engine that
// can tell says so before a batch is decided; with the others the compare-and-swap does.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { BelayError, isBelayError } from '../domain/errors.ts'
import { stockKeyText } from '../domain/ids.ts'
import type { SettingsFor } from '../domain/plan.ts'
import type { Stock } from '../domain/stock.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store, WorkMark } from '../ports/store.ts'
import { type BatchOutcome, decideBatch, leaseText, type Loaded, loadBatch, type Waiting } from './batch.ts'
import type { Change, Committer } from './change.ts'
import { alone, type CommitTurn } from './commit-turn.ts'

/** Changes in one commit: beyond this the gain per change is small and the wait for the first one grows. */
const maxBatch = 256
/** Changes waiting: beyond this the hub says that it is overloaded rather than growing without bound. */
const maxQueue = 20_000
/** Stock documents kept: about 1 KiB each. */
const maxCached = 50_000
/** Reads-and-decides before a commit that conflicts alone is given up: another process would have to win each time. */
const maxRounds = 50

export interface CommitterOptions {
  readonly store: Store
  readonly clock: Clock
  readonly settingsFor: SettingsFor
  /** Default: no other process writes at the same time. */
  readonly turn?: CommitTurn
  /** Called after each commit with the marks that are now stored, so that loops of this process wake at once. */
  readonly onCommit?: (marks: readonly WorkMark[]) => void
}

export const createCommitter = (options: CommitterOptions): Committer & { idle(): Promise<void> } => {
  const { store, clock, settingsFor, turn = alone } = options
  const queue: Waiting[] = []
  const cache = new Map<string, Stock>()
  /** The store's count when the cache was what is stored. */
  let count = Number.NaN
  let running: Promise<void> | null = null
  let commits = 0

  const remember = (key: string, stock: Stock): void => {
    cache.set(key, stock)
    if (cache.size > maxCached) {
      const oldest = cache.keys().next()
      if (!oldest.done) cache.delete(oldest.value)
    }
  }

  const forget = (batch: readonly Waiting[]): void => {
    for (const { change } of batch) for (const key of change.stock) cache.delete(stockKeyText(key))
  }

  /** Is the cache what is stored? False: this engine cannot tell. Forgets it all when somebody else has written. */
  const isExact = (): boolean => {
    const now = store.commitCount?.()
    if (now !== undefined && now !== count) {
      cache.clear()
      count = now
    }
    return now !== undefined
  }

  /** Decides and commits a batch; resolves its changes; returns those that must wait for the next one. */
  const commitBatch = async (batch: readonly Waiting[], rounds: number): Promise<readonly Waiting[]> => {
    let outcome: BatchOutcome
    let loaded: Loaded
    try {
      loaded = await loadBatch(
        batch,
        (text) => cache.get(text),
        isExact(),
        (request) => store.readState(request),
      )
      outcome = decideBatch(batch, loaded, clock.nowMs(), settingsFor)
      const result = outcome.commit ? await store.commit(outcome.commit) : { ok: true as const }
      if (!result.ok) {
        turn.met()
        return await again(batch, rounds)
      }
      if (outcome.commit) {
        count += 1
        commits += 1
      }
    } catch (error) {
      forget(batch)
      count = Number.NaN
      if (isBelayError(error, 'store-commit-unknown')) return await again(batch, rounds)
      if (isBelayError(error, 'lease-lost')) return await byLease(batch, rounds, error)
      for (const { reject } of batch) reject(error)
      return []
    }
    for (const [text, { stock }] of loaded.slots) if (stock) remember(text, stock)
    options.onCommit?.(outcome.marks)
    for (const { waiting, value } of outcome.decided) waiting.resolve(value)
    for (const { waiting, error } of outcome.refused) waiting.reject(error)
    return outcome.postponed
  }

  /** One of the leases of the batch is lost: its changes are refused, the others go on without them. */
  const byLease = async (batch: readonly Waiting[], rounds: number, error: BelayError): Promise<readonly Waiting[]> => {
    const groups = [...Map.groupBy(batch, ({ change }) => leaseText(change.lease)).values()]
    const postponed: Waiting[] = []
    if (groups.length > 1) for (const group of groups) postponed.push(...(await commitBatch(group, rounds)))
    else for (const { reject } of batch) reject(error)
    return postponed
  }

  const again = async (conflicted: readonly Waiting[], rounds: number): Promise<readonly Waiting[]> => {
    forget(conflicted)
    const batch = conflicted.map((waiting): Waiting => ({ ...waiting, certain: true }))
    if (rounds + 1 >= maxRounds) {
      const error = new BelayError('store-unavailable', `a change conflicted ${maxRounds} times`, {
        fix: 'find what else writes the same SKU so often',
      })
      for (const { reject } of batch) reject(error)
      return []
    }
    if (batch.length === 1 || rounds === 0) return commitBatch(batch, rounds + 1)
    const half = Math.ceil(batch.length / 2)
    const first = await commitBatch(batch.slice(0, half), rounds + 1)
    const second = await commitBatch(batch.slice(half), rounds + 1)
    return [...first, ...second]
  }

  const run = async (): Promise<void> => {
    for (;;) {
      // One turn of the event loop: who was just answered may ask again, and who asks at once is committed at once.
      await nextTurn()
      if (queue.length === 0) break
      if (await turn.enter()) cache.clear()
      const batch = queue.splice(0, maxBatch)
      const before = commits
      const postponed = await commitBatch(batch, 0)
      queue.unshift(...postponed)
      await turn.leave(queue.length > 0, commits > before)
    }
    running = null
  }

  return {
    submit: <T>(change: Change<T>): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        if (queue.length >= maxQueue) {
          reject(new BelayError('overloaded', 'too many changes are waiting to be committed', { retryAtMs: clock.nowMs() + 1000 }))
          return
        }
        queue.push({ change, certain: false, resolve: resolve as (value: unknown) => void, reject })
        running ??= run()
      }),
    idle: async () => {
      await running
      await running
    },
  }
}
