// Runs one world with one rule taken away, and the same world with the rule in force.
import { drawScenario } from './scenario.ts'
import type { Rule } from './teeth.ts'
import { runScenario } from './world.ts'

/** The safety property that breaks without the rule in the world of this seed, and holds with it; null: none. */
export const catchRule = (rule: Rule, seed: number): string | null => {
  const drawn = drawScenario(seed)
  const scenario = rule.world?.(drawn) ?? drawn
  const property = runScenario(scenario, { teeth: rule.make() }).breach?.property
  if (property !== 'P1' && property !== 'P2' && property !== 'P3') return null
  return runScenario(scenario).breach === null ? property : null
}
