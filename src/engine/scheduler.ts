// Runs jobs at their times (ports/schedule.ts). Each job has a loop in every process; who holds the job's lease works.
//
//   idle -(due)-> lease taken -> state read again -(still due)-> running, stored -> job -> done | failed, stored -> lease released
//   running, and the lease was lost or the process died: the next owner begins the same due time again, maxAttempts times at most
//
// Guarantees: a due time that ended is never run again; two processes never run a job at once as long as a process notices within its lease
// that it lost it (the run's signal aborts then); what a later owner has written is never overwritten (fencing by the lease's number).
// Errors of a job are stored and shown and end that run only. A store that is away postpones runs; none is lost.
import { BelayError } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { JobState, JobView, ScheduledJob, ScheduleReader } from '../ports/schedule.ts'
import type { Lease, Store } from '../ports/store.ts'
import type { Logger } from './context.ts'
import { type CronTimes, cronTimes } from './cron-times.ts'

const leaseMs = 60_000
const renewEveryMs = 20_000
/** How long a process sleeps at most before it looks at the clock again: a machine that slept wakes late. */
const longestIdleMs = 60_000
/** How often a process that does not hold the lease of a due job looks again. */
const tryEveryMs = 5_000
/** Of runs that were missed, at most so many are made up, the newest: a month of days. */
const maxMadeUp = 31
/** A run that three processes did not survive is given up: the next due time gets its turn. */
const maxAttempts = 3
const maxJobs = 500
const stopWithinMs = 10_000
const maxMessageLength = 500

export interface SchedulerOptions {
  readonly store: Pick<Store, 'acquireLease' | 'releaseLease' | 'readSchedule' | 'writeSchedule'>
  readonly clock: Clock
  readonly log: Logger
  readonly timeZone: string
  readonly jobs: readonly ScheduledJob[]
  /** By job name: another cron expression, or `off`. */
  readonly overrides?: Readonly<Record<string, string>>
  /** Names this process. */
  readonly owner: string
}

export interface Scheduler extends ScheduleReader {
  start(): void
  /** Aborts what runs and waits for it, at most ten seconds. */
  stop(): Promise<void>
}

const fresh = (name: string, nowMs: number): JobState => ({
  name,
  sinceMs: nowMs,
  dueAtMs: null,
  startedAtMs: null,
  endedAtMs: null,
  outcome: null,
  message: null,
  attempts: 0,
})

const messageOf = (error: unknown): string => {
  const text =
    error instanceof BelayError && error.fix ? `${error.message}. ${error.fix}` : error instanceof Error ? error.message : String(error)
  return text.slice(0, maxMessageLength)
}

/** The due time to work on now, or null. One that was begun and not ended comes before any other. */
const dueNow = (job: ScheduledJob, times: CronTimes, state: JobState, nowMs: number): number | null => {
  if (state.outcome === 'running' && state.dueAtMs !== null) return state.dueAtMs
  const afterMs = state.dueAtMs ?? state.sinceMs
  const nextMs = times.next(afterMs)
  if (nextMs === null || nextMs > nowMs) return null
  const owed = times.within(afterMs, nowMs, job.missed === 'latest' ? 1 : maxMadeUp)
  return owed[0] ?? null
}

interface Timed {
  readonly job: ScheduledJob
  readonly times: CronTimes
}

export const createScheduler = (options: SchedulerOptions): Scheduler => {
  const { store, clock, log, timeZone, owner, overrides = {} } = options
  const names = options.jobs.map(({ name }) => name)
  if (new Set(names).size !== names.length) throw new TypeError('Two jobs have the same name')
  for (const name of Object.keys(overrides))
    if (!names.includes(name))
      throw new BelayError('config-invalid', `schedule names the job "${name}", which there is none of`, {
        fix: names.length === 0 ? 'Remove it: this hub has no scheduled jobs.' : `Use one of: ${names.join(', ')}.`,
      })
  if (names.length > maxJobs) throw new RangeError(`More than ${maxJobs} jobs`)
  const cronOf = (job: ScheduledJob): string | null => {
    const override = Object.hasOwn(overrides, job.name) ? overrides[job.name] : undefined
    return override === 'off' ? null : (override ?? job.cron)
  }
  const timed = options.jobs.flatMap((job): Timed[] => {
    const cron = cronOf(job)
    return cron === null ? [] : [{ job, times: cronTimes(cron, timeZone) }]
  })
  const stopping = new AbortController()
  const { signal } = stopping
  let running: Promise<unknown> = Promise.resolve()

  /** Keeps the lease until `ended`; aborts the term when it is lost. */
  const keepLease = async (lease: Lease, term: AbortController, ended: AbortSignal): Promise<void> => {
    let heldUntilMs = lease.expiresAtMs
    while (!ended.aborted) {
      await clock.sleep(renewEveryMs, ended)
      if (ended.aborted) return
      const renewed = await store.acquireLease(lease.name, owner, leaseMs, clock.nowMs()).catch(() => undefined)
      if (renewed && renewed.token === lease.token) heldUntilMs = renewed.expiresAtMs
      // Undefined: the store is away; the lease holds until it runs out.
      if (renewed === null || (renewed && renewed.token !== lease.token) || clock.nowMs() + renewEveryMs >= heldUntilMs) term.abort()
    }
  }

  const runUnder = async (lease: Lease, { job, times }: Timed): Promise<void> => {
    const state = (await store.readSchedule(job.name)) ?? fresh(job.name, clock.nowMs())
    const dueAtMs = dueNow(job, times, state, clock.nowMs())
    if (dueAtMs === null) return
    const attempts = state.outcome === 'running' ? state.attempts + 1 : 1
    const begun: JobState = {
      ...state,
      dueAtMs,
      startedAtMs: clock.nowMs(),
      endedAtMs: null,
      outcome: 'running',
      message: null,
      attempts,
    }
    const end = (outcome: 'done' | 'failed', message: string): Promise<boolean> =>
      store.writeSchedule({ ...begun, endedAtMs: clock.nowMs(), outcome, message }, lease.token)
    if (attempts > maxAttempts) {
      await end('failed', `Given up: ${maxAttempts} times its process ended before it did.`)
      return
    }
    if (!(await store.writeSchedule(begun, lease.token))) return
    const term = new AbortController()
    const ended = new AbortController()
    const kept = keepLease(lease, term, ended.signal)
    const either = AbortSignal.any([signal, term.signal])
    try {
      const message = await job.run(dueAtMs, either)
      await end('done', message.slice(0, maxMessageLength))
      log.info({ job: job.name, dueAtMs, message }, 'scheduled job done')
    } catch (error) {
      // Stopped or superseded: it stays begun, and is begun again by whoever comes next.
      if (either.aborted) return
      log.error(
        {
          job: job.name,
          dueAtMs,
          error: error instanceof BelayError ? messageOf(error) : String(error instanceof Error ? error.stack : error),
        },
        'scheduled job failed',
      )
      await end('failed', messageOf(error))
    } finally {
      ended.abort()
      await kept
    }
  }

  /** How long to wait before looking again. */
  const turn = async (each: Timed): Promise<number> => {
    const { job, times } = each
    const nowMs = clock.nowMs()
    const state = await store.readSchedule(job.name)
    if (state && dueNow(job, times, state, nowMs) === null) {
      const nextMs = times.next(state.dueAtMs ?? state.sinceMs)
      return nextMs === null ? longestIdleMs : Math.min(longestIdleMs, nextMs - nowMs)
    }
    const lease = await store.acquireLease(`schedule/${job.name}`, owner, leaseMs, nowMs)
    if (!lease) return tryEveryMs
    try {
      // Known from now on, so that a time that passes while no process is up is owed.
      if (!state && (await store.readSchedule(job.name)) === null) await store.writeSchedule(fresh(job.name, nowMs), lease.token)
      else await runUnder(lease, each)
    } finally {
      await store.releaseLease(lease.name, owner, lease.token).catch(() => undefined)
    }
    return 0
  }

  const loop = async (each: Timed): Promise<void> => {
    while (!signal.aborted) {
      const waitMs = await turn(each).catch((error: unknown) => {
        log.warn({ job: each.job.name, error: messageOf(error) }, 'schedule not readable; looking again')
        return tryEveryMs
      })
      if (waitMs > 0) await clock.sleep(waitMs, signal)
    }
  }

  return {
    start: () => {
      running = Promise.all(timed.map(loop))
    },
    stop: async () => {
      stopping.abort()
      const stopped = new AbortController()
      await Promise.race([running.finally(() => stopped.abort()), clock.sleep(stopWithinMs, stopped.signal)])
    },
    states: () =>
      Promise.all(
        options.jobs
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map(async (job): Promise<JobView> => {
            const nowMs = clock.nowMs()
            const state = (await store.readSchedule(job.name)) ?? fresh(job.name, nowMs)
            const times = timed.find((each) => each.job === job)?.times
            const nextDueAtMs = times ? (dueNow(job, times, state, nowMs) ?? times.next(nowMs)) : null
            return { ...state, cron: cronOf(job), nextDueAtMs }
          }),
      ),
  }
}
