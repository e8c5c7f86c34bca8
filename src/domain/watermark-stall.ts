// A watermark that does not move: orders cannot be told to be complete, so that no evidence becomes a bound and what is freed stays held back.
// Nothing is unsafe, but it does not end by itself when a poll keeps failing or an order keeps waiting for its location.
import type { ChannelId } from './ids.ts'
import type { Incident } from './incidents.ts'
import { spanText } from './plain-words.ts'

/** Longer than any pause that a platform's quota makes between two polls. */
const stalledAfterMs = 15 * 60_000

export interface Stall {
  readonly channel: ChannelId
  readonly stream: string
  /** Where it stands; null: there was no complete poll yet. */
  readonly watermarkMs: number | null
  /** When it last got further. */
  readonly sinceMs: number
  /** Why the last poll was not complete; null: it was. */
  readonly error: string | null
  /** Creation of the earliest order whose effect is not known yet; null: none. */
  readonly undecidedSinceMs: number | null
}

/** The same for as long as the watermark stands still, also over a restart. */
export const stallId = ({ channel, stream, watermarkMs }: Pick<Stall, 'channel' | 'stream' | 'watermarkMs'>): string =>
  `watermark-stalled/${channel}/${stream}/${watermarkMs ?? 0}`

const reasonText = (stall: Stall, nowMs: number): string => {
  if (stall.error !== null) return `the last look at them failed: ${stall.error}`
  if (stall.undecidedSinceMs !== null)
    return `an order created ${spanText(nowMs - stall.undecidedSinceMs)} ago has no location yet, and holds back everything after it`
  return 'the platform does not say that it has shown all of them'
}

/** null: it has not stood still for long. */
export const stallIncident = (stall: Stall, nowMs: number): Incident | null => {
  const forMs = nowMs - stall.sinceMs
  if (forMs < stalledAfterMs) return null
  const { channel, stream, watermarkMs, sinceMs, error, undecidedSinceMs } = stall
  return {
    id: stallId(stall),
    kind: 'watermark-stalled',
    channel,
    sku: null,
    listing: null,
    units: 0,
    atMs: nowMs,
    summary: `${channel}: for ${spanText(forMs)} it has not been possible to say that all orders are in (${stream}): ${reasonText(stall, nowMs)}.`,
    evidence: { stream, watermarkMs, sinceMs, error, undecidedSinceMs },
  }
}
