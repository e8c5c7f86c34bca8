// What the shell may ask of reports, and where they are sent.
import type { LocalDay } from '../domain/local-day.ts'
import type { DailyReport } from '../domain/report-figures.ts'
import type { ReportDelivery, StoredReport } from './reports.ts'

export type ReportForm = 'html' | 'text' | 'json' | 'csv'

export interface ReportDesk {
  /** Makes the figures of a day anew and stores them; the same figures change nothing. Throws `report-day-invalid`. */
  make(day: string): Promise<Omit<StoredReport, 'body'>>
  /** Newest day first. `before`: days before this one. */
  list(filter: { readonly before: LocalDay | null; readonly limit: number }): Promise<readonly Omit<StoredReport, 'body'>[]>
  /** Throws `report-day-invalid`, `not-found` (no report of the day is stored). */
  read(day: string): Promise<{ readonly stored: Omit<StoredReport, 'body'>; readonly report: DailyReport }>
  /** Ids of the tables that a report has. */
  tables(report: DailyReport): readonly string[]
  /** csv: of this table; throws `request-invalid` when there is none of the name. */
  write(report: DailyReport, form: ReportForm, table: string | null): string
  deliveries(limit: number): Promise<readonly ReportDelivery[]>
  /** Sends a stored report to every target again, also where it was delivered. Returns the targets. Throws as `read`. */
  send(day: string): Promise<readonly string[]>
}

/** A place that reports are sent to. Throws when it did not take one; then it is tried again. Messages hold no secret. */
export interface ReportTarget {
  /** Stable: `mail`, `slack`. */
  readonly name: string
  deliver(report: DailyReport, signal: AbortSignal): Promise<void>
}
