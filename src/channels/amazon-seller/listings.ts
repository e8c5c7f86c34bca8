// Writing and reading quantities, and finding all listings. Nothing here throws for what Amazon did to one item.
import { isBelayError } from '../../domain/errors.ts'
import type { DiscoveredListing, PushItem, PushOutcome, ReadOutcome } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Capacity } from '../sp-api/buckets.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import { awaitCapacity, type SellerClient } from './client.ts'
import { pushFailure, readFailure } from './errors.ts'
import { listingsPageSize, maxDiscoveredPages, maxReadItems, maxSetupWaitMs } from './limits.ts'
import { discoveredListing, liveQuantity, pushOutcome, unknownListing } from './map.ts'

export const pushQuantities = (client: SellerClient, items: readonly PushItem[], signal: AbortSignal): Promise<readonly PushOutcome[]> =>
  Promise.all(
    items.map(async (item) => {
      try {
        return pushOutcome(await client.patchQuantity(item, signal))
      } catch (error) {
        return pushFailure(error)
      }
    }),
  )

/** A search takes 20 SKUs for the price of one request; a single SKU may use the other bucket. */
export const readCapacity = (api: SpApiClient): Capacity => {
  const search = api.capacity('searchListingsItems')
  if (search.items > 0) return { items: search.items * maxReadItems, retryAtMs: search.retryAtMs }
  const single = api.capacity('getListingsItem')
  return { items: Math.min(1, single.items), retryAtMs: single.items > 0 ? search.retryAtMs : Math.min(search.retryAtMs, single.retryAtMs) }
}

const readOne = async (client: SellerClient, sku: string, signal: AbortSignal): Promise<ReadOutcome> => {
  try {
    const listing = await client.getListing(sku, signal)
    return listing === null ? unknownListing(sku, client.writeMarketplace) : liveQuantity(listing)
  } catch (error) {
    return readFailure(error)
  }
}

const readEach = (client: SellerClient, skus: readonly string[], signal: AbortSignal): Promise<readonly ReadOutcome[]> =>
  Promise.all(skus.map((sku) => readOne(client, sku, signal)))

const readBySearch = async (client: SellerClient, skus: readonly string[], signal: AbortSignal): Promise<readonly ReadOutcome[]> => {
  try {
    const found = new Map((await client.searchBySku(skus, signal)).items.map((listing) => [listing.sku, listing]))
    return skus.map((sku) => {
      const listing = found.get(sku)
      return listing ? liveQuantity(listing) : unknownListing(sku, client.writeMarketplace)
    })
  } catch (error) {
    // One SKU that Amazon will not take refuses the whole search: ask for each alone, as far as the rate goes.
    if (isBelayError(error, 'channel-rejected')) return readEach(client, skus, signal)
    const failure = readFailure(error)
    return skus.map(() => failure)
  }
}

export const readQuantities = async (
  api: SpApiClient,
  client: SellerClient,
  skus: readonly string[],
  signal: AbortSignal,
): Promise<readonly ReadOutcome[]> => {
  // The list is joined with commas: a SKU that has one can only be asked for alone.
  const together = skus.filter((sku) => !sku.includes(','))
  const alone = skus.filter((sku) => sku.includes(','))
  const single = together.length === 1 && api.capacity('getListingsItem').items > 0
  const [searched, each] = await Promise.all([
    together.length === 0 ? [] : single ? readEach(client, together, signal) : readBySearch(client, together, signal),
    readEach(client, alone, signal),
  ])
  const outcomes = new Map<string, ReadOutcome>()
  for (const [at, outcome] of searched.entries()) outcomes.set(together[at] ?? '', outcome)
  for (const [at, outcome] of each.entries()) outcomes.set(alone[at] ?? '', outcome)
  return skus.map((sku) => outcomes.get(sku) ?? unknownListing(sku, client.writeMarketplace))
}

export async function* discoverListings(
  api: SpApiClient,
  client: SellerClient,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<readonly DiscoveredListing[]> {
  let token: string | undefined
  for (let page = 0; page < maxDiscoveredPages; page++) {
    await awaitCapacity(api, clock, { operation: 'searchListingsItems', maxWaitMs: maxSetupWaitMs, signal })
    const answer = await client.searchPage(token, listingsPageSize, signal)
    yield answer.items.map(discoveredListing)
    token = answer.pagination?.nextToken ?? undefined
    if (token === undefined) return
  }
}
