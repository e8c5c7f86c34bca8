// The protocol in seeded worlds with every fault it claims to survive: nothing is oversold, the bound holds after every event, and all
// channels converge when the faults end. A failure prints the command that replays it.
import { expect, test } from 'vitest'
import { catchRule, worldsUntilCaught } from './catch-rule.ts'
import { regressionSeeds } from './regressions.ts'
import { drawScenario } from './scenario.ts'
import { rules } from './teeth.ts'
import { runScenario, type WorldResult } from './world.ts'

const replay = (seed: number): string => `npm run simulate -- --seeds 1 --base ${seed} --story`

const failuresOf = (seeds: readonly number[]): { failures: string[]; results: WorldResult[] } => {
  const failures: string[] = []
  const results: WorldResult[] = []
  for (const seed of seeds) {
    const result = runScenario(drawScenario(seed))
    results.push(result)
    if (result.breach) failures.push(`${result.breach.property} ${result.breach.text}; replay: ${replay(seed)}`)
  }
  return { failures, results }
}

test('a fresh few hundred worlds are clean', () => {
  const base = Math.floor(Math.random() * 1_000_000_000)
  process.stdout.write(`protocol worlds from seed ${base}\n`)
  const { failures, results } = failuresOf(Array.from({ length: 300 }, (_, i) => base + i))
  expect(failures).toEqual([])
  expect(results.reduce((sum, r) => sum + r.unexcusedUnits, 0)).toBe(0)
  // A world in which nothing happens proves nothing.
  expect(results.reduce((sum, r) => sum + r.unitsSold, 0)).toBeGreaterThan(1_000)
})

test('every seed that ever failed is clean', () => {
  expect(failuresOf(regressionSeeds).failures).toEqual([])
})

test('a seed decides everything', () => {
  const run = (): WorldResult => runScenario(drawScenario(4_711), { story: true })
  expect(run()).toEqual(run())
})

test.each(rules.map((rule) => [rule.name, rule] as const))('without this rule a world breaks: %s', (_name, rule) => {
  // The world that caught it before, first: most of the time one is enough.
  expect(catchRule(rule, rule.seed) ?? worldsUntilCaught(rule, 2_000)).not.toBeNull()
})
