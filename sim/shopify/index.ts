// The simulated shop behind one fetch handler: tokens, Admin GraphQL 2026-10, bulk results, webhooks out, and a market to shop in.
//   POST /admin/oauth/access_token           client-credentials grant
//   POST /admin/api/2026-10/graphql.json     the official schema, executed
//   GET  /bulk/{id}.jsonl                    result of a bulk operation
// Faults: throttle (the bucket is found empty), errorBefore (500, nothing happened), errorAfter (a mutation took effect, then the promise
// rejects as fetch does on a broken connection), duplicate / reorder / lose (webhooks). acceptedNeverApplied has no meaning here: Shopify's
// inventory writes are synchronous.
import { Hono } from 'hono'
import { noFaults, type SimulatedOrder, type Simulator } from '../simulator.ts'
import { createBackstage } from './backstage.ts'
import { createBulkOperations, type BulkOperations } from './bulk.ts'
import { createBucket } from './cost.ts'
import { createGraphqlServer } from './graphql.ts'
import { apiVersion, type ShopifySimulatorOptions } from './options.ts'
import type { Order } from './orders.ts'
import { createRoot } from './root.ts'
import { createShop, type Shop } from './shop.ts'
import { booksOf } from './stock.ts'
import { createTokens } from './tokens.ts'

/** [third party: bucket = 20 s of restoring] */
const bucketSeconds = 20
const defaultBulkDurationMs = 2_000
/** Larger bodies are refused; 250 inventory quantities are about 60 kB. */
const maxBodyBytes = 2_000_000

interface Bindings {
  /** Set by a handler whose answer must not arrive. */
  breakConnection: boolean
}

const simulatedOrder = (order: Order): SimulatedOrder => ({
  orderId: order.id,
  createdAtMs: order.createdAtMs,
  lines: order.lines.map((line) => ({ lineId: line.id, externalId: line.level.externalId, quantity: line.quantity })),
})

/** Piece by piece, as the reader asks for it. */
const streamOf = (pieces: readonly string[]): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  let next = 0
  return new ReadableStream({
    pull: (controller) => {
      const piece = pieces[next++]
      if (piece === undefined) controller.close()
      else controller.enqueue(encoder.encode(piece))
    },
  })
}

const createMarket = (shop: Shop): Simulator['market'] => {
  const { stock, orders } = shop
  const tracked = () => [...stock.levels()].filter((level) => level.item.tracked)
  return {
    offers: () => tracked().map((level) => ({ externalId: level.externalId, sku: level.item.sku, title: level.item.title })),
    liveQuantity: (externalId) => {
      const level = stock.level(externalId)
      if (!level) throw new RangeError(`no offer ${externalId} in the simulated shop`)
      return level.quantities.available
    },
    buy: (lines, claim) => {
      const wanted = lines.map(({ externalId, quantity }) => {
        const level = stock.level(externalId)
        if (!level) throw new RangeError(`no offer ${externalId} in the simulated shop`)
        if (!Number.isSafeInteger(quantity) || quantity < 1) throw new RangeError(`a shopper cannot buy ${quantity} units`)
        return { level, quantity }
      })
      const order = wanted.length === 0 ? null : shop.place(wanted, claim?.claimed === true)
      return order ? simulatedOrder(order) : null
    },
    cancel: (orderId, { restock, lineId, quantity }) => {
      const order = orders.order(orderId)
      return order !== undefined && shop.cancel(order, { restock, lineId, quantity, reason: 'CUSTOMER' })
    },
    grow: (orderId, lineId) => {
      const order = orders.order(orderId)
      return order !== undefined && shop.isRouted(order) && shop.grow(order, lineId)
    },
    ship: (orderId) => {
      const order = orders.order(orderId)
      return order !== undefined && shop.isRouted(order) && shop.ship(order)
    },
    books: () => tracked().map(booksOf),
    orders: () => orders.all().map(simulatedOrder),
    isCancelled: (orderId) => orders.order(orderId)?.cancelledAtMs != null,
  }
}

/** What fetch rejects with when the connection breaks before the answer. */
const brokenConnection = (): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }) })

export const createShopifySimulator = (options: ShopifySimulatorOptions): Simulator => {
  const { clock, random } = options.ports
  const faults = noFaults()
  const counts: Record<string, number> = {}
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  const shop = createShop(options, faults, count)
  const tokens = createTokens(options, shop.scopes)
  const restoreRate = options.plan?.restorePointsPerSecond ?? 100
  const bucket = createBucket(options.plan?.bucketPoints ?? restoreRate * bucketSeconds, restoreRate, clock.nowMs())
  const root = createRoot(shop, (): BulkOperations => bulk)
  const graphql = createGraphqlServer(options, shop.scopes, bucket, root, shop.nowMs)
  const bulk = createBulkOperations({
    nowMs: shop.nowMs,
    durationMs: options.bulkDurationMs ?? defaultBulkDurationMs,
    rootValue: () => root.query,
    fieldResolver: graphql.fieldResolver,
  })
  const chance = (probability: number): boolean => probability > 0 && random.next() < probability

  const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
    new Response(JSON.stringify(body), {
      status,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'X-Shopify-API-Version': apiVersion,
        'X-Request-Id': random.uuid(),
        ...headers,
      },
    })
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      return undefined
    }
  }

  const app = new Hono<{ Bindings: Bindings }>()
  app.use(async (context, next) => {
    const { hostname } = new URL(context.req.url)
    if (hostname.endsWith('.myshopify.com') && hostname !== shop.domain) return json(404, { errors: 'Not Found' })
    if (Number(context.req.header('content-length') ?? 0) > maxBodyBytes) return json(413, { errors: 'Payload Too Large' })
    if (chance(faults.errorBefore)) {
      count('errorBefore')
      return json(500, { errors: 'Internal Server Error' })
    }
    await next()
  })
  app.post('/admin/oauth/access_token', async (context) => {
    const text = await context.req.text()
    count('oauth.access_token')
    const form = context.req.header('content-type')?.startsWith('application/x-www-form-urlencoded')
    const fields = form ? Object.fromEntries(new URLSearchParams(text)) : parsed(text)
    const { status, body } = tokens.grant(typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : {})
    return json(status, body)
  })
  app.post('/admin/api/:version/graphql.json', async (context) => {
    if (context.req.param('version') !== apiVersion) return json(404, { errors: `Not Found: only version ${apiVersion} is simulated` })
    const text = await context.req.text()
    if (!tokens.isValid(context.req.header('x-shopify-access-token') ?? null)) {
      count('unauthorized')
      return json(401, { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' })
    }
    const body = parsed(text)
    if (body === undefined) return json(400, { errors: 'The request body is not valid JSON' })
    const { origin } = new URL(context.req.url)
    const answer = graphql.answer(body, { bulk: false, origin }, chance(faults.throttle))
    for (const operation of answer.operations) count(operation)
    if (answer.operations.length === 0) count('refused')
    if (answer.wrote && chance(faults.errorAfter)) {
      count('errorAfter')
      context.env.breakConnection = true
    }
    return json(answer.status, answer.body, answer.status === 429 ? { 'Retry-After': '1.0' } : {})
  })
  app.get('/bulk/:file', (context) => {
    const lines = bulk.lines(context.req.param('file').replace(/\.jsonl$/, ''))
    return lines === undefined
      ? json(404, { errors: 'Not Found' })
      : new Response(streamOf(lines), { headers: { 'Content-Type': 'application/jsonl' } })
  })
  app.notFound(() => json(404, { errors: 'Not Found' }))

  const delay = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (ms > 0) await clock.sleep(ms, signal)
    signal.throwIfAborted()
  }

  return {
    platform: 'shopify',
    faults,
    market: createMarket(shop),
    backstage: createBackstage(shop),
    requestCounts: () => ({ ...counts }),
    fetch: async (request) => {
      // The effect falls at a random instant of the answer's delay; a caller who gives up before it prevents it, later he does not.
      const totalMs = (options.answerDelayMs ?? 0) * (options.answerDelayMs ? random.next() : 0)
      const beforeMs = totalMs === 0 ? 0 : totalMs * random.next()
      await delay(beforeMs, request.signal)
      const bindings: Bindings = { breakConnection: false }
      const response = await app.fetch(request, bindings)
      await delay(totalMs - beforeMs, request.signal)
      if (bindings.breakConnection) throw brokenConnection()
      return response
    },
    close: () => shop.close(),
  }
}
