// How each channel was kept in step that day, from the slots that were noted while it happened.
import type { ChannelId } from './ids.ts'
import { latencyCount, latencyPercentileMs } from './latency-histogram.ts'
import type { SyncFigures } from './report-figures.ts'
import { sumSync, type SyncSlot } from './sync-slot.ts'

const permille = (part: number, whole: number): number | null => (whole === 0 ? null : Math.round((part * 1000) / whole))

export const syncFigures = (slots: readonly SyncSlot[], channels: readonly ChannelId[]): readonly SyncFigures[] => {
  const byChannel = Map.groupBy(slots, ({ channel }) => channel)
  return [...new Set([...channels, ...byChannel.keys()])].sort().map((channel) => {
    const { delays, budgetLooks, budgetEmpty, budgetUsedPermille, ...counts } = sumSync(byChannel.get(channel) ?? [])
    return {
      channel,
      pushesTimed: latencyCount(delays),
      p50Ms: latencyPercentileMs(delays, 50),
      p95Ms: latencyPercentileMs(delays, 95),
      p99Ms: latencyPercentileMs(delays, 99),
      ...counts,
      quotaUsedPermille: budgetLooks === 0 ? null : Math.round(budgetUsedPermille / budgetLooks),
      quotaEmptyPermille: permille(budgetEmpty, budgetLooks),
    }
  })
}
