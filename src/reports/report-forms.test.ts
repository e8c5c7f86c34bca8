// What comes from outside (titles, SKUs, summaries) does no harm in any form, and every table is in every form.
import { expect, test } from 'vitest'
import type { ChannelId, Sku } from '../domain/ids.ts'
import type { ChannelSales, DailyReport } from '../domain/report-figures.ts'
import { reportTables } from '../domain/report-tables.ts'
import { reportHtml } from './report-html.ts'
import { reportText, tableCsv } from './report-text.ts'
import { slackMessage } from './slack-target.ts'

const evil = `<script>alert("1")</script>&'\u0007`
const formula = '=HYPERLINK("https://example.com")'

const sales: ChannelSales = {
  orders: 1,
  lines: 1,
  orderedUnits: 3,
  cancelledUnits: 1,
  revenue: [{ currency: 'EUR', orderedMinor: 123_456_789, cancelledMinor: 5 }],
  netCost: [],
  unpricedLines: 0,
  unpricedUnits: 0,
}
const figures = { channels: [{ channel: evil as ChannelId, ...sales }], together: sales }
const report: DailyReport = {
  day: '2026-10-25',
  timeZone: 'Europe/Berlin',
  fromMs: Date.UTC(2026, 9, 24, 22),
  toMs: Date.UTC(2026, 9, 25, 23),
  sales: figures,
  dayBefore: { day: '2026-10-24', sales: figures },
  weekBefore: { day: '2026-10-18', sales: { channels: [], together: { ...sales, orderedUnits: 0, cancelledUnits: 0 } } },
  purchases: [],
  movers: [formula, evil].map((text) => ({
    sku: text as Sku,
    title: text,
    units: 2,
    revenue: sales.revenue,
    onHandUnits: 5,
    sellThroughPermille: 250,
  })),
  stock: {
    skus: 1,
    skusAvailable: 1,
    onHandUnits: 5,
    reservedUnits: 0,
    openingOnHandUnits: 7,
    receivedUnits: 0,
    returnedUnits: 0,
    shippedUnits: 2,
    soldUnits: 2,
    sellThroughPermille: 286,
    windowDays: 28,
    stockOuts: { skus: 0, lostMilliUnits: 0, worst: [] },
    cover: { belowLow: 0, lowest: [] },
    newlyLow: { skus: 0, rows: [] },
    slow: { skus: 0, units: 0, rows: [] },
    belowZero: { skus: 0, units: 0, movedSkus: 1 },
  },
  oversells: { incidents: 0, units: 0, belowZeroSkus: 0, movedSkus: 1, skus: 1 },
  sync: [],
  incidents: { begun: [], open: [{ kind: 'at-risk', count: 1 }], newestOpen: [{ kind: 'at-risk', summary: evil, atMs: 0 }] },
  drift: { rows: [{ channel: null, kind: 'levels-differ', found: 3, mended: 1, open: 1 }] },
  vendor: [],
}

test('a page holds no markup of others, no script, nothing to load', () => {
  const html = reportHtml(report)
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39; ')
  expect(html).not.toMatch(/<script|<img|<link|<iframe|@import|url\(|\son\w+=|src=/i)
  expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  expect(html).toContain('this day had 25 hours')
  // Every element that was opened is closed.
  const opened = [...html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)].filter(([, , name, self]) => self !== '/' && name !== 'meta')
  expect(opened.filter(([, end]) => end === '').length).toBe(opened.filter(([, end]) => end === '/').length)
})

test('a spreadsheet takes no text for a formula, and money stays a number', () => {
  const movers = reportTables(report).find(({ id }) => id === 'top-movers')
  const revenue = reportTables(report).find(({ id }) => id === 'revenue')
  expect(movers && tableCsv(movers)).toContain(`"'=HYPERLINK(""https://example.com"")"`)
  expect(revenue && tableCsv(revenue)).toContain('revenue,1234567.89,0.05,1234567.84,1234567.84,1234567.84,EUR')
})

test('lines of the plain text are not broken, and money is told exactly', () => {
  const text = reportText(report)
  expect(text).not.toContain('\u0007')
  expect(text).toContain('EUR 1,234,567.84')
  for (const { title } of reportTables(report)) expect(text).toContain(title)
  expect(text).toMatch(/own books +levels-differ +3 +1 +1/)
})

test('a Slack message holds no markup of others', () => {
  expect(JSON.stringify(slackMessage(report))).not.toContain('<script')
})
