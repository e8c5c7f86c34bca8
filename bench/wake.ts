// How soon one process acts on what another did, on one MongoDB: an api process takes a movement or a webhook in, a worker process pushes or
// folds; beside one process that does both, which is the same without the signal. Real processes, real HTTP, simulated marketplaces in this
// one. Measured: from the answer to a movement until the first write arrives at a marketplace (signal, plan, a durable commit, a request), and
// from the arrival of an order until it is committed. Without signals a worker would look by itself once a second.
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Simulator } from '../sim/simulator.ts'
import { expectOwners, openTrade, type Trade } from '../test/e2e/open-trade.ts'
import { durableMongo } from './fold-engines.ts'
import { percentile, printTable } from './figures.ts'

interface Run {
  readonly processes: number
  readonly what: string
  readonly times: number
  readonly meanMs: number
  /** null: only the mean is known. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

const writesOf = (simulators: readonly Simulator[]): number =>
  simulators.reduce(
    (sum, simulator) =>
      sum +
      Object.entries(simulator.requestCounts())
        .filter(([name]) => /(inventorySetQuantities|patchListingsItem|submitInventoryUpdate)$/.test(name))
        .reduce((all, [, count]) => all + count, 0),
    0,
  )

/** Until there are more writes than before; null: not within five seconds. */
const nextWrite = async (simulators: readonly Simulator[], before: number, startedMs: number): Promise<number | null> => {
  while (performance.now() - startedMs < 5_000) {
    if (writesOf(simulators) > before) return performance.now() - startedMs
    await nextTurn()
  }
  return null
}

/** Nothing is under way, so that the next write is the answer to what is done next. */
const quiet = async (simulators: readonly Simulator[]): Promise<void> => {
  for (let last = -1; last !== writesOf(simulators); ) {
    last = writesOf(simulators)
    await pause(700)
  }
}

const rounded = (value: number): number => Number(value.toFixed(1))

const summary = (processes: number, what: string, delays: readonly number[]): Run => {
  const sorted = [...delays].sort((a, b) => a - b)
  return {
    processes,
    what,
    times: sorted.length,
    meanMs: rounded(sorted.reduce((sum, each) => sum + each, 0) / sorted.length),
    p50Ms: rounded(percentile(sorted, 0.5)),
    p99Ms: rounded(percentile(sorted, 0.99)),
    maxMs: rounded(sorted.at(-1) ?? Number.NaN),
  }
}

/** From the arrival of a Shopify order at the api process to its commit, as the process that folds counts it: sum and number. */
const folded = async (trade: Trade): Promise<{ readonly seconds: number; readonly count: number }> => {
  const text = await (await fetch(`${(trade.workers[0] ?? trade.hub).url}/metrics`)).text()
  const valueOf = (name: string): number => Number(new RegExp(`^${name}{channel="shopify"} (.+)$`, 'm').exec(text)?.[1] ?? 0)
  return { seconds: valueOf('belay_fold_seconds_sum'), count: valueOf('belay_fold_seconds_count') }
}

const measure = async (trade: Trade, times: number): Promise<readonly Run[]> => {
  const { all, shopify } = trade.marketplaces
  const processes = 1 + trade.workers.length
  for (const simulator of all) Object.assign(simulator.faults, { duplicate: 0, reorder: 0 })
  const page = await trade.hub.get<{ readonly items: readonly { readonly sku: string; readonly sharing: string }[] }>(
    '/api/v1/stock?limit=100',
  )
  const pooled = page.items.filter(({ sharing }) => sharing === 'pooled').map(({ sku }) => sku)
  const delays: number[] = []
  for (let i = 0; i < times; i++) {
    await quiet(all)
    const before = writesOf(all)
    const body = { kind: 'receipt', sku: pooled[i % pooled.length], location: 'berlin', units: 1, reference: `wake-${i}` }
    const answer = await trade.hub.post('/api/v1/movements', body)
    if (!answer.ok) throw new Error(await answer.text())
    const delayMs = await nextWrite(all, before, performance.now())
    if (delayMs !== null) delays.push(delayMs)
  }
  const before = await folded(trade)
  for (let i = 0; i < times; i++) {
    const offers = shopify.market.offers()
    const offer = offers[i % offers.length]
    if (offer) shopify.market.buy([{ externalId: offer.externalId, quantity: 1 }])
    await pause(300)
  }
  await quiet(all)
  const after = await folded(trade)
  const count = after.count - before.count
  const meanMs = rounded(((after.seconds - before.seconds) / count) * 1000)
  return [
    summary(processes, 'movement answered -> first write at a marketplace', delays),
    { processes, what: 'order arrived -> committed', times: count, meanMs, p50Ms: null, p99Ms: null, maxMs: null },
  ]
}

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, times: { type: 'string', default: '40' } },
  })
  const server = await durableMongo()
  if (!server) return
  const runs: Run[] = []
  try {
    for (const workers of [0, 1]) {
      const url = new URL(server.uri)
      url.pathname = `/belay_wake_${process.pid}_${workers}`
      const trade = await openTrade(() => url.href, 31, { workers })
      try {
        await expectOwners(trade, 'every channel has an owner', () => true)
        runs.push(...(await measure(trade, Number(values.times))))
      } finally {
        await trade.close()
      }
    }
    printTable(runs)
    if (values.json) console.log(JSON.stringify({ runs }))
  } finally {
    server.stop()
  }
}
