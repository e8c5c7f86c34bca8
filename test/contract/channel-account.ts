// Contract: connecting an account. Finding its offers, subscribing to what it tells, and saying what is wrong before anything is sent.
import { describe, expect, test } from 'vitest'
import type { CheckFinding, DiscoveredListing } from '../../src/ports/channel.ts'
import { type ChannelRig, type ChannelUnderTest, withRig } from '../support/in-process-channels.ts'
import { where } from '../support/in-process-skips.ts'
import { offerAt, unstopped } from './channel-pushing.ts'

const discovered = async (rig: ChannelRig): Promise<readonly DiscoveredListing[]> => {
  const found: DiscoveredListing[] = []
  for await (const page of rig.adapter.discover(unstopped())) found.push(...page)
  return found
}

const checked = (rig: ChannelRig): Promise<readonly CheckFinding[]> => rig.run(rig.adapter.check(unstopped()))

export const describeAccount = (channel: ChannelUnderTest): void => {
  const { traits } = channel
  const manyItems = Array.from({ length: 130 }, (_, index) => ({ sku: `ITEM-${index}`, quantity: index }))

  describe('account', () => {
    test(
      'all offers are found, each with its SKU, its number and an address that the import takes',
      where(traits.discovers, () =>
        withRig(channel, { items: manyItems }, async (rig) => {
          const found = await rig.run(discovered(rig))
          const bySku = new Map(found.map((each) => [each.sku, each]))
          expect(found).toHaveLength(130)
          for (const offer of rig.simulator.market.offers()) {
            const own = bySku.get(offer.sku)
            expect(own?.unusable).toBeNull()
            expect(own?.title).toContain(offer.title)
            expect(own?.quantity).toBe(rig.simulator.market.liveQuantity(offer.externalId))
            const address = rig.adapter.parseListing(own?.externalId ?? '')
            expect(address.externalId).toBe(rig.adapter.parseListing(offer.externalId).externalId)
          }
        }),
      ),
    )

    test('discovering names each offer once, or none where there is no list of them', () =>
      withRig(channel, {}, async (rig) => {
        const found = await rig.run(discovered(rig))
        expect(found).toHaveLength(traits.discovers === true ? rig.offers.length : 0)
        expect(new Set(found.map((each) => each.externalId)).size).toBe(found.length)
      }))

    test('subscribing twice is subscribing once', () =>
      withRig(channel, {}, async (rig) => {
        await rig.run(rig.adapter.subscribe(rig.webhookUrl, unstopped()))
        await rig.run(rig.adapter.subscribe(rig.webhookUrl, unstopped()))
        rig.simulator.market.buy([{ externalId: offerAt(rig, 0), quantity: 1 }])
        const events = await rig.arrived()
        expect(new Set(events.map((each) => each.dedupeKey)).size).toBe(events.length)
        expect(events.length > 0).toBe(traits.tellsByItself === true)
        const topics = events.map((each) => each.topic)
        expect(new Set(topics).size, 'each thing once').toBe(topics.length)
      }))

    test('a good account has nothing wrong with it', () =>
      withRig(channel, {}, async (rig) => {
        const findings = await checked(rig)
        expect(findings.length).toBeGreaterThan(1)
        expect(findings.filter((each) => !each.ok)).toEqual([])
      }))

    test('a wrong secret is found, with what to do, and without showing the secret', () =>
      withRig(channel, { wrongSecret: true }, async (rig) => {
        const findings = await checked(rig)
        const token = findings.find((each) => each.subject === 'token')
        expect(token?.ok).toBe(false)
        expect(token?.fix).toMatch(/secret|credential|clientId|authori/i)
        expect(JSON.stringify(findings)).not.toContain('not the secret')
      }))

    test(
      'a missing scope is found by its name, with what to do',
      where(traits.hasScopes, () =>
        withRig(channel, { withoutScope: 'write_inventory' }, async (rig) => {
          const findings = await checked(rig)
          const wrong = findings.filter((each) => !each.ok)
          expect(wrong.map((each) => each.subject)).toEqual(['scope write_inventory'])
          expect(wrong[0]?.fix).toContain('write_inventory')
        }),
      ),
    )

    test('a platform that is away is found, and that it is worth trying again', () =>
      withRig(channel, {}, async (rig) => {
        rig.simulator.faults.errorBefore = 1
        const findings = await checked(rig)
        const wrong = findings.filter((each) => !each.ok)
        expect(wrong.length).toBeGreaterThan(0)
        expect(wrong.filter((each) => !each.fix)).toEqual([])
      }))
  })
}
