// What a change of a stock document means to people: incidents of states that begin with it, and the resolution of those that end.
//   at-risk               channels may still sell more than there is       ends when they may not
//   oversold              orders take more than there is                   ends when goods or cancellations mend it
//   listing-blocked       a channel refuses our number for good            ends at the next success
//   listing-unprotected   a listing's number bounds nothing any more       ends when it is taken in again
// Pure: told from the document before and after, whatever the cause, so that no cause can be forgotten. What the cause reported itself
// (a movement its shortfall, an order its oversell) is taken over instead of told twice. The document keeps the ids of what is open.
import { atRiskUnits } from './exposure.ts'
import type { ChannelId, OrderKey } from './ids.ts'
import type { Incident, Resolution } from './incidents.ts'
import { unitsText } from './plain-words.ts'
import type { KnownSettings } from './protection.ts'
import { shortfallOf } from './shortfall.ts'
import { type IncidentBook, type ListingState, maxOpenIncidents, sellableUnits, type Stock } from './stock.ts'

/** An order that cannot be filled. */
export interface AffectedOrder extends OrderKey {
  readonly createdAtMs: number
  /** Open units of this SKU. */
  readonly units: number
}

export interface Watch {
  readonly stock: Stock
  /** Those reported, with what is known about the shortfall, and those found. */
  readonly incidents: readonly Incident[]
  readonly resolved: readonly Resolution[]
  /** An oversell that no order reported: told without the orders that it hits, unless they were given. */
  readonly wantsOrders: boolean
}

export interface WatchContext {
  readonly settingsOf: KnownSettings
  readonly nowMs: number
  /** Incidents that the cause of the change reports. */
  readonly reported: readonly Incident[]
  /** The orders that an oversell hits, latest first; null: not looked for. */
  readonly affectedOrders: readonly AffectedOrder[] | null
}

const oversoldUnits = (stock: Stock): number => Math.max(0, -sellableUnits(stock))

/** What the channel says against our number, and whether the listing left the guarantee over it. */
const troubleOf = (listing: ListingState): { readonly kind: 'listing-blocked' | 'listing-unprotected'; readonly reason: string } | null => {
  if (listing.blockedReason === null) return null
  return { kind: listing.status === 'unprotected' ? 'listing-unprotected' : 'listing-blocked', reason: listing.blockedReason }
}

interface Draft {
  readonly incidents: Incident[]
  readonly resolved: Resolution[]
  count: number
  open: IncidentBook['open']
}

const resolve = (draft: Draft, about: string, atMs: number): void => {
  const over = draft.open.filter((each) => each.about === about)
  if (over.length === 0) return
  draft.resolved.push(...over.map(({ id }) => ({ id, atMs })))
  draft.open = draft.open.filter((each) => each.about !== about)
}

/** With a full list the oldest is let go as over: its successors tell the state. */
const keepOpen = (draft: Draft, about: string, id: string, atMs: number): void => {
  draft.open = [...draft.open, { about, id }]
  const [oldest, ...rest] = draft.open
  if (!oldest || draft.open.length <= maxOpenIncidents) return
  draft.resolved.push({ id: oldest.id, atMs })
  draft.open = rest
}

const tell = (draft: Draft, about: string, incident: Omit<Incident, 'id'>, subject: string): void => {
  draft.count += 1
  const id = `${incident.kind}/${subject}/${draft.count}`
  draft.incidents.push({ ...incident, id })
  keepOpen(draft, about, id, incident.atMs)
}

const subjectOf = (stock: Stock): string => `${stock.sku}/${stock.pool}`

const incidentOf = (stock: Stock, kind: Incident['kind'], units: number, nowMs: number): Omit<Incident, 'id' | 'summary' | 'evidence'> => ({
  kind,
  channel: null,
  sku: stock.sku,
  listing: null,
  units,
  atMs: nowMs,
})

const watchRisk = (draft: Draft, before: Stock | null, after: Stock, context: WatchContext): void => {
  const { nowMs, settingsOf } = context
  const units = atRiskUnits(after)
  const reported = draft.incidents.filter((each) => each.kind === 'at-risk')
  if (units === 0) return resolve(draft, 'at-risk', nowMs)
  const grew = units > (before ? atRiskUnits(before) : 0)
  if (!grew && reported.length === 0) return
  // The newer one tells the whole state.
  resolve(draft, 'at-risk', nowMs)
  const shortfall = { ...shortfallOf(after, settingsOf, nowMs) }
  if (reported.length === 0) {
    const summary = `${after.sku}: channels may still sell ${unitsText(units)} more than there are; they are being lowered now.`
    return tell(draft, 'at-risk', { ...incidentOf(after, 'at-risk', units, nowMs), summary, evidence: shortfall }, subjectOf(after))
  }
  for (const [i, incident] of draft.incidents.entries()) {
    if (incident.kind !== 'at-risk') continue
    draft.incidents[i] = { ...incident, evidence: { ...incident.evidence, ...shortfall } }
    keepOpen(draft, 'at-risk', incident.id, nowMs)
  }
}

/** True: told without the orders that it hits. */
const watchOversell = (draft: Draft, before: Stock | null, after: Stock, { nowMs, affectedOrders }: WatchContext): boolean => {
  const units = oversoldUnits(after)
  if (units === 0) {
    resolve(draft, 'oversold', nowMs)
    return false
  }
  const reported = draft.incidents.filter((each) => each.kind === 'oversold')
  for (const { id } of reported) keepOpen(draft, 'oversold', id, nowMs)
  if (reported.length > 0 || units <= (before ? oversoldUnits(before) : 0)) return false
  const summary = `${after.sku}: orders take ${unitsText(units)} more than are on the shelf.`
  const evidence = { sellableUnits: sellableUnits(after), sharing: after.sharing, affectedOrders: affectedOrders ?? [] }
  tell(draft, 'oversold', { ...incidentOf(after, 'oversold', units, nowMs), summary, evidence }, subjectOf(after))
  return affectedOrders === null
}

const troubleText = (channel: ChannelId, stock: Stock, kind: 'listing-blocked' | 'listing-unprotected', reason: string): string =>
  kind === 'listing-blocked'
    ? `${channel} refuses our number of ${stock.sku}: ${reason}`
    : `${channel} sells ${stock.sku} without regard to our number, which leaves it outside the guarantee: ${reason}`

const watchListing = (draft: Draft, before: ListingState | undefined, after: ListingState, stock: Stock, nowMs: number): void => {
  const was = before ? troubleOf(before) : null
  const is = troubleOf(after)
  if (was?.kind === is?.kind && was?.reason === is?.reason) return
  const about = `listing/${after.id}`
  resolve(draft, about, nowMs)
  if (!is) return
  const summary = troubleText(after.channel, stock, is.kind, is.reason)
  const evidence = { reason: is.reason, believedQuantity: after.believedQuantity, lastEvidenceMs: after.believedAtMs }
  const incident = { ...incidentOf(stock, is.kind, 0, nowMs), channel: after.channel, listing: after.id, summary, evidence }
  tell(draft, about, incident, after.id)
}

/** Nothing to tell, nothing that could be over: nearly every change, so it is found out first. Then watchStock would change nothing. */
export const isCalm = (before: Stock | null, after: Stock): boolean => {
  if (before?.incidents || atRiskUnits(after) > 0 || sellableUnits(after) < 0) return false
  for (const listing of after.listings) if (listing.blockedReason !== null) return false
  return true
}

const emptyBook: IncidentBook = { count: 0, open: [] }

/** `before` null: the document is new. Returns `after` itself when there is nothing to keep in it. */
export const watchStock = (before: Stock | null, after: Stock, context: WatchContext): Watch => {
  const { nowMs, reported } = context
  const book = before?.incidents ?? emptyBook
  const draft: Draft = { incidents: [...reported], resolved: [], count: book.count, open: book.open }
  watchRisk(draft, before, after, context)
  const wantsOrders = watchOversell(draft, before, after, context)
  for (const [i, listing] of after.listings.entries()) {
    const same = before?.listings[i]
    if (same === listing) continue
    watchListing(draft, same?.id === listing.id ? same : before?.listings.find((l) => l.id === listing.id), listing, after, nowMs)
  }
  const stock =
    draft.count !== book.count || draft.open !== book.open ? { ...after, incidents: { count: draft.count, open: draft.open } } : after
  return { stock, incidents: draft.incidents, resolved: draft.resolved, wantsOrders }
}
