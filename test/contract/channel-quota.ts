// Contract: the platform's quota. Who asks for capacity first is never answered 429; who is throttled all the same is told when to come back.
import { describe, expect, test } from 'vitest'
import { type ChannelRig, type ChannelUnderTest, withRig } from '../support/in-process-channels.ts'
import { where } from '../support/in-process-skips.ts'
import type { PushItem } from '../../src/ports/channel.ts'
import { isTaken, offerAt, push, pushOne, unstopped, writeOf } from './channel-pushing.ts'

const manyItems = Array.from({ length: 120 }, (_, index) => ({ sku: `ITEM-${index}`, quantity: 10 }))

/** Asks for room as the push loop does, and waits as long as it is told to. */
const withRoom = async (rig: ChannelRig, operation: 'push' | 'read' | 'settle', most: number): Promise<number> => {
  for (;;) {
    const nowMs = rig.clock.nowMs()
    const { items, retryAtMs } = rig.adapter.capacity(operation)
    expect(retryAtMs, 'retryAtMs is at or after now').toBeGreaterThanOrEqual(nowMs)
    if (items > 0) return Math.min(items, most)
    await rig.clock.advance(Math.max(1, retryAtMs - nowMs))
  }
}

/** Sends as the push loop does: what is throttled is not due before its time. Returns how many were taken. */
const sendAll = async (rig: ChannelRig, writes: readonly PushItem[]): Promise<number> => {
  let waiting = writes.map((item) => ({ item, dueAtMs: 0 }))
  let taken = 0
  while (waiting.length > 0) {
    const room = await withRoom(rig, 'push', rig.adapter.capabilities.maxPushItems)
    const nowMs = rig.clock.nowMs()
    const now = waiting.filter((each) => each.dueAtMs <= nowMs).slice(0, room)
    if (now.length === 0) {
      await rig.clock.advance(Math.max(1, Math.min(...waiting.map((each) => each.dueAtMs)) - nowMs))
      continue
    }
    const outcomes = await push(rig, ...now.map((each) => each.item))
    waiting = waiting.filter((each) => !now.includes(each))
    outcomes.forEach((outcome, index) => {
      const item = now[index]?.item
      if (outcome.kind === 'throttled' && item) waiting.push({ item, dueAtMs: outcome.retryAtMs })
      else {
        expect(isTaken(outcome), `${JSON.stringify(outcome)} came`).toBe(true)
        taken += 1
      }
    })
  }
  return taken
}

export const describeQuota = (channel: ChannelUnderTest): void => {
  const { traits } = channel
  describe('quota', () => {
    test('hundreds of writes, each asked for first: nothing is throttled, and the time is well used', () =>
      withRig(channel, { items: manyItems }, async (rig) => {
        const startedMs = rig.clock.nowMs()
        let sent = 0
        for (let round = 0; round < 3; round++) {
          sent += await sendAll(
            rig,
            rig.offers.map((offer) => writeOf(rig, offer, 20 + round, { key: `${offer}#${round}` })),
          )
          await rig.clock.advance(traits.effectWithinMs)
        }
        expect(rig.wire.throttled).toBe(0)
        expect(sent).toBe(360)
        // 5 writes a second is the least that any of them allows.
        expect(rig.clock.nowMs() - startedMs - 3 * traits.effectWithinMs).toBeLessThan(120_000)
      }))

    test(
      'reads in a row, each asked for first: nothing is throttled',
      where(traits.readable, () =>
        withRig(channel, { items: manyItems }, async (rig) => {
          const ids = rig.offers.map((offer) => rig.adapter.parseListing(offer).externalId)
          for (let round = 0; round < 5; round++) {
            const waiting = [...ids]
            while (waiting.length > 0) {
              const items = waiting.splice(0, await withRoom(rig, 'read', rig.adapter.capabilities.maxReadItems))
              const outcomes = await rig.run(rig.adapter.read(items, unstopped()))
              expect(outcomes.every((each) => each.kind === 'quantity')).toBe(true)
            }
          }
          expect(rig.wire.throttled).toBe(0)
        }),
      ),
    )

    test('a throttle of the platform: not executed, and a time to come back', () =>
      withRig(channel, {}, async (rig) => {
        await rig.run(rig.adapter.check(unstopped()))
        const offer = offerAt(rig, 0)
        for (const quantity of [15, 2]) {
          rig.simulator.faults.throttle = 1
          const outcome = await pushOne(rig, writeOf(rig, offer, quantity))
          rig.simulator.faults.throttle = 0
          expect(outcome.kind).toBe('throttled')
          const retryAtMs = outcome.kind === 'throttled' ? outcome.retryAtMs : 0
          expect(retryAtMs).toBeGreaterThan(rig.clock.nowMs())
          expect(retryAtMs).toBeLessThan(rig.clock.nowMs() + 120_000)
          expect(rig.adapter.capacity('push').items, 'no room until then').toBe(0)
          await rig.clock.advance(Math.max(traits.effectWithinMs, retryAtMs - rig.clock.nowMs()))
          expect(rig.simulator.market.liveQuantity(offer)).toBe(10)
        }
        expect(await sendAll(rig, [writeOf(rig, offer, 12)])).toBe(1)
      }))
  })
}
