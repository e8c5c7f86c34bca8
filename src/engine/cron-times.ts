// The times of a cron expression in a time zone. The clock of people counts: a daily time that a change to summer time leaves out comes when
// that change happens, one that a change to winter time repeats comes once, and every-n-minutes expressions go on through both.
import { Cron } from 'croner'
import { BelayError } from '../domain/errors.ts'

export interface CronTimes {
  /** The first time after `afterMs`; null: no time fits any more. */
  next(afterMs: number): number | null
  /** The newest times in (afterMs, throughMs], at most `most`, oldest first. */
  within(afterMs: number, throughMs: number, most: number): readonly number[]
}

/** Throws `config-invalid`. Five fields; nicknames such as @daily are not taken, since a file should say the hour. */
export const cronTimes = (expression: string, timeZone: string): CronTimes => {
  const refuse = (why: string): BelayError =>
    new BelayError('config-invalid', `"${expression}" is not a time to run at: ${why}`, {
      fix: 'Write five fields: minute, hour, day of month, month, day of week; for example "0 6 * * *" for every day at six.',
    })
  if (expression.trim().split(/\s+/).length !== 5) throw refuse('it has not five fields')
  let cron: Cron
  try {
    // Without a function it only computes; nothing is scheduled.
    cron = new Cron(expression.trim(), { timezone: timeZone, paused: true })
  } catch (error) {
    throw refuse(error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error))
  }
  // Asked again and again for the same time while a job waits; to compute it anew takes milliseconds.
  let last: { readonly afterMs: number; readonly nextMs: number | null } | null = null
  return {
    next: (afterMs) => {
      if (last?.afterMs !== afterMs) last = { afterMs, nextMs: cron.nextRun(new Date(afterMs))?.getTime() ?? null }
      return last.nextMs
    },
    within: (afterMs, throughMs, most) =>
      cron
        // Runs strictly before the reference.
        .previousRuns(most, new Date(throughMs + 1))
        .map((time) => time.getTime())
        .filter((timeMs) => timeMs > afterMs && timeMs <= throughMs)
        .toReversed(),
  }
}
