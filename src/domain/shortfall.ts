// The shortfall of a SKU, told honestly: how many units are missing in the worst case, which listings hold the units that must come back,
// and until when that is expected. The time is an estimate from the constants, not a promise.
import { isDisconnected } from './connection.ts'
import { atRiskUnits, exposureUnits, isGuaranteed } from './exposure.ts'
import type { ChannelId, ListingId } from './ids.ts'
import type { KnownSettings } from './protection.ts'
import { type ListingState, sellableUnits, type Stock } from './stock.ts'

export interface ShortfallHolder {
  readonly listing: ListingId
  readonly channel: ChannelId
  /** What it may still sell. */
  readonly units: number
}

export interface Shortfall {
  readonly units: number
  /** Of them, what orders take beyond the shelf already. */
  readonly oversoldUnits: number
  readonly holders: readonly ShortfallHolder[]
  /** When the holders' lowered numbers are proven; null: one of them cannot be lowered, or there is none. */
  readonly expectedByMs: number | null
}

/** A number that is lowered now is proven when all orders of the channel up to then are in, and L later they are. null: it cannot be lowered. */
const provenByMs = (listing: ListingState, settingsOf: KnownSettings, nowMs: number): number | null => {
  const settings = settingsOf(listing.channel)
  if (settings?.mode !== 'enforce' || isDisconnected(listing) || listing.blockedReason !== null) return null
  const { orderVisibilityMs, clockSkewMs, checkoutHoldMs } = settings.constants
  return Math.max(nowMs, listing.nextPushAtMs) + 2 * clockSkewMs + checkoutHoldMs + orderVisibilityMs
}

/** null: nothing is missing, or the SKU is pooled and promises nothing. */
export const shortfallOf = (stock: Stock, settingsOf: KnownSettings, nowMs: number): Shortfall | null => {
  const units = atRiskUnits(stock)
  if (units === 0) return null
  const holding = stock.listings.filter((listing) => isGuaranteed(listing) && exposureUnits(listing) > 0)
  const times = holding.map((listing) => provenByMs(listing, settingsOf, nowMs))
  const known = times.filter((ms) => ms !== null)
  return {
    units,
    oversoldUnits: Math.max(0, -sellableUnits(stock)),
    holders: holding.map((listing) => ({ listing: listing.id, channel: listing.channel, units: exposureUnits(listing) })),
    expectedByMs: known.length === times.length && known.length > 0 ? Math.max(...known) : null,
  }
}
