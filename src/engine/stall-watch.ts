// Watches the watermark of one order stream: tells once when it has stood still for long, with the reason, and when it goes on. What an earlier
// process told is known by its id, so a restart neither tells it twice nor leaves it open. A store that is away is told nothing.
import type { ChannelId } from '../domain/ids.ts'
import { stallId, stallIncident } from '../domain/watermark-stall.ts'
import type { Cursor } from '../ports/store.ts'
import type { Decision } from './change.ts'
import type { EngineContext } from './context.ts'

export interface Polled {
  readonly before: Cursor
  readonly after: Cursor
  /** Up to when created orders are in, as far as the platform shows them: what the watermark is made from. */
  readonly reachedMs: number
  readonly undecidedSinceMs: number | null
}

export interface StallWatch {
  /** After a complete poll. */
  polled(polled: Polled): Promise<void>
  failed(error: string): Promise<void>
}

export const createStallWatch = ({ store, clock, committer, log }: EngineContext, channel: ChannelId, stream: string): StallWatch => {
  let reachedMs = Number.NEGATIVE_INFINITY
  let progressAtMs = clock.nowMs()
  /** null: an earlier process may have told it. */
  let told: boolean | null = null
  const commit = (change: Pick<Decision<void>, 'incidents' | 'resolvedIncidents'>): Promise<void> =>
    committer
      .submit({ stock: [], orders: [], ledgerKeys: [], decide: () => ({ ...change, value: undefined }) })
      .catch((error: unknown) => log.warn({ channel, stream, error: String(error) }, 'a stalled watermark could not be told'))
  const stood = async (error: string | null, undecidedSinceMs: number | null, watermarkMs: number | null): Promise<void> => {
    const incident = stallIncident({ channel, stream, watermarkMs, sinceMs: progressAtMs, error, undecidedSinceMs }, clock.nowMs())
    if (!incident || told === true) return
    told = true
    await commit({ incidents: [incident] })
  }
  return {
    polled: async (polled) => {
      const { before, after } = polled
      if (polled.reachedMs > reachedMs) {
        reachedMs = polled.reachedMs
        progressAtMs = clock.nowMs()
      } else await stood(null, polled.undecidedSinceMs, after.watermarkMs)
      if (told === false || after.watermarkMs === before.watermarkMs) return
      told = false
      await commit({ resolvedIncidents: [{ id: stallId({ channel, stream, watermarkMs: before.watermarkMs }), atMs: clock.nowMs() }] })
    },
    failed: async (error) => {
      const cursor = await store.readCursor(channel, stream).catch(() => null)
      await stood(error, null, cursor?.watermarkMs ?? null)
    },
  }
}
