// A report as tables, the same for every form: each cell is what people read, and the bare value for machines.
// Money is told with its currency, never added across currencies. Times are in the report's time zone.
import type { IncidentKind } from './incidents.ts'
import {
  type Bare,
  change,
  changeText,
  column,
  counted,
  decimalText,
  duration,
  money,
  moneyText,
  percent,
  type ReportTable,
  type TableCell,
  whole,
  word,
} from './report-cells.ts'
import { type ChannelSales, type DailyReport, type Missing, type MoneyFigures, type SyncFigures, type VendorRow } from './report-figures.ts'
import { coverTable, newlyLowTable, slowTable, stockOutTable, stockTable } from './report-stock-tables.ts'

type Sales = ChannelSales & { readonly channel: string }
const noSales: ChannelSales = {
  orders: 0,
  lines: 0,
  orderedUnits: 0,
  cancelledUnits: 0,
  revenue: [],
  netCost: [],
  unpricedLines: 0,
  unpricedUnits: 0,
}

export const netUnits = ({ orderedUnits, cancelledUnits }: ChannelSales): number => orderedUnits - cancelledUnits

const rowsOfSales = (report: DailyReport): readonly { now: Sales; before: ChannelSales; week: ChannelSales }[] => {
  const of = (channels: readonly Sales[], channel: string): ChannelSales => channels.find((each) => each.channel === channel) ?? noSales
  return [
    ...report.sales.channels.map((now) => ({
      now,
      before: of(report.dayBefore.sales.channels, now.channel),
      week: of(report.weekBefore.sales.channels, now.channel),
    })),
    {
      now: { channel: 'together', ...report.sales.together },
      before: report.dayBefore.sales.together,
      week: report.weekBefore.sales.together,
    },
  ]
}

const salesTable = (report: DailyReport): Bare => {
  const { unpricedLines } = report.sales.together
  return {
    id: 'sales',
    title: 'Orders and units by marketplace',
    notes: [
      `Orders created on ${report.day}, as they are known now. The columns at the right compare net units with ${report.dayBefore.day} and ${report.weekBefore.day}.`,
      ...(unpricedLines > 0
        ? [
            `Price not known yet: ${unpricedLines} ${unpricedLines === 1 ? 'line' : 'lines'}. They count as units, not as revenue, until it is told.`,
          ]
        : []),
      'Orders that Amazon fulfils from its own stock (FBA) are not read and not in these figures.',
    ],
    columns: [
      column('channel', 'Marketplace', false),
      column('orders', 'Orders'),
      column('units', 'Units'),
      column('cancelled_units', 'Cancelled'),
      column('net_units', 'Net'),
      column('unpriced_lines', 'No price yet'),
      column('net_units_day_before', 'Day before'),
      column('net_units_week_before', 'Week before'),
    ],
    rows: rowsOfSales(report).map(({ now, before, week }) => [
      word(now.channel),
      whole(now.orders),
      whole(now.orderedUnits),
      whole(now.cancelledUnits),
      whole(netUnits(now)),
      whole(now.unpricedLines),
      change(netUnits(now), netUnits(before)),
      change(netUnits(now), netUnits(week)),
    ]),
    empty: 'No marketplace is configured.',
  }
}

const netMinor = (each: MoneyFigures | undefined): number => (each ? each.orderedMinor - each.cancelledMinor : 0)

const revenueTable = (report: DailyReport): Bare => {
  const rows = rowsOfSales(report).flatMap(({ now, before, week }) =>
    (['revenue', 'netCost'] as const).flatMap((kind) => {
      const currencies = [...new Set([...now[kind], ...before[kind], ...week[kind]].map((each) => each.currency))].sort()
      return currencies.map((currency): readonly TableCell[] => {
        const of = (sales: ChannelSales): MoneyFigures | undefined => sales[kind].find((each) => each.currency === currency)
        const figures = of(now)
        return [
          word(now.channel),
          word(kind === 'revenue' ? 'revenue' : 'net cost'),
          money(figures?.orderedMinor ?? 0, currency),
          money(figures?.cancelledMinor ?? 0, currency),
          money(netMinor(figures), currency),
          { ...change(netMinor(figures), netMinor(of(before))), value: decimalText(netMinor(of(before)), currency) },
          { ...change(netMinor(figures), netMinor(of(week))), value: decimalText(netMinor(of(week)), currency) },
          word(currency),
        ]
      })
    }),
  )
  return {
    id: 'revenue',
    title: 'Revenue by currency',
    notes: [
      'Revenue is the discounted item price with tax. Net cost is what Amazon pays a vendor, before tax: another thing, in lines of its own. Currencies are never added.',
    ],
    columns: [
      column('channel', 'Marketplace', false),
      column('kind', 'What', false),
      column('ordered', 'Ordered'),
      column('cancelled', 'Cancelled'),
      column('net', 'Net'),
      column('net_day_before', 'Day before'),
      column('net_week_before', 'Week before'),
      column('currency', 'Currency', false),
    ],
    rows,
    empty: 'Nothing was sold at a price that is known.',
  }
}

const purchaseTable = (report: DailyReport): Bare => ({
  id: 'purchase-orders',
  title: 'Retail purchase orders of Amazon',
  notes: ['Fill rate = accepted units / units of orders that were answered.'],
  columns: [
    column('channel', 'Account', false),
    column('orders', 'Orders'),
    column('asked_units', 'Asked'),
    column('accepted_units', 'Accepted'),
    column('rejected_units', 'Rejected'),
    column('unanswered_units', 'Not answered'),
    column('fill_rate_percent', 'Fill rate'),
    column('accepted_cost', 'Accepted, net cost'),
  ],
  rows: report.purchases.map((each) => [
    word(each.channel),
    whole(each.orders),
    whole(each.askedUnits),
    whole(each.acceptedUnits),
    whole(each.rejectedUnits),
    whole(each.unansweredUnits),
    percent(each.fillPermille),
    word(each.acceptedCost.map(({ currency, amountMinor }) => moneyText(amountMinor, currency)).join(' and ') || null),
  ]),
  empty: 'Amazon asked for nothing.',
})

const netRevenue = (revenue: readonly MoneyFigures[]): string | null =>
  revenue.map((each) => moneyText(netMinor(each), each.currency)).join(' and ') || null

const moversTable = (report: DailyReport): Bare => ({
  id: 'top-movers',
  title: 'Top movers',
  notes: ['Units are net of cancellations. Sell-through = sold / (on hand at the day’s beginning + received + returned).'],
  columns: [
    column('sku', 'SKU', false),
    column('title', 'Title', false),
    column('units', 'Units'),
    column('revenue', 'Revenue'),
    column('on_hand_units', 'On hand'),
    column('sell_through_percent', 'Sell-through'),
  ],
  rows: report.movers.map((each) => [
    word(each.sku),
    word(each.title),
    whole(each.units),
    word(netRevenue(each.revenue)),
    whole(each.onHandUnits),
    percent(each.sellThroughPermille),
  ]),
  empty: 'Nothing was sold.',
})

const oversellSentence = ({ oversells }: DailyReport): string =>
  oversells.incidents === 0 && oversells.belowZeroSkus === 0
    ? `0 oversells. Known from the ledger: of ${oversells.skus} SKUs, the ${oversells.movedSkus} that moved were followed commit by commit, and at no time was more promised than was on hand; and no order of the day was found to take more than there was.`
    : `${oversells.incidents} orders took ${oversells.units} units more than there was; ${oversells.belowZeroSkus} SKUs had more promised than was on hand at some time. belay incidents tells which, and what to do.`

const oversellTable = (report: DailyReport): Bare => ({
  id: 'oversells',
  title: 'Oversells',
  notes: [oversellSentence(report)],
  columns: [
    column('incidents', 'Oversells'),
    column('units', 'Units'),
    column('below_zero_skus', 'SKUs promised beyond the shelf'),
    column('moved_skus', 'SKUs followed'),
  ],
  rows: [
    [
      whole(report.oversells.incidents),
      whole(report.oversells.units),
      whole(report.oversells.belowZeroSkus),
      whole(report.oversells.movedSkus),
    ],
  ],
  empty: '',
})

const syncRow = (each: SyncFigures): readonly TableCell[] => [
  word(each.channel),
  duration(each.p50Ms),
  duration(each.p95Ms),
  duration(each.p99Ms),
  whole(each.pushesReached),
  whole(each.pushesNotReached),
  whole(each.requests),
  whole(each.throttled),
  whole(each.retries),
  percent(each.quotaUsedPermille),
]

const syncTable = (report: DailyReport): Bare => ({
  id: 'sync',
  title: 'How fast the marketplaces were told',
  notes: [
    'p50, p95, p99: half, 95 % and 99 % of the sales were told to this marketplace within this time, from their arrival here to the request; to within 9 %.',
    'Quota used: mean share of the budget for writes that was in use, looked at every quarter of a minute.',
  ],
  columns: [
    column('channel', 'Marketplace', false),
    column('p50_ms', 'p50'),
    column('p95_ms', 'p95'),
    column('p99_ms', 'p99'),
    column('pushes_reached', 'Writes'),
    column('pushes_not_reached', 'Not taken'),
    column('requests', 'Requests'),
    column('throttled', 'Throttled'),
    column('retries', 'Retries'),
    column('quota_used_percent', 'Quota used'),
  ],
  rows: report.sync.map(syncRow),
  empty: 'No marketplace is configured.',
})

const driftTable = ({ drift }: DailyReport): Bare => ({
  id: 'drift',
  title: 'Drift found and mended',
  notes: ['What reconciliation found that day, and what became of it until now. belay reconcile tells of each run.'],
  columns: [
    column('channel', 'Where', false),
    column('kind', 'What', false),
    column('found', 'Found'),
    column('mended', 'Mended'),
    column('open', 'Open'),
  ],
  rows: drift.rows.map((each) => [
    word(each.channel ?? 'own books'),
    word(each.kind),
    whole(each.found),
    whole(each.mended),
    whole(each.open),
  ]),
  empty: 'No drift was found.',
})

const incidentTable = ({ incidents }: DailyReport): Bare => {
  const kinds = [...new Set([...incidents.begun, ...incidents.open].map(({ kind }) => kind))].sort()
  const count = (list: readonly { readonly kind: IncidentKind; readonly count: number }[], kind: IncidentKind): number =>
    list.find((each) => each.kind === kind)?.count ?? 0
  return {
    id: 'incidents',
    title: 'Incidents',
    notes: incidents.newestOpen.slice(0, 5).map(({ summary }) => `Open: ${summary}`),
    columns: [column('kind', 'Kind', false), column('begun', 'Begun that day'), column('open', 'Open at its end')],
    rows: kinds.map((kind) => [word(kind), whole(count(incidents.begun, kind)), whole(count(incidents.open, kind))]),
    empty: 'None began, none is open.',
  }
}

const vendorTable = (report: DailyReport, kind: 'sales' | 'inventory', title: string): Bare => {
  const parts = report.vendor.map((each): { channel: string; part: Missing | { rows: readonly VendorRow[]; units: number } } => ({
    channel: each.channel,
    part: each[kind],
  }))
  return {
    id: `vendor-${kind}`,
    title,
    notes: parts.map(({ channel, part }) =>
      'missing' in part ? `${channel}: ${part.missing}` : `${channel}: ${part.units} units in all, by Amazon’s own count.`,
    ),
    columns: [column('channel', 'Account', false), column('asin', 'ASIN', false), column('units', 'Units'), column('amount', 'Amount')],
    rows: parts.flatMap(({ channel, part }) =>
      'missing' in part
        ? []
        : part.rows.map((row) => [
            word(channel),
            word(row.asin),
            whole(row.units),
            row.amount === null ? word(null) : word(moneyText(row.amount.amountMinor, row.amount.currency)),
          ]),
    ),
    empty: parts.length === 0 ? 'There is no vendor account.' : '',
  }
}

/** Lists beyond what sums up the day: a page shows the first of them. */
const shownOfLists = 10
const lists: ReadonlySet<string> = new Set([
  'stock-outs',
  'newly-low',
  'days-of-cover',
  'top-movers',
  'slow-movers',
  'vendor-sales',
  'vendor-inventory',
])

export const reportTables = (report: DailyReport): readonly ReportTable[] =>
  bareTables(report).map((table) => ({ ...table, shown: lists.has(table.id) ? shownOfLists : table.rows.length }))

const bareTables = (report: DailyReport): readonly Bare[] => [
  salesTable(report),
  revenueTable(report),
  purchaseTable(report),
  oversellTable(report),
  stockOutTable(report),
  newlyLowTable(report),
  coverTable(report),
  moversTable(report),
  slowTable(report),
  stockTable(report),
  syncTable(report),
  driftTable(report),
  incidentTable(report),
  vendorTable(report, 'sales', 'Amazon’s vendor sales report'),
  vendorTable(report, 'inventory', 'Amazon’s vendor stock report'),
]

const comparedText = (report: DailyReport): string => {
  const units = netUnits(report.sales.together)
  const part = (then: number, name: string): string => (then === 0 ? `none ${name}` : `${changeText(units, then)} ${name}`)
  return `${part(netUnits(report.dayBefore.sales.together), 'on the day before')}, ${part(netUnits(report.weekBefore.sales.together), 'a week before')}`
}

/** What a person reads first: one line a thing, the most urgent first. */
export const reportHeadlines = (report: DailyReport): readonly string[] => {
  const { together } = report.sales
  const { stock } = report
  const openCount = report.incidents.open.reduce((sum, { count }) => sum + count, 0)
  const revenue = together.revenue.map((each) => moneyText(netMinor(each), each.currency)).join(' and ')
  return [
    `${counted(together.orders, 'order', 'orders')}, ${netUnits(together).toLocaleString('en-GB')} units net (${comparedText(report)})${revenue === '' ? '' : `, ${revenue} net revenue`}${together.unpricedLines > 0 ? `; price not known yet: ${counted(together.unpricedLines, 'line', 'lines')}` : ''}.`,
    report.oversells.incidents === 0 && report.oversells.belowZeroSkus === 0 ? '0 oversells.' : oversellSentence(report),
    `${counted(stock.stockOuts.skus, 'SKU that sells was', 'SKUs that sell were')} out of stock, about ${(stock.stockOuts.lostMilliUnits / 1000).toFixed(1)} units of sales lost; ${counted(stock.newlyLow.skus, 'new low-stock warning', 'new low-stock warnings')}.`,
    openCount === 0 ? 'No incident is open.' : `${openCount} ${openCount === 1 ? 'incident is' : 'incidents are'} open.`,
  ]
}
