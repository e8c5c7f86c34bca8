// The changes that the push loop submits: issue (the charge, durable before the first byte), record (what became of it), expire, fence.
// Each looks at the document as it is when it is committed: a plan made on an older one is made again, so the newest state is sent.
import type { ChannelId, ListingId, StockKey } from '../domain/ids.ts'
import type { Incident } from '../domain/incidents.ts'
import { allocate } from '../domain/allocation.ts'
import { admitAdopted, exposureQuantity } from '../domain/exposure.ts'
import { completeFences } from '../domain/fence.ts'
import type { Contradiction } from '../domain/learned.ts'
import { admit, type Intent, modesOf, plan, type SettingsFor, slackUnits, workKindOf } from '../domain/plan.ts'
import {
  expirePushes,
  issuePush,
  type PushResult,
  type ReadEffect,
  recordDelta,
  recordPush,
  recordRead,
  recoverPush,
  resendPush,
} from '../domain/push.ts'
import { explainNumberBeyond } from '../domain/read-findings.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import { findListing, type ListingState, type Push, type Stock, withListing } from '../domain/stock.ts'
import { leaveGuarantee, takeInAnew } from '../domain/unusable.ts'
import type { Change } from './change.ts'

/** One request to make now. */
export interface Job {
  readonly key: StockKey
  readonly listing: ListingId
  readonly externalId: string
  readonly kind: 'write' | 'read' | 'settle'
  readonly push: Push
}

/** An unanswered question about a submission is asked again after this. */
const settleTimeoutMs = 60_000

const noChange = { stock: [] as readonly Stock[] }

const jobOf = (stock: Stock, listing: ListingState, kind: Job['kind'], push: Push): Job => ({
  key: { sku: stock.sku, pool: stock.pool },
  listing: listing.id,
  externalId: listing.externalId,
  kind,
  push,
})

/** Unique for ever and the same for every attempt: the listing and its push number. */
const pushIdOf = (listing: ListingState): string => `${listing.id}#${listing.sequence + 1}`

/** Remembers when a listing came to hold units, and when it was passed over: what the last units go by. */
const holdingSince = (listing: ListingState, exposureBefore: number, passes: boolean, nowMs: number): ListingState => {
  const raised = exposureBefore === 0 && exposureQuantity(listing) > 0 ? { ...listing, heldSinceMs: nowMs } : listing
  return passes ? { ...raised, passedAtMs: nowMs } : raised
}

const take = (
  stock: Stock,
  listing: ListingState,
  intent: Intent,
  nowMs: number,
  settingsFor: SettingsFor,
): { listing: ListingState; job: Job | null } => {
  const { step } = intent
  switch (step.kind) {
    case 'set':
    case 'compare-and-set':
    case 'delta':
    case 'read': {
      if (step.kind !== 'read' && !admit(stock, listing, step, slackUnits(stock, allocate(stock, modesOf(settingsFor)))))
        return { listing, job: null }
      const quantity = step.kind === 'read' ? 0 : step.quantity
      const fromQuantity = step.kind === 'read' ? null : step.fromQuantity
      const issued = issuePush(listing, { id: pushIdOf(listing), kind: step.kind, quantity, fromQuantity }, nowMs)
      const next = issued && holdingSince(issued, exposureQuantity(listing), intent.passes === true, nowMs)
      const push = next?.pushes.at(-1)
      if (!next || !push) return { listing, job: null }
      return { listing: next, job: jobOf(stock, next, step.kind === 'read' ? 'read' : 'write', push) }
    }
    case 'resend': {
      const next = resendPush(listing, step.pushId, nowMs)
      const push = next.pushes.find((p) => p.id === step.pushId)
      return { listing: next, job: push ? jobOf(stock, next, 'write', push) : null }
    }
    case 'recover':
      return { listing: recoverPush(listing, step.pushId, nowMs, settingsFor(listing.channel).constants), job: null }
    case 'settle': {
      const push = listing.pushes.find((p) => p.id === step.pushId)
      // The key is not due again while the answer is awaited; the record sets the time that counts.
      return { listing: { ...listing, nextPushAtMs: nowMs + settleTimeoutMs }, job: push ? jobOf(stock, listing, 'settle', push) : null }
    }
  }
}

/**
 * Issues what is due on this channel now. Resolves with the requests to make; their charges are durable. Prepared pushes older than
 * `startedAtMs` were sent by a process that is gone.
 */
export const issueChange = (
  key: StockKey,
  channel: ChannelId,
  work: 'push' | 'read',
  settingsFor: SettingsFor,
  startedAtMs: number,
): Change<readonly Job[]> => ({
  stock: [key],
  orders: [],
  ledgerKeys: [],
  decide: (view) => {
    let stock = view.stock(key) ?? null
    if (!stock) return { ...noChange, value: [] }
    const jobs: Job[] = []
    for (const intent of plan(stock, settingsFor, view.nowMs)) {
      const listing = findListing(stock, intent.listing)
      if (!listing || intent.channel !== channel || workKindOf(intent.step) !== work) continue
      const { step } = intent
      const orphan = step.kind === 'recover' && listing.pushes.some((p) => p.id === step.pushId && p.lastSendMs < startedAtMs)
      const due = intent.dueAtMs <= view.nowMs || orphan
      if (!due) continue
      const taken = take(stock, listing, intent, view.nowMs, settingsFor)
      if (taken.listing !== listing) stock = withListing(stock, taken.listing)
      if (taken.job) jobs.push(taken.job)
    }
    // Written even when nothing was due any more (the plan changed): writing the document replaces its marks.
    return { stock: [stock], value: jobs }
  },
})

const changeListing = <T>(
  key: StockKey,
  listingId: ListingId,
  change: (listing: ListingState, nowMs: number, stock: Stock) => { listing: ListingState; incidents?: readonly Incident[]; value: T },
  none: T,
): Change<T> => ({
  stock: [key],
  orders: [],
  ledgerKeys: [],
  decide: (view) => {
    const stock = view.stock(key)
    const listing = stock ? findListing(stock, listingId) : undefined
    if (!stock || !listing) return { ...noChange, value: none }
    const result = change(listing, view.nowMs, stock)
    return {
      stock: result.listing === listing ? [] : [admitAdopted(withListing(stock, result.listing))],
      incidents: result.incidents ?? [],
      value: result.value,
    }
  },
})

export const recordChange = (job: Job, result: PushResult, settingsFor: SettingsFor): Change<void> =>
  changeListing(
    job.key,
    job.listing,
    (listing, nowMs, stock) => {
      const settings = settingsFor(listing.channel)
      if (job.push.kind !== 'delta' || result.kind !== 'applied' || !result.evidence)
        return { listing: recordPush(listing, job.push.id, result, nowMs, settings.constants), value: undefined }
      const effect = recordDelta(listing, job.push.id, result.quantity, nowMs, settings.constants)
      return {
        listing: effect.listing,
        incidents: raiseIncidents(stock, listing, effect, { ...result, settings }, job, nowMs),
        value: undefined,
      }
    },
    undefined,
  )

/** A read told that the listing is not one whose number bounds anything. */
export const recordUnusableChange = (job: Job, reason: string, readAgainAtMs: number): Change<void> =>
  changeListing(
    job.key,
    job.listing,
    (listing) => ({ listing: leaveGuarantee(listing, job.push.id, reason, readAgainAtMs), value: undefined }),
    undefined,
  )

/** Its value: what the number proves against a constant of the channel. */
export const recordReadChange = (job: Job, quantity: number, settingsFor: SettingsFor): Change<Contradiction | null> =>
  changeListing(
    job.key,
    job.listing,
    (listing, nowMs, stock) => {
      const settings = settingsFor(listing.channel)
      const effect = recordRead(takeInAnew(listing, settings), job.push.id, quantity, nowMs, settings.constants)
      return {
        listing: effect.listing,
        incidents: raiseIncidents(stock, listing, effect, { quantity, settings }, job, nowMs),
        value:
          effect.raisedBy > 0
            ? explainNumberBeyond(listing, { quantity, askedAtMs: job.push.issuedAtMs, nowMs }, settings.constants)
            : null,
      }
    },
    null,
  )

/**
 * The channel says that it shows `quantity`. More than we believe, with nothing of ours under way, means that somebody else wrote there or a
 * cancellation went back on sale: the number is doubted, so that the plan reads it. A hint changes no bound.
 */
export const doubtChange = (key: StockKey, listingId: ListingId, quantity: number): Change<void> =>
  changeListing(
    key,
    listingId,
    (listing) => {
      const known = listing.believedQuantity
      const doubtful = listing.writeClass !== 'absolute-set' && known !== null && quantity > known && listing.pushes.length === 0
      return { listing: doubtful ? { ...listing, believedQuantity: null } : listing, value: undefined }
    },
    undefined,
  )

/**
 * Somebody has doubts about what is shown: the number is forgotten, so that the plan reads it (or says it again where nothing can be read), and
 * what the protocol makes of that is evidence. False: the listing is not there any more.
 */
export const lookAgainChange = (key: StockKey, listingId: ListingId): Change<boolean> =>
  changeListing(
    key,
    listingId,
    (listing, nowMs) => ({
      listing: { ...listing, believedQuantity: null, nextPushAtMs: Math.min(listing.nextPushAtMs, nowMs) },
      value: true,
    }),
    false,
  )

/** Ends lifetimes and completes fences of one channel in one document. `watermarkMs` null: no watermark yet. */
export const upkeepChange = (key: StockKey, channel: ChannelId, watermarkMs: number | null, settingsFor: SettingsFor): Change<void> => ({
  stock: [key],
  orders: [],
  ledgerKeys: [],
  decide: (view) => {
    const stock = view.stock(key)
    if (!stock) return { ...noChange, value: undefined }
    const { constants } = settingsFor(channel)
    const listings = stock.listings.map((listing) => {
      if (listing.channel !== channel) return listing
      const expired = expirePushes(listing, view.nowMs, constants)
      return watermarkMs === null ? expired : completeFences(expired, watermarkMs, constants, view.nowMs, stock.reservedUnits)
    })
    // Written even when nothing ended: writing the document replaces its marks, and finds out whether it was the newest.
    return { stock: [admitAdopted({ ...stock, listings })], value: undefined }
  },
})

const raiseIncidents = (
  stock: Stock,
  listing: ListingState,
  { raisedBy }: ReadEffect,
  seen: { readonly quantity: number; readonly settings: ChannelSettings },
  job: Job,
  nowMs: number,
): readonly Incident[] => (raisedBy > 0 ? [raiseIncident(stock, listing, { ...seen, raisedBy }, job, nowMs)] : [])

/** The window says when somebody may have written: after the last number that was as it should be, before this answer. */
const raiseIncident = (
  stock: Stock,
  listing: ListingState,
  seen: { readonly quantity: number; readonly raisedBy: number; readonly settings: ChannelSettings },
  job: Job,
  nowMs: number,
): Incident => ({
  id: `external-raise/${listing.id}/${job.push.id}`,
  kind: 'external-raise',
  channel: listing.channel,
  sku: stock.sku,
  listing: listing.id,
  units: seen.raisedBy * listing.unitsPerListing,
  atMs: nowMs,
  summary: `${listing.channel} shows ${seen.quantity} of ${stock.sku}, ${seen.raisedBy} more than the hub allowed: somebody else wrote there, or a cancelled order went back on sale before we heard of it.`,
  evidence: {
    quantity: seen.quantity,
    allowedQuantity: seen.quantity - seen.raisedBy,
    believedQuantity: listing.believedQuantity,
    windowFromMs: listing.believedAtMs,
    windowThroughMs: nowMs,
    readFromMs: job.push.issuedAtMs - (job.push.kind === 'read' ? seen.settings.constants.readStalenessMs : 0),
    base: listing.base,
    openPushes: listing.pushes.length,
  },
})
