// Durable reservations per second through the hub's committer, beside a bare loop that writes the same rows and bytes in the same groups on
// the same engine in the same run, without reads and without the domain. Demand is twice the stock: half of the requests are refused.
// How it is measured: fold-run.ts.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { durableMongo } from './fold-engines.ts'
import type { Run, Workload } from './fold-run.ts'
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

const program = fileURLToPath(new URL('./fold-run.ts', import.meta.url))

const runAlone = async (workload: Workload, environment: Readonly<Record<string, string>>): Promise<Run> => {
  const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(workload)], {
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
    },
  })
  const wanted = allWorkloads(Number(values.scale))
    .filter((each) => values.store === 'all' || values.store === each.store)
    .filter((each) => values.workload === 'all' || values.workload === each.workload)
  const server = wanted.some((each) => each.store === 'mongo') ? await durableMongo() : null
  const runs: Run[] = []
  try {
    for (const workload of wanted) {
      if (workload.store === 'mongo' && !server) continue
      runs.push(await runAlone(workload, server && workload.store === 'mongo' ? { MONGODB_URI: server.uri } : {}))
    }
  } finally {
    server?.stop()
  }
  printTable(runs.map(({ ratios: _ratios, ...rest }) => rest))
  console.log(
    'reservationsPerSecond: durable acceptances, each awaited by its caller. bareLoopPerSecond: the same rows in the same groups (groupSize)' +
      '\nwithout reads and decisions, in turns with the hub. ratio: the one over the other, median of the rounds. refusalsPerSecond: as much' +
      '\ndemand again, when the stock is gone. mixedPerSecond: acceptances when the whole demand comes in random order, refusals in the time.' +
      '\nrestMiB, rssMiB: the process with its hub before and after serving the whole demand once.',
  )
  for (const each of runs) console.log(`RATIO ${each.store} ${each.workload}: ${each.ratio}  (rounds: ${each.ratios.join(' ')})`)
  if (values.json) console.log(JSON.stringify({ runs }))
}
