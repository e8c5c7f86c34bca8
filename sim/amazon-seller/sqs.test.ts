// The simulated queue as the official AWS client sees it.
import {
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { checkNotification, type NotificationType } from '../sp-api/model.ts'
import {
  awsKeys,
  itemPath,
  marketplaceId,
  patchBody,
  queueArn,
  queueName,
  type SampleAccount,
  sampleAccount,
  subscribe,
} from './sample-account.ts'

const endpoint = 'https://sqs.eu-west-1.amazonaws.com'
const queueUrl = `${endpoint}/000000000000/${queueName}`

interface WireRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body?: string
}

/** The client with its HTTP layer replaced by the simulator. */
const clientOf = ({ simulator }: SampleAccount, keys = awsKeys): SQSClient =>
  new SQSClient({
    region: 'eu-west-1',
    endpoint,
    maxAttempts: 1,
    credentials: keys,
    requestHandler: {
      handle: async (wire: WireRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
        const url = `${wire.protocol}//${wire.hostname}${wire.path}`
        const { body = '', method, headers } = wire
        const response = await simulator.fetch(new Request(url, { method, headers, body, ...(abortSignal ? { signal: abortSignal } : {}) }))
        return {
          response: {
            statusCode: response.status,
            headers: Object.fromEntries(response.headers),
            body: new Uint8Array(await response.arrayBuffer()),
          },
        }
      },
    } as never,
  })

const receive = async (
  client: SQSClient,
  options: { readonly count?: number; readonly waitSeconds?: number; readonly hiddenSeconds?: number } = {},
) => {
  const answer = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: options.count ?? 10,
      WaitTimeSeconds: options.waitSeconds ?? 0,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      ...(options.hiddenSeconds === undefined ? {} : { VisibilityTimeout: options.hiddenSeconds }),
    }),
  )
  return answer.Messages ?? []
}

interface Notice {
  readonly NotificationType: NotificationType
  readonly NotificationMetadata: { readonly NotificationId: string }
  readonly Payload: Readonly<Record<string, unknown>>
}

const noticesOf = (messages: readonly Message[]): readonly Notice[] =>
  messages.map((message) => {
    const notice = JSON.parse(message.Body ?? '') as Notice
    expect(checkNotification(notice.NotificationType, notice)).toBeNull()
    return notice
  })

const orderStatus = (notice: Notice): unknown =>
  (notice.Payload['OrderChangeNotification'] as { readonly Summary: { readonly OrderStatus: string } } | undefined)?.Summary.OrderStatus

const summary = (notice: Notice): unknown => orderStatus(notice) ?? notice.Payload['Quantity']

describe('notifications', () => {
  it('tell of every sale and of every change of a quantity, in the shape of their schemas', async () => {
    const account = sampleAccount({ processing: { minMs: 1_000, maxMs: 1_000 } })
    const { market } = account.simulator
    await subscribe(account)
    const client = clientOf(account)
    const placed = market.buy([{ externalId: 'MUG', quantity: 3 }])
    const [quantity, order, ...rest] = noticesOf(await receive(client))
    expect(rest).toEqual([])
    expect(quantity?.Payload).toEqual({ SellerId: 'A1SELLER', FulfillmentChannelCode: 'DEFAULT', Sku: 'MUG', Quantity: 7 })
    expect(order?.Payload).toMatchObject({
      OrderChangeNotification: {
        AmazonOrderId: placed?.orderId,
        Summary: {
          MarketplaceId: marketplaceId,
          OrderStatus: 'Pending',
          FulfillmentType: 'MFN',
          OrderItems: [{ OrderItemId: placed?.lines[0]?.lineId, SellerSKU: 'MUG', Quantity: 3, QuantityShipped: 0 }],
        },
      },
    })
    await account.caller.call('PATCH', itemPath('MUG'), { query: { marketplaceIds: marketplaceId }, body: patchBody(20) })
    await account.clock.advance(1_800_000)
    market.ship(placed?.orderId ?? '')
    const second = market.buy([{ externalId: 'MUG', quantity: 1 }])
    market.cancel(second?.orderId ?? '', { restock: true })
    // The first two were not deleted and come again once they are no longer hidden.
    const all = noticesOf(await receive(client))
    expect(all.map(summary)).toEqual([20, 7, 'Pending', 'Unshipped', 'Shipped', 19, 'Pending', 20, 'Canceled'])
  })

  it('are sent only to who subscribed, and to what the filter lets through', async () => {
    const account = sampleAccount()
    const { caller } = account
    const client = clientOf(account)
    const buy = (): unknown => account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    buy()
    expect(await receive(client)).toEqual([])
    const token = await caller.token('sellingpartnerapi::notifications')
    const create = async (arn: string) =>
      caller.call('POST', '/notifications/v1/destinations', { token, body: { name: 'hub', resourceSpecification: { sqs: { arn } } } })
    expect((await create('arn:aws:sqs:eu-west-1:000000000000:other')).status).toBe(400)
    const created = await create(queueArn)
    expect((await create(queueArn)).status).toBe(409)
    const { destinationId } = (created.body as { readonly payload: { readonly destinationId: string } }).payload
    const subscriptionPath = '/notifications/v1/subscriptions/ORDER_CHANGE'
    expect((await caller.call('GET', subscriptionPath)).status).toBe(404)
    const eventFilter = { eventFilterType: 'ORDER_CHANGE', orderChangeTypes: ['BuyerRequestedChange'] }
    const body = { payloadVersion: '1.0', destinationId, processingDirective: { eventFilter } }
    expect((await caller.call('POST', subscriptionPath, { body: { ...body, destinationId: 'other' } })).status).toBe(400)
    expect((await caller.call('POST', subscriptionPath, { body })).status).toBe(200)
    expect((await caller.call('POST', subscriptionPath, { body })).status).toBe(409)
    expect((await caller.call('GET', subscriptionPath)).body).toMatchObject({ payload: body })
    buy()
    expect(await receive(client)).toEqual([])
  })

  it('are lost, doubled and overtaken as the faults say', async () => {
    const account = sampleAccount()
    const { market, faults } = account.simulator
    await subscribe(account)
    const client = clientOf(account)
    const buy = (): unknown => market.buy([{ externalId: 'MUG', quantity: 1 }])
    faults.lose = 1
    buy()
    expect(await receive(client)).toEqual([])
    faults.lose = 0
    faults.duplicate = 1
    buy()
    const doubled = noticesOf(await receive(client)).map((notice) => notice.NotificationMetadata.NotificationId)
    expect([doubled.length, new Set(doubled).size]).toEqual([4, 2])
    Object.assign(faults, { duplicate: 0, reorder: 1, reorderWithinMs: 20_000 })
    for (let i = 0; i < 4; i++) buy()
    faults.reorder = 0
    await account.clock.advance(20_000)
    const quantities = noticesOf(await receive(client)).map((notice) => notice.Payload['Quantity'])
    const told = quantities.filter((each) => each !== undefined)
    expect(new Set(told)).toEqual(new Set([4, 5, 6, 7]))
    expect(told).not.toEqual([7, 6, 5, 4])
  })
})

describe('the queue', () => {
  it('is found by name, counts its messages, and deletes what was received', async () => {
    const account = sampleAccount()
    await subscribe(account)
    const client = clientOf(account)
    expect((await client.send(new GetQueueUrlCommand({ QueueName: queueName }))).QueueUrl).toBe(queueUrl)
    await expect(client.send(new GetQueueUrlCommand({ QueueName: 'other' }))).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
    for (let i = 0; i < 4; i++) account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    const messages = await receive(client, { count: 6 })
    expect(messages).toHaveLength(6)
    const counted = await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }))
    expect(counted.Attributes).toMatchObject({
      ApproximateNumberOfMessages: '2',
      ApproximateNumberOfMessagesNotVisible: '6',
      QueueArn: queueArn,
    })
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: messages[0]?.ReceiptHandle }))
    const entries = messages.slice(1).map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }))
    const batch = await client.send(
      new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...entries, { Id: 'x', ReceiptHandle: 'no receipt' }] }),
    )
    expect([batch.Successful?.length, batch.Failed?.map((each) => each.Code)]).toEqual([5, ['ReceiptHandleIsInvalid']])
    await account.clock.advance(60_000)
    expect(await receive(client)).toHaveLength(2)
  })

  it('gives a message again after its visibility timeout, and then takes the latest receipt only', async () => {
    const account = sampleAccount()
    await subscribe(account)
    const client = clientOf(account)
    account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    const [first] = await receive(client, { count: 1, hiddenSeconds: 10 })
    await receive(client, { hiddenSeconds: 3_600 })
    await account.clock.advance(9_999)
    expect(await receive(client)).toEqual([])
    await account.clock.advance(1)
    const [second] = await receive(client)
    expect(second).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: '2' } })
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: first?.ReceiptHandle }))
    await account.clock.advance(30_000)
    const [third] = await receive(client)
    expect(third?.MessageId).toBe(first?.MessageId)
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: third?.ReceiptHandle }))
    await account.clock.advance(30_000)
    expect(await receive(client)).toEqual([])
  })

  it('lets a long poll wait on the clock until a message, the time, an abort, or the end', async () => {
    const account = sampleAccount({ processing: { minMs: 5_000, maxMs: 5_000 } })
    await subscribe(account)
    const client = clientOf(account)
    const empty = receive(client, { waitSeconds: 20 })
    await account.clock.advance(20_000)
    expect(await empty).toEqual([])

    const woken = receive(client, { waitSeconds: 20 })
    await account.clock.advance(3_000)
    account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    expect((await woken).length).toBeGreaterThan(0)
    await receive(client)

    // A submission that takes effect while the poll waits.
    const effect = receive(client, { waitSeconds: 20 })
    await account.clock.settle()
    await account.caller.call('PATCH', itemPath('MUG'), { query: { marketplaceIds: marketplaceId }, body: patchBody(99) })
    await account.clock.advance(5_000)
    expect(noticesOf(await effect).map(summary)).toEqual([99])

    const aborter = new AbortController()
    const aborted = client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 20 }), { abortSignal: aborter.signal })
    await account.clock.settle()
    aborter.abort()
    await aborted.catch(() => null)
    account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    expect(await receive(client)).toHaveLength(2)

    const last = receive(client, { waitSeconds: 20 })
    await account.clock.settle()
    await account.simulator.close()
    expect(await last).toEqual([])
    expect(account.clock.sleepers).toBe(0)
  })

  it('refuses other keys, wrong signatures and requests without any', async () => {
    const account = sampleAccount()
    await expect(receive(clientOf(account, { ...awsKeys, accessKeyId: 'AKIAOTHER' }))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    })
    await expect(receive(clientOf(account, { ...awsKeys, secretAccessKey: 'other' }))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    })
    const unsigned = await account.simulator.fetch(
      new Request(endpoint, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.ReceiveMessage' }, body: '{}' }),
    )
    expect(unsigned.status).toBe(400)
    await expect(receive(clientOf(account), { count: 11 })).rejects.toThrow('MaxNumberOfMessages')
  })
})
