// A report as HTML: for a browser, a mail client and paper. Styles are written on the elements, because mail clients drop sheets; no script, no
// image, nothing loaded. Everything that came from outside (titles, SKUs, names) is escaped. Charts are inline SVG and say nothing that
// the tables do not, since some mail clients leave them out.
import type { ReportTable } from '../domain/report-cells.ts'
import type { DailyReport } from '../domain/report-figures.ts'
import { netUnits, reportHeadlines, reportTables } from '../domain/report-tables.ts'
import { type BarGroup, groupedBars } from './bar-chart.ts'
import { escapeHtml } from './escape-html.ts'

const ink = '#1b1f24'
const faint = '#57606a'
const rule = '#d0d7de'
const font = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

const cellStyle = (numeric: boolean, first: boolean, sum: boolean): string =>
  `padding:5px 8px;border-bottom:1px solid ${rule};vertical-align:top;${numeric ? 'text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;' : `text-align:left;${first ? 'white-space:nowrap;' : ''}`}${sum ? 'font-weight:600;' : ''}`

const tableHtml = ({ columns, rows: all, empty, id, shown }: ReportTable): string => {
  const rows = all.slice(0, shown)
  if (rows.length === 0) return empty === '' ? '' : `<p style="margin:4px 0;color:${faint}">${escapeHtml(empty)}</p>`
  const head = columns
    .map(
      ({ name, numeric }) =>
        `<th scope="col" style="padding:5px 8px;border-bottom:2px solid ${ink};font-size:12px;color:${faint};font-weight:600;text-align:${numeric ? 'right' : 'left'}">${escapeHtml(name)}</th>`,
    )
    .join('')
  const body = rows
    .map((row) => {
      const sum = id === 'sales' && row[0]?.text === 'together'
      return `<tr>${row.map((cell, i) => `<td style="${cellStyle(columns[i]?.numeric === true, i === 0, sum)}">${escapeHtml(cell.text)}</td>`).join('')}</tr>`
    })
    .join('')
  const more =
    all.length > shown ? `<p style="margin:4px 0;font-size:13px;color:${faint}">And ${all.length - shown} more: in the CSV.</p>` : ''
  return `<div style="overflow-x:auto"><table role="table" style="border-collapse:collapse;width:100%;font-size:14px;line-height:1.35"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>${more}`
}

const chartsOf = (report: DailyReport): Readonly<Record<string, string>> => {
  const series = [report.day, report.dayBefore.day, report.weekBefore.day]
  const salesOf = (channels: readonly { readonly channel: string }[], channel: string): number => {
    const found = channels.find((each) => each.channel === channel) as Parameters<typeof netUnits>[0] | undefined
    return found ? netUnits(found) : 0
  }
  const groups = report.sales.channels.map(
    ({ channel }): BarGroup => ({
      name: channel,
      values: [report.sales, report.dayBefore.sales, report.weekBefore.sales].map(({ channels }) => salesOf(channels, channel)),
    }),
  )
  return {
    sales: groups.length === 0 ? '' : groupedBars({ title: 'Net units by marketplace', series, groups }),
    'top-movers':
      report.movers.length === 0
        ? ''
        : groupedBars({
            title: 'Top movers, net units',
            series: [],
            groups: report.movers.slice(0, 10).map(({ sku, units }) => ({ name: sku, values: [units] })),
          }),
  }
}

const sectionHtml = (table: ReportTable, chart: string): string => {
  const notes = table.notes.map((note) => `<p style="margin:2px 0 6px;font-size:13px;color:${faint}">${escapeHtml(note)}</p>`).join('')
  return `<div class="section" style="margin:26px 0 0"><h2 style="font-size:17px;margin:0 0 4px;color:${ink}">${escapeHtml(table.title)}</h2>${notes}${chart}${tableHtml(table)}</div>`
}

/** For example "Friday 20 November 2026". */
export const dayTitle = ({ timeZone, fromMs, toMs }: DailyReport): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
    // The middle of the day is in it, whatever the clocks do.
    .formatToParts((fromMs + toMs) / 2)
    .flatMap(({ type, value }) => (type === 'literal' ? [] : [value]))
    .join(' ')

const sheet = `@media print{body{background:#fff!important}.page{max-width:none!important;padding:0!important;border:0!important}.section{break-inside:avoid-page}h2{break-after:avoid}tr{break-inside:avoid}@page{margin:14mm}}
@media (max-width:600px){.page{padding:14px!important}}`

export const reportHtml = (report: DailyReport): string => {
  const charts = chartsOf(report)
  const [first = '', ...others] = reportHeadlines(report)
  const hours = (report.toMs - report.fromMs) / 3_600_000
  const title = `Belay, ${dayTitle(report)}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light"><title>${escapeHtml(title)}</title><style>${sheet}</style></head>
<body style="margin:0;background:#f6f8fa;color:${ink};font-family:${font}">
<div class="page" style="max-width:860px;margin:0 auto;padding:24px 28px;background:#fff">
<h1 style="font-size:22px;margin:0">${escapeHtml(dayTitle(report))}</h1>
<p style="margin:2px 0 14px;font-size:13px;color:${faint}">Daily report in ${escapeHtml(report.timeZone)}${hours === 24 ? '' : `; this day had ${hours} hours`}</p>
<p style="margin:0 0 8px;font-size:16px;font-weight:600">${escapeHtml(first)}</p>
<ul style="margin:0;padding-left:20px;line-height:1.6">${others.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>
${reportTables(report)
  .map((table) => sectionHtml(table, charts[table.id] ?? ''))
  .join('\n')}
</div></body></html>
`
}
