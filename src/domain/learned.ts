// What evidence has taught about a channel: constants that were contradicted, and are larger since; self-decrement that was disproved. Nothing
// here makes a constant smaller: only a person does that, by forgetting what was learned. What is learned goes over what is configured.
import type { ChannelConstants, ChannelSettings } from './settings.ts'

/** The constants that evidence widens, each with how far it goes by itself: what is beyond that is an exception, not a channel's habit. */
const maxLearnedMs = {
  orderVisibilityMs: 24 * 60 * 60_000,
  // Clocks that differ more are set wrong, and no constant mends that.
  clockSkewMs: 60 * 60_000,
  checkoutHoldMs: 2 * 60 * 60_000,
  requestLifetimeMs: 6 * 60 * 60_000,
  readStalenessMs: 60 * 60_000,
} as const satisfies Readonly<Record<keyof ChannelConstants, number>>

type Constant = keyof typeof maxLearnedMs
const constantNames = Object.keys(maxLearnedMs) as Constant[]

export type Learned = Readonly<Partial<Record<Constant, number>>> & {
  readonly selfDecrement?: 'unproven'
}

/** Something that cannot be if the settings hold. */
export type Contradiction =
  /** An order that came in after all of its time were held to be in. `seenMs`: how long after its creation it was first seen. */
  | { readonly kind: 'late-order'; readonly orderId: string; readonly seenMs: number }
  /** An order created in the future. `seenMs`: how far. */
  | { readonly kind: 'clock-skew'; readonly orderId: string; readonly seenMs: number }
  /** A checkout ended in an order later than H after the number was lowered. `seenMs`: how long it held at least. */
  | { readonly kind: 'long-hold'; readonly orderId: string; readonly seenMs: number }
  /** A channel shows what a request of ours wrote whose lifetime was over. `seenMs`: how long after it was sent. */
  | { readonly kind: 'late-write'; readonly listing: string; readonly seenMs: number }
  /** A read showed a number from before the bound fell. `seenMs`: how old it was at least. */
  | { readonly kind: 'stale-read'; readonly listing: string; readonly seenMs: number }
  /** Sold beyond what was published, on a channel where nothing can be read. */
  | { readonly kind: 'no-self-decrement'; readonly orderId: string }

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
  const widen = (setting: Constant, seenMs: number): Lesson | null => {
    const before = settings.constants[setting]
    const maxMs = maxLearnedMs[setting]
    const after = widened(before, seenMs, maxMs)
    return after === before ? null : { learned: { ...learned, [setting]: after }, setting, before, after, atCap: after === maxMs }
  }
  switch (contradiction.kind) {
    case 'late-order':
      return widen('orderVisibilityMs', contradiction.seenMs)
    case 'clock-skew':
      return widen('clockSkewMs', contradiction.seenMs)
    case 'long-hold':
      return widen('checkoutHoldMs', contradiction.seenMs)
    case 'late-write':
      return widen('requestLifetimeMs', contradiction.seenMs)
    case 'stale-read':
      return widen('readStalenessMs', contradiction.seenMs)
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
  const constants: Record<Constant, number> = { ...settings.constants }
  for (const name of constantNames) constants[name] = Math.max(constants[name], learned[name] ?? 0)
  return { ...settings, constants, selfDecrement: learned.selfDecrement ?? settings.selfDecrement }
}

/** What two processes learned apart. */
export const mergeLearned = (a: Learned, b: Learned): Learned => {
  const merged: Partial<Record<Constant, number>> = {}
  for (const name of constantNames) {
    const ms = Math.max(a[name] ?? 0, b[name] ?? 0)
    if (ms > 0) merged[name] = ms
  }
  const selfDecrement = a.selfDecrement ?? b.selfDecrement
  return selfDecrement === undefined ? merged : { ...merged, selfDecrement }
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
  const told = value as Readonly<Record<string, unknown>>
  const known: Partial<Record<Constant, number>> = {}
  for (const name of constantNames) {
    const ms = told[name]
    if (ms === undefined) continue
    if (typeof ms !== 'number' || !Number.isSafeInteger(ms) || ms < 0 || ms > maxLearnedMs[name]) return null
    known[name] = ms
  }
  const { selfDecrement } = told
  if (selfDecrement !== undefined && selfDecrement !== 'unproven') return null
  return mergeLearned(selfDecrement === undefined ? known : { ...known, selfDecrement }, {})
}
