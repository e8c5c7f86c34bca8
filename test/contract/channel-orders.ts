// Contract: reading orders. A poll is complete for its window or fails; by the engine's rule of the watermark (poll-loop.ts), every order
// created up to W is in when W is reached, however late the platform shows it. What became of an order is found by polls alone.
import { describe, expect, test } from 'vitest'
import type { OrderFact } from '../../src/domain/orders.ts'
import type { PollResult } from '../../src/ports/channel.ts'
import { completeThroughMs } from '../../src/engine/poll-loop.ts'
import { type ChannelRig, type ChannelUnderTest, withRig } from '../support/in-process-channels.ts'
import { where } from '../support/in-process-skips.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { createOrderBook, type OrderBook } from './channel-order-book.ts'
import { decidedOrder } from './channel-decision.ts'
import { offerAt, unstopped } from './channel-pushing.ts'

const skewMs = 10_000
const hourMs = 3_600_000

/** Keeps a stream's place as the poll loop does. */
const streamReader = (channel: ChannelUnderTest, rig: ChannelRig, stream: string, book: OrderBook) => {
  let sinceMs = rig.clock.nowMs() - 60_000
  let watermarkMs = Number.NEGATIVE_INFINITY
  return {
    get watermarkMs() {
      return watermarkMs
    },
    poll: async (onPage: (facts: readonly OrderFact[]) => Promise<void> = () => Promise.resolve()): Promise<PollResult> => {
      const startedAtMs = rig.clock.nowMs()
      const result = await rig.run(
        rig.adapter.pollOrders({
          stream,
          sinceMs,
          nowMs: startedAtMs,
          signal: unstopped(),
          onPage: async (facts) => {
            await onPage(facts)
            book.take(facts)
          },
        }),
      )
      expect(result.throughMs, 'nothing is read that has not happened').toBeLessThanOrEqual(startedAtMs)
      const completeMs = completeThroughMs(startedAtMs, result, {
        orderVisibilityMs: channel.traits.visibleWithinMs,
        clockSkewMs: skewMs,
      })
      sinceMs = Math.max(sinceMs, completeMs)
      watermarkMs = Math.max(watermarkMs, completeMs)
      return result
    },
  }
}

/** Opens all streams now; the result polls them round after round, until what was done before it was called must be in. */
const streamsReader = (channel: ChannelUnderTest, rig: ChannelRig, book: OrderBook): (() => Promise<void>) => {
  const readers = rig.adapter.capabilities.streams.map((stream) => streamReader(channel, rig, stream, book))
  const everyMs = Math.max(...Object.values(rig.adapter.capabilities.pollEveryMs))
  return async () => {
    for (let round = 0; round < 3; round++) {
      await rig.clock.advance(Math.max(everyMs, channel.traits.decidedWithinMs))
      for (const reader of readers) await reader.poll()
    }
  }
}

const buy = (rig: ChannelRig, offer: string, quantity: number): string => {
  const order = rig.simulator.market.buy([{ externalId: offer, quantity }])
  if (!order) throw new Error(`the market does not sell ${quantity} of ${offer}`)
  return order.orderId
}

/** Lines of which something is left: one that is wholly cancelled may stand at another location. */
const standing = (fact: OrderFact | undefined): OrderFact['lines'] =>
  fact?.lines.filter((line) => line.orderedQuantity > line.cancelledQuantity) ?? []

export const describeOrders = (channel: ChannelUnderTest): void => {
  const { traits } = channel
  const large = {
    items: [
      { sku: 'MUG', quantity: 100_000 },
      { sku: 'POT', quantity: 100_000 },
    ],
  }

  describe('orders', () => {
    test('a window of many pages comes complete, each order once told as it is', () =>
      withRig(channel, large, async (rig) => {
        const book = createOrderBook()
        const reader = streamReader(channel, rig, rig.adapter.capabilities.streams[0] ?? '', book)
        const bought: string[] = []
        for (let index = 0; index < 230; index++) {
          bought.push(buy(rig, offerAt(rig, index % 2), 1 + (index % 3)))
          if (index % 10 === 0) await rig.clock.advance(700)
        }
        await rig.clock.advance(traits.decidedWithinMs)
        let pages = 0
        const result = await reader.poll(() => {
          pages += 1
          return Promise.resolve()
        })
        expect(result.undecidedSinceMs).toBeNull()
        expect(pages).toBeGreaterThan(2)
        expect(bought.filter((orderId) => !book.has(orderId))).toEqual([])
        book.expectToMatch(channel, rig)
        for (const order of rig.simulator.market.orders()) {
          const fact = book.fact(order.orderId)
          expect(fact?.channel).toBe(rig.adapter.channel)
          expect(fact?.demand).toBe('fact')
          // Shopify tells whole seconds.
          expect(Math.abs((fact?.createdAtMs ?? 0) - order.createdAtMs)).toBeLessThan(1000)
          expect(standing(fact).map((line) => line.orderedQuantity)).toEqual(order.lines.map((line) => line.quantity))
          const named = standing(fact).map((line) => (traits.linesByMarketId ? line.lineId : line.lineId.split('@')[0]))
          expect(named).toEqual(order.lines.map((line) => line.lineId))
        }
        expect(rig.wire.throttled).toBe(0)
      }))

    test('whatever is bought while polls go on: every order created up to the watermark is in', () =>
      withRig(channel, large, async (rig) => {
        const random = seededRandom(5)
        const book = createOrderBook()
        const stream = rig.adapter.capabilities.streams[0] ?? ''
        const reader = streamReader(channel, rig, stream, book)
        const everyMs = rig.adapter.capabilities.pollEveryMs[stream] ?? 60_000
        const from = rig.clock.nowMs()
        for (let polls = 0; polls < 20; polls++) {
          const untilMs = rig.clock.nowMs() + everyMs
          while (rig.clock.nowMs() < untilMs) {
            if (random.next() < 0.5) buy(rig, offerAt(rig, random.next() < 0.5 ? 0 : 1), 1)
            await rig.clock.advance(Math.ceil(random.next() * (everyMs / 6)))
          }
          await reader.poll(async () => {
            // Between two pages the world goes on.
            if (random.next() < 0.3) buy(rig, offerAt(rig, 0), 1)
            await Promise.resolve()
          })
          const missing = rig.simulator.market.orders().filter((o) => o.createdAtMs <= reader.watermarkMs && !book.has(o.orderId))
          expect(missing).toEqual([])
        }
        expect(reader.watermarkMs, 'the watermark follows').toBeGreaterThan(from + 6 * everyMs - traits.visibleWithinMs)
      }))

    test('a page that cannot be kept, or cannot be read, fails the poll', () =>
      withRig(channel, large, async (rig) => {
        const book = createOrderBook()
        const reader = streamReader(channel, rig, rig.adapter.capabilities.streams[0] ?? '', book)
        for (let index = 0; index < 150; index++) buy(rig, offerAt(rig, 0), 1)
        await rig.clock.advance(traits.decidedWithinMs)
        await expect(reader.poll(() => Promise.reject(new Error('the store is away')))).rejects.toThrow('the store is away')
        await expect(
          reader.poll(() => {
            rig.simulator.faults.errorBefore = 1
            return Promise.resolve()
          }),
        ).rejects.toMatchObject({ name: 'BelayError' })
        rig.simulator.faults.errorBefore = 0
        expect(reader.watermarkMs).toBe(Number.NEGATIVE_INFINITY)
        await rig.clock.advance(60_000)
        await reader.poll()
        expect(book.size).toBe(150)
      }))

    test('whole cancellations with and without restock, and shipments: polls alone tell them', () =>
      withRig(channel, {}, async (rig) => {
        const book = createOrderBook()
        const pollAll = streamsReader(channel, rig, book)
        const { market } = rig.simulator
        const [kept, restocked, lost, shipped] = [0, 1, 2, 3].map((index) => buy(rig, offerAt(rig, index), 3)) as [
          string,
          string,
          string,
          string,
        ]
        await acceptAll(channel, rig, book)
        expect(market.cancel(restocked, { restock: true })).toBe(true)
        expect(market.cancel(lost, { restock: false })).toBe(true)
        await rig.clock.advance(40 * 60_000)
        expect(market.ship(shipped)).toBe(true)
        await pollAll()
        book.expectToMatch(channel, rig)
        for (const orderId of [kept, restocked, lost, shipped]) expect(book.has(orderId)).toBe(true)
        for (const orderId of [restocked, lost]) {
          const [line] = book.fact(orderId)?.lines ?? []
          expect(line?.cancelledQuantity).toBeGreaterThanOrEqual(traits.keepsCancelled ? 3 : (line?.orderedQuantity ?? 3))
          expect(line?.cancelledAtMs ?? 0).toBeLessThanOrEqual(rig.clock.nowMs())
        }
        expect(book.fact(restocked)?.lines[0]?.cancelMayRestock, 'what went back on sale is never denied').toBe(true)
      }))

    test(
      'a cancellation of some units of a line',
      where(traits.cancelsParts, () =>
        withRig(channel, {}, async (rig) => {
          const book = createOrderBook()
          const pollAll = streamsReader(channel, rig, book)
          const { market } = rig.simulator
          const order = market.buy([
            { externalId: offerAt(rig, 0), quantity: 5 },
            { externalId: offerAt(rig, 1), quantity: 4 },
          ])
          const [first, second] = order?.lines ?? []
          await rig.clock.advance(60_000)
          expect(market.cancel(order?.orderId ?? '', { restock: true, lineId: first?.lineId ?? '', quantity: 2 })).toBe(true)
          expect(market.cancel(order?.orderId ?? '', { restock: false, lineId: second?.lineId ?? '', quantity: 1 })).toBe(true)
          await pollAll()
          book.expectToMatch(channel, rig)
          const lines = standing(book.fact(order?.orderId ?? ''))
          expect(lines.map((line) => [line.orderedQuantity, line.cancelledQuantity])).toEqual([
            [5, 2],
            [4, 1],
          ])
        }),
      ),
    )

    test('orders by id, as they are; an id that nobody knows is left out', () =>
      withRig(channel, {}, async (rig) => {
        const orderIds = [0, 1, 2].map((index) => buy(rig, offerAt(rig, index), 2))
        await rig.clock.advance(traits.decidedWithinMs)
        const book = createOrderBook()
        book.take(await rig.run(rig.adapter.fetchOrders([...orderIds, '1'], unstopped())))
        expect(book.size).toBe(3)
        book.expectToMatch(channel, rig)
        rig.simulator.market.cancel(orderIds[0] ?? '', { restock: true })
        await rig.clock.advance(1000)
        book.take(await rig.run(rig.adapter.fetchOrders(orderIds.slice(0, 1), unstopped())))
        book.expectToMatch(channel, rig)
      }))

    test('nothing of the buyer is in a fact', () =>
      withRig(channel, {}, async (rig) => {
        const seen: OrderFact[] = []
        const reader = streamReader(channel, rig, rig.adapter.capabilities.streams[0] ?? '', createOrderBook())
        buy(rig, offerAt(rig, 0), 1)
        await rig.clock.advance(hourMs)
        await reader.poll((facts) => {
          seen.push(...facts)
          return Promise.resolve()
        })
        expect(seen).toHaveLength(1)
        expect(/Simulated|Invented|Nowhere|simulated-buyer/.exec(JSON.stringify(seen))).toBeNull()
      }))
  })
}

/** Vendor orders are shipped only after they were accepted. */
const acceptAll = async (channel: ChannelUnderTest, rig: ChannelRig, book: OrderBook): Promise<void> => {
  if (channel.traits.acknowledges !== true) return
  await rig.clock.advance(channel.traits.decidedWithinMs)
  const orderIds = rig.simulator.market.orders().map((each) => each.orderId)
  const facts = await rig.run(rig.adapter.fetchOrders(orderIds, unstopped()))
  book.take(facts)
  await rig.run(
    rig.adapter.acknowledge(
      facts.map((fact) => decidedOrder(fact)),
      unstopped(),
    ),
  )
  await rig.clock.advance(channel.traits.effectWithinMs)
}
