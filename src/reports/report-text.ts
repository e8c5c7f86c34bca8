// A report as plain text (the alternative part of its mail) and as CSV, one file a table.
import { stringify } from 'csv-stringify/sync'
import type { ReportTable } from '../domain/report-cells.ts'
import type { DailyReport } from '../domain/report-figures.ts'
import { reportHeadlines, reportTables } from '../domain/report-tables.ts'
import { dayTitle } from './report-html.ts'

const maxCellLength = 36
/** Lines of a mail hold what they are given; control characters would not. */
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
const short = (text: string): string => (text.length > maxCellLength ? `${text.slice(0, maxCellLength - 1)}…` : text)

const tableText = ({ columns, rows: all, empty, shown }: ReportTable): readonly string[] => {
  const rows = all.slice(0, shown)
  if (rows.length === 0) return empty === '' ? [] : [`  ${empty}`]
  const texts = [columns.map(({ name }) => name), ...rows.map((row) => row.map(({ text }) => short(plain(text))))]
  const widths = columns.map((_, i) => Math.max(...texts.map((row) => row[i]?.length ?? 0)))
  return texts.map(
    (row) =>
      `  ${row
        .map((cell, i) => (columns[i]?.numeric === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd()}`,
  )
}

export const reportText = (report: DailyReport): string =>
  [
    `${dayTitle(report)} (${report.timeZone})`,
    '',
    ...reportHeadlines(report).map(plain),
    ...reportTables(report).flatMap((table) => ['', table.title, ...table.notes.map((note) => `  ${plain(note)}`), ...tableText(table)]),
    '',
  ].join('\n')

/** A text that a spreadsheet would take for a formula is told from one (OWASP, "CSV Injection"). */
const safe = (value: string | number | null): string | number => {
  if (value === null) return ''
  return typeof value === 'string' && /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value
}

/** RFC 4180, UTF-8, a header line; bare values: decimal points, no grouping, milliseconds. */
export const tableCsv = (table: ReportTable): string =>
  stringify(
    table.rows.map((row) => row.map(({ value }) => safe(value))),
    { header: true, columns: table.columns.map(({ key }) => key), record_delimiter: 'windows' },
  )
