// A day's report: of a day of a million order lines (time, memory), and of the same day at the end of a year and at the end of a month (a
// report costs its day, not the history before it: the ratio). On both stores, each report in a process of its own (report-run.ts).
// Trade is made up: two lines an order, prices, 5 % cancelled; every line moves the ledger. Days before the big one are small.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../src/domain/ids.ts'
import type { LedgerEntry } from '../src/domain/ledger.ts'
import { addDays, daySpan } from '../src/domain/local-day.ts'
import type { Order } from '../src/domain/orders.ts'
import { emptyStock } from '../src/domain/stock.ts'
import type { Store } from '../src/ports/store.ts'
import { openStore } from '../src/store/index.ts'
import { printTable } from './figures.ts'
import { durableMongo } from './fold-engines.ts'
import type { ReportMeasure, ReportRun } from './report-run.ts'

const timeZone = 'Europe/Berlin'
const lastDay = '2026-11-20'
const linesPerOrder = 2
const batch = 1000
const pool = 'main' as PoolId
const channels = ['shop', 'market'] as ChannelId[]

interface Scale {
  readonly skus: number
  readonly lines: number
  readonly historyLines: number
}

const skuOf = (number: number): Sku => `SKU-${String(number).padStart(6, '0')}` as Sku

const storeDay = async (store: Store, day: string, lines: number, skus: number, versions: Map<Sku, number>): Promise<void> => {
  const { fromMs, toMs } = daySpan(day, timeZone)
  let seed = fromMs % 2_147_483_647
  // Lehmer's generator: enough to spread things.
  const below = (limit: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % limit
  }
  for (let done = 0; done < lines; ) {
    const orders: Order[] = []
    const ledger: LedgerEntry[] = []
    for (; orders.length * linesPerOrder < batch && done < lines; done += linesPerOrder) {
      const channel = channels[below(2)] as ChannelId
      const orderId = `${day}-${done}`
      const createdAtMs = Math.floor(fromMs + ((toMs - fromMs) * done) / lines)
      const orderLines = Array.from({ length: linesPerOrder }, (_, i): Order['lines'][number] => {
        const sku = skuOf(below(skus))
        const version = (versions.get(sku) ?? 1) + 1
        versions.set(sku, version)
        const orderedQuantity = 1 + below(3)
        const reference = `${channel}/${orderId}/${i}`
        const base = { sku, pool, units: orderedQuantity, reference, atMs: createdAtMs, version }
        ledger.push({ ...base, key: `${reference}/sale/promise/1`, from: 'free', to: 'reserved', reason: 'sale' })
        return {
          lineId: String(i),
          listing: `${channel}/${sku}` as ListingId,
          sku,
          pool,
          unitsPerListing: 1,
          orderedQuantity,
          cancelledQuantity: below(20) === 0 ? 1 : 0,
          shippedQuantity: 0,
          cancelledAtMs: null,
          amountMinor: orderedQuantity * (499 + below(9000)),
          currency: below(10) === 0 ? 'GBP' : 'EUR',
          createdAtMs,
          acceptedQuantity: null,
          location: null,
        }
      })
      orders.push({
        channel,
        orderId,
        version: 1,
        createdAtMs,
        revisedAtMs: createdAtMs,
        demand: 'fact',
        merge: 'maximum',
        lines: orderLines,
        acknowledgement: null,
        echo: null,
        firstSeenAtMs: createdAtMs,
      })
    }
    await store.commit({ orders, ledger })
  }
}

/** Days with these numbers of lines, the last of them `lastDay`, and the stock that they leave. */
const prepare = async (url: string, dayLines: readonly number[], skus: number): Promise<void> => {
  const store = await openStore(url)
  await store.migrate()
  const versions = new Map<Sku, number>()
  for (const [index, lines] of dayLines.entries())
    await storeDay(store, addDays(lastDay, index + 1 - dayLines.length), lines, skus, versions)
  for (let from = 0; from < skus; from += batch)
    await store.commit({
      stock: Array.from({ length: Math.min(batch, skus - from) }, (_, i) => ({
        next: {
          ...emptyStock(skuOf(from + i), pool),
          version: 1,
          title: `Thing ${from + i}`,
          onHandUnits: { ['hall' as LocationId]: 100_000 },
        },
        work: [],
      })),
    })
  await store.close()
}

const program = fileURLToPath(new URL('./report-run.ts', import.meta.url))

const measure = async (url: string): Promise<ReportMeasure> => {
  const argument: ReportRun = { url, day: lastDay, nowMs: daySpan(lastDay, timeZone).toMs + 3_600_000, timeZone }
  const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8')
  for await (const part of child.stdout) text += String(part)
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as ReportMeasure
}

const repeat = (lines: number, days: number): readonly number[] => Array.from({ length: days }, () => lines)

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      store: { type: 'string', default: 'all' },
      scale: { type: 'string', default: '1' },
      'history-days': { type: 'string', default: '365' },
    },
  })
  const scale = Number(values.scale)
  const sizes: Scale = {
    skus: Math.max(100, Math.round(20_000 * scale)),
    lines: Math.max(100, Math.round(1_000_000 * scale)),
    historyLines: Math.max(20, Math.round(1000 * scale)),
  }
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-report-'))
  const server = values.store === 'sqlite' ? null : await durableMongo()
  const stores: { readonly name: string; readonly url: (database: string) => string }[] = [
    ...(values.store === 'mongo' ? [] : [{ name: 'sqlite', url: (database: string) => `sqlite:${join(folder, `${database}.db`)}` }]),
    ...(server
      ? [
          {
            name: 'mongo',
            url: (database: string) => {
              const url = new URL(server.uri)
              url.pathname = `/bench-${database}`
              return url.toString()
            },
          },
        ]
      : []),
  ]
  const runs: Readonly<Record<string, string | number>>[] = []
  try {
    for (const { name, url } of stores) {
      const measured = async (database: string, dayLines: readonly number[]): Promise<ReportMeasure> => {
        await prepare(url(database), dayLines, sizes.skus)
        return measure(url(database))
      }
      const big = await measured('big', [...repeat(sizes.historyLines, 8), sizes.lines])
      const month = await measured('month', repeat(sizes.historyLines, 28))
      const year = await measured('year', repeat(sizes.historyLines, Number(values['history-days'])))
      runs.push({
        store: name,
        skus: sizes.skus,
        lines: big.lines,
        firstMs: big.firstMs,
        againMs: big.againMs,
        longestPauseMs: big.longestPauseMs,
        rssMiB: big.rssMiB,
        linesOfHistoryDay: sizes.historyLines,
        afterMonthMs: month.againMs,
        afterYearMs: year.againMs,
        yearOverMonth: Math.round((year.againMs * 100) / month.againMs) / 100,
        firstYearOverMonth: Math.round((year.firstMs * 100) / month.firstMs) / 100,
      })
      printTable(runs.slice(-1))
    }
  } finally {
    server?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(
    'firstMs: the report of a day of so many lines, its ledger summed on the way; againMs: made again. longestPauseMs: the longest that anything' +
      '\nelse of the process had to wait. afterMonthMs, afterYearMs: the report of a small day at the end of 28 and of 365 such days.',
  )
  if (values.json) console.log(JSON.stringify({ runs }))
}
