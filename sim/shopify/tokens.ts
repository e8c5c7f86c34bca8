// Access tokens: the client-credentials grant [shopify.dev client-credentials-grant]. A token lives 24 h and has no refresh token.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { ShopifySimulatorOptions } from './options.ts'

export interface Tokens {
  /** Answers a token request's fields. */
  grant(fields: Readonly<Record<string, unknown>>): { readonly status: number; readonly body: unknown }
  isValid(token: string | null): boolean
}

const lifetimeMs = 24 * 3_600_000
/** Tokens beyond it push the oldest out. */
const maxTokens = 1_000

const same = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())

export const createTokens = (options: ShopifySimulatorOptions, scopes: ReadonlySet<string>): Tokens => {
  const { clock, random } = options.ports
  const expiresAtMs = new Map<string, number>()
  const refuse = (status: number, error: string, error_description: string) => ({ status, body: { error, error_description } })
  return {
    grant: (fields) => {
      const { client_id: id, client_secret: secret, grant_type: grantType } = fields
      if (grantType !== 'client_credentials') return refuse(400, 'unsupported_grant_type', 'Only client_credentials is simulated')
      if (typeof id !== 'string' || !same(id, options.clientId)) {
        return refuse(400, 'application_cannot_be_found', 'Could not find a Shopify app with this client id')
      }
      if (typeof secret !== 'string' || !same(secret, options.clientSecret))
        return refuse(400, 'invalid_client', 'The client secret is wrong')
      const nowMs = clock.nowMs()
      for (const [token, atMs] of expiresAtMs) {
        if (atMs > nowMs && expiresAtMs.size < maxTokens) break
        expiresAtMs.delete(token)
      }
      const token = `shpat_${random.uuid().replaceAll('-', '')}`
      expiresAtMs.set(token, nowMs + lifetimeMs)
      // One second less than the lifetime, as public code reports it.
      return { status: 200, body: { access_token: token, scope: [...scopes].join(','), expires_in: lifetimeMs / 1000 - 1 } }
    },
    isValid: (token) => {
      if (token === null) return false
      if (options.staticAccessToken !== undefined && same(token, options.staticAccessToken)) return true
      return (expiresAtMs.get(token) ?? Number.NEGATIVE_INFINITY) > clock.nowMs()
    },
  }
}
