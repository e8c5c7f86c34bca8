// Makes a failing world smaller while it still fails: fewer channels, fewer kinds of faults, a shorter horizon. Purposes have dice of their own
// (dice.ts), so what stays keeps its throws.
import { noFaults, type Scenario } from './scenario.ts'
import type { Teeth } from './teeth.ts'
import { runScenario } from './world.ts'

const maxRuns = 400

const smaller = (scenario: Scenario): readonly Scenario[] => [
  ...scenario.channels.map((_, index) => ({ ...scenario, channels: scenario.channels.filter((_each, i) => i !== index) })),
  { ...scenario, horizonMs: Math.ceil(scenario.horizonMs / 2) },
  { ...scenario, horizonMs: Math.ceil(scenario.horizonMs * 0.8) },
  ...(
    [
      'restocksPerDay',
      'shrinkagesPerDay',
      'asksPerDay',
      'foreignWritesPerDay',
      'disconnectsPerDay',
      'takeoversPerHour',
      'bufferUnits',
      'reservePercent',
    ] as const
  )
    .filter((name) => scenario[name] > 0)
    .map((name) => ({ ...scenario, [name]: 0 })),
  ...(Object.keys(noFaults) as (keyof typeof noFaults)[])
    .filter((name) => scenario.faults[name] > 0)
    .map((name) => ({ ...scenario, faults: { ...scenario.faults, [name]: 0 } })),
  ...(['cancels', 'holds', 'abandons'] as const)
    .filter((name) => scenario.channels.some((c) => c[name] > 0))
    .map((name) => ({ ...scenario, channels: scenario.channels.map((c) => ({ ...c, [name]: 0 })) })),
]

/** The smallest world found that breaks the same property. */
export const shrinkScenario = (scenario: Scenario, makeTeeth: () => Teeth): Scenario => {
  const property = runScenario(scenario, { teeth: makeTeeth() }).breach?.property
  let smallest = scenario
  let runs = 0
  for (let found = property !== undefined; found; ) {
    found = false
    for (const candidate of smaller(smallest)) {
      if (candidate.channels.length === 0 || ++runs > maxRuns) continue
      if (runScenario(candidate, { teeth: makeTeeth() }).breach?.property !== property) continue
      smallest = candidate
      found = true
      break
    }
  }
  return smallest
}
