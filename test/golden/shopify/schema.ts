// The official schema, and a shop that answers from plain objects through it: every document is validated, its variables are coerced and
// its answer is completed by graphql-js, so that no test rests on a question or an answer that Shopify could not have.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { buildSchema, execute, type ExecutionResult, GraphQLError, type GraphQLSchema, parse, validate } from 'graphql'
import type { Fetch } from '../../../src/ports/channel.ts'

let schema: GraphQLSchema | null = null

export const shopifySchema = (): GraphQLSchema => {
  schema ??= buildSchema(gunzipSync(readFileSync(new URL('admin_2026-10.graphql.gz', import.meta.url))).toString('utf8'), {
    assumeValid: true,
  })
  return schema
}

export interface SentRequest {
  /** Name of the operation in its document. */
  readonly name: string
  readonly document: string
  // What a test looks at is known to it.
  readonly variables: Readonly<Record<string, unknown>>
  readonly token: string | null
}

export interface Shop {
  readonly fetch: Fetch
  readonly requests: SentRequest[]
  readonly tokenRequests: unknown[]
  /** Resolvers by field of the query and mutation roots. */
  readonly root: Record<string, unknown>
  /** Points told with each answer. */
  throttleStatus: { maximumAvailable: number; currentlyAvailable: number; restoreRate: number }
  requestedCost: number
  /** Answers instead of the schema while it gives something. */
  intercept: ((request: SentRequest) => Response | Promise<Response> | null) | null
  /** Answers token requests while it gives something. */
  interceptToken: (() => Response | Promise<Response> | null) | null
  tokenLifetimeSeconds: number
  /** Answers every other address: where results of bulk operations lie. */
  file: ((headers: Headers) => Response) | null
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

export const createShop = (root: Record<string, unknown> = {}): Shop => {
  let tokens = 0
  const answer = async (request: SentRequest): Promise<ExecutionResult> => {
    const document = parse(request.document)
    const problems = validate(shopifySchema(), document)
    if (problems.length > 0) throw new Error(`the schema refuses ${request.name}: ${problems.map((p) => p.message).join('; ')}`)
    const result = await execute({ schema: shopifySchema(), document, rootValue: shop.root, variableValues: request.variables })
    const bad = result.errors?.find((error) => !(error.originalError instanceof GraphQLError))
    if (bad && !bad.extensions['code']) throw new Error(`the schema refuses ${request.name} or its fixture: ${bad.message}`)
    return result
  }
  const shop: Shop = {
    requests: [],
    tokenRequests: [],
    root,
    throttleStatus: { maximumAvailable: 2000, currentlyAvailable: 1990, restoreRate: 100 },
    requestedCost: 10,
    intercept: null,
    interceptToken: null,
    tokenLifetimeSeconds: 86_399,
    file: null,
    fetch: async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      const body = JSON.parse(typeof init?.body === 'string' ? init.body : '{}')
      if (pathname === '/admin/oauth/access_token') {
        shop.tokenRequests.push(body)
        const instead = shop.interceptToken?.()
        if (instead) return instead
        tokens++
        return json({ access_token: `shpat_${tokens}`, scope: 'read_orders', expires_in: shop.tokenLifetimeSeconds })
      }
      if (pathname !== '/admin/api/2026-10/graphql.json')
        return shop.file?.(new Headers(init?.headers)) ?? new Response('Not Found', { status: 404 })
      const request: SentRequest = {
        name: /(?:query|mutation)\s+(\w+)/.exec(body.query)?.[1] ?? '',
        document: body.query,
        variables: body.variables,
        token: new Headers(init?.headers).get('x-shopify-access-token'),
      }
      shop.requests.push(request)
      const instead = await shop.intercept?.(request)
      if (instead) return instead
      return json({
        ...(await answer(request)),
        extensions: { cost: { requestedQueryCost: shop.requestedCost, actualQueryCost: 1, throttleStatus: shop.throttleStatus } },
      })
    },
  }
  return shop
}

export const throttledResponse = (status = 200): Response =>
  json(
    {
      errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' } }],
      extensions: {
        cost: {
          requestedQueryCost: 752,
          actualQueryCost: null,
          throttleStatus: { maximumAvailable: 1000, currentlyAvailable: 666, restoreRate: 50 },
        },
      },
    },
    status,
  )

export const errorResponse = (code: string, message: string, data?: unknown): Response =>
  json({ ...(data === undefined ? {} : { data }), errors: [{ message, extensions: { code } }] })
