// The cost table of compare.ts, for people or as JSON.
import { cells, type Cost, costOf, type HubKind } from './compare.ts'

const kinds: readonly HubKind[] = ['naive', 'buffer', 'protocol', 'reserve', 'unsold']

const shown = (cost: Cost): string =>
  `${cost.oversoldPercent} % oversold (in ${cost.oversoldWorldsPercent} % of worlds), ${cost.lostPercent} % lost (${cost.lostUnits} units), ${cost.callsPerUnit} calls a unit`

/** Percentages of the stock; `lost` is demand that was there for goods that were there, and was not served in time. */
export const printComparison = (seeds: number, json: boolean): void => {
  const table = cells.map((cell) => {
    const costs = {
      naive: costOf(cell, 'naive', seeds),
      buffer: costOf(cell, 'buffer', seeds),
      protocol: costOf(cell, 'protocol', seeds),
      reserve: costOf(cell, 'reserve', seeds),
      unsold: costOf(cell, 'unsold', seeds),
    }
    if (!json) {
      process.stdout.write(`${cell.latency} latency, ${cell.hours} h, holds up to ${cell.holdMs / 60_000} min, stock ${cell.stock}\n`)
      for (const kind of kinds) process.stdout.write(`  ${kind.padEnd(8)} ${shown(costs[kind])}\n`)
    }
    return { ...cell, ...costs }
  })
  if (json) process.stdout.write(`${JSON.stringify({ seeds, cells: table })}\n`)
}
