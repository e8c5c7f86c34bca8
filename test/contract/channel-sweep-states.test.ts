// What sweeps tell of the states that a platform can be brought into behind the hub's back, each platform on its own; and what a whole sweep
// takes, against what the quotas allow.
import { expect, test } from 'vitest'
import type { ObservedOffer, SweepRequest, SweptRow } from '../../src/ports/sweep.ts'
import { type ChannelRig, channelsUnderTest, type RigOptions, withRig } from '../support/in-process-channels.ts'
import { unstopped } from './channel-pushing.ts'

const channelNamed = (name: string) => {
  const found = channelsUnderTest.find((each) => each.traits.name === name)
  if (!found) throw new Error(`no channel ${name}`)
  return found
}
const shopify = channelNamed('shopify')
const shopifyAtTwoPlaces = channelNamed('shopify, two locations, routed late')
const seller = channelNamed('amazon-seller')

const sweep = async (rig: ChannelRig, scope: SweepRequest['scope'] = { kind: 'everything' }) => {
  const rows: SweptRow[] = []
  const result = await rig.run(
    rig.adapter.sweep({
      scope,
      resume: null,
      onProgress: () => undefined,
      signal: unstopped(),
      onRows: (batch) => {
        rows.push(...batch.rows)
        return Promise.resolve()
      },
    }),
  )
  return { rows, result }
}

/** In both scopes, which must tell the same. */
const observedBoth = async (rig: ChannelRig, externalId: string): Promise<readonly (ObservedOffer | null)[]> => {
  const all = await sweep(rig)
  const some = await sweep(rig, { kind: 'offers', externalIds: [externalId] })
  const own = (rows: readonly SweptRow[]) =>
    rows.find((each) => each.observed?.externalId === externalId && each.source !== 'amazon-fba-summary')?.observed ?? null
  return [own(all.rows), own(some.rows)]
}

const items = (count: number): RigOptions => ({
  items: Array.from({ length: count }, (_, index) => ({ sku: `ITEM-${index}`, quantity: 10 })),
})

const shopifyStates: readonly (readonly [string, (rig: ChannelRig, offer: string) => void, Partial<ObservedOffer>])[] = [
  ['not tracked', (rig, offer) => rig.simulator.backstage.setTracked(offer, false), { tracked: false, quantity: null }],
  ['continues selling', (rig, offer) => rig.simulator.backstage.setSellsBelowZero(offer, true), { sellsBelowZero: true, quantity: 10 }],
  ['another SKU, of two offers', (rig, offer) => rig.simulator.backstage.setSku(offer, 'ITEM-1'), { sku: 'ITEM-1', offersWithSku: 2 }],
  ['below zero', (rig, offer) => rig.simulator.backstage.editQuantity(offer, -4), { quantity: -4, state: 'live' }],
  ['as it was', () => undefined, { tracked: true, sellsBelowZero: false, sku: 'ITEM-0', offersWithSku: 1, quantity: 10, state: 'live' }],
]

test.each(shopifyStates)('Shopify: %s', (_, act, expected) =>
  withRig(shopify, items(3), async (rig) => {
    const [offer = ''] = rig.offers
    act(rig, offer)
    for (const observed of await observedBoth(rig, offer)) expect(observed).toMatchObject(expected)
  }),
)

test('Shopify: units moved to a place that is not of the channel are told beside the offer; between its own places they are its own', async () => {
  const withSpare: RigOptions = { items: [{ sku: 'MUG', quantity: 10 }], spareLocation: true }
  await withRig(shopify, withSpare, async (rig) => {
    const [offer = ''] = rig.offers
    expect(rig.simulator.backstage.moveElsewhere(offer, 3)).toBe(true)
    for (const observed of await observedBoth(rig, offer))
      expect(observed).toMatchObject({ quantity: 7, elsewhere: [{ place: expect.any(String), quantity: 3 }] })
  })
  await withRig(shopifyAtTwoPlaces, items(2), async (rig) => {
    const [offer = ''] = rig.offers
    expect(rig.simulator.backstage.moveElsewhere(offer, 3)).toBe(true)
    const { rows } = await sweep(rig)
    const own = rows.filter((each) => each.observed?.sku === 'ITEM-0').map((each) => [each.observed?.quantity, each.observed?.elsewhere])
    expect(own).toEqual([
      [7, []],
      [3, []],
    ])
  })
})

test('Amazon seller: switched to FBA and back, packs, a number that is 0, and SKUs of every kind', () =>
  withRig(
    seller,
    { items: ['MUG', 'A/B #1', 'with,comma', 'Tasse für Öl', '"quoted"', "it's"].map((sku) => ({ sku, quantity: 5 })) },
    async (rig) => {
      const { backstage } = rig.simulator
      for (const sku of rig.offers)
        for (const observed of await observedBoth(rig, sku))
          expect(observed).toMatchObject({ externalId: sku, quantity: 5, fulfilment: 'MFN' })
      backstage.setFulfilment('MUG', 'FBA')
      for (const observed of await observedBoth(rig, 'MUG')) expect(observed).toMatchObject({ quantity: null, fulfilment: 'FBA' })
      const { rows } = await sweep(rig)
      expect(
        rows.filter((each) => each.source === 'amazon-fba-summary').map((each) => [each.observed?.externalId, each.observed?.quantity]),
      ).toEqual([['MUG', 5]])
      backstage.setFulfilment('MUG', 'MFN')
      backstage.editQuantity('MUG', 0)
      for (const observed of await observedBoth(rig, 'MUG'))
        expect(observed).toMatchObject({ quantity: 0, fulfilment: 'MFN', state: 'live' })
      backstage.setUnitsPerListing('A/B #1', 6)
      const [inReport, alone] = await observedBoth(rig, 'A/B #1')
      expect([inReport?.unitsPerListing, alone?.unitsPerListing]).toEqual([null, 6])
    },
  ))

test('Shopify: a long sweep, idle, takes at most 1.2 of the time that its points take to be restored', () =>
  withRig(shopify, items(1_000), async (rig) => {
    const startedMs = rig.clock.nowMs()
    const externalIds = [...rig.offers, ...rig.offers]
    await sweep(rig, { kind: 'offers', externalIds })
    const points = rig.wire.points
    // The bucket is full at first: what is above the live half of its 2,000 points is there at once; 100 points a second after that.
    const quotaMs = ((points - 1_000) / 100) * 1_000
    expect(points).toBeGreaterThan(5_000)
    expect((rig.clock.nowMs() - startedMs) / quotaMs).toBeLessThan(1.2)
  }))

test('Amazon seller: a long sweep, idle, takes at most 1.2 of the time that its requests take', () =>
  withRig(seller, items(1_000), async (rig) => {
    const startedMs = rig.clock.nowMs()
    const externalIds = [...rig.offers, ...rig.offers]
    const { result } = await sweep(rig, { kind: 'offers', externalIds })
    // Searches of 20 SKUs, five a second, of which three at first.
    const quotaMs = ((result.calls - 3) / 5) * 1_000
    expect(result.calls).toBe(externalIds.length / 20)
    expect((rig.clock.nowMs() - startedMs) / quotaMs).toBeLessThan(1.2)
  }))
