// Addresses of the Selling Partner API and of Login with Amazon, as settings. Plain http is for a simulator on this machine only:
// anywhere else a token would travel in the clear.
import { z } from 'zod'

const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** An https address, or http on loopback; without user, query or fragment; no slash at the end. */
export const spApiAddress = z
  .string()
  .refine((text) => URL.canParse(text), { error: 'must be a full address, for example https://sellingpartnerapi-eu.amazon.com' })
  .refine(
    (text) => {
      if (!URL.canParse(text)) return true
      const url = new URL(text)
      return url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.has(url.hostname))
    },
    { error: 'must begin with https:// (http:// is allowed for localhost, 127.0.0.1 and [::1] only)' },
  )
  .refine(
    (text) => {
      if (!URL.canParse(text)) return true
      const url = new URL(text)
      return url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    },
    { error: 'must not contain a user name, a query or a fragment' },
  )
  .transform((text) => text.replace(/\/+$/, ''))

/** Login with Amazon, one for all regions. */
export const lwaAddress = 'https://api.amazon.com/auth/o2/token'

/** `https://api.amazon.com` alone means its token path. */
export const tokenAddress = (lwaEndpoint: string): string => {
  const url = new URL(lwaEndpoint)
  return url.pathname === '/' ? new URL('/auth/o2/token', url).href : url.href
}
