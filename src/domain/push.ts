// A push's life. Charged and persisted before the first byte is sent; only evidence takes a charge back.
//
//   issue -> prepared -> applied        charge moves into base, the answer is evidence (a fence)
//                     -> accepted       charge stays; seen when a read shows its number; settled by the platform's word or by evidence
//                     -> unknown        (timeout, crash) charge stays; a keyed push is sent again under its key, a set or a delta never is
//                     -> refused        charge dropped, but only if exactly one attempt was ever made
//   any of them, D + sigma after the last send -> expired: it may have landed, so the charge moves into base
import { exposureQuantity, hasBound, openCharge, raiseCeilings } from './exposure.ts'
import { countLater, openFence } from './fence.ts'
import type { ChannelConstants } from './settings.ts'
import { type ListingState, maxPushes, type Push, type PushKind } from './stock.ts'
import { addTrace, keepTracesFromMs, sumSince } from './traces.ts'

/** How much a request may raise what the channel can sell. A plain set counts in full: it may land after sales we have not seen. */
export const chargeOf = (kind: PushKind, quantity: number, fromQuantity: number | null): number => {
  if (kind === 'read') return 0
  if (kind === 'set') return quantity
  return Math.max(0, quantity - (fromQuantity ?? 0))
}

/**
 * Makes room in a full list for a request that costs nothing: two entries become one, which nothing settles but its lifetime. Those without
 * a charge first. None is forgotten, since it may still land over a newer number.
 */
const makeRoom = (listing: ListingState): ListingState => {
  const idle = listing.pushes.filter((p) => p.status !== 'prepared')
  const free = idle.filter((p) => p.charge === 0)
  const [first, second] = free.length >= 2 ? free : idle.length >= 2 ? idle : listing.pushes
  if (!first || !second) return listing
  const merged: Push = {
    ...second,
    kind: 'set',
    id: `${second.id}+`,
    charge: first.charge + second.charge,
    issuedAtMs: Math.min(first.issuedAtMs, second.issuedAtMs),
    lastSendMs: Math.max(first.lastSendMs, second.lastSendMs),
    attempts: first.attempts + second.attempts,
    status: 'seen',
    submissionId: null,
    ceilingQuantity: undefined,
  }
  return { ...listing, pushes: [merged, ...listing.pushes.filter((p) => p !== first && p !== second)] }
}

/** Adds a prepared push. Null: the list is full, and the request has a charge. One without (a set to 0, a read) always finds room. */
export const issuePush = (
  listing: ListingState,
  request: { readonly id: string; readonly kind: PushKind; readonly quantity: number; readonly fromQuantity: number | null },
  nowMs: number,
): ListingState | null => {
  const charge = chargeOf(request.kind, request.quantity, request.fromQuantity)
  if (listing.pushes.length >= maxPushes && charge > 0) return null
  const roomy = listing.pushes.length >= maxPushes ? makeRoom(listing) : listing
  const push: Push = {
    ...request,
    charge,
    issuedAtMs: nowMs,
    attempts: 1,
    lastSendMs: nowMs,
    status: 'prepared',
    submissionId: null,
    ceilingQuantity: hasBound(listing) ? exposureQuantity(listing) : undefined,
  }
  return { ...roomy, sequence: listing.sequence + 1, pushes: [...raiseCeilings(roomy.pushes, charge), push] }
}

/** Counts one more attempt under the same key, durably before it is made. */
export const resendPush = (listing: ListingState, id: string, nowMs: number): ListingState =>
  replacePush(listing, id, (push) => ({ ...push, attempts: push.attempts + 1, lastSendMs: nowMs, status: 'prepared' }))

const replacePush = (listing: ListingState, id: string, change: (push: Push) => Push): ListingState => ({
  ...listing,
  pushes: listing.pushes.map((p) => (p.id === id ? change(p) : p)),
})

const withoutPush = (listing: ListingState, id: string): ListingState => ({ ...listing, pushes: listing.pushes.filter((p) => p.id !== id) })

/** Moves a charge into base: it may have taken effect at any time up to `landedByMs`, so fences whose window opened by then count it. */
const settleCharge = (listing: ListingState, push: Push, landedByMs: number, nowMs: number, constants: ChannelConstants): ListingState => {
  if (push.charge === 0) return withoutPush(listing, push.id)
  return {
    ...withoutPush(listing, push.id),
    base: listing.base + push.charge,
    fences: countLater(listing.fences, push.charge, landedByMs),
    applied: addTrace(listing.applied, { atMs: landedByMs, quantity: push.charge }, keepTracesFromMs(listing, nowMs, constants)),
  }
}

/**
 * A compare-and-set that lowered by k took k units from sale at that instant, and no sale with them: where nothing is held in a checkout (H = 0),
 * the bound falls by k with the answer, without waiting for orders. With holds, a unit taken back may be sold all the same: evidence only.
 */
const reclaim = (listing: ListingState, push: Push, nowMs: number, constants: ChannelConstants): ListingState => {
  if (push.kind !== 'compare-and-set' || push.fromQuantity === null || constants.checkoutHoldMs > 0 || !hasBound(listing)) return listing
  const quantity = Math.max(0, push.fromQuantity - push.quantity)
  if (quantity === 0) return listing
  return {
    ...listing,
    base: listing.base - quantity,
    lowered: addTrace(listing.lowered ?? [], { atMs: nowMs, quantity }, keepTracesFromMs(listing, nowMs, constants)),
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

/** A first refusal may have been a failure of the moment, and what it refused may have been a decrease. */
const firstRefusalMs = 60_000

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
      // The wait was for this answer: nothing keeps the next write back any more.
      const known = {
        believedQuantity: result.quantity,
        believedAtMs: push.issuedAtMs,
        blockedReason: null,
        nextPushAtMs: nowMs,
        lastWrite: {
          quantity: result.quantity,
          fromQuantity: push.fromQuantity === null ? null : result.quantity - (push.quantity - push.fromQuantity),
          atMs: nowMs,
        },
      }
      if (!result.evidence) return { ...withoutPush(listing, id), ...known, status: 'unprotected', base: result.quantity, fences: [] }
      // The fence first: the push's own charge is inside the number it shows, not on top of it.
      const proven: ListingState =
        listing.status === 'unprotected' ? { ...listing, status: 'adopting', fencedThroughMs: 0, fences: [] } : listing
      const fenced = openFence(proven, { quantity: result.quantity, fromMs: push.issuedAtMs, throughMs: nowMs }, constants)
      const own = fenced.fences.at(-1)
      const settled = reclaim(settleCharge(fenced, push, nowMs, nowMs, constants), push, nowMs, constants)
      const last = settled.fences.length - 1
      return {
        ...settled,
        ...known,
        fences: settled.fences.map((f, i) => (own && i === last ? own : f)),
        // Put in doubt since it was accepted: the number it wrote may have been overwritten.
        believedQuantity:
          push.status === 'accepted' && listing.believedQuantity === null ? null : believedSince(settled, result.quantity, push.issuedAtMs),
      }
    }
    case 'accepted':
      return {
        ...replacePush(listing, id, (p) => ({ ...p, status: 'accepted', submissionId: result.submissionId })),
        // The late answer to a request that was given up: another may have been written over it meanwhile, or it over another.
        believedQuantity: push.status === 'unknown' ? null : push.quantity,
        believedAtMs: push.issuedAtMs,
        blockedReason: null,
        nextPushAtMs: result.checkAtMs,
      }
    case 'processing':
      return { ...listing, nextPushAtMs: result.checkAtMs }
    case 'stale':
      return { ...refuse(listing, push, 'seen', nowMs, constants), believedQuantity: result.quantity, believedAtMs: nowMs }
    case 'rejected':
      return {
        ...refuse(listing, push, 'seen', nowMs, constants),
        blockedReason: result.reason,
        nextPushAtMs: listing.blockedReason === null ? Math.min(result.retryAtMs, nowMs + firstRefusalMs) : result.retryAtMs,
        // Of unknown age: every sale to come lowers it.
        ...(push.status === 'accepted' ? { believedQuantity: believedBefore(listing, push), believedAtMs: 0 } : {}),
      }
    case 'not-executed':
      return { ...refuse(listing, push, 'unknown', nowMs, constants), nextPushAtMs: result.retryAtMs }
    case 'ambiguous':
      return {
        ...replacePush(listing, id, (p) => ({ ...p, status: 'unknown' })),
        nextPushAtMs: result.retryAtMs,
        // A read loses nothing by being forgotten; a write keeps its charge.
        ...(push.kind === 'read' ? { pushes: listing.pushes.filter((p) => p.id !== id) } : {}),
      }
  }
}

/**
 * A number that the channel showed at some instant since `fromMs`. Sales that came in since then may be from after that instant: it shows that
 * much less now, or will be looked at again.
 */
const believedSince = (listing: ListingState, quantity: number, fromMs: number): number =>
  Math.min(quantity, Math.max(0, quantity - sumSince(listing.sales ?? [], fromMs)))

/** An accepted write was refused after all: the number before it stands, less what was sold, unless it was put in doubt since. */
const believedBefore = (listing: ListingState, push: Push): number | null =>
  push.fromQuantity === null || listing.believedQuantity === null
    ? null
    : Math.max(0, push.fromQuantity - sumSince(listing.sales ?? [], push.issuedAtMs))

/** A request of a process that is gone: the same as one that timed out. */
export const recoverPush = (listing: ListingState, id: string, nowMs: number, constants: ChannelConstants): ListingState =>
  recordPush(listing, id, { kind: 'ambiguous', retryAtMs: Math.max(nowMs, listing.nextPushAtMs) }, nowMs, constants)

/**
 * A refusal speaks for one attempt only: with an earlier attempt of unknown end, the charge stays until evidence or D. Only what was not
 * executed is worth a repeat (unknown); an answer may have used the key up (seen).
 */
const refuse = (
  listing: ListingState,
  push: Push,
  status: 'seen' | 'unknown',
  nowMs: number,
  constants: ChannelConstants,
): ListingState => {
  if (push.attempts > 1 && push.kind !== 'read') return replacePush(listing, push.id, (p) => ({ ...p, status }))
  const dropped = withoutPush(listing, push.id)
  if (push.charge === 0) return dropped
  return {
    ...dropped,
    lowered: addTrace(listing.lowered ?? [], { atMs: nowMs, quantity: push.charge }, keepTracesFromMs(listing, nowMs, constants)),
  }
}

/** When a push's lifetime ends: nothing of it can land any more, and a read from then on shows what it left behind. */
export const expiresAtMs = (push: Push, constants: ChannelConstants): number =>
  push.lastSendMs + constants.requestLifetimeMs + constants.readStalenessMs

/**
 * Moves the charges of requests that can no longer take effect into base. Returns the same object when there is none. Such a write may have
 * landed late, over a newer number: what the channel shows is not known any more.
 */
export const expirePushes = (listing: ListingState, nowMs: number, constants: ChannelConstants): ListingState => {
  let next = listing
  for (const push of listing.pushes) {
    if (expiresAtMs(push, constants) > nowMs) continue
    next = settleCharge(next, push, push.lastSendMs + constants.requestLifetimeMs, nowMs, constants)
    if (push.kind !== 'read' && listing.closedAtMs === undefined) next = { ...next, believedQuantity: null }
  }
  return next
}

/** What a live read found. `raisedBy`: the channel shows this much more than anything known allows: somebody else wrote there. */
export interface ReadEffect {
  readonly listing: ListingState
  readonly raisedBy: number
}

/**
 * Does a number, shown at some instant since `fromMs`, exceed all that is known to be allowed? Then somebody wrote it, and it may be sold: base
 * follows. As after a set of ours that landed unseen, evidence of instants before bounds nothing less than that (`later`, in full).
 */
const raisedTo = (listing: ListingState, quantity: number, fromMs: number, nowMs: number): ReadEffect => {
  // The bound may have fallen within the window: what was shown before that proves nothing.
  const tooMuch = hasBound(listing) && quantity > exposureQuantity(listing) + sumSince(listing.lowered ?? [], fromMs)
  if (!tooMuch) return { listing, raisedBy: 0 }
  const raisedBy = quantity - exposureQuantity(listing)
  const base = listing.base + openRaise(listing, raisedBy)
  const fences = countLater(listing.fences, quantity, nowMs)
  return { listing: { ...listing, base, fences, pushes: raiseCeilings(listing.pushes, raisedBy) }, raisedBy }
}

/** So that what opens later, of a window before, counts it too. After the fence of the number itself, which shows it. */
const rememberRaise = ({ listing, raisedBy }: ReadEffect, quantity: number, nowMs: number, constants: ChannelConstants): ReadEffect =>
  raisedBy === 0
    ? { listing, raisedBy }
    : {
        listing: {
          ...listing,
          applied: addTrace(listing.applied, { atMs: nowMs, quantity }, keepTracesFromMs(listing, nowMs, constants)),
        },
        raisedBy,
      }

/** What the channel showed after adding a delta. Nothing was compared, so that it may tell of somebody else's write, as a read does. */
export const recordDelta = (
  listing: ListingState,
  id: string,
  quantity: number,
  nowMs: number,
  constants: ChannelConstants,
): ReadEffect => {
  const push = listing.pushes.find((p) => p.id === id)
  if (!push) return { listing, raisedBy: 0 }
  const { listing: raised, raisedBy } = raisedTo(listing, quantity, push.issuedAtMs, nowMs)
  const applied = recordPush(raised, id, { kind: 'applied', quantity, evidence: true }, nowMs, constants)
  return rememberRaise({ listing: applied, raisedBy }, quantity, nowMs, constants)
}

/** A read is evidence, and it shows whether accepted writes have arrived. */
export const recordRead = (listing: ListingState, id: string, quantity: number, nowMs: number, constants: ChannelConstants): ReadEffect => {
  const push = listing.pushes.find((p) => p.id === id)
  if (!push) return { listing, raisedBy: 0 }
  const fromMs = push.issuedAtMs - constants.readStalenessMs
  const open = withoutPush(listing, id)
  const seen: ListingState = {
    ...open,
    pushes: open.pushes.map((p) => (p.kind !== 'read' && showsEffect(p, quantity) ? { ...p, status: 'seen' } : p)),
  }
  const { listing: known, raisedBy } = raisedTo(seen, quantity, fromMs, nowMs)
  const raised = hasBound(listing) ? known : { ...seen, base: Math.max(seen.base, quantity) }
  const fenced = openFence(raised, { quantity, fromMs, throughMs: nowMs }, constants)
  const believed = believedSince(fenced, quantity, fromMs)
  // A read whose window opened before the write's answer may be older than the write.
  const overWrite = listing.lastWrite && listing.lastWrite.atMs >= fromMs ? listing.lastWrite : undefined
  const { mayBeOld: _before, ...settled } = fenced
  const waiting = seen.pushes.find((p) => p.kind !== 'read' && (p.status === 'accepted' || p.status === 'unknown'))
  const read: ListingState = {
    ...settled,
    ...(overWrite && believed !== listing.believedQuantity ? { mayBeOld: true as const } : {}),
    believedQuantity: believed,
    believedAtMs: fromMs,
    lastWrite: overWrite,
    blockedReason: null,
    nextPushAtMs: waiting ? Math.max(listing.nextPushAtMs, nextLookMs(waiting.lastSendMs, nowMs)) : listing.nextPushAtMs,
  }
  return rememberRaise({ listing: read, raisedBy }, quantity, nowMs, constants)
}

/** How much more base it takes for exposure to rise by that much, when base is below 0. */
const openRaise = (listing: ListingState, raisedBy: number): number =>
  raisedBy === 0 ? 0 : raisedBy + Math.max(0, -(listing.base + openCharge(listing)))

const shortestLookMs = 2_000
const longestLookMs = 5 * 60_000

/** When to look again whether a write shows: at doubling age. */
const nextLookMs = (sinceMs: number, nowMs: number): number => nowMs + Math.min(longestLookMs, Math.max(shortestLookMs, nowMs - sinceMs))

/** Does the number shown tell that this set has arrived? A hint for when to write again; exposure never rests on it. */
const showsEffect = (push: Push, shown: number): boolean => {
  if (push.status === 'prepared') return false
  if (shown === push.quantity) return true
  if (push.fromQuantity === null) return false
  return push.quantity > push.fromQuantity ? shown > push.fromQuantity : shown <= push.quantity
}
