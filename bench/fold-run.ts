// One run of the fold measurement, in a process of its own, so that neither compiled code nor memory of another run is in it. Guarantees:
// - the hub and the bare loop take turns of a fraction of a second on two databases that grow alike: the bare loop writes what the hub has
//   just committed, so that what the machine does besides meets both; the ratio is the median over rounds on fresh databases;
// - the rate counts durable acceptances. A refusal writes nothing that a bare loop could be compared in, so the half of the demand that is
//   refused comes after the half that empties the shelves, and has a rate of its own. mixedPerSecond is the rate of acceptances when both
//   come in random order, until the last acceptance, with the time of the refusals in between.
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
import { median, percentile, residentMebibytes } from './figures.ts'
import { noMetrics, silentLog } from './quiet.ts'

export interface Workload {
  readonly store: 'sqlite' | 'mongo'
  readonly workload: 'hot' | 'uniform'
  readonly skus: number
  /** On the shelf of each SKU; twice as many are asked for. */
  readonly unitsEach: number
  readonly callers: number
  readonly rounds: number
}

export interface Run {
  readonly store: 'sqlite' | 'mongo'
  readonly workload: 'hot' | 'uniform'
  readonly callers: number
  readonly reservationsPerSecond: number
  readonly bareLoopPerSecond: number
  readonly ratio: number
  readonly ratios: readonly number[]
  readonly refusalsPerSecond: number
  readonly mixedPerSecond: number
  /** Reservations in one commit, on average: the bare loop writes the same groups. */
  readonly groupSize: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly oversold: number
  readonly restMiB: number
  readonly rssMiB: number
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

const skusOf = ({ skus }: Workload): readonly Sku[] => Array.from({ length: skus }, (_, i) => `BENCH-${String(i).padStart(6, '0')}` as Sku)

const stockUp = async (store: Store, workload: Workload): Promise<void> => {
  const skus = skusOf(workload)
  for (let i = 0; i < skus.length; i += 500) {
    const result = await store.commit({
      stock: skus
        .slice(i, i + 500)
        .map((sku) => ({ next: { ...emptyStock(sku, pool), version: 1, onHandUnits: { [location]: workload.unitsEach } }, work: [] })),
    })
    if (!result.ok) throw new Error('the bench store is not empty')
  }
}

const hubOn = (store: Store): Hub =>
  createHub({
    store,
    clock: systemClock,
    random: systemRandom,
    metrics: noMetrics,
    log: silentLog,
    status: createStatusBook(systemClock, noMetrics),
    adapters: [],
    settings: [],
    poolLocations: new Map(),
    webhookUrlFor: () => null,
  })

interface Asked {
  readonly refused: number
  readonly seconds: number
  /** Until the last acceptance; 0 when there is none. */
  readonly acceptedSeconds: number
  /** Of each acceptance. */
  readonly latencies: readonly number[]
}

/** Reserves one unit of each SKU of the list, in its order, by that many callers at once; each awaits its answer before it goes on. */
const ask = async (hub: Hub, skus: readonly Sku[], callers: number, prefix: string): Promise<Asked> => {
  const latencies: number[] = []
  let next = 0
  let refused = 0
  const startedMs = performance.now()
  let acceptedMs = startedMs
  const caller = async (): Promise<void> => {
    while (next < skus.length) {
      const number = next++
      const askedMs = performance.now()
      try {
        await hub.move({
          kind: 'reserve',
          sku: skus[number] as Sku,
          pool,
          location: null,
          toLocation: null,
          units: 1,
          reference: `${prefix}/${number}`,
        })
        acceptedMs = performance.now()
        latencies.push(acceptedMs - askedMs)
      } catch (error) {
        if (!isBelayError(error, 'insufficient-stock')) throw error
        refused += 1
      }
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return { refused, seconds: (performance.now() - startedMs) / 1000, acceptedSeconds: (acceptedMs - startedMs) / 1000, latencies }
}

/** Each SKU `times` times, shuffled. */
const requestsOf = (workload: Workload, times: number): readonly Sku[] => {
  const random = seededRandom(7)
  const requests = skusOf(workload).flatMap((sku) => Array<Sku>(times).fill(sku))
  for (let i = requests.length - 1; i > 0; i--) {
    const other = Math.floor(random.next() * (i + 1))
    const held = requests[i] as Sku
    requests[i] = requests[other] as Sku
    requests[other] = held
  }
  return requests
}

/** Reserved more than was there, summed over all SKUs, from what is stored. */
const oversoldUnits = async (store: Store, workload: Workload): Promise<number> => {
  let oversold = 0
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Store['listStock']>> = await store.listStock({ after, limit: 500 })
    for (const stock of page.items) oversold += Math.max(0, stock.reservedUnits - workload.unitsEach)
    after = page.next
  } while (after !== null)
  return oversold
}

interface Round {
  readonly hubSeconds: number
  readonly bareSeconds: number
  readonly groups: number
  readonly refusalsPerSecond: number
  readonly latencies: readonly number[]
  readonly oversold: number
}

/** Requests of one turn: some tens of groups. */
const turnOf = ({ callers }: Workload): number => callers * 16

const runRound = async (engine: BenchEngine, workload: Workload): Promise<Round> => {
  const { store, commits } = recording(await engine.open())
  await stockUp(store, workload)
  const bare = await engine.openBare((each) => stockUp(each, workload))
  const hub = hubOn(store)
  const requests = requestsOf(workload, workload.unitsEach)
  const latencies: number[] = []
  let hubSeconds = 0
  let bareSeconds = 0
  let groups = 0
  for (let at = 0; at < requests.length; at += turnOf(workload)) {
    commits.length = 0
    const turn = await ask(hub, requests.slice(at, at + turnOf(workload)), workload.callers, `r${at}`)
    if (turn.refused > 0) throw new Error('a unit that was there was refused')
    hubSeconds += turn.seconds
    for (const latency of turn.latencies) latencies.push(latency)
    bareSeconds += await bare.write(commits)
    groups += commits.length
  }
  const gone = await ask(hub, requests, workload.callers, 'gone')
  await hub.stop()
  const oversold = await oversoldUnits(store, workload)
  await store.close()
  await bare.close()
  return { hubSeconds, bareSeconds, groups, refusalsPerSecond: gone.refused / gone.seconds, latencies, oversold }
}

interface Whole {
  readonly mixedPerSecond: number
  readonly restMiB: number
  readonly rssMiB: number
}

/** The whole demand in random order, without pauses and without the bench's records. */
const runWhole = async (engine: BenchEngine, workload: Workload): Promise<Whole> => {
  const store = await engine.open()
  await stockUp(store, workload)
  const hub = hubOn(store)
  const requests = requestsOf(workload, workload.unitsEach * 2)
  const restMiB = residentMebibytes()
  const asked = await ask(hub, requests, workload.callers, 'm')
  const rssMiB = residentMebibytes()
  await hub.stop()
  await store.close()
  return { mixedPerSecond: asked.latencies.length / asked.acceptedSeconds, restMiB, rssMiB }
}

const measure = async (engine: BenchEngine, workload: Workload): Promise<Run> => {
  // The memory is that of a fresh process; everything else is counted after both sides have been warmed up.
  const { restMiB, rssMiB } = await runWhole(engine, workload)
  await runRound(engine, workload)
  const rounds: Round[] = []
  for (let round = 0; round < workload.rounds; round++) rounds.push(await runRound(engine, workload))
  const { mixedPerSecond } = await runWhole(engine, workload)
  const accepted = rounds[0]?.latencies.length ?? 0
  const ratios = rounds.map((round) => Number((round.bareSeconds / round.hubSeconds).toFixed(3)))
  const latencies = rounds.flatMap((round) => round.latencies).sort((a, b) => a - b)
  return {
    store: workload.store,
    workload: workload.workload,
    callers: workload.callers,
    reservationsPerSecond: Math.round(accepted / median(rounds.map((round) => round.hubSeconds))),
    bareLoopPerSecond: Math.round(accepted / median(rounds.map((round) => round.bareSeconds))),
    ratio: median(ratios),
    ratios,
    refusalsPerSecond: Math.round(median(rounds.map((round) => round.refusalsPerSecond))),
    mixedPerSecond: Math.round(mixedPerSecond),
    groupSize: Number((accepted / median(rounds.map((round) => round.groups))).toFixed(1)),
    p50Ms: Number(percentile(latencies, 0.5).toFixed(2)),
    p99Ms: Number(percentile(latencies, 0.99).toFixed(2)),
    oversold: Math.max(...rounds.map((round) => round.oversold)),
    restMiB,
    rssMiB,
  }
}

if (import.meta.main) {
  const workload = JSON.parse(process.argv[2] ?? '{}') as Workload
  const engine = workload.store === 'sqlite' ? openSqliteEngine() : await openMongoEngine()
  const run = await measure(engine, workload)
  await engine.close()
  console.log(JSON.stringify(run))
}
