// Who may ask: with an API key set, a bearer token compared in constant time; without one, only requests that were addressed to this
// machine by a loopback name. The latter keeps a web page that resolves its own name to 127.0.0.1 from reading the hub through a browser.
import type { MiddlewareHandler } from 'hono'
import { apiKeyMatches, apiKeyVariable, isLoopback } from '../config/api-key.ts'
import { BelayError } from '../domain/errors.ts'

const hostOf = (request: Request): string => {
  const host = request.headers.get('host')
  if (host === null) return new URL(request.url).hostname
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
}

export const guard =
  (apiKeyHash: Uint8Array | null): MiddlewareHandler =>
  async (c, next) => {
    if (apiKeyHash === null) {
      if (!isLoopback(hostOf(c.req.raw)))
        throw new BelayError('address-not-loopback', 'This hub has no API key and answers to this machine only.', {
          fix: `Ask under http://127.0.0.1, or set ${apiKeyVariable} where the hub starts.`,
        })
    } else {
      const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
      if (token === undefined || !apiKeyMatches(token, apiKeyHash))
        throw new BelayError('api-key-wrong', token === undefined ? 'The API key is missing.' : 'The API key is wrong.', {
          fix: `Send the header Authorization: Bearer, followed by the key that the hub was given in ${apiKeyVariable}.`,
        })
    }
    await next()
  }

/** For answers that are data, never a page. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  // A page (a report) says itself what it may do.
  if (!c.res.headers.has('Content-Security-Policy')) c.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
  c.header('X-Content-Type-Options', 'nosniff')
  c.header('X-Frame-Options', 'DENY')
  c.header('Referrer-Policy', 'no-referrer')
  c.header('Cross-Origin-Resource-Policy', 'same-origin')
  c.header('Cache-Control', 'no-store')
}
