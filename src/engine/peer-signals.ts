// Wakes loops for what another process did, within about a tenth of a second: one read for all channel accounts every `pollEveryMs`, one
// write for all that this process has to tell, at most one every `giveEveryMs`. The cost follows the time, not the events or the catalogue.
// Only hints: a signal that is lost costs the loop's own interval. Not told: what happens on a channel that this process works itself.
import type { ChannelId } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { SignalCounts, SignalKind } from '../ports/peers.ts'
import type { Store } from '../ports/store.ts'
import type { Logger } from './context.ts'

const pollEveryMs = 75
const giveEveryMs = 15
/** After the store did not answer. */
const restMs = 1_000

const kinds: readonly SignalKind[] = ['inbox', 'work', 'lease']

export interface PeerSignals {
  /** At once, and never waited for. */
  give(channel: ChannelId, kind: SignalKind): void
  /** Listens until the signal. */
  listen(signal: AbortSignal): Promise<void>
  /** What was to be told is told, or could not be. */
  idle(): Promise<void>
}

export interface PeerSignalOptions {
  readonly store: Pick<Store, 'giveSignals' | 'readSignals'>
  readonly clock: Clock
  readonly log: Logger
  readonly channels: readonly ChannelId[]
  readonly isOwnedHere: (channel: ChannelId) => boolean
  readonly onSignal: (channel: ChannelId, kind: SignalKind) => void
}

/** For a process that has no others beside it. */
export const noPeerSignals: PeerSignals = { give: () => undefined, listen: () => Promise.resolve(), idle: () => Promise.resolve() }

export const createPeerSignals = (options: PeerSignalOptions): PeerSignals => {
  const { store, clock, log, channels, isOwnedHere, onSignal } = options
  /** By channel and kind: bounded by the configuration. */
  let waiting = new Map<string, { readonly channel: ChannelId; readonly kind: SignalKind }>()
  let giving: Promise<void> | null = null

  const giveAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      const now = waiting
      waiting = new Map()
      await store.giveSignals([...now.values()]).catch((error: unknown) => log.warn({ error: String(error) }, 'signal not given'))
      await clock.sleep(giveEveryMs)
    }
    giving = null
  }

  const compare = (known: readonly SignalCounts[], seen: readonly SignalCounts[]): void => {
    for (const [i, channel] of channels.entries())
      for (const kind of kinds) if ((seen[i]?.[kind] ?? 0) !== (known[i]?.[kind] ?? 0)) onSignal(channel, kind)
  }

  const listen = async (signal: AbortSignal): Promise<void> => {
    let known: readonly SignalCounts[] | null = null
    while (channels.length > 0 && !signal.aborted) {
      let restedMs = pollEveryMs
      try {
        const seen = await store.readSignals(channels)
        if (known) compare(known, seen)
        known = seen
      } catch (error) {
        log.warn({ error: String(error) }, 'signals not readable; loops look by themselves meanwhile')
        restedMs = restMs
      }
      await clock.sleep(restedMs, signal)
    }
  }

  return {
    give: (channel, kind) => {
      if (kind !== 'lease' && isOwnedHere(channel)) return
      waiting.set(`${channel}\u0000${kind}`, { channel, kind })
      giving ??= giveAll()
    },
    listen,
    idle: async () => {
      await giving
    },
  }
}
