// The seller adapter's message queue, straight at the simulator's SQS: the same protocol and signature as AWS's own client sends, without its
// timers, so that a run settles.
import { createHash, createHmac } from 'node:crypto'
import { BelayError } from '../../src/domain/errors.ts'
import type { MessageQueue, QueueMessage } from '../../src/channels/amazon-seller/index.ts'
import type { Fetch } from '../../src/ports/channel.ts'
import type { Clock } from '../../src/ports/clock.ts'

export interface QueueAccount {
  readonly queueUrl: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const date = '20261123'
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const waitSeconds = 20
const timeoutMs = 30_000
const batchSize = 10

export const createMessageQueue = (account: QueueAccount, ports: { readonly fetch: Fetch; readonly clock: Clock }): MessageQueue => {
  const { host } = new URL(account.queueUrl)
  const scope = `${date}/${account.region}/sqs/aws4_request`
  const key = mac(mac(mac(mac(`AWS4${account.secretAccessKey}`, date), account.region), 'sqs'), 'aws4_request')
  const stamp = `${date}T090000Z`

  const call = async (
    action: string,
    input: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const body = JSON.stringify({ QueueUrl: account.queueUrl, ...input })
    const target = `AmazonSQS.${action}`
    const canonical = `POST\n/\n\nhost:${host}\nx-amz-date:${stamp}\nx-amz-target:${target}\n\nhost;x-amz-date;x-amz-target\n${hash(body)}`
    const signature = mac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash(canonical)}`).toString('hex')
    const over = new AbortController()
    const stopped = Promise.withResolvers<never>()
    const stop = (): void => stopped.reject(new BelayError('channel-unreachable', `${action}: stopped`))
    signal?.addEventListener('abort', stop, { once: true })
    const unreachable = (): never => {
      throw new BelayError('channel-unreachable', `${action}: no answer`)
    }
    try {
      const answer = await Promise.race([
        ports.fetch(`https://${host}/`, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-amz-json-1.0',
            'x-amz-date': stamp,
            'x-amz-target': target,
            authorization: `AWS4-HMAC-SHA256 Credential=${account.accessKeyId}/${scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature=${signature}`,
          },
          body,
        }),
        ports.clock.sleep(timeoutMs, over.signal).then(unreachable),
        stopped.promise,
      ])
      if (answer.status !== 200) throw new BelayError('channel-unreachable', `${action}: status ${answer.status}`)
      return (await answer.json()) as Readonly<Record<string, unknown>>
    } catch (error) {
      if (error instanceof BelayError) throw error
      throw new BelayError('channel-unreachable', `${action}: the connection broke`, { cause: error })
    } finally {
      signal?.removeEventListener('abort', stop)
      over.abort()
    }
  }

  return {
    receive: async (signal) => {
      if (signal.aborted) return []
      const answer = await call('ReceiveMessage', { MaxNumberOfMessages: batchSize, WaitTimeSeconds: waitSeconds }, signal)
      const messages = (answer['Messages'] ?? []) as readonly { MessageId: string; ReceiptHandle: string; Body: string }[]
      return messages.map((each): QueueMessage => ({ receipt: each.ReceiptHandle, messageId: each.MessageId, body: each.Body }))
    },
    remove: async (receipts) => {
      for (let from = 0; from < receipts.length; from += batchSize)
        await call('DeleteMessageBatch', {
          Entries: receipts.slice(from, from + batchSize).map((receipt, index) => ({ Id: `m${index}`, ReceiptHandle: receipt })),
        })
    },
    waiting: async () => {
      const answer = await call('GetQueueAttributes', { AttributeNames: ['ApproximateNumberOfMessages'] })
      const attributes = (answer['Attributes'] ?? {}) as Readonly<Record<string, string>>
      return Number(attributes['ApproximateNumberOfMessages'] ?? 0)
    },
  }
}
