// One channel account is worked by one process at a time: whoever holds its lease runs its loops. A lost lease ends them; the next owner
// treats what was under way as timed out. A loop that throws is a store that is away, or a bug: it is logged and started again.
import type { ChannelAdapter } from '../ports/channel.ts'
import type { Lease } from '../ports/store.ts'
import { runAcknowledgeLoop } from './acknowledge-loop.ts'
import type { EngineContext } from './context.ts'
import { runInboxLoop } from './inbox-loop.ts'
import { runPollLoop } from './poll-loop.ts'
import { runPushLoop } from './push-loop.ts'
import { backoffMs } from './push-record.ts'
import { runQueueLoop } from './queue-loop.ts'
import { runUpkeepLoop } from './upkeep-loop.ts'
import { createWake, type Wake } from './wake.ts'

const leaseMs = 15_000
const renewEveryMs = 5_000
/** How often a process that does not hold the lease looks whether it has run out. */
const tryEveryMs = 1_000

export interface ChannelWakes {
  readonly inbox: Wake
  readonly push: Wake
  readonly read: Wake
  readonly upkeep: Wake
  readonly acknowledge: Wake
}

export const createChannelWakes = (context: EngineContext): ChannelWakes => ({
  inbox: createWake(context.clock),
  push: createWake(context.clock),
  read: createWake(context.clock),
  upkeep: createWake(context.clock),
  acknowledge: createWake(context.clock),
})

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
      failures += 1
      context.log.error(
        { channel: adapter.channel, loop: name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        'loop failed; starting it again',
      )
      await context.clock.sleep(backoffMs(failures, context.random), signal)
    }
  }
}

const runLoops = async (context: EngineContext, adapter: ChannelAdapter, wakes: ChannelWakes, signal: AbortSignal): Promise<void> => {
  const poll = createWake(context.clock)
  const run = (name: string, loop: () => Promise<void>): Promise<void> => supervise(context, adapter, name, loop, signal)
  await Promise.all([
    run('inbox', () => runInboxLoop(context, adapter, wakes.inbox, signal)),
    run('push', () => runPushLoop({ context, adapter, work: 'push', wake: wakes.push, signal })),
    run('read', () => runPushLoop({ context, adapter, work: 'read', wake: wakes.read, signal })),
    run('upkeep', () => runUpkeepLoop(context, adapter, wakes.upkeep, signal)),
    run('acknowledge', () => runAcknowledgeLoop(context, adapter, wakes.acknowledge, signal)),
    run('queue', () => runQueueLoop(context, adapter, () => wakes.inbox.ring(), signal)),
    ...adapter.capabilities.streams.map((stream) =>
      run(`poll ${stream}`, () => runPollLoop(context, adapter, stream, () => wakes.upkeep.ring(), poll, signal)),
    ),
  ])
}

/** Holds the lease and runs the loops under it, until the signal. `owner` names this process. */
export const runChannel = async (
  context: EngineContext,
  adapter: ChannelAdapter,
  wakes: ChannelWakes,
  owner: string,
  signal: AbortSignal,
): Promise<void> => {
  const { store, clock } = context
  const name = `channel/${adapter.channel}`
  const take = async (): Promise<Lease | null> => {
    try {
      return await store.acquireLease(name, owner, leaseMs, clock.nowMs())
    } catch (error) {
      context.log.warn({ channel: adapter.channel, error: String(error) }, 'lease not readable')
      return null
    }
  }
  while (!signal.aborted) {
    const lease = await take()
    if (!lease) {
      await clock.sleep(tryEveryMs, signal)
      continue
    }
    const term = new AbortController()
    const loops = runLoops(context, adapter, wakes, AbortSignal.any([signal, term.signal]))
    let heldUntilMs = lease.expiresAtMs
    while (!signal.aborted && clock.nowMs() < heldUntilMs) {
      await clock.sleep(renewEveryMs, signal)
      if (signal.aborted) break
      const renewed = await take()
      if (renewed && renewed.token !== lease.token) break
      if (renewed) heldUntilMs = renewed.expiresAtMs
    }
    term.abort()
    await loops
    if (signal.aborted) await store.releaseLease(name, owner, lease.token)
  }
}
