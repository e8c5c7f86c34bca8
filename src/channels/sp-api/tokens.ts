// Access tokens from Login with Amazon (source: SP-API developer guide, "Connecting to the Selling Partner API"): a refresh_token grant
// for what the selling partner authorised, a client_credentials grant for grantless operations. One request at a time for each
// grant, whoever waits; kept for 55 of its 60 minutes. Nothing of the caller's write has left when this fails, so no failure here is
// ambiguous.
import { BelayError } from '../../domain/errors.ts'
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import { type Answer, ExchangeFailure, exchange } from '../http/exchange.ts'
import { tokenAddress } from './endpoints.ts'
import { quoted } from './errors.ts'
import { createSharedCache } from './shared-cache.ts'

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

export type Grant = { readonly kind: 'seller' } | { readonly kind: 'grantless'; readonly scope: string }

export interface Tokens {
  get(grant: Grant): Promise<string>
  /** The token was refused: the next `get` obtains another, unless that happened moments ago. True: it will. */
  refused(grant: Grant, token: string): boolean
}

/** A refused token is exchanged at most this often, so that a missing permission does not become a stream of logins. */
const renewalPauseMs = 10_000
/** Obtained anew this long before the platform's own end. */
const marginMs = 300_000
const operation = 'getAccessToken'

const keyOf = (grant: Grant): string => (grant.kind === 'seller' ? '' : grant.scope)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const textField = (body: unknown, name: string): string => {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' ? value : ''
}

const refused = (answer: Answer, body: unknown, retryAtMs: number): BelayError => {
  const told = [textField(body, 'error'), textField(body, 'error_description')].filter((part) => part !== '').join(': ')
  const text = `Login with Amazon answered ${answer.status}${told === '' ? '' : ` (${quoted(told)})`}`
  if (answer.status === 429) return new BelayError('channel-throttled', text, { retryAtMs })
  if (answer.status >= 500 || answer.status === 408) return new BelayError('channel-unreachable', text)
  return new BelayError('channel-credentials-rejected', text, {
    fix: 'Check client id, client secret (it must be rotated regularly) and refresh token of this channel.',
  })
}

export const createTokens = (options: {
  readonly lwaEndpoint: string
  readonly credentials: Credentials
  readonly userAgent: string
  readonly timeoutMs: number
  readonly ports: { readonly fetch: Fetch; readonly clock: Clock; readonly observer: ChannelObserver }
}): Tokens => {
  const { credentials, ports } = options
  const address = tokenAddress(options.lwaEndpoint)
  const renewedAtMs = new Map<string, number>()

  const send = async (grant: Grant): Promise<Answer> => {
    const form = new URLSearchParams(
      grant.kind === 'seller'
        ? { grant_type: 'refresh_token', refresh_token: credentials.refreshToken }
        : { grant_type: 'client_credentials', scope: grant.scope },
    )
    form.set('client_id', credentials.clientId)
    form.set('client_secret', credentials.clientSecret)
    try {
      return await exchange(ports, address, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
          accept: 'application/json',
          'user-agent': options.userAgent,
        },
        body: form.toString(),
        timeoutMs: options.timeoutMs,
        // Shared by all who wait: no single caller may stop it.
        signal: new AbortController().signal,
      })
    } catch (error) {
      if (!(error instanceof ExchangeFailure)) throw error
      throw new BelayError('channel-unreachable', `Login with Amazon: ${error.message}`, { cause: error })
    }
  }

  const obtain = async (grant: Grant): Promise<{ readonly value: string; readonly untilMs: number }> => {
    const startedAtMs = ports.clock.nowMs()
    const report = (outcome: 'ok' | 'throttled' | 'rejected' | 'failed'): void =>
      ports.observer.request(operation, outcome, ports.clock.nowMs() - startedAtMs)
    try {
      const answer = await send(grant)
      const body = parse(answer.text)
      if (answer.status !== 200) throw refused(answer, body, ports.clock.nowMs() + 1000)
      const value = textField(body, 'access_token')
      const expiresIn = (body as { readonly expires_in?: unknown } | null)?.expires_in
      const lifetimeMs = typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn * 1000 : 3_600_000
      if (value === '') throw new BelayError('channel-unreachable', 'Login with Amazon answered without an access token')
      report('ok')
      // Counted from before the request was sent, so that it never outlives the platform's own count.
      return { value, untilMs: startedAtMs + lifetimeMs - Math.min(marginMs, lifetimeMs / 2) }
    } catch (error) {
      if (!(error instanceof BelayError)) throw error
      report(error.kind === 'throttled' ? 'throttled' : error.kind === 'permanent' ? 'rejected' : 'failed')
      ports.observer.error(operation, error.code, error.message, ports.clock.nowMs())
      throw error
    }
  }

  // One entry for the seller and one for each scope; there are two scopes.
  const cache = createSharedCache<Grant>({ clock: ports.clock, maxEntries: 4, keyOf, obtain })
  return {
    get: (grant) => cache.get(grant),
    refused: (grant, token) => {
      const key = keyOf(grant)
      const atMs = ports.clock.nowMs()
      // Another caller may have renewed it while this one waited for its answer.
      if (!cache.holds(grant, token)) return true
      if (atMs - (renewedAtMs.get(key) ?? -Infinity) < renewalPauseMs) return false
      renewedAtMs.set(key, atMs)
      cache.drop(grant)
      return true
    },
  }
}
