// What a person names: a SKU of a pool, and one of its listings. A wrong name is told with the right ones.
import { BelayError } from '../domain/errors.ts'
import type { ListingId, StockKey } from '../domain/ids.ts'
import { findListing, type ListingState, type Stock } from '../domain/stock.ts'
import type { View } from './change.ts'

/** Throws sku-unknown. */
export const namedStock = (view: View, { sku, pool }: StockKey): Stock => {
  const stock = view.stock({ sku, pool })
  if (stock) return stock
  throw new BelayError('sku-unknown', `${sku} is not known in pool ${pool}`, { fix: 'import it first: belay import --stock FILE' })
}

/** Throws listing-unknown. */
export const namedListing = (stock: Stock, id: ListingId): ListingState => {
  const listing = findListing(stock, id)
  if (listing) return listing
  throw new BelayError('listing-unknown', `${stock.sku} has no listing ${id} in pool ${stock.pool}`, {
    fix: `use one of: ${stock.listings.map((each) => each.id).join(', ') || 'none is mapped; import it first'}`,
  })
}
