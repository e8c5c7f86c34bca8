import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unlessLost } from '../sp-api/contract-caller.ts'
import { itemPath, marketplaceId, patchBody, sampleAccount, sampleItem, subscribe } from './sample-account.ts'

describe('the market', () => {
  it('sells no more than it shows, several lines of one SKU counted together', () => {
    const { simulator } = sampleAccount()
    const { market } = simulator
    expect(
      market.buy([
        { externalId: 'A/B #1', quantity: 2 },
        { externalId: 'A/B #1', quantity: 2 },
      ]),
    ).toBeNull()
    expect(market.liveQuantity('A/B #1')).toBe(3)
    expect(market.buy([{ externalId: 'A/B #1', quantity: 3 }])).not.toBeNull()
    expect(market.buy([{ externalId: 'A/B #1', quantity: 1 }])).toBeNull()
    expect(() => market.buy([{ externalId: 'GHOST', quantity: 1 }])).toThrow('GHOST')
    expect(market.offers()).toEqual([
      { externalId: 'MUG', sku: 'MUG', title: 'Title of MUG' },
      { externalId: 'A/B #1', sku: 'A/B #1', title: 'Title of A/B #1' },
    ])
  })

  it('keeps balanced books whatever shoppers, the hub and the faults do', async () => {
    const skus = ['S0', 'S1', 'S2']
    const action = fc.record({
      kind: fc.constantFrom('buy', 'cancel', 'ship', 'patch', 'wait'),
      sku: fc.constantFrom(...skus),
      amount: fc.integer({ min: 1, max: 4 }),
      flag: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), fc.integer({ min: 1, max: 1_000_000 }), async (actions, seed) => {
        const account = sampleAccount({ catalogue: skus.map((sku) => sampleItem(sku, 5)), quotaScale: 1_000 }, seed)
        const { market, faults } = account.simulator
        await subscribe(account)
        Object.assign(faults, {
          duplicate: 0.2,
          reorder: 0.2,
          reorderWithinMs: 60_000,
          lose: 0.2,
          errorBefore: 0.1,
          errorAfter: 0.1,
          acceptedNeverApplied: 0.2,
        })
        const orderIds: string[] = []
        for (const { kind, sku, amount, flag } of actions) {
          if (kind === 'buy') orderIds.push(...[market.buy([{ externalId: sku, quantity: amount }])?.orderId ?? []].flat())
          if (kind === 'cancel') market.cancel(orderIds.at(-amount) ?? 'none', { restock: flag, ...(flag ? { quantity: amount } : {}) })
          if (kind === 'ship') market.ship(orderIds[amount] ?? 'none')
          if (kind === 'wait') await account.clock.advance(amount * 400_000)
          if (kind === 'patch')
            await unlessLost(
              account.caller.call('PATCH', itemPath(sku), { query: { marketplaceIds: marketplaceId }, body: patchBody(amount) }),
            )
          for (const books of market.books()) {
            const { openingQuantity, writtenQuantity, restockedQuantity, soldQuantity, cancelledQuantity, shippedQuantity, liveQuantity } =
              books
            expect(liveQuantity).toBe(openingQuantity + writtenQuantity + restockedQuantity - soldQuantity)
            expect(liveQuantity).toBeGreaterThanOrEqual(0)
            expect(restockedQuantity).toBeLessThanOrEqual(cancelledQuantity)
            expect(cancelledQuantity + shippedQuantity).toBeLessThanOrEqual(soldQuantity)
          }
        }
        const ordered = market.orders().flatMap((order) => order.lines)
        for (const { externalId, soldQuantity } of market.books())
          expect(soldQuantity).toBe(ordered.filter((line) => line.externalId === externalId).reduce((sum, line) => sum + line.quantity, 0))
      }),
      { numRuns: 40 },
    )
  })
})
