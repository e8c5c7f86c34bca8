// The daily job on the scheduler, with a virtual clock: days that were missed, prices that came late, reports sent once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { orderOf } from '../../test/support/store-samples.ts'
import { createScheduler, type Scheduler } from '../engine/scheduler.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { DailyReport } from '../domain/report-figures.ts'
import type { ReportTarget } from '../ports/report-desk.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import type { ReportSource } from './daily-report.ts'
import { createReportDesk } from './report-desk.ts'
import { reportJobs } from './report-jobs.ts'

const dayMs = 86_400_000
/** 20 November 2026, noon in Berlin. */
const noon = Date.UTC(2026, 10, 20, 11)
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const line = orderOf('x', 1).lines[0] as NonNullable<ReturnType<typeof orderOf>['lines'][number]>

let store: Store
let clock: VirtualClock
let source: ReportSource
const running: Scheduler[] = []
const sent: string[] = []

const targets: readonly ReportTarget[] = [
  {
    name: 'mail',
    deliver: async (report) => {
      sent.push(report.day)
    },
  },
]

const startProcess = (): Scheduler => {
  const desk = createReportDesk(source, targets)
  const jobs = reportJobs({ source, desk, targets, redact: (text) => text })
  const scheduler = createScheduler({ store, clock, log, timeZone: source.timeZone, jobs, owner: `process ${running.length}` })
  scheduler.start()
  running.push(scheduler)
  return scheduler
}

const reported = async (day: string): Promise<DailyReport> => (await createReportDesk(source, []).read(day)).report
const order = (orderId: string, version: number, createdAtMs: number, amountMinor: number | null) =>
  orderOf(orderId, version, {
    createdAtMs,
    lines: [{ ...line, createdAtMs, orderedQuantity: 2, amountMinor, currency: amountMinor === null ? null : 'EUR' }],
  })

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  clock = createVirtualClock(noon, 2)
  source = { store, clock, timeZone: 'Europe/Berlin', channels: ['shop' as ChannelId], paidByAmazon: new Set() }
  sent.length = 0
})
afterEach(async () => {
  for (const scheduler of running.splice(0)) await scheduler.stop()
  await store.close()
})

describe('the daily report', () => {
  test('is made each morning for the day before, and sent once', async () => {
    startProcess()
    startProcess()
    await clock.advance(2 * dayMs)
    expect((await store.listReports({ before: null, limit: 9 })).map(({ day }) => day)).toEqual(['2026-11-21', '2026-11-20'])
    expect(sent).toEqual(['2026-11-20', '2026-11-21'])
    expect(await store.readSchedule('report/daily')).toMatchObject({
      outcome: 'done',
      message: 'Made 2026-11-21; 0 of 1 earlier days changed. 1 delivered, 0 to be tried again, 0 given up.',
    })
  })

  test('of days when no process was up is made when one is', async () => {
    const first = startProcess()
    await clock.advance(dayMs)
    await first.stop()
    await clock.advance(3 * dayMs)
    startProcess()
    await clock.advance(60_000)
    expect(sent).toEqual(['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23'])
  })

  test('tells a price that is not known as such, and restates its day when it is', async () => {
    await store.commit({ orders: [order('pending', 1, noon, null)] })
    startProcess()
    await clock.advance(dayMs)
    const before = await reported('2026-11-20')
    expect(before.sales.together).toMatchObject({ orders: 1, orderedUnits: 2, revenue: [], unpricedLines: 1, unpricedUnits: 2 })
    const html = createReportDesk(source, []).write(before, 'html', null)
    expect(html).toContain('price not known yet: 1 line.')
    // Its price comes, and an order of that day that nobody had seen.
    await store.commit({ orders: [order('pending', 2, noon, 4_998), order('late', 1, noon + 1, 1_001)] })
    await clock.advance(dayMs)
    const after = await reported('2026-11-20')
    expect(after.sales.together).toMatchObject({
      orders: 2,
      revenue: [{ currency: 'EUR', orderedMinor: 5_999, cancelledMinor: 0 }],
      unpricedLines: 0,
    })
    expect(await store.readReport('2026-11-20')).toMatchObject({ revision: 2 })
    expect(await store.readSchedule('report/daily')).toMatchObject({
      message: expect.stringContaining('1 of 1 earlier days changed: 2026-11-20.'),
    })
    // The next day compares with what is true now.
    expect((await reported('2026-11-21')).dayBefore.sales.together.orders).toBe(2)
    expect(sent).toEqual(['2026-11-20', '2026-11-21'])
  })

  test('of the day of 23 hours has what lies between its first and its last instant', async () => {
    clock = createVirtualClock(Date.UTC(2026, 2, 30, 6), 2)
    source = { ...source, clock }
    const [fromMs, toMs] = [Date.UTC(2026, 2, 28, 23), Date.UTC(2026, 2, 29, 22)]
    const times = [fromMs - 1, fromMs, toMs - 1, toMs]
    await store.commit({ orders: times.map((atMs, i) => order(`o${i}`, 1, atMs, 100)) })
    const desk = createReportDesk(source, [])
    await desk.make('2026-03-29')
    const { report } = await desk.read('2026-03-29')
    expect([report.fromMs, report.toMs, report.sales.together.orders, report.dayBefore.sales.together.orders]).toEqual([fromMs, toMs, 2, 1])
    expect(desk.write(report, 'html', null)).toContain('this day had 23 hours')
  })

  test('never adds currencies', async () => {
    const pounds = orderOf('gbp', 1, { createdAtMs: noon, lines: [{ ...line, amountMinor: 1_999, currency: 'GBP' }] })
    const yen = orderOf('jpy', 1, { createdAtMs: noon, lines: [{ ...line, amountMinor: 5_980, currency: 'JPY' }] })
    await store.commit({ orders: [order('eur', 1, noon, 1_000), pounds, yen] })
    await clock.advance(dayMs)
    const desk = createReportDesk(source, [])
    await desk.make('2026-11-20')
    const { report } = await desk.read('2026-11-20')
    expect(report.sales.together.revenue).toEqual([
      { currency: 'EUR', orderedMinor: 1_000, cancelledMinor: 0 },
      { currency: 'GBP', orderedMinor: 1_999, cancelledMinor: 0 },
      { currency: 'JPY', orderedMinor: 5_980, cancelledMinor: 0 },
    ])
    expect(desk.write(report, 'csv', 'revenue').split('\r\n').slice(0, 4)).toEqual([
      'channel,kind,ordered,cancelled,net,net_day_before,net_week_before,currency',
      'shop,revenue,10.00,0.00,10.00,0.00,0.00,EUR',
      'shop,revenue,19.99,0.00,19.99,0.00,0.00,GBP',
      'shop,revenue,5980,0,5980,0,0,JPY',
    ])
    expect(desk.write(report, 'text', null)).toContain('JPY 5,980')
  })
})

describe('what is asked for', () => {
  test.each(['2026-11-20', '2026-11-21', '2025-01-01', '2026-02-30', 'yesterday'])('%s is no day that can be reported', async (day) => {
    await expect(createReportDesk(source, []).make(day)).rejects.toMatchObject({ code: 'report-day-invalid' })
  })

  test('making a day again gives the same report and no new revision', async () => {
    await store.commit({ orders: [order('one', 1, noon, 700)] })
    await clock.advance(dayMs)
    const desk = createReportDesk(source, [])
    const first = await desk.make('2026-11-20')
    await clock.advance(3_600_000)
    expect(await desk.make('2026-11-20')).toEqual(first)
  })
})
