// Short memories of what happened to a listing (pushes applied, cancellations), for evidence whose window opens in the past.
// Bounded: the two oldest entries become one with the later time, which makes the sums only larger: the safe side.
import { maxTraces, type Trace } from './stock.ts'

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
