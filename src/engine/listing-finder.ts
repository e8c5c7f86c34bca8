// Finds listings by the keys that platforms use, with a bounded cache of what was found. A miss is never cached: the mapping may be
// mended at any moment. `forget` after an import.
import type { ChannelId } from '../domain/ids.ts'
import type { Listing } from '../domain/orders.ts'
import type { Store } from '../ports/store.ts'

const maxCached = 100_000

export interface ListingFinder {
  /** For each key the listing or null. One read for all that are not cached. */
  find(channel: ChannelId, keys: readonly string[]): Promise<ReadonlyMap<string, Listing>>
  forget(): void
}

export const createListingFinder = (store: Store): ListingFinder => {
  const cache = new Map<string, Listing>()
  return {
    find: async (channel, keys) => {
      const found = new Map<string, Listing>()
      const missing: string[] = []
      for (const key of new Set(keys)) {
        const cached = cache.get(`${channel}\u0000${key}`)
        if (cached) found.set(key, cached)
        else missing.push(key)
      }
      if (missing.length === 0) return found
      const read = await store.findListings(channel, missing)
      read.forEach((listing, index) => {
        const key = missing[index]
        if (!listing || key === undefined) return
        found.set(key, listing)
        cache.set(`${channel}\u0000${key}`, listing)
        if (cache.size > maxCached) cache.clear()
      })
      return found
    },
    forget: () => cache.clear(),
  }
}
