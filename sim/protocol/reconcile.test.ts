// Reconciliation in the worlds of the protocol: with every fault in flight, and nobody but the hub writing, it never calls anything drift.
import { expect, test } from 'vitest'
import { createReconcileWatch } from './reconcile-watch.ts'
import { drawScenario } from './scenario.ts'
import { runScenario } from './world.ts'

/** Worlds in which an assumption is broken on purpose may look like drift: there the hub cannot know better; where somebody else writes, there is some. */
const holds = (seed: number): boolean => {
  const scenario = drawScenario(seed)
  return scenario.foreignWritesPerDay === 0 && scenario.channels.every((channel) => channel.lateByL <= 1)
}

test('no state that the protocol itself goes through is called drift', () => {
  const base = Math.floor(Math.random() * 1_000_000_000)
  const total = { looks: 0, suspicious: 0, judged: 0 }
  const wrong: string[] = []
  for (let seed = base; seed < base + 200; seed++) {
    if (!holds(seed)) continue
    const { watch, counts } = createReconcileWatch(seed, 0.2)
    const { breach } = runScenario(drawScenario(seed), { watch })
    if (breach) wrong.push(`seed ${seed}: ${breach.property} ${breach.text}`)
    total.looks += counts.looks
    total.suspicious += counts.suspicious
    total.judged += counts.judged
  }
  expect(wrong).toEqual([])
  // A watch that never looks, or never has a doubt, proves nothing.
  expect(total.looks).toBeGreaterThan(5_000)
  expect(total.judged).toBeGreaterThan(50)
})

test('where somebody else writes, it is seen', () => {
  let drift = 0
  let worlds = 0
  for (let seed = 1; worlds < 40; seed++) {
    const scenario = drawScenario(seed)
    if (scenario.foreignWritesPerDay === 0) continue
    worlds += 1
    const { watch, counts } = createReconcileWatch(seed, 0.2, () => null)
    runScenario(scenario, { watch })
    drift += counts.drift
  }
  expect(drift).toBeGreaterThan(10)
})
