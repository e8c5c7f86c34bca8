// The account's queue as AWS offers it: Amazon SQS over the AWS JSON 1.0 protocol (x-amz-target AmazonSQS.*), signed with Signature
// Version 4. Served: GetQueueUrl, GetQueueAttributes, ReceiveMessage (long polling on the simulator's clock, ends early when the request is
// aborted), DeleteMessage, DeleteMessageBatch. Any other action is refused, so that nothing is silently ignored.
import type { FaultPlan, SimulatorPorts } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'
import { chance } from '../sp-api/chance.ts'
import type { Queue, ReceivedMessage } from './queue.ts'
import { type AwsIdentity, signatureFault } from './signature.ts'

/** The account that simulated queues belong to, in their URLs and ARNs. */
export const queueAccountId = '000000000000'
/** SQS limits and defaults: at most 10 messages and 20 s of waiting a call; hidden for 30 s unless told otherwise, 12 h at most. */
const maxBatch = 10
const maxWaitSeconds = 20
const defaultVisibilitySeconds = 30
const maxVisibilitySeconds = 43_200

export interface SqsOptions {
  readonly identity: AwsIdentity
  readonly queueName: string
  readonly queue: Queue
  readonly agenda: Agenda
  readonly ports: SimulatorPorts
  readonly faults: FaultPlan
  readonly count: (operation: string) => void
}

interface Outcome {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

type Input = Readonly<Record<string, unknown>>

const targetPrefix = 'AmazonSQS.'
export const isSqsRequest = (request: Request): boolean => request.headers.get('x-amz-target')?.startsWith(targetPrefix) ?? false

const failure = (status: number, type: string, message: string): Outcome => ({
  status,
  body: { __type: `com.amazonaws.sqs#${type}`, message },
})
const outOfRange = (name: string): Outcome => failure(400, 'InvalidParameterValue', `Value for parameter ${name} is invalid.`)

const wholeBetween = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most

const messageShape = ({ message, receipt }: ReceivedMessage, attributes: readonly string[]): unknown => {
  const all: Readonly<Record<string, string>> = {
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
    SentTimestamp: String(message.sentAtMs),
  }
  const shown = Object.fromEntries(Object.entries(all).filter(([name]) => attributes.includes('All') || attributes.includes(name)))
  return {
    MessageId: message.messageId,
    ReceiptHandle: receipt,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    ...(Object.keys(shown).length > 0 ? { Attributes: shown } : {}),
  }
}

const textList = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

export const createSqs = (options: SqsOptions): ((request: Request) => Promise<Response>) => {
  const { queue, agenda, ports, queueName } = options

  const receive = async (input: Input, signal: AbortSignal): Promise<Outcome> => {
    const {
      MaxNumberOfMessages: most = 1,
      WaitTimeSeconds: waitSeconds = 0,
      VisibilityTimeout: hiddenSeconds = defaultVisibilitySeconds,
    } = input
    if (!wholeBetween(most, 1, maxBatch)) return outOfRange('MaxNumberOfMessages')
    if (!wholeBetween(waitSeconds, 0, maxWaitSeconds)) return outOfRange('WaitTimeSeconds')
    if (!wholeBetween(hiddenSeconds, 0, maxVisibilitySeconds)) return outOfRange('VisibilityTimeout')
    const attributes = [...textList(input['MessageSystemAttributeNames']), ...textList(input['AttributeNames'])]
    const untilMs = ports.clock.nowMs() + waitSeconds * 1000
    for (;;) {
      agenda.runDue()
      // An abandoned request must not take messages along: they would be hidden from the next one for nothing.
      if (signal.aborted) return { status: 200, body: {} }
      const messages = queue.receive(most, hiddenSeconds * 1000)
      if (messages.length > 0) return { status: 200, body: { Messages: messages.map((each) => messageShape(each, attributes)) } }
      if (ports.clock.nowMs() >= untilMs || queue.closed()) return { status: 200, body: {} }
      await queue.change(untilMs, signal)
    }
  }

  const removeBatch = (input: Input): Outcome => {
    const entries = (Array.isArray(input['Entries']) ? input['Entries'] : []) as readonly {
      readonly Id: string
      readonly ReceiptHandle: string
    }[]
    if (entries.length === 0) return failure(400, 'EmptyBatchRequest', 'There should be at least one entry in the request.')
    if (entries.length > maxBatch)
      return failure(400, 'TooManyEntriesInBatchRequest', `The maximum number of entries per request is ${maxBatch}.`)
    if (new Set(entries.map((each) => each.Id)).size < entries.length)
      return failure(400, 'BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.')
    const done: unknown[] = []
    const failed: unknown[] = []
    for (const { Id, ReceiptHandle } of entries) {
      if (queue.remove(ReceiptHandle)) done.push({ Id })
      else failed.push({ Id, SenderFault: true, Code: 'ReceiptHandleIsInvalid', Message: 'The receipt handle is not valid.' })
    }
    return { status: 200, body: { Successful: done, Failed: failed } }
  }

  const attributesOf = (input: Input): Outcome => {
    const { ready, hidden } = queue.counts()
    const all: Readonly<Record<string, string>> = {
      ApproximateNumberOfMessages: String(ready),
      ApproximateNumberOfMessagesNotVisible: String(hidden),
      QueueArn: `arn:aws:sqs:${options.identity.region}:${queueAccountId}:${queueName}`,
      VisibilityTimeout: String(defaultVisibilitySeconds),
    }
    const names = textList(input['AttributeNames'])
    return {
      status: 200,
      body: { Attributes: Object.fromEntries(Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name))) },
    }
  }

  const perform = async (action: string, input: Input, request: Request): Promise<Outcome> => {
    if (action === 'GetQueueUrl') {
      if (input['QueueName'] !== queueName) return failure(400, 'QueueDoesNotExist', 'The specified queue does not exist.')
      return { status: 200, body: { QueueUrl: `${new URL(request.url).origin}/${queueAccountId}/${queueName}` } }
    }
    if (!String(input['QueueUrl']).endsWith(`/${queueName}`))
      return failure(400, 'QueueDoesNotExist', 'The specified queue does not exist.')
    if (action === 'ReceiveMessage') return await receive(input, request.signal)
    if (action === 'DeleteMessage')
      return queue.remove(String(input['ReceiptHandle']))
        ? { status: 200, body: {} }
        : failure(400, 'ReceiptHandleIsInvalid', 'The receipt handle is not valid.')
    if (action === 'DeleteMessageBatch') return removeBatch(input)
    if (action === 'GetQueueAttributes') return attributesOf(input)
    return failure(400, 'UnsupportedOperation', `${action} is not served by this simulator.`)
  }

  const parse = (text: string): Input | null => {
    try {
      const value: unknown = JSON.parse(text)
      return typeof value === 'object' && value !== null ? (value as Input) : null
    } catch {
      return null
    }
  }

  const handle = async (action: string, text: string, request: Request): Promise<Outcome> => {
    const fault = signatureFault(request, text, options.identity)
    if (fault)
      return {
        status: fault === 'InvalidSignatureException' ? 403 : 400,
        body: { __type: `com.amazon.coral.service#${fault}`, message: fault },
      }
    if (chance(ports.random, options.faults.errorBefore)) return failure(500, 'InternalFailure', 'The request processing has failed.')
    const input = parse(text)
    return input ? await perform(action, input, request) : failure(400, 'InvalidParameterValue', 'The request body is not a JSON object.')
  }

  let requestNumber = 0
  return async (request) => {
    const action = (request.headers.get('x-amz-target') ?? '').slice(targetPrefix.length)
    options.count(`sqs.${action}`)
    const { status, body } = await handle(action, await request.text(), request)
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-RequestId': `sqs-${++requestNumber}` }
    return new Response(JSON.stringify(body), { status, headers })
  }
}
