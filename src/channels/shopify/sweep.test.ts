// The ends that a bulk operation can come to, and files that are not what they should be. What a sweep tells is in the channel contract.
import { describe, expect, test } from 'vitest'
import { setup } from '../../../test/golden/shopify/setup.ts'
import { runOn } from '../../../test/support/in-process-channels.ts'
import type { SweptRow } from '../../ports/sweep.ts'
import { readGroups } from './bulk-lines.ts'

const id = 'gid://shopify/BulkOperation/720918'
const fileUrl = 'https://storage.example.com/bulk.jsonl?signed=1'

const itemLine = (number: number): string =>
  JSON.stringify({ id: `gid://shopify/InventoryItem/${number}`, sku: `SKU-${number}`, tracked: true, duplicateSkuCount: 0 })
const variantLine = (number: number): string =>
  JSON.stringify({
    id: `gid://shopify/ProductVariant/${number + 500}`,
    inventoryPolicy: 'DENY',
    product: { id: 'gid://shopify/Product/1', status: 'ACTIVE' },
    __parentId: `gid://shopify/InventoryItem/${number}`,
  })
const levelLine = (number: number): string =>
  JSON.stringify({
    id: `gid://shopify/InventoryLevel/9?inventory_item_id=${number}`,
    isActive: true,
    updatedAt: '2026-11-23T08:00:00Z',
    location: { id: 'gid://shopify/Location/900' },
    quantities: [{ name: 'available', quantity: number, updatedAt: null }],
    __parentId: `gid://shopify/InventoryItem/${number}`,
  })
const lines = [1, 2].flatMap((number) => [itemLine(number), variantLine(number), levelLine(number)])

interface Told {
  readonly status: string
  readonly errorCode?: string | null
  readonly url?: string | null
  readonly objectCount?: string
}

const sweeping = (input: {
  readonly states: readonly Told[]
  readonly text?: string
  readonly fileStatus?: number
  readonly userErrors?: readonly unknown[]
}) => {
  const states = [...input.states]
  const node = (told: Told) => ({
    __typename: 'BulkOperation',
    id,
    errorCode: null,
    url: null,
    objectCount: '6',
    rootObjectCount: '2',
    ...told,
  })
  const refusals = [...(input.userErrors ?? [])]
  const { adapter, shop, clock } = setup({
    bulkOperationRunQuery: () => {
      const refusal = refusals.shift()
      return refusal ? { bulkOperation: null, userErrors: [refusal] } : { bulkOperation: node({ status: 'CREATED' }), userErrors: [] }
    },
    bulkOperation: () => node(states.length > 1 ? (states.shift() as Told) : (states[0] as Told)),
  })
  const downloads: Headers[] = []
  shop.file = (headers) => {
    downloads.push(headers)
    return new Response(input.text ?? `${lines.join('\n')}\n`, { status: input.fileStatus ?? 200 })
  }
  const rows: SweptRow[] = []
  const resumes: string[] = []
  const sweep = (resume: string | null = null) =>
    runOn(
      clock,
      adapter.sweep({
        scope: { kind: 'everything' },
        resume,
        onProgress: () => undefined,
        signal: new AbortController().signal,
        onRows: (batch) => {
          rows.push(...batch.rows)
          resumes.push(batch.resume)
          return Promise.resolve()
        },
      }),
    )
  return { sweep, rows, resumes, downloads, shop }
}

const done: Told = { status: 'COMPLETED', url: fileUrl }

describe('a bulk operation', () => {
  test('that runs a while and completes: its file is read, without our token', async () => {
    const { sweep, rows, downloads } = sweeping({ states: [{ status: 'RUNNING' }, { status: 'RUNNING' }, done] })
    expect(await sweep()).toMatchObject({ complete: true, calls: 5 })
    expect(rows.map(({ key, observed }) => [key, observed?.sku, observed?.quantity])).toEqual([
      ['1@900', 'SKU-1', 1],
      ['2@900', 'SKU-2', 2],
    ])
    expect(rows[0]?.observed?.keys).toContain('variant:501@900')
    expect(downloads.map((headers) => headers.get('x-shopify-access-token'))).toEqual([null])
  })
  test('of an empty shop has no file', async () => {
    const { sweep, rows } = sweeping({ states: [{ status: 'COMPLETED', url: null, objectCount: '0' }] })
    expect(await sweep()).toMatchObject({ complete: true })
    expect(rows).toEqual([])
  })
  test.each(['FAILED', 'CANCELED', 'EXPIRED'])(
    'that ends as %s is an error to try again; a later sweep does not go on with it',
    async (status) => {
      const { sweep, resumes, shop } = sweeping({ states: [{ status }, { status }, { status }, done] })
      await expect(sweep()).rejects.toMatchObject({ code: 'channel-unreachable', message: expect.stringContaining(status) })
      expect(await sweep(resumes.at(-1) ?? null)).toMatchObject({ complete: true })
      expect(shop.requests.filter(({ name }) => name === 'RunBulkQuery').length).toBe(2)
    },
  )
  test('that may not be read names the scopes', async () => {
    const { sweep } = sweeping({ states: [{ status: 'FAILED', errorCode: 'ACCESS_DENIED' }] })
    await expect(sweep()).rejects.toMatchObject({ code: 'channel-permission-missing', fix: expect.stringContaining('read_products') })
  })
  test('waits while another one of the app runs; a query that is refused is told', async () => {
    const busy = { code: 'OPERATION_IN_PROGRESS', field: null, message: 'A bulk query operation is already in progress.' }
    expect(await sweeping({ states: [done], userErrors: [busy, busy] }).sweep()).toMatchObject({ complete: true })
    const invalid = { code: 'INVALID', field: ['query'], message: 'Invalid bulk query' }
    await expect(sweeping({ states: [done], userErrors: [invalid] }).sweep()).rejects.toMatchObject({ code: 'channel-rejected' })
  })
  test('whose file is cut off, or away, is an error to try again, after what was read of it', async () => {
    const cut = sweeping({ states: [done], text: lines.slice(0, 4).join('\n') })
    await expect(cut.sweep()).rejects.toMatchObject({ code: 'channel-unreachable' })
    await expect(sweeping({ states: [done], fileStatus: 403 }).sweep()).rejects.toMatchObject({ code: 'channel-unreachable' })
  })
})

async function* each(some: readonly string[]): AsyncGenerator<string> {
  yield* some
}

const groupsOf = async (some: readonly string[], skip = 0) => {
  const found: (readonly [string, number, number])[] = []
  for await (const { group, lines: upTo } of readGroups(each(some), skip)) found.push([group.item.id, group.levels.length, upTo])
  return found
}

describe('lines of a bulk operation', () => {
  test('are joined item by item, from any item on', async () => {
    expect(await groupsOf(lines)).toEqual([
      ['gid://shopify/InventoryItem/1', 1, 3],
      ['gid://shopify/InventoryItem/2', 1, 6],
    ])
    expect(await groupsOf(lines, 3)).toEqual([['gid://shopify/InventoryItem/2', 1, 6]])
    expect(await groupsOf(lines, 6)).toEqual([])
    expect(await groupsOf([])).toEqual([])
  })
  test.each([
    ['a child before its parent', [levelLine(1), itemLine(1)]],
    ['a child of another item', [itemLine(1), itemLine(2), levelLine(1)]],
    ['no JSON', [itemLine(1), '{"id": "gid']],
    ['another kind', ['{"id":"gid://shopify/Order/1"}']],
    ['no id', ['{}']],
  ])('with %s are a malformed answer', async (_, some) => {
    await expect(groupsOf(some)).rejects.toMatchObject({ code: 'channel-answer-malformed' })
  })
})
