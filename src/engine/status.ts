// What each adapter did lately, for `GET /api/v1/channels`, the terminal and the metrics. Bounded; lost with the process.
import type { ErrorCode } from '../domain/errors.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { ChannelStatus, OperationStatus } from '../ports/hub.ts'
import type { ChannelObserver, Metrics } from '../ports/metrics.ts'

const maxErrors = 5
const downAfterMs = 5 * 60_000
/** A throttle is the platform's normal speech; only a recent failure makes a channel degraded. */
const degradedForMs = 60_000

interface Book {
  readonly operations: Map<string, OperationStatus>
  readonly errors: { atMs: number; operation: string; code: ErrorCode; message: string }[]
  throttles: number
  retries: number
  lastOkMs: number | null
  lastFailedMs: number | null
}

export interface StatusBook {
  observerFor(channel: ChannelId): ChannelObserver
  retried(channel: ChannelId): void
  of(channel: ChannelId): Pick<ChannelStatus, 'health' | 'operations' | 'lastErrors' | 'throttles' | 'retries'>
}

export const createStatusBook = (clock: Clock, metrics: Metrics): StatusBook => {
  const books = new Map<ChannelId, Book>()
  const startedAtMs = clock.nowMs()
  const bookOf = (channel: ChannelId): Book => {
    const known = books.get(channel)
    if (known) return known
    const book: Book = { operations: new Map(), errors: [], throttles: 0, retries: 0, lastOkMs: null, lastFailedMs: null }
    books.set(channel, book)
    return book
  }
  const healthOf = (book: Book, nowMs: number): ChannelStatus['health'] => {
    if (book.lastOkMs === null && book.lastFailedMs === null) return 'starting'
    const lastGoodMs = book.lastOkMs ?? startedAtMs
    if (book.lastFailedMs !== null && book.lastFailedMs > lastGoodMs && nowMs - lastGoodMs > downAfterMs) return 'down'
    return book.lastFailedMs !== null && nowMs - book.lastFailedMs < degradedForMs ? 'degraded' : 'ok'
  }
  return {
    observerFor: (channel) => ({
      request: (operation, outcome, durationMs) => {
        const book = bookOf(channel)
        const known = book.operations.get(operation) ?? { operation, requests: 0, throttled: 0, failed: 0, lastDurationMs: 0 }
        book.operations.set(operation, {
          operation,
          requests: known.requests + 1,
          throttled: known.throttled + (outcome === 'throttled' ? 1 : 0),
          failed: known.failed + (outcome === 'failed' ? 1 : 0),
          lastDurationMs: Math.round(durationMs),
        })
        if (outcome === 'throttled') book.throttles += 1
        if (outcome === 'failed') book.lastFailedMs = clock.nowMs()
        else book.lastOkMs = clock.nowMs()
        metrics.count('belay_channel_requests_total', { channel, operation, outcome })
        metrics.observe('belay_channel_request_seconds', { channel, operation }, durationMs / 1000)
      },
      error: (operation, code, message, atMs) => {
        const book = bookOf(channel)
        book.errors.unshift({ atMs, operation, code, message })
        book.errors.splice(maxErrors)
      },
    }),
    retried: (channel) => {
      bookOf(channel).retries += 1
      metrics.count('belay_channel_retries_total', { channel })
    },
    of: (channel) => {
      const book = bookOf(channel)
      return {
        health: healthOf(book, clock.nowMs()),
        operations: [...book.operations.values()],
        lastErrors: [...book.errors],
        throttles: book.throttles,
        retries: book.retries,
      }
    },
  }
}
