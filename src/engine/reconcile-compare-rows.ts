// Compares a batch of rows that a sweep handed over with the hub's listings and stock documents: one read of each kind for the batch.
// Changes nothing.
import { type Sku, type StockKey, stockKeyText } from '../domain/ids.ts'
import type { Listing } from '../domain/orders.ts'
import { type Comparison, compareOffer } from '../domain/reconcile-compare.ts'
import { findListing, type Stock } from '../domain/stock.ts'
import type { Sighting } from '../ports/reconciliations.ts'
import type { ObservedOffer, SweptRow } from '../ports/sweep.ts'
import type { EngineContext } from './context.ts'

export interface ComparedRow {
  readonly offer: ObservedOffer
  /** null: no listing of the hub names this offer. */
  readonly listing: Listing | null
  /** null: no listing, or its stock document does not hold it. */
  readonly comparison: Comparison | null
  readonly sighting: Sighting | null
  readonly elsewhereQuantity: number | null
  readonly fromMs: number
}

const platformStock: ReadonlySet<SweptRow['source']> = new Set(['amazon-fba-summary', 'amazon-fba-report'])

const elsewhereOf = ({ elsewhere }: ObservedOffer): number | null =>
  elsewhere.length === 0 ? null : elsewhere.reduce((sum, { quantity }) => sum + quantity, 0)

const readStocks = async (context: EngineContext, keys: readonly StockKey[]): Promise<ReadonlyMap<string, Stock>> => {
  const unique = [...new Map(keys.map((key) => [stockKeyText(key), { sku: key.sku, pool: key.pool }])).values()]
  if (unique.length === 0) return new Map()
  const { stock } = await context.store.readState({ stock: unique, orders: [], ledgerKeys: [] })
  return new Map(stock.flatMap((each) => (each ? [[stockKeyText(each), each] as const] : [])))
}

export const compareRows = async (
  context: EngineContext,
  channel: Listing['channel'],
  rows: readonly SweptRow[],
): Promise<readonly ComparedRow[]> => {
  // Amazon's own stock says where goods lie, not what a listing of ours offers.
  const offers = rows.flatMap((row) => (row.observed && !platformStock.has(row.source) ? [{ row, offer: row.observed }] : []))
  const keys = [...new Set(offers.flatMap(({ offer }) => [offer.externalId, ...offer.keys]))]
  const found = keys.length === 0 ? [] : await context.store.findListings(channel, keys)
  const byKey = new Map(found.flatMap((listing, i) => (listing ? [[keys[i] as string, listing] as const] : [])))
  const named = offers.map(({ row, offer }) => {
    const key = [offer.externalId, ...offer.keys].find((each) => byKey.has(each))
    return { row, offer, listing: key === undefined ? null : (byKey.get(key) ?? null) }
  })
  const listings = named.flatMap(({ listing }) => listing ?? [])
  // Does another SKU of the hub have the name that the offer carries?
  const others = named.flatMap(({ offer, listing }) =>
    listing && offer.sku !== null && offer.sku !== listing.sku ? [{ sku: offer.sku as Sku, pool: listing.pool }] : [],
  )
  const [stocks, sightings] = await Promise.all([
    readStocks(context, [...listings, ...others]),
    context.store.readSightings(channel, [...new Set(listings.map(({ id }) => id))]),
  ])
  const nowMs = context.clock.nowMs()
  const settings = context.settingsFor(channel)
  return named.map(({ row, offer, listing }): ComparedRow => {
    const sighting = listing ? (sightings.get(listing.id) ?? null) : null
    const stock = listing ? stocks.get(stockKeyText(listing)) : undefined
    const state = listing && stock ? findListing(stock, listing.id) : undefined
    const comparison =
      listing && stock && state
        ? compareOffer(
            state,
            offer,
            { fromMs: row.readFromMs, throughMs: row.readThroughMs },
            {
              settings,
              nowMs,
              fulfilment: listing.fulfilment,
              listingSku: listing.sku,
              listingsOnChannel: stock.listings.filter((each) => each.channel === channel).length,
              shownSkuKnown: offer.sku !== null && stocks.has(stockKeyText({ sku: offer.sku as Sku, pool: listing.pool })),
              skuBefore: sighting?.sku ?? null,
              agreedAtMs: sighting?.agreedAtMs ?? null,
            },
          )
        : null
    return { offer, listing, comparison, sighting, elsewhereQuantity: elsewhereOf(offer), fromMs: row.readFromMs }
  })
}
