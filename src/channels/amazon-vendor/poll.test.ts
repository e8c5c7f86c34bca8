import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OrderFact } from '../../domain/orders.ts'
import type { Reply } from '../../../test/support/scripted-vendor.ts'
import { createVendorAccount, type VendorAccount } from '../../../test/support/vendor-account.ts'

const signal = new AbortController().signal
const hour = 3_600_000
const day = 24 * hour

const directOrder = (purchaseOrderNumber: string, change: object = {}) => ({
  purchaseOrderNumber,
  orderDetails: {
    customerOrderNumber: 'c',
    orderDate: '2026-11-23T08:00:00Z',
    orderStatus: 'NEW',
    shipmentDetails: {
      isPriorityShipment: false,
      isPslipRequired: false,
      messageToCustomer: 'SECRET',
      shipMethod: 'UPS',
      shipmentDates: { requiredShipDate: '2026-11-24T08:00:00Z' },
    },
    sellingParty: { partyId: 'VEND1' },
    shipFromParty: { partyId: 'WH1' },
    shipToParty: { name: 'SECRET', addressLine1: 'SECRET', countryCode: 'DE', stateOrRegion: 'B', city: 'B', postalCode: '1' },
    billToParty: { partyId: 'b' },
    items: [
      {
        itemSequenceNumber: '1',
        vendorProductIdentifier: 'SKU-1',
        orderedQuantity: { amount: 1, unitOfMeasure: 'Each' },
        netPrice: { amount: '1.00', currencyCode: 'EUR' },
      },
    ],
    ...change,
  },
})

const purchaseOrder = (purchaseOrderNumber: string) => ({
  purchaseOrderNumber,
  purchaseOrderState: 'New',
  orderDetails: {
    purchaseOrderDate: '2026-11-23T08:00:00Z',
    purchaseOrderStateChangedDate: '2026-11-23T08:00:00Z',
    items: [
      {
        itemSequenceNumber: '1',
        vendorProductIdentifier: 'S',
        isBackOrderAllowed: false,
        orderedQuantity: { amount: 1, unitOfMeasure: 'Eaches' },
      },
    ],
  },
})

const page = (orders: readonly object[], nextToken?: string): Reply => ({
  status: 200,
  body: { orders, ...(nextToken === undefined ? {} : { pagination: { nextToken } }) },
})
const payload = (orders: readonly object[]): Reply => ({ status: 200, body: { payload: { orders } } })

let account: VendorAccount
beforeEach(() => {
  account = createVendorAccount()
})
afterEach(() => account.amazon.assertNoProblems())

const poll = async (stream: string, backMs: number) => {
  const nowMs = account.amazon.clock.nowMs()
  const pages: (readonly OrderFact[])[] = []
  const result = await account.adapter.pollOrders({
    stream,
    sinceMs: nowMs - backMs,
    nowMs,
    onPage: async (facts) => {
      pages.push(facts)
    },
    signal,
  })
  return { pages, result, nowMs, ids: pages.flat().map((fact) => fact.orderId) }
}

describe('direct-fulfilment orders', () => {
  it('are read with a restricted data token, all pages, without a status filter', async () => {
    account.amazon.on('getOrders', (request) =>
      request.query.nextToken === undefined ? page([directOrder('DX1'), directOrder('DX2')], 'next') : page([directOrder('DX3')]),
    )
    const { pages, ids, result, nowMs } = await poll('df-orders', hour)
    expect(pages.map((each) => each.length)).toEqual([2, 1])
    expect(ids).toEqual(['DX1', 'DX2', 'DX3'])
    expect(result).toEqual({ throughMs: nowMs, undecidedSinceMs: null })
    expect(JSON.stringify(pages)).not.toContain('SECRET')
    for (const request of account.amazon.seen('getOrders')) {
      expect(request.token).toBe('Atz.sprdt|restricted')
      expect(request.query).toMatchObject({ includeDetails: 'true', limit: '100' })
      expect(Object.keys(request.query)).not.toContain('status')
      expect(Object.keys(request.query)).not.toContain('sortOrder')
    }
  })

  it('of the last two days are read again every few minutes, so that cancellations show', async () => {
    account.amazon.on('getOrders', () => page([]))
    const windows: number[] = []
    const lengthOf = (): void => {
      const query = account.amazon.seen('getOrders').at(-1)?.query
      windows.push(Date.parse(query?.createdBefore ?? '') - Date.parse(query?.createdAfter ?? ''))
    }
    for (const waitMs of [0, 60_000, 60_000, 180_000]) {
      await account.amazon.clock.advance(waitMs)
      await poll('df-orders', hour)
      lengthOf()
    }
    expect(windows).toEqual([2 * day, hour, hour, 2 * day])
  })

  it('from before the hub began are news for orders that it has, unless they still wait for an answer', async () => {
    const old = { orderDate: '2026-11-22T08:00:00Z' }
    account.amazon.on('getOrders', () =>
      page([
        directOrder('SHIPPED', { ...old, orderStatus: 'SHIPPED' }),
        directOrder('NEW', old),
        directOrder('RECENT', { orderDate: '2026-11-23T08:59:00Z', orderStatus: 'ACCEPTED' }),
      ]),
    )
    const { pages } = await poll('df-orders', hour)
    expect(pages.flat().map((fact) => [fact.orderId, fact.knownOnly ?? false])).toEqual([
      ['SHIPPED', true],
      ['NEW', false],
      ['RECENT', false],
    ])
  })

  it('of a long time back are asked for in windows of at most seven days', async () => {
    account.amazon.on('getOrders', () => page([]))
    await poll('df-orders', 20 * day)
    const queries = account.amazon.seen('getOrders').map((request) => request.query)
    expect(queries).toHaveLength(3)
    for (const query of queries)
      expect(Date.parse(query.createdBefore ?? '') - Date.parse(query.createdAfter ?? '')).toBeLessThanOrEqual(7 * day)
  })

  it('that cannot be read are reported and leave the time since then undecided; the others come through', async () => {
    account.amazon.on('getOrders', () => page([directOrder('DX1', { items: [] }), directOrder('DX2')]))
    const { ids, result } = await poll('df-orders', hour)
    expect(ids).toEqual(['DX2'])
    expect(result.undecidedSinceMs).toBe(Date.UTC(2026, 10, 23, 8))
    expect(account.amazon.errors).toEqual([expect.objectContaining({ operation: 'getOrders', code: 'body-malformed' })])
    expect(account.amazon.errors[0]?.message).toContain('DX1')
  })

  it('of another vendor code are left out', async () => {
    account.amazon.on('getOrders', () => page([directOrder('DX1', { sellingParty: { partyId: 'OTHER' } }), directOrder('DX2')]))
    expect((await poll('df-orders', hour)).ids).toEqual(['DX2'])
  })

  it('are not called complete when a page fails, or when the pages do not end', async () => {
    account.amazon.on('getOrders', (request) =>
      request.query.nextToken === undefined ? page([], 'next') : { status: 503, body: { errors: [] } },
    )
    await expect(poll('df-orders', hour)).rejects.toMatchObject({ code: 'channel-unreachable' })
    account.amazon.on('getOrders', () => page([directOrder('DX1')], 'same'))
    await expect(poll('df-orders', hour)).rejects.toMatchObject({ code: 'channel-answer-malformed' })
    account.amazon.on('getOrders', () => ({ status: 429, body: {} }))
    await expect(poll('df-orders', hour)).rejects.toMatchObject({ code: 'channel-throttled', retryAtMs: expect.any(Number) })
  })
})

describe('purchase orders', () => {
  it('are asked for by creation and by change, because a new one is not among the changed ones', async () => {
    account.amazon.on('getPurchaseOrders', (request) =>
      payload([purchaseOrder(request.query.createdAfter === undefined ? 'CHANGED1' : 'CREATED1')]),
    )
    const { ids } = await poll('retail-orders', hour)
    expect(ids).toEqual(['CREATED1', 'CHANGED1'])
    for (const request of account.amazon.seen('getPurchaseOrders')) {
      expect(request.token).toBe('Atza|access')
      expect(Object.keys(request.query)).not.toContain('purchaseOrderState')
    }
  })
})

describe('the adapter', () => {
  it('names only the streams that are turned on, the one of the guarantee first', async () => {
    expect(account.adapter.capabilities.streams).toEqual(['df-orders', 'retail-orders'])
    const { adapter } = createVendorAccount({ directFulfilment: false })
    expect(adapter.capabilities.streams).toEqual(['retail-orders'])
    await expect(adapter.pollOrders({ stream: 'df-orders', sinceMs: 0, nowMs: 1, onPage: async () => {}, signal })).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('fetches orders by number on both sides and leaves out what neither knows', async () => {
    const missing: Reply = { status: 404, body: { errors: [{ code: 'NotFound', message: 'no' }] } }
    account.amazon.on('getOrder', (request) => (request.path.endsWith('/DX1') ? { status: 200, body: directOrder('DX1') } : missing))
    account.amazon.on('getPurchaseOrder', (request) =>
      request.path.endsWith('/2JK3S9VC') ? { status: 200, body: { payload: purchaseOrder('2JK3S9VC') } } : missing,
    )
    const facts = await account.adapter.fetchOrders(['DX1', '2JK3S9VC', 'NONE'], signal)
    expect(facts.map((fact) => [fact.orderId, fact.demand])).toEqual([
      ['DX1', 'fact'],
      ['2JK3S9VC', 'ask-first'],
    ])
  })

  it('reads nothing back, hears nothing, discovers nothing', async () => {
    const { adapter } = account
    expect(await adapter.read(['df/WH1/A'], signal)).toMatchObject([{ kind: 'failed' }])
    expect(adapter.webhook).toBeNull()
    expect(adapter.queue).toBeNull()
    expect(adapter.interpret({ channel: adapter.channel, dedupeKey: 'd', topic: 't', payload: '{}', receivedAtMs: 0 }).kind).toBe('ignore')
    const discovered: unknown[] = []
    for await (const listings of adapter.discover(signal)) discovered.push(listings)
    expect(discovered).toEqual([])
    expect(account.amazon.requests).toEqual([])
  })

  it('checks the account by reading an empty window of each side', async () => {
    account.amazon.on('getOrders', () => page([]))
    account.amazon.on('getPurchaseOrders', () => ({ status: 403, body: { errors: [{ code: 'Unauthorized', message: 'no role' }] } }))
    const findings = await account.adapter.check(signal)
    expect(findings.map((finding) => [finding.subject, finding.ok])).toEqual([
      ['token', true],
      ['direct fulfilment orders (with a restricted data token)', true],
      ['purchase orders', false],
      ['guarantee', true],
    ])
    expect(findings.every((finding) => finding.ok || finding.fix !== null)).toBe(true)
    expect(account.amazon.requests.every((request) => request.method === 'GET')).toBe(true)
  })
})
