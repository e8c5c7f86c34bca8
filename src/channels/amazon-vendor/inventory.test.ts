import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PushItem } from '../../ports/channel.ts'
import type { Reply, SeenRequest } from '../../../test/support/scripted-vendor.ts'
import { createVendorAccount, type VendorAccount } from '../../../test/support/vendor-account.ts'
import { namesIdentifier } from './inventory.ts'
import type { InventoryUpdate } from './inventory.ts'

const signal = new AbortController().signal
const item = (externalId: string, quantity = 5): PushItem => ({ key: `k-${externalId}`, externalId, quantity, fromQuantity: null })
const items = (count: number, place = 'df/WH1'): PushItem[] => Array.from({ length: count }, (_, at) => item(`${place}/S${at}`))
const accepted = (transactionId: string): Reply => ({ status: 202, body: { payload: { transactionId } } })
const refused: Reply = { status: 400, body: { errors: [{ code: 'InvalidInput', message: 'Item is not valid.' }] } }
const status = (transactionId: string, state: string, errors?: object): Reply => ({
  status: 200,
  body: { transactionStatus: { transactionId, status: state, ...(errors === undefined ? {} : { errors }) } },
})
const skusOf = (request: SeenRequest): (string | undefined)[] =>
  ((request.body as InventoryUpdate).inventory?.items ?? []).map((each) => each.vendorProductIdentifier)

let account: VendorAccount
beforeEach(() => {
  account = createVendorAccount()
})
afterEach(() => account.amazon.assertNoProblems())

describe('publishing quantities', () => {
  it('sends a partial update to the warehouse and hands out its transaction', async () => {
    account.amazon.on('submitInventoryUpdate', () => accepted('t-1'))
    expect(await account.adapter.push([item('df/WH+2/SKU/1', 7)], signal)).toEqual([{ kind: 'accepted', submissionId: 't-1' }])
    expect(account.amazon.seen('submitInventoryUpdate')).toMatchObject([
      {
        path: '/vendor/directFulfillment/inventory/v1/warehouses/WH%2B2/items',
        token: 'Atza|access',
        body: {
          inventory: {
            sellingParty: { partyId: 'VEND1' },
            isFullUpdate: false,
            items: [{ vendorProductIdentifier: 'SKU/1', availableQuantity: { amount: 7, unitOfMeasure: 'Each' }, isObsolete: false }],
          },
        },
      },
    ])
  })

  it('names an offer by ASIN where its listing does', async () => {
    account.amazon.on('submitInventoryUpdate', () => accepted('t-1'))
    await account.adapter.push([item('df/WH1/asin:B012345678')], signal)
    const [request] = account.amazon.seen('submitInventoryUpdate')
    expect(request?.body).toMatchObject({ inventory: { items: [{ buyerProductIdentifier: 'B012345678' }] } })
  })

  it('keeps warehouses apart and shares requests only when there are more items than requests to spare', async () => {
    let count = 0
    account.amazon.on('submitInventoryUpdate', () => accepted(`t-${++count}`))
    const outcomes = await account.adapter.push([...items(3), ...items(1, 'df/WH+2')], signal)
    expect(outcomes.map((each) => each.kind === 'accepted' && each.submissionId)).toEqual(['t-1', 't-2', 't-3', 't-4'])

    await account.amazon.clock.advance(10_000)
    const many = await account.adapter.push([...items(40), ...items(40, 'df/WH+2')], signal)
    expect(many.every((each) => each.kind === 'accepted')).toBe(true)
    const requests = account.amazon.seen('submitInventoryUpdate').slice(4)
    expect(requests.length).toBeLessThanOrEqual(6)
    for (const request of requests) expect(new Set(skusOf(request)).size).toBe(skusOf(request).length)
    expect(many[0]).toEqual({ kind: 'accepted', submissionId: 't-5#df/WH1/S0' })
  })

  it('takes as many items as it says it has room for, however they are spread', async () => {
    account.amazon.on('submitInventoryUpdate', () => accepted('t'))
    const { items: room } = account.adapter.capacity('push')
    expect(room).toBe(Math.min(account.adapter.capabilities.maxPushItems, 901))
    const spread = Array.from({ length: room }, (_, at) => item(`df/${at % 7 === 0 ? 'WH+2' : 'WH1'}/S${at}`))
    expect((await account.adapter.push(spread, signal)).every((each) => each.kind === 'accepted')).toBe(true)
  })

  it('halves what Amazon refuses until the item at fault stands alone', async () => {
    account.amazon.on('submitInventoryUpdate', (request) => (skusOf(request).includes('S13') ? refused : accepted('t')))
    const outcomes = await account.adapter.push(items(20), signal)
    expect(outcomes.map((each) => each.kind).filter((kind) => kind !== 'accepted')).toEqual(['rejected'])
    expect(outcomes[13]).toMatchObject({ kind: 'rejected', code: 'channel-rejected', message: expect.stringContaining('InvalidInput') })
  })

  it.each([
    [
      { status: 429, body: { errors: [{ code: 'QuotaExceeded', message: 'slow' }] } },
      { kind: 'throttled', retryAtMs: expect.any(Number) },
    ],
    [
      { status: 503, body: { errors: [] } },
      { kind: 'ambiguous', code: 'channel-unavailable' },
    ],
    [
      { status: 0, lost: true },
      { kind: 'ambiguous', code: 'channel-unavailable' },
    ],
    [
      { status: 202, body: { payload: {} } },
      { kind: 'ambiguous', code: 'channel-answer-malformed' },
    ],
    [
      { status: 403, body: { errors: [{ code: 'Unauthorized', message: 'no role' }] } },
      { kind: 'unsent', code: 'channel-permission-missing' },
    ],
    [
      { status: 404, body: { errors: [{ code: 'NotFound', message: 'no such warehouse' }] } },
      { kind: 'rejected', code: 'channel-rejected' },
    ],
  ])('classifies %j', async (reply, outcome) => {
    account.amazon.on('submitInventoryUpdate', () => reply)
    expect(await account.adapter.push([item('df/WH1/A')], signal)).toMatchObject([outcome])
  })

  it('refuses what is not to be published, alone', async () => {
    account.amazon.on('submitInventoryUpdate', () => accepted('t'))
    const outcomes = await account.adapter.push(
      [item('retail/A'), item('df/WH1/B', -1), item('df/WH1/C', 1.5), item('df/WH1/D'), item('df/WH1/D', 6)],
      signal,
    )
    expect(outcomes.map((each) => each.kind)).toEqual(['rejected', 'rejected', 'rejected', 'accepted', 'throttled'])
    expect(account.amazon.seen('submitInventoryUpdate')).toHaveLength(1)
  })
})

describe('settling updates', () => {
  it('asks once for a transaction that several items share', async () => {
    account.amazon.on('getTransactionStatus', () => status('t-1', 'Success'))
    expect(await account.adapter.settle(['t-1#df/WH1/A', 't-1#df/WH1/B', 't-1'], signal)).toEqual([
      { kind: 'applied' },
      { kind: 'applied' },
      { kind: 'applied' },
    ])
    expect(account.amazon.seen('getTransactionStatus')).toHaveLength(1)
    expect(account.amazon.requests[0]?.path).toBe('/vendor/directFulfillment/transactions/2021-12-28/transactions/t-1')
  })

  it('says why an item that stood alone failed', async () => {
    const errors = {
      errors: [{ code: 'INVALID_ITEM_ID', message: 'A is not a valid product ID', details: 'Map the product ID to an ASIN.' }],
    }
    account.amazon.on('getTransactionStatus', () => status('t-1', 'Failure', errors))
    expect(await account.adapter.settle(['t-1'], signal)).toEqual([
      {
        kind: 'rejected',
        code: 'channel-rejected',
        message: 'Amazon refused the inventory update: INVALID_ITEM_ID: A is not a valid product ID',
        fix: 'Map the product ID to an ASIN.',
      },
    ])
  })

  it('does not call the other items of a failed update unchanged, and sends them alone afterwards', async () => {
    const errors = { errors: [{ code: 'INVALID_ITEM_ID', message: 'S1 is not a valid product ID' }] }
    account.amazon.on('getTransactionStatus', () => status('t-1', 'Failure', errors))
    const ids = ['t-1#df/WH1/S1', 't-1#df/WH1/S11']
    expect((await account.adapter.settle(ids, signal)).map((each) => each.kind)).toEqual(['rejected', 'processing'])
    expect(account.amazon.errors.map((each) => each.message)).toEqual([
      expect.stringContaining('df/WH1/S11 was updated with them is not known'),
    ])

    account.amazon.on('submitInventoryUpdate', () => accepted('t-2'))
    await account.adapter.push(items(30), signal)
    const sent = account.amazon.seen('submitInventoryUpdate').map((request) => skusOf(request))
    expect(sent).toContainEqual(['S1'])
    expect(sent).toContainEqual(['S11'])
    expect(sent.some((skus) => skus.length > 5)).toBe(true)
  })

  it('waits for an outcome unless told how long Processing means done', async () => {
    for (const [updateDoneAfterMs, last] of [
      [null, 'processing'],
      [1_800_000, 'applied'],
    ] as const) {
      const { amazon, adapter } = createVendorAccount({ settings: { updateDoneAfterMs } })
      amazon.on('getTransactionStatus', () => status('t-1', 'Processing'))
      expect(await adapter.settle(['t-1'], signal)).toEqual([{ kind: 'processing' }])
      await amazon.clock.advance(1_799_000)
      expect(await adapter.settle(['t-1'], signal)).toEqual([{ kind: 'processing' }])
      await amazon.clock.advance(1000)
      expect(await adapter.settle(['t-1'], signal)).toEqual([{ kind: last }])
      amazon.assertNoProblems()
    }
  })

  it.each([
    [
      { status: 404, body: { code: 'NotFound', message: 'unknown' } },
      { kind: 'failed', code: 'channel-rejected' },
    ],
    [{ status: 429, body: {} }, { kind: 'throttled' }],
    [
      { status: 200, body: {} },
      { kind: 'failed', code: 'channel-answer-malformed' },
    ],
    [
      { status: 500, body: {} },
      { kind: 'failed', code: 'channel-unreachable' },
    ],
  ])('keeps the transaction open on %j', async (reply, outcome) => {
    account.amazon.on('getTransactionStatus', () => reply)
    expect(await account.adapter.settle(['t-1'], signal)).toMatchObject([outcome])
  })
})

it('an identifier is named as a whole', () => {
  expect(namesIdentifier('AAA is not a valid product ID', 'AAA')).toBe(true)
  expect(namesIdentifier('item (S1)', 'S1')).toBe(true)
  expect(namesIdentifier('S11 and XS1 and S1-RED', 'S1')).toBe(false)
})
