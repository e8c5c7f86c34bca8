// Reports made, stored, read and written out. A stored report is replaced only by other figures, with the next revision.
import { BelayError } from '../domain/errors.ts'
import { isLocalDay, type LocalDay } from '../domain/local-day.ts'
import type { DailyReport, VendorFigures } from '../domain/report-figures.ts'
import { reportTables } from '../domain/report-tables.ts'
import type { ReportDesk, ReportTarget } from '../ports/report-desk.ts'
import { makeReport, type ReportSource } from './daily-report.ts'
import { wantDelivery } from './deliver-reports.ts'
import { reportHtml } from './report-html.ts'
import { reportText, tableCsv } from './report-text.ts'

const maxListed = 500

/** What Amazon reported is kept from the report that had it: a later sweep may have replaced the rows. */
const keepVendor = (now: readonly VendorFigures[], before: readonly VendorFigures[]): readonly VendorFigures[] =>
  now.map((each) => {
    const was = before.find(({ channel }) => channel === each.channel)
    if (!was) return each
    return {
      channel: each.channel,
      sales: 'missing' in each.sales ? was.sales : each.sales,
      inventory: 'missing' in each.inventory ? was.inventory : each.inventory,
    }
  })

export const createReportDesk = (source: ReportSource, targets: readonly ReportTarget[]): ReportDesk => {
  const { store, clock } = source
  const read = async (day: string) => {
    if (!isLocalDay(day))
      throw new BelayError('report-day-invalid', `"${day.slice(0, 40)}" is not a day`, {
        fix: 'Write it as year-month-day, for example 2026-11-20.',
      })
    const stored = await store.readReport(day)
    if (!stored) throw new BelayError('not-found', `No report of ${day} is stored.`, { fix: `Make it: belay report --day ${day}` })
    const { body, ...rest } = stored
    return { stored: rest, report: JSON.parse(body) as DailyReport }
  }
  return {
    make: async (day) => {
      const made = await makeReport(source, day)
      const stored = await store.readReport(day)
      const before = stored ? (JSON.parse(stored.body) as DailyReport) : null
      const report = before ? { ...made, vendor: keepVendor(made.vendor, before.vendor) } : made
      const body = JSON.stringify(report)
      if (stored?.body === body) return { day, madeAtMs: stored.madeAtMs, revision: stored.revision }
      const next = { day, madeAtMs: clock.nowMs(), revision: (stored?.revision ?? 0) + 1 }
      await store.putReport({ ...next, body })
      return next
    },
    list: ({ before, limit }) => store.listReports({ before, limit: Math.min(limit, maxListed) }),
    read,
    tables: (report) => reportTables(report).map(({ id }) => id),
    write: (report, form, name) => {
      if (form === 'json') return JSON.stringify(report, null, 2)
      if (form === 'html') return reportHtml(report)
      if (form === 'text') return reportText(report)
      const tables = reportTables(report)
      const table = tables.find(({ id }) => id === name)
      if (!table)
        throw new BelayError('request-invalid', name === null ? 'CSV needs a table' : `There is no table "${name.slice(0, 60)}"`, {
          fix: `Name one with table=: ${tables.map(({ id }) => id).join(', ')}.`,
        })
      return tableCsv(table)
    },
    deliveries: (limit) => store.listDeliveries(Math.min(limit, maxListed)),
    send: async (day: LocalDay) => {
      await read(day)
      for (const { name } of targets) await wantDelivery(store, day, name, clock.nowMs(), 'again')
      return targets.map(({ name }) => name)
    },
  }
}
