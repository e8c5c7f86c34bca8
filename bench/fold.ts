// Durable reservations per second through the hub's committer, beside a bare loop that writes the same rows and bytes in the same groups on
// the same engine in the same run, without reads and without the domain. Demand is twice the stock: half of the requests are refused.
// How it is measured: fold-run.ts.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { durableMongo } from './fold-engines.ts'
import type { Run, Workload } from './fold-parts.ts'
import { printTable } from './figures.ts'

const allWorkloads = (scale: number): readonly Workload[] => {
  const rounds = (full: number): number => Math.max(1, Math.round(Math.min(1, scale) * full))
  const hot = (units: number) => ({ workload: 'hot', skus: 1, unitsEach: Math.max(100, Math.round(units * scale)), callers: 32 }) as const
  const uniform = (units: number) =>
    ({ workload: 'uniform', skus: Math.max(100, Math.round(10_000 * Math.min(1, scale))), unitsEach: units, callers: 256 }) as const
  return [
    { store: 'sqlite', ...hot(20_000), rounds: rounds(7) },
    { store: 'sqlite', ...uniform(3), rounds: rounds(7) },
    { store: 'mongo', ...hot(3_000), rounds: rounds(5) },
    { store: 'mongo', ...uniform(1), rounds: rounds(5) },
  ]
}

const maxWorkers = 16

const crewOf = (text: string): number => {
  const workers = Number(text)
  if (!Number.isInteger(workers) || workers < 1 || workers > maxWorkers)
    throw new RangeError(`--workers takes numbers from 1 to ${maxWorkers}, for example 1,2,4`)
  return workers
}

const one = fileURLToPath(new URL('./fold-run.ts', import.meta.url))
const many = fileURLToPath(new URL('./fold-workers.ts', import.meta.url))

/** `workers` null: the hub within the measuring process. */
const runAlone = async (workload: Workload, workers: number | null, environment: Readonly<Record<string, string>>): Promise<Run> => {
  const program = workers === null ? [one, JSON.stringify(workload)] : [many, JSON.stringify([workload, workers])]
  const child = spawn(process.execPath, [...process.execArgv, ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  })
  let text = ''
  child.stdout.setEncoding('utf8')
  for await (const part of child.stdout) text += String(part)
  const last = text.trimEnd().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) throw new Error(`the run ${workload.store} ${workload.workload} failed`)
  return JSON.parse(last) as Run
}

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      store: { type: 'string', default: 'all' },
      scale: { type: 'string', default: '1' },
      workload: { type: 'string', default: 'all' },
      workers: { type: 'string' },
    },
  })
  const wanted = allWorkloads(Number(values.scale))
    .filter((each) => values.store === 'all' || values.store === each.store)
    .filter((each) => values.workload === 'all' || values.workload === each.workload)
  const crews = values.workers === undefined ? [null] : values.workers.split(',').map(crewOf)
  const server = wanted.some((each) => each.store === 'mongo') ? await durableMongo() : null
  const runs: Run[] = []
  try {
    for (const workload of wanted) {
      if (workload.store === 'mongo' && !server) continue
      const environment: Readonly<Record<string, string>> = server && workload.store === 'mongo' ? { MONGODB_URI: server.uri } : {}
      for (const workers of workload.store === 'mongo' ? crews : [null]) runs.push(await runAlone(workload, workers, environment))
    }
  } finally {
    server?.stop()
  }
  printTable(runs.map(({ ratios: _ratios, ...rest }) => rest))
  console.log(
    'reservationsPerSecond: durable acceptances, each awaited by its caller. bareLoopPerSecond: the same rows in the same groups (groupSize)' +
      '\nwithout reads and decisions, in turns with the hub. ratio: the one over the other, median of the rounds. refusalsPerSecond: as much' +
      '\ndemand again, when the stock is gone. mixedPerSecond: acceptances when the whole demand comes in random order, refusals in the time.' +
      '\nlost: units by which stock, ledger and what the callers were told differ. workers: processes on one store (--workers 1,2,4), each with' +
      '\nso many callers; then the bare loop is still one.' +
      '\nrestMiB, rssMiB: the process with its hub before and after serving the whole demand once.',
  )
  const crewText = ({ workers }: Run): string => (values.workers === undefined ? '' : ` ${workers} workers`)
  for (const each of runs)
    console.log(`RATIO ${each.store} ${each.workload}${crewText(each)}: ${each.ratio}  (rounds: ${each.ratios.join(' ')})`)
  if (values.json) console.log(JSON.stringify({ runs }))
}
