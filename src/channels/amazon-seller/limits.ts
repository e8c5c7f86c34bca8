// What Amazon lets one seller account and application ask for: rate per second and burst of each operation used, from the models named
// beside them (Apache-2.0, commit 34dc93fe of 2026-08-05). Amazon may grant more: `x-amzn-RateLimit-Limit` is followed. Then the
// sizes and times that this adapter rests on.
import type { RateLimit } from '../sp-api/buckets.ts'
import { reportLimits } from '../sp-api/reports.ts'

export const operationLimits = {
  // listingsItems_2021-08-01.json. getListingsItem has burst 10 there and 5 in the documentation's table: the smaller one.
  patchListingsItem: { ratePerSecond: 5, burst: 5 },
  getListingsItem: { ratePerSecond: 5, burst: 5 },
  searchListingsItems: { ratePerSecond: 5, burst: 5 },
  // orders_2026-01-01.json. One search in three minutes, sustained.
  searchOrders: { ratePerSecond: 0.0056, burst: 20 },
  getOrder: { ratePerSecond: 0.5, burst: 30 },
  // notifications.json.
  getDestinations: { ratePerSecond: 1, burst: 5 },
  createDestination: { ratePerSecond: 1, burst: 5 },
  getSubscription: { ratePerSecond: 1, burst: 5 },
  createSubscription: { ratePerSecond: 1, burst: 5 },
  // fbaInventory.json.
  getInventorySummaries: { ratePerSecond: 2, burst: 2 },
  ...reportLimits,
  // sellers.json.
  getMarketplaceParticipations: { ratePerSecond: 0.016, burst: 15 },
} as const satisfies Record<string, RateLimit>

export type SellerOperation = keyof typeof operationLimits

/** One request each; the burst of patchListingsItem. */
export const maxPushItems = 5
/** `identifiers` of searchListingsItems takes 20, a page shows 20. */
export const maxReadItems = 20
export const listingsPageSize = 20
/** searchListingsItems: "The maximum number of items (SKUs) that can be returned and paged through is 1000." */
export const maxDiscoveredPages = 50

/** searchOrders: `maxResultsPerPage` is at most 100. */
export const ordersPageSize = 100
/** 20 000 orders. A window longer than a day is read in steps of a day. */
export const maxOrderPages = 200
export const maxWindowMs = 24 * 3_600_000
/** `createdBefore` and `lastUpdatedBefore` must be two minutes in the past on Amazon's clock; ten seconds for the difference of ours. */
export const searchDelayMs = 130_000
/** One page costs up to 179 s of budget; three such waits. */
export const maxPageWaitMs = 600_000
/** A page that Amazon throttled is asked for again this often: it was not carried out, and the pages before it were dear. */
export const maxPageAttempts = 4

/**
 * Together 1/240 + 1/900 = 0.0053 searches a second, under the 0.0056 of the plan; long windows live on the burst.
 * `orders` carries the watermark; `changes` finds cancellations and shipments of older orders that no notification told of.
 */
export const defaultPollEveryMs = { orders: 240_000, changes: 900_000 } as const
export type OrderStream = keyof typeof defaultPollEveryMs

/** getOrder one after another: the burst, then one in two seconds. */
export const maxFetchWaitMs = 60_000
/** Subscribing and checking: a handful of requests at one a second. */
export const maxSetupWaitMs = 120_000

/** SQS: the longest poll, the largest batch (API reference of ReceiveMessage and DeleteMessageBatch). */
export const queueWaitSeconds = 20
export const queueBatchSize = 10
/** The long poll and ten seconds for the network. */
export const queueTimeoutMs = 30_000
