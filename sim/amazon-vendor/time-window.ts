// Time ranges of the vendor operations: at most seven days (DF and retail use case guides), ends included, texts without a zone are UTC.
import { type Answer, invalid } from '../sp-api/gateway.ts'

const longestMs = 7 * 86_400_000

export interface TimeWindow {
  readonly fromMs: number
  readonly throughMs: number
}

const timeOf = (text: string): number => Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)

/** `name`: `created` or `changed`, as in the parameter names. Without an end the window goes up to now. */
export const timeWindow = (name: string, after: string, before: string | undefined, nowMs: number): TimeWindow | Answer => {
  const window = { fromMs: timeOf(after), throughMs: before === undefined ? nowMs : timeOf(before) }
  if (window.throughMs < window.fromMs) return invalid(`${name}Before`, `must not be before ${name}After`)
  if (window.throughMs - window.fromMs > longestMs) return invalid(`${name}After`, 'must be at most 7 days before the end of the window')
  return window
}

export const inWindow = (timeMs: number, window: TimeWindow): boolean => timeMs >= window.fromMs && timeMs <= window.throughMs
