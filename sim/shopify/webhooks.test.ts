// Deliveries: signature, headers, exact ids, retries, deletion, faults.
import { createHmac } from 'node:crypto'
import { parse } from 'lossless-json'
import { expect, test } from 'vitest'
import { createTestShop, pick, setInput, type TestShop } from './test-shop.ts'

const subscribe = async (shop: TestShop, ...topics: readonly string[]): Promise<void> => {
  for (const topic of topics) await shop.run('Subscribe', { topic, sub: { uri: 'https://hub.example/webhooks', name: 'hub' } })
}
const buy = (shop: TestShop, quantity = 1) => shop.simulator.market.buy([{ externalId: shop.offers()[0]!, quantity }])!
const topics = (shop: TestShop) => shop.received.map((each) => each.headers.get('x-shopify-topic'))

test('an order is told with a signature over its raw bytes, and its ids are exact numbers', async () => {
  const shop = createTestShop()
  await subscribe(shop, 'ORDERS_CREATE')
  const order = buy(shop, 2)
  await shop.clock.settle()
  const { headers, body } = shop.received[0]!
  const expected = createHmac('sha256', 'secret').update(Buffer.from(body, 'utf8')).digest('base64')
  expect(headers.get('X-Shopify-Hmac-Sha256')).toBe(expected)
  expect(headers.get('X-Shopify-Topic')).toBe('orders/create')
  expect(headers.get('X-Shopify-Shop-Domain')).toBe('belay-demo.myshopify.com')
  expect(headers.get('X-Shopify-API-Version')).toBe('2026-10')
  expect(headers.get('X-Shopify-Name')).toBe('hub')
  expect(headers.get('X-Shopify-Webhook-Id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(BigInt(order.orderId)).toBeGreaterThan(2n ** 53n)
  expect(body).toMatch(new RegExp(`^\\{"id":${order.orderId},`))
  // A parser without big integers loses them; one that keeps the digits does not.
  expect(String(pick(JSON.parse(body) as unknown, 'id'))).not.toBe(order.orderId)
  const exact = parse(body)
  expect(String(pick(exact, 'id'))).toBe(order.orderId)
  expect(String(pick(exact, 'line_items', 0, 'id'))).toBe(order.lines[0]!.lineId)
  expect(pick(exact, 'customer', 'email')).toMatch(/@example\.com$/)
})

test('neighbouring inventory items collapse into one double', () => {
  const [first, , second] = createTestShop().offers()
  expect(first).not.toBe(second)
  expect(Number(first!.split('@')[0])).toBe(Number(second!.split('@')[0]))
})

test('one action is one event: its deliveries share the event id; own writes echo', async () => {
  const shop = createTestShop()
  await subscribe(shop, 'ORDERS_CREATE', 'ORDERS_UPDATED', 'ORDERS_CANCELLED', 'REFUNDS_CREATE', 'INVENTORY_LEVELS_UPDATE')
  const order = buy(shop)
  await shop.clock.settle()
  expect(topics(shop)).toEqual(['orders/create', 'inventory_levels/update'])
  expect(new Set(shop.received.map((each) => each.headers.get('x-shopify-event-id'))).size).toBe(1)
  expect(new Set(shop.received.map((each) => each.headers.get('x-shopify-webhook-id'))).size).toBe(2)
  const [item, location] = order.lines[0]!.externalId.split('@')
  expect(shop.received[1]!.body).toContain(`"inventory_item_id":${item},"location_id":${location},"available":4,`)
  shop.simulator.market.cancel(order.orderId, { restock: true })
  await shop.clock.settle()
  expect(topics(shop).slice(2)).toEqual(['orders/cancelled', 'orders/updated', 'refunds/create', 'inventory_levels/update'])
  await shop.run('SetAvailable', { key: 'k', input: setInput(order.lines[0]!.externalId, 9, null) })
  await shop.clock.settle()
  expect(shop.received.at(-1)!.body).toContain('"available":9,')
})

test('a failed delivery is tried 8 times more over 4 hours with the body as it was, then the subscription is deleted', async () => {
  const shop = createTestShop()
  await subscribe(shop, 'INVENTORY_LEVELS_UPDATE')
  shop.hub = () => Promise.resolve(new Response(null, { status: 500 }))
  const atMs: number[] = []
  const answer = shop.hub
  shop.hub = (request) => {
    atMs.push(shop.clock.nowMs())
    return answer(request)
  }
  buy(shop)
  await shop.clock.advance(4 * 3_600_000 + 1_000)
  expect(shop.received).toHaveLength(9)
  expect(new Set(shop.received.map((each) => each.body)).size).toBe(1)
  expect(new Set(shop.received.map((each) => each.headers.get('x-shopify-webhook-id'))).size).toBe(1)
  expect(Math.round((atMs.at(-1)! - atMs[0]!) / 1_000)).toBe(14_400)
  expect(pick(await shop.run('Subscriptions'), 'data', 'webhookSubscriptions', 'nodes')).toEqual([])
})

test('a hub that recovers gets the old body, and keeps its subscription', async () => {
  const shop = createTestShop()
  await subscribe(shop, 'INVENTORY_LEVELS_UPDATE')
  shop.hub = () => Promise.reject(new TypeError('fetch failed'))
  buy(shop)
  await shop.clock.advance(10_000)
  shop.hub = () => Promise.resolve(new Response(null, { status: 204 }))
  buy(shop)
  await shop.clock.advance(3_600_000)
  expect(shop.received.map((each) => /"available":(\d)/.exec(each.body)?.[1])).toEqual(['4', '3', '4'])
  expect(shop.simulator.requestCounts()).toMatchObject({ 'webhook delivered': 2, 'webhook failed': 1 })
})

test('an answer after 5 seconds is a failure', async () => {
  const shop = createTestShop()
  await subscribe(shop, 'ORDERS_CREATE')
  let aborted = false
  shop.hub = (request) =>
    new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => {
        aborted = true
        reject(new Error('gone'))
      })
    })
  buy(shop)
  await shop.clock.advance(4_999)
  expect(shop.simulator.requestCounts()['webhook failed']).toBeUndefined()
  await shop.clock.advance(1)
  expect(shop.simulator.requestCounts()['webhook failed']).toBe(1)
  expect(aborted).toBe(true)
  await shop.simulator.close()
})

test('faults duplicate, lose and delay', async () => {
  const shop = createTestShop()
  await subscribe(shop, 'INVENTORY_LEVELS_UPDATE')
  shop.simulator.faults.duplicate = 1
  buy(shop)
  await shop.clock.settle()
  expect(shop.received).toHaveLength(2)
  expect(shop.received[0]!.headers.get('x-shopify-webhook-id')).toBe(shop.received[1]!.headers.get('x-shopify-webhook-id'))
  shop.simulator.faults.duplicate = 0
  shop.simulator.faults.lose = 1
  buy(shop)
  await shop.clock.settle()
  expect(shop.received).toHaveLength(2)
  shop.simulator.faults.lose = 0
  shop.simulator.faults.reorder = 1
  shop.simulator.faults.reorderWithinMs = 60_000
  buy(shop)
  buy(shop)
  await shop.clock.settle()
  expect(shop.received).toHaveLength(2)
  await shop.clock.advance(60_000)
  expect(shop.received).toHaveLength(4)
})

test('an address outside of https is refused, except on this machine', async () => {
  const shop = createTestShop()
  const answer = async (uri: string) =>
    pick(await shop.run('Subscribe', { topic: 'ORDERS_CREATE', sub: { uri } }), 'data', 'webhookSubscriptionCreate', 'userErrors')
  expect(await answer('http://hub.example/webhooks')).toHaveLength(1)
  expect(await answer('not an address')).toHaveLength(1)
  expect(await answer('http://127.0.0.1:8080/webhooks')).toEqual([])
})
