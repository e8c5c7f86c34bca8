// Amazon's own vendor reports from the simulated account to the page: asked for and read by the sweep, kept as Amazon sent them, and beside our
// own figures in the report of the day that they are of.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChannelId, PoolId, Sku } from '../../src/domain/ids.ts'
import { makeReport } from '../../src/reports/daily-report.ts'
import { reportHtml } from '../../src/reports/report-html.ts'
import { everywhere, openTown, type RunningHub, type Town } from '../support/in-process-hub.ts'

const vendor = 'vendor' as ChannelId
let town: Town
let running: RunningHub

beforeAll(async () => {
  town = await openTown({ catalogue: [everywhere('MUG', 300)], retailSkus: 3 })
  running = await town.startHub()
  await town.untilSettled()
  const reserve = { sku: 'MUG' as Sku, pool: 'main' as PoolId, listing: null, statement: { reserve: { units: 60 } } }
  await town.run(running.hub.setRule(reserve))
  await town.clock.advance(3_600_000)
  // Bought, accepted and delivered, so that Amazon has goods to tell of.
  const { market } = town.marketplaces.vendor
  for (const { externalId } of market.offers().filter((each) => each.externalId.startsWith('retail/'))) {
    const order = market.buy([{ externalId, quantity: 12 }])
    await town.clock.advance(20 * 60_000)
    if (!order || !market.ship(order.orderId)) throw new Error('nothing was delivered')
  }
}, 120_000)
afterAll(async () => {
  await running.stop()
  await town.close()
})

const rowsOf = async (source: 'vendor-sales' | 'vendor-inventory') =>
  (await town.run(town.store.listSnapshots({ channel: vendor, source, after: null, limit: 500 }))).items.map(({ row }) => row)

test('a sweep reads them, and the report of their day shows them beside ours', async () => {
  const [run] = await town.run(running.hub.reconciler.request({ channel: vendor, skus: null, dryRun: false, requestedBy: 'person' }))
  await town.until('the run is done', async () => {
    const now = await town.run(town.store.readReconciliation(run?.id ?? ''))
    return now?.state === 'done' ? null : (now?.state ?? 'not there')
  })
  const [sold, held] = [await rowsOf('vendor-sales'), await rowsOf('vendor-inventory')]
  const day = String(sold[0]?.['startDate']).slice(0, 10)
  const ofDay = (rows: typeof sold) => rows.filter((row) => String(row['startDate']).startsWith(day))
  const sum = (rows: typeof sold, field: string): number => ofDay(rows).reduce((units, row) => units + Number(row[field]), 0)
  expect(sum(held, 'sellableOnHandInventoryUnits')).toBeGreaterThan(0)

  const report = await town.run(
    makeReport(
      { store: town.store, clock: town.clock, timeZone: 'Europe/Berlin', channels: [vendor], paidByAmazon: new Set([vendor]) },
      day,
    ),
  )
  expect(report.vendor).toMatchObject([
    {
      channel: vendor,
      sales: { units: sum(sold, 'orderedUnits') },
      inventory: { units: sum(held, 'sellableOnHandInventoryUnits') },
    },
  ])
  const html = reportHtml(report)
  for (const row of ofDay(held)) expect(html).toContain(String(row['asin']))
  expect(html).toContain(`${sum(held, 'sellableOnHandInventoryUnits')} units in all, by Amazon`)

  // A day that Amazon has not told of says so, and is not taken for one of nothing.
  const today = await town.run(
    makeReport(
      { store: town.store, clock: town.clock, timeZone: 'Europe/Berlin', channels: [vendor], paidByAmazon: new Set([vendor]) },
      '2026-11-01',
    ),
  )
  expect(today.vendor).toMatchObject([{ sales: { missing: expect.stringContaining('has not been read') } }])
}, 120_000)
