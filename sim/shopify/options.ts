// What a simulated Shopify shop is made of. Every fact about Shopify that is not documented is a setting here, with the default that the
// simulator takes; nothing else in sim/shopify decides such a thing.
import type { CatalogueItem, SimulatorPorts } from '../simulator.ts'

interface ShopifyLocation {
  readonly name: string
  /** Numeric id; default: one beyond 2^53. */
  readonly id?: string
  readonly isActive?: boolean
}

interface ShopifyCatalogueItem extends CatalogueItem {
  /** Indexes of `locations` that stock the item; `quantity` lies at the first one, the others start with 0. Default [0]. */
  readonly stockedAt?: readonly number[]
  /** DENY (default) refuses what is not available; CONTINUE goes negative. */
  readonly inventoryPolicy?: 'DENY' | 'CONTINUE'
  /** An item that is not tracked has no stock and cannot be bought here. Default true. */
  readonly tracked?: boolean
  readonly barcode?: string
}

interface ShopifyPlan {
  /** Points per second. Standard 100, Advanced 200, Plus 1000, Enterprise 2000 [shopify.dev rate-limits]. */
  readonly restorePointsPerSecond: number
  /** Bucket size; not documented, third parties report 20 seconds of restoring. */
  readonly bucketPoints?: number
}

export interface ShopifySimulatorOptions {
  /** The part before `.myshopify.com`. */
  readonly shop: string
  readonly clientId: string
  readonly clientSecret: string
  /** Signs webhooks. Default: the client secret, as documented. */
  readonly webhookSecret?: string
  /** A permanent token, as apps created in the admin before 2026 have. Default: none. */
  readonly staticAccessToken?: string
  readonly scopes?: readonly string[]
  readonly locations: readonly ShopifyLocation[]
  readonly catalogue: readonly ShopifyCatalogueItem[]
  readonly plan?: ShopifyPlan
  readonly ports: SimulatorPorts

  /** Whether one stale compare refuses the whole array (default) or only its own item. Not documented. */
  readonly compareFailure?: 'refuses-all' | 'refuses-item'
  /** Whether a business refusal uses its idempotency key up, so that the key answers the same refusal again (default true). Not documented. */
  readonly refusalConsumesKey?: boolean
  /** How long a key is remembered. The length is not documented. Default 24 h. */
  readonly keyRetentionMs?: number
  /** Whether a write that changes nothing is still listed among the changes, with delta 0 (default true). Not documented. */
  readonly reportsUnchanged?: boolean
  /** Whether a throttled request is answered with status 200 and a THROTTLED error (default) or with status 429. Sources disagree. */
  readonly throttleStatus?: 200 | 429
  /**
   * How the cost of a connection follows `first`. `logarithmic` (default): 2 + (floor(log2 first) + 1) x node, which fits the costs that
   * public connectors of 2025-26 declare (10 -> 6, 20 -> 7; 3 -> 23 and 10 -> 43 for one document). `linear`: 2 + first x node, as Shopify's
   * engineering blog described it in 2021.
   */
  readonly connectionCost?: 'logarithmic' | 'linear'
  /** An order's locations (its fulfilment orders) are known this long after its creation. Default 0. */
  readonly routingDelayMs?: number
  /** `orders` shows a change this long after it happened; `order(id)` at once. Default 0. */
  readonly orderIndexLagMs?: number
  /** Answers take up to this long; the effect falls somewhere in between. Default 0. */
  readonly answerDelayMs?: number
  /** A bulk operation takes this long. Default 2 s. */
  readonly bulkDurationMs?: number
}

export const defaultScopes: readonly string[] = [
  'read_inventory',
  'write_inventory',
  'read_locations',
  'read_products',
  'read_orders',
  'write_orders',
  'read_merchant_managed_fulfillment_orders',
  'write_merchant_managed_fulfillment_orders',
]

/** The only version served: the newest dated one whose schema is at hand. */
export const apiVersion = '2026-10'
