// Tokens, scopes, cost and the leaky bucket.
import { expect, test } from 'vitest'
import { createTestShop, pick } from './test-shop.ts'

const graphql = '/admin/api/2026-10/graphql.json'

test('a token is refused for a wrong secret, lives 24 hours, and nothing works without one', async () => {
  const shop = createTestShop()
  const ask = async (fields: object) => (await shop.post('/admin/oauth/access_token', JSON.stringify(fields))).status
  expect(await ask({ client_id: 'client', client_secret: 'wrong', grant_type: 'client_credentials' })).toBe(400)
  expect(await ask({ client_id: 'other', client_secret: 'secret', grant_type: 'client_credentials' })).toBe(400)
  expect(await ask({ client_id: 'client', client_secret: 'secret', grant_type: 'authorization_code' })).toBe(400)
  const token = await shop.token()
  const status = async (headers: Record<string, string>) =>
    (await shop.post(graphql, JSON.stringify({ query: '{ shop { name } }' }), headers)).status
  expect(await status({})).toBe(401)
  expect(await status({ 'X-Shopify-Access-Token': token })).toBe(200)
  await shop.clock.advance(24 * 3_600_000 - 1)
  expect(await status({ 'X-Shopify-Access-Token': token })).toBe(200)
  await shop.clock.advance(1)
  expect(await status({ 'X-Shopify-Access-Token': token })).toBe(401)
})

test('a permanent token works where the shop has one', async () => {
  const shop = createTestShop({ staticAccessToken: 'shpat_permanent' })
  const answer = await shop.post(graphql, '{"query":"{ shop { name } }"}', { 'X-Shopify-Access-Token': 'shpat_permanent' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('X-Shopify-API-Version')).toBe('2026-10')
})

test('a missing scope is named at the field that needs it, and the scopes can be asked for', async () => {
  const shop = createTestShop({ scopes: ['read_inventory', 'write_orders'] })
  const text =
    '{ orders(first: 1) { nodes { id fulfillmentOrders(first: 1) { nodes { id } } } } productVariants(first: 1) { nodes { id } } }'
  shop.simulator.market.buy([{ externalId: shop.offers()[0]!, quantity: 1 }])
  const answer = await shop.run('', {}, text)
  expect(pick(answer, 'data')).toBeNull()
  expect(pick(answer, 'errors')).toMatchObject([
    { extensions: { code: 'ACCESS_DENIED' }, message: expect.stringMatching(/read_.*fulfillment_orders|read_products/) },
  ])
  const scopes = await shop.run('', {}, '{ currentAppInstallation { accessScopes { handle } } }')
  expect(pick(scopes, 'data', 'currentAppInstallation', 'accessScopes')).toEqual([{ handle: 'read_inventory' }, { handle: 'write_orders' }])
})

test('points are taken by cost, given back by what came, and restored by time', async () => {
  const shop = createTestShop({ plan: { restorePointsPerSecond: 100, bucketPoints: 300 } })
  const available = (answer: unknown) => pick(answer, 'extensions', 'cost', 'throttleStatus', 'currentlyAvailable')
  const first = await shop.run('OrdersUpdated', { query: '' })
  // 2 + 6 x (1 + 2 + 7 x (1 + variant 1 + item 1)) points asked for, 2 used: no orders yet.
  expect(pick(first, 'extensions', 'cost')).toMatchObject({ requestedQueryCost: 146, actualQueryCost: 2 })
  expect(available(first)).toBe(298)
  for (let count = 0; count < 16; count++)
    await shop.run('Subscribe', { topic: 'SHOP_UPDATE', sub: { uri: `https://hub.example/${count}` } })
  const throttled = await shop.run('OrdersUpdated', { query: '' })
  expect(pick(throttled, 'data')).toBeUndefined()
  expect(pick(throttled, 'errors')).toMatchObject([{ message: 'Throttled', extensions: { code: 'THROTTLED' } }])
  expect(pick(throttled, 'extensions', 'cost')).toMatchObject({
    requestedQueryCost: 146,
    actualQueryCost: null,
    throttleStatus: { currentlyAvailable: 138, restoreRate: 100 },
  })
  await shop.clock.advance(79)
  expect(pick(await shop.run('OrdersUpdated', { query: '' }), 'errors', 0, 'message')).toBe('Throttled')
  await shop.clock.advance(1)
  expect(pick(await shop.run('OrdersUpdated', { query: '' }), 'errors')).toBeUndefined()
  await shop.clock.advance(60_000)
  expect(available(await shop.run('Locations'))).toBe(296)
})

test('a query above 1000 points is refused and costs nothing', async () => {
  const shop = createTestShop({ connectionCost: 'linear' })
  expect(pick(await shop.run('OrdersUpdated', { query: '' }), 'errors', 0, 'extensions')).toMatchObject({
    code: 'MAX_COST_EXCEEDED',
    maxCost: 1_000,
  })
})

test('the throttle fault empties the bucket; status 429 is an option', async () => {
  const shop = createTestShop({ throttleStatus: 429 })
  const token = await shop.token()
  shop.simulator.faults.throttle = 1
  const ask = () => shop.post(graphql, '{"query":"{ shop { name } }"}', { 'X-Shopify-Access-Token': token })
  expect((await ask()).status).toBe(429)
  shop.simulator.faults.throttle = 0
  await shop.clock.advance(1_000)
  expect((await ask()).status).toBe(200)
})

test('a document that does not fit the schema, and one that is not simulated, are told apart', async () => {
  const shop = createTestShop()
  expect(pick(await shop.run('', {}, '{ shop { nonsense } }'), 'errors', 0, 'extensions', 'code')).toBe('undefinedField')
  expect(pick(await shop.run('', {}, '{ giftCards(first: 1) { nodes { id } } }'), 'errors', 0)).toMatchObject({
    message: expect.stringContaining('giftCards'),
  })
  const read = 'query Q($id: ID!) { inventoryItem(id: $id) { id unitCost { amount } } }'
  const id = `gid://shopify/InventoryItem/${shop.offers()[0]!.split('@')[0]}`
  expect(pick(await shop.run('Q', { id }, read), 'data', 'inventoryItem')).toEqual({ id, unitCost: null })
})

test('errorBefore has no effect; errorAfter has its effect and breaks the connection', async () => {
  const shop = createTestShop()
  const token = await shop.token()
  const [item, location] = shop.offers()[0]!.split('@')
  const input = `{name:"available",reason:"correction",changes:[{inventoryItemId:"gid://shopify/InventoryItem/${item}",locationId:"gid://shopify/Location/${location}",delta:1,changeFromQuantity:null}]}`
  const query = `mutation { inventoryAdjustQuantities(input: ${input}) @idempotent(key: "k") { userErrors { code } } }`
  const send = () => shop.post(graphql, JSON.stringify({ query }), { 'X-Shopify-Access-Token': token })
  shop.simulator.faults.errorBefore = 1
  expect((await send()).status).toBe(500)
  expect(shop.simulator.market.liveQuantity(shop.offers()[0]!)).toBe(5)
  shop.simulator.faults.errorBefore = 0
  shop.simulator.faults.errorAfter = 1
  await expect(send()).rejects.toThrow('fetch failed')
  expect(shop.simulator.market.liveQuantity(shop.offers()[0]!)).toBe(6)
  shop.simulator.faults.errorAfter = 0
  expect((await send()).status).toBe(200)
  expect(shop.simulator.market.liveQuantity(shop.offers()[0]!)).toBe(6)
})
