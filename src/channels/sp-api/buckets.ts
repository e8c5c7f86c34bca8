// Token buckets, one for each operation, that mirror Amazon's (rate = refill per second, burst = size). A request takes one token
// before it is sent; an empty bucket means "do not send". The buckets are local to this process: a lease gives an account to one
// worker at a time. Guarantees: never more than `burst` at once, never more than `rate` sustained, silence until the end of a
// throttle. Does not know of limits that Amazon shares among all accounts of an application: those show only as throttles.
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'

export interface RateLimit {
  readonly ratePerSecond: number
  readonly burst: number
}

export interface Capacity {
  readonly items: number
  /** When one more than `items` may be sent; at or after now. */
  readonly retryAtMs: number
}

export interface Buckets {
  /** `background`: what sweeps may take, which is what is above the share kept for live use. */
  capacity(operation: string, use?: Use): Capacity
  /** Takes a token: null, or when to try again. */
  take(operation: string): number | null
  /** What `x-amzn-RateLimit-Limit` said: requests per second of this account and application. */
  follow(operation: string, ratePerSecond: number): void
  /** Amazon answered 429. Returns when to try again. */
  throttled(operation: string, retryAfterMs: number | null): number
  /** Any other answer: the run of throttles is over. */
  answered(operation: string): void
}

export type Use = 'live' | 'background'

/** Of the burst, rounded down: so many requests find room whatever runs in the background. Idle, that still gets the whole rate. */
const liveShare = 0.4

interface Bucket {
  readonly burst: number
  ratePerSecond: number
  tokens: number
  filledAtMs: number
  closedUntilMs: number
  throttles: number
}

/** Sums of fractions of a token come out a hair under the whole; this much is forgiven. */
const epsilon = 1e-6
/** Consecutive throttles double the wait, up to here or one refill interval, whichever is longer. */
const maxWaitMs = 30_000
/** Rates outside of these are not believed: the header is best-effort. */
const minRatePerSecond = 0.0001
const maxRatePerSecond = 1000

export const createBuckets = (
  limits: Readonly<Record<string, RateLimit>>,
  ports: { readonly clock: Clock; readonly random: Random },
): Buckets => {
  const nowMs = ports.clock.nowMs()
  const buckets = new Map<string, Bucket>(
    Object.entries(limits).map(([operation, limit]) => [
      operation,
      {
        burst: limit.burst,
        ratePerSecond: limit.ratePerSecond,
        tokens: limit.burst,
        filledAtMs: nowMs,
        closedUntilMs: 0,
        throttles: 0,
      },
    ]),
  )
  const filled = (operation: string): Bucket => {
    const bucket = buckets.get(operation)
    if (!bucket) throw new Error(`no rate limit is known for the operation ${operation}`)
    const atMs = ports.clock.nowMs()
    if (atMs > bucket.filledAtMs) {
      bucket.tokens = Math.min(bucket.burst, bucket.tokens + ((atMs - bucket.filledAtMs) * bucket.ratePerSecond) / 1000)
      bucket.filledAtMs = atMs
    }
    return bucket
  }
  const capacityOf = (bucket: Bucket, use: Use = 'live'): Capacity => {
    const atMs = ports.clock.nowMs()
    const kept = use === 'live' ? 0 : Math.floor(bucket.burst * liveShare)
    const items = atMs < bucket.closedUntilMs ? 0 : Math.max(0, Math.floor(bucket.tokens + epsilon) - kept)
    const missing = Math.max(0, items + 1 + kept - bucket.tokens)
    const refillMs = Math.ceil((missing * 1000) / bucket.ratePerSecond)
    return { items, retryAtMs: items + kept >= bucket.burst ? atMs : Math.max(atMs + refillMs, bucket.closedUntilMs) }
  }
  return {
    capacity: (operation, use) => capacityOf(filled(operation), use),
    take: (operation) => {
      const bucket = filled(operation)
      const capacity = capacityOf(bucket)
      if (capacity.items < 1) return capacity.retryAtMs
      bucket.tokens = Math.max(0, bucket.tokens - 1)
      return null
    },
    follow: (operation, ratePerSecond) => {
      if (!(ratePerSecond >= minRatePerSecond && ratePerSecond <= maxRatePerSecond)) return
      filled(operation).ratePerSecond = ratePerSecond
    },
    throttled: (operation, retryAfterMs) => {
      const bucket = filled(operation)
      const intervalMs = 1000 / bucket.ratePerSecond
      bucket.throttles = Math.min(bucket.throttles + 1, 16)
      const waitMs = Math.min(Math.max(intervalMs, maxWaitMs), intervalMs * 2 ** (bucket.throttles - 1))
      // A time that the server names is taken as it is; ours gets up to a half on top, so that workers do not come back together.
      const jitteredMs = retryAfterMs === null ? waitMs * (1 + ports.random.next() / 2) : Math.max(retryAfterMs, intervalMs)
      bucket.tokens = 0
      bucket.closedUntilMs = Math.max(bucket.closedUntilMs, ports.clock.nowMs() + Math.ceil(jitteredMs))
      return capacityOf(bucket).retryAtMs
    },
    answered: (operation) => {
      filled(operation).throttles = 0
    },
  }
}
