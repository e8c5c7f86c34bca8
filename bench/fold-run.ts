// One run of the fold measurement, in a process of its own, so that neither compiled code nor memory of another run is in it. Guarantees:
// - the hub and the bare loop take turns of a fraction of a second on two databases that grow alike: the bare loop writes what the hub has
//   just committed, so that what the machine does besides meets both; the ratio is the median over rounds on fresh databases;
// - the rate counts durable acceptances. A refusal writes nothing that a bare loop could be compared in, so the half of the demand that is
//   refused comes after the half that empties the shelves, and has a rate of its own. mixedPerSecond is the rate of acceptances when both
//   come in random order, until the last acceptance, with the time of the refusals in between.
import { type BenchEngine, openMongoEngine, openSqliteEngine } from './fold-engines.ts'
import { ask, hubOn, lostUnits, oversoldUnits, recording, requestsOf, type Run, stockUp, turnOf, type Workload } from './fold-parts.ts'
import { median, percentile, residentMebibytes } from './figures.ts'

interface Round {
  readonly hubSeconds: number
  readonly bareSeconds: number
  readonly groups: number
  readonly refusalsPerSecond: number
  readonly latencies: readonly number[]
  readonly oversold: number
  readonly lost: number
}

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
  const lost = await lostUnits(store, workload, latencies.length + gone.latencies.length)
  await store.close()
  await bare.close()
  return { hubSeconds, bareSeconds, groups, refusalsPerSecond: gone.refused / gone.seconds, latencies, oversold, lost }
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
    workers: 1,
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
    lost: Math.max(...rounds.map((round) => round.lost)),
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
