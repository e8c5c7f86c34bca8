// One channel account is worked by one process at a time: whoever holds its lease (lease-term.ts) runs its loops. A lost lease ends them at
// once; the next owner treats what was under way as timed out. A loop that throws is a store that is away, or a bug: it is logged and
// started again.
import type { ReconcilePolicy } from '../domain/reconcile-policy.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import { runAcknowledgeLoop } from './acknowledge-loop.ts'
import type { ChannelContext, EngineContext } from './context.ts'
import { isBelayError } from '../domain/errors.ts'
import { explain } from './fold.ts'
import { runInboxLoop } from './inbox-loop.ts'
import { type LeaseOptions, type LeaseTerm, runUnderLease } from './lease-term.ts'
import { runPollLoop } from './poll-loop.ts'
import { runPushLoop } from './push-loop.ts'
import { backoffMs } from './push-record.ts'
import { runQueueLoop } from './queue-loop.ts'
import { runReconcileLoop } from './reconcile-loop.ts'
import { runUpkeepLoop } from './upkeep-loop.ts'
import { createWake, type Wake } from './wake.ts'

export interface ChannelWakes {
  readonly inbox: Wake
  readonly push: Wake
  readonly read: Wake
  readonly upkeep: Wake
  readonly acknowledge: Wake
  readonly lease: Wake
  readonly reconcile: Wake
}

export const createChannelWakes = (context: Pick<EngineContext, 'clock'>): ChannelWakes => ({
  inbox: createWake(context.clock),
  push: createWake(context.clock),
  read: createWake(context.clock),
  upkeep: createWake(context.clock),
  acknowledge: createWake(context.clock),
  lease: createWake(context.clock),
  reconcile: createWake(context.clock),
})

export const channelLease = (channel: string): string => `channel/${channel}`

export interface ChannelRun extends Pick<LeaseOptions, 'owner' | 'holdBackMs' | 'onTaken' | 'onEnded' | 'signal'> {
  readonly context: EngineContext
  readonly adapter: ChannelAdapter
  readonly wakes: ChannelWakes
  /** Where the platform reaches this hub's webhooks; null: nowhere. */
  readonly webhookUrl: string | null
  readonly reconcilePolicy: ReconcilePolicy
}

/** Runs a loop until the signal; starts it again when it throws. */
const supervise = async (
  context: EngineContext,
  adapter: ChannelAdapter,
  name: string,
  loop: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  let failures = 0
  while (!signal.aborted) {
    try {
      await loop()
      return
    } catch (error) {
      // The lease was lost, or the process ends.
      if (signal.aborted) return
      failures += 1
      context.log.error(
        { channel: adapter.channel, loop: name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        'loop failed; starting it again',
      )
      await context.clock.sleep(backoffMs(failures, context.random), signal)
    }
  }
}

const shortestThrottleMs = 250

/** Asks the platform to tell us what happens, until it agrees; meanwhile polls serve. */
const subscribe = async ({ context, adapter, webhookUrl }: ChannelRun, signal: AbortSignal): Promise<void> => {
  let failures = 0
  while (!signal.aborted) {
    try {
      await adapter.subscribe(webhookUrl, signal)
      return
    } catch (error) {
      if (signal.aborted) return
      const { clock } = context
      // The budget is used up for a moment, as it is while a hub starts: nothing is wrong.
      if (isBelayError(error) && error.code === 'channel-throttled' && error.retryAtMs !== undefined) {
        await clock.sleep(Math.max(shortestThrottleMs, error.retryAtMs - clock.nowMs()), signal)
        continue
      }
      const waitMs = Math.max(backoffMs(failures, context.random), 5_000 * Math.min(failures, 60))
      failures += 1
      context.log.warn({ channel: adapter.channel, waitMs, error: explain(error) }, 'not subscribed; polls alone serve meanwhile')
      await clock.sleep(waitMs, signal)
    }
  }
}

const runLoops = async (channelRun: ChannelRun, term: LeaseTerm): Promise<void> => {
  const { adapter, wakes, reconcilePolicy } = channelRun
  const { signal } = term
  const context: ChannelContext = { ...channelRun.context, owned: term.committer, isHeld: () => term.isHeld() }
  const poll = createWake(context.clock)
  const run = (name: string, loop: () => Promise<void>): Promise<void> => supervise(context, adapter, name, loop, signal)
  await Promise.all([
    run('inbox', () => runInboxLoop(context, adapter, wakes.inbox, signal)),
    run('push', () => runPushLoop({ context, adapter, work: 'push', wake: wakes.push, signal })),
    run('read', () => runPushLoop({ context, adapter, work: 'read', wake: wakes.read, signal })),
    run('upkeep', () => runUpkeepLoop(context, adapter, wakes.upkeep, signal)),
    run('acknowledge', () => runAcknowledgeLoop(context, adapter, wakes.acknowledge, signal)),
    run('queue', () => runQueueLoop(context, adapter, () => wakes.inbox.ring(), signal)),
    run('reconcile', () => runReconcileLoop({ context, adapter, policy: reconcilePolicy, wake: wakes.reconcile, signal })),
    run('subscribe', () => subscribe(channelRun, signal)),
    ...adapter.capabilities.streams.map((stream) =>
      run(`poll ${stream}`, () => runPollLoop(context, adapter, stream, () => wakes.upkeep.ring(), poll, signal)),
    ),
  ])
}

/** Holds the lease and runs the loops under it, until the signal. */
export const runChannel = (channelRun: ChannelRun): Promise<void> => {
  const { context, adapter, wakes, ...rest } = channelRun
  const { store, clock, committer, log } = context
  return runUnderLease({ ...rest, store, clock, committer, log, name: channelLease(adapter.channel), wake: wakes.lease }, (term) =>
    runLoops(channelRun, term),
  )
}
