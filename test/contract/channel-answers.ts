// Contract: answering the orders that a platform wants answered. What is answered takes effect, whole or in part as the order's kind allows,
// and the outcome of the answer is found out.
import { describe, expect, test } from 'vitest'
import type { OrderFact } from '../../src/domain/orders.ts'
import { type ChannelRig, type ChannelUnderTest, withRig } from '../support/in-process-channels.ts'
import { where } from '../support/in-process-skips.ts'
import { decidedOrder } from './channel-decision.ts'
import { offerAt, unstopped } from './channel-pushing.ts'

const factOf = async (channel: ChannelUnderTest, rig: ChannelRig, orderId: string): Promise<OrderFact> => {
  await rig.clock.advance(channel.traits.decidedWithinMs)
  const [fact] = await rig.run(rig.adapter.fetchOrders([orderId], unstopped()))
  if (!fact) throw new Error(`order ${orderId} is not found`)
  return fact
}

/** Answers, waits until the platform has decided on the answer, and returns how. */
const answer = async (
  channel: ChannelUnderTest,
  rig: ChannelRig,
  orders: readonly Parameters<typeof decidedOrder>[],
): Promise<string[]> => {
  const outcomes = await rig.run(
    rig.adapter.acknowledge(
      orders.map((each) => decidedOrder(...each)),
      unstopped(),
    ),
  )
  const ids = outcomes.map((each) => (each.kind === 'accepted' ? each.transactionId : JSON.stringify(each)))
  expect((await rig.run(rig.adapter.settleAcknowledgements(ids, unstopped()))).map((each) => each.kind)).toEqual(
    ids.map(() => 'processing'),
  )
  await rig.clock.advance(channel.traits.effectWithinMs)
  return (await rig.run(rig.adapter.settleAcknowledgements(ids, unstopped()))).map((each) => each.kind)
}

export const describeAnswers = (channel: ChannelUnderTest): void => {
  const { traits } = channel
  describe('answers', () => {
    test(
      'a sold order is accepted whole, or refused whole when it cannot be shipped',
      where(traits.acknowledges, () =>
        withRig(channel, {}, async (rig) => {
          const { market } = rig.simulator
          const [taken, refused] = [0, 1].map((index) => market.buy([{ externalId: offerAt(rig, index), quantity: 2 }])?.orderId ?? '') as [
            string,
            string,
          ]
          const facts = [await factOf(channel, rig, taken), await factOf(channel, rig, refused)] as const
          expect(facts.map((fact) => fact.acknowledgeByMs !== null)).toEqual([true, true])
          expect(await answer(channel, rig, [[facts[0]], [facts[1], () => 0]])).toEqual(['applied', 'applied'])
          const later = await factOf(channel, rig, taken)
          expect(later.acknowledgeByMs, 'an answered order is not asked for again').toBeNull()
          expect((await factOf(channel, rig, refused)).lines[0]?.cancelledQuantity).toBe(2)
          expect(market.ship(taken)).toBe(true)
        }),
      ),
    )

    test(
      'a purchase order is accepted up to what there is, in the units that it is ordered in',
      where(traits.acknowledges, () =>
        withRig(channel, {}, async (rig) => {
          const { market } = rig.simulator
          const asked = market.offers().filter((each) => each.externalId.startsWith('retail/'))
          const orderId = market.buy(asked.map(({ externalId }) => ({ externalId, quantity: 24 })))?.orderId ?? ''
          const fact = await factOf(channel, rig, orderId)
          expect(fact.demand).toBe('ask-first')
          expect(fact.lines.map((line) => line.orderedQuantity)).toEqual([24, 24])
          // 7 pieces of the one, and 13 of the other, which comes in cases of 6: two cases.
          expect(await answer(channel, rig, [[fact, (_ordered, at) => (at === 0 ? 7 : 13)]])).toEqual(['applied'])
          const sold = new Map(market.books().map((each) => [each.externalId, each.soldQuantity]))
          expect(asked.map(({ externalId }) => sold.get(externalId))).toEqual([7, 12])
          expect((await factOf(channel, rig, orderId)).acknowledgeByMs).toBeNull()
        }),
      ),
    )

    test(
      'a purchase order of which nothing is there is refused, and one that Amazon takes back is told',
      where(traits.acknowledges, () =>
        withRig(channel, {}, async (rig) => {
          const { market } = rig.simulator
          const offer = market.offers().find((each) => each.externalId.startsWith('retail/'))
          const ask = (): string => market.buy([{ externalId: offer?.externalId ?? '', quantity: 10 }])?.orderId ?? ''
          const [refused, takenBack] = [ask(), ask()]
          expect(
            await answer(channel, rig, [
              [await factOf(channel, rig, refused), () => 0],
              [await factOf(channel, rig, takenBack), () => 8],
            ]),
          ).toEqual(['applied', 'applied'])
          expect(market.cancel(takenBack, { restock: false, quantity: 5 })).toBe(true)
          const facts: OrderFact[] = []
          await rig.clock.advance(60_000)
          const nowMs = rig.clock.nowMs()
          await rig.run(
            rig.adapter.pollOrders({
              stream: 'retail-orders',
              sinceMs: nowMs - 120_000,
              nowMs,
              signal: unstopped(),
              onPage: (some) => {
                facts.push(...some)
                return Promise.resolve()
              },
            }),
          )
          expect(facts.map((fact) => [fact.orderId, fact.merge, fact.lines[0]?.orderedQuantity])).toEqual([[takenBack, 'revision', 5]])
        }),
      ),
    )

    test(
      'an answer that the platform refuses is told as refused, with what to do',
      where(traits.acknowledges, () =>
        withRig(channel, {}, async (rig) => {
          const { market } = rig.simulator
          const orderId = market.buy([{ externalId: offerAt(rig, 0), quantity: 2 }])?.orderId ?? ''
          const fact = await factOf(channel, rig, orderId)
          market.cancel(orderId, { restock: true })
          const [outcome] = await rig.run(rig.adapter.acknowledge([decidedOrder(fact)], unstopped()))
          const id = outcome?.kind === 'accepted' ? outcome.transactionId : ''
          await rig.clock.advance(traits.effectWithinMs)
          const [settled] = await rig.run(rig.adapter.settleAcknowledgements([id], unstopped()))
          expect(settled?.kind).toBe('rejected')
          expect(settled?.kind === 'rejected' && settled.fix).toBeTruthy()
        }),
      ),
    )
  })
}
