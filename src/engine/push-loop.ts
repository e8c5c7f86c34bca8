// The push loop of one channel: due keys -> plan -> issue (one commit) -> send -> record (one commit). Guarantees:
// - a charge is durable before its request's first byte; an outcome is recorded or the request counts as unknown;
// - keys are taken only as fast as the channel's budget allows, so that what is sent is planned on the newest state;
// - decreases go first (the store gives them first). Writes and reads are two such loops with budgets of their own.
import type { ChannelId, StockKey } from '../domain/ids.ts'
import { isBelayError } from '../domain/errors.ts'
import { recoverAfterMs } from '../domain/plan.ts'
import type { ChannelAdapter, PushOutcome, ReadOutcome, SettleOutcome } from '../ports/channel.ts'
import type { Change } from './change.ts'
import type { ChannelContext, EngineContext } from './context.ts'
import { issueChange, type Job, recordChange, recordReadChange, recordUnusableChange } from './push-changes.ts'
import { backoffMs, refusedAgainAfterMs, resultOfFailedRead, resultOfPush, resultOfSettle } from './push-record.ts'
import { createIdle, type Wake } from './wake.ts'

/** Keys taken at once: one commit's worth. */
const maxTake = 256
/** Requests under way at once; a channel that answers slowly does not pile up work. */
const maxUnderWay = 64
/** Keys looked through for requests of a process that is gone; more of them wait for their time. */
const maxTakeover = 10_000
/** How long to wait at most when nothing may be taken. */
const longestIdleMs = 1_000

export interface PushLoopOptions {
  readonly context: ChannelContext
  readonly adapter: ChannelAdapter
  readonly work: 'push' | 'read'
  readonly wake: Wake
  readonly signal: AbortSignal
}

const chunks = <T>(items: readonly T[], size: number): T[][] => {
  const parts: T[][] = []
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size))
  return parts
}

export const runPushLoop = async (options: PushLoopOptions): Promise<void> => {
  const { context, adapter, work, wake, signal } = options
  const { channel, capabilities } = adapter
  const { clock, store, owned } = context
  const sending = new Set<Promise<void>>()
  const idle = createIdle()
  const health = { failures: 0 }

  /** How many keys may be taken now; 0 with the time to look again. */
  const room = (): { items: number; retryAtMs: number } => {
    const limit = Math.min(
      maxTake,
      (maxUnderWay - sending.size) * (work === 'push' ? capabilities.maxPushItems : capabilities.maxReadItems),
    )
    const budgets = work === 'push' ? [adapter.capacity('push')] : readBudgets(adapter)
    const items = Math.min(limit, ...budgets.map((b) => b.items))
    return { items: Math.max(0, items), retryAtMs: Math.max(...budgets.map((b) => b.retryAtMs)) }
  }

  const start = (task: Promise<void>): void => {
    const tracked = task.finally(() => {
      sending.delete(tracked)
      wake.ring()
    })
    sending.add(tracked)
  }

  // What was under way when the last owner of this channel stopped is treated as timed out, at once.
  const startedAtMs = clock.nowMs()
  const issue = async (keys: readonly StockKey[]): Promise<readonly Job[]> => {
    const issued = await Promise.all(keys.map((key) => owned.submit(issueChange(key, channel, work, context.settingsFor, startedAtMs))))
    return issued.flat()
  }
  const dispatch = (jobs: readonly Job[]): void => {
    for (const kind of ['write', 'read', 'settle'] as const) {
      const size = kind === 'write' ? capabilities.maxPushItems : capabilities.maxReadItems
      const ofKind = jobs.filter((j) => j.kind === kind)
      for (const chunk of chunks(ofKind, size)) start(send(options, kind, chunk, health))
    }
  }
  if (work === 'push') {
    const left = await store.dueWork({ channel, kind: work, dueBeforeMs: startedAtMs + recoverAfterMs, limit: maxTakeover })
    for (const part of chunks(left, maxTake)) dispatch(await issue(part))
  }

  while (!signal.aborted) {
    const nowMs = clock.nowMs()
    const { items, retryAtMs } = room()
    if (items === 0) {
      // Full budget or too much under way: a finished request rings.
      await wake.wait(Math.max(1, Math.min(longestIdleMs, retryAtMs > nowMs ? retryAtMs - nowMs : longestIdleMs)), signal)
      continue
    }
    const due = await store.dueWork({ channel, kind: work, dueBeforeMs: nowMs, limit: items })
    if (due.length === 0) {
      const nextMs = await store.nextWorkAtMs({ channel, kind: work })
      const waitMs = nextMs === null ? idle.ms() : Math.max(1, Math.min(idle.ms(), nextMs - nowMs))
      idle.waited(await wake.wait(waitMs, signal))
      continue
    }
    dispatch(await issue(due))
  }
  await Promise.all(sending)
}

const readBudgets = (adapter: ChannelAdapter): readonly { items: number; retryAtMs: number }[] => [
  ...(adapter.capabilities.readable ? [adapter.capacity('read')] : []),
  ...(adapter.capabilities.settles ? [adapter.capacity('settle')] : []),
]

/** Makes one call and records each item's outcome. Never throws: what went wrong is an outcome. */
const send = async (options: PushLoopOptions, kind: Job['kind'], jobs: readonly Job[], health: { failures: number }): Promise<void> => {
  const { context, adapter, signal } = options
  // Another process may be at it already; it takes over what is issued and not sent as what is not known.
  if (!context.isHeld()) return
  try {
    if (kind === 'write') await sendWrites(context, adapter, jobs, health, signal)
    else if (kind === 'read') await sendReads(context, adapter, jobs, health, signal)
    else await sendSettles(context, adapter, jobs, health, signal)
  } catch (error) {
    // The record could not be committed: the pushes stay prepared and are taken over as unknown. Under a lost lease that is as it should be.
    const level = isBelayError(error, 'lease-lost') ? 'warn' : 'error'
    context.log[level]({ channel: adapter.channel, error: String(error) }, 'outcome not recorded')
  }
}

const countFailures = (context: EngineContext, channel: ChannelId, health: { failures: number }, failed: boolean): number => {
  health.failures = failed ? health.failures + 1 : 0
  if (failed) context.retried(channel)
  return backoffMs(health.failures, context.random)
}

/**
 * A write goes out soon after its charge became durable, or not at all: its lifetime D counts from then, and another process may have given
 * it up. What is too old (a commit that took long, a machine that slept) was never sent, and says so. The adapter is told too, since it may
 * wait for a token first, or make several requests of one call.
 */
const sendWithinMs = (lifetimeMs: number): number => Math.min(recoverAfterMs / 2, lifetimeMs / 4)

const splitByAge = (context: EngineContext, jobs: readonly Job[], lifetimeMs: number): { fresh: readonly Job[]; stale: readonly Job[] } => {
  const oldestMs = context.clock.nowMs() - sendWithinMs(lifetimeMs)
  return {
    fresh: jobs.filter((job) => job.push.lastSendMs > oldestMs),
    stale: jobs.filter((job) => job.push.lastSendMs <= oldestMs),
  }
}

const sendWrites = async (
  context: ChannelContext,
  adapter: ChannelAdapter,
  issued: readonly Job[],
  health: { failures: number },
  signal: AbortSignal,
): Promise<void> => {
  const sentAtMs = context.clock.nowMs()
  const { requestLifetimeMs } = context.settingsFor(adapter.channel).constants
  const { fresh: jobs, stale } = splitByAge(context, issued, requestLifetimeMs)
  await Promise.all(
    stale.map((job) => context.owned.submit(recordChange(job, { kind: 'not-executed', retryAtMs: sentAtMs }, context.settingsFor))),
  )
  if (jobs.length === 0) return
  const outcomes = await adapter
    .push(
      jobs.map(({ push, externalId }) => ({
        key: push.id,
        externalId,
        quantity: push.quantity,
        fromQuantity: push.kind === 'compare-and-set' ? push.fromQuantity : null,
        ...(push.kind === 'delta' ? { addQuantity: push.charge } : {}),
        sendBeforeMs: push.lastSendMs + sendWithinMs(requestLifetimeMs),
      })),
      signal,
    )
    .catch((error: unknown): PushOutcome[] =>
      jobs.map(() => ({ kind: 'ambiguous', code: 'channel-unavailable', message: error instanceof Error ? error.message : 'unknown' })),
    )
  const retryAfterMs = countFailures(
    context,
    adapter.channel,
    health,
    outcomes.some((o) => o.kind === 'unsent' || o.kind === 'ambiguous'),
  )
  const settings = context.settingsFor(adapter.channel)
  const nowMs = context.clock.nowMs()
  await Promise.all(
    jobs.map((job, index) => {
      const outcome = outcomes[index] ?? { kind: 'ambiguous', code: 'channel-answer-malformed', message: 'no outcome for this item' }
      announce(context, adapter.channel, job, outcome, sentAtMs)
      return context.owned.submit(recordChange(job, resultOfPush(outcome, settings, nowMs, retryAfterMs), context.settingsFor))
    }),
  )
}

const announce = (context: EngineContext, channel: ChannelId, job: Job, outcome: PushOutcome, sentAtMs: number): void => {
  context.metrics.count('belay_pushes_total', { channel, outcome: outcome.kind })
  const reached = outcome.kind === 'applied' || outcome.kind === 'accepted'
  const arrivedAtMs = reached ? context.causes.answer(job.key, channel) : null
  const delayMs = arrivedAtMs === null ? null : Math.max(0, sentAtMs - arrivedAtMs)
  if (delayMs !== null) context.metrics.observe('belay_sale_to_push_seconds', { channel }, delayMs / 1000)
  context.emit({
    kind: 'push',
    channel,
    sku: job.key.sku,
    quantity: job.push.quantity,
    outcome: outcome.kind,
    delayMs,
    atMs: context.clock.nowMs(),
  })
}

const sendReads = async (
  context: ChannelContext,
  adapter: ChannelAdapter,
  jobs: readonly Job[],
  health: { failures: number },
  signal: AbortSignal,
): Promise<void> => {
  const outcomes = await adapter
    .read(
      jobs.map((j) => j.externalId),
      signal,
    )
    .catch((error: unknown): ReadOutcome[] =>
      jobs.map(() => ({ kind: 'failed', code: 'channel-unavailable', message: error instanceof Error ? error.message : 'unknown' })),
    )
  const retryAfterMs = countFailures(
    context,
    adapter.channel,
    health,
    outcomes.some((o) => o.kind === 'failed'),
  )
  const nowMs = context.clock.nowMs()
  await Promise.all(
    jobs.map((job, index) => {
      const outcome = outcomes[index] ?? { kind: 'failed', code: 'channel-answer-malformed', message: 'no outcome for this item' }
      context.metrics.count('belay_reads_total', { channel: adapter.channel, outcome: outcome.kind })
      return recordOneRead(context, adapter.channel, job, outcome, { nowMs, retryAfterMs })
    }),
  )
}

/** Resolves when what the read found is durable, and so what it proves against a constant. */
const recordOneRead = async (
  context: ChannelContext,
  channel: ChannelId,
  job: Job,
  outcome: ReadOutcome,
  { nowMs, retryAfterMs }: { readonly nowMs: number; readonly retryAfterMs: number },
): Promise<void> => {
  if (outcome.kind !== 'quantity') return await context.owned.submit(readChange(context, job, outcome, nowMs, retryAfterMs))
  const contradiction = await context.owned.submit(recordReadChange(job, outcome.quantity, context.settingsFor))
  if (contradiction) await context.contradicted(channel, contradiction)
}

const readChange = (
  context: EngineContext,
  job: Job,
  outcome: Exclude<ReadOutcome, { kind: 'quantity' }>,
  nowMs: number,
  retryAfterMs: number,
): Change<void> => {
  if (outcome.kind === 'unusable') return recordUnusableChange(job, outcome.reason, nowMs + refusedAgainAfterMs)
  const failure = resultOfFailedRead(outcome, nowMs, retryAfterMs)
  return recordChange(job, failure ?? { kind: 'not-executed', retryAtMs: nowMs + retryAfterMs }, context.settingsFor)
}

const sendSettles = async (
  context: ChannelContext,
  adapter: ChannelAdapter,
  jobs: readonly Job[],
  health: { failures: number },
  signal: AbortSignal,
): Promise<void> => {
  const outcomes = await adapter
    .settle(
      jobs.map((j) => j.push.submissionId ?? ''),
      signal,
    )
    .catch((error: unknown): SettleOutcome[] =>
      jobs.map(() => ({ kind: 'failed', code: 'channel-unavailable', message: error instanceof Error ? error.message : 'unknown' })),
    )
  const retryAfterMs = countFailures(
    context,
    adapter.channel,
    health,
    outcomes.some((o) => o.kind === 'failed'),
  )
  const settings = context.settingsFor(adapter.channel)
  const nowMs = context.clock.nowMs()
  await Promise.all(
    jobs.map((job, index) => {
      const outcome = outcomes[index] ?? { kind: 'failed', code: 'channel-answer-malformed', message: 'no outcome for this item' }
      return context.owned.submit(recordChange(job, resultOfSettle(outcome, job.push, settings, nowMs, retryAfterMs), context.settingsFor))
    }),
  )
}
