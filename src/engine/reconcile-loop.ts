// Reconciliation of one channel: takes the oldest run that is open and works it through its states (domain/reconcile.ts). Runs under the
// channel's lease, in the process that holds the channel's rate budget, so that no two sweep at once and live pushes come first; a run that
// its process did not live to end is gone on with by the next owner, from the state that is stored.
import { isBelayError } from '../domain/errors.ts'
import type { ReconcilePolicy } from '../domain/reconcile-policy.ts'
import type { Reconciliation } from '../domain/reconcile.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import type { ChannelContext } from './context.ts'
import { explain } from './fold.ts'
import { actOnFindings, awaitMended, countFound, stopRun, tooMany } from './reconcile-act.ts'
import { judgeFindings, waitForOrders } from './reconcile-judge.ts'
import { lookAgain } from './reconcile-look.ts'
import { maxPending, readChannel, tooManyPending } from './reconcile-read.ts'
import { openRun, type RunWork } from './reconcile-work.ts'
import type { Wake } from './wake.ts'

const longestIdleMs = 10_000
/** History is kept this long. */
const keptMs = 400 * 24 * 60 * 60_000

const begin = async (work: RunWork): Promise<void> => {
  const { state, dryRun } = work.run()
  const nowMs = work.context.clock.nowMs()
  if (state === 'queued') return work.save({ state: 'reading', startedAtMs: nowMs, message: null })
  // A dry run keeps nothing that it could go on from.
  if (state === 'reading' && dryRun)
    return work.save({ resume: null, rowsRead: 0, compared: 0, agreed: 0, explained: {}, found: {}, notKept: 0 })
}

/** One run from the state it is in to its end, or to where a person must decide. */
const workRun = async (work: RunWork): Promise<void> => {
  const { context, run, save } = work
  await begin(work)
  if (run().state === 'reading') {
    try {
      await readChannel(work)
    } catch (error) {
      if (error instanceof Error && error.message === tooManyPending) {
        await countFound(work)
        return stopRun(work, `more than ${maxPending} offers differ`, maxPending)
      }
      throw error
    }
    await save({ state: 'looking' })
  }
  if (run().state === 'looking') {
    await lookAgain(work)
    await save({ state: 'waiting' })
  }
  if (run().state === 'waiting') {
    await waitForOrders(work)
    await judgeFindings(work)
    const differences = await countFound(work)
    if (tooMany(work, differences)) return stopRun(work, `${differences} of ${run().compared} offers differ`, differences)
    await save({ state: 'acting' })
  }
  if (run().state === 'acting') {
    await actOnFindings(work)
    await awaitMended(work)
    await save({ state: 'done', endedAtMs: context.clock.nowMs() })
  }
}

/** The next one to work on: stopped ones wait for a person. */
const nextRun = (open: readonly Reconciliation[]): Reconciliation | undefined => open.find(({ state }) => state !== 'stopped')

export interface ReconcileLoopOptions {
  readonly context: ChannelContext
  readonly adapter: ChannelAdapter
  readonly policy: ReconcilePolicy
  readonly wake: Wake
  readonly signal: AbortSignal
}

export const runReconcileLoop = async ({ context, adapter, policy, wake, signal }: ReconcileLoopOptions): Promise<void> => {
  const { store, clock, log } = context
  while (!signal.aborted) {
    const stored = nextRun(await store.openReconciliations(adapter.channel))
    if (!stored) {
      await wake.wait(longestIdleMs, signal)
      continue
    }
    const work = { ...openRun(store, stored, signal), context, adapter, policy, signal }
    try {
      await workRun(work)
      await store.removeReconciliationsBefore(clock.nowMs() - keptMs)
    } catch (error) {
      if (signal.aborted) return
      // Nothing is wrong with the run: it goes on when the store is back.
      if (isBelayError(error, 'store-unavailable')) throw error
      log.warn({ channel: adapter.channel, run: stored.id, error: explain(error) }, 'reconciliation failed')
      await work.save({ state: 'failed', endedAtMs: clock.nowMs(), message: explain(error) }).catch(() => undefined)
    }
  }
}
