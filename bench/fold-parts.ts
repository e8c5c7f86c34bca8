// What the fold measurements share: the workload, a hub without channels on a store, and callers that reserve.
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
  /** Processes with a hub of their own on the same store. */
  readonly workers: number
  /** Of each process. */
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
  /** Units by which stock, ledger and what callers were told differ. */
  readonly lost: number
  readonly restMiB: number
  readonly rssMiB: number
}

const pool = 'main' as PoolId
const location = 'main'

/** Passes everything through and keeps the commits, so that the bare loop can write exactly the same. */
export const recording = (store: Store): { store: Store; commits: Commit[] } => {
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

export const stockUp = async (store: Store, workload: Workload): Promise<void> => {
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

/** `peers`: other processes are on the same store. */
export const hubOn = (store: Store, peers = false): Hub =>
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
    peers,
  })

export interface Asked {
  readonly refused: number
  readonly seconds: number
  /** Until the last acceptance; 0 when there is none. */
  readonly acceptedSeconds: number
  /** Of each acceptance. */
  readonly latencies: readonly number[]
}

/** Reserves one unit of each SKU of the list, in its order, by that many callers at once; each awaits its answer before it goes on. */
export const ask = async (hub: Hub, skus: readonly Sku[], callers: number, prefix: string): Promise<Asked> => {
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
export const requestsOf = (workload: Workload, times: number): readonly Sku[] => {
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
export const oversoldUnits = async (store: Store, workload: Workload): Promise<number> => {
  let oversold = 0
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Store['listStock']>> = await store.listStock({ after, limit: 500 })
    for (const stock of page.items) oversold += Math.max(0, stock.reservedUnits - workload.unitsEach)
    after = page.next
  } while (after !== null)
  return oversold
}

/** Requests of one turn: some tens of groups. */
export const turnOf = ({ callers }: Workload): number => callers * 16

/** SKUs whose ledger is read at once. */
const ledgerReads = 32

/**
 * Units by which what was promised differs between the stock documents, the sum of their ledgers, and what the callers were told; 0: no
 * update was lost and none was made twice.
 */
export const lostUnits = async (store: Store, workload: Workload, accepted: number): Promise<number> => {
  const skus = skusOf(workload)
  let lost = 0
  let reserved = 0
  for (let i = 0; i < skus.length; i += ledgerReads) {
    await Promise.all(
      skus.slice(i, i + ledgerReads).map(async (sku) => {
        const [stock] = await store.readSku(sku)
        const reservedUnits = (await store.ledgerLevels([{ sku, pool }]))[0]?.reservedUnits ?? 0
        reserved += reservedUnits
        lost += Math.abs((stock?.reservedUnits ?? 0) - reservedUnits)
      }),
    )
  }
  return lost + Math.abs(reserved - accepted)
}
