// Contract: what a platform sends by itself. Authentic or refused, stored without anything of the buyer, understood from the stored event
// alone; and together with the reads that an event asks for, the events tell what happened.
import { describe, expect, test } from 'vitest'
import type { OrderFact } from '../../src/domain/orders.ts'
import type { Interpretation } from '../../src/ports/channel.ts'
import type { InboxEvent } from '../../src/ports/store.ts'
import { type ChannelRig, type ChannelUnderTest, withRig } from '../support/in-process-channels.ts'
import { where } from '../support/in-process-skips.ts'
import { createOrderBook, type OrderBook } from './channel-order-book.ts'
import { offerAt, push, unstopped, writeOf } from './channel-pushing.ts'

const read = (rig: ChannelRig, orderIds: readonly string[]): Promise<readonly OrderFact[]> =>
  rig.run(rig.adapter.fetchOrders(orderIds, unstopped()))

const namesOffers = (rig: ChannelRig, facts: readonly OrderFact[]): boolean => {
  const keys = new Set(rig.offers.flatMap((offer) => rig.adapter.parseListing(offer).keys))
  return facts.every((fact) => fact.lines.every((line) => line.listingKeys.some((key) => keys.has(key))))
}

/** As the inbox loop does: orders are taken; what is only named, or names goods that no listing has, is read. */
const understand = async (rig: ChannelRig, events: readonly InboxEvent[], book: OrderBook): Promise<readonly Interpretation[]> => {
  const meanings: Interpretation[] = []
  for (const event of events) {
    const meaning = rig.adapter.interpret(event)
    meanings.push(meaning)
    if (meaning.kind === 'orders' && namesOffers(rig, meaning.facts)) book.take(meaning.facts)
    else if (meaning.kind === 'orders')
      book.take(
        await read(
          rig,
          meaning.facts.map((fact) => fact.orderId),
        ),
      )
    else if (meaning.kind === 'refetch') book.take(await read(rig, meaning.orderIds))
  }
  return meanings
}

const trade = async (channel: ChannelUnderTest, rig: ChannelRig): Promise<void> => {
  const { market } = rig.simulator
  const buy = (index: number, quantity: number) => market.buy([{ externalId: offerAt(rig, index), quantity }])
  const [whole, part, shipped] = [buy(0, 3), buy(1, 4), buy(2, 2)]
  await rig.clock.advance(5 * 60_000)
  market.cancel(whole?.orderId ?? '', { restock: true })
  if (channel.traits.cancelsParts === true)
    market.cancel(part?.orderId ?? '', { restock: false, lineId: part?.lines[0]?.lineId ?? '', quantity: 1 })
  await rig.clock.advance(40 * 60_000)
  market.ship(shipped?.orderId ?? '')
  buy(3, 5)
  const outcomes = await push(rig, writeOf(rig, offerAt(rig, 0), 25))
  expect(outcomes).toHaveLength(1)
  await rig.clock.advance(Math.max(channel.traits.effectWithinMs, channel.traits.decidedWithinMs))
  // A look at the market lets happen what was due by now.
  rig.simulator.market.books()
}

export const describeInbound = (channel: ChannelUnderTest): void => {
  const { traits } = channel
  describe('inbound', () => {
    test(
      'every event is understood, and together they tell what was ordered, cancelled and shipped',
      where(traits.tellsByItself, () =>
        withRig(channel, {}, async (rig) => {
          await rig.run(rig.adapter.subscribe(rig.webhookUrl, unstopped()))
          await trade(channel, rig)
          const book = createOrderBook()
          const events = await rig.arrived()
          const meanings = await understand(rig, events, book)
          expect(meanings.filter((each) => each.kind === 'malformed')).toEqual([])
          expect(new Set(meanings.map((each) => each.kind)).has('quantity'), 'what the platform shows is told').toBe(true)
          if (!traits.tellsAll) {
            const nowMs = rig.clock.nowMs()
            await rig.run(
              rig.adapter.pollOrders({
                stream: 'changes',
                sinceMs: nowMs - 3_600_000,
                nowMs,
                signal: unstopped(),
                onPage: (facts) => Promise.resolve(book.take(facts)),
              }),
            )
          }
          book.expectToMatch(channel, rig)
        }),
      ),
    )

    test(
      'what the events say is shown is what the market showed then',
      where(traits.tellsByItself, () =>
        withRig(channel, {}, async (rig) => {
          await rig.run(rig.adapter.subscribe(rig.webhookUrl, unstopped()))
          const offer = offerAt(rig, 1)
          rig.simulator.market.buy([{ externalId: offer, quantity: 4 }])
          const told = (await rig.arrived()).map((event) => rig.adapter.interpret(event)).filter((each) => each.kind === 'quantity')
          expect(told).toHaveLength(1)
          expect(told[0]?.quantity).toBe(6)
          expect(rig.adapter.parseListing(offer).keys).toContain(told[0]?.listingKey)
        }),
      ),
    )

    test(
      'in any order, twice, and without some: never more than happened, and never a wrong line',
      where(traits.tellsByItself, () =>
        withRig(channel, {}, async (rig) => {
          rig.simulator.faults.duplicate = 0.5
          rig.simulator.faults.reorder = 0.5
          rig.simulator.faults.reorderWithinMs = 120_000
          await rig.run(rig.adapter.subscribe(rig.webhookUrl, unstopped()))
          await trade(channel, rig)
          await rig.clock.advance(120_000)
          const events = await rig.arrived()
          const keys = new Map<string, string>()
          for (const event of events) {
            expect(keys.get(event.dedupeKey) ?? event.payload, 'one delivery id, one content').toBe(event.payload)
            keys.set(event.dedupeKey, event.payload)
          }
          expect(keys.size).toBeLessThan(events.length)
          const book = createOrderBook()
          await understand(rig, [...events].toReversed(), book)
          await understand(rig, events, book)
          if (traits.tellsAll) book.expectToMatch(channel, rig)
        }),
      ),
    )

    test(
      'ids beyond what a number keeps come through exactly',
      where(traits.tellsByItself, () =>
        withRig(channel, {}, async (rig) => {
          await rig.run(rig.adapter.subscribe(rig.webhookUrl, unstopped()))
          for (let count = 0; count < 4; count++) rig.simulator.market.buy([{ externalId: offerAt(rig, 0), quantity: 1 }])
          await rig.clock.advance(traits.decidedWithinMs)
          const book = createOrderBook()
          await understand(rig, await rig.arrived(), book)
          for (const order of rig.simulator.market.orders()) {
            const open = book.fact(order.orderId)?.lines.filter((line) => line.orderedQuantity > line.cancelledQuantity)
            const lineIds = open?.map((line) => (traits.linesByMarketId ? line.lineId : line.lineId.split('@')[0]))
            expect(lineIds).toEqual(order.lines.map((line) => line.lineId))
          }
          expect(book.size).toBe(4)
        }),
      ),
    )

    test(
      'nothing of the buyer is stored',
      where(traits.tellsByItself, () =>
        withRig(channel, {}, async (rig) => {
          await rig.run(rig.adapter.subscribe(rig.webhookUrl, unstopped()))
          await trade(channel, rig)
          const events = await rig.arrived()
          expect(events.length).toBeGreaterThan(5)
          expect(/Simulated|Invented|Nowhere|simulated-buyer|@example|PostalCode/.exec(JSON.stringify(events))).toBeNull()
        }),
      ),
    )
  })
}
