// `belay simulate`, `npm run simulate`: seeded worlds that try to make the hub oversell (`protocol`: the decisions alone, hundreds of worlds a
// second; `full`: the real hub, adapters and simulators), or what zero costs beside other hubs (`compares`).
import { printComparison } from './protocol/compare-table.ts'
import { simulateProtocol } from './protocol/simulate.ts'

export interface SimulateOptions {
  readonly seeds: number
  /** The first seed. */
  readonly base: number
  readonly depth: 'protocol' | 'full'
  /** Nothing but JSON on standard output, and no figures beside it. */
  readonly json: boolean
  /** Tells what happens in each world, on standard error. */
  readonly story: boolean
  readonly compares: boolean
}

const usualSeeds = { protocol: 1_000, full: 100, compares: 100 } as const
/** Worlds of each cell of the comparison. */
const maxCompared = 1_000

/** Resolves with the number of worlds that failed. */
export const simulate = async (wanted: Omit<SimulateOptions, 'seeds'> & { readonly seeds: number | null }): Promise<number> => {
  const options: SimulateOptions = { ...wanted, seeds: wanted.seeds ?? usualSeeds[wanted.compares ? 'compares' : wanted.depth] }
  if (options.compares) {
    printComparison(Math.min(options.seeds, maxCompared), options.json)
    return 0
  }
  if (options.depth === 'protocol') return simulateProtocol(options)
  // Only this depth loads adapters and simulators.
  const { simulateFullDepth } = await import('./full/simulate.ts')
  return await simulateFullDepth(options)
}
