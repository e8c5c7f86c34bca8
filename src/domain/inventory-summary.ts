// What the unified view says of a stock document that only the protocol knows: status, targets, what each listing should show. Pure; made
// again whenever the view looks at the document, so that no query writes the protocol down a second time.
import { isDisconnected } from './connection.ts'
import { allocate } from './allocation.ts'
import { sharingModes } from './explain-target.ts'
import { exposureQuantity } from './exposure.ts'
import type { ChannelId, ListingId, PoolId, Sku } from './ids.ts'
import { type KnownSettings, type Protection, protectionOf, type UnprotectedKind } from './protection.ts'
import { rateAt } from './sales-rate.ts'
import type { ListingState, SalesRate, Stock } from './stock.ts'

export interface ListingSummary {
  readonly listing: ListingId
  /** By its allocation rule; null: it takes no part. */
  readonly desiredQuantity: number | null
  /** Of the last write that was issued; null: none is known. */
  readonly sentQuantity: number | null
  /** Of the last write that the channel took, or showed; null: none is known. */
  readonly acceptedQuantity: number | null
  readonly exposureQuantity: number
  /** What a reading from `quietSinceMs` on must find; null: not known, or being written. */
  readonly shownQuantity: number | null
  /** Nothing that changes the number is known to have happened since. */
  readonly quietSinceMs: number
}

/** The worst of a SKU's pools is the status of the SKU. */
export const statusOrder = ['not-offered', 'protected', 'unprotected', 'at-risk'] as const satisfies readonly Protection['status'][]

export interface StockSummary {
  readonly sku: Sku
  readonly pool: PoolId
  /** Of the document that it was made from. */
  readonly version: number
  readonly status: Protection['status']
  /** Place in statusOrder. */
  readonly statusRank: number
  readonly atRiskUnits: number
  /** Each once, sorted. */
  readonly reasons: readonly UnprotectedKind[]
  /** Of all its listings together, as of the last sale of any; null: nothing has sold. */
  readonly rate: SalesRate | null
  /** Of the title, as titleWords makes them. */
  readonly words: readonly string[]
  readonly listings: readonly ListingSummary[]
}

/** Longer words are cut, more words are left out: both would only make the search's index larger. */
const maxWordLength = 40
const maxWords = 32

/** Words as they are looked for: without case and accents, each once. "Tasse, Größe M" -> tasse, grosse, m. */
export const titleWords = (text: string): readonly string[] => {
  const folded = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss')
  const words = folded.match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(words.map((word) => word.slice(0, maxWordLength)))].slice(0, maxWords)
}

const latest = (times: readonly number[]): number => times.reduce((a, b) => Math.max(a, b), 0)

const summaryOf = (listing: ListingState, desiredQuantity: number | null): ListingSummary => {
  const writes = listing.pushes.filter((push) => push.kind !== 'read')
  const taken = writes.findLast((push) => push.status === 'accepted' || push.status === 'seen')
  const traces = [listing.applied, listing.cancels, listing.sales ?? [], listing.lowered ?? []].flat()
  const told = listing.writeClass !== 'ask-first' && !isDisconnected(listing)
  return {
    listing: listing.id,
    desiredQuantity,
    sentQuantity: writes.at(-1)?.quantity ?? listing.believedQuantity,
    acceptedQuantity: taken?.quantity ?? listing.believedQuantity,
    exposureQuantity: exposureQuantity(listing),
    shownQuantity: told && writes.length === 0 ? listing.believedQuantity : null,
    quietSinceMs: latest([listing.believedAtMs, ...traces.map((trace) => trace.atMs)]),
  }
}

const rateOf = (stock: Stock): SalesRate | null => {
  const rates = stock.listings.flatMap(({ rate }) => (rate === undefined ? [] : [rate]))
  if (rates.length === 0) return null
  const atMs = latest(rates.map((rate) => rate.atMs))
  return { milliUnitsPerDay: Math.round(rates.reduce((sum, rate) => sum + rateAt(rate, atMs), 0)), atMs }
}

export const summariseStock = (stock: Stock, settingsOf: KnownSettings): StockSummary => {
  const modeOf = (channel: ChannelId) => settingsOf(channel)?.mode ?? 'not-configured'
  const targets = allocate(stock, sharingModes(modeOf))
  const { status, atRiskUnits, reasons } = protectionOf(stock, settingsOf)
  return {
    sku: stock.sku,
    pool: stock.pool,
    version: stock.version,
    status,
    statusRank: statusOrder.indexOf(status),
    atRiskUnits,
    reasons: [...new Set(reasons.map(({ kind }) => kind))].sort(),
    rate: rateOf(stock),
    words: titleWords(stock.title),
    listings: stock.listings.map((listing) => summaryOf(listing, targets.get(listing.id) ?? null)),
  }
}

export interface Cover {
  /** Thousandths of a unit a day, now; null: nothing has sold. */
  readonly milliUnitsPerDay: number | null
  /** Whole days until the available units are gone at this rate; null: nothing sells. */
  readonly days: number | null
}

/** A rate decays with time, so that what a SKU's stock is good for is told as of now and not as of its last sale. */
export const coverAt = (availableUnits: number, rate: SalesRate | null, nowMs: number): Cover => {
  if (rate === null) return { milliUnitsPerDay: null, days: null }
  const milliUnitsPerDay = Math.round(rateAt(rate, nowMs))
  return { milliUnitsPerDay, days: milliUnitsPerDay === 0 ? null : Math.floor((availableUnits * 1000) / milliUnitsPerDay) }
}
