// Reading orders: pages that hold while orders move, index lag, late routing, the 60 days, the search syntax.
import { expect, test } from 'vitest'
import { createTestShop, gidsOf, pick, type TestShop } from './test-shop.ts'
import { parseSearch } from './search.ts'

const pageText = `query Page($after: String, $query: String) {
  orders(first: 2, after: $after, query: $query, sortKey: UPDATED_AT) { nodes { id updatedAt } pageInfo { hasNextPage endCursor } }
}`
const buy = (shop: TestShop) => shop.simulator.market.buy([{ externalId: shop.offers()[0]!, quantity: 1 }])!
const idsOf = (answer: unknown): string[] =>
  (pick(answer, 'data', 'orders', 'nodes') as readonly unknown[]).map((each) =>
    (pick(each, 'id') as string).replace('gid://shopify/Order/', ''),
  )

test('an order that changes while it is paged appears again at the end, and none is skipped', async () => {
  const shop = createTestShop()
  const orders = []
  for (let count = 0; count < 5; count++) {
    orders.push(buy(shop).orderId)
    await shop.clock.advance(1_000)
  }
  const first = await shop.run('Page', {}, pageText)
  expect(idsOf(first)).toEqual([orders[0], orders[1]])
  shop.simulator.market.cancel(orders[0]!, { restock: false })
  const second = await shop.run('Page', { after: pick(first, 'data', 'orders', 'pageInfo', 'endCursor') }, pageText)
  expect(idsOf(second)).toEqual([orders[2], orders[3]])
  const third = await shop.run('Page', { after: pick(second, 'data', 'orders', 'pageInfo', 'endCursor') }, pageText)
  expect(idsOf(third)).toEqual([orders[4], orders[0]])
  expect(pick(third, 'data', 'orders', 'pageInfo', 'hasNextPage')).toBe(false)
})

test('with an index lag a list shows a change late, the order itself at once', async () => {
  const shop = createTestShop({ orderIndexLagMs: 60_000 })
  const { orderId } = buy(shop)
  expect(idsOf(await shop.run('Page', {}, pageText))).toEqual([])
  expect(pick(await shop.run('OrderDetail', { id: `gid://shopify/Order/${orderId}` }), 'data', 'order', 'id')).toBe(
    `gid://shopify/Order/${orderId}`,
  )
  await shop.clock.advance(60_000)
  expect(idsOf(await shop.run('Page', {}, pageText))).toEqual([orderId])
})

test('with a routing delay the locations of an order come later and move its updatedAt', async () => {
  const shop = createTestShop({ routingDelayMs: 30_000 })
  await shop.run('Subscribe', { topic: 'ORDERS_UPDATED', sub: { uri: 'https://hub.example/webhooks' } })
  const { orderId } = buy(shop)
  const id = `gid://shopify/Order/${orderId}`
  const fulfilment = async () => pick(await shop.run('OrderDetail', { id }), 'data', 'order', 'fulfillmentOrders', 'nodes')
  expect(await fulfilment()).toEqual([])
  expect(shop.simulator.market.ship(orderId)).toBe(false)
  await shop.clock.advance(30_000)
  expect(await fulfilment()).toHaveLength(1)
  expect(shop.received).toHaveLength(1)
  expect(pick(await shop.run('OrderDetail', { id }), 'data', 'order', 'updatedAt')).toBe('2026-11-23T09:00:30Z')
})

test('orders older than 60 days need read_all_orders', async () => {
  for (const [scopes, expected] of [
    [['read_orders'], 0],
    [['read_orders', 'read_all_orders'], 1],
  ] as const) {
    const shop = createTestShop({ scopes })
    buy(shop)
    await shop.clock.advance(61 * 24 * 3_600_000)
    expect(idsOf(await shop.run('Page', {}, pageText))).toHaveLength(expected)
  }
})

test('an order cannot be cancelled once something of it is shipped', () => {
  const shop = createTestShop()
  const { orderId } = buy(shop)
  expect(shop.simulator.market.ship(orderId)).toBe(true)
  expect(shop.simulator.market.ship(orderId)).toBe(false)
  expect(shop.simulator.market.cancel(orderId, { restock: true })).toBe(false)
})

test('cancelled units go back on sale with restock, and leave the shelf without', async () => {
  const { inventoryItemId: itemId, locationId } = gidsOf(createTestShop().offers()[0]!)
  for (const [restock, expected] of [
    [true, [5, 5, 0]],
    [false, [4, 4, 0]],
  ] as const) {
    const shop = createTestShop()
    shop.simulator.market.cancel(buy(shop).orderId, { restock })
    const answer = await shop.run('LevelAtLocation', { itemId, locationId })
    const quantities = pick(answer, 'data', 'inventoryItem', 'inventoryLevel', 'quantities') as readonly unknown[]
    expect(quantities.map((each) => pick(each, 'quantity'))).toEqual(expected)
  }
})

test('the search syntax', () => {
  interface Thing {
    readonly sku: string
    readonly atMs: number
  }
  const things: readonly Thing[] = [
    { sku: 'A-1', atMs: Date.UTC(2026, 0, 1) },
    { sku: "B'2 (x)", atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 600) },
    { sku: 'A-3', atMs: Date.UTC(2026, 0, 3) },
  ]
  const found = (query: string) =>
    things
      .filter(
        parseSearch<Thing>(query, { sku: { kind: 'text', read: (each) => each.sku }, at: { kind: 'time', read: (each) => each.atMs } })
          .matches,
      )
      .map((each) => things.indexOf(each))
  expect(found('')).toEqual([0, 1, 2])
  expect(found('sku:a-1')).toEqual([0])
  expect(found('sku:A*')).toEqual([0, 2])
  expect(found('sku:"B\'2 (x)"')).toEqual([1])
  expect(found("sku:'B\\'2 (x)' OR sku:A-3")).toEqual([1, 2])
  expect(found("at:>='2026-01-02T03:04:05Z' AND at:<2026-01-03")).toEqual([1])
  expect(found("at:>'2026-01-02T03:04:05Z'")).toEqual([2])
  expect(found('sku:A* -sku:A-1')).toEqual([2])
  expect(found('NOT (sku:A-1 OR sku:A-3)')).toEqual([1])
  for (const wrong of ['unknown:1', 'free text', '(sku:A', 'sku:A)', 'at:>=yesterday', 'sku:>A'])
    expect(() => found(wrong)).toThrow(/not understood/)
})
