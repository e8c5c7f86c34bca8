// What most hubs do, for comparison: one number, less a buffer, pushed to every channel whenever it changes; a push that fails is sent again; the
// newest push wins. Same webhooks, polls and wire as the protocol's hub; no bound, no evidence.
import type { OrderFact } from '../../src/domain/orders.ts'
import { diceOf } from './dice.ts'
import type { EventQueue } from './event-queue.ts'
import type { Marketplace } from './marketplace.ts'
import { type Faults, numberOf, type Scenario } from './scenario.ts'

const requestTimeoutMs = 30_000
const retryAfterMs = 5_000

export interface NaiveHub {
  start(): void
  webhook(fact: OrderFact): void
  readonly counts: { pushes: number }
}

export interface NaiveHubOptions {
  readonly scenario: Scenario
  readonly queue: EventQueue
  readonly markets: readonly Marketplace[]
  readonly faults: Faults
  readonly bufferUnits: number
}

export const createNaiveHub = ({ scenario, queue, markets, faults, bufferUnits }: NaiveHubOptions): NaiveHub => {
  const orders = new Map<string, { ordered: number; cancelled: number }>()
  const wires = markets.map((market) => diceOf(scenario.seed, 2_000 + numberOf(market.scenario)))
  const sent = markets.map((market) => market.scenario.startQuantity)
  const busy = markets.map(() => false)
  const counts = { pushes: 0 }
  let reserved = 0

  const available = (): number => Math.max(0, scenario.onHandUnits - reserved - bufferUnits)

  const push = (index: number): void => {
    const market = markets[index]
    const wire = wires[index]
    if (!market || !wire || busy[index] || sent[index] === available()) return
    const quantity = available()
    busy[index] = true
    sent[index] = quantity
    counts.pushes += 1
    const done = (delayMs: number, failed: boolean): void =>
      queue.after(delayMs, () => {
        busy[index] = false
        if (failed) sent[index] = -1
        queue.after(failed ? retryAfterMs : 0, () => push(index))
      })
    if (wire.chance(faults.lostRequest)) return done(requestTimeoutMs, true)
    const lostAnswer = wire.chance(faults.lostAnswer)
    const delayMs = wire.int(10, market.scenario.latencyMs)
    queue.after(delayMs, () => {
      const latestEffectMs = queue.nowMs() + market.scenario.constants.requestLifetimeMs
      const outcome = market.write({ key: `${index}#${counts.pushes}`, quantity, fromQuantity: null, latestEffectMs })
      done(lostAnswer ? requestTimeoutMs : delayMs, lostAnswer || outcome.kind === 'throttled' || outcome.kind === 'rejected')
    })
  }

  const fold = (fact: OrderFact): void => {
    const [line] = fact.lines
    if (!line) return
    const known = orders.get(fact.orderId) ?? { ordered: 0, cancelled: 0 }
    const next = {
      ordered: Math.max(known.ordered, line.orderedQuantity),
      cancelled: Math.max(known.cancelled, line.cancelledQuantity),
    }
    reserved += next.ordered - next.cancelled - (known.ordered - known.cancelled)
    orders.set(fact.orderId, next)
    markets.forEach((_, index) => push(index))
  }

  const poll = (index: number, sinceMs: number): void => {
    const market = markets[index]
    if (!market) return
    const beganMs = queue.nowMs()
    const failed = wires[index]?.chance(faults.pollFailure) ?? false
    if (!failed) for (const fact of market.visibleSince(sinceMs)) fold(fact)
    queue.after(market.scenario.pollEveryMs, () => poll(index, failed ? sinceMs : beganMs - 1))
  }

  return {
    counts,
    webhook: fold,
    start: () => markets.forEach((_, index) => poll(index, Number.NEGATIVE_INFINITY)),
  }
}
