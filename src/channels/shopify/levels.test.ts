import { describe, expect, test } from 'vitest'
import { throttledResponse } from '../../../test/golden/shopify/schema.ts'
import { never, setup } from '../../../test/golden/shopify/setup.ts'

const itemNode = (id: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  __typename: 'InventoryItem',
  id,
  tracked: true,
  inventoryLevel: ({ locationId }: { locationId: string }) => ({
    id: 'gid://shopify/InventoryLevel/1?inventory_item_id=1',
    quantities: [{ name: 'available', quantity: locationId.endsWith('/900') ? 7 : 70 }],
  }),
  variants: { nodes: [{ id: 'gid://shopify/ProductVariant/55', inventoryPolicy: 'DENY' }] },
  ...changes,
})

const catalogue: Record<string, unknown> = {
  'gid://shopify/InventoryItem/1': itemNode('gid://shopify/InventoryItem/1'),
  'gid://shopify/InventoryItem/2': itemNode('gid://shopify/InventoryItem/2', { tracked: false }),
  'gid://shopify/InventoryItem/3': itemNode('gid://shopify/InventoryItem/3', {
    variants: { nodes: [{ id: 'gid://shopify/ProductVariant/56', inventoryPolicy: 'CONTINUE' }] },
  }),
  'gid://shopify/InventoryItem/4': itemNode('gid://shopify/InventoryItem/4', { inventoryLevel: null }),
  'gid://shopify/InventoryItem/6': itemNode('gid://shopify/InventoryItem/6', {
    inventoryLevel: { id: 'gid://shopify/InventoryLevel/6', quantities: [{ name: 'available', quantity: -3 }] },
  }),
}
const root = { nodes: ({ ids }: { ids: string[] }) => ids.map((id) => catalogue[id] ?? null) }

describe('read', () => {
  test('each item its own outcome, in the order asked', async () => {
    const { adapter, shop } = setup(root)
    const outcomes = await adapter.read(['5@900', '1@900', '2@900', '3@900', '4@900', 'x', '6@900', '1@900#55'], never)
    expect(outcomes).toMatchObject([
      { kind: 'unusable', reason: expect.stringContaining('no such') },
      { kind: 'quantity', quantity: 7 },
      { kind: 'unusable', reason: expect.stringContaining('not tracked') },
      { kind: 'unusable', reason: expect.stringContaining('out of stock') },
      { kind: 'unusable', reason: expect.stringContaining('not stocked') },
      { kind: 'unusable' },
      { kind: 'quantity', quantity: -3 },
      { kind: 'quantity', quantity: 7 },
    ])
    expect(shop.requests.length).toBe(1)
  })

  test('a request for each location and each 50 items', async () => {
    const { adapter, shop } = setup(root)
    expect(await adapter.read(['1@900', '1@901'], never)).toEqual([
      { kind: 'quantity', quantity: 7 },
      { kind: 'quantity', quantity: 70 },
    ])
    const outcomes = await adapter.read(
      Array.from({ length: 100 }, () => '1@900'),
      never,
    )
    expect(outcomes.every((each) => each.kind === 'quantity')).toBe(true)
    expect(shop.requests.length).toBe(4)
  })

  test('a failure is never a number', async () => {
    const { adapter, shop, clock } = setup(root)
    shop.intercept = () => new Response('', { status: 502 })
    expect(await adapter.read(['1@900'], never)).toMatchObject([{ kind: 'failed', code: 'channel-unreachable' }])
    shop.intercept = () => Response.json({ data: { nodes: 'nonsense' } })
    expect((await adapter.read(['1@900'], never)).map((each) => each.kind)).not.toContain('quantity')
    shop.intercept = () =>
      Response.json({
        data: { nodes: [{ kind: 'InventoryItem', id: 'gid://shopify/InventoryItem/1', tracked: true, inventoryLevel: {} }] },
      })
    expect(await adapter.read(['1@900'], never)).toMatchObject([{ kind: 'failed', code: 'channel-answer-malformed' }])
    shop.intercept = () => throttledResponse()
    expect(await adapter.read(['1@900'], never)).toMatchObject([{ kind: 'throttled' }])
    shop.intercept = () => new Promise<Response>(() => {})
    await clock.advance(60_000)
    const read = adapter.read(['1@900'], never)
    await clock.advance(20_000)
    expect(await read).toMatchObject([{ kind: 'failed', code: 'channel-unreachable' }])
  })
})
