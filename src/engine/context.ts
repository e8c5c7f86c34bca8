// What every part of the engine is given: the ports, the one committer, and the books that people look at.
import type { ChannelId } from '../domain/ids.ts'
import type { Contradiction } from '../domain/learned.ts'
import type { SettingsFor } from '../domain/plan.ts'
import type { Clock } from '../ports/clock.ts'
import type { HubEvent } from '../ports/hub.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import type { Committer } from './change.ts'
import type { CauseBook } from './causes.ts'
import type { ListingFinder } from './listing-finder.ts'

/** Structured messages for the person at night. Never a body, a secret or buyer data. */
export interface Logger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

export interface EngineContext {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly committer: Committer
  readonly settingsFor: SettingsFor
  readonly metrics: Metrics
  readonly log: Logger
  readonly listings: ListingFinder
  readonly causes: CauseBook
  readonly emit: (event: HubEvent) => void
  /** What cannot be if the settings of the channel hold: they are widened, durably, and an incident tells it. */
  readonly contradicted: (channel: ChannelId, contradiction: Contradiction) => Promise<void>
  /** Counts a retry for the channel's status. */
  readonly retried: (channel: ChannelId) => void
}

/** What the loops of one channel are given: they are the only ones that speak to it, as long as its lease is held. */
export interface ChannelContext extends EngineContext {
  /** Under the lease: what was sent and heard, and how far was polled. */
  readonly owned: Committer
  /** By our own clock: look before anything is sent. */
  readonly isHeld: () => boolean
}
