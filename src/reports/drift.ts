// What reconciliation found on a day, by place and kind, as its findings stand now.
import type { DaySpan } from '../domain/local-day.ts'
import type { DriftFigures } from '../domain/report-figures.ts'
import type { ReconciliationStore } from '../ports/reconciliations.ts'

export const driftFigures = async (store: Pick<ReconciliationStore, 'countFindings'>, { fromMs, toMs }: DaySpan): Promise<DriftFigures> => {
  const counts = await store.countFindings({ fromMs, beforeMs: toMs })
  const groups = Map.groupBy(counts, ({ channel, kind }) => `${channel ?? ''}\u0000${kind}`)
  const rows = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group
      if (!first) return []
      const sum = (states: readonly string[] | null): number =>
        group.reduce((total, { state, count }) => total + (states === null || states.includes(state) ? count : 0), 0)
      const [found, mended] = [sum(null), sum(['mended'])]
      return [{ channel: first.channel, kind: first.kind, found, mended, open: found - mended - sum(['dismissed']) }]
    })
  return { rows }
}
