// Amazon's vendor side as a script: each request is held to the official model before it is answered, each good answer too, so that a test
// of the adapter cannot pass on a request that Amazon would refuse. It answers what the test says and keeps no stock of its own.
import type { Fetch } from '../../src/ports/channel.ts'
import type { ChannelObserver } from '../../src/ports/metrics.ts'
import type { Random } from '../../src/ports/random.ts'
import { seededRandom } from './seeded-random.ts'
import { createSwaggerContract } from './swagger.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

const contracts = [
  'vendorDirectFulfillmentInventoryV1.json',
  'vendorDirectFulfillmentOrders_2021-12-28.json',
  'vendorDirectFulfillmentTransactions_2021-12-28.json',
  'vendorOrders.json',
  'vendorTransactionStatus.json',
  'tokens_2021-03-01.json',
].map((model) => createSwaggerContract(model))

export interface SeenRequest {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
  readonly token: string
}

export interface Reply {
  readonly status: number
  readonly body?: unknown
  /** The answer never comes. */
  readonly lost?: boolean
}

export interface ScriptedVendor {
  readonly fetch: Fetch
  readonly clock: VirtualClock
  readonly random: Random
  readonly observer: ChannelObserver
  /** What the observer was told. */
  readonly errors: readonly { readonly operation: string; readonly code: string; readonly message: string }[]
  readonly requests: readonly SeenRequest[]
  /** Throws when a request or a scripted answer left the models. */
  assertNoProblems(): void
  /** Answers the operation, or `{operation} {path}` where two models use the same name. */
  on(operation: string, reply: (request: SeenRequest) => Reply): void
  seen(operation: string): readonly SeenRequest[]
}

const json = (status: number, body: unknown): Response =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

export const createScriptedVendor = (): ScriptedVendor => {
  const clock = createVirtualClock()
  const errors: { operation: string; code: string; message: string }[] = []
  const problems: string[] = []
  const replies = new Map<string, (request: SeenRequest) => Reply>()
  const requests: SeenRequest[] = []

  const fail = (problem: string): Error => {
    problems.push(problem)
    return new Error(problem)
  }

  const bodyOf = async (request: Request): Promise<unknown> => {
    const text = await request.text()
    return text === '' ? undefined : JSON.parse(text)
  }

  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (url.pathname === '/auth/o2/token')
      return json(200, { access_token: 'Atza|access', token_type: 'bearer', expires_in: 3600, refresh_token: 'Atzr|refresh' })
    const body = await bodyOf(request)
    const contract = contracts.find((each) => each.operationOf({ method: request.method, url: request.url }) !== null)
    const operation = contract?.operationOf({ method: request.method, url: request.url })
    if (!contract || !operation) throw fail(`no model has ${request.method} ${url.pathname}`)
    const headers = new Headers(init?.headers)
    const wrongRequest = contract.validateRequest({ method: request.method, url: request.url, headers, body })
    if (wrongRequest.length > 0) throw fail(`${operation} would be refused: ${wrongRequest.join('; ')}`)
    if (operation === 'createRestrictedDataToken') return json(200, { restrictedDataToken: 'Atz.sprdt|restricted', expiresIn: 3600 })
    const seen: SeenRequest = {
      operation,
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body,
      token: headers.get('x-amz-access-token') ?? '',
    }
    requests.push(seen)
    const reply = replies.get(`${operation} ${url.pathname}`)?.(seen) ?? replies.get(operation)?.(seen)
    if (!reply) throw fail(`the script has no answer for ${operation}`)
    if (reply.lost) throw new TypeError('fetch failed', { cause: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }) })
    if (reply.status < 300) {
      const wrong = contract.validateResponse({ method: request.method, url: request.url, status: reply.status, body: reply.body })
      if (wrong.length > 0) throw fail(`the script answers what the model does not allow: ${wrong.join('; ')}`)
    }
    return json(reply.status, reply.body)
  }

  return {
    fetch,
    clock,
    random: seededRandom(1),
    observer: { request: () => {}, error: (operation, code, message) => errors.push({ operation, code, message }) },
    errors,
    requests,
    assertNoProblems: () => {
      if (problems.length > 0) throw new Error(problems.join('\n'))
    },
    on: (operation, reply) => replies.set(operation, reply),
    seen: (operation) => requests.filter((each) => each.operation === operation),
  }
}
