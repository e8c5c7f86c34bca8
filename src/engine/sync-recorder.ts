// Notes how channels are kept in step while it happens, for reports: delays of pushes, requests, throttles, retries, use of the budget for
// writes. Sums of the current quarter of an hour are written over and over under this process's own name, so that a write that is repeated,
// or whose answer was lost, counts once. What a crash can lose is what happened since the last write, at most flushEveryMs.
import type { ChannelId } from '../domain/ids.ts'
import { addLatency } from '../domain/latency-histogram.ts'
import { noSync, type SyncCounts, type SyncSlot, syncSlotOf } from '../domain/sync-slot.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import type { Clock } from '../ports/clock.ts'
import type { Hub } from '../ports/hub.ts'
import type { ReportStore } from '../ports/reports.ts'
import type { Logger } from './context.ts'
import type { StatusBook } from './status.ts'

const flushEveryMs = 15_000
/** Slots that wait for a store that is away; older ones are let go. */
const maxWaiting = 2_000

export interface SyncRecorder {
  /** A status book that is noted too. */
  readonly status: StatusBook
  /** Until the signal; the last sums are written then. */
  run(hub: Pick<Hub, 'watch'>, adapters: readonly ChannelAdapter[], signal: AbortSignal): Promise<void>
}

export const createSyncRecorder = (options: {
  readonly store: Pick<ReportStore, 'putSyncSlots'>
  readonly clock: Clock
  readonly log: Logger
  readonly status: StatusBook
  /** Unique for this run of this process. */
  readonly writer: string
}): SyncRecorder => {
  const { store, clock, log, status, writer } = options
  const slots = new Map<string, SyncSlot>()
  const dirty = new Set<string>()
  /** The most that a channel's budget was seen to hold. */
  const fullBudget = new Map<ChannelId, number>()

  const note = (channel: ChannelId, change: (counts: SyncCounts) => Partial<SyncCounts>): void => {
    const slotMs = syncSlotOf(clock.nowMs())
    const key = `${slotMs}/${channel}`
    const known = slots.get(key) ?? { ...noSync, channel, slotMs, writer }
    slots.set(key, { ...known, ...change(known) })
    dirty.add(key)
  }

  const flush = async (): Promise<void> => {
    const keys = [...dirty]
    const batch = keys.flatMap((key) => slots.get(key) ?? [])
    if (batch.length === 0) return
    dirty.clear()
    try {
      await store.putSyncSlots(batch)
    } catch (error) {
      for (const key of keys) dirty.add(key)
      log.warn({ error: String(error) }, 'how channels are kept in step is not noted; trying again')
    }
    // Sums of a past slot are final once they are written.
    const currentMs = syncSlotOf(clock.nowMs())
    for (const [key, { slotMs }] of slots) if (slotMs < currentMs && (!dirty.has(key) || slots.size > maxWaiting)) slots.delete(key)
    for (const key of dirty) if (!slots.has(key)) dirty.delete(key)
  }

  const lookAtBudget = (adapter: ChannelAdapter): void => {
    const { channel } = adapter
    const { items } = adapter.capacity('push')
    const full = Math.max(items, fullBudget.get(channel) ?? 0)
    fullBudget.set(channel, full)
    if (full === 0) return
    note(channel, (counts) => ({
      budgetLooks: counts.budgetLooks + 1,
      budgetEmpty: counts.budgetEmpty + (items === 0 ? 1 : 0),
      budgetUsedPermille: counts.budgetUsedPermille + Math.round(((full - items) * 1000) / full),
    }))
  }

  return {
    status: {
      of: (channel) => status.of(channel),
      observerFor: (channel) => {
        const observer = status.observerFor(channel)
        return {
          ...observer,
          request: (operation, outcome, durationMs) => {
            observer.request(operation, outcome, durationMs)
            note(channel, (counts) => ({
              requests: counts.requests + 1,
              throttled: counts.throttled + (outcome === 'throttled' ? 1 : 0),
              failed: counts.failed + (outcome === 'failed' ? 1 : 0),
            }))
          },
        }
      },
      retried: (channel) => {
        status.retried(channel)
        note(channel, (counts) => ({ retries: counts.retries + 1 }))
      },
    },
    run: async (hub, adapters, signal) => {
      const stopWatching = hub.watch((event) => {
        if (event.kind !== 'push') return
        const { channel, outcome, delayMs } = event
        const reached = outcome === 'applied' || outcome === 'accepted'
        note(channel, (counts) => ({
          pushesReached: counts.pushesReached + (reached ? 1 : 0),
          pushesNotReached: counts.pushesNotReached + (reached ? 0 : 1),
          delays: delayMs === null ? counts.delays : addLatency(counts.delays, delayMs),
        }))
      })
      while (!signal.aborted) {
        await clock.sleep(flushEveryMs, signal)
        for (const adapter of adapters) lookAtBudget(adapter)
        await flush()
      }
      stopWatching()
    },
  }
}
