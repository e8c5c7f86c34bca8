// The fold measurement with several processes on one MongoDB, run as a process of its own. Guarantees:
// - processes and the bare loop take turns of a fraction of a second on two databases that grow alike, as in fold-run.ts; the bare loop is
//   one, and writes what all processes have just committed, so that the ratio says what many processes make of one server;
// - the time of a turn is from the first process's start to the last one's end;
// - at the end stock, ledger and what the callers were told must be the same: an update lost between processes shows there.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Sku } from '../src/domain/ids.ts'
import { median, percentile, residentMebibytes } from './figures.ts'
import { type MongoBenchEngine, openMongoEngine } from './fold-engines.ts'
import { lostUnits, oversoldUnits, requestsOf, type Run, stockUp, turnOf, type Workload } from './fold-parts.ts'
import type { Answer, Task } from './fold-worker.ts'

const program = fileURLToPath(new URL('./fold-worker.ts', import.meta.url))

interface Crew {
  /** Each gets its share, at once. */
  reserve(skus: readonly Sku[], prefix: string, record: boolean): Promise<readonly Answer[]>
  end(): Promise<void>
}

const startCrew = async (url: string, workload: Workload, workers: number): Promise<Crew> => {
  const children: ChildProcess[] = []
  for (let i = 0; i < workers; i++) {
    const child = fork(program, [url], { serialization: 'advanced' })
    children.push(child)
    await once(child, 'message')
  }
  return {
    reserve: async (skus, prefix, record) => {
      const answers = children.map(async (child, i) => {
        const task: Task = { skus: skus.filter((_, n) => n % workers === i), callers: workload.callers, prefix: `${prefix}/${i}`, record }
        child.send(task)
        const [answer] = (await once(child, 'message')) as [Answer]
        return answer
      })
      return Promise.all(answers)
    },
    end: async () => {
      const gone = children.map((child) => once(child, 'exit'))
      for (const child of children) child.send('end')
      await Promise.all(gone)
    },
  }
}

const secondsOf = (answers: readonly Answer[], end: 'endedMs' | 'acceptedMs'): number =>
  (Math.max(...answers.map((each) => each[end])) - Math.min(...answers.map(({ startedMs }) => startedMs))) / 1000

const latenciesOf = (answers: readonly Answer[]): number[] => answers.flatMap(({ latencies }) => latencies)

/** The first one warms up. */
const leastTurns = 4

interface Round {
  readonly accepted: number
  readonly hubSeconds: number
  readonly bareSeconds: number
  readonly groups: number
  readonly refusalsPerSecond: number
  readonly latencies: readonly number[]
  readonly oversold: number
  readonly lost: number
  readonly rssMiB: number
}

const runRound = async (engine: MongoBenchEngine, workload: Workload, workers: number): Promise<Round> => {
  const { store, url } = await engine.openNamed()
  await stockUp(store, workload)
  const bare = await engine.openBare((each) => stockUp(each, workload))
  const crew = await startCrew(url, workload, workers)
  const requests = requestsOf(workload, workload.unitsEach)
  const turn = Math.min(turnOf(workload) * workers, Math.ceil(requests.length / leastTurns))
  // What every process compiles at first is not counted.
  const warmUp = await crew.reserve(requests.slice(0, turn), 'warm', true)
  await bare.write(warmUp.flatMap(({ commits }) => commits))
  const latencies: number[] = []
  let [accepted, hubSeconds, bareSeconds, groups, rssMiB] = [0, 0, 0, 0, 0]
  for (let at = turn; at < requests.length; at += turn) {
    const answers = await crew.reserve(requests.slice(at, at + turn), `r${at}`, true)
    if (answers.some(({ refused }) => refused > 0)) throw new Error('a unit that was there was refused')
    const commits = answers.flatMap((each) => each.commits)
    hubSeconds += secondsOf(answers, 'endedMs')
    bareSeconds += await bare.write(commits)
    groups += commits.length
    accepted += latenciesOf(answers).length
    for (const latency of latenciesOf(answers)) latencies.push(latency)
    rssMiB = Math.max(rssMiB, ...answers.map((each) => each.rssMiB))
  }
  const gone = await crew.reserve(requests, 'gone', false)
  await crew.end()
  const refused = gone.reduce((sum, each) => sum + each.refused, 0)
  const told = accepted + latenciesOf(warmUp).length + latenciesOf(gone).length
  const oversold = await oversoldUnits(store, workload)
  const lost = await lostUnits(store, workload, told)
  await store.close()
  await bare.close()
  return {
    accepted,
    hubSeconds,
    bareSeconds,
    groups,
    refusalsPerSecond: refused / secondsOf(gone, 'endedMs'),
    latencies,
    oversold,
    lost,
    rssMiB,
  }
}

/** The whole demand in random order: acceptances a second until the last one. */
const runMixed = async (engine: MongoBenchEngine, workload: Workload, workers: number): Promise<number> => {
  const { store, url } = await engine.openNamed()
  await stockUp(store, workload)
  const crew = await startCrew(url, workload, workers)
  const answers = await crew.reserve(requestsOf(workload, workload.unitsEach * 2), 'm', false)
  await crew.end()
  await store.close()
  return latenciesOf(answers).length / secondsOf(answers, 'acceptedMs')
}

const measure = async (engine: MongoBenchEngine, workload: Workload, workers: number): Promise<Run> => {
  const rounds: Round[] = []
  for (let round = 0; round < workload.rounds; round++) rounds.push(await runRound(engine, workload, workers))
  const mixedPerSecond = await runMixed(engine, workload, workers)
  const accepted = rounds[0]?.accepted ?? 0
  const ratios = rounds.map((round) => Number((round.bareSeconds / round.hubSeconds).toFixed(3)))
  const latencies = rounds.flatMap((round) => round.latencies).sort((a, b) => a - b)
  return {
    store: workload.store,
    workload: workload.workload,
    workers,
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
    restMiB: residentMebibytes(),
    rssMiB: Math.max(...rounds.map((round) => round.rssMiB)),
  }
}

if (import.meta.main) {
  const [workload, workers] = JSON.parse(process.argv[2] ?? '[]') as [Workload, number]
  const engine = await openMongoEngine()
  // As much for each process, however many there are.
  const run = await measure(engine, { ...workload, unitsEach: workload.unitsEach * workers }, workers)
  await engine.close()
  console.log(JSON.stringify(run))
}
