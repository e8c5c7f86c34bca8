// Work at set times. One process of many runs each due time once (a lease and a stored last run decide); a run that was missed while no
// process was up is made up; a job never overlaps itself.
// A run that its process did not live to end is begun again by the next one, so that a run must be harmless to repeat.

export interface ScheduledJob {
  /** Stable: the stored state is found by it. For example `report/daily`, `reconcile/shop-1`, `ledger-audit`. */
  readonly name: string
  /** Five fields, in the merchant's time zone. */
  readonly cron: string
  /** latest: of several missed times only the last is made up. each: every one, oldest first (of very many the newest). */
  readonly missed: 'latest' | 'each'
  /**
   * One line of what it did, for people. A BelayError or any other error is stored and shown; it is tried again at the next time.
   * The signal aborts when the hub stops or the lease is lost: then another process may begin it again.
   */
  readonly run: (dueAtMs: number, signal: AbortSignal) => Promise<string>
}

export interface JobState {
  readonly name: string
  /** When the job was first known: due times up to then are not owed. */
  readonly sinceMs: number
  /** The due time last worked on; null: none yet. */
  readonly dueAtMs: number | null
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  readonly outcome: 'running' | 'done' | 'failed' | null
  /** What it did, or why it failed. */
  readonly message: string | null
  /** How often `dueAtMs` was begun: more than once only where a process did not live to end it. */
  readonly attempts: number
}

/** A job as people see it. */
export interface JobView extends JobState {
  /** null: turned off by the configuration. */
  readonly cron: string | null
  /** null: turned off, or no time fits. In the past: it is owed. */
  readonly nextDueAtMs: number | null
}

export interface ScheduleStore {
  readSchedule(name: string): Promise<JobState | null>
  /** `token`: of the lease under which it is written. False: a later owner has written, nothing is changed. */
  writeSchedule(state: JobState, token: number): Promise<boolean>
}

/** What the shell may ask of the scheduler. */
export interface ScheduleReader {
  /** By name. */
  states(): Promise<readonly JobView[]>
}
