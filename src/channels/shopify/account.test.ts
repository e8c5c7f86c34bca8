import { describe, expect, test } from 'vitest'
import { never, setup } from '../../../test/golden/shopify/setup.ts'
import type { DiscoveredListing } from '../../ports/channel.ts'

const page = (rows: readonly unknown[]) => (args: { readonly first: number; readonly after?: string | null }) => {
  const start = args.after ? Number(args.after) : 0
  const nodes = rows.slice(start, start + args.first)
  const end = start + nodes.length
  return { nodes, pageInfo: { hasNextPage: end < rows.length, hasPreviousPage: false, endCursor: String(end) } }
}

const scopes = ['write_inventory', 'read_locations', 'read_products', 'read_orders']
const accountRoot = (granted: readonly string[], domain = 'belay-test.myshopify.com') => ({
  shop: { myshopifyDomain: domain },
  currentAppInstallation: { accessScopes: granted.map((handle) => ({ handle, description: '' })) },
  nodes: ({ ids }: { ids: string[] }) =>
    ids.map((id) => (id.endsWith('/900') ? { __typename: 'Location', id, name: 'Main', isActive: true } : null)),
})

describe('check', () => {
  const failing = async (root: Record<string, unknown>, config = {}): Promise<readonly string[]> =>
    (await setup(root, config).adapter.check(never)).filter((finding) => !finding.ok).map((finding) => finding.subject)

  test('all is well; a write scope holds its read scope', async () => {
    const findings = await setup(accountRoot(scopes)).adapter.check(never)
    expect(findings.every((finding) => finding.ok && finding.fix === null)).toBe(true)
    expect(findings.map((finding) => finding.subject)).toEqual([
      'token',
      'scope read_inventory',
      'scope write_inventory',
      'scope read_locations',
      'scope read_products',
      'scope read_orders',
      'location main',
    ])
  })
  test('missing scopes, unknown and wrong places, each with its fix', async () => {
    expect(await failing(accountRoot(['read_inventory']))).toEqual([
      'scope write_inventory',
      'scope read_locations',
      'scope read_products',
      'scope read_orders',
    ])
    const locations = [
      { id: 'main', shopifyLocationId: '900' },
      { id: 'gone', shopifyLocationId: '901' },
    ]
    expect(await failing(accountRoot(scopes), { locations })).toEqual(['scope read_merchant_managed_fulfillment_orders', 'location gone'])
    expect(await failing(accountRoot(scopes, 'other.myshopify.com'))).toEqual(['shop'])
  })
  test('a wrong secret ends it', async () => {
    const { adapter, shop } = setup()
    shop.interceptToken = () => new Response('{"error":"invalid_client"}', { status: 400 })
    expect(await adapter.check(never)).toMatchObject([{ ok: false, subject: 'token', fix: expect.stringContaining('clientSecret') }])
  })
})

describe('subscribe', () => {
  const url = 'https://hub.example/webhooks/shopify-us'
  test('creates what is missing for its address, and nothing the second time', async () => {
    const rows = [
      { id: 'gid://shopify/WebhookSubscription/1', topic: 'ORDERS_CREATE', uri: url },
      { id: 'gid://shopify/WebhookSubscription/2', topic: 'ORDERS_UPDATED', uri: 'https://other.example' },
    ]
    const { adapter, shop } = setup({
      webhookSubscriptions: (args: { first: number; after: string | null }) => page(rows)(args),
      webhookSubscriptionCreate: ({ topic, webhookSubscription }: { topic: string; webhookSubscription: { uri: string } }) => {
        const row = { id: `gid://shopify/WebhookSubscription/${rows.length + 1}`, topic, uri: webhookSubscription.uri }
        rows.push(row)
        return { webhookSubscription: row, userErrors: [] }
      },
    })
    await adapter.subscribe(url, never)
    expect(rows.filter((row) => row.uri === url).map((row) => row.topic)).toEqual([
      'ORDERS_CREATE',
      'ORDERS_UPDATED',
      'ORDERS_CANCELLED',
      'ORDERS_EDITED',
      'REFUNDS_CREATE',
      'INVENTORY_LEVELS_UPDATE',
    ])
    const asked = shop.requests.length
    await adapter.subscribe(url, never)
    expect(shop.requests.length).toBe(asked + 1)
    await adapter.subscribe(null, never)
    expect(shop.requests.length).toBe(asked + 1)
  })
  test('one that is taken already is fine, another refusal is told', async () => {
    const refusing = (message: string) =>
      setup({
        webhookSubscriptions: page([]),
        webhookSubscriptionCreate: () => ({ webhookSubscription: null, userErrors: [{ field: ['webhookSubscription', 'uri'], message }] }),
      }).adapter.subscribe(url, never)
    await refusing('Address for this topic has already been taken')
    await expect(refusing('Address is not allowed')).rejects.toMatchObject({
      code: 'channel-rejected',
      fix: expect.stringContaining('https'),
    })
  })
})

describe('discover', () => {
  test('every item at every location, page by page, with its variant', async () => {
    const level = (i: number, changes: Readonly<Record<string, unknown>> = {}) => ({
      id: `gid://shopify/InventoryLevel/${i}`,
      quantities: [{ name: 'available', quantity: i }],
      item: {
        id: `gid://shopify/InventoryItem/${i}`,
        sku: i === 2 ? '' : `SKU-${i}`,
        tracked: i !== 3,
        variants: {
          nodes: [
            { id: `gid://shopify/ProductVariant/${i + 500}`, inventoryPolicy: i === 4 ? 'CONTINUE' : 'DENY', displayName: `Thing ${i}` },
          ],
        },
        ...changes,
      },
    })
    const rows = Array.from({ length: 130 }, (_, i) => level(i + 1))
    const { adapter, shop } = setup({ location: ({ id }: { id: string }) => ({ id, inventoryLevels: page(rows) }) })
    const pages: (readonly DiscoveredListing[])[] = []
    for await (const found of adapter.discover(never)) pages.push(found)
    expect(pages.map((each) => each.length)).toEqual([100, 30])
    expect(shop.requests.length).toBe(2)
    expect(pages[0]?.slice(0, 4)).toEqual([
      { externalId: '1@900#501', sku: 'SKU-1', title: 'Thing 1', quantity: 1, unusable: null },
      { externalId: '2@900#502', sku: null, title: 'Thing 2', quantity: 2, unusable: null },
      { externalId: '3@900#503', sku: 'SKU-3', title: 'Thing 3', quantity: 3, unusable: 'not tracked: Shopify sells it without end' },
      { externalId: '4@900#504', sku: 'SKU-4', title: 'Thing 4', quantity: 4, unusable: 'continues selling when out of stock' },
    ])
    expect(adapter.parseListing(pages[0]?.[0]?.externalId ?? '').keys).toContain('variant:501@900')
  })
  test('a location that is not there', async () => {
    const { adapter } = setup({ location: null })
    await expect(adapter.discover(never)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'not-found' })
  })
})
