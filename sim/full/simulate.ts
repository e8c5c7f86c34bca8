// Full depth: runs N worlds from seed B on. What fails is told on standard error, with
// the command that replays it and the story of a smaller world that still fails; the last line on standard output is one JSON object.
import type { SimulateOptions } from '../simulate.ts'
import { drawFullScenario } from './scenario.ts'
import { shrinkFullScenario } from './shrink.ts'
import { runFullScenario } from './world.ts'

/** Failing worlds that are made smaller. */
const maxStories = 3
const maxLines = 60

/** Resolves with the number of worlds that failed. */
export const simulateFullDepth = async (options: SimulateOptions): Promise<number> => {
  const began = performance.now()
  const totals = { events: 0, orders: 0, unitsSold: 0, pushes: 0, oversoldUnits: 0, safetyBreaches: 0, notConverged: 0 }
  let failed = 0
  for (let seed = options.base; seed < options.base + options.seeds; seed++) {
    const scenario = drawFullScenario(seed)
    const result = await runFullScenario(scenario, { story: options.story })
    if (options.story) process.stderr.write(`${result.story.join('\n')}\n`)
    totals.events += result.events
    totals.orders += result.orders
    totals.unitsSold += result.unitsSold
    totals.pushes += result.pushes
    totals.oversoldUnits += result.oversoldUnits
    const { breach } = result
    if (!breach) continue
    failed += 1
    if (['P1', 'P2', 'P3'].includes(breach.property)) totals.safetyBreaches += 1
    else totals.notConverged += 1
    process.stderr.write(`seed ${seed} at ${breach.atMs} ms ${breach.property}: ${breach.text}\n`)
    process.stderr.write(`  replay: npm run simulate -- --depth full --seeds 1 --base ${seed} --story\n`)
    if (failed > maxStories) continue
    const small = await shrinkFullScenario(scenario, breach.property)
    process.stderr.write(`  shrunk: ${small.changes.join('; ') || 'not at all'}\n${small.story.slice(-maxLines).join('\n')}\n`)
  }
  const seconds = Math.round((performance.now() - began) / 10) / 100
  if (!options.json) process.stderr.write(`${(options.seeds / Math.max(seconds, 0.01)).toFixed(2)} worlds a second\n`)
  process.stdout.write(`${JSON.stringify({ schedules: options.seeds, ...totals, seconds })}\n`)
  return failed
}
