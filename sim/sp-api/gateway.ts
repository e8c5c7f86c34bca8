// The front door of a simulated SP-API account: one fetch handler for login and all operations given to it.
// A request passes, in this order: user agent (400), access token (403), quota (429), fault "before" (500), size and content type (413, 415),
// the model's own description of its parameters and body (400), the operation. Quotas are one token bucket per operation with the model's
// rate and burst: a simulator is one account seen through one application. `x-amzn-RateLimit-Limit` is on the statuses where the model
// declares it, never on 429. Whatever was due by now on the platform happens before the request is looked at.
import type { FaultPlan, SimulatorPorts } from '../simulator.ts'
import type { Agenda } from './agenda.ts'
import { chance, lostAnswer } from './chance.ts'
import { createLogin, type Credentials, type Grant, type Login } from './login.ts'
import { type ApiError, type Arguments, isViolation, loadOperation, type Operation } from './operation.ts'
import { createTokenBucket, type TokenBucket } from './token-bucket.ts'

/** Generous: no operation served here needs more (413 is declared by most models without a figure). */
const maxBodyCharacters = 5_000_000
/** Use case guides: the user-agent header is mandatory and at most 500 characters. */
const maxUserAgentCharacters = 500

export type Answer = { readonly status: number; readonly body: unknown } | { readonly status: number; readonly error: ApiError }

export const answered = (status: number, body: unknown): Answer => ({ status, body })
export const refusal = (status: number, code: string, message: string, details = ''): Answer => ({
  status,
  error: { code, message, details },
})
/** 400 as SP-API words it; `field` is named, its value is not repeated. */
export const invalid = (field: string, message: string): Answer =>
  refusal(400, 'InvalidInput', `Invalid input: '${field}' ${message}`, field)

export interface Endpoint {
  readonly operation: Operation
  /** partner: a token of the selling partner; grantless: of the application alone; restricted: a restricted data token for this resource. */
  readonly access: 'partner' | 'grantless' | 'restricted'
  /** Does it change something (so that its answer can be lost after the effect)? */
  readonly writes: boolean
  /** `origin`: scheme and host that the caller used. */
  readonly handle: (call: Arguments, origin: string) => Answer
}

export interface GatewayOptions {
  readonly ports: SimulatorPorts
  readonly credentials: Credentials
  readonly agenda: Agenda
  readonly faults: FaultPlan
  readonly quotaScale: number
  /** What this account was granted beyond the models: requests per second, by the operation's name. */
  readonly grantedRates?: Readonly<Record<string, number>>
  readonly endpoints: readonly Endpoint[]
  readonly count: (operation: string) => void
}

const tokenPath = '/auth/o2/token'

const jsonResponse = (status: number, body: unknown, headers: Record<string, string>): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

const denied = (reason: string): Answer => refusal(403, 'Unauthorized', 'Access to requested resource is denied.', reason)

const accessRefusal = (endpoint: Endpoint, grant: ReturnType<Login['check']>, pathname: string): Answer | null => {
  if (grant === 'missing') return denied('Access token is missing in the request header.')
  if (grant === 'unknown') return denied('Access token is invalid.')
  if (grant === 'expired') return denied('The access token you provided has expired.')
  if (endpoint.access !== grant.kind) return denied(wrongKind[endpoint.access])
  return coversResource(endpoint, grant, pathname) ? null : denied('The restricted data token does not cover this resource.')
}

const wrongKind = {
  partner: "This operation needs a selling partner's access token.",
  grantless: 'This operation needs an access token of the client_credentials grant.',
  restricted: 'This operation needs a restricted data token.',
} as const

const coversResource = (endpoint: Endpoint, grant: Grant, pathname: string): boolean =>
  grant.kind !== 'restricted' ||
  grant.resources.some(
    (each) => each.method === endpoint.operation.method && (each.path === endpoint.operation.path || each.path === pathname),
  )

/** POST /tokens/2021-03-01/restrictedDataToken: at most 50 resources, each a restricted operation of this account. */
const restrictedDataTokens = (login: Login, restricted: readonly Operation[]): Endpoint => ({
  operation: loadOperation('tokens', 'createRestrictedDataToken'),
  access: 'partner',
  writes: false,
  handle: ({ body }) => {
    const { restrictedResources } = body as { readonly restrictedResources: readonly { readonly method: string; readonly path: string }[] }
    if (restrictedResources.length === 0 || restrictedResources.length > 50)
      return invalid('restrictedResources', 'must name between 1 and 50 resources')
    const wrong = restrictedResources.findIndex(
      (each) => !restricted.some((operation) => operation.method === each.method && operation.match(each.path) !== null),
    )
    if (wrong >= 0) return invalid(`restrictedResources[${wrong}].path`, 'is not a restricted operation of this account')
    return answered(200, login.restrict(restrictedResources))
  },
})

export const createGateway = (options: GatewayOptions): ((request: Request) => Promise<Response>) => {
  const { ports, agenda, faults, quotaScale } = options
  const login = createLogin(options.credentials, ports)
  const restricted = options.endpoints.filter((each) => each.access === 'restricted').map((each) => each.operation)
  const endpoints = [...options.endpoints, restrictedDataTokens(login, restricted)]
  const buckets = new Map<Operation, TokenBucket>()
  let requestNumber = 0

  const rateOf = ({ name, ratePerSecond }: Operation): number => options.grantedRates?.[name] ?? ratePerSecond * quotaScale

  const bucketOf = (operation: Operation): TokenBucket => {
    let bucket = buckets.get(operation)
    if (!bucket) {
      const burst = Math.max(1, Math.floor(operation.burst * quotaScale))
      bucket = createTokenBucket(ports.clock, rateOf(operation), burst)
      buckets.set(operation, bucket)
    }
    return bucket
  }

  const before = (endpoint: Endpoint, request: Request, pathname: string): Answer | null => {
    const userAgent = request.headers.get('user-agent') ?? ''
    if (userAgent === '' || userAgent.length > maxUserAgentCharacters)
      return invalid('user-agent', `must be sent and have at most ${maxUserAgentCharacters} characters`)
    const noAccess = accessRefusal(endpoint, login.check(request.headers.get('x-amz-access-token')), pathname)
    if (noAccess) return noAccess
    if (chance(ports.random, faults.throttle) || !bucketOf(endpoint.operation).take())
      return refusal(429, 'QuotaExceeded', 'You exceeded your quota for the requested resource.')
    if (chance(ports.random, faults.errorBefore))
      return refusal(500, 'InternalFailure', 'We encountered an internal error. Please try again.')
    if (endpoint.operation.takesBody && !(request.headers.get('content-type') ?? '').startsWith('application/json'))
      return refusal(415, 'UnsupportedMediaType', 'The content type must be application/json.')
    return null
  }

  const serve = (endpoint: Endpoint, path: Readonly<Record<string, string>>, url: URL, text: string): Answer => {
    const { operation } = endpoint
    if (text.length > maxBodyCharacters) return refusal(413, 'RequestTooLarge', 'The request size exceeded the maximum accepted size.')
    let body: unknown = null
    if (operation.takesBody) {
      try {
        body = JSON.parse(text)
      } catch {
        return invalid('body', 'is not JSON')
      }
    }
    const call = operation.parse(path, url.searchParams, body)
    return isViolation(call) ? invalid(call.field || 'body', call.message) : endpoint.handle(call, url.origin)
  }

  const respond = (operation: Operation, answer: Answer): Response => {
    const headers: Record<string, string> = { 'x-amzn-RequestId': `00000000-0000-4000-8000-${String(++requestNumber).padStart(12, '0')}` }
    if (operation.tellsRate(answer.status)) headers['x-amzn-RateLimit-Limit'] = String(rateOf(operation))
    return jsonResponse(answer.status, 'error' in answer ? operation.errorBody(answer.status, answer.error) : answer.body, headers)
  }

  const exchange = async (request: Request): Promise<Response> => {
    options.count('lwa.token')
    const form = await request.text()
    if (chance(ports.random, faults.errorBefore)) return jsonResponse(500, { error: 'ServerError', error_description: 'Try again.' }, {})
    const { status, body } = login.exchange(request.headers.get('content-type') ?? '', form)
    return jsonResponse(status, body, { 'cache-control': 'no-store' })
  }

  return async (request) => {
    const url = new URL(request.url)
    if (url.pathname === tokenPath && request.method === 'POST') return exchange(request)
    // Read before anything is decided, so that decisions of concurrent requests follow the order of their arrival.
    const text = request.body ? await request.text() : ''
    agenda.runDue()
    for (const endpoint of endpoints) {
      const path = endpoint.operation.method === request.method ? endpoint.operation.match(url.pathname) : null
      if (!path) continue
      options.count(endpoint.operation.name)
      const answer = before(endpoint, request, url.pathname) ?? serve(endpoint, path, url, text)
      if (endpoint.writes && answer.status < 300 && chance(ports.random, faults.errorAfter)) throw lostAnswer()
      return respond(endpoint.operation, answer)
    }
    return jsonResponse(404, { errors: [{ code: 'NotFound', message: 'The requested resource does not exist.', details: '' }] }, {})
  }
}
