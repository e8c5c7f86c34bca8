// A rehearsal: the simulated marketplaces as HTTP servers on loopback ports with shoppers in them, for a hub to work against. A second one
// on the same store goes on: the marketplaces open with what the hub last believed them to show.
import { BelayError } from '../src/domain/errors.ts'
import type { Clock } from '../src/ports/clock.ts'
import type { Hub } from '../src/ports/hub.ts'
import type { Store } from '../src/ports/store.ts'
import { readImportCsv } from '../src/cli/import-csv.ts'
import { systemRandom } from '../src/engine/system-random.ts'
import { createMarketplaces, type HubFiles } from './marketplaces.ts'
import { loopbackFetch, serveSimulator } from './serve.ts'
import { createCatalogue, type Platform } from './world/catalogue.ts'
import { seededRandom } from './world/seeded-random.ts'
import { createWorld, type World } from './world/world.ts'

export interface RehearsalOptions {
  readonly port: number
  readonly seed: number
  readonly ordersPerMinute: number
  readonly clock: Clock
  /** The store's URL, for the configuration and to look into before the hub starts. */
  readonly store: string
  readonly openStore: (url: string) => Promise<Store>
}

export interface Rehearsal {
  readonly files: HubFiles
  readonly world: World
  /** The warehouse's stock and the listings, imported once; later starts change nothing. */
  stock(hub: Hub): Promise<void>
  close(): Promise<void>
}

const skuCount = 500
const channelOf: Readonly<Record<Platform, string>> = { shopify: 'shopify', 'amazon-seller': 'amazon', 'amazon-vendor': 'vendor' }

/** What each channel was last believed to show, by channel and the channel's SKU text; empty at the first start. */
const lastShown = async (options: RehearsalOptions): Promise<ReadonlyMap<string, number>> => {
  const shown = new Map<string, number>()
  const store = await options.openStore(options.store)
  try {
    await store.migrate()
    let after: string | null = null
    do {
      const page: Awaited<ReturnType<Store['listStock']>> = await store.listStock({ after, limit: 500 })
      for (const stock of page.items) {
        for (const listing of stock.listings) {
          // Shopify's ids are made anew by each simulator in the order of the catalogue, so its offers are known by SKU and pack.
          const sku = listing.channel === 'shopify' ? stock.sku : (listing.externalId.split('/').at(-1) ?? '')
          if (listing.believedQuantity !== null) shown.set(`${listing.channel} ${sku}`, listing.believedQuantity)
        }
      }
      after = page.next
    } while (after !== null)
  } finally {
    await store.close()
  }
  return shown
}

export const openRehearsal = async (options: RehearsalOptions): Promise<Rehearsal> => {
  const { clock } = options
  const shown = await lastShown(options)
  const catalogue = createCatalogue(options.seed, skuCount)
  const marketplaces = createMarketplaces({
    catalogue,
    // Ids and secrets are new at each start; only the shoppers follow the seed.
    ports: { clock, random: systemRandom, fetch: loopbackFetch },
    openingQuantity: (platform, sku, byDefault) => shown.get(`${channelOf[platform]} ${sku}`) ?? byDefault,
    pace: 'quick',
  })
  const [shopify, seller, vendor] = await Promise.all(marketplaces.all.map((simulator) => serveSimulator(simulator)))
  if (!shopify || !seller || !vendor) throw new BelayError('address-unavailable', 'the simulated marketplaces could not be opened')
  const files = marketplaces.filesFor({
    store: options.store,
    port: options.port,
    origins: { shopify: shopify.url, seller: seller.url, vendor: vendor.url },
  })
  const world = createWorld({
    simulators: marketplaces.all,
    ports: { clock, random: seededRandom(options.seed) },
    plan: { ordersPerMinute: options.ordersPerMinute, cancelWithinMs: 60_000, shipAfterMs: 5 * 60_000 },
  })
  return {
    files,
    world,
    stock: async (hub) => {
      const { request, problems } = await readImportCsv({ stock: files.stockCsv, listings: files.listingsCsv })
      if (problems[0]) throw new BelayError('import-invalid', problems[0].message, { fix: problems[0].fix })
      const known = await hub.store.counts()
      if (known.stock === 0) await hub.applyImport(request)
    },
    close: async () => {
      await Promise.all([shopify.close(), seller.close(), vendor.close()])
      await marketplaces.close()
    },
  }
}
