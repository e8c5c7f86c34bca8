// `npm run simulate -- --seeds N --base B [--story] [--json]`: runs N worlds from seed B on. For a failing world: the command that replays it and
// the story of a smaller one that fails alike (standard error). The last line on standard output is one JSON object.
// `-- --depth full [--seeds N] [--base B] [--json]`: the same at full depth, the real hub and adapters against the real simulators.
// `-- --compare [--seeds N] [--json]`: what zero costs instead, beside other hubs.
import { parseArgs } from 'node:util'
import { printComparison } from './compare-table.ts'
import { drawScenario } from './scenario.ts'
import { shrinkScenario } from './shrink.ts'
import { noTeeth } from './teeth.ts'
import { runScenario } from './world.ts'

const maxStories = 3
const maxLines = 40

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    base: { type: 'string', default: '1' },
    depth: { type: 'string', default: 'protocol' },
    json: { type: 'boolean', default: false },
    story: { type: 'boolean', default: false },
    compare: { type: 'boolean', default: false },
  },
})
const seeds = Number(values.seeds ?? (values.compare ? '100' : '1000'))
const base = Number(values.base)
if (!Number.isSafeInteger(seeds) || !Number.isSafeInteger(base) || seeds < 1) {
  process.stderr.write('simulate: --seeds and --base take whole numbers, for example: --seeds 1000 --base 1\n')
  process.exit(2)
}

if (values.depth !== 'protocol' && values.depth !== 'full') {
  process.stderr.write('simulate: --depth is protocol or full\n')
  process.exit(2)
}

if (values.depth === 'full') {
  // Only this depth loads adapters and simulators.
  const { simulateFullDepth } = await import('../full/simulate.ts')
  process.exit((await simulateFullDepth({ seeds: Number(values.seeds ?? '100'), base, story: values.story })) > 0 ? 1 : 0)
}

if (values.compare) {
  printComparison(Math.min(seeds, 1_000), values.json)
  process.exit(0)
}

const showSmaller = (seed: number): void => {
  const scenario = shrinkScenario(drawScenario(seed), () => noTeeth)
  const { story } = runScenario(scenario, { story: true })
  const { channels, faults, ...rest } = scenario
  const active = Object.fromEntries(Object.entries(faults).filter(([, rate]) => rate > 0))
  process.stderr.write(`  smaller: ${JSON.stringify({ ...rest, channels: channels.map((c) => c.name), faults: active })}\n`)
  for (const line of story.slice(-maxLines)) process.stderr.write(`  ${line}\n`)
}

const began = performance.now()
const totals = { events: 0, orders: 0, unitsSold: 0, pushes: 0, reads: 0, oversoldUnits: 0, safetyBreaches: 0, notConverged: 0 }
let falseRaises = 0
let failed = 0
for (let seed = base; seed < base + seeds; seed++) {
  const result = runScenario(drawScenario(seed), { story: values.story })
  totals.events += result.events
  totals.orders += result.orders
  totals.unitsSold += result.unitsSold
  totals.pushes += result.pushes
  totals.reads += result.reads
  totals.oversoldUnits += result.unexcusedUnits
  falseRaises += result.falseRaises
  if (values.story) for (const line of result.story) process.stdout.write(`${line}\n`)
  if (!result.breach) continue
  if (result.breach.property === 'P7' || result.breach.property === 'runaway') totals.notConverged += 1
  else totals.safetyBreaches += 1
  failed += 1
  process.stderr.write(`seed ${seed}, ${result.breach.property}: ${result.breach.text}\n`)
  process.stderr.write(`  replay: npm run simulate -- --seeds 1 --base ${seed} --story\n`)
  if (failed <= maxStories) showSmaller(seed)
}
const seconds = Math.round((performance.now() - began) / 10) / 100
const perSecond = Math.round(seeds / Math.max(seconds, 0.01))
if (!values.json) process.stderr.write(`${perSecond} worlds a second; reads taken for an external raise: ${falseRaises}\n`)
process.stdout.write(`${JSON.stringify({ schedules: seeds, ...totals, seconds })}\n`)
if (failed > 0) process.exitCode = 1
