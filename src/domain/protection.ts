// What people may be told about the promise of a SKU, and never more: Protected (every listing fenced, all exposures fit on the shelf),
// At risk n units, Unprotected with the reasons, or Not offered. Protected always comes with the constants that it rests on, one set for
// each channel: without them there is no such claim. A listing that we may not or cannot write to is told as a reason, although its bound
// counts all the same: nobody could lower it when it must be lowered.
import { isDisconnected, isReleased } from './connection.ts'
import { atRiskUnits, hasBound } from './exposure.ts'
import type { ChannelId, ListingId } from './ids.ts'
import { unitsText } from './plain-words.ts'
import type { ChannelConstants, ChannelSettings } from './settings.ts'
import { isPooled, type ListingState, type Stock } from './stock.ts'

/** null: the channel is not configured (any more). */
export type KnownSettings = (channel: ChannelId) => ChannelSettings | null

export type UnprotectedKind =
  /** Fenced never: what it may sell is not known. */
  | 'adopting'
  /** Fenced, and too much for what the others leave. */
  | 'adopting-no-room'
  /** Writes are refused for good. */
  | 'blocked'
  /** Closed by a person's word; what it sold before may still come in. */
  | 'closing'
  | 'disconnected'
  | 'not-configured'
  | 'observe'
  | 'paused'
  /** The merchant's choice: every listing of the SKU, or those of one channel, show everything. */
  | 'pooled'
  /** Not known to lower its own number when it sells. */
  | 'self-decrement'
  /** Its number bounds nothing: oversell allowed, untracked, fulfilled by others, gone. */
  | 'unusable'

export interface UnprotectedReason {
  readonly kind: UnprotectedKind
  /** null: of the whole SKU. */
  readonly channel: ChannelId | null
  readonly listing: ListingId | null
  /** In the platform's or the adapter's words. */
  readonly detail: string | null
}

export interface ConstantsOfChannel extends ChannelConstants {
  readonly channel: ChannelId
}

export interface Protection {
  readonly status: 'protected' | 'at-risk' | 'unprotected' | 'not-offered'
  /** More than 0 only with `at-risk`. */
  readonly atRiskUnits: number
  /** At most one for each listing; empty when protected. */
  readonly reasons: readonly UnprotectedReason[]
  /** Never empty when protected. */
  readonly constants: readonly ConstantsOfChannel[]
}

const kindOf = (listing: ListingState, settings: ChannelSettings | null): UnprotectedKind | null => {
  if (isReleased(listing)) return null
  if (listing.closedAtMs !== undefined) return 'closing'
  if (!settings) return 'not-configured'
  if (settings.selfDecrement === 'unproven') return 'self-decrement'
  if (listing.status === 'unprotected') return 'unusable'
  if (isDisconnected(listing)) return 'disconnected'
  if (settings.mode !== 'enforce') return settings.mode
  if (listing.blockedReason !== null) return 'blocked'
  if (listing.status === 'adopting') return hasBound(listing) ? 'adopting-no-room' : 'adopting'
  return null
}

const reasonOf = (stock: Stock, listing: ListingState, settings: ChannelSettings | null): readonly UnprotectedReason[] => {
  const kind = kindOf(listing, settings) ?? (stock.sharing === 'strict' && isPooled(stock, listing) ? 'pooled' : null)
  if (kind === null) return []
  const detail = kind === 'unusable' || kind === 'blocked' ? listing.blockedReason : null
  return [{ kind, channel: listing.channel, listing: listing.id, detail }]
}

const pooled: UnprotectedReason = { kind: 'pooled', channel: null, listing: null, detail: null }

export const protectionOf = (stock: Stock, settingsOf: KnownSettings): Protection => {
  const selling = stock.listings.filter((l) => l.writeClass !== 'ask-first')
  const constants = new Map<ChannelId, ConstantsOfChannel>()
  for (const { channel } of selling) {
    const settings = settingsOf(channel)
    if (settings) constants.set(channel, { channel, ...settings.constants })
  }
  const reasons = [
    ...(stock.sharing === 'pooled' && selling.length > 0 ? [pooled] : []),
    ...selling.flatMap((listing) => reasonOf(stock, listing, settingsOf(listing.channel))),
  ]
  const units = atRiskUnits(stock)
  const unprotected = reasons.length > 0 ? 'unprotected' : 'protected'
  const offered = selling.length > 0 ? unprotected : 'not-offered'
  return { status: units > 0 ? 'at-risk' : offered, atRiskUnits: units, reasons, constants: [...constants.values()] }
}

export const reasonText = ({ kind, channel, detail }: UnprotectedReason): string => {
  switch (kind) {
    case 'adopting':
      return `${channel} is being adopted: what it may sell is not proven yet`
    case 'adopting-no-room':
      return `${channel} is being adopted: it shows more than the other listings leave`
    case 'blocked':
      return `${channel} refuses our number${detail === null ? '' : ` (${detail})`}`
    case 'closing':
      return `${channel} is closed there: the orders from before are not all in yet`
    case 'disconnected':
      return `${channel} is disconnected: nothing is read or lowered there`
    case 'not-configured':
      return `${channel} is not configured`
    case 'observe':
      return `${channel} is only observed`
    case 'paused':
      return `${channel} is paused`
    case 'pooled':
      return channel === null ? 'pooled by choice: every listing shows everything' : `${channel} shows everything, pooled by choice`
    case 'self-decrement':
      return `${channel} is not known to lower its number by itself when it sells`
    case 'unusable':
      return `${channel} sells without regard to our number${detail === null ? '' : ` (${detail})`}`
  }
}

/** Short enough for a column: the first reason, and how many more there are. */
export const protectionText = ({ status, atRiskUnits: units, reasons }: Protection): string => {
  const [first, ...more] = reasons
  switch (status) {
    case 'protected':
      return 'Protected'
    case 'at-risk':
      return `At risk ${unitsText(units)}`
    case 'unprotected':
      return `Unprotected: ${first ? reasonText(first) : 'no reason known'}${more.length > 0 ? ` (and ${more.length} more)` : ''}`
    case 'not-offered':
      return 'Not offered'
  }
}
