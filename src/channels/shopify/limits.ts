// Shopify's budget for one app in one shop: a bucket of points that fills at a steady rate; a query needs its requested cost to fit and
// gets back what it did not use (source: shopify.dev, GraphQL Admin API rate limits). This follows the bucket that every answer shows:
// - a cost is estimated and taken before sending, and corrected by `throttleStatus` after; what is still under way stays taken;
// - estimates are learned from the `requestedQueryCost` of earlier answers;
// - a reserve is kept for decreases of stock, so that increases, polls and reads never make them wait;
// - whoever waits in line for a large query has its points set aside, so that a stream of small ones cannot starve it;
// - background work (sweeps) takes only what is above half of the bucket, so that whatever is live finds at least that half there. Idle, it
//   still gets all that the shop restores.
import type { Clock } from '../../ports/clock.ts'

/** decrease: may use the reserve. normal: what neither reserve nor claims need. claimed: has set its points aside. background: the rest. */
export type Urgency = 'decrease' | 'normal' | 'claimed' | 'background'

export interface ThrottleStatus {
  readonly maximumAvailable: number
  readonly currentlyAvailable: number
  readonly restoreRate: number
}

export interface CostBucket {
  /** Until that many points are there, milliseconds; 0: now. */
  waitMs(points: number, urgency: Urgency): number
  /** Until so many points have become free for normal use, however many that is: for queues longer than the bucket. */
  queueMs(points: number): number
  /** Points there now; below 0 is 0. */
  free(urgency: Urgency): number
  take(points: number): void
  /** After the answer; null: it showed no status. */
  settle(points: number, status: ThrottleStatus | null): void
  /** Sets points aside for a query that waits; returns the way to give them back. */
  claim(points: number): () => void
  pauseUntil(atMs: number): void
  readonly pausedUntilMs: number
}

/** Before the first answer: the smallest bucket that Shopify has had. */
const initialStatus: ThrottleStatus = { maximumAvailable: 1000, currentlyAvailable: 1000, restoreRate: 50 }
const reserveShare = 0.2
/** Kept for all that is live. */
const liveShare = 0.5

const isPositive = (n: number): boolean => Number.isFinite(n) && n > 0

export const createCostBucket = (clock: Clock): CostBucket => {
  let { maximumAvailable, restoreRate } = initialStatus
  let level = initialStatus.currentlyAvailable
  let atMs = clock.nowMs()
  let underWay = 0
  let claimed = 0
  let pausedUntilMs = 0
  const refill = (): void => {
    const nowMs = clock.nowMs()
    if (nowMs > atMs) level = Math.min(maximumAvailable - underWay, level + ((nowMs - atMs) / 1000) * restoreRate)
    atMs = Math.max(atMs, nowMs)
  }
  const reserve = (urgency: Urgency): number => {
    if (urgency === 'decrease') return 0
    if (urgency === 'background') return maximumAvailable * liveShare + claimed
    return maximumAvailable * reserveShare + (urgency === 'normal' ? claimed : 0)
  }
  const msFor = (missing: number): number => (missing <= 0 ? 0 : Math.ceil((missing / restoreRate) * 1000))
  const pauseMs = (): number => Math.max(0, pausedUntilMs - clock.nowMs())
  return {
    waitMs: (points, urgency) => {
      refill()
      // A query larger than what the reserve leaves waits for a full bucket; one larger than the bucket is tried on a full one.
      const needed = Math.min(points + reserve(urgency), maximumAvailable - underWay)
      return Math.max(pauseMs(), msFor(Math.max(needed, 1) - level))
    },
    queueMs: (points) => {
      refill()
      return Math.max(pauseMs(), msFor(points + reserve('normal') - level))
    },
    free: (urgency) => {
      refill()
      return pauseMs() > 0 ? 0 : Math.max(0, level - reserve(urgency))
    },
    take: (points) => {
      refill()
      level -= points
      underWay += points
    },
    settle: (points, status) => {
      refill()
      underWay = Math.max(0, underWay - points)
      if (!status || !isPositive(status.maximumAvailable) || !isPositive(status.restoreRate)) return
      maximumAvailable = status.maximumAvailable
      restoreRate = status.restoreRate
      // What is under way may or may not be in the number told; counted twice is the safe side, for one answer.
      level = Math.min(maximumAvailable, Math.max(0, status.currentlyAvailable)) - underWay
    },
    claim: (points) => {
      claimed += points
      let held = points
      return () => {
        claimed -= held
        held = 0
      }
    },
    pauseUntil: (untilMs) => {
      pausedUntilMs = Math.max(pausedUntilMs, untilMs)
    },
    get pausedUntilMs() {
      return pausedUntilMs
    },
  }
}

export interface CostEstimates {
  estimate(operation: string, formulaPoints: number): number
  learn(operation: string, formulaPoints: number, requestedPoints: number): void
}

/** The published formula is not exact, so each operation keeps the ratio of what was told to what it gives. One entry an operation. */
export const createCostEstimates = (): CostEstimates => {
  const ratios = new Map<string, number>()
  return {
    estimate: (operation, formulaPoints) => Math.max(1, Math.ceil(formulaPoints * (ratios.get(operation) ?? 1))),
    learn: (operation, formulaPoints, requestedPoints) => {
      if (isPositive(requestedPoints) && isPositive(formulaPoints)) ratios.set(operation, requestedPoints / formulaPoints)
    },
  }
}
