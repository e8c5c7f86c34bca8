// Daily reports: listed, read in each form, made anew, sent again; and what became of sending them.
import { Hono } from 'hono'
import { z } from 'zod'
import type { ReportDesk, ReportForm } from '../ports/report-desk.ts'
import { checked, checkedQuery, pageQuery, readJson } from './request-input.ts'

const day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'must be a day, for example 2026-11-20')
  .nullable()
  .default(null)
const listQuery = z.strictObject({ limit: pageQuery.limit, after: day })
const formQuery = z.strictObject({
  form: z.enum(['html', 'text', 'json', 'csv']).default('json'),
  table: z.string().min(1, 'must not be empty').max(60, 'must have at most 60 characters').nullable().default(null),
})
const nothing = z.strictObject({})

const contentTypes: Readonly<Record<ReportForm, string>> = {
  html: 'text/html; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}

/** The page of a report carries its own styles and pictures, and may do nothing else. */
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

export const reportRoutes = (desk: ReportDesk): Hono => {
  const app = new Hono()

  app.get('/reports', async (c) => {
    const { limit, after } = checkedQuery(listQuery, c.req.query())
    const items = await desk.list({ before: after, limit })
    return c.json({ items, next: items.length === limit ? (items.at(-1)?.day ?? null) : null })
  })

  app.get('/report-deliveries', async (c) => {
    const { limit } = checkedQuery(z.strictObject({ limit: pageQuery.limit }), c.req.query())
    return c.json({ items: await desk.deliveries(limit) })
  })

  app.get('/reports/:day', async (c) => {
    const { form, table } = checkedQuery(formQuery, c.req.query())
    const { stored, report } = await desk.read(c.req.param('day'))
    if (form === 'json' && table === null) return c.json({ ...stored, tables: desk.tables(report), report })
    const text = desk.write(report, form, table)
    c.header('Content-Type', contentTypes[form])
    if (form === 'html') c.header('Content-Security-Policy', pagePolicy)
    if (form === 'csv') c.header('Content-Disposition', `attachment; filename="belay-${stored.day}-${table}.csv"`)
    return c.body(text)
  })

  app.post('/reports/:day', async (c) => {
    checked(nothing, await readJson(c.req.raw), 'request-invalid', 'Send {}.')
    return c.json(await desk.make(c.req.param('day')))
  })

  app.post('/reports/:day/send', async (c) => {
    checked(nothing, await readJson(c.req.raw), 'request-invalid', 'Send {}.')
    return c.json({ targets: await desk.send(c.req.param('day')) })
  })

  return app
}
