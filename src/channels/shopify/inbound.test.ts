import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  buyerMark,
  inventoryLevelUpdate,
  orderBody,
  orderEdited,
  refundCreated,
  webhookHeaders,
} from '../../../test/golden/shopify/webhooks.ts'
import { never, secret, setup } from '../../../test/golden/shopify/setup.ts'
import type { ChannelAdapter, Interpretation } from '../../ports/channel.ts'
import type { InboxEvent } from '../../ports/store.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const accept = (adapter: ChannelAdapter, topic: string, body: string, changes: Readonly<Record<string, string>> = {}): InboxEvent => {
  const event = adapter.webhook?.accept(webhookHeaders(topic, body, secret, changes), bytes(body), 5)
  if (!event) throw new Error('no webhook receiver')
  return event
}
const meaning = (topic: string, body: string, adapter = setup().adapter): Interpretation => adapter.interpret(accept(adapter, topic, body))
const line = (interpretation: Interpretation) => (interpretation.kind === 'orders' ? interpretation.facts[0]?.lines[0] : undefined)

describe('signature', () => {
  const body = orderBody()
  const verify = (headers: Headers, content = body, config = {}): boolean | undefined =>
    setup({}, config).adapter.webhook?.verify(headers, bytes(content))

  test('of the right secret over the raw bytes', () => {
    expect(verify(webhookHeaders('orders/create', body, secret))).toBe(true)
    expect(verify(webhookHeaders('orders/create', body, secret), `${body} `)).toBe(false)
  })
  test('absent, of another secret, or not base64', () => {
    const absent = webhookHeaders('orders/create', body, secret)
    absent.delete('X-Shopify-Hmac-Sha256')
    expect(verify(absent)).toBe(false)
    expect(verify(webhookHeaders('orders/create', body, 'other'))).toBe(false)
    for (const value of ['', '???', 'AAAA', 'A'.repeat(44)])
      expect(verify(webhookHeaders('orders/create', body, secret, { 'X-Shopify-Hmac-Sha256': value }))).toBe(false)
  })
  test('the previous secret while it is rotated', () => {
    const config = { previousClientSecret: 'old' }
    expect(verify(webhookHeaders('orders/create', body, 'old'), body, config)).toBe(true)
    expect(verify(webhookHeaders('orders/create', body, secret), body, config)).toBe(true)
    expect(verify(webhookHeaders('orders/create', body, 'old'))).toBe(false)
  })
})

describe('what is kept', () => {
  test('nothing of the buyer, every id exact', () => {
    const event = accept(setup().adapter, 'orders/create', orderBody())
    expect(event.payload).not.toContain(buyerMark)
    expect(event).toMatchObject({
      channel: 'shopify-us',
      dedupeKey: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      topic: 'orders/create',
      receivedAtMs: 5,
    })
    expect(JSON.parse(event.payload)).toMatchObject({
      id: '820982911946154508',
      line_items: [{ id: '866550311766439020', variant_id: '808950810' }, {}],
    })
  })
  test('property: a body with anything anywhere keeps only whitelisted names', () => {
    const { adapter } = setup()
    const names =
      /^(id|variant_id|sku|quantity|current_quantity|fulfillable_quantity|price|amount|variant_inventory_management|requires_shipping|gift_card|discount_allocations|tax_lines|created_at|updated_at|cancelled_at|currency|taxes_included|test|line_items|refunds|refund_line_items|line_item_id|location_id|restock_type|fulfillments|status|inventory_item_id)$/
    const namesIn = (value: unknown): readonly string[] => {
      if (Array.isArray(value)) return value.flatMap(namesIn)
      if (typeof value !== 'object' || value === null) return []
      return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)])
    }
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (order, row) => {
        const body = JSON.stringify({ ...order, id: 1, line_items: [{ ...row, id: 2 }], refunds: [row], fulfillments: [row] })
        expect(namesIn(JSON.parse(accept(adapter, 'orders/updated', body).payload)).filter((name) => !names.test(name))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
  test.each([
    ['another shop', orderBody(), { 'X-Shopify-Shop-Domain': 'other.myshopify.com' }],
    ['no topic', orderBody(), { 'X-Shopify-Topic': '' }],
    ['no delivery id', orderBody(), { 'X-Shopify-Webhook-Id': '' }],
    ['not JSON', '{', {}],
    ['not an object', '[]', {}],
    ['no lines', '{"id":1}', {}],
    ['no id', '{"line_items":[]}', {}],
    ['nested without end', '['.repeat(200_000), {}],
  ])('refuses %s', (_, body, changes) => {
    const refused = (): unknown => accept(setup().adapter, 'orders/create', body, changes)
    expect(refused).toThrow(expect.objectContaining({ code: 'body-malformed' }))
    expect(refused).not.toThrow(buyerMark)
  })
  test('bytes that are not UTF-8', () => {
    const receiver = setup().adapter.webhook
    expect(() => receiver?.accept(webhookHeaders('orders/create', '', secret), new Uint8Array([0x7b, 0xff, 0x7d]), 5)).toThrow(
      /not a JSON object/,
    )
  })
})

describe('meaning', () => {
  test('a new order', () => {
    expect(meaning('orders/create', orderBody())).toEqual({
      kind: 'orders',
      facts: [
        {
          channel: 'shopify-us',
          orderId: '820982911946154508',
          createdAtMs: Date.UTC(2026, 10, 23, 14, 0, 0),
          revisedAtMs: Date.UTC(2026, 10, 23, 14, 0, 5),
          demand: 'fact',
          merge: 'maximum',
          acknowledgeByMs: null,
          echo: null,
          lines: [
            {
              lineId: '866550311766439020',
              listingKeys: ['variant:808950810@900'],
              orderedQuantity: 2,
              cancelledQuantity: 0,
              shippedQuantity: 0,
              cancelledAtMs: null,
              cancelMayRestock: true,
              // 2 x 199.00 - 5.00 + 15.72
              amountMinor: 40_872,
              currency: 'USD',
            },
          ],
        },
      ],
    })
  })
  test('the inventory item is added where its variant is known', async () => {
    const { adapter } = setup({
      nodes: () => [
        {
          __typename: 'InventoryItem',
          id: 'gid://shopify/InventoryItem/49148385',
          tracked: true,
          inventoryLevel: { id: 'gid://shopify/InventoryLevel/1', quantities: [{ name: 'available', quantity: 1 }] },
          variants: { nodes: [{ id: 'gid://shopify/ProductVariant/808950810', inventoryPolicy: 'DENY' }] },
        },
      ],
    })
    await adapter.read(['49148385@900'], never)
    expect(line(meaning('orders/create', orderBody(), adapter))?.listingKeys).toEqual(['item:49148385@900', 'variant:808950810@900'])
  })
  test('a cancelled order, restocked and not', () => {
    const refunds = (restock_type: string) => [
      {
        id: 1,
        created_at: '2026-11-23T10:00:00-05:00',
        refund_line_items: [{ line_item_id: '866550311766439020', quantity: 2, restock_type }],
      },
    ]
    const body = (restock: string) =>
      orderBody({ cancelledAt: '2026-11-23T09:59:59-05:00', currentQuantity: 0, refunds: refunds(restock) }).replace(
        '"line_item_id":"866550311766439020"',
        '"line_item_id":866550311766439020',
      )
    expect(line(meaning('orders/cancelled', body('cancel')))).toMatchObject({
      orderedQuantity: 2,
      cancelledQuantity: 2,
      cancelledAtMs: Date.UTC(2026, 10, 23, 15),
      cancelMayRestock: true,
    })
    expect(line(meaning('orders/cancelled', body('no_restock')))?.cancelMayRestock).toBe(false)
  })
  test('shipped units', () => {
    const fulfillments = [
      { id: 1, status: 'success', line_items: [{ id: '866550311766439020', quantity: 1 }] },
      { id: 2, status: 'cancelled', line_items: [{ id: '866550311766439020', quantity: 1 }] },
    ]
    expect(line(meaning('orders/updated', orderBody({ fulfillableQuantity: 1, fulfillments })))).toMatchObject({
      orderedQuantity: 2,
      shippedQuantity: 1,
      cancelledQuantity: 0,
    })
  })
  test('an order whose payload does not tell what became of its units is read', () => {
    const body = orderBody({ currentQuantity: 1 }).replace('"refunds":[]', '"refunds":null')
    expect(meaning('orders/updated', body)).toEqual({ kind: 'refetch', orderIds: ['820982911946154508'] })
  })
  test('edits and refunds name an order to read', () => {
    expect(meaning('orders/edited', orderEdited)).toEqual({ kind: 'refetch', orderIds: ['820982911946154508'] })
    expect(meaning('refunds/create', refundCreated)).toEqual({ kind: 'refetch', orderIds: ['820982911946154508'] })
  })
  test('with several locations every order is read', () => {
    const { adapter } = setup(
      {},
      {
        locations: [
          { id: 'a', shopifyLocationId: '900' },
          { id: 'b', shopifyLocationId: '901' },
        ],
      },
    )
    expect(meaning('orders/create', orderBody(), adapter)).toEqual({ kind: 'refetch', orderIds: ['820982911946154508'] })
  })
  test('lines that take no stock are skipped', () => {
    const digital = orderBody()
      .replace('"requires_shipping":true,"sku"', '"requires_shipping":false,"sku"')
      .replace('"variant_inventory_management":"shopify"', '"variant_inventory_management":null')
    expect(meaning('orders/create', digital).kind).toBe('ignore')
    expect(meaning('orders/create', orderBody().replace('"gift_card":false', '"gift_card":true')).kind).toBe('ignore')
  })
  test('levels: the number, exact ids, not tracked, elsewhere', () => {
    const { adapter } = setup({}, { locations: [{ id: 'a', shopifyLocationId: '53716844710' }] })
    expect(meaning('inventory_levels/update', inventoryLevelUpdate, adapter)).toMatchObject({
      kind: 'ignore',
      reason: expect.stringContaining('not tracked'),
    })
    expect(meaning('inventory_levels/update', inventoryLevelUpdate.replace('null', '-4'), adapter)).toEqual({
      kind: 'quantity',
      listingKey: 'item:271878346596884015@53716844710',
      quantity: -4,
      atMs: Date.UTC(2020, 8, 3, 12, 44, 10),
    })
    expect(meaning('inventory_levels/update', inventoryLevelUpdate).kind).toBe('ignore')
  })
  test('other topics are stored empty and ignored', () => {
    const event = accept(setup().adapter, 'products/update', '{"id":1,"title":"x"}')
    expect(event.payload).toBe('{}')
    expect(setup().adapter.interpret(event).kind).toBe('ignore')
  })

  test('property: total on any payload of any topic', () => {
    const { adapter } = setup()
    const topic = fc.constantFrom('orders/create', 'orders/edited', 'refunds/create', 'inventory_levels/update', 'orders/cancelled', 'x')
    const rows = fc.array(
      fc.oneof(fc.jsonValue(), fc.record({ id: fc.oneof(fc.nat(), fc.jsonValue()), quantity: fc.jsonValue(), variant_id: fc.nat() })),
      { maxLength: 3 },
    )
    const almost = fc.record({
      id: fc.oneof(fc.nat(), fc.jsonValue()),
      order_id: fc.jsonValue(),
      created_at: fc.constantFrom('2026-11-23T09:00:00Z', 'x'),
      updated_at: fc.constantFrom('2026-11-23T09:00:00Z', '2026-99-99T99:00:00Z'),
      line_items: fc.oneof(rows, fc.jsonValue()),
      refunds: fc.oneof(rows, fc.jsonValue()),
      fulfillments: fc.oneof(rows, fc.jsonValue()),
      inventory_item_id: fc.jsonValue(),
      location_id: fc.jsonValue(),
    })
    const payload = fc.oneof(
      fc.string(),
      fc.json(),
      almost.map((each) => JSON.stringify(each)),
    )
    fc.assert(
      fc.property(topic, payload, (t, p) => {
        const event = { channel: adapter.channel, dedupeKey: 'd', topic: t, payload: p, receivedAtMs: 0 }
        expect(['orders', 'refetch', 'quantity', 'ignore', 'malformed']).toContain(adapter.interpret(event).kind)
      }),
      { numRuns: 500 },
    )
  })
  test.each([
    '',
    'null',
    '[]',
    '{',
    '{}',
    '{"id":-1}',
    '{"id":1,"created_at":"2026-11-23T09:00:00Z","updated_at":"2026-11-23T09:00:00Z","line_items":[{}]}',
  ])('malformed: %s', (payload) => {
    const { adapter } = setup()
    for (const topic of ['orders/create', 'inventory_levels/update', 'refunds/create'])
      expect(adapter.interpret({ channel: adapter.channel, dedupeKey: 'd', topic, payload, receivedAtMs: 0 }).kind).toBe('malformed')
  })
})
