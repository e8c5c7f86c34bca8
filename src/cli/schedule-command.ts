// `belay schedule`: the scheduled jobs, when they ran and what they did.
import { localTimes } from '../domain/local-time.ts'
import type { JobView } from '../ports/schedule.ts'
import type { HubClient } from './hub-client.ts'
import { tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

export const showSchedule = async (options: { readonly json?: boolean }, client: HubClient, terminal: Terminal): Promise<void> => {
  const answer = await client.get<{ readonly items: readonly JobView[]; readonly timeZone: string }>('/api/v1/schedule')
  if (options.json === true) {
    terminal.print(JSON.stringify(answer, null, 2))
    return
  }
  // Every time with its day: the next run is seldom today.
  const time = localTimes(answer.timeZone, 0)
  const at = (ms: number | null): string | null => (ms === null ? null : time(ms))
  terminal.print(
    answer.items.length === 0
      ? 'No jobs are scheduled.'
      : tableText(
          ['job', 'when', 'last due', 'outcome', 'next', 'message'],
          answer.items.map((job) => [job.name, job.cron ?? 'off', at(job.dueAtMs), job.outcome, at(job.nextDueAtMs), job.message]),
        ),
  )
  terminal.print(`Times are in ${answer.timeZone}.`)
}
