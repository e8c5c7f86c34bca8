// How a channel was kept in step during a quarter of an hour, as one process saw it. Slots are short enough that every day of every time zone
// is a whole number of them. Those of several processes, or of one before and after its restart, add up.
import type { ChannelId } from './ids.ts'
import { type LatencyHistogram, mergeHistograms } from './latency-histogram.ts'

export const syncSlotMs = 15 * 60_000

export interface SyncCounts {
  /** From a sale's arrival to the request that told the channel. */
  readonly delays: LatencyHistogram
  readonly pushesReached: number
  readonly pushesNotReached: number
  readonly requests: number
  readonly throttled: number
  readonly failed: number
  readonly retries: number
  /** How often the budget for writes was looked at, how often nothing was left of it, and the sum of the shares used, in thousandths. */
  readonly budgetLooks: number
  readonly budgetEmpty: number
  readonly budgetUsedPermille: number
}

export interface SyncSlot extends SyncCounts {
  readonly channel: ChannelId
  readonly slotMs: number
  /** The run of a process. */
  readonly writer: string
}

export const noSync: SyncCounts = {
  delays: {},
  pushesReached: 0,
  pushesNotReached: 0,
  requests: 0,
  throttled: 0,
  failed: 0,
  retries: 0,
  budgetLooks: 0,
  budgetEmpty: 0,
  budgetUsedPermille: 0,
}

export const syncSlotOf = (atMs: number): number => Math.floor(atMs / syncSlotMs) * syncSlotMs

export const sumSync = (counts: readonly SyncCounts[]): SyncCounts => {
  const sum = (of: (each: SyncCounts) => number): number => counts.reduce((total, each) => total + of(each), 0)
  return {
    delays: mergeHistograms(counts.map(({ delays }) => delays)),
    pushesReached: sum((each) => each.pushesReached),
    pushesNotReached: sum((each) => each.pushesNotReached),
    requests: sum((each) => each.requests),
    throttled: sum((each) => each.throttled),
    failed: sum((each) => each.failed),
    retries: sum((each) => each.retries),
    budgetLooks: sum((each) => each.budgetLooks),
    budgetEmpty: sum((each) => each.budgetEmpty),
    budgetUsedPermille: sum((each) => each.budgetUsedPermille),
  }
}
