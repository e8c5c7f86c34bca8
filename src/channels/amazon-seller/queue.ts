// The message queue that Amazon puts notifications into, behind a small port: SQS through AWS's own SDK (signing, credentials), but on
// the injected fetch and clock, so that the whole adapter runs on one fetch. The SDK's own retries are off: only the engine retries.
import { DeleteMessageBatchCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { BelayError } from '../../domain/errors.ts'
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import { exchange } from '../http/exchange.ts'
import type { QueueConfig } from './config.ts'
import { queueError } from './errors.ts'
import { queueBatchSize, queueTimeoutMs, queueWaitSeconds } from './limits.ts'

export interface QueueMessage {
  /** For removing it. */
  readonly receipt: string
  /** The queue's own id of the message. */
  readonly messageId: string
  readonly body: string
}

/** At least once, in no order. A message that is not removed comes again. All throw BelayError. */
export interface MessageQueue {
  /** At most ten; [] when nothing came in time or the signal aborted. */
  receive(signal: AbortSignal): Promise<readonly QueueMessage[]>
  remove(receipts: readonly string[]): Promise<void>
  /** How many messages wait, about. */
  waiting(signal: AbortSignal): Promise<number>
}

export interface QueuePorts {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly observer: ChannelObserver
}

/** The part of the SDK's request that is sent. */
interface SignedRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

const addressOf = (request: SignedRequest): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {}))
    for (const each of Array.isArray(value) ? value : [value ?? '']) query.append(name, each)
  const port = request.port === undefined ? '' : `:${request.port}`
  const text = query.toString()
  return `${request.protocol}//${request.hostname}${port}${request.path}${text === '' ? '' : `?${text}`}`
}

/** Sends what the SDK signed. `host` and `content-length` are fetch's to set, to the very values that were signed. */
const fetchHandler = (ports: { readonly fetch: Fetch; readonly clock: Clock }) => ({
  handle: async (request: SignedRequest, options?: { readonly abortSignal?: unknown }) => {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !/^(host|content-length)$/i.test(name)))
    const { body } = request
    const answer = await exchange(ports, addressOf(request), {
      method: request.method,
      headers,
      body: typeof body === 'string' ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : undefined,
      timeoutMs: queueTimeoutMs,
      signal: options?.abortSignal instanceof AbortSignal ? options.abortSignal : new AbortController().signal,
    })
    return {
      response: {
        statusCode: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: new TextEncoder().encode(answer.text),
      },
    }
  },
  // The SDK may hand settings to its transport; this one has none.
  updateHttpClientConfig: (): void => undefined,
  httpHandlerConfigs: () => ({}),
})

const isLoopback = (address: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(new URL(address).hostname)

const createSqsClient = (queue: QueueConfig, ports: QueuePorts): SQSClient => {
  const { accessKeyId, secretAccessKey } = queue
  const credentials =
    accessKeyId !== undefined && secretAccessKey !== undefined
      ? { accessKeyId, secretAccessKey }
      : // A simulator checks none, and AWS's rules would look for an instance role over the network.
        isLoopback(queue.queueUrl)
        ? { accessKeyId: 'simulator', secretAccessKey: 'simulator' }
        : undefined
  return new SQSClient({
    region: queue.region,
    endpoint: queue.endpoint ?? new URL(queue.queueUrl).origin,
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: fetchHandler(ports),
    // One attempt. The other settings are the defaults, named so that the SDK does not read configuration files for them.
    maxAttempts: 1,
    retryMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    defaultsMode: 'standard',
    // Checksums of a body that came over TLS tell nothing more.
    md5: false,
  })
}

export const createSqsQueue = (queue: QueueConfig, ports: QueuePorts): MessageQueue => {
  const client = createSqsClient(queue, ports)
  const QueueUrl = queue.queueUrl

  const outcomeOf = (error: BelayError): 'throttled' | 'rejected' | 'failed' =>
    error.kind === 'throttled' ? 'throttled' : error.kind === 'permanent' ? 'rejected' : 'failed'

  const observed = async <T>(action: string, work: () => Promise<T>): Promise<T> => {
    const startedAtMs = ports.clock.nowMs()
    try {
      const value = await work()
      ports.observer.request(action, 'ok', ports.clock.nowMs() - startedAtMs)
      return value
    } catch (caught) {
      const error = queueError(action, caught, ports.clock.nowMs())
      ports.observer.request(action, outcomeOf(error), ports.clock.nowMs() - startedAtMs)
      ports.observer.error(action, error.code, error.message, ports.clock.nowMs())
      throw error
    }
  }

  return {
    receive: async (signal) => {
      if (signal.aborted) return []
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: queueBatchSize,
        WaitTimeSeconds: queueWaitSeconds,
      })
      const answer = await observed('ReceiveMessage', async () => {
        try {
          return await client.send(command, { abortSignal: signal })
        } catch (error) {
          if (signal.aborted) return null
          throw error
        }
      })
      return (answer?.Messages ?? []).flatMap((message): readonly QueueMessage[] =>
        message.ReceiptHandle === undefined
          ? []
          : [{ receipt: message.ReceiptHandle, messageId: message.MessageId ?? message.ReceiptHandle, body: message.Body ?? '' }],
      )
    },
    remove: async (receipts) => {
      for (let from = 0; from < receipts.length; from += queueBatchSize) {
        const batch = receipts.slice(from, from + queueBatchSize)
        const answer = await observed('DeleteMessageBatch', () =>
          client.send(
            new DeleteMessageBatchCommand({
              QueueUrl,
              Entries: batch.map((receipt, at) => ({ Id: `m${at}`, ReceiptHandle: receipt })),
            }),
          ),
        )
        const failed = answer.Failed?.length ?? 0
        // What is left comes again and is known by its id then.
        if (failed > 0)
          ports.observer.error(
            'DeleteMessageBatch',
            'channel-unreachable',
            `${failed} of ${batch.length} messages were not removed`,
            ports.clock.nowMs(),
          )
      }
    },
    waiting: async (signal) => {
      const answer = await observed('GetQueueAttributes', () =>
        client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }), { abortSignal: signal }),
      )
      return Number(answer.Attributes?.ApproximateNumberOfMessages ?? 0)
    },
  }
}
