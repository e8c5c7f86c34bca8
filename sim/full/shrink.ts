// Makes a failing world smaller: takes away one thing after another (a fault, a SKU, a platform, half of the time) as long as the same
// property still fails. What is left is what it takes.
import { calmStore, calmWire, type FullScenario } from './scenario.ts'
import { noFaults } from '../simulator.ts'
import { type FullBreach, runFullScenario } from './world.ts'

export interface Shrunk {
  readonly scenario: FullScenario
  readonly changes: readonly string[]
  readonly story: readonly string[]
}

interface Step {
  readonly name: string
  readonly make: (scenario: FullScenario) => FullScenario | null
}

const withoutRates = <T extends object>(plan: T, none: T, name: keyof T): T | null =>
  plan[name] === none[name] ? null : { ...plan, [name]: none[name] }

const everyPlatform = (
  scenario: FullScenario,
  change: (own: FullScenario['platforms'][number]) => FullScenario['platforms'][number] | null,
): FullScenario | null => {
  const platforms = scenario.platforms.map((own) => change(own) ?? own)
  return platforms.some((own, index) => own !== scenario.platforms[index]) ? { ...scenario, platforms } : null
}

const steps = (scenario: FullScenario): readonly Step[] => [
  { name: 'half the time', make: (s) => (s.horizonMs > 60_000 ? { ...s, horizonMs: Math.floor(s.horizonMs / 2) } : null) },
  ...scenario.skus.map(({ sku }) => ({
    name: `without ${sku}`,
    make: (s: FullScenario) => (s.skus.length > 1 ? { ...s, skus: s.skus.filter((each) => each.sku !== sku) } : null),
  })),
  ...scenario.platforms.map(({ platform }) => ({
    name: `without ${platform}`,
    make: (s: FullScenario) => {
      const platforms = s.platforms.filter((each) => each.platform !== platform)
      const skus = s.skus.flatMap((sku) => {
        const listings = sku.listings.filter((listing) => listing.platform !== platform)
        return listings.length > 0 ? [{ ...sku, listings }] : []
      })
      return platforms.length > 0 && skus.length > 0 ? { ...s, platforms, skus } : null
    },
  })),
  { name: 'one hub', make: (s) => (s.hubs > 1 ? { ...s, hubs: 1 } : null) },
  { name: 'no skew of hubs', make: (s) => (s.hubSkewsMs.some((ms) => ms !== 0) ? { ...s, hubSkewsMs: s.hubSkewsMs.map(() => 0) } : null) },
  { name: 'no skew of platforms', make: (s) => everyPlatform(s, (own) => (own.skewMs === 0 ? null : { ...own, skewMs: 0 })) },
  { name: 'no store faults', make: (s) => ({ ...s, store: calmStore }) },
  ...(Object.keys(calmStore) as (keyof typeof calmStore)[]).map((name) => ({
    name: `store without ${name}`,
    make: (s: FullScenario) => {
      const store = withoutRates(s.store, calmStore, name)
      return store && { ...s, store }
    },
  })),
  { name: 'no wire faults', make: (s) => everyPlatform(s, (own) => ({ ...own, wire: calmWire })) },
  ...(Object.keys(calmWire) as (keyof typeof calmWire)[]).map((name) => ({
    name: `wires without ${name}`,
    make: (s: FullScenario) =>
      everyPlatform(s, (own) => {
        const wire = withoutRates(own.wire, calmWire, name)
        return wire && { ...own, wire }
      }),
  })),
  { name: 'no platform faults', make: (s) => everyPlatform(s, (own) => ({ ...own, faults: noFaults() })) },
  ...(Object.keys(noFaults()) as (keyof ReturnType<typeof noFaults>)[]).map((name) => ({
    name: `platforms without ${name}`,
    make: (s: FullScenario) =>
      everyPlatform(s, (own) => {
        const faults = withoutRates(own.faults, noFaults(), name)
        return faults && { ...own, faults }
      }),
  })),
  { name: 'no outages', make: (s) => everyPlatform(s, (own) => (own.outagesPerHour > 0 ? { ...own, outagesPerHour: 0 } : null)) },
  { name: 'no cancellations', make: (s) => everyPlatform(s, (own) => (own.cancels > 0 ? { ...own, cancels: 0 } : null)) },
  { name: 'no checkouts that hold', make: (s) => everyPlatform(s, (own) => (own.holds > 0 ? { ...own, holds: 0 } : null)) },
  { name: 'no edits of orders', make: (s) => everyPlatform(s, (own) => (own.edits > 0 ? { ...own, edits: 0 } : null)) },
  { name: 'no shipments', make: (s) => everyPlatform(s, (own) => (own.ships > 0 ? { ...own, ships: 0 } : null)) },
  { name: 'no purchase orders', make: (s) => everyPlatform(s, (own) => (own.retail ? { ...own, retail: false } : null)) },
  { name: 'no crashes', make: (s) => (s.crashesPerHour > 0 ? { ...s, crashesPerHour: 0 } : null) },
  { name: 'no receipts', make: (s) => (s.restocksPerHour > 0 ? { ...s, restocksPerHour: 0 } : null) },
  { name: 'no shrinkage', make: (s) => (s.shrinkagesPerHour > 0 ? { ...s, shrinkagesPerHour: 0 } : null) },
  { name: 'no reservations', make: (s) => (s.reservationsPerHour > 0 ? { ...s, reservationsPerHour: 0 } : null) },
]

export const shrinkFullScenario = async (scenario: FullScenario, property: FullBreach['property'], maxRuns = 120): Promise<Shrunk> => {
  let smallest = scenario
  const changes: string[] = []
  let runs = 0
  for (let again = true; again && runs < maxRuns; ) {
    again = false
    for (const { name, make } of steps(smallest)) {
      const smaller = make(smallest)
      if (!smaller || runs >= maxRuns) continue
      runs += 1
      const { breach } = await runFullScenario(smaller)
      if (breach?.property !== property) continue
      smallest = smaller
      changes.push(name)
      again = name === 'half the time' || again
    }
  }
  const { story } = await runFullScenario(smallest, { story: true })
  return { scenario: smallest, changes, story }
}
