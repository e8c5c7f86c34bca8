// The scheduled jobs of reconciliation: each channel once a night, and the hub's own books. A job asks for a run and follows it to its end; one
// that was begun before (by a process that is gone) is followed instead of asked for again.
import type { ChannelId } from '../domain/ids.ts'
import { isOver, type Reconciliation } from '../domain/reconcile.ts'
import type { Clock } from '../ports/clock.ts'
import type { Hub } from '../ports/hub.ts'
import type { ScheduledJob } from '../ports/schedule.ts'

/** Before the day's trade, after the platforms' own nightly work; the books when the channels are done. */
const nightly = '15 3 * * *'
const auditCron = '45 4 * * *'
const lookEveryMs = 10_000

const sum = (counts: Readonly<Record<string, number | undefined>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0)

const outcome = (run: Reconciliation): string => {
  if (run.state === 'stopped' || run.state === 'failed') return `${run.state}: ${run.message ?? ''}`
  const text = `${run.compared} compared in ${run.calls} calls, ${sum(run.explained)} explained, ${sum(run.found)} found, ${run.mended} mended`
  return run.message === null ? text : `${text}. ${run.message}`
}

export const reconcileJobs = (
  hub: Pick<Hub, 'store' | 'reconciler'>,
  channels: readonly ChannelId[],
  clock: Clock,
): readonly ScheduledJob[] => {
  const follow = async (started: Reconciliation, signal: AbortSignal): Promise<string> => {
    let run: Reconciliation | null = started
    while (run && !isOver(run) && run.state !== 'stopped') {
      await clock.sleep(lookEveryMs, signal)
      signal.throwIfAborted()
      run = await hub.store.readReconciliation(started.id)
    }
    return run ? outcome(run) : 'removed'
  }
  const job = (name: string, cron: string, channel: ChannelId | null, ask: () => Promise<Reconciliation | undefined>): ScheduledJob => ({
    name,
    cron,
    missed: 'latest',
    run: async (_dueAtMs, signal) => {
      const open = await hub.store.openReconciliations(channel)
      const begun = open.find(({ requestedBy, state }) => requestedBy === 'schedule' && state !== 'stopped')
      const run = begun ?? (await ask())
      return run ? follow(run, signal) : 'nothing to do'
    },
  })
  return [
    ...channels.map((channel) =>
      job(`reconcile/${channel}`, nightly, channel, async () => {
        const [run] = await hub.reconciler.request({ channel, skus: null, dryRun: false, requestedBy: 'schedule' })
        return run
      }),
    ),
    job('ledger-audit', auditCron, null, () => hub.reconciler.audit('schedule')),
  ]
}
