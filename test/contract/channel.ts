// What every channel adapter does, against the simulator of its platform. Adapters and simulators were made from the official documents
// by different people and share no code: what they agree on here is what the documents say.
import { describe } from 'vitest'
import type { ChannelUnderTest } from '../support/in-process-channels.ts'
import { describeAccount } from './channel-account.ts'
import { describeAnswers } from './channel-answers.ts'
import { describeOrders } from './channel-orders.ts'
import { describeQuota } from './channel-quota.ts'
import { describeWrites } from './channel-writes.ts'
import { describeSweeps } from './channel-sweeps.ts'
import { describeInbound } from './inbound.ts'

export const describeChannel = (channel: ChannelUnderTest): void => {
  describe(`channel ${channel.traits.name}`, () => {
    describeWrites(channel)
    describeQuota(channel)
    describeOrders(channel)
    describeInbound(channel)
    describeAnswers(channel)
    describeAccount(channel)
    describeSweeps(channel)
  })
}
