// From order lines summed by SKU to what a day sold. Rows come in the order of their SKUs, so that only the totals of channels, one SKU and
// the best of them are held.
import type { ChannelId, Sku } from './ids.ts'
import { hubChannel } from './order-fold.ts'
import { type ChannelSales, maxListed, type MoneyFigures, type Mover, type PurchaseFigures, type SalesFigures } from './report-figures.ts'
import type { SalesRow } from './report-rows.ts'
import { topList } from './top-list.ts'

interface OrderCounts {
  readonly channel: ChannelId
  readonly demand: SalesRow['demand']
  readonly orders: number
}

type Money = Map<string, { orderedMinor: number; cancelledMinor: number }>

interface Sums {
  lines: number
  orderedUnits: number
  cancelledUnits: number
  unpricedLines: number
  unpricedUnits: number
  readonly revenue: Money
  readonly netCost: Money
}

interface PurchaseSums {
  askedUnits: number
  acceptedUnits: number
  answeredUnits: number
  readonly cost: Map<string, number>
}

const noSums = (): Sums => ({
  lines: 0,
  orderedUnits: 0,
  cancelledUnits: 0,
  unpricedLines: 0,
  unpricedUnits: 0,
  revenue: new Map(),
  netCost: new Map(),
})

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const moneyOf = (money: Money): readonly MoneyFigures[] =>
  [...money].map(([currency, sums]) => ({ currency, ...sums })).sort((a, b) => byName(a.currency, b.currency))

const addMoney = (money: Money, row: SalesRow): void => {
  if (row.currency === null) return
  const known = money.get(row.currency) ?? { orderedMinor: 0, cancelledMinor: 0 }
  money.set(row.currency, {
    orderedMinor: known.orderedMinor + row.amountMinor,
    cancelledMinor: known.cancelledMinor + row.cancelledMinor,
  })
}

const addRow = (sums: Sums, row: SalesRow, paidByAmazon: boolean): void => {
  sums.lines += row.lines
  sums.orderedUnits += row.orderedUnits
  sums.cancelledUnits += row.cancelledUnits
  addMoney(paidByAmazon ? sums.netCost : sums.revenue, row)
  if (row.currency !== null) return
  sums.unpricedLines += row.lines
  sums.unpricedUnits += row.orderedUnits
}

const figuresOf = ({ revenue, netCost, ...rest }: Sums, orders: number): ChannelSales => ({
  orders,
  ...rest,
  revenue: moneyOf(revenue),
  netCost: moneyOf(netCost),
})

const purchaseFigures = (channel: ChannelId, sums: PurchaseSums, orders: number): PurchaseFigures => ({
  channel,
  orders,
  askedUnits: sums.askedUnits,
  acceptedUnits: sums.acceptedUnits,
  rejectedUnits: sums.answeredUnits - sums.acceptedUnits,
  unansweredUnits: sums.askedUnits - sums.answeredUnits,
  fillPermille: sums.answeredUnits === 0 ? null : Math.round((sums.acceptedUnits * 1000) / sums.answeredUnits),
  acceptedCost: [...sums.cost].map(([currency, amountMinor]) => ({ currency, amountMinor })).sort((a, b) => byName(a.currency, b.currency)),
})

export interface DaySales {
  readonly sales: SalesFigures
  readonly purchases: readonly PurchaseFigures[]
  /** Without what only the stock tells. */
  readonly movers: readonly Pick<Mover, 'sku' | 'units' | 'revenue'>[]
}

export interface SalesFold {
  add(row: SalesRow): void
  /** `channels`: told also when they sold nothing. */
  result(counts: readonly OrderCounts[], channels: readonly ChannelId[]): DaySales
}

/** `paidByAmazon`: channels whose prices are Amazon's net cost. Reservations that the warehouse made itself are no sales. */
export const salesFold = (paidByAmazon: ReadonlySet<ChannelId>): SalesFold => {
  const byChannel = new Map<ChannelId, Sums>()
  const purchases = new Map<ChannelId, PurchaseSums>()
  const together = noSums()
  const best = topList<Pick<Mover, 'sku' | 'units' | 'revenue'>>(maxListed, (a, b) => b.units - a.units)
  let current: { readonly sku: Sku; readonly sums: Sums } | null = null

  const endSku = (): void => {
    if (current === null) return
    const { sku, sums } = current
    const units = sums.orderedUnits - sums.cancelledUnits
    if (units > 0) best.add({ sku, units, revenue: moneyOf(sums.revenue) })
    current = null
  }

  const addPurchase = (row: SalesRow): void => {
    const sums = purchases.get(row.channel) ?? { askedUnits: 0, acceptedUnits: 0, answeredUnits: 0, cost: new Map<string, number>() }
    sums.askedUnits += row.orderedUnits
    sums.acceptedUnits += row.acceptedUnits
    sums.answeredUnits += row.answeredUnits
    if (row.currency !== null) sums.cost.set(row.currency, (sums.cost.get(row.currency) ?? 0) + row.acceptedMinor)
    purchases.set(row.channel, sums)
  }

  return {
    add: (row) => {
      if (row.channel === hubChannel) return
      if (row.demand === 'ask-first') {
        addPurchase(row)
        return
      }
      const amazonPays = paidByAmazon.has(row.channel)
      const sums = byChannel.get(row.channel) ?? noSums()
      byChannel.set(row.channel, sums)
      addRow(sums, row, amazonPays)
      addRow(together, row, amazonPays)
      if (current?.sku !== row.sku) {
        endSku()
        current = { sku: row.sku, sums: noSums() }
      }
      addRow(current.sums, row, amazonPays)
    },
    result: (counts, channels) => {
      endSku()
      const ordersOf = (channel: ChannelId, demand: SalesRow['demand']): number =>
        counts.find((each) => each.channel === channel && each.demand === demand)?.orders ?? 0
      const names = [...new Set([...channels, ...byChannel.keys()])].filter((each) => each !== hubChannel).sort(byName)
      return {
        sales: {
          channels: names.map((channel) => ({ channel, ...figuresOf(byChannel.get(channel) ?? noSums(), ordersOf(channel, 'fact')) })),
          together: figuresOf(
            together,
            names.reduce((sum, channel) => sum + ordersOf(channel, 'fact'), 0),
          ),
        },
        purchases: [...purchases]
          .sort(([a], [b]) => byName(a, b))
          .map(([channel, sums]) => purchaseFigures(channel, sums, ordersOf(channel, 'ask-first'))),
        movers: best.items(),
      }
    },
  }
}
