// What a number beyond the bound proves against the constants of its channel. Most of such numbers somebody else wrote, and no constant is to
// blame; two leave a trace that tells them apart: a request of ours that had its effect after its lifetime shows its own number, and a read
// that is older than sigma shows what was allowed until lately. Where both fit, the request is the one that is believed.
import { exposureQuantity } from './exposure.ts'
import type { Contradiction } from './learned.ts'
import type { ChannelConstants } from './settings.ts'
import type { ListingState } from './stock.ts'
import { sumSince } from './traces.ts'

export interface NumberBeyond {
  readonly quantity: number
  /** When the read was issued; no number in it is older than that less sigma. */
  readonly askedAtMs: number
  readonly nowMs: number
}

/** A set, given up: its charge, which is its number, went into the bound at the end of its lifetime. */
const lateWrite = (
  listing: ListingState,
  { quantity, askedAtMs, nowMs }: NumberBeyond,
  constants: ChannelConstants,
): Contradiction | null => {
  if (listing.writeClass !== 'absolute-set-with-read') return null
  const { requestLifetimeMs, readStalenessMs } = constants
  const trace = listing.applied.find((each) => each.quantity === quantity && each.atMs < askedAtMs - readStalenessMs)
  return trace ? { kind: 'late-write', listing: listing.id, seenMs: nowMs - (trace.atMs - requestLifetimeMs) } : null
}

const staleRead = (listing: ListingState, { quantity, askedAtMs }: NumberBeyond, constants: ChannelConstants): Contradiction | null => {
  const fromMs = askedAtMs - constants.readStalenessMs
  const exposure = exposureQuantity(listing)
  const before = (listing.lowered ?? []).filter((each) => each.atMs < fromMs)
  // The newest fall that, undone, allows what was shown.
  const fall = before.findLast((each) => quantity <= exposure + sumSince(listing.lowered ?? [], each.atMs))
  return fall ? { kind: 'stale-read', listing: listing.id, seenMs: askedAtMs - fall.atMs } : null
}

/** `listing`: as it was when the number came in. null: somebody else wrote it, as far as anyone can tell. */
export const explainNumberBeyond = (listing: ListingState, beyond: NumberBeyond, constants: ChannelConstants): Contradiction | null =>
  lateWrite(listing, beyond, constants) ?? staleRead(listing, beyond, constants)
