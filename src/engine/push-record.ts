// From what an adapter answered to what the protocol records. The waits chosen here are the only retry policy of the hub:
// - throttled: exactly when the platform (or our own bucket) said;
// - not sent, ambiguous: exponential with full jitter, 1 s to 60 s, by how often the channel failed in a row;
// - accepted: looked at after 2 s, then at doubling age, at most every 5 minutes.
import type { PushResult } from '../domain/push.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import type { Push } from '../domain/stock.ts'
import type { PushOutcome, ReadOutcome, SettleOutcome } from '../ports/channel.ts'
import type { Random } from '../ports/random.ts'

const firstCheckMs = 2_000
const longestCheckMs = 5 * 60_000
/** A refusal for good is asked about again this much later: a person may have mended its cause. */
export const refusedAgainAfterMs = 60 * 60_000

/** When to look again at a write that was accepted at `sinceMs`. */
export const nextCheckMs = (sinceMs: number, nowMs: number): number =>
  nowMs + Math.min(longestCheckMs, Math.max(firstCheckMs, nowMs - sinceMs))

/** Full jitter: a herd of workers that failed together does not come back together. */
export const backoffMs = (failures: number, random: Random): number => {
  const ceiling = Math.min(60_000, 1_000 * 2 ** Math.min(failures, 6))
  return Math.ceil(ceiling / 2 + (random.next() * ceiling) / 2)
}

export const resultOfPush = (outcome: PushOutcome, settings: ChannelSettings, nowMs: number, retryAfterMs: number): PushResult => {
  switch (outcome.kind) {
    case 'applied':
      return { kind: 'applied', quantity: outcome.quantity, evidence: settings.selfDecrement !== 'unproven' }
    case 'accepted':
      return { kind: 'accepted', submissionId: outcome.submissionId, checkAtMs: nowMs + firstCheckMs }
    case 'stale':
      return { kind: 'stale', quantity: outcome.quantity }
    case 'rejected':
      return { kind: 'rejected', reason: `${outcome.message}. ${outcome.fix}`, retryAtMs: nowMs + refusedAgainAfterMs }
    case 'throttled':
      return { kind: 'not-executed', retryAtMs: outcome.retryAtMs }
    case 'unsent':
      return { kind: 'not-executed', retryAtMs: nowMs + retryAfterMs }
    case 'ambiguous':
      return { kind: 'ambiguous', retryAtMs: nowMs + retryAfterMs }
  }
}

export const resultOfSettle = (
  outcome: SettleOutcome,
  push: Push,
  settings: ChannelSettings,
  nowMs: number,
  retryAfterMs: number,
): PushResult => {
  switch (outcome.kind) {
    case 'applied':
      return { kind: 'applied', quantity: push.quantity, evidence: settings.selfDecrement !== 'unproven' }
    case 'rejected':
      return { kind: 'rejected', reason: `${outcome.message}. ${outcome.fix}`, retryAtMs: nowMs + refusedAgainAfterMs }
    case 'processing':
      return { kind: 'processing', checkAtMs: nextCheckMs(push.lastSendMs, nowMs) }
    case 'throttled':
      return { kind: 'processing', checkAtMs: outcome.retryAtMs }
    case 'failed':
      return { kind: 'processing', checkAtMs: nowMs + retryAfterMs }
  }
}

/** A read that brought nothing: null when it told a number, or that the listing is unusable. Losing a read loses nothing. */
export const resultOfFailedRead = (outcome: ReadOutcome, nowMs: number, retryAfterMs: number): PushResult | null => {
  switch (outcome.kind) {
    case 'quantity':
    case 'unusable':
      return null
    case 'throttled':
      return { kind: 'not-executed', retryAtMs: outcome.retryAtMs }
    case 'failed':
      return { kind: 'not-executed', retryAtMs: nowMs + retryAfterMs }
  }
}
