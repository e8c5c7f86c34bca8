// Work at set times. One process of many runs each due time once (a lease and a stored last run decide); a run that was missed while no
// process was up is made up; a job never overlaps itself.

export interface ScheduledJob {
  /** Stable: the stored state is found by it. For example `report/daily`, `reconcile/shop-1`, `ledger-audit`. */
  readonly name: string
  /** Five fields, in the merchant's time zone. */
  readonly cron: string
  /** latest: of several missed times only the last is made up. each: every one, oldest first. */
  readonly missed: 'latest' | 'each'
  /** One line of what it did, for people. A BelayError or any other error is stored and shown; it is tried again at the next time. */
  readonly run: (dueAtMs: number, signal: AbortSignal) => Promise<string>
}

export interface JobState {
  readonly name: string
  /** The due time last worked on; null: none yet. */
  readonly dueAtMs: number | null
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  readonly outcome: 'running' | 'done' | 'failed' | null
  readonly message: string | null
}
