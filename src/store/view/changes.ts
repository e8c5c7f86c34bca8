// What a change of listings means for the unified view, the same in both engines.
import type { StockKey } from '../../domain/ids.ts'
import type { Listing } from '../../domain/orders.ts'
import { ownSkuName } from './snapshot-names.ts'

/**
 * A listing's own SKU gets its readings; and a SKU that is spelled like one of its keys may lose FBA stock that was taken for its own.
 */
export const listingChanges = (
  listings: readonly Listing[],
): { readonly stock: readonly StockKey[]; readonly names: readonly string[] } => ({
  stock: listings.map(({ sku, pool }) => ({ sku, pool })),
  names: listings.flatMap(({ keys }) => keys.map(ownSkuName)),
})
