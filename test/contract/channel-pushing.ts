// Shared by the parts of the channel contract: pushing as the engine does, and waiting for what was accepted.
import { expect } from 'vitest'
import type { PushItem, PushOutcome } from '../../src/ports/channel.ts'
import type { ChannelRig, ChannelUnderTest } from '../support/in-process-channels.ts'

/** Nobody stops this. */
export const unstopped = (): AbortSignal => new AbortController().signal

export const offerAt = (rig: ChannelRig, index: number): string => {
  const offer = rig.offers[index]
  if (offer === undefined) throw new Error(`the rig has no offer ${index}`)
  return offer
}

/** One write of an offer that is believed to show what it shows. */
export const writeOf = (rig: ChannelRig, offer: string, quantity: number, change: Partial<PushItem> = {}): PushItem => ({
  key: `${offer}#${quantity}`,
  externalId: rig.adapter.parseListing(offer).externalId,
  quantity,
  fromQuantity: rig.simulator.market.liveQuantity(offer),
  ...change,
})

export const push = (rig: ChannelRig, ...items: readonly PushItem[]): Promise<readonly PushOutcome[]> =>
  rig.run(rig.adapter.push(items, unstopped()))

export const pushOne = async (rig: ChannelRig, item: PushItem): Promise<PushOutcome> => {
  const [outcome, ...more] = await push(rig, item)
  expect(more).toEqual([])
  if (!outcome) throw new Error('no outcome')
  return outcome
}

/** Times that a submission is asked for before it is taken for one that hangs. */
const maxQuestions = 20

/** Waits until what was taken has had its effect, and until the platform says so where it can be asked. */
export const takeEffect = async (channel: ChannelUnderTest, rig: ChannelRig, outcomes: readonly PushOutcome[]): Promise<void> => {
  const submissions = outcomes.flatMap((each) => (each.kind === 'accepted' ? [each.submissionId] : []))
  if (submissions.length === 0) return
  await rig.clock.advance(channel.traits.effectWithinMs)
  if (channel.traits.settles !== true) return
  for (let asked = 0; asked < maxQuestions; asked++) {
    const settled = await rig.run(rig.adapter.settle(submissions, unstopped()))
    if (settled.every((each) => each.kind === 'applied')) return
    await rig.clock.advance(channel.traits.effectWithinMs / maxQuestions)
  }
  throw new Error('an accepted write never settled')
}

export const isTaken = (outcome: PushOutcome): boolean => outcome.kind === 'applied' || outcome.kind === 'accepted'
