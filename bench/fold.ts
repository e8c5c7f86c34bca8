// Durable reservations per second through the hub's committer, beside a bare loop that writes the same rows and bytes in the same groups on
// the same engine in the same run, without reads and without the domain. Demand is twice the stock: half of the requests are refused.
// Each caller awaits its reservation before it asks for the next.
import { parseArgs } from 'node:util'
import type { PoolId, Sku } from '../src/domain/ids.ts'
import { isBelayError } from '../src/domain/errors.ts'
import { emptyStock } from '../src/domain/stock.ts'
import { createHub } from '../src/engine/hub.ts'
import { createStatusBook } from '../src/engine/status.ts'
import { systemClock } from '../src/engine/system-clock.ts'
import { systemRandom } from '../src/engine/system-random.ts'
import type { Hub } from '../src/ports/hub.ts'
import type { Commit, Store } from '../src/ports/store.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { type BenchEngine, openMongoEngine, openSqliteEngine } from './fold-engines.ts'
import { percentile, printTable, residentMebibytes } from './figures.ts'
import { noMetrics, silentLog } from './quiet.ts'

interface Run {
  readonly store: 'sqlite' | 'mongo'
  readonly workload: 'hot' | 'uniform'
  readonly callers: number
  readonly reservationsPerSecond: number
  readonly bareLoopPerSecond: number
  readonly ratio: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly oversold: number
  readonly restMiB: number
  readonly rssMiB: number
}

interface Workload {
  readonly name: 'hot' | 'uniform'
  readonly skus: number
  readonly callers: number
  /** Units on the shelf in all. */
  readonly units: number
}

const pool = 'main' as PoolId
const location = 'main'

/** Passes everything through and keeps the commits, so that the bare loop can write exactly the same. */
const recording = (store: Store): { store: Store; commits: Commit[] } => {
  const commits: Commit[] = []
  return {
    commits,
    store: {
      ...store,
      commit: async (commit) => {
        const result = await store.commit(commit)
        if (result.ok) commits.push(commit)
        return result
      },
    },
  }
}

const stockUp = async (store: Store, workload: Workload): Promise<readonly Sku[]> => {
  const each = Math.floor(workload.units / workload.skus)
  const skus = Array.from({ length: workload.skus }, (_, i) => `BENCH-${String(i).padStart(6, '0')}` as Sku)
  for (let i = 0; i < skus.length; i += 500) {
    const result = await store.commit({
      stock: skus
        .slice(i, i + 500)
        .map((sku) => ({ next: { ...emptyStock(sku, pool), version: 1, onHandUnits: { [location]: each } }, work: [] })),
    })
    if (!result.ok) throw new Error('the bench store is not empty')
  }
  return skus
}

const reserveAll = async (
  hub: Hub,
  skus: readonly Sku[],
  workload: Workload,
): Promise<{ seconds: number; accepted: number; latencies: number[] }> => {
  const random = seededRandom(7)
  const requests = workload.units * 2
  const latencies: number[] = []
  let next = 0
  let accepted = 0
  const caller = async (): Promise<void> => {
    while (next < requests) {
      const number = next++
      const sku = skus.length === 1 ? skus[0] : skus[Math.floor(random.next() * skus.length)]
      const startedMs = performance.now()
      try {
        await hub.move({ kind: 'reserve', sku: sku as Sku, pool, location: null, toLocation: null, units: 1, reference: `r${number}` })
        accepted += 1
        latencies.push(performance.now() - startedMs)
      } catch (error) {
        if (!isBelayError(error, 'insufficient-stock')) throw error
      }
    }
  }
  const startedMs = performance.now()
  await Promise.all(Array.from({ length: workload.callers }, caller))
  return { seconds: (performance.now() - startedMs) / 1000, accepted, latencies }
}

/** Reserved more than was there, summed over all SKUs, from what is stored. */
const oversoldUnits = async (store: Store): Promise<number> => {
  let oversold = 0
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Store['listStock']>> = await store.listStock({ after, limit: 500 })
    for (const stock of page.items)
      oversold += Math.max(0, stock.reservedUnits - (stock.onHandUnits[location as keyof typeof stock.onHandUnits] ?? 0))
    after = page.next
  } while (after !== null)
  return oversold
}

const measure = async (engine: BenchEngine, workload: Workload): Promise<Run> => {
  const { store, commits } = recording(await engine.open())
  const skus = await stockUp(store, workload)
  commits.length = 0
  const status = createStatusBook(systemClock, noMetrics)
  const hub = createHub({
    store,
    clock: systemClock,
    random: systemRandom,
    metrics: noMetrics,
    log: silentLog,
    status,
    adapters: [],
    settings: [],
    poolLocations: new Map(),
    webhookUrlFor: () => null,
  })
  const restMiB = residentMebibytes()
  const { seconds, accepted, latencies } = await reserveAll(hub, skus, workload)
  const rssMiB = residentMebibytes()
  await hub.stop()
  const oversold = await oversoldUnits(store)
  await store.close()

  const bareStore = await engine.open()
  await stockUp(bareStore, workload)
  await bareStore.close()
  const bareSeconds = await engine.bareLoop(commits)
  latencies.sort((a, b) => a - b)
  const perSecond = accepted / seconds
  const barePerSecond = accepted / bareSeconds
  return {
    store: engine.name,
    workload: workload.name,
    callers: workload.callers,
    reservationsPerSecond: Math.round(perSecond),
    bareLoopPerSecond: Math.round(barePerSecond),
    ratio: Number((perSecond / barePerSecond).toFixed(3)),
    p50Ms: Number(percentile(latencies, 0.5).toFixed(2)),
    p99Ms: Number(percentile(latencies, 0.99).toFixed(2)),
    oversold,
    restMiB,
    rssMiB,
  }
}

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      store: { type: 'string', default: 'all' },
      scale: { type: 'string', default: '1' },
      workload: { type: 'string', default: 'all' },
    },
  })
  const scale = Number(values.scale)
  const workloads = (full: number): readonly Workload[] =>
    allWorkloads(full).filter((w) => values.workload === 'all' || values.workload === w.name)
  const allWorkloads = (full: number): readonly Workload[] => [
    { name: 'hot', skus: 1, callers: 32, units: Math.round(full * scale) },
    { name: 'uniform', skus: 10_000, callers: 256, units: Math.max(10_000, Math.round((full * 3 * scale) / 10_000) * 10_000) },
  ]
  const runs: Run[] = []
  if (values.store !== 'mongo') {
    const engine = openSqliteEngine()
    for (const workload of workloads(20_000)) runs.push(await measure(engine, workload))
    await engine.close()
  }
  if (values.store !== 'sqlite') {
    const engine = await openMongoEngine()
    if (engine) {
      for (const workload of workloads(5_000)) runs.push(await measure(engine, workload))
      await engine.close()
    }
  }
  printTable(runs)
  if (values.json) console.log(JSON.stringify({ runs }))
}
