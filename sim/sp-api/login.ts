// Login with Amazon and the restricted data tokens of a simulated SP-API account.
// POST /auth/o2/token takes the refresh_token grant (what a selling partner authorised) and the client_credentials grant (grantless
// operations); tokens live one hour of the simulator's clock. Tokens are unguessable texts that mean nothing outside this process.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { SimulatorPorts } from '../simulator.ts'

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
}

/** SP-API developer guide, "Connecting to the Selling Partner API": `expires_in` 3600 for both kinds of token. */
const tokenLifetimeSeconds = 3600
/** Live tokens at one time; the oldest is forgotten first, as if it had been revoked. */
const maxTokens = 10_000

const notificationsScope = 'sellingpartnerapi::notifications'
const knownScopes: ReadonlySet<string> = new Set([notificationsScope, 'sellingpartnerapi::client_credential:rotation'])

interface Resource {
  readonly method: string
  readonly path: string
}

export type Grant =
  | { readonly kind: 'partner' }
  | { readonly kind: 'grantless'; readonly scope: string }
  | { readonly kind: 'restricted'; readonly resources: readonly Resource[] }

export interface Login {
  /** The answer of /auth/o2/token. */
  exchange(contentType: string, form: string): { readonly status: number; readonly body: unknown }
  /** What a token allows; the text tells why it allows nothing. */
  check(token: string | null): Grant | 'missing' | 'unknown' | 'expired'
  restrict(resources: readonly Resource[]): { readonly restrictedDataToken: string; readonly expiresIn: number }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
/** Constant time, whatever the lengths. */
export const sameSecret = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

const refused = (status: number, error: string, description: string): { status: number; body: unknown } => ({
  status,
  body: { error, error_description: description },
})

export const createLogin = (credentials: Credentials, ports: SimulatorPorts): Login => {
  const tokens = new Map<string, { readonly grant: Grant; readonly expiresAtMs: number }>()
  const issue = (prefix: string, grant: Grant): string => {
    const token = `${prefix}|${ports.random.uuid()}`
    tokens.set(token, { grant, expiresAtMs: ports.clock.nowMs() + tokenLifetimeSeconds * 1000 })
    for (const oldest of tokens.keys()) {
      if (tokens.size <= maxTokens) break
      tokens.delete(oldest)
    }
    return token
  }
  const answer = (accessToken: string, rest: Readonly<Record<string, string>>): { status: number; body: unknown } => ({
    status: 200,
    body: { access_token: accessToken, token_type: 'bearer', expires_in: tokenLifetimeSeconds, ...rest },
  })

  return {
    exchange: (contentType, form) => {
      if (!contentType.startsWith('application/x-www-form-urlencoded'))
        return refused(400, 'invalid_request', 'The content type must be application/x-www-form-urlencoded.')
      const fields = new URLSearchParams(form)
      const grantType = fields.get('grant_type')
      const clientIsRight =
        sameSecret(fields.get('client_id') ?? '', credentials.clientId) &&
        sameSecret(fields.get('client_secret') ?? '', credentials.clientSecret)
      if (!clientIsRight) return refused(401, 'invalid_client', 'Client authentication failed')
      if (grantType === 'refresh_token') {
        if (!sameSecret(fields.get('refresh_token') ?? '', credentials.refreshToken))
          return refused(400, 'invalid_grant', 'The request has an invalid grant parameter : refresh_token')
        return answer(issue('Atza', { kind: 'partner' }), { refresh_token: credentials.refreshToken })
      }
      if (grantType === 'client_credentials') {
        const scope = fields.get('scope') ?? ''
        if (!knownScopes.has(scope)) return refused(400, 'invalid_scope', 'The request has an invalid scope parameter')
        return answer(issue('Atza', { kind: 'grantless', scope }), {})
      }
      return refused(400, 'unsupported_grant_type', 'The grant type must be refresh_token or client_credentials.')
    },
    check: (token) => {
      if (!token) return 'missing'
      const held = tokens.get(token)
      if (!held) return 'unknown'
      if (held.expiresAtMs <= ports.clock.nowMs()) return 'expired'
      return held.grant
    },
    restrict: (resources) => ({
      restrictedDataToken: issue('Atz.sprdt', { kind: 'restricted', resources }),
      expiresIn: tokenLifetimeSeconds,
    }),
  }
}
