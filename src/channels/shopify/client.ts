// The transport: one call is one GraphQL request, classified on all three planes (errors.ts has the table) and reported once. A request
// that was refused for its token alone, so not carried out, is sent once more with a new token; nothing else is repeated, except that
// `patient` repeats a read that was throttled. Every failure is a BelayError; anything else thrown is a bug.
import { BelayError } from '../../domain/errors.ts'
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import type { Random } from '../../ports/random.ts'
import { type Answer, ExchangeFailure } from '../http/exchange.ts'
import type { ShopifyConfig } from './config.ts'
import { failureError, graphqlError, problemsOf, statusError } from './errors.ts'
import { type CostBucket, createCostBucket, createCostEstimates, type ThrottleStatus, type Urgency } from './limits.ts'
import type { Operation } from './operations.ts'
import { createTokens } from './tokens.ts'
import { post } from './transport.ts'

export interface ShopifyPorts {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: Random
  readonly observer: ChannelObserver
}

export interface Reply<D> {
  readonly data: D
  /** Platform time at or before which the request was sent, from the answer's Date header; null: not told. */
  readonly sentAtPlatformMs: number | null
}

export interface CallOptions {
  readonly signal: AbortSignal
  readonly urgency?: Urgency
  /** From then on it is not sent any more. */
  readonly sendBeforeMs?: number
}

export interface ShopifyClient {
  call<V, D>(operation: Operation<V, D>, variables: V, options: CallOptions): Promise<Reply<D>>
  /** For reads: waits for its turn in the budget, and again when the platform throttles it. In the background: behind all that is live. */
  patient<V, D>(operation: Operation<V, D>, variables: V, signal: AbortSignal, urgency?: 'claimed' | 'background'): Promise<Reply<D>>
  /** Estimated points of a request. */
  costOf<V, D>(operation: Operation<V, D>, variables: V): number
  readonly bucket: CostBucket
  /** A token can be had. */
  authenticate(signal: AbortSignal): Promise<void>
}

/** Times that `patient` is throttled before it gives up; each waits for the budget. */
const maxThrottles = 8
/** Source: @shopify/graphql-client 1.x waits 1 s where no Retry-After is given; doubled. */
const defaultRetryAfterMs = 2_000
const maxRetryAfterMs = 60_000

const retryAfterMsOf = (headers: Headers): number => {
  const text = headers.get('retry-after')
  const seconds = text !== null && /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  return Number.isNaN(seconds) ? defaultRetryAfterMs : Math.min(maxRetryAfterMs, Math.ceil(seconds * 1000))
}

interface Body {
  readonly data: unknown
  readonly errors: unknown
  readonly requestedPoints: number | null
  readonly status: ThrottleStatus | null
}

const record = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null

const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

/** Null: not an object of JSON. GraphQL ids are texts, so nothing here exceeds what a number keeps. */
const parseBody = (text: string): Body | null => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const body = record(value)
  if (!body) return null
  const cost = record(record(body['extensions'])?.['cost'])
  const told = record(cost?.['throttleStatus'])
  const maximumAvailable = numberOf(told?.['maximumAvailable'])
  const currentlyAvailable = numberOf(told?.['currentlyAvailable'])
  const restoreRate = numberOf(told?.['restoreRate'])
  return {
    data: body['data'],
    errors: body['errors'],
    requestedPoints: numberOf(cost?.['requestedQueryCost']),
    status:
      maximumAvailable === null || currentlyAvailable === null || restoreRate === null
        ? null
        : { maximumAvailable, currentlyAvailable, restoreRate },
  }
}

export const createClient = (config: ShopifyConfig, ports: ShopifyPorts): ShopifyClient => {
  const { clock, observer } = ports
  const address = `${config.shopUrl}/admin/api/${config.apiVersion}/graphql.json`
  const tokens = createTokens(config, ports)
  const bucket = createCostBucket(clock)
  const estimates = createCostEstimates()

  const costOf = <V, D>(operation: Operation<V, D>, variables: V): number => estimates.estimate(operation.name, operation.points(variables))

  const throttledLocally = (operation: string, waitMs: number): BelayError =>
    new BelayError('channel-throttled', `${operation}: the shop's budget of points is used up for now`, {
      retryAtMs: clock.nowMs() + waitMs,
    })

  const send = async <V, D>(operation: Operation<V, D>, variables: V, token: string, options: CallOptions): Promise<Answer> => {
    try {
      return await post(ports, {
        address,
        headers: { 'x-shopify-access-token': token },
        body: JSON.stringify({ query: operation.document, variables }),
        timeoutMs: config.requestTimeoutMs,
        signal: options.signal,
        sendBeforeMs: options.sendBeforeMs,
      })
    } catch (error) {
      throw error instanceof ExchangeFailure ? failureError(operation.name, error, operation.write) : error
    }
  }

  const understand = <V, D>(
    operation: Operation<V, D>,
    budget: { readonly points: number; readonly urgency: Urgency },
    answer: Answer,
    body: Body | null,
  ): D => {
    const { name, write } = operation
    // Where the body tells the state of the bucket, that is more exact than a pause.
    const held = answer.status === 429 || answer.status === 430
    if (held && (!body?.status || answer.headers.has('retry-after'))) bucket.pauseUntil(clock.nowMs() + retryAfterMsOf(answer.headers))
    const problems = problemsOf(body?.errors)
    // What the body says counts more than the status beside it: throttled queries are answered 200, or 429, with the same body.
    const answered = answer.status >= 200 && answer.status < 300
    if (problems.length > 0 && (answered || answer.status === 400 || answer.status === 429)) {
      const waitMs = Math.max(100, bucket.waitMs(budget.points, budget.urgency))
      throw graphqlError(name, problems, write, clock.nowMs() + waitMs)
    }
    if (!answered) throw statusError(name, answer.status, write, Math.max(bucket.pausedUntilMs, clock.nowMs() + 100))
    if (!body || body.data === undefined || body.data === null)
      throw new BelayError('channel-answer-malformed', `${name}: the answer is not one of the Admin API`)
    return body.data as D
  }

  /** One request, reported once. */
  const attempt = async <V, D>(operation: Operation<V, D>, variables: V, token: string, options: CallOptions): Promise<Reply<D>> => {
    const { name } = operation
    const formulaPoints = operation.points(variables)
    const points = costOf(operation, variables)
    const urgency = options.urgency ?? 'normal'
    const waitMs = bucket.waitMs(points, urgency)
    if (waitMs > 0) throw throttledLocally(name, waitMs)
    bucket.take(points)
    const startedAtMs = clock.nowMs()
    let status: ThrottleStatus | null = null
    const report = (outcome: 'ok' | 'throttled' | 'rejected' | 'failed'): void =>
      observer.request(name, outcome, clock.nowMs() - startedAtMs)
    let settled = false
    const settle = (): void => {
      if (!settled) bucket.settle(points, status)
      settled = true
    }
    try {
      const answer = await send(operation, variables, token, options)
      const body = parseBody(answer.text)
      status = body?.status ?? null
      if (body?.requestedPoints != null) estimates.learn(name, formulaPoints, body.requestedPoints)
      settle()
      const data = understand<V, D>(operation, { points: costOf(operation, variables), urgency }, answer, body)
      report('ok')
      const dateMs = Date.parse(answer.headers.get('date') ?? '')
      return { data, sentAtPlatformMs: Number.isNaN(dateMs) ? null : dateMs - (clock.nowMs() - startedAtMs) }
    } catch (error) {
      if (!(error instanceof BelayError)) throw error
      report(error.kind === 'throttled' ? 'throttled' : error.kind === 'permanent' ? 'rejected' : 'failed')
      observer.error(name, error.code, error.message, clock.nowMs())
      throw error
    } finally {
      settle()
    }
  }

  const call = async <V, D>(operation: Operation<V, D>, variables: V, options: CallOptions): Promise<Reply<D>> => {
    const token = await tokens.get(options.signal)
    try {
      return await attempt(operation, variables, token, options)
    } catch (error) {
      if (!(error instanceof BelayError) || error.code !== 'channel-credentials-rejected' || !tokens.refused(token)) throw error
      return attempt(operation, variables, await tokens.get(options.signal), options)
    }
  }

  const patient = async <V, D>(
    operation: Operation<V, D>,
    variables: V,
    signal: AbortSignal,
    urgency: 'claimed' | 'background' = 'claimed',
  ): Promise<Reply<D>> => {
    const release = bucket.claim(urgency === 'claimed' ? costOf(operation, variables) : 0)
    try {
      for (let throttles = 0; ; ) {
        if (signal.aborted) throw new BelayError('channel-unreachable', `${operation.name}: stopped before it was sent`)
        const waitMs = bucket.waitMs(costOf(operation, variables), urgency)
        if (waitMs > 0) {
          await clock.sleep(waitMs, signal)
          continue
        }
        try {
          return await call(operation, variables, { signal, urgency })
        } catch (error) {
          if (!(error instanceof BelayError) || error.kind !== 'throttled' || ++throttles > maxThrottles) throw error
          await clock.sleep(Math.max(100, (error.retryAtMs ?? 0) - clock.nowMs()), signal)
        }
      }
    } finally {
      release()
    }
  }

  return {
    call,
    patient,
    costOf,
    bucket,
    authenticate: async (signal) => {
      await tokens.get(signal)
    },
  }
}

/** Makes something of an answer's data; what does not have the documented shape is the platform's malformed answer, not our bug. */
export const understood = <D, R>(operation: string, data: D, read: (data: D) => R): R => {
  try {
    return read(data)
  } catch (error) {
    if (error instanceof BelayError) throw error
    throw new BelayError('channel-answer-malformed', `${operation}: the answer does not have the documented shape`, { cause: error })
  }
}
