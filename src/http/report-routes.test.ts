// Reports and the schedule over real HTTP, and by the command line that asks it.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFakeHub } from '../../test/support/fake-hub.ts'
import { orderOf } from '../../test/support/store-samples.ts'
import { runCommandLine } from '../cli/program.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { ChannelId } from '../domain/ids.ts'
import { createScheduler } from '../engine/scheduler.ts'
import { systemRandom } from '../engine/system-random.ts'
import type { Clock } from '../ports/clock.ts'
import type { ReportTarget } from '../ports/report-desk.ts'
import type { Store } from '../ports/store.ts'
import { createReportDesk } from '../reports/report-desk.ts'
import { reportJobs } from '../reports/report-jobs.ts'
import { openStore } from '../store/index.ts'
import { createHttpApp } from './app.ts'
import { createPrometheusMetrics } from './prometheus-metrics.ts'
import { type HttpServer, serveHttp } from './serve-http.ts'

const nowMs = Date.UTC(2026, 10, 21, 9)
const clock: Clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }

let store: Store
let server: HttpServer
const files = new Map<string, string>()

beforeEach(async () => {
  files.clear()
  store = await openStore('sqlite::memory:')
  await store.migrate()
  await store.commit({ orders: [orderOf('one', 1, { createdAtMs: nowMs - 86_400_000 })] })
  const source = { store, clock, timeZone: 'Europe/Berlin', channels: ['shop' as ChannelId], paidByAmazon: new Set<ChannelId>() }
  const targets: readonly ReportTarget[] = [{ name: 'mail', deliver: () => Promise.resolve() }]
  const desk = createReportDesk(source, targets)
  const app = createHttpApp({
    hub: createFakeHub({ store }),
    reports: desk,
    schedule: createScheduler({
      store,
      clock,
      log,
      timeZone: source.timeZone,
      jobs: reportJobs({ source, desk, targets, redact: (text) => text }),
      overrides: { 'report/deliver': 'off' },
      owner: 'test',
    }),
    metrics: createPrometheusMetrics(),
    apiKeyHash: null,
    timeZone: source.timeZone,
    clock,
    random: systemRandom,
    log: log as never,
  })
  server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  await server.close()
  await store.close()
})

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${server.url}/api/v1${path}`, init)
const post = (path: string): Promise<Response> => ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })

const type = async (...argv: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> => {
  const out: string[] = []
  const errors: string[] = []
  const terminal: Terminal = {
    print: (text) => out.push(text),
    printError: (text) => errors.push(text),
    confirm: () => Promise.resolve(true),
    readBytes: () => Promise.reject(new Error('no files')),
    writeText: (path, text) => {
      files.set(path, text)
      return Promise.resolve()
    },
    setExitCode: () => undefined,
    env: {},
    fetch: (input, init) => fetch(input, init),
  }
  const none = (): Promise<never> => Promise.reject(new Error('not part of this test'))
  const programs = { serve: none, check: none, demo: none, simulate: none, openStore: none, clock }
  const code = await runCommandLine(programs, ['node', 'belay', ...argv, '--url', server.url], terminal)
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}

test('a report is made, listed, and read in each form', async () => {
  expect(await (await ask('/reports')).json()).toEqual({ items: [], next: null })
  expect((await ask('/reports/2026-11-20')).status).toBe(404)
  expect(await (await post('/reports/2026-11-20')).json()).toEqual({ day: '2026-11-20', madeAtMs: nowMs, revision: 1 })
  const json = (await (await ask('/reports/2026-11-20')).json()) as { tables: string[]; report: { sales: { together: unknown } } }
  expect(json.report.sales.together).toMatchObject({ orders: 1, orderedUnits: 2, revenue: [{ currency: 'EUR', orderedMinor: 1999 }] })
  expect(json.tables).toContain('sales')

  const html = await ask('/reports/2026-11-20?form=html')
  expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(html.headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
  expect(await html.text()).toContain('Friday 20 November 2026')
  const csv = await ask('/reports/2026-11-20?form=csv&table=sales')
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="belay-2026-11-20-sales.csv"')
  expect(await csv.text()).toContain('shop,1,2,0,2,0,0,0\r\n')
  expect((await ask('/reports')).headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
})

test.each([
  ['GET', '/reports/2026-11-21', 404],
  ['POST', '/reports/2026-11-21', 400],
  ['POST', '/reports/yesterday', 400],
  ['GET', '/reports/..%2F..', 400],
  ['GET', '/reports?after=x', 400],
  ['GET', '/reports/2026-11-20?form=pdf', 400],
])('%s %s is answered %i with what to do', async (method, path, status) => {
  const answer = method === 'POST' ? await post(path) : await ask(path)
  expect(answer.status).toBe(status)
  expect(((await answer.json()) as { error: { fix?: string } }).error.fix).toBeTruthy()
})

test('a table that there is none of is refused with those that there are', async () => {
  await post('/reports/2026-11-20')
  const answer = await ask('/reports/2026-11-20?form=csv&table=none')
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('top-movers')
})

test('belay report makes what is not stored, prints it, and writes every table to files', async () => {
  expect((await type('report')).out).toContain('No report is stored yet')
  const { code, out } = await type('report', '--day', '2026-11-20')
  expect(code).toBe(0)
  expect(out).toContain('1 order, 2 units net')
  const written = await type('report', '--day', '2026-11-20', '--form', 'csv', '--out', 'there')
  expect(written.out.split('\n')).toContain('there/belay-2026-11-20-revenue.csv')
  expect(files.get('there/belay-2026-11-20-revenue.csv')).toContain('shop,revenue,19.99')
  expect((await type('report')).out).toMatch(/2026-11-20 .* 1$/m)
  const refused = await type('report', '--day', '2026-11-21')
  expect(refused.code).toBe(1)
  expect(refused.errors).toContain('report-day-invalid')
})

test('belay report --send and --deliveries tell where it goes', async () => {
  expect((await type('report', '--day', '2026-11-20', '--send')).out).toContain('It is sent to mail')
  expect((await type('report', '--deliveries')).out).toMatch(/2026-11-20 +mail +waiting/)
  expect((await ask('/report-deliveries')).status).toBe(200)
})

test('belay schedule lists the jobs', async () => {
  const { out } = await type('schedule')
  expect(out).toMatch(/report\/daily +0 6 \* \* \*/)
  expect(out).toMatch(/report\/deliver +off/)
  expect(out).toContain('Times are in Europe/Berlin.')
})
