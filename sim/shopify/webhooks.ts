// Webhook subscriptions and their deliveries.
// A delivery: attempt -> 2xx within 5 s: done; else 8 retries over 4 h with the body as it was, then given up. A subscription is deleted when
// a delivery was given up and none has succeeded since that delivery began [shopify.dev changelog "updates to webhook retry mechanism":
// "8 consecutive failures"; that successes in between count is the simulator's reading].
// Nothing is ordered, and the fault plan duplicates, delays and loses deliveries. At most `maxPending` deliveries wait; more are lost, counted.
import { createHmac } from 'node:crypto'
import type { FaultPlan, SimulatorPorts } from '../simulator.ts'
import { apiVersion } from './options.ts'
import { numericId } from './identifiers.ts'
import { jsonText, type Payload } from './payloads.ts'

export interface Subscription {
  readonly sequence: number
  readonly id: string
  /** As in WebhookSubscriptionTopic: `ORDERS_CREATE`. */
  readonly topic: string
  readonly uri: string
  readonly format: string
  readonly name: string | null
  readonly filter: string | null
  readonly includeFields: readonly string[]
  readonly metafieldNamespaces: readonly string[]
  readonly createdAtMs: number
}

export interface WebhookHub {
  subscriptions(): readonly Subscription[]
  /** Null: that address has this topic already. */
  subscribe(wanted: Omit<Subscription, 'sequence' | 'id' | 'createdAtMs'>): Subscription | null
  unsubscribe(id: string): boolean
  /** `makeBody` is called at most once, now. */
  publish(topic: string, makeBody: () => Payload, eventId: string): void
  /** Waits for everything under way to end after it was told to stop. */
  close(): Promise<void>
}

const deadlineMs = 5_000
const retries = 8
/** Doubling waits that add up to 4 h: the first is 14 400 s / (2^8 - 1). */
const firstRetryMs = 14_400_000 / (2 ** retries - 1)
const maxPending = 20_000
const maxSubscriptions = 1_000
/** Requests under way at once, so that a slow hub meets a queue and not a flood. */
const maxConcurrent = 64

/** `ORDERS_CREATE` -> `orders/create`, `INVENTORY_LEVELS_UPDATE` -> `inventory_levels/update`. */
const topicHeader = (topic: string): string => topic.toLowerCase().replace(/_([a-z]+)$/, '/$1')

interface Delivery {
  readonly subscription: Subscription
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
  readonly beganAtMs: number
}

export const createWebhookHub = (input: {
  readonly shopDomain: string
  readonly secret: string
  readonly ports: SimulatorPorts
  readonly faults: FaultPlan
  readonly count: (name: string) => void
}): WebhookHub => {
  const { ports, faults, count } = input
  const subscriptions = new Map<string, Subscription>()
  const lastSuccessMs = new Map<string, number>()
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  const waiting: (() => void)[] = []
  let subscriptionCount = 0
  let concurrent = 0

  const slot = async (): Promise<void> => {
    if (concurrent >= maxConcurrent) await new Promise<void>((resolve) => waiting.push(resolve))
    else concurrent++
  }
  const freeSlot = (): void => {
    const next = waiting.shift()
    if (next) next()
    else concurrent--
  }

  const attempt = async (delivery: Delivery): Promise<boolean> => {
    await slot()
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, closing.signal])
    try {
      const request = new Request(delivery.subscription.uri, {
        method: 'POST',
        headers: delivery.headers,
        body: delivery.body,
        redirect: 'manual',
        signal,
      })
      const answer = ports.fetch(request).then(
        async (response) => {
          await response.body?.cancel()
          return response.status >= 200 && response.status < 300
        },
        () => false,
      )
      return await Promise.race([answer, ports.clock.sleep(deadlineMs, signal).then(() => false)])
    } finally {
      over.abort()
      freeSlot()
    }
  }

  const giveUp = (delivery: Delivery): void => {
    count('webhook given up')
    if ((lastSuccessMs.get(delivery.subscription.id) ?? -1) >= delivery.beganAtMs) return
    subscriptions.delete(delivery.subscription.id)
    lastSuccessMs.delete(delivery.subscription.id)
  }

  const run = async (delivery: Delivery, delayMs: number): Promise<void> => {
    if (delayMs > 0) await ports.clock.sleep(delayMs, closing.signal)
    for (let tried = 0; tried <= retries; tried++) {
      if (tried > 0) await ports.clock.sleep(firstRetryMs * 2 ** (tried - 1), closing.signal)
      if (closing.signal.aborted || !subscriptions.has(delivery.subscription.id)) return
      if (await attempt(delivery)) {
        count('webhook delivered')
        lastSuccessMs.set(delivery.subscription.id, ports.clock.nowMs())
        return
      }
      if (closing.signal.aborted) return
      count('webhook failed')
    }
    giveUp(delivery)
  }

  const start = (delivery: Delivery, delayMs: number): void => {
    if (running.size >= maxPending) return count('webhook dropped')
    const task: Promise<void> = run(delivery, delayMs).finally(() => running.delete(task))
    running.add(task)
  }

  const publish: WebhookHub['publish'] = (topic, makeBody, eventId) => {
    const wanted = [...subscriptions.values()].filter((each) => each.topic === topic)
    if (wanted.length === 0 || closing.signal.aborted) return
    const payload = makeBody()
    const nowMs = ports.clock.nowMs()
    for (const subscription of wanted) {
      const { includeFields } = subscription
      const fields =
        includeFields.length === 0
          ? payload
          : Object.fromEntries(includeFields.filter((name) => name in payload).map((name) => [name, payload[name]]))
      const body = new TextEncoder().encode(jsonText(fields))
      const delivery: Delivery = {
        subscription,
        body,
        beganAtMs: nowMs,
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'Shopify-Captain-Hook',
          'X-Shopify-Topic': topicHeader(topic),
          'X-Shopify-Hmac-Sha256': createHmac('sha256', input.secret).update(body).digest('base64'),
          'X-Shopify-Shop-Domain': input.shopDomain,
          'X-Shopify-API-Version': apiVersion,
          'X-Shopify-Webhook-Id': ports.random.uuid(),
          'X-Shopify-Event-Id': eventId,
          'X-Shopify-Triggered-At': new Date(nowMs).toISOString(),
          ...(subscription.name === null ? {} : { 'X-Shopify-Name': subscription.name }),
        },
      }
      if (ports.random.next() < faults.lose) {
        count('webhook lost')
        continue
      }
      const delay = (): number => (ports.random.next() < faults.reorder ? ports.random.next() * faults.reorderWithinMs : 0)
      start(delivery, delay())
      // The second copy is the same delivery: same X-Shopify-Webhook-Id.
      if (ports.random.next() < faults.duplicate) start(delivery, delay())
    }
  }

  return {
    subscriptions: () => [...subscriptions.values()],
    subscribe: (wanted) => {
      const taken = [...subscriptions.values()].some((each) => each.topic === wanted.topic && each.uri === wanted.uri)
      if (taken || subscriptions.size >= maxSubscriptions) return null
      const sequence = subscriptionCount++
      const subscription = { ...wanted, sequence, id: numericId('WebhookSubscription', sequence), createdAtMs: ports.clock.nowMs() }
      subscriptions.set(subscription.id, subscription)
      return subscription
    },
    unsubscribe: (id) => subscriptions.delete(id),
    publish,
    close: async () => {
      closing.abort()
      await Promise.all(running)
    },
  }
}
