// AWS's SDK on our fetch, against a few lines that answer as SQS does (JSON protocol).
import { describe, expect, it } from 'vitest'
import { recordingObserver } from '../../../test/golden/amazon-seller/scripted-amazon.ts'
import { createVirtualClock } from '../../../test/support/virtual-clock.ts'
import { createSqsQueue } from './queue.ts'

interface Asked {
  readonly action: string
  readonly url: string
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

const setUp = (answer: (asked: Asked) => Response | Promise<Response>) => {
  const asked: Asked[] = []
  const clock = createVirtualClock()
  const observer = recordingObserver()
  const queue = createSqsQueue(
    {
      queueUrl: 'https://sqs.eu-west-1.amazonaws.com/444455556666/belay',
      region: 'eu-west-1',
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'aws-secret',
    },
    {
      clock,
      observer,
      fetch: async (input, init) => {
        const request = new Request(input, init)
        const each = {
          action: (request.headers.get('x-amz-target') ?? '').replace('AmazonSQS.', ''),
          url: request.url,
          headers: request.headers,
          body: (await request.json()) as Record<string, unknown>,
        }
        asked.push(each)
        return answer(each)
      },
    },
  )
  return { asked, clock, observer, queue }
}

const sqs = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers: { 'content-type': 'application/x-amz-json-1.0', ...headers } })
const sqsError = (name: string, status = 400): Response =>
  sqs({ __type: `com.amazonaws.sqs#${name}`, message: 'told by AWS' }, status, { 'x-amzn-query-error': `${name};Sender` })

const { signal } = new AbortController()

describe('the SQS queue', () => {
  it('long-polls for ten, signed, and gives body, id and receipt', async () => {
    const { asked, queue, observer } = setUp(() =>
      sqs({ Messages: [{ MessageId: 'm-1', ReceiptHandle: 'r-1', Body: '{"a":1}', MD5OfBody: 'whatever' }] }),
    )
    expect(await queue.receive(signal)).toEqual([{ receipt: 'r-1', messageId: 'm-1', body: '{"a":1}' }])
    expect(asked[0]).toMatchObject({
      action: 'ReceiveMessage',
      body: { QueueUrl: 'https://sqs.eu-west-1.amazonaws.com/444455556666/belay', MaxNumberOfMessages: 10, WaitTimeSeconds: 20 },
    })
    expect(new URL(asked[0]?.url ?? '').host).toBe('sqs.eu-west-1.amazonaws.com')
    expect(asked[0]?.headers.get('authorization')).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-west-1\/sqs\//)
    expect(observer.seen).toEqual(['ReceiveMessage ok'])
  })

  it('gives [] when nothing came', async () => {
    expect(await setUp(() => sqs({})).queue.receive(signal)).toEqual([])
  })

  it('gives [] when it is stopped, before and during the poll', async () => {
    const { asked, queue, clock, observer } = setUp(() => new Promise<Response>(() => undefined))
    expect(await queue.receive(AbortSignal.abort())).toEqual([])
    expect(asked).toHaveLength(0)
    const controller = new AbortController()
    const polling = queue.receive(controller.signal)
    while (asked.length === 0) await clock.settle()
    controller.abort()
    expect(await polling).toEqual([])
    expect(observer.errors).toEqual([])
  })

  it('removes in batches of ten and tells what stayed', async () => {
    const { asked, queue, observer } = setUp((each) => {
      const entries = each.body.Entries as { Id: string }[]
      return sqs({ Successful: entries.slice(1).map(({ Id }) => ({ Id })), Failed: [{ Id: 'm0', Code: 'x', SenderFault: true }] })
    })
    await queue.remove(Array.from({ length: 12 }, (_, at) => `r-${at}`))
    expect(asked.map((each) => (each.body.Entries as unknown[]).length)).toEqual([10, 2])
    expect(asked[1]?.body.Entries).toEqual([
      { Id: 'm0', ReceiptHandle: 'r-10' },
      { Id: 'm1', ReceiptHandle: 'r-11' },
    ])
    expect(observer.errors).toHaveLength(2)
  })

  it('tells how many messages wait', async () => {
    const { queue } = setUp(() => sqs({ Attributes: { ApproximateNumberOfMessages: '7' } }))
    expect(await queue.waiting(signal)).toBe(7)
  })

  it.each([
    [() => sqsError('QueueDoesNotExist'), 'channel-rejected'],
    [() => sqsError('InvalidClientTokenId', 403), 'channel-credentials-rejected'],
    [() => sqsError('AccessDeniedException', 403), 'channel-permission-missing'],
    [() => sqsError('RequestThrottled', 403), 'channel-throttled'],
    [() => sqsError('InternalFailure', 500), 'channel-unreachable'],
    [() => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })), 'channel-unreachable'],
  ] as const)('classifies and tries once (%#)', async (answer, code) => {
    const { queue, asked, observer } = setUp(answer)
    await expect(queue.receive(signal)).rejects.toMatchObject({ code })
    expect(asked).toHaveLength(1)
    expect(observer.errors.join()).not.toContain('aws-secret')
  })

  it('gives up on a poll that never ends', async () => {
    const { queue, asked, clock } = setUp(() => new Promise<Response>(() => undefined))
    const failure = queue.receive(signal).catch((error: unknown) => error)
    while (asked.length === 0) await clock.settle()
    await clock.advance(30_000)
    expect(await failure).toMatchObject({ code: 'channel-unreachable' })
  })
})
