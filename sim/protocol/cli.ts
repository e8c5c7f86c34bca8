// `npm run simulate -- --seeds N --base B [--json]`: runs N worlds from seed B on; the last line on stdout is one JSON object.
import { parseArgs } from 'node:util'
import { drawScenario } from './scenario.ts'
import { runScenario } from './world.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    base: { type: 'string', default: '1' },
    depth: { type: 'string', default: 'protocol' },
    json: { type: 'boolean', default: false },
    story: { type: 'boolean', default: false },
    keep: { type: 'string', default: '20' },
  },
})
const seeds = Number(values.seeds)
const base = Number(values.base)
const began = performance.now()
const totals = {
  events: 0,
  orders: 0,
  unitsSold: 0,
  pushes: 0,
  reads: 0,
  falseRaises: 0,
  oversoldUnits: 0,
  safetyBreaches: 0,
  notConverged: 0,
}
let shown = 0
const kinds = new Map<string, number>()
for (let seed = base; seed < base + seeds; seed++) {
  const result = runScenario(drawScenario(seed), { story: values.story })
  totals.events += result.events
  totals.orders += result.orders
  totals.unitsSold += result.unitsSold
  totals.pushes += result.pushes
  totals.reads += result.reads
  totals.falseRaises += result.falseRaises
  totals.oversoldUnits += result.unexcusedUnits
  if (values.story) for (const line of result.story) process.stdout.write(`${line}\n`)
  if (!result.breach) continue
  if (result.breach.property === 'P7' || result.breach.property === 'runaway') totals.notConverged += 1
  else totals.safetyBreaches += 1
  kinds.set(result.breach.property, (kinds.get(result.breach.property) ?? 0) + 1)
  if (shown++ < Number(values.keep))
    process.stderr.write(`seed ${seed} at ${result.breach.atMs} ms ${result.breach.property}: ${result.breach.text}\n`)
}
const seconds = Math.round((performance.now() - began) / 10) / 100
process.stderr.write(`${[...kinds].map(([k, n]) => `${k} ${n}`).join(', ')}; ${Math.round(seeds / seconds)} worlds a second\n`)
process.stdout.write(`${JSON.stringify({ schedules: seeds, ...totals, seconds })}\n`)
