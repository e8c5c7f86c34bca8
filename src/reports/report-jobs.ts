// The scheduled jobs of reports.
// report/daily makes the report of the day before its due time, those of days that were missed (a month of them at most), and makes the last
// week anew: prices told late and orders that came late change their day. What is new is sent once.
// report/deliver sends what waits.
import { addDays, daysBetween, type LocalDay, localDayOf } from '../domain/local-day.ts'
import type { ReportDesk, ReportTarget } from '../ports/report-desk.ts'
import type { ScheduledJob } from '../ports/schedule.ts'
import { isDayOver, type ReportSource } from './daily-report.ts'
import { deliverReports, wantDelivery } from './deliver-reports.ts'

const restatedDays = 7
const maxMissedDays = 31
/** Slots of how channels were kept in step: as long as reports can be made anew, and a little. */
const slotsKeptMs = 410 * 24 * 3_600_000

interface ReportJobsOptions {
  readonly source: ReportSource
  readonly desk: ReportDesk
  readonly targets: readonly ReportTarget[]
  readonly redact: (text: string) => string
}

/** The days to make anew, and those to make for the first time, each oldest first. */
const daysToMake = async (
  source: ReportSource,
  day: LocalDay,
): Promise<{ readonly again: readonly LocalDay[]; readonly first: readonly LocalDay[] }> => {
  const stored = await source.store.listReports({ before: addDays(day, 1), limit: restatedDays + 1 })
  const newest = stored[0]?.day
  const again = stored.map((each) => each.day).filter((each) => daysBetween(each, day) <= restatedDays)
  if (newest === undefined) return { again: [], first: [day] }
  const missed = Math.min(maxMissedDays, daysBetween(newest, day))
  const first = Array.from({ length: Math.max(0, missed) }, (_, i) => addDays(day, i + 1 - missed))
  return { again: again.toReversed(), first }
}

export const reportJobs = ({ source, desk, targets, redact }: ReportJobsOptions): readonly ScheduledJob[] => [
  {
    name: 'report/daily',
    cron: '0 6 * * *',
    missed: 'each',
    run: async (dueAtMs, signal) => {
      const { store, clock, timeZone } = source
      const day = addDays(localDayOf(dueAtMs, timeZone), -1)
      if (!isDayOver(source, day)) return `${day} is not settled yet; its report is made with the next.`
      const { again, first } = await daysToMake(source, day)
      const changed: LocalDay[] = []
      for (const each of [...again, ...first]) {
        signal.throwIfAborted()
        const before = (await store.readReport(each))?.revision ?? 0
        const { revision } = await desk.make(each)
        if (before > 0 && revision > before) changed.push(each)
        if (before === 0) for (const { name } of targets) await wantDelivery(store, each, name, clock.nowMs(), 'once')
      }
      await store.removeSyncSlotsBefore(clock.nowMs() - slotsKeptMs)
      const sent = targets.length === 0 ? '' : ` ${await deliverReports({ store, clock, targets, redact }, signal)}`
      return `${first.length === 0 ? 'No new day' : `Made ${first.join(', ')}`}; ${changed.length} of ${again.length} earlier days changed${changed.length === 0 ? '' : `: ${changed.join(', ')}`}.${sent}`
    },
  },
  ...(targets.length === 0
    ? []
    : [
        {
          name: 'report/deliver',
          cron: '*/5 * * * *',
          missed: 'latest',
          run: (_dueAtMs, signal) => deliverReports({ store: source.store, clock: source.clock, targets, redact }, signal),
        } satisfies ScheduledJob,
      ]),
]
