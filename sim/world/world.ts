// Shoppers: they come at random (Poisson), want something popular more often than something rare, sometimes several units or things at
// once, take fewer when there is not enough, and some cancel later. What is not cancelled ships. Everything random comes from the port, so
// a seed gives the same demand; what is sold depends on what the platforms show, which is the point.
// Bounds: 100 000 orders wait for their cancellation or shipment (beyond that they are left alone), 1 000 visits at one instant.
import type { Clock } from '../../src/ports/clock.ts'
import type { Random } from '../../src/ports/random.ts'
import type { SimulatedOrder, Simulator } from '../simulator.ts'
import { textFraction } from './seeded-random.ts'

interface WorldOffer {
  readonly platform: Simulator['platform']
  readonly externalId: string
  readonly sku: string
}

/** Changed in place at any time; weights are read when the world is made. */
export interface WorldPlan {
  ordersPerMinute: number
  /** Chance that a line has more than one unit, up to `maxUnits`. */
  multiUnitChance: number
  maxUnits: number
  secondLineChance: number
  cancelChance: number
  /** Of the cancellations: chance that the platform puts the units back on sale itself. */
  restockChance: number
  /** Of the cancellations: chance that only one unit of one line goes. */
  partialCancelChance: number
  cancelWithinMs: number
  /** Shipments happen between half of it and all of it after the order. */
  shipAfterMs: number
  /** Relative demand of an offer. Default: a long tail by the SKU alone, the same on every platform. */
  readonly weightOf?: (offer: WorldOffer) => number
}

const defaultPlan = (): WorldPlan => ({
  ordersPerMinute: 30,
  multiUnitChance: 0.2,
  maxUnits: 4,
  secondLineChance: 0.12,
  cancelChance: 0.05,
  restockChance: 0.6,
  partialCancelChance: 0.3,
  cancelWithinMs: 10 * 60_000,
  shipAfterMs: 60 * 60_000,
})

interface PlatformStatistics {
  visits: number
  orders: number
  /** Visits that ended without an order. */
  leftEmptyHanded: number
  unitsSold: number
  /** Units that a shopper wanted and the platform would not sell. */
  unitsMissed: number
  cancellations: number
  shipments: number
}

type WorldStatistics = Readonly<Record<Simulator['platform'], Readonly<PlatformStatistics>>>

export type WorldEvent =
  | { readonly kind: 'order'; readonly platform: Simulator['platform']; readonly atMs: number; readonly order: SimulatedOrder }
  | {
      readonly kind: 'missed'
      readonly platform: Simulator['platform']
      readonly atMs: number
      readonly sku: string
      readonly units: number
    }
  | { readonly kind: 'cancel' | 'ship'; readonly platform: Simulator['platform']; readonly atMs: number; readonly orderId: string }

export interface World {
  readonly plan: WorldPlan
  /** One shopper comes now, after what is due was cancelled and shipped. */
  step(): void
  /** Cancels and ships what is due by now. */
  settleDue(): void
  /** Shoppers come by themselves until `stop`. */
  start(): void
  stop(): Promise<void>
  statistics(): WorldStatistics
}

interface Offer extends WorldOffer {
  readonly simulator: Simulator
  /** Offers that may share an order: one platform, and on vendor one kind of order and warehouse. */
  readonly group: string
}

interface Due {
  readonly atMs: number
  readonly simulator: Simulator
  readonly order: SimulatedOrder
  readonly kind: 'cancel' | 'ship'
}

const maxDue = 100_000
const maxVisitsAtOnce = 1_000
/** The pace is looked at this often, so that a change of plan shows within a second. */
const paceMs = 1_000

/** Retail orders of Amazon are few and large. */
const isRetail = (externalId: string): boolean => externalId.startsWith('retail/')
const retailWeight = 0.05
const retailUnits = 6

const longTail = (offer: WorldOffer): number => 1 / (1 + textFraction(offer.sku) * 200) ** 1.1

const createChooser = (offers: readonly Offer[], weightOf: (offer: WorldOffer) => number, random: Random) => {
  const sums: number[] = []
  let total = 0
  for (const offer of offers) {
    total += Math.max(0, weightOf(offer)) * (isRetail(offer.externalId) ? retailWeight : 1)
    sums.push(total)
  }
  return (): Offer | undefined => {
    const at = random.next() * total
    let low = 0
    let high = sums.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! > at) high = middle
      else low = middle + 1
    }
    return offers[low]
  }
}

const emptyStatistics = (): PlatformStatistics => ({
  visits: 0,
  orders: 0,
  leftEmptyHanded: 0,
  unitsSold: 0,
  unitsMissed: 0,
  cancellations: 0,
  shipments: 0,
})

export const createWorld = (input: {
  readonly simulators: readonly Simulator[]
  readonly ports: { readonly clock: Clock; readonly random: Random }
  readonly plan?: Partial<WorldPlan>
  readonly observe?: (event: WorldEvent) => void
}): World => {
  const { clock, random } = input.ports
  const observe = input.observe ?? ((): void => undefined)
  const plan: WorldPlan = { ...defaultPlan(), ...input.plan }
  const statistics = { shopify: emptyStatistics(), 'amazon-seller': emptyStatistics(), 'amazon-vendor': emptyStatistics() }
  const offers = input.simulators.flatMap((simulator) =>
    simulator.market.offers().map(({ externalId, sku }): Offer => {
      const path = externalId.lastIndexOf('/')
      return { simulator, platform: simulator.platform, externalId, sku, group: path < 0 ? '' : externalId.slice(0, path) }
    }),
  )
  const choose = createChooser(offers, plan.weightOf ?? longTail, random)
  const chance = (probability: number): boolean => random.next() < probability
  let due: Due[] = []
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | null = null

  const schedule = (each: Due): void => {
    if (due.length >= maxDue) return
    let low = 0
    let high = due.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (due[middle]!.atMs <= each.atMs) low = middle + 1
      else high = middle
    }
    due.splice(low, 0, each)
  }

  const settleDue = (): void => {
    const nowMs = clock.nowMs()
    const index = due.findIndex((each) => each.atMs > nowMs)
    const ready = index < 0 ? due : due.slice(0, index)
    due = index < 0 ? [] : due.slice(index)
    for (const { kind, simulator, order } of ready) {
      const { platform, market } = simulator
      if (kind === 'ship') {
        if (!market.ship(order.orderId)) continue
        statistics[platform].shipments++
      } else {
        const line = chance(plan.partialCancelChance) ? order.lines[Math.floor(random.next() * order.lines.length)] : undefined
        const part = line ? { lineId: line.lineId, quantity: 1 } : {}
        if (!market.cancel(order.orderId, { restock: chance(plan.restockChance), ...part })) continue
        statistics[platform].cancellations++
      }
      observe({ kind, platform, atMs: nowMs, orderId: order.orderId })
    }
  }

  const unitsWanted = (offer: Offer): number => {
    const units = chance(plan.multiUnitChance) ? 2 + Math.floor(random.next() * Math.max(1, plan.maxUnits - 1)) : 1
    return isRetail(offer.externalId) ? units * retailUnits : units
  }

  const basket = (first: Offer): { readonly offer: Offer; readonly quantity: number }[] => {
    const lines = [{ offer: first, quantity: unitsWanted(first) }]
    if (!chance(plan.secondLineChance)) return lines
    const second = choose()
    const fits = second && second !== first && second.simulator === first.simulator && second.group === first.group
    return fits ? [...lines, { offer: second, quantity: unitsWanted(second) }] : lines
  }

  const visit = (): void => {
    const first = choose()
    if (!first) return
    const { simulator, platform } = first
    const counts = statistics[platform]
    const atMs = clock.nowMs()
    counts.visits++
    const wanted = basket(first)
    const buy = (lines: typeof wanted): SimulatedOrder | null =>
      simulator.market.buy(lines.map(({ offer, quantity }) => ({ externalId: offer.externalId, quantity })))
    // Who cannot have everything takes one of the first thing, if there is one.
    const wantedUnits = wanted.reduce((sum, line) => sum + line.quantity, 0)
    const order = buy(wanted) ?? (wantedUnits > 1 ? buy([{ offer: first, quantity: 1 }]) : null)
    const soldUnits = order?.lines.reduce((sum, line) => sum + line.quantity, 0) ?? 0
    counts.unitsSold += soldUnits
    counts.unitsMissed += wantedUnits - soldUnits
    if (soldUnits < wantedUnits) observe({ kind: 'missed', platform, atMs, sku: first.sku, units: wantedUnits - soldUnits })
    if (!order) {
      counts.leftEmptyHanded++
      return
    }
    counts.orders++
    observe({ kind: 'order', platform, atMs, order })
    if (chance(plan.cancelChance)) schedule({ kind: 'cancel', atMs: atMs + random.next() * plan.cancelWithinMs, simulator, order })
    schedule({ kind: 'ship', atMs: atMs + plan.shipAfterMs * (0.5 + random.next() / 2), simulator, order })
  }

  /** Exponential waiting times have no memory: one that is longer than `paceMs` ends there and is drawn anew, by the plan as it is then. */
  const draw = (fromMs: number): { readonly atMs: number; readonly comes: boolean } => {
    const waitMs = plan.ordersPerMinute > 0 ? (-Math.log(1 - random.next()) * 60_000) / plan.ordersPerMinute : Number.POSITIVE_INFINITY
    return waitMs <= paceMs ? { atMs: fromMs + waitMs, comes: true } : { atMs: fromMs + paceMs, comes: false }
  }

  const run = async (signal: AbortSignal): Promise<void> => {
    let next = draw(clock.nowMs())
    while (!signal.aborted) {
      const nowMs = clock.nowMs()
      settleDue()
      for (let visits = 0; next.atMs <= nowMs && visits < maxVisitsAtOnce; visits++) {
        if (next.comes) visit()
        next = draw(next.atMs)
      }
      // After a long standstill of the clock the missed visits are not made up for.
      if (next.atMs <= nowMs) next = draw(nowMs)
      const untilMs = Math.min(next.atMs, due[0]?.atMs ?? Number.POSITIVE_INFINITY)
      await clock.sleep(Math.max(1, Math.ceil(untilMs - nowMs)), signal)
    }
  }

  return {
    plan,
    settleDue,
    step: () => {
      settleDue()
      visit()
    },
    start: () => {
      if (running) return
      const stop = new AbortController()
      running = { stop, done: run(stop.signal) }
    },
    stop: async () => {
      running?.stop.abort()
      await running?.done
      running = null
    },
    statistics: () => structuredClone(statistics),
  }
}
