// Protocol depth: runs N worlds from seed B on. For a failing world: the command that replays it and the story of a smaller one that fails alike
// (standard error). The last line on standard output is one JSON object.
import type { SimulateOptions } from '../simulate.ts'
import { drawScenario } from './scenario.ts'
import { shrinkScenario } from './shrink.ts'
import { noTeeth } from './teeth.ts'
import { runScenario } from './world.ts'

/** Failing worlds that are made smaller. */
const maxStories = 3
const maxLines = 40

const showSmaller = (seed: number): void => {
  const scenario = shrinkScenario(drawScenario(seed), () => noTeeth)
  const { story } = runScenario(scenario, { story: true })
  const { channels, faults, ...rest } = scenario
  const active = Object.fromEntries(Object.entries(faults).filter(([, rate]) => rate > 0))
  process.stderr.write(`  smaller: ${JSON.stringify({ ...rest, channels: channels.map((c) => c.name), faults: active })}\n`)
  for (const line of story.slice(-maxLines)) process.stderr.write(`  ${line}\n`)
}

/** Resolves with the number of worlds that failed. */
export const simulateProtocol = ({ seeds, base, json, story }: SimulateOptions): number => {
  const began = performance.now()
  const totals = { events: 0, orders: 0, unitsSold: 0, pushes: 0, oversoldUnits: 0, safetyBreaches: 0, notConverged: 0 }
  let raises = 0
  let failed = 0
  for (let seed = base; seed < base + seeds; seed++) {
    const result = runScenario(drawScenario(seed), { story })
    totals.events += result.events
    totals.orders += result.orders
    totals.unitsSold += result.unitsSold
    totals.pushes += result.pushes
    totals.oversoldUnits += result.unexcusedUnits
    raises += result.raisesFound
    if (story) for (const line of result.story) process.stderr.write(`${line}\n`)
    if (!result.breach) continue
    if (result.breach.property === 'P7' || result.breach.property === 'runaway') totals.notConverged += 1
    else totals.safetyBreaches += 1
    failed += 1
    process.stderr.write(`seed ${seed}, ${result.breach.property}: ${result.breach.text}\n`)
    process.stderr.write(`  replay: npm run simulate -- --seeds 1 --base ${seed} --story\n`)
    if (failed <= maxStories) showSmaller(seed)
  }
  const seconds = Math.round((performance.now() - began) / 10) / 100
  if (!json)
    process.stderr.write(`${Math.round(seeds / Math.max(seconds, 0.01))} worlds a second; numbers taken for somebody else's: ${raises}\n`)
  process.stdout.write(`${JSON.stringify({ schedules: seeds, ...totals, seconds })}\n`)
  return failed
}
