// What the engine and the adapters tell about themselves. Names are fixed here, so that a dashboard can rely on them.
import type { ErrorCode } from '../domain/errors.ts'

/** Each adapter reports every request it makes; the engine turns it into metrics and into `GET /api/v1/channels`. */
export interface ChannelObserver {
  /** One request answered, well or badly. `operation` is the platform's own name for it. */
  request(operation: string, outcome: 'ok' | 'throttled' | 'rejected' | 'failed', durationMs: number): void
  /** The last error is shown to people: message without secrets or buyer data. */
  error(operation: string, code: ErrorCode, message: string, atMs: number): void
}

export interface Metrics {
  count(name: string, labels: Readonly<Record<string, string>>, by?: number): void
  /** Seconds. */
  observe(name: string, labels: Readonly<Record<string, string>>, seconds: number): void
  gauge(name: string, labels: Readonly<Record<string, string>>, value: number): void
}
