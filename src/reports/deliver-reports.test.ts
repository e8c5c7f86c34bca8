// Reports sent to a real mail server and a real web server in this process.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { incidentState } from '../domain/incidents.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { DailyReport } from '../domain/report-figures.ts'
import type { ReportTarget } from '../ports/report-desk.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { makeReport, type ReportSource } from './daily-report.ts'
import { deliverReports, wantDelivery } from './deliver-reports.ts'
import { mailTarget } from './mail-target.ts'
import { createReportDesk } from './report-desk.ts'
import { slackTarget } from './slack-target.ts'

const day = '2026-11-20'
const minuteMs = 60_000
const secret = 'T000-very-secret-part'

let store: Store
let clock: VirtualClock
let source: ReportSource
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  clock = createVirtualClock(Date.UTC(2026, 10, 21, 6), 2)
  source = { store, clock, timeZone: 'Europe/Berlin', channels: ['shop' as ChannelId], paidByAmazon: new Set() }
  await createReportDesk(source, []).make(day)
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await store.close()
})

const signal = new AbortController().signal
const deliver = (targets: readonly ReportTarget[]): Promise<string> =>
  deliverReports({ store, clock, targets, redact: (text) => text.replaceAll(secret, '[secret]') }, signal)

const mailServer = async (options: { refuse?: () => boolean } = {}): Promise<{ port: number; mails: string[]; users: string[] }> => {
  const mails: string[] = []
  const users: string[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      users.push(username ?? '')
      done(password === secret ? null : new Error('wrong password'), { user: username })
    },
    onRcptTo: (_address, _session, done) => done(options.refuse?.() === true ? new Error(`no such user ${secret}`) : null),
    onData: (stream, _session, done) => {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        mails.push(Buffer.concat(parts).toString())
        done()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closing.push(() => new Promise((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, mails, users }
}

const mailTo = (port: number, password = secret): ReportTarget =>
  mailTarget({
    host: '127.0.0.1',
    port,
    tls: 'none',
    user: 'belay',
    password,
    from: 'Belay <belay@example.com>',
    to: ['lead@example.com', 'night@example.com'],
  })

const webServer = async (answer: () => number): Promise<{ url: string; bodies: string[] }> => {
  const bodies: string[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => {
      body += String(part)
    })
    request.on('end', () => {
      bodies.push(body)
      response.writeHead(answer()).end('ok')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/${secret}`, bodies }
}

describe('a report', () => {
  test('comes by mail as HTML with a plain text beside it, once', async () => {
    const { port, mails, users } = await mailServer()
    const targets = [mailTo(port)]
    await wantDelivery(store, day, 'mail', clock.nowMs(), 'once')
    expect(await deliver(targets)).toBe('1 delivered, 0 to be tried again, 0 given up.')
    await wantDelivery(store, day, 'mail', clock.nowMs(), 'once')
    expect(await deliver(targets)).toBe('Nothing was due.')
    expect(mails).toHaveLength(1)
    expect(users).toEqual(['belay'])
    const mail = mails[0] ?? ''
    expect(mail).toContain('multipart/alternative')
    expect(mail).toMatch(/Content-Type: text\/plain[^]*Content-Type: text\/html/)
    expect(mail).toContain('Subject: Belay: Friday 20 November 2026')
    expect(mail).toContain('To: lead@example.com, night@example.com')
    expect(await store.listDeliveries(9)).toMatchObject([{ day, target: 'mail', state: 'delivered', attempts: 1, lastError: null }])
  })

  test('comes to a webhook as blocks', async () => {
    const { url, bodies } = await webServer(() => 200)
    await wantDelivery(store, day, 'slack', clock.nowMs(), 'once')
    expect(await deliver([slackTarget(url, fetch)])).toContain('1 delivered')
    const message = JSON.parse(bodies[0] ?? '') as { text: string; blocks: { type: string }[] }
    expect(message.text).toContain('Friday 20 November 2026')
    expect(message.blocks.map(({ type }) => type)).toEqual(['header', 'section', 'section', 'context'])
  })

  test('that was not taken is tried again with growing waits, and what went wrong is kept without the secret', async () => {
    let refuses = true
    const { port, mails } = await mailServer({ refuse: () => refuses })
    const targets = [mailTo(port)]
    await wantDelivery(store, day, 'mail', clock.nowMs(), 'once')
    const waits: number[] = []
    for (let i = 0; i < 3; i++) {
      expect(await deliver(targets)).toBe('0 delivered, 1 to be tried again, 0 given up.')
      const [waiting] = await store.listDeliveries(1)
      const waitMs = (waiting?.atMs ?? 0) - clock.nowMs()
      waits.push(waitMs / minuteMs)
      expect(waiting?.lastError).toContain('[secret]')
      expect(waiting?.lastError).not.toContain(secret)
      await clock.advance(waitMs - 1)
      expect(await deliver(targets)).toBe('Nothing was due.')
      await clock.advance(1)
    }
    expect(waits).toEqual([5, 10, 20])
    refuses = false
    expect(await deliver(targets)).toContain('1 delivered')
    expect(mails).toHaveLength(1)
  })

  test('that nobody takes is given up with an incident, which ends when it is delivered after all', async () => {
    let status = 500
    const { url } = await webServer(() => status)
    const targets = [slackTarget(url, fetch)]
    await wantDelivery(store, day, 'slack', clock.nowMs(), 'once')
    for (let i = 0; i < 14; i++) {
      await deliver(targets)
      await clock.advance(4 * 60 * minuteMs)
    }
    expect(await store.listDeliveries(1)).toMatchObject([{ state: 'given-up', attempts: 14, lastError: 'the webhook answered 500' }])
    const open = await store.listIncidents({ after: null, limit: 9 })
    expect(open.items.map((each) => [each.kind, incidentState(each)])).toEqual([['report-undelivered', 'open']])
    expect(open.items[0]?.summary).toBe('The report of 2026-11-20 could not be sent to slack: the webhook answered 500')
    expect(await deliver(targets)).toBe('Nothing was due.')
    status = 200
    expect(await createReportDesk(source, targets).send(day)).toEqual(['slack'])
    expect(await deliver(targets)).toContain('1 delivered')
    const after = await store.listIncidents({ after: null, limit: 9 })
    expect(after.items.map(incidentState)).toEqual(['resolved'])
  })

  test.each([
    ['a mail server that is not there', () => mailTo(1)],
    ['a web server that is not there', () => slackTarget(`http://127.0.0.1:1/${secret}`, fetch)],
  ])('%s is an error that is told without the secret', async (_name, make) => {
    const target = make()
    await wantDelivery(store, day, target.name, clock.nowMs(), 'once')
    expect(await deliver([target])).toContain('1 to be tried again')
    const [waiting] = await store.listDeliveries(1)
    expect(waiting?.lastError).not.toContain(secret)
    expect(waiting?.lastError).not.toBeNull()
  })

  test('for a target that never answers is given time, then tried again', async () => {
    const silent: ReportTarget = { name: 'mail', deliver: () => new Promise(() => undefined) }
    await wantDelivery(store, day, 'mail', clock.nowMs(), 'once')
    const sending = deliver([silent])
    await clock.advance(minuteMs)
    expect(await sending).toContain('1 to be tried again')
    expect(await store.listDeliveries(1)).toMatchObject([{ lastError: 'no answer within 60 seconds' }])
  })
})

test('a day with nothing at all is told as one', async () => {
  const report: DailyReport = await makeReport(source, day)
  expect(report.sales.together).toMatchObject({ orders: 0, orderedUnits: 0, revenue: [] })
  const desk = createReportDesk(source, [])
  const text = desk.write(report, 'text', null)
  expect(text).toContain('0 orders, 0 units net (none on the day before, none a week before).')
  expect(text).toContain('0 oversells.')
  expect(desk.write(report, 'html', null)).toContain('Friday 20 November 2026')
})
