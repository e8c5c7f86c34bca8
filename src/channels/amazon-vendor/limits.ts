// Rates and bounds of the operations that this channel uses. The rates are the defaults of the usage plans in the models (test/golden/
// contracts); the client follows the header when Amazon grants another. Both submitAcknowledgement operations have the same name in
// their models, so the one of purchase orders says so.
import type { RateLimit } from '../sp-api/buckets.ts'
import { reportLimits } from '../sp-api/reports.ts'

/** Vendor models, "Usage Plan": 10 requests a second, burst 10; getTransaction 10 and 20. */
const usual: RateLimit = { ratePerSecond: 10, burst: 10 }

export const operations = {
  submitInventoryUpdate: 'submitInventoryUpdate',
  getOrders: 'getOrders',
  getOrder: 'getOrder',
  submitAcknowledgement: 'submitAcknowledgement',
  getTransactionStatus: 'getTransactionStatus',
  getPurchaseOrders: 'getPurchaseOrders',
  getPurchaseOrder: 'getPurchaseOrder',
  submitPurchaseOrderAcknowledgement: 'submitAcknowledgement (purchase orders)',
  getTransaction: 'getTransaction',
} as const

export const buckets: Readonly<Record<string, RateLimit>> = {
  ...Object.fromEntries(Object.values(operations).map((operation) => [operation, usual])),
  [operations.getTransaction]: { ratePerSecond: 10, burst: 20 },
  ...reportLimits,
}

/** Range of one request (vendorOrders.json, getPurchaseOrders; the direct fulfilment guide says the same). */
export const maxWindowMs = 7 * 24 * 60 * 60 * 1000
/** Both APIs keep six months; a day less, so that the oldest window is never refused for a clock difference. */
export const historyMs = 179 * 24 * 60 * 60 * 1000
/** `limit` of getOrders and getPurchaseOrders: 1 to 100. */
export const pageSize = 100
/** Pages of one window: a token that never ends is a fault of the platform, not a reason to loop. */
export const maxPages = 2000
/** Updates of one push call. */
export const maxUpdatesAtOnce = 5
/** Transactions or orders asked for or answered at the same time. */
export const maxParallel = 5
