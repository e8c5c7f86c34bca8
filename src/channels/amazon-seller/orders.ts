// Reading orders. `orders` finds them by their time of creation, which never changes: a window that was read is complete for ever, and
// that carries the watermark. A search by time of update cannot: an order created in the window and updated in the last two minutes,
// which no search may ask for, is in none of its pages, and an update between two pages moves an order out of them. `changes` searches
// by update all the same, for what happened to older orders; being late there only keeps stock reserved for longer.
import { BelayError, isBelayError } from '../../domain/errors.ts'
import type { OrderFact } from '../../domain/orders.ts'
import type { PollRequest, PollResult } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import { awaitCapacity, type SellerClient } from './client.ts'
import type { AmazonSellerConfig } from './config.ts'
import {
  defaultPollEveryMs,
  maxFetchWaitMs,
  maxOrderPages,
  maxPageAttempts,
  maxPageWaitMs,
  maxWindowMs,
  type OrderStream,
  searchDelayMs,
} from './limits.ts'
import { orderFact } from './map.ts'

export interface OrderReading {
  readonly config: AmazonSellerConfig
  readonly api: SpApiClient
  readonly client: SellerClient
  readonly clock: Clock
}

const isStream = (name: string): name is OrderStream => Object.hasOwn(defaultPollEveryMs, name)

interface Window {
  readonly stream: OrderStream
  readonly afterMs: number
  readonly beforeMs: number
}

/** One page; waits for budget on the clock, and asks again for a page that was throttled. Bounded in both. */
const readPage = async (reading: OrderReading, window: Window, token: string | undefined, signal: AbortSignal) => {
  for (let attempt = 1; ; attempt++) {
    await awaitCapacity(reading.api, reading.clock, { operation: 'searchOrders', maxWaitMs: maxPageWaitMs, signal })
    try {
      return await reading.client.searchOrders(window, null, token, signal)
    } catch (error) {
      if (!isBelayError(error, 'channel-throttled') || attempt >= maxPageAttempts) throw error
    }
  }
}

export const pollOrders = async (reading: OrderReading, request: PollRequest): Promise<PollResult> => {
  if (!isStream(request.stream)) throw new Error(`amazon-seller has no order stream ${request.stream}`)
  const beforeMs = Math.min(request.nowMs - searchDelayMs, request.sinceMs + maxWindowMs)
  // Nothing that may be asked for yet; all up to there was read before.
  if (beforeMs <= request.sinceMs) return { throughMs: beforeMs, undecidedSinceMs: null }
  const window: Window = { stream: request.stream, afterMs: request.sinceMs, beforeMs }
  let throughMs = beforeMs
  let token: string | undefined
  for (let page = 0; page < maxOrderPages; page++) {
    const answer = await readPage(reading, window, token, request.signal)
    const answeredMs = window.stream === 'orders' ? answer.createdBefore : answer.lastUpdatedBefore
    throughMs = Math.min(throughMs, answeredMs ?? throughMs)
    await request.onPage(answer.orders.flatMap((order) => orderFact(reading.config.id, order) ?? []))
    token = answer.pagination?.nextToken ?? undefined
    if (token === undefined) return { throughMs, undecidedSinceMs: null }
  }
  throw new BelayError('channel-answer-malformed', `searchOrders did not end after ${maxOrderPages} pages`, {
    fix: 'Ask Amazon for a higher rate of searchOrders: the account has more orders a day than its plan can read.',
  })
}

export const fetchOrders = async (
  reading: OrderReading,
  orderIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly OrderFact[]> => {
  const facts: OrderFact[] = []
  for (const orderId of orderIds) {
    await awaitCapacity(reading.api, reading.clock, { operation: 'getOrder', maxWaitMs: maxFetchWaitMs, signal })
    const answer = await reading.client.getOrder(orderId, signal)
    const fact = answer && orderFact(reading.config.id, answer.order)
    if (fact) facts.push(fact)
  }
  return facts
}
