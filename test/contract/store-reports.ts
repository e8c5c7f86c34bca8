// What reports read: a month of trade with known answers, the same from every store; what they keep.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays, daySpan } from '../../src/domain/local-day.ts'
import type { SalesRow, StockRow } from '../../src/domain/report-rows.ts'
import { noSync, type SyncSlot, syncSlotMs } from '../../src/domain/sync-slot.ts'
import type { ReportDelivery } from '../../src/ports/reports.ts'
import { days, expectedSales, expectedStock, firstDay, monthOfTrade, storeMonth, tradeZone } from '../support/month-of-trade.ts'
import { entryOf, incidentOf, shop, startMs } from '../support/store-samples.ts'
import type { MakeStore, Shared } from './store.ts'

const month = monthOfTrade(7)
const allDays = Array.from({ length: days }, (_, i) => addDays(firstDay, i))
const spanOf = (day: string) => daySpan(day, tradeZone)

export const describeReports = (shared: Shared, make: MakeStore): void => {
  describe('a month of trade', () => {
    let made: Awaited<ReturnType<MakeStore>>
    beforeAll(async () => {
      made = await make()
      await storeMonth(made.store, month)
    })
    afterAll(() => made.destroy())

    test('sells on each day what its orders say, by SKU, channel and currency', async () => {
      let lines = 0
      for (const day of allDays) {
        const rows: SalesRow[] = []
        await made.store.readSales(spanOf(day), (batch) => void rows.push(...batch))
        expect(rows, day).toEqual(expectedSales(month, spanOf(day)))
        lines += rows.reduce((sum, row) => sum + row.lines, 0)
        const orders = (await made.store.countOrders(spanOf(day))).reduce((sum, each) => sum + each.orders, 0)
        const span = spanOf(day)
        expect(orders, day).toBe(month.orders.filter((each) => each.createdAtMs >= span.fromMs && each.createdAtMs < span.toMs).length)
      }
      expect(lines).toBe(month.orders.reduce((sum, order) => sum + order.lines.length, 0))
    })

    test('leaves on each day what its ledger says, looked back at from the end', async () => {
      for (const day of allDays.toReversed()) await made.store.makeSkuDay(spanOf(day))
      expect(await made.store.listSkuDays({ from: firstDay, to: addDays(firstDay, 2) })).toEqual(allDays.slice(0, 3).map(spanOf))
      for (const day of ['2026-10-01', '2026-10-09', '2026-10-24', '2026-10-25', '2026-10-26', '2026-10-31']) {
        const windowFrom = day < '2026-10-09' ? firstDay : addDays(day, -7)
        const rows: StockRow[] = []
        // From days that are summed, and with the last week of the month from the ledger itself.
        const through = day < '2026-10-25' ? '2026-10-25' : '2026-10-31'
        await made.store.readStockRows({ day, windowFrom, madeThrough: spanOf(through) }, (batch) => void rows.push(...batch))
        expect(rows, day).toEqual(expectedStock(month, day, windowFrom))
      }
    })

    test('making a day again changes nothing', async () => {
      const read = async (): Promise<readonly StockRow[]> => {
        const rows: StockRow[] = []
        await made.store.readStockRows(
          { day: '2026-10-25', windowFrom: '2026-10-01', madeThrough: spanOf('2026-10-31') },
          (batch) => void rows.push(...batch),
        )
        return rows
      }
      const before = await read()
      await made.store.makeSkuDay(spanOf('2026-10-25'))
      expect(await read()).toEqual(before)
    })

    test('tells the entries of SKUs on a day in their order', async () => {
      const span = spanOf('2026-10-12')
      const keys = month.stock.map(({ sku, pool }) => ({ sku, pool }))
      const found = await made.store.readMovements(span, keys)
      const expected = month.ledger.filter((entry) => entry.atMs >= span.fromMs && entry.atMs < span.toMs)
      expect(found).toHaveLength(expected.length)
      for (const { sku, pool } of keys) {
        const own = found.filter((entry) => entry.sku === sku && entry.pool === pool)
        expect(own.map(({ version }) => version)).toEqual(own.map(({ version }) => version).toSorted((a, b) => a - b))
      }
      expect(await made.store.firstLedgerAtMs()).toBe(Math.min(...month.ledger.map(({ atMs }) => atMs)))
    })
  })

  describe('an empty store', () => {
    test('has nothing to tell, and says so', async () => {
      const { store, destroy } = await make()
      const span = spanOf('2026-10-12')
      const rows: unknown[] = []
      await store.readSales(span, (batch) => void rows.push(...batch))
      await store.makeSkuDay(span)
      await store.readStockRows({ day: span.day, windowFrom: span.day, madeThrough: span }, (batch) => void rows.push(...batch))
      expect(rows).toEqual([])
      expect(await store.countOrders(span)).toEqual([])
      expect(await store.firstLedgerAtMs()).toBeNull()
      expect(await store.listSkuDays({ from: '2026-10-12', to: '2026-10-12' })).toEqual([span])
      expect(await store.summariseIncidents(span)).toEqual({ begun: [], open: [], newestOpen: [] })
      await store.commit({ ledger: [entryOf('first', 'first')] })
      expect(await store.firstLedgerAtMs()).toBe(startMs)
      await destroy()
    })
  })

  describe('incidents of a day', () => {
    test('are those begun in it, and those open at its end, by kind', async () => {
      const { store, destroy } = await make()
      const span = spanOf('2026-10-12')
      const inside = span.fromMs + 1000
      await store.commit({
        incidents: [
          incidentOf('before, open', { atMs: span.fromMs - 1 }),
          incidentOf('before, over', { atMs: span.fromMs - 1 }),
          incidentOf('before, over later', { atMs: span.fromMs - 2 }),
          incidentOf('inside', { atMs: inside, kind: 'oversold', units: 3 }),
          incidentOf('inside, an event', { atMs: inside, kind: 'late-order', units: 1 }),
          incidentOf('after', { atMs: span.toMs }),
        ],
        resolvedIncidents: [
          { id: 'before, over', atMs: inside },
          { id: 'before, over later', atMs: span.toMs },
        ],
      })
      const found = await store.summariseIncidents(span)
      expect(found.begun).toEqual([
        { kind: 'late-order', count: 1, units: 1 },
        { kind: 'oversold', count: 1, units: 3 },
      ])
      expect(found.open).toEqual([
        { kind: 'at-risk', count: 2 },
        { kind: 'oversold', count: 1 },
      ])
      expect(found.newestOpen.map(({ id }) => id)).toEqual(['inside', 'before, open', 'before, over later'])
      await destroy()
    })
  })

  describe('what reports keep', () => {
    test('a slot is written over by its writer, and adds to those of others', async () => {
      const { store } = shared()
      const slot = (writer: string, slotMs: number, requests: number): SyncSlot => ({
        ...noSync,
        channel: shop,
        writer,
        slotMs,
        requests,
        delays: { '0': 1, '17': 3 },
      })
      const [first, second] = [startMs, startMs + syncSlotMs]
      await store.putSyncSlots([slot('a', first, 1), slot('b', first, 2), slot('a', second, 4)])
      await store.putSyncSlots([slot('a', first, 8)])
      await store.putSyncSlots([])
      const span = { day: 'x', fromMs: first, toMs: second }
      expect(await store.readSyncSlots(span)).toEqual([slot('a', first, 8), slot('b', first, 2)])
      expect(await store.removeSyncSlotsBefore(second)).toBe(2)
      expect(await store.readSyncSlots({ ...span, toMs: second + 1 })).toEqual([slot('a', second, 4)])
    })

    test('a report is read as it was written, and listed newest first without its body', async () => {
      const { store } = shared()
      const report = (day: string, revision = 1) => ({ day, madeAtMs: startMs, revision, body: JSON.stringify({ day, 'a.b': { $c: 1 } }) })
      for (const day of ['2026-11-01', '2026-11-03', '2026-11-02']) await store.putReport(report(day))
      await store.putReport(report('2026-11-02', 2))
      expect(await store.readReport('2026-11-02')).toEqual(report('2026-11-02', 2))
      expect(await store.readReport('2026-11-04')).toBeNull()
      expect(await store.listReports({ before: null, limit: 2 })).toEqual([
        { day: '2026-11-03', madeAtMs: startMs, revision: 1 },
        { day: '2026-11-02', madeAtMs: startMs, revision: 2 },
      ])
      expect((await store.listReports({ before: '2026-11-02', limit: 9 })).map(({ day }) => day)).toEqual(['2026-11-01'])
    })

    test('deliveries are due by their time until they end', async () => {
      const { store } = shared()
      const delivery = (target: string, over: Partial<ReportDelivery> = {}): ReportDelivery => ({
        id: `2026-11-01/${target}`,
        day: '2026-11-01',
        target,
        state: 'waiting',
        attempts: 0,
        atMs: startMs,
        sinceMs: startMs,
        lastError: null,
        ...over,
      })
      await store.putDelivery(delivery('mail', { atMs: startMs + 5 }))
      await store.putDelivery(delivery('slack'))
      await store.putDelivery(delivery('later', { atMs: startMs + 100 }))
      expect((await store.dueDeliveries({ dueBeforeMs: startMs + 5, limit: 9 })).map(({ target }) => target)).toEqual(['slack', 'mail'])
      await store.putDelivery(delivery('slack', { state: 'delivered', attempts: 1 }))
      expect(await store.dueDeliveries({ dueBeforeMs: startMs + 5, limit: 9 })).toEqual([delivery('mail', { atMs: startMs + 5 })])
      expect(await store.readDelivery('2026-11-01/slack')).toMatchObject({ state: 'delivered' })
      expect(await store.readDelivery('2026-11-01/none')).toBeNull()
      expect((await store.listDeliveries(2)).map(({ target }) => target)).toEqual(['slack', 'mail'])
    })
  })
}
