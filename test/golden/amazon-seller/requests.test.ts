// Every request that the adapter sends is held to its official model, and every answer it is given comes from there.
import { describe, expect, it } from 'vitest'
import { createAmazonSellerAdapter } from '../../../src/channels/amazon-seller/index.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { createSwaggerContract } from '../../support/swagger.ts'
import { createVirtualClock } from '../../support/virtual-clock.ts'
import { json, type RecordedRequest, recordingObserver, scriptedAmazon, sellerSettings } from './scripted-amazon.ts'

const contracts = ['listingsItems_2021-08-01.json', 'orders_2026-01-01.json', 'notifications.json', 'sellers.json'].map((file) =>
  createSwaggerContract(file),
)

const contractOf = (request: { method: string; url: string }) => contracts.find((each) => each.operationOf(request) !== null)

const operationOf = (request: RecordedRequest): string => {
  const asked = { method: request.method, url: request.url.href }
  return contractOf(asked)?.operationOf(asked) ?? `${request.method} ${request.url.pathname}`
}

const sandbox = (request: RecordedRequest): Response => {
  const operationId = operationOf(request)
  const found = contracts.flatMap((each) => each.sandboxCases()).find((each) => each.operationId === operationId && each.status < 300)
  const body = JSON.parse(JSON.stringify(found?.body ?? {})) as Record<string, unknown>
  // The examples' tokens lead nowhere.
  delete body.pagination
  return json(body, found?.status ?? 200)
}

const setUp = () => {
  const amazon = scriptedAmazon(sandbox)
  const queue = { receive: () => Promise.resolve([]), remove: () => Promise.resolve(), waiting: () => Promise.resolve(0) }
  const adapter = createAmazonSellerAdapter(
    { ...sellerSettings, queue: { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/444455556666/belay', region: 'eu-west-1' } },
    { fetch: amazon.fetch, clock: createVirtualClock(), random: seededRandom(1), observer: recordingObserver(), queue },
  )
  return { amazon, adapter, signal: new AbortController().signal }
}

const problemsOf = (requests: readonly RecordedRequest[]): string[] =>
  requests.flatMap((request) => {
    const asked = { method: request.method, url: request.url.href, headers: request.headers, body: request.body }
    const contract = contractOf(asked)
    return contract ? contract.validateRequest(asked).map((each) => `${operationOf(request)}: ${each}`) : [`no model: ${asked.url}`]
  })

describe('requests of the adapter', () => {
  it('are as the models say, all of them', async () => {
    const { amazon, adapter, signal } = setUp()
    const atMs = Date.UTC(2026, 10, 23, 9)
    const poll = (stream: string) =>
      adapter.pollOrders({ stream, sinceMs: atMs - 3_600_000, nowMs: atMs, onPage: () => Promise.resolve(), signal })
    const pushed = await adapter.push([{ key: 'k', externalId: 'A/B #1', quantity: 7, fromQuantity: null }], signal)
    const readOne = await adapter.read(['GM-ZDPI-9B4E'], signal)
    const readTwo = await adapter.read(['GM-ZDPI-9B4E', 'HW-ZDPI-9B4E', 'with,comma'], signal)
    await poll('orders')
    await poll('changes')
    const orders = await adapter.fetchOrders(['171-9876543-2109876'], signal)
    await adapter.subscribe(null, signal)
    for await (const page of adapter.discover(signal)) expect(page.length).toBeGreaterThan(0)
    await adapter.check(signal)

    expect(problemsOf(amazon.requests)).toEqual([])
    expect([...new Set(amazon.requests.map(operationOf))].toSorted()).toEqual([
      'createDestination',
      'createSubscription',
      'getDestinations',
      'getListingsItem',
      'getMarketplaceParticipations',
      'getOrder',
      'patchListingsItem',
      'searchListingsItems',
      'searchOrders',
    ])
    expect(pushed).toEqual([{ kind: 'accepted', submissionId: 'f1dc2914-75dd-11ea-bc55-0242ac130003' }])
    expect(readOne).toEqual([{ kind: 'quantity', quantity: 100 }])
    expect(readTwo.map((each) => each.kind)).toEqual(['quantity', 'unusable', 'quantity'])
    expect(orders.map((each) => each.orderId)).toEqual(['171-9876543-2109876'])
  })

  it('never carry a secret in an address', async () => {
    const { amazon, adapter, signal } = setUp()
    await adapter.check(signal)
    for (const request of amazon.requests) expect(request.url.href).not.toMatch(/Atz|secret/)
  })
})
