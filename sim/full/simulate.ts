// `npm run simulate -- --depth full --seeds N --base B`: runs N full-depth worlds from seed B on. What fails is told on standard error, with
// the command that replays it and the story of a smaller world that still fails; the last line on standard output is one JSON object.
import { drawFullScenario } from './scenario.ts'
import { shrinkFullScenario } from './shrink.ts'
import { runFullScenario } from './world.ts'

export interface FullDepthOptions {
  readonly seeds: number
  readonly base: number
  readonly story: boolean
}

/** Failing worlds that are made smaller. */
const maxStories = 3
const maxLines = 60

/** Resolves with the number of worlds that failed. */
export const simulateFullDepth = async (options: FullDepthOptions): Promise<number> => {
  const began = performance.now()
  const totals = { events: 0, orders: 0, unitsSold: 0, pushes: 0, falseRaises: 0, oversoldUnits: 0, safetyBreaches: 0, notConverged: 0 }
  let failed = 0
  for (let seed = options.base; seed < options.base + options.seeds; seed++) {
    const scenario = drawFullScenario(seed)
    const result = await runFullScenario(scenario, { story: options.story })
    if (options.story) process.stderr.write(`${result.story.join('\n')}\n`)
    totals.events += result.events
    totals.orders += result.orders
    totals.unitsSold += result.unitsSold
    totals.pushes += result.pushes
    totals.falseRaises += result.falseRaises
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
  process.stderr.write(`${(options.seeds / seconds).toFixed(2)} worlds a second\n`)
  process.stdout.write(`${JSON.stringify({ schedules: options.seeds, ...totals, seconds })}\n`)
  return failed
}
