// Under any session of shoppers, hub and warehouse the books balance, and what GraphQL shows agrees with them.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTestShop, gidsOf, pick, setInput } from './test-shop.ts'

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('buy' as const),
      offers: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
      quantity: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), order: fc.nat(20), restock: fc.boolean(), part: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ship' as const), order: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('set' as const), offer: fc.nat(3), quantity: fc.nat(12), compare: fc.option(fc.nat(8)) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('adjust' as const), offer: fc.nat(3), delta: fc.integer({ min: -3, max: 6 }) }) },
)

test('live = opening + written + restocked - sold, and on hand = available + committed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const shop = createTestShop()
      const offers = shop.offers()
      const { market } = shop.simulator
      let key = 0
      const refusals: (readonly [before: unknown, after: unknown])[] = []
      for (const each of steps) {
        const orders = market.orders()
        if (each.kind === 'buy') {
          const before = market.books()
          const order = market.buy(each.offers.map((index) => ({ externalId: offers[index]!, quantity: each.quantity })))
          if (!order) refusals.push([before, market.books()])
        } else if (each.kind === 'cancel' && orders.length > 0) {
          const order = orders[each.order % orders.length]!
          market.cancel(order.orderId, { restock: each.restock, ...(each.part ? { lineId: order.lines[0]!.lineId, quantity: 1 } : {}) })
        } else if (each.kind === 'ship' && orders.length > 0) market.ship(orders[each.order % orders.length]!.orderId)
        else if (each.kind === 'set')
          await shop.run('SetAvailable', { key: `k${key++}`, input: setInput(offers[each.offer]!, each.quantity, each.compare) })
        else if (each.kind === 'adjust') {
          const changes = [{ ...gidsOf(offers[each.offer]!), delta: each.delta, changeFromQuantity: null }]
          await shop.run('AdjustAvailable', { key: `k${key++}`, input: { name: 'available', reason: 'correction', changes } })
        }
      }
      // What is refused leaves no trace.
      for (const [before, after] of refusals) expect(after).toEqual(before)
      for (const book of market.books()) {
        expect(book.liveQuantity).toBe(book.openingQuantity + book.writtenQuantity + book.restockedQuantity - book.soldQuantity)
        expect(book.soldQuantity).toBeGreaterThanOrEqual(book.cancelledQuantity + book.shippedQuantity)
        const { inventoryItemId: itemId, locationId } = gidsOf(book.externalId)
        const quantities = pick(
          await shop.run('LevelAtLocation', { itemId, locationId }),
          'data',
          'inventoryItem',
          'inventoryLevel',
          'quantities',
        )
        const open = book.soldQuantity - book.cancelledQuantity - book.shippedQuantity
        expect(quantities).toMatchObject([{ quantity: book.liveQuantity }, { quantity: book.liveQuantity + open }, { quantity: open }])
      }
      await shop.simulator.close()
    }),
    { numRuns: 60 },
  )
})

test('DENY refuses what two lines ask for together; CONTINUE goes below zero', () => {
  const shop = createTestShop()
  const [mug, , , toy] = shop.offers()
  const { market } = shop.simulator
  expect(
    market.buy([
      { externalId: mug!, quantity: 3 },
      { externalId: mug!, quantity: 3 },
    ]),
  ).toBeNull()
  expect(
    market.buy([
      { externalId: mug!, quantity: 3 },
      { externalId: mug!, quantity: 2 },
    ]),
  ).not.toBeNull()
  expect(market.buy([{ externalId: toy!, quantity: 2 }])).not.toBeNull()
  expect(market.liveQuantity(toy!)).toBe(-1)
})
