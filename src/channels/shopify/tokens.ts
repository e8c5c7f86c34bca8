// The access token by client-credentials grant: POST {shop}/admin/oauth/access_token, 24 hours, no refresh token (source: shopify.dev,
// client credentials grant). One request at a time, whoever waits; renewed before it ends. Nothing of the caller's request has left
// when this fails, so no failure here is ambiguous.
import { BelayError } from '../../domain/errors.ts'
import { type Answer, ExchangeFailure } from '../http/exchange.ts'
import type { ShopifyPorts } from './client.ts'
import type { ShopifyConfig } from './config.ts'
import { quoted } from './errors.ts'
import { post } from './transport.ts'

export interface Tokens {
  /** Throws BelayError: channel-unreachable, channel-throttled or channel-credentials-rejected. */
  get(signal: AbortSignal): Promise<string>
  /** The shop refused this token: true when another attempt with a new one makes sense. */
  refused(token: string): boolean
}

const operation = 'access_token'
/** Renewed this long before the platform's own end, or at half of a shorter life. */
const marginMs = 300_000
const assumedLifetimeMs = 3_600_000
/** A refused token is exchanged at most this often, so that an uninstalled app does not become a stream of logins. */
const renewalPauseMs = 10_000

const parsed = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const refusal = (answer: Answer, nowMs: number): BelayError => {
  const body = parsed(answer.text)
  const told = [body['error'], body['error_description']].filter((part): part is string => typeof part === 'string').join(': ')
  const text = `the token request was answered ${answer.status}${told === '' ? '' : ` (${quoted(told)})`}`
  if (answer.status === 429) return new BelayError('channel-throttled', text, { retryAtMs: nowMs + 2_000 })
  if (answer.status >= 500 || answer.status === 408) return new BelayError('channel-unreachable', text)
  return new BelayError('channel-credentials-rejected', text, {
    fix: 'Check clientId and clientSecret of the channel, that the app belongs to the same organisation as the shop, and that it is installed.',
  })
}

/** Waits for what others wait for too; this caller alone may give up. */
const unlessStopped = async <T>(shared: Promise<T>, signal: AbortSignal): Promise<T> => {
  const stopped = Promise.withResolvers<never>()
  const stop = (): void => stopped.reject(new BelayError('channel-unreachable', 'stopped before it was sent'))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([stopped.promise, shared])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

export const createTokens = (config: ShopifyConfig, ports: ShopifyPorts): Tokens => {
  let current: { readonly token: string; readonly untilMs: number } | null = null
  let underWay: Promise<string> | null = null
  let renewedAtMs = -Infinity

  const ask = async (): Promise<Answer> => {
    try {
      return await post(ports, {
        address: `${config.shopUrl}/admin/oauth/access_token`,
        headers: {},
        body: JSON.stringify({ client_id: config.clientId, client_secret: config.clientSecret, grant_type: 'client_credentials' }),
        timeoutMs: config.requestTimeoutMs,
        // Shared by all who wait: no single caller may stop it.
        signal: new AbortController().signal,
      })
    } catch (error) {
      if (!(error instanceof ExchangeFailure)) throw error
      throw new BelayError('channel-unreachable', `${operation}: ${error.message}`, { cause: error })
    }
  }

  const obtain = async (): Promise<string> => {
    const startedAtMs = ports.clock.nowMs()
    const report = (outcome: 'ok' | 'throttled' | 'rejected' | 'failed'): void =>
      ports.observer.request(operation, outcome, ports.clock.nowMs() - startedAtMs)
    try {
      const answer = await ask()
      if (answer.status !== 200) throw refusal(answer, ports.clock.nowMs())
      const body = parsed(answer.text)
      const token = body['access_token']
      if (typeof token !== 'string' || token === '') throw new BelayError('channel-unreachable', `${operation}: the answer has no token`)
      const seconds = body['expires_in']
      const lifetimeMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : assumedLifetimeMs
      // Counted from before the request was sent, so that it never outlives the platform's own count.
      current = { token, untilMs: startedAtMs + lifetimeMs - Math.min(marginMs, lifetimeMs / 2) }
      report('ok')
      return token
    } catch (error) {
      if (!(error instanceof BelayError)) throw error
      report(error.kind === 'throttled' ? 'throttled' : error.kind === 'permanent' ? 'rejected' : 'failed')
      ports.observer.error(operation, error.code, error.message, ports.clock.nowMs())
      throw error
    } finally {
      underWay = null
    }
  }

  return {
    get: async (signal) => {
      if (current && ports.clock.nowMs() < current.untilMs) return current.token
      underWay ??= obtain()
      return unlessStopped(underWay, signal)
    },
    refused: (token) => {
      // Another caller may have renewed it while this one waited for its answer.
      if (current?.token !== token) return true
      const nowMs = ports.clock.nowMs()
      if (nowMs - renewedAtMs < renewalPauseMs) return false
      renewedAtMs = nowMs
      current = null
      return true
    },
  }
}
