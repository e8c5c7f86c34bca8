// Contract: writing quantities, reading them, and what is said of a write whose answer or whose effect is missing.
import { describe, expect, test } from 'vitest'
import { type BelayError, isBelayError } from '../../src/domain/errors.ts'
import { type ChannelUnderTest, withRig } from '../support/in-process-channels.ts'
import { where } from '../support/in-process-skips.ts'
import { isTaken, offerAt, push, pushOne, takeEffect, unstopped, writeOf } from './channel-pushing.ts'

const manyItems = Array.from({ length: 25 }, (_, index) => ({ sku: `ITEM-${index}`, quantity: 10 }))

const refusalOf = (work: () => unknown): BelayError | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    if (isBelayError(error)) return error
    throw error
  }
}

export const describeWrites = (channel: ChannelUnderTest): void => {
  const { traits } = channel
  const rigged = (run: Parameters<typeof withRig>[2], options: Parameters<typeof withRig>[1] = {}) => withRig(channel, options, run)

  describe('listings', () => {
    test('every offer of the market has an address, its own keys, and reads back to itself', () =>
      rigged(async (rig) => {
        const keys = new Map<string, string>()
        for (const { externalId } of rig.simulator.market.offers()) {
          const address = rig.adapter.parseListing(externalId)
          expect(rig.adapter.parseListing(address.externalId)).toEqual(address)
          expect(address.keys).toContain(address.externalId)
          for (const key of address.keys) {
            expect(keys.get(key) ?? externalId, `key ${key} names two offers`).toBe(externalId)
            keys.set(key, externalId)
          }
        }
      }))

    test('what is no address is refused with the expected format', () =>
      rigged(async (rig) => {
        for (const text of ['', ' MUG', 'x'.repeat(201), 'MUG\u0000']) {
          const refusal = refusalOf(() => rig.adapter.parseListing(text))
          expect([refusal?.code, refusal?.fix !== undefined]).toEqual(['listing-address-invalid', true])
        }
      }))
  })

  describe('push', () => {
    test('a write is taken and becomes what the market shows, up and down and to nothing', () =>
      rigged(async (rig) => {
        const offer = offerAt(rig, 0)
        for (const quantity of [17, 4, 0, 3]) {
          const outcome = await pushOne(rig, writeOf(rig, offer, quantity))
          expect(isTaken(outcome), `${JSON.stringify(outcome)} came`).toBe(true)
          await takeEffect(channel, rig, [outcome])
          expect(rig.simulator.market.liveQuantity(offer)).toBe(quantity)
        }
      }))

    test('many writes at once, increases and decreases: each its own outcome, all in effect', () =>
      rigged(
        async (rig) => {
          const wanted = rig.offers.map((offer, index) => ({ offer, quantity: index % 2 === 0 ? 20 + index : index % 10 }))
          const waiting = wanted.map(({ offer, quantity }) => writeOf(rig, offer, quantity))
          while (waiting.length > 0) {
            const { items, retryAtMs } = rig.adapter.capacity('push')
            if (items === 0) {
              await rig.clock.advance(Math.max(1, retryAtMs - rig.clock.nowMs()))
              continue
            }
            const taken = waiting.splice(0, Math.min(items, rig.adapter.capabilities.maxPushItems))
            const outcomes = await push(rig, ...taken)
            expect(outcomes).toHaveLength(taken.length)
            outcomes.forEach((outcome, index) => {
              const item = taken[index]
              if (outcome.kind === 'throttled' && item) waiting.push(item)
            })
            expect(outcomes.filter((outcome) => outcome.kind !== 'throttled' && !isTaken(outcome))).toEqual([])
            await takeEffect(channel, rig, outcomes)
          }
          for (const { offer, quantity } of wanted) expect(rig.simulator.market.liveQuantity(offer), offer).toBe(quantity)
        },
        { items: manyItems },
      ))

    test(
      'a write that expects another number changes nothing and says so',
      where(traits.comparesAndSets, () =>
        rigged(async (rig) => {
          const offer = offerAt(rig, 0)
          for (const quantity of [15, 2]) {
            const outcome = await pushOne(rig, writeOf(rig, offer, quantity, { fromQuantity: 9 }))
            expect(outcome.kind).toBe('stale')
            expect(rig.simulator.market.liveQuantity(offer)).toBe(10)
          }
        }),
      ),
    )

    test(
      'the same key twice takes effect once, whatever was sold in between',
      where(traits.keyed, () =>
        rigged(async (rig) => {
          const offer = offerAt(rig, 0)
          const item = writeOf(rig, offer, 13)
          expect((await pushOne(rig, item)).kind).toBe('applied')
          rig.simulator.market.buy([{ externalId: offer, quantity: 3 }])
          const again = await pushOne(rig, item)
          expect(again).toEqual({ kind: 'applied', quantity: 13 })
          expect(rig.simulator.market.liveQuantity(offer)).toBe(10)
        }),
      ),
    )

    test('what is not to be sent any more is not, and says so', () =>
      rigged(async (rig) => {
        const offer = offerAt(rig, 0)
        const added = traits.comparesAndSets === true ? [writeOf(rig, offerAt(rig, 1), 13, { addQuantity: 3 })] : []
        const late = [writeOf(rig, offer, 4), ...added].map((each) => ({ ...each, sendBeforeMs: rig.clock.nowMs() }))
        for (const outcome of await push(rig, ...late)) expect(outcome.kind).toBe('unsent')
        const inTime = await pushOne(rig, { ...writeOf(rig, offer, 5), sendBeforeMs: rig.clock.nowMs() + 1_000 })
        await takeEffect(channel, rig, [inTime])
        expect(rig.simulator.market.liveQuantity(offer)).toBe(5)
        expect(rig.simulator.market.liveQuantity(offerAt(rig, 1))).toBe(10)
      }))

    test('an item that the platform will not take does not fail the others of its batch', () =>
      rigged(async (rig) => {
        const [first, second, third] = [offerAt(rig, 0), offerAt(rig, 1), offerAt(rig, 2)]
        const poison = writeOf(rig, second, -1)
        const outcomes = await push(rig, writeOf(rig, first, 4), poison, writeOf(rig, third, 14))
        expect(outcomes.map((each) => each.kind === 'rejected')).toEqual([false, true, false])
        const [, rejected] = outcomes
        expect(rejected?.kind === 'rejected' && rejected.fix).toBeTruthy()
        await takeEffect(channel, rig, outcomes)
        expect([first, second, third].map((offer) => rig.simulator.market.liveQuantity(offer))).toEqual([4, 10, 14])
      }))

    test('an offer that is not there harms nobody else', () =>
      rigged(async (rig) => {
        const [first, third] = [offerAt(rig, 0), offerAt(rig, 2)]
        const known = writeOf(rig, third, 14)
        const gone = { ...known, key: 'gone', externalId: missingLike(known.externalId), quantity: 5, fromQuantity: 4 }
        const outcomes = await push(rig, writeOf(rig, first, 4), gone, known)
        expect(
          [outcomes[0], outcomes[2]].every((each) => each && isTaken(each)),
          JSON.stringify(outcomes),
        ).toBe(true)
        await rig.clock.advance(traits.effectWithinMs)
        expect([first, third].map((offer) => rig.simulator.market.liveQuantity(offer))).toEqual([4, 14])
      }))
  })

  describe('faults', () => {
    /** A token in hand, so that the fault meets the write itself. */
    const warm = async (rig: Parameters<Parameters<typeof withRig>[2]>[0]): Promise<void> => {
      await rig.run(rig.adapter.check(unstopped()))
      await rig.clock.advance(60_000)
    }

    test('an error before the effect is never taken for applied, and nothing is applied', () =>
      rigged(async (rig) => {
        await warm(rig)
        const offer = offerAt(rig, 0)
        rig.simulator.faults.errorBefore = 1
        const outcome = await pushOne(rig, writeOf(rig, offer, 15))
        expect(['ambiguous', 'unsent'], `${JSON.stringify(outcome)} came`).toContain(outcome.kind)
        rig.simulator.faults.errorBefore = 0
        await rig.clock.advance(traits.effectWithinMs)
        expect(rig.simulator.market.liveQuantity(offer)).toBe(10)
      }))

    test('without a token nothing was sent', () =>
      rigged(async (rig) => {
        const offer = offerAt(rig, 0)
        rig.simulator.faults.errorBefore = 1
        expect((await pushOne(rig, writeOf(rig, offer, 15))).kind).toBe('unsent')
      }))

    test('an answer lost after the effect is ambiguous; what the platform shows is found out', () =>
      rigged(async (rig) => {
        await warm(rig)
        const offer = offerAt(rig, 0)
        const item = writeOf(rig, offer, 15)
        rig.simulator.faults.errorAfter = 1
        expect((await pushOne(rig, item)).kind).toBe('ambiguous')
        rig.simulator.faults.errorAfter = 0
        await rig.clock.advance(traits.effectWithinMs)
        expect(rig.simulator.market.liveQuantity(offer)).toBe(15)
        const again = traits.keyed === true ? await pushOne(rig, item) : null
        expect(again).toEqual(traits.keyed === true ? { kind: 'applied', quantity: 15 } : null)
        const read = traits.readable === true ? await rig.run(rig.adapter.read([item.externalId], unstopped())) : []
        expect(read).toEqual(traits.readable === true ? [{ kind: 'quantity', quantity: 15 }] : [])
        expect(rig.simulator.market.liveQuantity(offer)).toBe(15)
      }))

    test('a write that was stopped is not taken for applied', () =>
      rigged(async (rig) => {
        const offer = offerAt(rig, 0)
        const outcomes = await rig.run(rig.adapter.push([writeOf(rig, offer, 15)], AbortSignal.abort()))
        expect(outcomes.map((each) => each.kind)).toEqual(['unsent'])
        expect(rig.simulator.market.liveQuantity(offer)).toBe(10)
      }))

    test(
      'an accepted write that comes to nothing is never called applied',
      where(traits.asynchronous, () =>
        rigged(async (rig) => {
          rig.simulator.faults.acceptedNeverApplied = 1
          const outcomes = await push(rig, ...[0, 1, 2, 3].map((index) => writeOf(rig, offerAt(rig, index), 15)))
          await rig.clock.advance(traits.effectWithinMs)
          expect(rig.offers.map((offer) => rig.simulator.market.liveQuantity(offer))).toEqual([10, 10, 10, 10])
          const ids = outcomes.flatMap((each) => (traits.settles === true && each.kind === 'accepted' ? [each.submissionId] : []))
          const settled = await rig.run(rig.adapter.settle(ids, unstopped()))
          expect(settled.filter((each) => !['rejected', 'processing'].includes(each.kind))).toEqual([])
          const read = traits.readable === true ? await rig.run(rig.adapter.read(rig.offers, unstopped())) : []
          expect(read.filter((each) => each.kind !== 'quantity' || each.quantity !== 10)).toEqual([])
        }),
      ),
    )
  })

  describe('read', () => {
    test(
      'in the order asked, what the market shows, and why not where there is nothing',
      where(traits.readable, () =>
        rigged(
          async (rig) => {
            rig.simulator.market.buy([{ externalId: offerAt(rig, 3), quantity: 4 }])
            const ids = rig.offers.map((offer) => rig.adapter.parseListing(offer).externalId)
            const gone = missingLike(ids[0] ?? '')
            const outcomes = await rig.run(
              rig.adapter.read([gone, ...ids.slice(0, rig.adapter.capabilities.maxReadItems - 1)], unstopped()),
            )
            expect(outcomes[0]?.kind).toBe('unusable')
            outcomes.slice(1).forEach((outcome, index) => {
              expect(outcome).toEqual({ kind: 'quantity', quantity: rig.simulator.market.liveQuantity(offerAt(rig, index)) })
            })
          },
          { items: manyItems },
        ),
      ),
    )

    test(
      'a read that is refused says so of each item',
      where(traits.readable, () =>
        rigged(async (rig) => {
          const ids = rig.offers.map((offer) => rig.adapter.parseListing(offer).externalId)
          rig.simulator.faults.errorBefore = 1
          const outcomes = await rig.run(rig.adapter.read(ids, unstopped()))
          expect(outcomes.map((each) => each.kind)).toEqual(ids.map(() => 'failed'))
        }),
      ),
    )
  })

  describe('settle', () => {
    test(
      'processing until the platform has decided, then applied; what it does not know is not applied',
      where(traits.settles, () =>
        rigged(async (rig) => {
          const outcomes = await push(rig, writeOf(rig, offerAt(rig, 0), 15))
          const ids = outcomes.flatMap((each) => (each.kind === 'accepted' ? [each.submissionId] : []))
          expect(await rig.run(rig.adapter.settle(ids, unstopped()))).toEqual([{ kind: 'processing' }])
          await rig.clock.advance(traits.effectWithinMs)
          const [own, unknown] = await rig.run(rig.adapter.settle([...ids, 'nothing-of-ours'], unstopped()))
          expect(own).toEqual({ kind: 'applied' })
          expect(unknown?.kind).not.toBe('applied')
        }),
      ),
    )
  })
}

/** An address of the same form that nothing has. */
const missingLike = (externalId: string): string =>
  /^\d+@\d+$/.test(externalId) ? externalId.replace(/^\d+/, '999999999999999') : `${externalId}-GONE`
