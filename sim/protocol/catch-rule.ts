// Runs one world with one rule taken away, and the same world with the rule in force.
import { drawScenario } from './scenario.ts'
import type { Rule } from './teeth.ts'
import { runScenario } from './world.ts'

/** The property that breaks without the rule in the world of this seed, and holds with it; null: none. */
export const catchRule = (rule: Rule, seed: number): string | null => {
  const drawn = drawScenario(seed)
  const scenario = rule.world?.(drawn) ?? drawn
  const property = runScenario(scenario, { teeth: rule.make() }).breach?.property
  const unsafe = property === 'P1' || property === 'P2' || property === 'P3'
  if (property === undefined || (!unsafe && !(rule.liveness === true && property === 'P7'))) return null
  return runScenario(scenario).breach === null ? property : null
}

/** In how many worlds, from seed 1 on, the rule's absence is noticed. null: in none of them. */
export const worldsUntilCaught = (rule: Rule, most: number): { readonly seed: number; readonly property: string } | null => {
  for (let seed = 1; seed <= most; seed++) {
    const property = catchRule(rule, seed)
    if (property !== null) return { seed, property }
  }
  return null
}
