// Reads order streams completely: every window, every page, no status filter. An order that cannot be read does not stop the others; it is
// reported, and the poll says from when on it is undecided, so that nothing is called known that is not.
//
// df-orders: getOrders asks by creation only, so orders of the last days are read again every few minutes to see what was cancelled.
// retail-orders: both by creation and by change. Amazon's own example shows that a purchase order that was never changed is not among the
// changed ones (vendorOrders.json: TestPO3).
// Reading back (and asking for changes) also finds orders from before the hub began, shipped or packed long since: taking those for new
// sales would take goods off the shelf that have left it already. So what was created before the first window of this process and is
// answered already is news for orders that the hub has, and nothing else (OrderFact.knownOnly).
// `sortOrder` is never sent: some vendor accounts refuse ASC (field report on getPurchaseOrdersStatus), and order does not matter here.
import { BelayError } from '../../domain/errors.ts'
import type { OrderFact } from '../../domain/orders.ts'
import type { PollRequest, PollResult } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import { answeredStatus } from '../sp-api/errors.ts'
import type { SpApiClient, SpApiQuery } from '../sp-api/client.ts'
import { maxPages, operations, pageSize } from './limits.ts'
import { type MapContext, type Mapped, mapDirectOrder, mapPurchaseOrder, readOrderPage } from './map.ts'
import { isFields } from './fields.ts'
import { isoTime, splitWindow, type Window } from './window.ts'

export const directStream = 'df-orders'
export const retailStream = 'retail-orders'

const directPath = '/vendor/directFulfillment/orders/2021-12-28/purchaseOrders'
const retailPath = '/vendor/orders/v1/purchaseOrders'

interface Source {
  readonly operation: string
  readonly path: string
  readonly envelope: 'bare' | 'payload'
  /** Its answers carry buyer data: a restricted data token is needed. */
  readonly restricted: boolean
  readonly map: (raw: unknown, context: MapContext) => Mapped
}

const direct: Source = { operation: operations.getOrders, path: directPath, envelope: 'bare', restricted: true, map: mapDirectOrder }
const retail: Source = {
  operation: operations.getPurchaseOrders,
  path: retailPath,
  envelope: 'payload',
  restricted: false,
  map: mapPurchaseOrder,
}

export interface PollSettings {
  readonly rescanBackMs: number
  readonly rescanEveryMs: number
}

export interface OrderPoller {
  poll(request: PollRequest): Promise<PollResult>
  /** Orders by number, in direct fulfilment first; a number that neither side knows is left out. */
  fetch(orderIds: readonly string[], signal: AbortSignal): Promise<readonly OrderFact[]>
  /** One small page of each kind that is asked for; throws what the client throws. */
  probe(stream: string, signal: AbortSignal): Promise<void>
}

export interface PollPorts {
  readonly clock: Clock
  readonly observer: ChannelObserver
}

type By = 'created' | 'changed'

const windowQuery = (by: By, window: Window, limit: number): Record<string, string> => ({
  [`${by}After`]: isoTime(window.afterMs),
  [`${by}Before`]: isoTime(window.beforeMs),
  limit: String(limit),
  includeDetails: 'true',
})

const earlier = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b))

export const createOrderPoller = (
  client: SpApiClient,
  context: MapContext,
  streams: readonly string[],
  settings: PollSettings,
  ports: PollPorts,
): OrderPoller => {
  let rescannedAtMs: number | null = null
  const firstSinceMs = new Map<string, number>()

  const ask = async (source: Source, query: SpApiQuery, signal: AbortSignal): Promise<unknown> => {
    const { body } = await client.call<unknown>({
      operation: source.operation,
      method: 'GET',
      path: source.path,
      query,
      ...(source.restricted ? { restricted: { path: source.path } } : {}),
      signal,
      write: false,
    })
    return body
  }

  /** Facts of the documents; the earliest time of those that could not be read. */
  const understand = (
    source: Source,
    documents: readonly unknown[],
    sinceMs: number,
    knownBeforeMs: number,
  ): { facts: OrderFact[]; undecidedSinceMs: number | null } => {
    const facts: OrderFact[] = []
    let undecidedSinceMs: number | null = null
    for (const document of documents) {
      const mapped = source.map(document, context)
      if (mapped.kind === 'fact')
        facts.push(!mapped.fresh && mapped.fact.createdAtMs < knownBeforeMs ? { ...mapped.fact, knownOnly: true } : mapped.fact)
      if (mapped.kind !== 'unreadable') continue
      undecidedSinceMs = earlier(undecidedSinceMs, mapped.createdAtMs ?? sinceMs)
      ports.observer.error(
        source.operation,
        'body-malformed',
        `order ${mapped.orderId ?? '(without a number)'} cannot be read: ${mapped.reason}`,
        ports.clock.nowMs(),
      )
    }
    return { facts, undecidedSinceMs }
  }

  const readWindow = async (source: Source, by: By, window: Window, request: PollRequest): Promise<number | null> => {
    const query = windowQuery(by, window, pageSize)
    const tokens = new Set<string>()
    let undecidedSinceMs: number | null = null
    for (let token: string | null = null; ; ) {
      const page = readOrderPage(
        source.operation,
        await ask(source, token === null ? query : { ...query, nextToken: token }, request.signal),
        source.envelope,
      )
      const read = understand(source, page.orders, window.afterMs, firstSinceMs.get(request.stream) ?? request.sinceMs)
      undecidedSinceMs = earlier(undecidedSinceMs, read.undecidedSinceMs)
      if (read.facts.length > 0) await request.onPage(read.facts)
      token = page.nextToken
      if (token === null) return undecidedSinceMs
      if (tokens.has(token) || tokens.size >= maxPages)
        throw new BelayError('channel-answer-malformed', `${source.operation}: the pages do not end`, {
          fix: 'try again later; if it stays, report it',
        })
      tokens.add(token)
    }
  }

  const readAll = async (source: Source, by: By, sinceMs: number, request: PollRequest): Promise<number | null> => {
    let undecidedSinceMs: number | null = null
    for (const window of splitWindow(sinceMs, request.nowMs))
      undecidedSinceMs = earlier(undecidedSinceMs, await readWindow(source, by, window, request))
    return undecidedSinceMs
  }

  const pollDirect = async (request: PollRequest): Promise<number | null> => {
    const rescan = rescannedAtMs === null || request.nowMs - rescannedAtMs >= settings.rescanEveryMs
    const sinceMs = rescan ? Math.min(request.sinceMs, request.nowMs - settings.rescanBackMs) : request.sinceMs
    const undecidedSinceMs = await readAll(direct, 'created', sinceMs, request)
    if (rescan) rescannedAtMs = request.nowMs
    return undecidedSinceMs
  }

  const pollRetail = async (request: PollRequest): Promise<number | null> =>
    earlier(await readAll(retail, 'created', request.sinceMs, request), await readAll(retail, 'changed', request.sinceMs, request))

  const pollStream = (request: PollRequest): Promise<number | null> => {
    if (request.stream === directStream && streams.includes(directStream)) return pollDirect(request)
    if (request.stream === retailStream && streams.includes(retailStream)) return pollRetail(request)
    throw new BelayError('not-found', `this channel has no stream ${request.stream}`, { fix: `ask for ${streams.join(' or ')}` })
  }

  const fetchOne = async (source: Source, operation: string, orderId: string, signal: AbortSignal): Promise<OrderFact | null> => {
    const path = `${source.path}/${encodeURIComponent(orderId)}`
    try {
      const { body } = await client.call<unknown>({
        operation,
        method: 'GET',
        path,
        // One token for every order: the path with its placeholder (tokens model, RestrictedResource.path).
        ...(source.restricted ? { restricted: { path: `${source.path}/{purchaseOrderNumber}` } } : {}),
        signal,
        write: false,
      })
      const document = source.envelope === 'payload' && isFields(body) ? body.payload : body
      return understand(source, [document], 0, 0).facts[0] ?? null
    } catch (error) {
      const status = answeredStatus(error)
      // 400: the number does not even have the shape of this side's numbers.
      if (status === 404 || status === 400) return null
      throw error
    }
  }

  return {
    poll: async (request) => {
      firstSinceMs.set(request.stream, Math.min(request.sinceMs, firstSinceMs.get(request.stream) ?? request.sinceMs))
      return { undecidedSinceMs: await pollStream(request), throughMs: request.nowMs }
    },
    fetch: async (orderIds, signal) => {
      const facts: OrderFact[] = []
      for (const orderId of orderIds) {
        const fact =
          (streams.includes(directStream) ? await fetchOne(direct, operations.getOrder, orderId, signal) : null) ??
          (streams.includes(retailStream) ? await fetchOne(retail, operations.getPurchaseOrder, orderId, signal) : null)
        if (fact !== null) facts.push(fact)
      }
      return facts
    },
    probe: async (stream, signal) => {
      const nowMs = ports.clock.nowMs()
      const window = { afterMs: nowMs - 1000, beforeMs: nowMs }
      if (stream === directStream) readOrderPage(direct.operation, await ask(direct, windowQuery('created', window, 1), signal), 'bare')
      else readOrderPage(retail.operation, await ask(retail, windowQuery('changed', window, 1), signal), 'payload')
    },
  }
}
