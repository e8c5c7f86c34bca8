// One standard SQS queue: at least once, roughly in order. A received message is hidden for the visibility timeout and comes back unless
// it is deleted with the receipt of its latest receive. Messages expire after the retention time.
//
//   ready --receive--> hidden --delete--> gone
//     ^------ timeout -----/
import { createHash } from 'node:crypto'
import type { SimulatorPorts } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'

/** SQS default: four days. */
const retentionMs = 345_600_000
/** More than a session makes; beyond it the oldest message is dropped, as if it had expired. */
const maxMessages = 200_000

interface Message {
  readonly messageId: string
  readonly body: string
  readonly md5OfBody: string
  readonly sentAtMs: number
  receiveCount: number
  firstReceivedAtMs: number
}

export interface ReceivedMessage {
  readonly message: Message
  readonly receipt: string
}

export interface Queue {
  send(body: string, atMs: number): void
  receive(count: number, visibilityMs: number): readonly ReceivedMessage[]
  /** False: this is no receipt. An outdated receipt is taken and deletes nothing. */
  remove(receipt: string): boolean
  counts(): { readonly ready: number; readonly hidden: number }
  /** Resolves at the next message, the given time, a change of what is planned, or the signal; whichever comes first. */
  change(untilMs: number, signal: AbortSignal): Promise<void>
  /** Ends all waiting, now and later. */
  close(): void
  closed(): boolean
}

export const createQueue = ({ clock, random }: SimulatorPorts, agenda: Agenda): Queue => {
  const messages = new Map<string, Message>()
  /** Ids in order; taken from `head` on, so that taking does not move the rest. */
  let ready: string[] = []
  let head = 0
  let closed = false
  const waiters = new Set<() => void>()
  const wakeAll = (): void => {
    for (const wake of waiters) wake()
  }
  agenda.onEarlier(wakeAll)

  const offer = (messageId: string): void => {
    ready.push(messageId)
    wakeAll()
  }

  const takeReady = (): Message | undefined => {
    for (;;) {
      const messageId = ready[head]
      if (messageId === undefined) {
        ready = []
        head = 0
        return undefined
      }
      head += 1
      const message = messages.get(messageId)
      if (message && clock.nowMs() - message.sentAtMs < retentionMs) return message
      messages.delete(messageId)
    }
  }

  return {
    send: (body, atMs) => {
      const message = {
        messageId: random.uuid(),
        body,
        md5OfBody: createHash('md5').update(body).digest('hex'),
        sentAtMs: atMs,
        receiveCount: 0,
        firstReceivedAtMs: 0,
      }
      messages.set(message.messageId, message)
      for (const oldest of messages.keys()) {
        if (messages.size <= maxMessages) break
        messages.delete(oldest)
      }
      offer(message.messageId)
    },
    receive: (count, visibilityMs) => {
      const received: ReceivedMessage[] = []
      while (received.length < count) {
        const message = takeReady()
        if (!message) break
        const nowMs = clock.nowMs()
        message.receiveCount += 1
        if (message.receiveCount === 1) message.firstReceivedAtMs = nowMs
        const turn = message.receiveCount
        agenda.at(nowMs + visibilityMs, () => {
          if (messages.has(message.messageId) && message.receiveCount === turn) offer(message.messageId)
        })
        received.push({ message, receipt: Buffer.from(`${message.messageId}#${turn}`).toString('base64') })
      }
      return received
    },
    remove: (receipt) => {
      const [messageId = '', turn = ''] = Buffer.from(receipt, 'base64').toString().split('#')
      if (!/^\d+$/.test(turn)) return false
      const message = messages.get(messageId)
      if (message?.receiveCount === Number(turn)) messages.delete(messageId)
      return true
    },
    counts: () => {
      let waiting = 0
      for (let index = head; index < ready.length; index++) if (messages.has(ready[index] ?? '')) waiting += 1
      return { ready: waiting, hidden: messages.size - waiting }
    },
    change: async (untilMs, signal) => {
      if (closed || signal.aborted) return
      const waiting = new AbortController()
      const wake = (): void => waiting.abort()
      waiters.add(wake)
      signal.addEventListener('abort', wake, { once: true })
      const nextMs = agenda.nextAtMs()
      const wakeAtMs = nextMs === null ? untilMs : Math.min(untilMs, nextMs)
      await clock.sleep(Math.max(0, wakeAtMs - clock.nowMs()), waiting.signal)
      waiters.delete(wake)
      signal.removeEventListener('abort', wake)
    },
    close: () => {
      closed = true
      wakeAll()
    },
    closed: () => closed,
  }
}
