// A simulated week: the reports of its days against the marketplaces' own books, to the unit and the cent.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DailyReport } from '../../src/domain/report-figures.ts'
import { makeReport } from '../../src/reports/daily-report.ts'
import { purchasedUnits, type SimulatedWeek, simulateWeek, trueCancelledUnits, trueSales } from '../support/simulated-week.ts'

describe('the reports of a simulated week', () => {
  let week: SimulatedWeek
  const reports: DailyReport[] = []
  beforeAll(async () => {
    // The week in which the clocks of Berlin go back.
    week = await simulateWeek({ firstMidnight: '2026-10-22', midnights: 6, skus: 40, ordersPerMinute: 12, aroundMinutes: 6 })
    for (const day of week.days) reports.push(await makeReport(week.source, day))
  }, 300_000)
  afterAll(() => week.close())

  test('tell orders, units and money of each marketplace as its books do, also across the change of the clocks', () => {
    let orders = 0
    for (const [index, day] of week.days.entries()) {
      const report = reports[index] as DailyReport
      const truth = trueSales(week, day)
      for (const sales of report.sales.channels) {
        const books = truth.get(sales.channel)
        const money = sales.channel === 'vendor' ? sales.netCost : sales.revenue
        orders += sales.orders
        expect({
          day,
          channel: sales.channel,
          orders: sales.orders,
          units: sales.orderedUnits,
          amountMinor: money.reduce((sum, each) => sum + each.orderedMinor, 0),
          unpriced: sales.unpricedLines,
        }).toEqual({
          day,
          channel: sales.channel,
          orders: books?.orders,
          units: books?.quantity,
          amountMinor: books?.amountMinor,
          unpriced: 0,
        })
      }
    }
    expect(orders).toBeGreaterThan(250)
    expect(reports.map(({ fromMs, toMs }) => (toMs - fromMs) / 3_600_000)).toEqual([24, 24, 24, 24, 25, 24, 24])
  })

  test('tell what Amazon asked for by purchase order, and what it was answered', () => {
    const purchases = reports.flatMap((report) => report.purchases)
    const total = (of: (each: (typeof purchases)[number]) => number): number => purchases.reduce((sum, each) => sum + of(each), 0)
    // Those of the shoppers' world come on top.
    expect(total(({ askedUnits }) => askedUnits)).toBeGreaterThanOrEqual(6 * purchasedUnits)
    expect(total(({ orders }) => orders)).toBe(
      week.town.marketplaces.vendor.market.orders().filter(({ lines }) => lines[0]?.externalId.startsWith('retail/')).length,
    )
    expect(total(({ acceptedUnits, rejectedUnits }) => acceptedUnits + rejectedUnits)).toBe(total(({ askedUnits }) => askedUnits))
    expect(total(({ unansweredUnits }) => unansweredUnits)).toBe(0)
    expect(total(({ acceptedUnits }) => acceptedUnits)).toBeGreaterThan(0)
  })

  test('cancel what was cancelled', () => {
    const truth = trueCancelledUnits(week)
    for (const channel of ['amazon', 'shopify', 'vendor']) {
      const told = reports.reduce(
        (sum, report) => sum + (report.sales.channels.find((each) => each.channel === channel)?.cancelledUnits ?? 0),
        0,
      )
      expect(told, channel).toBe(truth.get(channel))
    }
  })

  test('leave on the shelf what the store has, and follow from each other', async () => {
    for (const [index, report] of reports.entries()) {
      const next = reports[index + 1]
      expect(next?.stock.openingOnHandUnits ?? report.stock.onHandUnits).toBe(report.stock.onHandUnits)
      expect(report.stock.onHandUnits).toBe(
        report.stock.openingOnHandUnits + report.stock.receivedUnits + report.stock.returnedUnits - report.stock.shippedUnits,
      )
      expect(report.dayBefore.sales).toEqual(reports[index - 1]?.sales ?? report.dayBefore.sales)
    }
    const page = await week.town.store.listStock({ limit: 500 })
    const onHand = page.items.flatMap(({ onHandUnits }) => Object.values(onHandUnits)).reduce((sum, units) => sum + units, 0)
    expect(reports.at(-1)?.stock.onHandUnits).toBe(onHand)
  })

  test('know how fast the marketplaces were told', () => {
    const all = reports.flatMap(({ sync }) => sync)
    expect(all.reduce((sum, each) => sum + each.pushesReached, 0)).toBeGreaterThan(50)
    for (const each of all.filter(({ pushesTimed }) => pushesTimed > 0)) {
      expect(each.p50Ms).toBeLessThanOrEqual(each.p95Ms ?? 0)
      expect(each.p95Ms).toBeLessThanOrEqual(each.p99Ms ?? 0)
      expect(each.requests).toBeGreaterThan(0)
    }
  })

  test('are the same when they are made again', async () => {
    for (const [index, day] of week.days.entries()) expect(await makeReport(week.source, day), day).toEqual(reports[index])
  })
})
