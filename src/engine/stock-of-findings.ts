// The stock documents of some findings, in one read.
import { type PoolId, stockKeyText } from '../domain/ids.ts'
import type { Finding } from '../domain/reconcile.ts'
import { findListing, type ListingState } from '../domain/stock.ts'
import type { Store } from '../ports/store.ts'

/** By finding; not in it: the listing is not there any more. */
export const listingsOfFindings = async (
  store: Pick<Store, 'readState'>,
  findings: readonly Finding[],
): Promise<ReadonlyMap<string, ListingState>> => {
  const keys = new Map(
    findings.flatMap(({ sku, pool }) => {
      if (sku === null || pool === null) return []
      const key = { sku, pool: pool as PoolId }
      return [[stockKeyText(key), key] as const]
    }),
  )
  const { stock } = await store.readState({ stock: [...keys.values()], orders: [], ledgerKeys: [] })
  const byKey = new Map(stock.flatMap((each) => (each ? [[stockKeyText(each), each] as const] : [])))
  return new Map(
    findings.flatMap(({ id, sku, pool, listing }) => {
      const document = sku === null || pool === null ? undefined : byKey.get(stockKeyText({ sku, pool: pool as PoolId }))
      const state = document && listing !== null ? findListing(document, listing) : undefined
      return state ? [[id, state] as const] : []
    }),
  )
}
