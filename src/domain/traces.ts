// Short memories of what happened to a listing (pushes applied, cancellations), for evidence whose window opens in the past.
// Bounded: the two oldest entries become one with the later time, which makes the sums only larger: the safe side.
import type { ChannelConstants } from './settings.ts'
import { type ListingState, maxTraces, type Trace } from './stock.ts'

/** Adds an entry and forgets those before `keepFromMs`. Entries stay in order of time. */
export const addTrace = (traces: readonly Trace[], entry: Trace, keepFromMs: number): readonly Trace[] => {
  if (entry.quantity === 0) return traces
  const kept = traces.filter((t) => t.atMs >= keepFromMs)
  kept.push(entry)
  kept.sort((a, b) => a.atMs - b.atMs)
  const [first, second] = kept
  if (kept.length > maxTraces && first && second) kept.splice(0, 2, { atMs: second.atMs, quantity: first.quantity + second.quantity })
  return kept
}

export const sumSince = (traces: readonly Trace[], fromMs: number): number => {
  let quantity = 0
  for (const trace of traces) if (trace.atMs >= fromMs) quantity += trace.quantity
  return quantity
}

/**
 * Before this time no evidence can open its window any more: not that of a request to come, nor that of an open one, however often it was
 * sent again since it was issued. Twice sigma: what fell just before is told of a read that is older than that. Twice eps: the platform's clock, and that of the hub process that issued the request.
 */
export const keepTracesFromMs = (listing: ListingState, nowMs: number, constants: ChannelConstants): number => {
  let earliestMs = nowMs
  for (const push of listing.pushes) earliestMs = Math.min(earliestMs, push.issuedAtMs)
  return earliestMs - 2 * constants.readStalenessMs - 2 * constants.clockSkewMs
}
