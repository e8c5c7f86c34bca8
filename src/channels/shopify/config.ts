// The Shopify account's part of the configuration file, and what the protocol assumes of Shopify. Numbers here that Shopify does not
// state are assumptions, each a setting with its reason.
import { z } from 'zod'
import { isIdText, type LocationId } from '../../domain/ids.ts'
import { isResourceId } from './addresses.ts'

/** The version whose schema the documents in operations.ts are held to. */
const defaultApiVersion = '2026-10'

const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

const urlProblem = (text: string): string | null => {
  if (!URL.canParse(text)) return 'is not an address; write https://{shop}.myshopify.com'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/')
    return 'must be the shop alone, without path, query or credentials: https://{shop}.myshopify.com'
  if (loopbackHosts.has(url.hostname)) return url.protocol === 'http:' || url.protocol === 'https:' ? null : 'must be http or https'
  if (url.protocol !== 'https:') return 'must be https (http is taken for loopback addresses only)'
  if (!/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/.test(url.hostname))
    return 'must be the myshopify.com address of the shop (Settings > Domains), not its public domain'
  return null
}

const shopUrlSchema = z.string().transform((text, context) => {
  const problem = urlProblem(text)
  if (problem !== null) {
    context.addIssue({ code: 'custom', message: `shopUrl ${problem}` })
    return z.NEVER
  }
  return new URL(text).origin
})

const idText = z.string().refine(isIdText, 'must have 1 to 200 characters and no white space at either end')

/** As text (ids can be larger than a YAML number keeps) or as the global id that the admin shows. */
const shopifyIdSchema = z
  .union([z.string(), z.number().int().positive()])
  .transform((value) => String(value).replace(/^gid:\/\/shopify\/Location\//, ''))
  .refine(isResourceId, 'must be the numeric id of a Shopify location, for example "53716844710"')

export const configSchema = z.object({
  /** Name of the account in the configuration; the channel id of everything that comes from it. */
  id: idText,
  shopUrl: shopUrlSchema,
  clientId: z.string().min(1),
  /** Already resolved from the environment. Signs webhooks as well. */
  clientSecret: z.string().min(1),
  /** Set it while the secret is rotated: for up to an hour webhooks may still be signed with it. */
  previousClientSecret: z.string().min(1).optional(),
  apiVersion: z
    .string()
    .regex(/^\d{4}-(01|04|07|10)$/, 'must be a dated version such as 2026-10')
    .default(defaultApiVersion),
  locations: z
    .array(z.object({ id: idText.transform((text) => text as LocationId), shopifyLocationId: shopifyIdSchema }))
    .min(1)
    .max(250)
    .refine((list) => new Set(list.map((each) => each.shopifyLocationId)).size === list.length, 'a Shopify location may be named once'),
  /** What webhooks say in X-Shopify-Shop-Domain; null: the host of shopUrl, or anything where that is a loopback address. */
  shopDomain: z.string().min(1).nullable().default(null),
  /** Shown in the shop's inventory history. Accepted words: README. */
  reason: z.string().min(1).default('correction'),
  /** A request unanswered for so long counts as unknown; must be well below the constant D. */
  requestTimeoutMs: z.number().int().min(1_000).max(60_000).default(20_000),
  /** How long Shopify is trusted to remember an idempotency key. Not documented; far longer than a push is ever sent again (D). */
  keyRetentionMs: z.number().int().min(0).default(600_000),
  pollEveryMs: z.number().int().min(1_000).default(60_000),
})

export type ShopifyConfig = z.output<typeof configSchema>

/** The domain that webhooks must name; null: not checked (a simulator on a loopback address). */
export const expectedShopDomain = (config: ShopifyConfig): string | null => {
  if (config.shopDomain !== null) return config.shopDomain.toLowerCase()
  const { hostname } = new URL(config.shopUrl)
  return loopbackHosts.has(hostname) ? null : hostname
}
