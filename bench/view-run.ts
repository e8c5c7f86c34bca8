// One run of the view's measurement, in a process of its own that did not load the catalogue, so that the memory is that run's.
// Guarantees: the refresh is the store's own, over changes that went in by commit and by putSnapshots; pages are asked for one after the other,
// from the beginning and from places all over the catalogue, in turn by every filter and order that has an index.
import type { InventoryQuery } from '../src/ports/inventory-view.ts'
import type { Store } from '../src/ports/store.ts'
import { openStore } from '../src/store/index.ts'
import { placeAfter } from '../src/store/page.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { median, percentile } from './figures.ts'
import {
  changedSkus,
  changesInRound,
  rounds,
  copyMongo,
  copySqlite,
  makeTemplates,
  readingOf,
  settings,
  skuOf,
  stockOf,
} from './view-load.ts'

export interface ViewRun {
  readonly store: 'sqlite' | 'mongo'
  readonly skus: number
  /** After 1,000 changed SKUs; median of the rounds. */
  readonly refreshMs: number
  /** Of pages of 50, filtered and sorted. */
  readonly pageP50Ms: number
  readonly pageP99Ms: number
  /** The same, by what was asked for and whether from the beginning or from a place inside. */
  readonly pages: Readonly<Record<string, { readonly p50Ms: number; readonly p99Ms: number }>>
  /** Peak of the process. */
  readonly rssMiB: number
  /** Longest that the event loop stood still during the refreshes. */
  readonly longestStallMs: number
}

const pages = 400
const pageRows = 50

const change = async (store: Store, skus: number, round: number): Promise<void> => {
  const numbers = Array.from({ length: changedSkus }, (_, i) => changesInRound(i, skus, round))
  const documents = numbers.map((n) => ({ sku: skuOf(n), pool: stockOf(skuOf(n), n, 1, 0).pool }))
  for (let i = 0; i < changedSkus; i += 250) {
    const { stock } = await store.readState({ stock: documents.slice(i, i + 250), orders: [], ledgerKeys: [] })
    const result = await store.commit({
      stock: stock.map((document, j) => {
        const n = numbers[i + j] ?? 0
        return { next: { ...stockOf(skuOf(n), n, (document?.version ?? 0) + 1, Date.now()), reservedUnits: round }, work: [] }
      }),
    })
    if (!result.ok) throw new Error('the bench store was changed by somebody else')
    await store.putSnapshots(numbers.slice(i, i + 125).map((n) => readingOf(skuOf(n), n, Date.now())))
  }
}

/** Runs `work` and says how long the event loop stood still at most. */
const watched = async (work: () => Promise<void>): Promise<number> => {
  let longestMs = 0
  let lastMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lastMs - 1)
    lastMs = nowMs
  }, 1)
  await work()
  clearInterval(timer)
  return longestMs
}

const queries: readonly Pick<InventoryQuery, 'status' | 'channel' | 'sort'>[] = [
  { status: 'at-risk', sort: 'risk' },
  { channel: 'market' as InventoryQuery['channel'] & string, sort: 'changed' },
  { status: 'at-risk', channel: 'shop' as InventoryQuery['channel'] & string, sort: 'changed' },
  { channel: 'market' as InventoryQuery['channel'] & string, sort: 'drift' },
  { sort: 'changed' },
  { sort: 'sku' },
  { channel: 'market' as InventoryQuery['channel'] & string, sort: 'sku' },
  { status: 'protected', sort: 'risk' },
  { status: 'protected', sort: 'changed' },
]

/** Times by kind of page. */
const measurePages = async (store: Store, skus: number, nowMs: number): Promise<ReadonlyMap<string, number[]>> => {
  const random = seededRandom(11)
  const times = new Map<string, number[]>()
  for (let i = 0; i < pages; i++) {
    const query = queries[i % queries.length]
    if (!query) continue
    const sku = skuOf(Math.floor(random.next() * skus))
    const from = Math.floor(i / queries.length) % 2 === 0
    const key = query.sort === 'sku' ? [sku] : [query.sort === 'changed' ? nowMs - Math.floor(random.next() * 2_000_000_000) : 5, sku]
    const startedMs = performance.now()
    const page = await store.listInventory({ ...query, after: from ? null : placeAfter(key), limit: pageRows })
    const kind = `${Object.values(query).join(', ')}, ${from ? 'first' : 'inside'}`
    if (i >= queries.length * 2) times.set(kind, [...(times.get(kind) ?? []), performance.now() - startedMs])
    if (from && page.items.length !== pageRows && skus >= 5000)
      throw new Error(`a page of ${JSON.stringify(query)} has ${page.items.length} rows`)
  }
  return times
}

const load = async (address: string, skus: number, nowMs: number): Promise<void> => {
  const store = await openStore(address)
  await store.migrate()
  await makeTemplates(store, nowMs)
  await store.close()
  if (address.startsWith('sqlite:')) copySqlite(address.slice('sqlite:'.length), skus, nowMs)
  else await copyMongo(address, skus, nowMs)
}

const measure = async (address: string, skus: number, nowMs: number): Promise<ViewRun> => {
  const store = await openStore(address)
  const times: number[] = []
  let longestStallMs = 0
  for (let round = 0; round <= rounds; round++) {
    await change(store, skus, round)
    const startedMs = performance.now()
    const stallMs = await watched(async () => {
      while ((await store.refreshInventory({ settings, limit: 1000 })).more);
    })
    // The first one warms up.
    if (round === 0) continue
    times.push(performance.now() - startedMs)
    longestStallMs = Math.max(longestStallMs, stallMs)
  }
  const byKind = await measurePages(store, skus, nowMs)
  const sorted = (all: readonly number[]): readonly number[] => [...all].sort((a, b) => a - b)
  const pageTimes = sorted([...byKind.values()].flat())
  await store.close()
  const rounded = (value: number): number => Number(value.toFixed(1))
  return {
    store: store.engine,
    skus,
    refreshMs: Math.round(median(times)),
    pageP50Ms: rounded(percentile(pageTimes, 0.5)),
    pageP99Ms: rounded(percentile(pageTimes, 0.99)),
    pages: Object.fromEntries(
      [...byKind].map(([kind, all]) => [
        kind,
        { p50Ms: rounded(percentile(sorted(all), 0.5)), p99Ms: rounded(percentile(sorted(all), 0.99)) },
      ]),
    ),
    rssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    longestStallMs: rounded(longestStallMs),
  }
}

const [what = '', address = '', skus = '', nowMs = ''] = process.argv.slice(2)
if (what === 'load') await load(address, Number(skus), Number(nowMs))
else process.stdout.write(`${JSON.stringify(await measure(address, Number(skus), Number(nowMs)))}\n`)
