// The transport that both Amazon channels share: tokens, restricted data tokens, rate limits, classification. Thin on purpose: one call
// is one request, never repeated, except that a request refused for its token (so not carried out) is sent once more with a new one.
// Every failure is a BelayError (errors.ts has the table); anything else thrown is a bug.
import { BelayError } from '../../domain/errors.ts'
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import { type Answer, ExchangeFailure, exchange } from '../http/exchange.ts'
import { type Capacity, createBuckets, type RateLimit, type Use } from './buckets.ts'
import { failureError, refusalError } from './errors.ts'
import { createRestrictedTokens, restrictedTokenLimit, restrictedTokenOperation } from './restricted-tokens.ts'
import { type Credentials, createTokens, type Grant } from './tokens.ts'

export interface SpApiPorts {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: Random
  readonly observer: ChannelObserver
}

export interface SpApiClientOptions {
  readonly endpoint: string
  readonly lwaEndpoint: string
  readonly credentials: Credentials
  /** At most 500 characters, of the form `App/1.0 (Language=...)`. */
  readonly userAgent?: string
  readonly timeoutMs?: number
  readonly buckets: Readonly<Record<string, RateLimit>>
  readonly ports: SpApiPorts
}

export type SpApiQuery = Readonly<Record<string, string | readonly string[] | undefined>>

export interface SpApiCall {
  /** The operation's name in its model; names its bucket. */
  readonly operation: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Already percent-encoded. */
  readonly path: string
  /** Arrays are joined with commas (collectionFormat csv of the models). */
  readonly query?: SpApiQuery
  readonly body?: unknown
  /** Buyer data is in the answer: send a restricted data token for this path instead of the access token. */
  readonly restricted?: { readonly path: string; readonly dataElements?: readonly string[] }
  /** Scope of a grantless operation. */
  readonly grantless?: string
  readonly signal: AbortSignal
  /** From then on it is not sent any more. */
  readonly sendBeforeMs?: number
  /** Could it change something? Then an unknown outcome is ambiguous. */
  readonly write: boolean
}

export interface SpApiAnswer<T> {
  readonly status: number
  /** null when the answer has no body. */
  readonly body: T
  /** The answer's Date header, epoch milliseconds. */
  readonly date?: number
}

export interface SpApiClient {
  call<T>(call: SpApiCall): Promise<SpApiAnswer<T>>
  capacity(operation: string, use?: Use): Capacity
}

/** Scope of the notification operations that need no seller (source: notifications model, "grantless operation"). */
export const notificationsScope = 'sellingpartnerapi::notifications'

const defaultUserAgent = 'Belay/0.1 (Language=JavaScript)'
/** Amazon answers within seconds or not at all; the gateway itself gives up at 29 s. */
const defaultTimeoutMs = 30_000
const encodeQuery = (query: SpApiQuery): string =>
  Object.entries(query)
    .flatMap(([name, value]) => {
      if (value === undefined) return []
      const text = typeof value === 'string' ? encodeURIComponent(value) : value.map((each) => encodeURIComponent(each)).join(',')
      return [`${encodeURIComponent(name)}=${text}`]
    })
    .join('&')

/** `20261123T090000Z`. */
const amazonDate = (atMs: number): string => new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '')

const parseBody = (text: string): { readonly ok: boolean; readonly value: unknown } => {
  if (text.trim() === '') return { ok: true, value: null }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, value: null }
  }
}

/** Whole seconds only: the header is not documented for this API, a gateway may add it. */
const retryAfterOf = (headers: Headers): number | null => {
  const text = headers.get('retry-after')
  return text !== null && /^\d{1,5}$/.test(text) ? Number(text) * 1000 : null
}

/** Waits for a token that others wait for too; the caller alone may give up. Nothing of its request has been sent then. */
const waitFor = async <T>(shared: Promise<T>, signal: AbortSignal): Promise<T> => {
  const given = Promise.withResolvers<never>()
  const giveUp = (): void => given.reject(new BelayError('channel-unreachable', 'stopped before it was sent'))
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([given.promise, shared])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

export const createSpApiClient = (options: SpApiClientOptions): SpApiClient => {
  const { ports } = options
  const endpoint = options.endpoint.replace(/\/+$/, '')
  const userAgent = (options.userAgent ?? defaultUserAgent).slice(0, 500)
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const buckets = createBuckets({ [restrictedTokenOperation]: restrictedTokenLimit, ...options.buckets }, ports)
  const tokens = createTokens({ lwaEndpoint: options.lwaEndpoint, credentials: options.credentials, userAgent, timeoutMs, ports })

  const take = (operation: string): void => {
    const retryAtMs = buckets.take(operation)
    if (retryAtMs !== null)
      throw new BelayError('channel-throttled', `${operation}: our share of Amazon's rate limit is used up for now`, { retryAtMs })
  }

  const send = async (call: SpApiCall, token: string): Promise<Answer> => {
    const query = encodeQuery(call.query ?? {})
    try {
      return await exchange(ports, `${endpoint}${call.path}${query === '' ? '' : `?${query}`}`, {
        method: call.method,
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          'x-amz-access-token': token,
          'x-amz-date': amazonDate(ports.clock.nowMs()),
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        timeoutMs,
        signal: call.signal,
        sendBeforeMs: call.sendBeforeMs,
      })
    } catch (error) {
      throw error instanceof ExchangeFailure ? failureError(call.operation, error, call.write) : error
    }
  }

  const understand = <T>(call: SpApiCall, answer: Answer): SpApiAnswer<T> => {
    const body = parseBody(answer.text)
    const rate = answer.headers.get('x-amzn-ratelimit-limit')
    if (rate !== null) buckets.follow(call.operation, Number(rate))
    let retryAtMs = ports.clock.nowMs()
    if (answer.status === 429) retryAtMs = buckets.throttled(call.operation, retryAfterOf(answer.headers))
    else buckets.answered(call.operation)
    if (answer.status < 200 || answer.status >= 300)
      throw refusalError({
        operation: call.operation,
        status: answer.status,
        body: body.value,
        requestId: answer.headers.get('x-amzn-requestid'),
        write: call.write,
        retryAtMs,
      })
    if (!body.ok) throw new BelayError('channel-answer-malformed', `${call.operation}: the answer is not JSON`)
    const dateMs = Date.parse(answer.headers.get('date') ?? '')
    return { status: answer.status, body: body.value as T, ...(Number.isNaN(dateMs) ? {} : { date: dateMs }) }
  }

  /** One request, reported once. */
  const attempt = async <T>(call: SpApiCall, token: string): Promise<SpApiAnswer<T>> => {
    take(call.operation)
    const startedAtMs = ports.clock.nowMs()
    const report = (outcome: 'ok' | 'throttled' | 'rejected' | 'failed'): void =>
      ports.observer.request(call.operation, outcome, ports.clock.nowMs() - startedAtMs)
    try {
      const answer = understand<T>(call, await send(call, token))
      report('ok')
      return answer
    } catch (error) {
      if (!(error instanceof BelayError)) throw error
      report(error.kind === 'throttled' ? 'throttled' : error.kind === 'permanent' ? 'rejected' : 'failed')
      ports.observer.error(call.operation, error.code, error.message, ports.clock.nowMs())
      throw error
    }
  }

  const isTokenRefusal = (error: unknown): boolean =>
    error instanceof BelayError && (error.code === 'channel-permission-missing' || error.code === 'channel-credentials-rejected')

  const withToken = async <T>(call: SpApiCall, grant: Grant): Promise<SpApiAnswer<T>> => {
    const token = await waitFor(tokens.get(grant), call.signal)
    try {
      return await attempt<T>(call, token)
    } catch (error) {
      if (!isTokenRefusal(error) || !tokens.refused(grant, token)) throw error
      return attempt<T>(call, await waitFor(tokens.get(grant), call.signal))
    }
  }

  const restrictedTokens = createRestrictedTokens(ports.clock, (call) => withToken(call, { kind: 'seller' }))

  const withRestrictedToken = async <T>(call: SpApiCall, restricted: NonNullable<SpApiCall['restricted']>): Promise<SpApiAnswer<T>> => {
    if (call.method === 'PATCH') throw new Error('Amazon makes no restricted data tokens for PATCH')
    const resource = { method: call.method, path: restricted.path, dataElements: restricted.dataElements ?? [] }
    const token = await waitFor(restrictedTokens.get(resource), call.signal)
    try {
      return await attempt<T>(call, token)
    } catch (error) {
      if (!isTokenRefusal(error)) throw error
      if (restrictedTokens.holds(resource, token)) restrictedTokens.drop(resource)
      return attempt<T>(call, await waitFor(restrictedTokens.get(resource), call.signal))
    }
  }

  return {
    capacity: (operation, use) => buckets.capacity(operation, use),
    call: async <T>(call: SpApiCall): Promise<SpApiAnswer<T>> => {
      // Asked before a token is obtained: an empty bucket costs no request at all.
      const { items, retryAtMs } = buckets.capacity(call.operation)
      if (items < 1)
        throw new BelayError('channel-throttled', `${call.operation}: our share of Amazon's rate limit is used up for now`, { retryAtMs })
      if (call.restricted) return withRestrictedToken<T>(call, call.restricted)
      return withToken<T>(call, call.grantless === undefined ? { kind: 'seller' } : { kind: 'grantless', scope: call.grantless })
    },
  }
}
