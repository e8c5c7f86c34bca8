// What the facts of an adapter add up to, merged as OrderFact says: by maximum, or by the later revision. Written for the tests alone, so
// that the hub's own fold is not what they are measured with.
import { expect } from 'vitest'
import type { OrderFact, OrderLineFact } from '../../src/domain/orders.ts'
import type { ChannelRig, ChannelUnderTest } from '../support/in-process-channels.ts'

type Quantities = Pick<OrderLineFact, 'orderedQuantity' | 'cancelledQuantity' | 'shippedQuantity'>

interface BookLine extends Quantities {
  readonly listingKeys: readonly string[]
  readonly revisedAtMs: number
}

export interface OrderBook {
  take(facts: readonly OrderFact[]): void
  has(orderId: string): boolean
  fact(orderId: string): OrderFact | undefined
  readonly size: number
  /** Fails unless the sums of every offer are the market's own, and every line names an offer that its address knows. */
  expectToMatch(channel: ChannelUnderTest, rig: ChannelRig): void
}

const merged = (known: BookLine | undefined, line: OrderLineFact, fact: OrderFact): BookLine => {
  const next = { ...line, revisedAtMs: fact.revisedAtMs }
  if (!known) return { ...next, cancelledQuantity: Math.min(line.cancelledQuantity, line.orderedQuantity) }
  if (fact.merge === 'revision') return fact.revisedAtMs >= known.revisedAtMs ? next : known
  const orderedQuantity = Math.max(known.orderedQuantity, line.orderedQuantity)
  return {
    ...next,
    orderedQuantity,
    cancelledQuantity: Math.min(orderedQuantity, Math.max(known.cancelledQuantity, line.cancelledQuantity)),
    shippedQuantity: Math.max(known.shippedQuantity, line.shippedQuantity),
  }
}

const isWhole = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

export const createOrderBook = (): OrderBook => {
  const lines = new Map<string, Map<string, BookLine>>()
  const facts = new Map<string, OrderFact>()
  return {
    take: (some) => {
      for (const fact of some) {
        facts.set(fact.orderId, fact)
        const order = lines.get(fact.orderId) ?? new Map<string, BookLine>()
        lines.set(fact.orderId, order)
        for (const line of fact.lines) {
          expect([line.orderedQuantity, line.cancelledQuantity, line.shippedQuantity].every(isWhole), `${JSON.stringify(line)} came`).toBe(
            true,
          )
          order.set(line.lineId, merged(order.get(line.lineId), line, fact))
        }
      }
    },
    has: (orderId) => facts.has(orderId),
    fact: (orderId) => facts.get(orderId),
    get size() {
      return facts.size
    },
    expectToMatch: (channel, rig) => {
      const offerOfKey = new Map<string, string>()
      for (const offer of rig.offers) for (const key of rig.adapter.parseListing(offer).keys) offerOfKey.set(key, offer)
      const sums = new Map(rig.offers.map((offer) => [offer, { open: 0, cancelled: 0, shipped: 0 }]))
      for (const [orderId, order] of lines) {
        for (const [lineId, line] of order) {
          const offer = line.listingKeys.map((key) => offerOfKey.get(key)).find((each) => each !== undefined)
          const sum = offer === undefined ? undefined : sums.get(offer)
          // Nothing of it stands here: a line at another location.
          if (!sum && line.cancelledQuantity >= line.orderedQuantity && line.shippedQuantity === 0) continue
          if (!sum) throw new Error(`order ${orderId} line ${lineId} names no offer: ${line.listingKeys.join(', ')}`)
          sum.cancelled += line.cancelledQuantity
          sum.open += line.orderedQuantity - line.cancelledQuantity - line.shippedQuantity
          sum.shipped += line.shippedQuantity
        }
      }
      for (const books of rig.simulator.market.books()) {
        const sum = sums.get(books.externalId)
        if (!sum) continue
        expect({ open: sum.open, shipped: sum.shipped }, `of ${books.externalId}`).toEqual({
          open: books.soldQuantity - books.cancelledQuantity - books.shippedQuantity,
          shipped: books.shippedQuantity,
        })
        // Of an order that was cancelled before it was first read, the platform may tell no quantities any more.
        if (channel.traits.keepsCancelled) expect(sum.cancelled, `of ${books.externalId}`).toBe(books.cancelledQuantity)
        else expect(sum.cancelled, `of ${books.externalId}`).toBeLessThanOrEqual(books.cancelledQuantity)
      }
    },
  }
}
