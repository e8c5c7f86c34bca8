// A push's life. Charged and persisted before the first byte is sent; only evidence takes a charge back.
//
//   issue -> prepared -> applied        charge moves into base, the answer is evidence (a fence)
//                     -> accepted       charge stays; seen when a read shows its number; settled by the platform's word or by evidence
//                     -> unknown        (timeout, crash) charge stays; a keyed push is sent again under its key, a plain set never is
//                     -> refused        charge dropped, but only if exactly one attempt was ever made
//   any of them, D after the last send -> expired: it may have landed, so the charge moves into base
import { openFence } from './fence.ts'
import { exposureQuantity } from './exposure.ts'
import type { ChannelConstants } from './settings.ts'
import { type ListingState, maxPushes, type Push, type PushKind } from './stock.ts'
import { addTrace } from './traces.ts'

/** How much a request may raise what the channel can sell. A plain set counts in full: it may land after sales we have not seen. */
export const chargeOf = (kind: PushKind, quantity: number, fromQuantity: number | null): number => {
  if (kind === 'read') return 0
  if (kind === 'set') return quantity
  return Math.max(0, quantity - (fromQuantity ?? 0))
}

/** Adds a prepared push. Null: the list is full (then only a set to 0, which joins an open one, could go). */
export const issuePush = (
  listing: ListingState,
  request: { readonly id: string; readonly kind: PushKind; readonly quantity: number; readonly fromQuantity: number | null },
  nowMs: number,
): ListingState | null => {
  if (listing.pushes.length >= maxPushes) return null
  const push: Push = {
    ...request,
    charge: chargeOf(request.kind, request.quantity, request.fromQuantity),
    issuedAtMs: nowMs,
    attempts: 1,
    lastSendMs: nowMs,
    status: 'prepared',
    submissionId: null,
  }
  return { ...listing, sequence: listing.sequence + 1, pushes: [...listing.pushes, push] }
}

/** Counts one more attempt under the same key, durably before it is made. */
export const resendPush = (listing: ListingState, id: string, nowMs: number): ListingState =>
  replacePush(listing, id, (push) => ({ ...push, attempts: push.attempts + 1, lastSendMs: nowMs, status: 'prepared' }))

const replacePush = (listing: ListingState, id: string, change: (push: Push) => Push): ListingState => ({
  ...listing,
  pushes: listing.pushes.map((p) => (p.id === id ? change(p) : p)),
})

const withoutPush = (listing: ListingState, id: string): ListingState => ({ ...listing, pushes: listing.pushes.filter((p) => p.id !== id) })

const keepTracesFromMs = (nowMs: number, constants: ChannelConstants): number =>
  nowMs - constants.readStalenessMs - 2 * constants.requestLifetimeMs

/** Moves a charge into base: it may have taken effect at any time up to now, so every open fence counts it as later. */
const settleCharge = (listing: ListingState, push: Push, nowMs: number, constants: ChannelConstants): ListingState => {
  if (push.charge === 0) return withoutPush(listing, push.id)
  return {
    ...withoutPush(listing, push.id),
    base: listing.base + push.charge,
    fences: listing.fences.map((f) => ({ ...f, later: f.later + push.charge })),
    applied: addTrace(listing.applied, { atMs: nowMs, quantity: push.charge }, keepTracesFromMs(nowMs, constants)),
  }
}

export type PushResult =
  /** evidence: the channel lowers its own number, so that what it shows bounds what it can sell. Without, the listing is unprotected. */
  | { readonly kind: 'applied'; readonly quantity: number; readonly evidence: boolean }
  | { readonly kind: 'accepted'; readonly submissionId: string; readonly checkAtMs: number }
  | { readonly kind: 'processing'; readonly checkAtMs: number }
  | { readonly kind: 'stale'; readonly quantity: number | null }
  | { readonly kind: 'rejected'; readonly reason: string; readonly retryAtMs: number }
  | { readonly kind: 'not-executed'; readonly retryAtMs: number }
  | { readonly kind: 'ambiguous'; readonly retryAtMs: number }

/** Records what became of one attempt. A push that is not open any more (expired, crashed and settled) changes nothing. */
export const recordPush = (
  listing: ListingState,
  id: string,
  result: PushResult,
  nowMs: number,
  constants: ChannelConstants,
): ListingState => {
  const push = listing.pushes.find((p) => p.id === id)
  if (!push) return listing
  switch (result.kind) {
    case 'applied': {
      const known = { believedQuantity: result.quantity, believedAtMs: nowMs, blockedReason: null }
      if (!result.evidence) return { ...withoutPush(listing, id), ...known, status: 'unprotected', base: result.quantity, fences: [] }
      // The fence first: the push's own charge is inside the number it shows, not on top of it.
      const fenced = openFence(listing, { quantity: result.quantity, fromMs: push.issuedAtMs, throughMs: nowMs }, constants)
      const own = fenced.fences.at(-1)
      const settled = settleCharge(fenced, push, nowMs, constants)
      const last = settled.fences.length - 1
      return { ...settled, ...known, fences: settled.fences.map((f, i) => (own && i === last ? own : f)) }
    }
    case 'accepted':
      return {
        ...replacePush(listing, id, (p) => ({ ...p, status: 'accepted', submissionId: result.submissionId })),
        believedQuantity: push.quantity,
        believedAtMs: nowMs,
        blockedReason: null,
        nextPushAtMs: result.checkAtMs,
      }
    case 'processing':
      return { ...listing, nextPushAtMs: result.checkAtMs }
    case 'stale':
      return { ...refuse(listing, push), believedQuantity: result.quantity, believedAtMs: nowMs }
    case 'rejected':
      return { ...refuse(listing, push), blockedReason: result.reason, nextPushAtMs: result.retryAtMs }
    case 'not-executed':
      return { ...refuse(listing, push), nextPushAtMs: result.retryAtMs }
    case 'ambiguous':
      return {
        ...replacePush(listing, id, (p) => ({ ...p, status: 'unknown' })),
        // A read loses nothing by being forgotten; a write keeps its charge.
        ...(push.kind === 'read' ? { pushes: listing.pushes.filter((p) => p.id !== id) } : {}),
        nextPushAtMs: result.retryAtMs,
      }
  }
}

/** A refusal speaks for one attempt only: with an earlier attempt of unknown end, the charge stays until evidence or D. */
const refuse = (listing: ListingState, push: Push): ListingState =>
  push.attempts === 1 || push.kind === 'read'
    ? withoutPush(listing, push.id)
    : replacePush(listing, push.id, (p) => ({ ...p, status: 'unknown' }))

/** Moves the charges of requests that can no longer take effect into base. Returns the same object when there is none. */
export const expirePushes = (listing: ListingState, nowMs: number, constants: ChannelConstants): ListingState => {
  let next = listing
  for (const push of listing.pushes) {
    if (push.lastSendMs + constants.requestLifetimeMs > nowMs) continue
    next = settleCharge(next, push, nowMs, constants)
  }
  return next
}

/** What a live read found. `raisedBy`: the channel shows this much more than anything known allows: somebody else wrote there. */
export interface ReadEffect {
  readonly listing: ListingState
  readonly raisedBy: number
}

/** A read is evidence, and it shows whether accepted writes have arrived. */
export const recordRead = (listing: ListingState, id: string, quantity: number, nowMs: number, constants: ChannelConstants): ReadEffect => {
  const push = listing.pushes.find((p) => p.id === id)
  if (!push) return { listing, raisedBy: 0 }
  const fromMs = push.issuedAtMs - constants.readStalenessMs
  const open = withoutPush(listing, id)
  const seen: ListingState = {
    ...open,
    pushes: open.pushes.map((p) =>
      p.kind !== 'read' && showsEffect(p, quantity, listing.believedQuantity) ? { ...p, status: 'seen' } : p,
    ),
  }
  const adopting = listing.status === 'adopting'
  const raisedBy = adopting ? 0 : Math.max(0, quantity - exposureQuantity(seen))
  const base = adopting ? Math.max(seen.base, quantity) : seen.base + raisedBy
  const fenced = openFence({ ...seen, base }, { quantity, fromMs, throughMs: nowMs }, constants)
  return { listing: { ...fenced, believedQuantity: quantity, believedAtMs: nowMs, blockedReason: null }, raisedBy }
}

/** Does the number shown tell that this set has arrived? A hint for when to write again; exposure never rests on it. */
const showsEffect = (push: Push, shown: number, believed: number | null): boolean => {
  if (push.status === 'prepared') return false
  if (shown === push.quantity || shown === believed) return true
  if (push.fromQuantity === null) return false
  return push.quantity > push.fromQuantity ? shown > push.fromQuantity : shown <= push.quantity
}
