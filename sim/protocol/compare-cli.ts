// `npm run simulate -- --compare [--seeds N] [--json]`: the cost table of compare.ts.
import { parseArgs } from 'node:util'
import { cells, type Cost, costOf, type HubKind } from './compare.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '100' }, json: { type: 'boolean', default: false }, compare: { type: 'boolean' } },
})
const seeds = Number(values.seeds)
const kinds: readonly HubKind[] = ['naive', 'buffer', 'protocol']
const table = cells.map((cell) => {
  const costs = Object.fromEntries(kinds.map((kind) => [kind, costOf(cell, kind, seeds)])) as Record<HubKind, Cost>
  if (!values.json) {
    const shown = (c: Cost): string =>
      `${c.oversoldPercent} % over in ${c.oversoldWorldsPercent} %, ${c.lostPercent} % lost (${c.lostUnits}), ${c.callsPerUnit} calls`
    const where = `${cell.latency} ${cell.hours} h, H ${cell.holdMs / 60_000} min, stock ${cell.stock}`
    process.stdout.write(`${where}\n${kinds.map((kind) => `  ${kind}: ${shown(costs[kind])}\n`).join('')}`)
  }
  return { ...cell, ...costs }
})
if (values.json) process.stdout.write(`${JSON.stringify({ seeds, cells: table })}\n`)
