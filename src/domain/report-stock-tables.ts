// The tables of a report that tell of stock: slow movers, movements, stock-outs and cover.
import { type Bare, column, counted, duration, percent, type TableCell, thousandths, whole, word } from './report-cells.ts'
import { type CoverRow, type DailyReport, lowStockDays } from './report-figures.ts'

export const slowTable = ({ stock }: DailyReport): Bare => ({
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

export const stockTable = ({ stock }: DailyReport): Bare => {
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

export const stockOutTable = ({ stock }: DailyReport): Bare => ({
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

export const newlyLowTable = ({ stock }: DailyReport): Bare => ({
  id: 'newly-low',
  title: 'New low-stock warnings',
  notes: [
    `SKUs whose cover fell below ${lowStockDays} days during the day: ${stock.newlyLow.skus}. ${stock.cover.belowLow} are below it in all.`,
  ],
  columns: coverColumns,
  rows: stock.newlyLow.rows.map(coverRow),
  empty: 'No SKU came below it today.',
})

export const coverTable = ({ stock }: DailyReport): Bare => ({
  id: 'days-of-cover',
  title: 'Least days of cover',
  notes: ['Days of cover = available units at the end of the day ÷ velocity. SKUs that sell and are not out of stock.'],
  columns: coverColumns,
  rows: stock.cover.lowest.map(coverRow),
  empty: 'Nothing that sells is in stock.',
})
