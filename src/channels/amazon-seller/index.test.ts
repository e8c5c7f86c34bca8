// The adapter against a scripted Amazon: what it sends, in what order, and what it makes of the answers.
import { describe, expect, it } from 'vitest'
import {
  json,
  problem,
  type RecordedRequest,
  recordingObserver,
  scriptedAmazon,
  sellerSettings,
} from '../../../test/golden/amazon-seller/scripted-amazon.ts'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { createVirtualClock } from '../../../test/support/virtual-clock.ts'
import type { OrderFact } from '../../domain/orders.ts'
import { type AmazonSellerSettings, createAmazonSellerAdapter, type MessageQueue } from './index.ts'

const setUp = (settings: Partial<AmazonSellerSettings> = {}, queue?: MessageQueue) => {
  const amazon = scriptedAmazon()
  const clock = createVirtualClock()
  const observer = recordingObserver()
  const ports = { fetch: amazon.fetch, clock, random: seededRandom(1), observer, ...(queue ? { queue } : {}) }
  const adapter = createAmazonSellerAdapter({ ...sellerSettings, ...settings }, ports)
  return { amazon, clock, observer, adapter, signal: new AbortController().signal }
}

const item = (externalId: string, quantity = 5) => ({ key: externalId, externalId, quantity, fromQuantity: null })
const accepted = (id: string) => json({ sku: id, status: 'ACCEPTED', submissionId: `s-${id}`, issues: [] })
const skuOf = (request: RecordedRequest): string => decodeURIComponent(request.url.pathname.split('/').at(-1) ?? '')
const listing = (sku: string, quantity: number) => ({ sku, fulfillmentAvailability: [{ fulfillmentChannelCode: 'DEFAULT', quantity }] })

describe('push', () => {
  it('merges the quantity of DEFAULT, once for each SKU, in the first marketplace', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = (request) => accepted(skuOf(request))
    expect(await adapter.push([item('A/B #1', 42), item('C')], signal)).toEqual([
      { kind: 'accepted', submissionId: 's-A/B #1' },
      { kind: 'accepted', submissionId: 's-C' },
    ])
    const [first] = amazon.requests
    expect(first?.url.pathname).toBe('/listings/2021-08-01/items/A3TH9S8BH6GOGM/A%2FB%20%231')
    expect(first?.url.searchParams.get('marketplaceIds')).toBe('A1PA6795UKMFR9')
    expect(first?.body).toEqual({
      productType: 'PRODUCT',
      patches: [
        { op: 'merge', path: '/attributes/fulfillment_availability', value: [{ fulfillment_channel_code: 'DEFAULT', quantity: 42 }] },
      ],
    })
  })

  it('gives every item its own outcome: a poisoned one does not spoil the others', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = (request) => {
      const sku = skuOf(request)
      if (sku === 'invalid')
        return json({ sku, status: 'INVALID', submissionId: 's', issues: [{ code: '9', message: 'no', severity: 'ERROR' }] })
      if (sku === 'bad') return problem(400, 'InvalidInput')
      if (sku === 'broken') return Promise.reject(new TypeError('fetch failed'))
      return sku === 'forbidden' ? problem(403) : accepted(sku)
    }
    const outcomes = await adapter.push(
      ['good', 'invalid', 'bad', 'broken', 'other'].map((sku) => item(sku)),
      signal,
    )
    expect(outcomes.map((each) => each.kind)).toEqual(['accepted', 'rejected', 'rejected', 'ambiguous', 'accepted'])
    expect(outcomes[1]).toMatchObject({ message: '9: no' })
  })

  it('tells a throttle with its time, and what never left as unsent', async () => {
    const { amazon, adapter, signal, clock } = setUp()
    amazon.answer = () => problem(429, 'QuotaExceeded')
    const [throttled] = await adapter.push([item('A')], signal)
    expect(throttled).toMatchObject({ kind: 'throttled' })
    expect(adapter.capacity('push').items).toBe(0)
    await clock.advance(5000)
    amazon.answer = () => problem(403, 'Unauthorized')
    expect(await adapter.push([item('A')], signal)).toMatchObject([{ kind: 'unsent', code: 'channel-permission-missing' }])
    const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })
    amazon.answer = () => Promise.reject(refused)
    expect(await adapter.push([item('A')], signal)).toMatchObject([{ kind: 'unsent', code: 'channel-unreachable' }])
    amazon.answer = () => problem(500)
    expect(await adapter.push([item('A')], signal)).toMatchObject([{ kind: 'ambiguous', code: 'channel-unavailable' }])
  })

  it('sends no more than the bucket holds', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = (request) => accepted(skuOf(request))
    expect(adapter.capacity('push').items).toBe(5)
    const outcomes = await adapter.push(
      ['1', '2', '3', '4', '5', '6', '7'].map((sku) => item(sku)),
      signal,
    )
    expect(outcomes.filter((each) => each.kind === 'throttled')).toHaveLength(2)
    expect(amazon.requests).toHaveLength(5)
  })
})

describe('read', () => {
  it('asks for one by its address and for several in one search', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = (request) =>
      request.url.searchParams.has('identifiers') ? json({ numberOfResults: 1, items: [listing('B', 2)] }) : json(listing('A', 3))
    expect(await adapter.read(['A'], signal)).toEqual([{ kind: 'quantity', quantity: 3 }])
    expect(await adapter.read(['A', 'B'], signal)).toEqual([
      { kind: 'unusable', reason: expect.stringContaining('no listing') },
      { kind: 'quantity', quantity: 2 },
    ])
    expect(amazon.requests).toHaveLength(2)
    expect(amazon.requests[1]?.url.search).toContain('identifiers=A,B&identifiersType=SKU')
  })

  it('says what is missing and what failed, and reads each alone when the search is refused', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = () => problem(404)
    expect(await adapter.read(['A'], signal)).toMatchObject([{ kind: 'unusable' }])
    amazon.answer = () => problem(503)
    expect(await adapter.read(['A', 'B'], signal)).toMatchObject([
      { kind: 'failed', code: 'channel-unreachable' },
      { kind: 'failed', code: 'channel-unreachable' },
    ])
    amazon.answer = (request) =>
      request.url.searchParams.has('identifiers') || skuOf(request) === 'poison' ? problem(400) : json(listing(skuOf(request), 1))
    expect(await adapter.read(['A', 'poison'], signal)).toMatchObject([{ kind: 'quantity' }, { kind: 'failed', code: 'channel-rejected' }])
  })
})

describe('polling orders', () => {
  const order = (orderId: string, fulfilledBy = 'MERCHANT') => ({
    orderId,
    createdTime: '2026-11-23T08:30:00Z',
    lastUpdatedTime: '2026-11-23T08:30:00Z',
    fulfillment: { fulfillmentStatus: 'PENDING', fulfilledBy },
    orderItems: [{ orderItemId: `${orderId}-1`, quantityOrdered: 1, product: { sellerSku: 'A' } }],
  })
  const atMs = Date.UTC(2026, 10, 23, 9)
  const request = (onPage: (facts: readonly OrderFact[]) => Promise<void>, signal: AbortSignal, stream = 'orders') => ({
    stream,
    sinceMs: atMs - 3_600_000,
    nowMs: atMs,
    onPage,
    signal,
  })

  it('reads all pages of a window that ends two minutes ago, without a filter, merchant-fulfilled only', async () => {
    const { amazon, adapter, signal } = setUp()
    const pages: string[][] = []
    amazon.answer = (asked) => {
      const token = asked.url.searchParams.get('paginationToken')
      const createdBefore = '2026-11-23T08:57:00Z'
      if (token === null) return json({ orders: [order('1'), order('2', 'AMAZON')], pagination: { nextToken: 'p2' }, createdBefore })
      return json({ orders: [order('3')], createdBefore })
    }
    const result = await adapter.pollOrders(
      request((facts) => {
        pages.push(facts.map((each) => each.orderId))
        return Promise.resolve()
      }, signal),
    )
    expect(pages).toEqual([['1'], ['3']])
    expect(result).toEqual({ throughMs: Date.UTC(2026, 10, 23, 8, 57), undecidedSinceMs: null })
    const [first, second] = amazon.requests.map((each) => Object.fromEntries(each.url.searchParams))
    expect(first).toEqual({
      createdAfter: '2026-11-23T08:00:00.000Z',
      createdBefore: '2026-11-23T08:57:50.000Z',
      maxResultsPerPage: '100',
      includedData: 'FULFILLMENT,CANCELLATION,PROCEEDS',
    })
    expect(second).toEqual({ ...first, paginationToken: 'p2' })
  })

  it('searches changes by their time of update', async () => {
    const { amazon, adapter, signal } = setUp({ orderAmounts: false })
    amazon.answer = () => json({ orders: [] })
    expect(await adapter.pollOrders(request(() => Promise.resolve(), signal, 'changes'))).toMatchObject({ throughMs: atMs - 130_000 })
    expect([...(amazon.requests[0]?.url.searchParams.keys() ?? [])]).toEqual([
      'lastUpdatedAfter',
      'lastUpdatedBefore',
      'maxResultsPerPage',
      'includedData',
    ])
  })

  it('asks for nothing when nothing may be asked yet, and for a day at most', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = () => json({ orders: [] })
    const onPage = () => Promise.resolve()
    expect(await adapter.pollOrders({ stream: 'orders', sinceMs: atMs - 60_000, nowMs: atMs, onPage, signal })).toMatchObject({
      throughMs: atMs - 130_000,
    })
    expect(amazon.requests).toHaveLength(0)
    const sinceMs = atMs - 10 * 86_400_000
    expect(await adapter.pollOrders({ stream: 'orders', sinceMs, nowMs: atMs, onPage, signal })).toMatchObject({
      throughMs: sinceMs + 86_400_000,
    })
  })

  it('waits on the clock for budget between pages and asks again for a throttled page', async () => {
    const { amazon, adapter, signal, clock } = setUp()
    let pages = 0
    let throttles = 1
    amazon.answer = () => {
      if (pages === 21 && throttles-- > 0) return problem(429, 'QuotaExceeded')
      pages += 1
      return json({ orders: [], ...(pages < 23 ? { pagination: { nextToken: `p${pages}` } } : {}) })
    }
    const startMs = clock.nowMs()
    const poll = adapter.pollOrders(request(() => Promise.resolve(), signal)).then((result) => ({ result, endedAtMs: clock.nowMs() }))
    // Every step goes to the next time that anything waits for; when nothing does, the poll is over.
    for (let steps = 0; steps < 1000 && (await clock.step()); steps++) await clock.settle()
    const { result, endedAtMs } = await poll
    expect(result).toMatchObject({ throughMs: atMs - 130_000 })
    expect(pages).toBe(23)
    // 20 of burst, three waits of 178.6 s and the throttle's.
    expect(endedAtMs - startMs).toBeGreaterThan(3 * 178_000)
  })

  it('is not complete when a page fails, or its answer is not what the model says', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = () => problem(500)
    await expect(adapter.pollOrders(request(() => Promise.resolve(), signal))).rejects.toMatchObject({ code: 'channel-unreachable' })
    amazon.answer = () => json({ orders: [{ ...order('1'), createdTime: 'yesterday' }] })
    await expect(adapter.pollOrders(request(() => Promise.resolve(), signal))).rejects.toMatchObject({ code: 'channel-answer-malformed' })
  })

  it('fetches single orders and leaves out what Amazon does not know', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = (asked) => (skuOf(asked) === 'gone' ? problem(404) : json({ order: order(skuOf(asked)) }))
    expect((await adapter.fetchOrders(['a', 'gone', 'b'], signal)).map((each) => each.orderId)).toEqual(['a', 'b'])
  })
})

describe('discover', () => {
  it('walks the pages', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = (asked) =>
      asked.url.searchParams.has('pageToken')
        ? json({ numberOfResults: 2, items: [listing('B', 2)] })
        : json({ numberOfResults: 2, items: [listing('A', 1)], pagination: { nextToken: 'n' } })
    const found: string[] = []
    for await (const page of adapter.discover(signal)) found.push(...page.map((each) => each.externalId))
    expect(found).toEqual(['A', 'B'])
  })
})

describe('subscribe', () => {
  const queue = { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/444455556666/belay', region: 'eu-west-1' }
  const arn = 'arn:aws:sqs:eu-west-1:444455556666:belay'
  const destination = { destinationId: 'd-1', name: 'x', resource: { sqs: { arn } } }
  const subscription = (destinationId: string) => json({ payload: { subscriptionId: 's', destinationId, payloadVersion: '1.0' } })

  it('makes the destination and both subscriptions', async () => {
    const { amazon, adapter, signal } = setUp({ queue })
    amazon.answer = (asked) => {
      if (asked.url.pathname.endsWith('/destinations')) return json({ payload: asked.method === 'GET' ? [] : destination })
      return subscription('d-1')
    }
    await adapter.subscribe(null, signal)
    expect(amazon.requests.map((each) => `${each.method} ${each.url.pathname.split('/v1/')[1]}`)).toEqual([
      'GET destinations',
      'POST destinations',
      'POST subscriptions/ORDER_CHANGE',
      'POST subscriptions/LISTINGS_ITEM_MFN_QUANTITY_CHANGE',
    ])
    expect(amazon.requests[1]?.body).toEqual({ name: 'belay-amazon-eu', resourceSpecification: { sqs: { arn } } })
    expect(amazon.logins.map((form) => form.get('grant_type'))).toEqual(['client_credentials', 'refresh_token'])
  })

  it('is content with what exists, unless it goes elsewhere', async () => {
    const { amazon, adapter, signal } = setUp({ queue })
    let goesTo = 'd-1'
    amazon.answer = (asked) => {
      if (asked.url.pathname.endsWith('/destinations')) return json({ payload: [destination] })
      return asked.method === 'POST' ? problem(409) : subscription(goesTo)
    }
    await adapter.subscribe(null, signal)
    goesTo = 'd-other'
    await expect(adapter.subscribe(null, signal)).rejects.toMatchObject({ code: 'channel-rejected' })
  })

  it('has nothing to do without a queue', async () => {
    const { amazon, adapter, signal } = setUp()
    await adapter.subscribe(null, signal)
    expect(amazon.requests).toHaveLength(0)
    expect(adapter.queue).toBeNull()
  })
})

describe('check', () => {
  const participation = (id: string, isParticipating = true) => ({
    marketplace: { id, name: `Amazon ${id}` },
    participation: { isParticipating, hasSuspendedListings: false },
  })

  it('names the marketplace where the account does not sell, and the permission that is missing', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.answer = (asked) => {
      if (asked.url.pathname.startsWith('/sellers')) return json({ payload: [participation('A1PA6795UKMFR9')] })
      return asked.url.pathname.startsWith('/orders') ? problem(403) : json({ numberOfResults: 0, items: [] })
    }
    const findings = await adapter.check(signal)
    expect(findings.map((each) => `${each.ok ? 'ok' : 'no'} ${each.subject}`)).toEqual([
      'ok token',
      'ok marketplace A1PA6795UKMFR9',
      'no marketplace A13V1IB3VIYZZH',
      'ok role Product Listing',
      'no role Inventory and Order Tracking',
      'ok queue',
    ])
    for (const each of findings) expect(each.ok).toBe(each.fix === null)
  })

  it('stops at refused credentials', async () => {
    const { amazon, adapter, signal } = setUp()
    amazon.login = () => json({ error: 'invalid_grant' }, 400)
    expect(await adapter.check(signal)).toMatchObject([{ ok: false, subject: 'token', fix: expect.stringContaining('client secret') }])
  })
})

describe('settings', () => {
  it.each([
    ['endpoint', { endpoint: 'http://example.com' }],
    ['lwaEndpoint', { lwaEndpoint: 'http://10.0.0.1' }],
    ['marketplaceIds', { marketplaceIds: [] }],
    ['queue', { queue: { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q', region: 'eu-west-1', accessKeyId: 'a' } }],
  ])('%s that is wrong is named', (name, wrong) => {
    expect(() => setUp(wrong)).toThrow(expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(name) }))
  })
  it('may point at a simulator on this machine', () => {
    expect(setUp({ endpoint: 'http://127.0.0.1:4010/', lwaEndpoint: 'http://localhost:4010' }).adapter.platform).toBe('amazon-seller')
  })
  it('a listing is its exact SKU', () => {
    const { adapter } = setUp()
    expect(adapter.parseListing('a b/ü')).toEqual({
      externalId: 'a b/ü',
      keys: ['a b/ü'],
      fulfilment: 'MFN',
      writeClass: 'absolute-set-with-read',
    })
    expect(() => adapter.parseListing(' a')).toThrow(expect.objectContaining({ code: 'listing-address-invalid' }))
  })
})

describe('the queue of a receiver', () => {
  it('hands out events with their receipts and removes what was made durable', async () => {
    const removed: string[] = []
    const { adapter, signal } = setUp(
      {},
      {
        receive: () => Promise.resolve([{ receipt: 'r-1', messageId: 'm-1', body: '{"NotificationType":"X"}' }]),
        remove: (receipts) => {
          removed.push(...receipts)
          return Promise.resolve()
        },
        waiting: () => Promise.resolve(0),
      },
    )
    const [received] = (await adapter.queue?.receive(signal)) ?? []
    expect(received).toMatchObject({ receipt: 'r-1', event: { channel: 'amazon-eu', topic: 'X', dedupeKey: 'message/m-1' } })
    await adapter.queue?.remove(['r-1'])
    expect(removed).toEqual(['r-1'])
  })
})

describe('poll times', () => {
  it('are what the plan of searchOrders allows, unless told otherwise', () => {
    expect(setUp().adapter.capabilities.pollEveryMs).toEqual({ orders: 240_000, changes: 900_000 })
    expect(setUp({ ordersEveryMs: 10_000 }).adapter.capabilities.pollEveryMs).toEqual({ orders: 10_000, changes: 900_000 })
    expect(() => setUp({ ordersEveryMs: 999 })).toThrow('ordersEveryMs')
  })
})
