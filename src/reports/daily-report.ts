// Puts a day's report together from what the store answers. Reads only, but for sums of the ledger that are made once for each day and kept.
// The same day gives the same figures whenever it is run, except for what the day's orders have since become (prices told late, orders that
// came late, cancellations), which is meant to be in it. Memory is bounded by batches and lists, not by the number of orders or SKUs.
import { BelayError } from '../domain/errors.ts'
import type { ChannelId, Sku, StockKey } from '../domain/ids.ts'
import { stockKeyText } from '../domain/ids.ts'
import { addDays, type DaySpan, daySpan, daysBetween, isLocalDay, type LocalDay, localDayOf } from '../domain/local-day.ts'
import { type DailyReport, type Mover, velocityWindowDays } from '../domain/report-figures.ts'
import type { StockRow } from '../domain/report-rows.ts'
import { type DaySales, salesFold } from '../domain/report-sales.ts'
import { needsMovements, openingAvailableUnits, outOfStockMs, stockFold } from '../domain/report-stock.ts'
import { syncFigures } from '../domain/report-sync.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { driftFigures } from './drift.ts'
import { vendorFigures } from './vendor.ts'

export interface ReportSource {
  readonly store: Store
  readonly clock: Clock
  readonly timeZone: string
  readonly channels: readonly ChannelId[]
  /** Channels whose prices are what Amazon pays the merchant. */
  readonly paidByAmazon: ReadonlySet<ChannelId>
}

/** A day is summed this long after its end: what was decided in its last moment is stored by then, on clocks that differ a little. */
const settleMs = 5 * 60_000
/** Keys asked about at once. */
const maxKeys = 500
/** A year and a leap day, and the window before it: further back than this nothing is summed. */
const maxDaysBack = 400

export const isDayOver = ({ clock, timeZone }: Pick<ReportSource, 'clock' | 'timeZone'>, day: LocalDay): boolean =>
  daySpan(day, timeZone).toMs + settleMs <= clock.nowMs()

/** Throws `report-day-invalid`: not a day, not over yet, or too long ago. */
const assertReportDay = (source: Pick<ReportSource, 'clock' | 'timeZone'>, day: string): void => {
  const refuse = (message: string, fix: string): never => {
    throw new BelayError('report-day-invalid', message, { fix })
  }
  if (!isLocalDay(day)) refuse(`"${day.slice(0, 40)}" is not a day`, 'Write it as year-month-day, for example 2026-11-20.')
  const today = localDayOf(source.clock.nowMs(), source.timeZone)
  if (!isDayOver(source, day))
    refuse(`${day} is not over in ${source.timeZone}`, `Ask for a day before ${today}; a day can be reported five minutes after its end.`)
  if (daysBetween(day, today) > maxDaysBack)
    refuse(`${day} is more than ${maxDaysBack} days ago`, 'Ask for a later day, or read the stored report.')
}

const readSales = async (source: ReportSource, span: DaySpan): Promise<DaySales> => {
  const fold = salesFold(source.paidByAmazon)
  await source.store.readSales(span, (rows) => {
    for (const row of rows) fold.add(row)
  })
  return fold.result(await source.store.countOrders(span), source.channels)
}

/** Makes the sums of the days of [from, through] that are missing, or that were understood in another time zone. */
const ensureSkuDays = async ({ store, timeZone }: ReportSource, from: LocalDay, through: LocalDay): Promise<void> => {
  const made = new Map((await store.listSkuDays({ from, to: through })).map((span) => [span.day, span]))
  for (let day = from; day <= through; day = addDays(day, 1)) {
    const span = daySpan(day, timeZone)
    const known = made.get(day)
    if (known?.fromMs !== span.fromMs || known.toMs !== span.toMs) await store.makeSkuDay(span)
  }
}

/** The last day that is over. */
const lastDayOver = (source: ReportSource): LocalDay => {
  const yesterday = addDays(localDayOf(source.clock.nowMs(), source.timeZone), -1)
  return isDayOver(source, yesterday) ? yesterday : addDays(yesterday, -1)
}

/** How long each of these rows was out of stock, from its movements. */
const outTimes = async (store: Store, span: DaySpan, rows: readonly StockRow[]): Promise<ReadonlyMap<string, number>> => {
  const times = new Map<string, number>()
  for (let i = 0; i < rows.length; i += maxKeys) {
    const part = rows.slice(i, i + maxKeys)
    const keys = part.map(({ sku, pool }): StockKey => ({ sku, pool }))
    const entries = Map.groupBy(await store.readMovements(span, keys), stockKeyText)
    for (const row of part) {
      const key = stockKeyText(row)
      times.set(key, outOfStockMs(openingAvailableUnits(row), entries.get(key) ?? [], span))
    }
  }
  return times
}

const readStock = async (source: ReportSource, span: DaySpan, asked: ReadonlySet<Sku>) => {
  const { store, timeZone } = source
  const first = await store.firstLedgerAtMs()
  const earliest = addDays(span.day, 1 - velocityWindowDays)
  const began = first === null ? span.day : localDayOf(first, timeZone)
  const windowFrom = began > earliest ? (began > span.day ? span.day : began) : earliest
  const madeThrough = daySpan(lastDayOver(source), timeZone)
  await ensureSkuDays(source, windowFrom, madeThrough.day)
  const windowDays = daysBetween(windowFrom, span.day) + 1
  const fold = stockFold({ windowDays, span, asked })
  await store.readStockRows({ day: span.day, windowFrom, madeThrough }, async (rows) => {
    const times = await outTimes(
      store,
      span,
      rows.filter((row) => needsMovements(row, windowDays)),
    )
    for (const row of rows) fold.add(row, times.get(stockKeyText(row)) ?? null)
  })
  return { stock: fold.result(), skus: fold.skus() }
}

const oversoldKinds: ReadonlySet<string> = new Set(['oversold', 'sold-beyond-bound'])

/** Throws `report-day-invalid`. */
export const makeReport = async (source: ReportSource, day: LocalDay): Promise<DailyReport> => {
  assertReportDay(source, day)
  const { store, timeZone, channels } = source
  const span = daySpan(day, timeZone)
  const { sales, purchases, movers } = await readSales(source, span)
  const { stock, skus } = await readStock(source, span, new Set(movers.map(({ sku }) => sku)))
  const incidents = await store.summariseIncidents(span)
  const begunOversold = incidents.begun.filter(({ kind }) => oversoldKinds.has(kind))
  const compared = async (other: LocalDay) => ({ day: other, sales: (await readSales(source, daySpan(other, timeZone))).sales })
  return {
    day,
    timeZone,
    fromMs: span.fromMs,
    toMs: span.toMs,
    sales,
    dayBefore: await compared(addDays(day, -1)),
    weekBefore: await compared(addDays(day, -7)),
    purchases,
    movers: movers.map((mover): Mover => {
      const known = skus.get(mover.sku)
      return {
        ...mover,
        title: known?.title ?? '',
        onHandUnits: known?.onHandUnits ?? null,
        sellThroughPermille: known?.sellThroughPermille ?? null,
      }
    }),
    stock,
    oversells: {
      incidents: begunOversold.reduce((sum, { count }) => sum + count, 0),
      units: begunOversold.reduce((sum, { units }) => sum + units, 0),
      belowZeroSkus: stock.belowZero.skus,
      movedSkus: stock.belowZero.movedSkus,
      skus: stock.skus,
    },
    sync: syncFigures(await store.readSyncSlots(span), channels),
    incidents: {
      begun: incidents.begun.map(({ kind, count }) => ({ kind, count })),
      open: incidents.open,
      newestOpen: incidents.newestOpen.map(({ kind, summary, atMs }) => ({ kind, summary, atMs })),
    },
    drift: await driftFigures(store, span),
    vendor: await vendorFigures(store, [...source.paidByAmazon], span),
  }
}
