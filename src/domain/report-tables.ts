// A report as tables, the same for every form: each cell is what people read, and the bare value for machines.
// Money is told with its currency, never added across currencies. Times are in the report's time zone.
import type { IncidentKind } from './incidents.ts'
import {
  type ChannelSales,
  type CoverRow,
  type DailyReport,
  lowStockDays,
  type Missing,
  type MoneyFigures,
  type SyncFigures,
  type VendorRow,
} from './report-figures.ts'

export interface TableCell {
  readonly text: string
  readonly value: string | number | null
}

export interface ReportTable {
  /** Stable: part of an address and of a file's name. */
  readonly id: string
  readonly title: string
  /** What the figures mean, one sentence each. */
  readonly notes: readonly string[]
  /** `name`: for people. `key`: for machines. */
  readonly columns: readonly { readonly key: string; readonly name: string; readonly numeric: boolean }[]
  readonly rows: readonly (readonly TableCell[])[]
  /** How many rows a page shows; the others are in the CSV. */
  readonly shown: number
  /** Instead of rows, when there are none. */
  readonly empty: string
}

type Bare = Omit<ReportTable, 'shown'>

const word = (text: string | null): TableCell => ({ text: text ?? '–', value: text })
const whole = (value: number | null): TableCell => ({ text: value === null ? '–' : value.toLocaleString('en-GB'), value })

const digitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** Exact: minor units as a decimal text. */
const decimalText = (minor: number, currency: string): string => {
  const digits = digitsOf(currency)
  const text = String(Math.abs(minor)).padStart(digits + 1, '0')
  const sign = minor < 0 ? '-' : ''
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

const moneyText = (minor: number, currency: string): string => {
  const [units = '', fraction] = decimalText(minor, currency).split('.')
  const grouped = units.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${currency} ${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

const money = (minor: number, currency: string): TableCell => ({ text: moneyText(minor, currency), value: decimalText(minor, currency) })

const thousandths = (value: number | null, unit = ''): TableCell => ({
  text: value === null ? '–' : `${(value / 1000).toLocaleString('en-GB', { maximumFractionDigits: 1, minimumFractionDigits: 1 })}${unit}`,
  value: value === null ? null : value / 1000,
})

export const percentText = (permille: number | null): string => (permille === null ? '–' : `${(permille / 10).toFixed(1)} %`)
const percent = (permille: number | null): TableCell => ({
  text: percentText(permille),
  value: permille === null ? null : permille / 10,
})

export const durationText = (ms: number | null): string => {
  if (ms === null) return '–'
  if (ms < 1000) return `${ms} ms`
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 6_000_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}
const duration = (ms: number | null): TableCell => ({ text: durationText(ms), value: ms })

/** "+12 %", against what it was. */
const changeText = (now: number, then: number): string => {
  if (now === then) return '±0 %'
  if (then === 0) return 'from 0'
  const change = Math.round(((now - then) * 100) / then)
  return `${change >= 0 ? '+' : '−'}${Math.abs(change).toLocaleString('en-GB')} %`
}
const change = (now: number, then: number): TableCell => ({ text: changeText(now, then), value: then })

const column = (key: string, name: string, numeric = true) => ({ key, name, numeric })

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

const slowTable = ({ stock }: DailyReport): Bare => ({
  id: 'slow-movers',
  title: 'Slow movers',
  notes: [
    stock.windowDays < 7
      ? `Not told before a week of history; there ${stock.windowDays === 1 ? 'is 1 day' : `are ${stock.windowDays} days`}.`
      : `${stock.slow.skus} SKUs with ${stock.slow.units} units available sold nothing in ${stock.windowDays} days.`,
  ],
  columns: [column('sku', 'SKU', false), column('title', 'Title', false), column('available_units', 'Available')],
  rows: stock.slow.rows.map((each) => [word(each.sku), word(each.title), whole(each.availableUnits)]),
  empty: stock.windowDays < 7 ? '' : 'None.',
})

const stockTable = ({ stock }: DailyReport): Bare => {
  const line = (name: string, cell: TableCell): readonly TableCell[] => [word(name), cell]
  return {
    id: 'stock',
    title: 'Stock',
    notes: [
      'Our own stock at the end of the day. What Amazon holds (FBA, vendor) is not in it.',
      'Returns are those that the warehouse booked; they are not told by marketplace.',
    ],
    columns: [column('figure', 'Figure', false), column('value', 'Value')],
    rows: [
      line('SKUs', whole(stock.skus)),
      line('SKUs with something available', whole(stock.skusAvailable)),
      line('On hand at the beginning, units', whole(stock.openingOnHandUnits)),
      line('Received, units', whole(stock.receivedUnits)),
      line('Returned, units', whole(stock.returnedUnits)),
      line('Sold less cancelled, units', whole(stock.soldUnits)),
      line('Shipped, units', whole(stock.shippedUnits)),
      line('On hand at the end, units', whole(stock.onHandUnits)),
      line('Of it reserved, units', whole(stock.reservedUnits)),
      line('Sell-through', percent(stock.sellThroughPermille)),
    ],
    empty: '',
  }
}

const stockOutTable = ({ stock }: DailyReport): Bare => ({
  id: 'stock-outs',
  title: 'Stock-outs and what they cost',
  notes: [
    `Sales lost = velocity × time out of stock ÷ length of the day. Velocity = units sold less cancelled in the last ${counted(stock.windowDays, 'day', 'days')} ÷ ${stock.windowDays}. An estimate.`,
    `${stock.stockOuts.skus} SKUs were out of stock at some time; about ${(stock.stockOuts.lostMilliUnits / 1000).toFixed(1)} units of sales lost.`,
  ],
  columns: [
    column('sku', 'SKU', false),
    column('title', 'Title', false),
    column('out_ms', 'Out of stock'),
    column('velocity_per_day', 'Velocity'),
    column('lost_units', 'Lost units'),
    column('out_at_end', 'Still out', false),
  ],
  rows: stock.stockOuts.worst.map((each) => [
    word(each.sku),
    word(each.title),
    duration(each.outMs),
    thousandths(each.velocityMilliUnits, ' / day'),
    thousandths(each.lostMilliUnits),
    word(each.outAtEnd ? 'yes' : 'no'),
  ]),
  empty: 'Nothing that sells was out of stock.',
})

const coverColumns = [
  column('sku', 'SKU', false),
  column('title', 'Title', false),
  column('available_units', 'Available'),
  column('velocity_per_day', 'Velocity'),
  column('days_of_cover', 'Days of cover'),
]
const coverRow = (each: CoverRow): readonly TableCell[] => [
  word(each.sku),
  word(each.title),
  whole(each.availableUnits),
  thousandths(each.velocityMilliUnits, ' / day'),
  { text: (each.coverDeciDays / 10).toFixed(1), value: each.coverDeciDays / 10 },
]

const newlyLowTable = ({ stock }: DailyReport): Bare => ({
  id: 'newly-low',
  title: 'New low-stock warnings',
  notes: [
    `SKUs whose cover fell below ${lowStockDays} days during the day: ${stock.newlyLow.skus}. ${stock.cover.belowLow} are below it in all.`,
  ],
  columns: coverColumns,
  rows: stock.newlyLow.rows.map(coverRow),
  empty: 'No SKU came below it today.',
})

const coverTable = ({ stock }: DailyReport): Bare => ({
  id: 'days-of-cover',
  title: 'Least days of cover',
  notes: ['Days of cover = available units at the end of the day ÷ velocity. SKUs that sell and are not out of stock.'],
  columns: coverColumns,
  rows: stock.cover.lowest.map(coverRow),
  empty: 'Nothing that sells is in stock.',
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

const counted = (count: number, one: string, many: string): string => `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`

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
