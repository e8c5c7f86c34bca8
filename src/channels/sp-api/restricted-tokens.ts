// Restricted data tokens (source: tokens_2021-03-01.json): an answer that carries buyer data wants one, made for its method and path,
// in place of the access token. Kept for 55 of their 60 minutes, one request at a time for each resource.
import { BelayError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RateLimit } from './buckets.ts'
import type { SpApiAnswer, SpApiCall } from './client.ts'
import type { components } from './generated/tokens.ts'
import { createSharedCache, type SharedCache } from './shared-cache.ts'

type TokenRequest = components['schemas']['CreateRestrictedDataTokenRequest']

export interface RestrictedResource {
  readonly method: components['schemas']['RestrictedResource']['method']
  readonly path: string
  readonly dataElements: readonly string[]
}

export const restrictedTokenOperation = 'createRestrictedDataToken'
export const restrictedTokenLimit: RateLimit = { ratePerSecond: 1, burst: 10 }

/** One for each path in use; getOrder has a path for each order. */
const maxTokens = 32
const defaultLifetimeMs = 3_600_000
/** Obtained anew this long before the platform's own end. */
const marginMs = 300_000

export const createRestrictedTokens = (
  clock: Clock,
  send: (call: SpApiCall) => Promise<SpApiAnswer<{ readonly restrictedDataToken?: unknown; readonly expiresIn?: unknown } | null>>,
): SharedCache<RestrictedResource> =>
  createSharedCache<RestrictedResource>({
    clock,
    maxEntries: maxTokens,
    keyOf: (resource) => [resource.method, resource.path, ...resource.dataElements].join('\n'),
    obtain: async ({ method, path, dataElements }) => {
      const startedAtMs = clock.nowMs()
      const body: TokenRequest = {
        restrictedResources: [{ method, path, ...(dataElements.length === 0 ? {} : { dataElements }) }],
      }
      const answer = await send({
        operation: restrictedTokenOperation,
        method: 'POST',
        path: '/tokens/2021-03-01/restrictedDataToken',
        body,
        // Shared by all who wait: no single caller may stop it.
        signal: new AbortController().signal,
        write: false,
      })
      const value = answer.body?.restrictedDataToken
      if (typeof value !== 'string' || value === '')
        throw new BelayError('channel-answer-malformed', `${restrictedTokenOperation}: the answer has no token`)
      const expiresIn = answer.body?.expiresIn
      const lifetimeMs = typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn * 1000 : defaultLifetimeMs
      return { value, untilMs: startedAtMs + lifetimeMs - Math.min(marginMs, lifetimeMs / 2) }
    },
  })
