import { describe, expect, test } from 'vitest'
import { never, setup } from '../../../test/golden/shopify/setup.ts'
import type { PushItem } from '../../ports/channel.ts'

const root = {
  inventorySetQuantities: () => ({
    inventoryAdjustmentGroup: { id: 'gid://shopify/InventoryAdjustmentGroup/1', changes: [] },
    userErrors: [],
  }),
}
const item: PushItem = { key: 'k', externalId: '1@900', fromQuantity: 5, quantity: 3 }
const increase = (id: number): PushItem => ({ key: `k${id}`, externalId: `${id}@900`, fromQuantity: 5, quantity: 9 })

describe('token', () => {
  test('one request for all who wait, kept, and renewed before it ends', async () => {
    const { shop, adapter, clock } = setup(root)
    await adapter.push([increase(1), increase(2), increase(3)], never)
    expect(shop.tokenRequests).toEqual([{ client_id: 'client-1', client_secret: 'hush', grant_type: 'client_credentials' }])
    await clock.advance((86_399 - 301) * 1000)
    await adapter.push([item], never)
    expect(shop.tokenRequests.length).toBe(1)
    await clock.advance(2_000)
    await adapter.push([item], never)
    expect(shop.tokenRequests.length).toBe(2)
    expect(shop.requests.at(-1)?.token).toBe('shpat_2')
  })

  test('a refused token is exchanged once; the write was not carried out, so it is sent again', async () => {
    const { shop, adapter } = setup(root)
    shop.intercept = (request) => (request.token === 'shpat_1' ? new Response('{"errors":"Unauthorized"}', { status: 401 }) : null)
    expect(await adapter.push([item], never)).toEqual([{ kind: 'applied', quantity: 3 }])
    shop.intercept = () => new Response('', { status: 401 })
    expect(await adapter.push([item], never)).toMatchObject([{ kind: 'unsent', code: 'channel-credentials-rejected' }])
    expect(shop.tokenRequests.length).toBe(2)
  })

  test.each([
    [400, '{"error":"invalid_client","error_description":"hush is wrong"}', 'unsent', 'channel-credentials-rejected'],
    [401, '', 'unsent', 'channel-credentials-rejected'],
    [500, '', 'unsent', 'channel-unreachable'],
    [200, '{}', 'unsent', 'channel-unreachable'],
    [429, '', 'throttled', undefined],
  ])('token request answered %s: nothing of the write was sent', async (status, body, kind, code) => {
    const { shop, adapter } = setup(root)
    shop.interceptToken = () => new Response(body, { status })
    const [outcome] = await adapter.push([item], never)
    expect(outcome?.kind).toBe(kind)
    expect(outcome && 'code' in outcome ? outcome.code : undefined).toBe(code)
    expect(shop.requests).toEqual([])
    shop.interceptToken = null
    expect(await adapter.push([item], never)).toMatchObject([{ kind: 'applied' }])
  })

  test('a slow token does not hold a caller who stops', async () => {
    const { shop, adapter, clock } = setup(root)
    const stop = new AbortController()
    shop.interceptToken = () => new Promise<Response>(() => {})
    const pushed = adapter.push([item], stop.signal)
    await clock.settle()
    stop.abort()
    expect(await pushed).toMatchObject([{ kind: 'unsent' }])
  })

  test('neither secret nor token is in what people see', async () => {
    const { shop, adapter, errors } = setup(root)
    shop.intercept = () => Response.json({ errors: [{ message: 'token shpat_1 is bad\nreally', extensions: { code: 'X' } }] })
    await adapter.push([item], never)
    expect(errors.length).toBe(1)
    expect(JSON.stringify(errors)).not.toMatch(/shpat_1|hush/)
  })
})

describe('what is told to the observer', () => {
  test('every request once, with its own name', async () => {
    const { shop, adapter, seen, errors } = setup(root)
    await adapter.push([item], never)
    shop.intercept = () => new Response('', { status: 503 })
    await adapter.push([item], never)
    expect(seen).toEqual([
      { operation: 'access_token', outcome: 'ok' },
      { operation: 'inventorySetQuantities', outcome: 'ok' },
      { operation: 'inventorySetQuantities', outcome: 'failed' },
    ])
    expect(errors).toEqual([
      { operation: 'inventorySetQuantities', code: 'channel-unavailable', message: 'inventorySetQuantities was answered 503' },
    ])
  })
})
