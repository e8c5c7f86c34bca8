// Every document of the project's operations file does what it says on the simulated shop.
import { Kind, parse } from 'graphql'
import { expect, test } from 'vitest'
import { createTestShop, documents, gidsOf, pick, setInput, type TestShop } from './test-shop.ts'

const tried = new Set<string>()
const openShop = (): TestShop => {
  const shop = createTestShop()
  return {
    ...shop,
    run: (operation, variables) => {
      tried.add(operation)
      return shop.run(operation, variables)
    },
  }
}
const buy = (shop: TestShop, quantity = 2) => shop.simulator.market.buy([{ externalId: shop.offers()[0]!, quantity }])!
const orderGid = (order: { readonly orderId: string }): string => `gid://shopify/Order/${order.orderId}`

test('Locations', async () => {
  const shop = openShop()
  expect(pick(await shop.run('Locations'), 'data', 'locations', 'nodes')).toMatchObject([
    { name: 'Warehouse', isActive: true },
    { name: 'Shop floor', isActive: true },
  ])
})

test('VariantsBySku', async () => {
  const shop = openShop()
  const answer = await shop.run('VariantsBySku', { query: "sku:'MUG-2' OR sku:'mug-1'" })
  expect(pick(answer, 'data', 'productVariants', 'nodes')).toMatchObject([
    { sku: 'MUG-1', inventoryPolicy: 'DENY', inventoryQuantity: 5, inventoryItem: { tracked: true, duplicateSkuCount: 0 } },
    { sku: 'MUG-2', inventoryQuantity: 3 },
  ])
})

test('LevelsForItem', async () => {
  const shop = openShop()
  buy(shop)
  const answer = await shop.run('LevelsForItem', { id: gidsOf(shop.offers()[0]!).inventoryItemId })
  expect(pick(answer, 'data', 'inventoryItem', 'inventoryLevels', 'nodes')).toMatchObject([
    {
      location: { id: gidsOf(shop.offers()[0]!).locationId },
      quantities: [
        { name: 'available', quantity: 3 },
        { name: 'on_hand', quantity: 5 },
        { name: 'committed', quantity: 2 },
        {},
        {},
        {},
        {},
        {},
      ],
    },
    { location: { id: gidsOf(shop.offers()[1]!).locationId }, quantities: [{ quantity: 0 }, {}, {}, {}, {}, {}, {}, {}] },
  ])
})

test('LevelAtLocation', async () => {
  const shop = openShop()
  const { inventoryItemId: itemId, locationId } = gidsOf(shop.offers()[2]!)
  const answer = await shop.run('LevelAtLocation', { itemId, locationId })
  expect(pick(answer, 'data', 'inventoryItem', 'inventoryLevel', 'quantities', 0)).toMatchObject({ name: 'available', quantity: 3 })
})

test('LevelsAtLocation', async () => {
  const shop = openShop()
  const answer = await shop.run('LevelsAtLocation', { locationId: gidsOf(shop.offers()[0]!).locationId })
  expect(pick(answer, 'data', 'location', 'inventoryLevels', 'nodes')).toMatchObject([
    { item: { sku: 'MUG-1' } },
    { item: { sku: 'MUG-2' } },
    { item: { sku: 'TOY-9' } },
  ])
})

test('SetAvailable', async () => {
  const shop = openShop()
  const answer = await shop.run('SetAvailable', { key: 'one', input: setInput(shop.offers()[0]!, 9, 5) })
  expect(pick(answer, 'data', 'inventorySetQuantities')).toMatchObject({
    userErrors: [],
    inventoryAdjustmentGroup: {
      reason: 'correction',
      changes: [
        { name: 'available', delta: 4, quantityAfterChange: 9 },
        { name: 'on_hand', delta: 4, quantityAfterChange: 9 },
      ],
    },
  })
  expect(shop.simulator.market.liveQuantity(shop.offers()[0]!)).toBe(9)
})

test('AdjustAvailable', async () => {
  const shop = openShop()
  const changes = [{ ...gidsOf(shop.offers()[0]!), delta: -2, changeFromQuantity: null }]
  const answer = await shop.run('AdjustAvailable', { key: 'one', input: { name: 'available', reason: 'correction', changes } })
  expect(pick(answer, 'data', 'inventoryAdjustQuantities', 'inventoryAdjustmentGroup', 'changes', 0)).toMatchObject({
    name: 'available',
    delta: -2,
    quantityAfterChange: 3,
  })
})

test('Activate', async () => {
  const shop = openShop()
  const { inventoryItemId: itemId } = gidsOf(shop.offers()[2]!)
  const { locationId } = gidsOf(shop.offers()[1]!)
  const answer = await shop.run('Activate', { itemId, locationId, available: 4, key: 'one' })
  expect(pick(answer, 'data', 'inventoryActivate', 'inventoryLevel', 'quantities', 0)).toMatchObject({ name: 'available', quantity: 4 })
  expect(shop.offers()).toHaveLength(5)
})

test('OrdersUpdated', async () => {
  const shop = openShop()
  const early = buy(shop, 1)
  await shop.clock.advance(60_000)
  const late = buy(shop, 1)
  const query = `updated_at:>='${new Date(shop.clock.nowMs() - 1_000).toISOString()}'`
  expect(pick(await shop.run('OrdersUpdated', { query }), 'data', 'orders', 'nodes')).toMatchObject([{ id: orderGid(late) }])
  await shop.clock.advance(60_000)
  shop.simulator.market.cancel(early.orderId, { restock: true })
  expect(pick(await shop.run('OrdersUpdated', { query }), 'data', 'orders', 'nodes')).toMatchObject([
    {
      id: orderGid(late),
      cancelledAt: null,
      lineItems: { nodes: [{ sku: 'MUG-1', quantity: 1, currentQuantity: 1, unfulfilledQuantity: 1 }] },
    },
    { id: orderGid(early), cancelReason: 'CUSTOMER', lineItems: { nodes: [{ quantity: 1, currentQuantity: 0, unfulfilledQuantity: 0 }] } },
  ])
})

test('OrderDetail', async () => {
  const shop = openShop()
  const order = buy(shop)
  const line = order.lines[0]!
  shop.simulator.market.cancel(order.orderId, { restock: false, lineId: line.lineId, quantity: 1 })
  expect(pick(await shop.run('OrderDetail', { id: orderGid(order) }), 'data', 'order')).toMatchObject({
    lineItems: { nodes: [{ id: `gid://shopify/LineItem/${line.lineId}`, quantity: 2, currentQuantity: 1 }] },
    fulfillmentOrders: {
      nodes: [
        {
          status: 'OPEN',
          assignedLocation: { location: { id: gidsOf(line.externalId).locationId } },
          lineItems: { nodes: [{ inventoryItemId: gidsOf(line.externalId).inventoryItemId, remainingQuantity: 1 }] },
        },
      ],
    },
    refunds: [{ refundLineItems: { nodes: [{ quantity: 1, restockType: 'NO_RESTOCK', restocked: false, location: null }] } }],
  })
})

test('Subscribe', async () => {
  const shop = openShop()
  const variables = { topic: 'ORDERS_CREATE', sub: { uri: 'https://hub.example/webhooks', format: 'JSON', name: 'hub' } }
  expect(pick(await shop.run('Subscribe', variables), 'data', 'webhookSubscriptionCreate')).toMatchObject({
    webhookSubscription: { topic: 'ORDERS_CREATE', uri: 'https://hub.example/webhooks', apiVersion: { handle: '2026-10' } },
    userErrors: [],
  })
  expect(pick(await shop.run('Subscribe', variables), 'data', 'webhookSubscriptionCreate', 'userErrors', 0, 'message')).toMatch(
    /already been taken/,
  )
})

test('Subscriptions', async () => {
  const shop = openShop()
  await shop.run('Subscribe', { topic: 'ORDERS_CREATE', sub: { uri: 'https://hub.example/webhooks' } })
  expect(pick(await shop.run('Subscriptions'), 'data', 'webhookSubscriptions', 'nodes')).toMatchObject([{ topic: 'ORDERS_CREATE' }])
})

test('BulkInventory', async () => {
  const shop = openShop()
  expect(pick(await shop.run('BulkInventory'), 'data', 'bulkOperationRunQuery')).toMatchObject({
    bulkOperation: { status: 'CREATED' },
    userErrors: [],
  })
})

test('BulkStatus', async () => {
  const shop = openShop()
  const id = pick(await shop.run('BulkInventory'), 'data', 'bulkOperationRunQuery', 'bulkOperation', 'id')
  await shop.clock.advance(1_000)
  expect(pick(await shop.run('BulkStatus', { id }), 'data', 'bulkOperation')).toMatchObject({ status: 'RUNNING', url: null })
  await shop.clock.advance(1_000)
  const done = pick(await shop.run('BulkStatus', { id }), 'data', 'bulkOperation')
  expect(done).toMatchObject({ status: 'COMPLETED', rootObjectCount: '3', objectCount: '7' })
  const text = await (await shop.simulator.fetch(new Request(pick(done, 'url') as string))).text()
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  expect(lines).toHaveLength(7)
  // Not grouped: the items come first, each level names its item.
  expect(lines.slice(0, 3).every((line) => pick(line, '__parentId') === undefined)).toBe(true)
  expect(lines[3]).toMatchObject({ __parentId: pick(lines[0], 'id'), quantities: [{ name: 'available', quantity: 5 }, {}, {}] })
})

test('CancelOrder', async () => {
  const shop = openShop()
  const order = buy(shop)
  expect(pick(await shop.run('CancelOrder', { orderId: orderGid(order) }), 'data', 'orderCancel')).toMatchObject({
    orderCancelUserErrors: [],
    job: {},
  })
  expect(shop.simulator.market.liveQuantity(shop.offers()[0]!)).toBe(5)
  expect(pick(await shop.run('CancelOrder', { orderId: orderGid(order) }), 'data', 'orderCancel', 'orderCancelUserErrors', 0, 'code')).toBe(
    'INVALID',
  )
})

test('no document of the file is left out', () => {
  const names = parse(documents).definitions.map((each) => (each.kind === Kind.OPERATION_DEFINITION ? each.name?.value : undefined))
  expect(tried).toEqual(new Set(names))
})
