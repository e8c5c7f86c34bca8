// The last units: fewer than there are listings to show them. They stay where they sell fastest; dividing or rotating them costs both sales and
// calls. A listing that holds them and does not sell is passed over only after several times its expected wait from sale to sale; then the
// next has its turn, and the last of them keeps the units until a unit sells anywhere or goods come in. So in a quiet document they change
// hands less often than there are listings, each time after a wait of its own, and then rest.
import { interSaleMs } from './sales-rate.ts'
import type { ListingState, Stock } from './stock.ts'

/** At a steady rate a listing stays without a sale for three expected waits once in twenty times (e^-3). */
const waits = 3

/** When anything of it was sold last; 0: never. */
export const lastSaleMs = (stock: Stock): number => {
  let atMs = 0
  for (const { rate } of stock.listings) if (rate !== undefined && rate.atMs > atMs) atMs = rate.atMs
  return atMs
}

const isPassed = (listing: ListingState, soldAtMs: number): boolean => (listing.passedAtMs ?? 0) > soldAtMs

/** Those who may hold the last units: all but the passed, unless that leaves nobody. */
export const holdersOf = (listings: readonly ListingState[], stock: Stock): readonly ListingState[] => {
  if (!listings.some((l) => l.passedAtMs !== undefined)) return listings
  const soldAtMs = lastSaleMs(stock)
  const fresh = listings.filter((l) => !isPassed(l, soldAtMs))
  return fresh.length > 0 ? fresh : listings
}

/** Are there fewer units than it takes to give each listing one? */
export const areLast = (listings: readonly ListingState[], units: number): boolean => {
  let needed = 0
  for (const listing of listings) needed += listing.unitsPerListing
  return units > 0 && units < needed
}

/** When a listing has held the last units long enough to be passed over. */
export const passDueMs = ({ heldSinceMs = 0, rate }: ListingState): number =>
  Math.max(heldSinceMs, rate?.atMs ?? 0) + waits * interSaleMs(rate)
