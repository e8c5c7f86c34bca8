// The settings of the channels as they are in force: what is configured, and over it what evidence has taught (domain/learned.ts). What is
// learned counts at once in this process, is durable in the store's settings under `constants/{channel}`, and is taken up by other processes
// within a minute. A crash between an order's commit and what it teaches loses the lesson, not the order: the next one teaches it again.
import type { ChannelId } from '../domain/ids.ts'
import type { Incident } from '../domain/incidents.ts'
import { type Contradiction, learn, type Learned, type Lesson, mergeLearned, parseLearned, withLearned } from '../domain/learned.ts'
import { spanText } from '../domain/plain-words.ts'
import type { SettingsFor } from '../domain/plan.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Logger } from './context.ts'

export interface LearnedSettings {
  readonly settingsFor: SettingsFor
  /** Takes up what is stored. Before the loops start, and now and then for what other processes learned. */
  refresh(): Promise<void>
  /** Resolves after it counts and is durable; with the incident when a setting changed. A store that is away is logged: it counts all the same. */
  contradicted(channel: ChannelId, contradiction: Contradiction): Promise<Incident | null>
  /** A person has mended the cause: what is configured counts again. False: nothing was learned. */
  forget(channel: ChannelId): Promise<boolean>
}

export interface LearnedSettingsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly configured: readonly ChannelSettings[]
  readonly unknown: (channel: ChannelId) => ChannelSettings
}

const nameOf = (channel: ChannelId): string => `constants/${channel}`

const lessonText = (channel: ChannelId, { setting, before, after, atCap }: Lesson): string => {
  const cap = atCap ? ' That is as far as it goes by itself.' : ''
  switch (setting) {
    case 'orderVisibilityMs':
      return `${channel}: orders are given ${spanText(Number(after))} to become visible now, instead of ${spanText(Number(before))} (L).${cap}`
    case 'clockSkewMs':
      return `${channel}: clocks are taken to differ by up to ${spanText(Number(after))} now, instead of ${spanText(Number(before))} (eps).${cap}`
    case 'checkoutHoldMs':
      return `${channel}: a checkout is taken to hold units for up to ${spanText(Number(after))} now, instead of ${spanText(Number(before))} (H).${cap}`
    case 'requestLifetimeMs':
      return `${channel}: a request is taken to have its effect within ${spanText(Number(after))} now, instead of ${spanText(Number(before))} (D).${cap}`
    case 'readStalenessMs':
      return `${channel}: a number read is taken to be up to ${spanText(Number(after))} old now, instead of ${spanText(Number(before))} (sigma).${cap}`
    case 'selfDecrement':
      return `${channel} is no longer taken to lower its number by itself when it sells: its listings are outside the guarantee.`
  }
}

const lessonIncident = (channel: ChannelId, lesson: Lesson, contradiction: Contradiction, atMs: number): Incident => ({
  id: `constant-widened/${channel}/${lesson.setting}/${lesson.after}/${atMs}`,
  kind: 'constant-widened',
  channel,
  sku: null,
  listing: null,
  units: 0,
  atMs,
  summary: lessonText(channel, lesson),
  evidence: { setting: lesson.setting, before: lesson.before, after: lesson.after, ...contradiction },
})

export const createLearnedSettings = ({ store, clock, log, configured, unknown }: LearnedSettingsOptions): LearnedSettings => {
  const base = new Map(configured.map((settings) => [settings.channel, settings]))
  const learned = new Map<ChannelId, Learned>()
  const inForce = new Map(base)
  const take = (channel: ChannelId, next: Learned): void => {
    const settings = base.get(channel)
    if (!settings) return
    learned.set(channel, next)
    inForce.set(channel, withLearned(settings, next))
  }
  const stored = async (channel: ChannelId): Promise<Learned> => {
    const text = await store.readSetting(nameOf(channel))
    if (text === null || text === '') return {}
    const parsed = parseLearned(text)
    if (!parsed) log.error({ channel, setting: nameOf(channel) }, 'what was learned is not readable; the configuration counts')
    return parsed ?? {}
  }
  const settingsFor: SettingsFor = (channel) => inForce.get(channel) ?? unknown(channel)
  /** What is not durable yet. */
  const unsaved = new Set<ChannelId>()
  // One after the other: each writes what all before it learned.
  let writing: Promise<unknown> = Promise.resolve()
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const done = writing.then(work)
    writing = done.catch(() => undefined)
    return done
  }
  const keep = (channel: ChannelId): Promise<void> =>
    inOrder(async () => {
      const merged = mergeLearned(await stored(channel), learned.get(channel) ?? {})
      take(channel, merged)
      unsaved.add(channel)
      await store.writeSetting(nameOf(channel), JSON.stringify(merged))
      unsaved.delete(channel)
    })
  return {
    settingsFor,
    refresh: async () => {
      for (const channel of base.keys())
        await (unsaved.has(channel) ? keep(channel) : inOrder(async () => take(channel, await stored(channel))))
    },
    contradicted: async (channel, contradiction) => {
      const lesson = learn(settingsFor(channel), learned.get(channel) ?? {}, contradiction)
      if (!lesson || !base.has(channel)) return null
      take(channel, lesson.learned)
      unsaved.add(channel)
      await keep(channel).catch((error: unknown) => log.error({ channel, error: String(error) }, 'what was learned is not durable yet'))
      return lessonIncident(channel, lesson, contradiction, clock.nowMs())
    },
    forget: (channel) =>
      inOrder(async () => {
        const known = { ...(await stored(channel)), ...learned.get(channel) }
        await store.writeSetting(nameOf(channel), '')
        unsaved.delete(channel)
        take(channel, {})
        return Object.keys(known).length > 0
      }),
  }
}
