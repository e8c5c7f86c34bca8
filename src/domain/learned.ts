// What evidence has taught about a channel: constants that were contradicted, and are larger since; self-decrement that was disproved. Nothing
// here makes a constant smaller: only a person does that, by forgetting what was learned. What is learned goes over what is configured.
import type { ChannelConstants, ChannelSettings } from './settings.ts'

export interface Learned {
  readonly orderVisibilityMs?: number
  readonly clockSkewMs?: number
  readonly selfDecrement?: 'unproven'
}

/** Something that cannot be if the settings hold. */
export type Contradiction =
  /** An order that came in after all of its time were held to be in. `seenMs`: how long after its creation it was first seen. */
  | { readonly kind: 'late-order'; readonly orderId: string; readonly seenMs: number }
  /** An order created in the future. `seenMs`: how far. */
  | { readonly kind: 'clock-skew'; readonly orderId: string; readonly seenMs: number }
  /** Sold beyond what was published, on a channel where nothing can be read. */
  | { readonly kind: 'no-self-decrement'; readonly orderId: string }

/** A day: an order that shows later than that is an exception, not a channel's habit. */
const maxOrderVisibilityMs = 24 * 60 * 60_000
/** An hour: clocks that differ more are set wrong, and no constant mends that. */
const maxClockSkewMs = 60 * 60_000

/** What was seen once is seen again, and more of it. */
const widened = (currentMs: number, seenMs: number, maxMs: number): number => Math.max(currentMs, Math.min(maxMs, 2 * seenMs))

export interface Lesson {
  readonly learned: Learned
  /** What changed, for people. */
  readonly setting: keyof Learned
  readonly before: number | string
  readonly after: number | string
  /** As far as it goes by itself. */
  readonly atCap: boolean
}

/** `settings`: as they are in force, what was learned before included. null: nothing new. */
export const learn = (settings: ChannelSettings, learned: Learned, contradiction: Contradiction): Lesson | null => {
  const widen = (setting: 'orderVisibilityMs' | 'clockSkewMs', seenMs: number, maxMs: number): Lesson | null => {
    const before = settings.constants[setting]
    const after = widened(before, seenMs, maxMs)
    return after === before ? null : { learned: { ...learned, [setting]: after }, setting, before, after, atCap: after === maxMs }
  }
  switch (contradiction.kind) {
    case 'late-order':
      return widen('orderVisibilityMs', contradiction.seenMs, maxOrderVisibilityMs)
    case 'clock-skew':
      return widen('clockSkewMs', contradiction.seenMs, maxClockSkewMs)
    case 'no-self-decrement':
      return settings.selfDecrement === 'unproven'
        ? null
        : {
            learned: { ...learned, selfDecrement: 'unproven' },
            setting: 'selfDecrement',
            before: settings.selfDecrement,
            after: 'unproven',
            atCap: false,
          }
  }
}

/** A configured constant that is larger stays. */
export const withLearned = (settings: ChannelSettings, learned: Learned): ChannelSettings => {
  const constants: ChannelConstants = {
    ...settings.constants,
    orderVisibilityMs: Math.max(settings.constants.orderVisibilityMs, learned.orderVisibilityMs ?? 0),
    clockSkewMs: Math.max(settings.constants.clockSkewMs, learned.clockSkewMs ?? 0),
  }
  return { ...settings, constants, selfDecrement: learned.selfDecrement ?? settings.selfDecrement }
}

/** What two processes learned apart. */
export const mergeLearned = (a: Learned, b: Learned): Learned => {
  const orderVisibilityMs = Math.max(a.orderVisibilityMs ?? 0, b.orderVisibilityMs ?? 0)
  const clockSkewMs = Math.max(a.clockSkewMs ?? 0, b.clockSkewMs ?? 0)
  const selfDecrement = a.selfDecrement ?? b.selfDecrement
  return {
    ...(orderVisibilityMs > 0 ? { orderVisibilityMs } : {}),
    ...(clockSkewMs > 0 ? { clockSkewMs } : {}),
    ...(selfDecrement === undefined ? {} : { selfDecrement }),
  }
}

/** The stored text. null: it is not one. */
export const parseLearned = (text: string): Learned | null => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { orderVisibilityMs, clockSkewMs, selfDecrement } = value as Readonly<Record<string, unknown>>
  const isMs = (ms: unknown, maxMs: number): ms is number | undefined =>
    ms === undefined || (typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0 && ms <= maxMs)
  if (!isMs(orderVisibilityMs, maxOrderVisibilityMs) || !isMs(clockSkewMs, maxClockSkewMs)) return null
  if (selfDecrement !== undefined && selfDecrement !== 'unproven') return null
  return mergeLearned({ orderVisibilityMs, clockSkewMs, selfDecrement }, {})
}
