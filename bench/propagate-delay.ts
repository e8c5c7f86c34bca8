// From a sale's arrival (a webhook, a queue message, a poll) to the moment at which the request that tells another channel is made, in
// whole milliseconds of the machine's clock: the hub over loopback HTTP with its own pushes, as `npm start` runs it, on a store of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config/config.ts'
import { systemClock } from '../src/engine/system-clock.ts'
import { assemble, platformSchemas } from '../src/main.ts'
import { createMarketplaces } from '../sim/marketplaces.ts'
import { readImportCsv } from '../src/cli/import-csv.ts'
import { loopbackFetch, serveSimulator } from '../sim/serve.ts'
import { createCatalogue } from '../sim/world/catalogue.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { freePort } from '../test/e2e/hub-process.ts'
import { percentile } from './figures.ts'

const spacingMs = 300
const measuredSales = 200

export const measureDelay = async (loadPerSecond: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-delay-'))
  const random = seededRandom(17)
  // Measured goods are pooled, each sold once: every sale has followers, and none waits for an earlier write of the same offer to be seen.
  // The load is goods that Shopify alone sells: it costs the hub its folds, and no channel's quota.
  const catalogue = createCatalogue(17, measuredSales * 3).map((entry, i) => {
    const measured = i % 2 === 0
    const listings = measured
      ? entry.listings.filter((l) => l.unitsPerListing === 1)
      : [{ platform: 'shopify' as const, sku: entry.sku, unitsPerListing: 1 }]
    return { ...entry, listings, quantity: 5_000, mode: measured ? ('pooled' as const) : ('strict' as const) }
  })
  const marketplaces = createMarketplaces({
    catalogue,
    ports: { clock: systemClock, random, fetch: loopbackFetch },
    pace: 'quick',
    retailSkus: 0,
  })
  const served = await Promise.all(marketplaces.all.map((simulator) => serveSimulator(simulator)))
  const [shopify = '', seller = '', vendor = ''] = served.map((s) => s.url)
  const port = await freePort()
  const files = marketplaces.filesFor({ store: `sqlite:${join(folder, 'belay.db')}`, port, origins: { shopify, seller, vendor } })
  const config = loadConfig(files.config, files.environment, platformSchemas)
  const running = await assemble(config, { clock: systemClock, random, fetch: (input, init) => fetch(input, init) }, 'silent')
  const { request } = await readImportCsv({ stock: files.stockCsv, listings: files.listingsCsv })
  await running.hub.applyImport(request)
  // Adoption: every listing is read or written once before the measurement begins.
  for (let due = 1; due > 0; ) {
    await systemClock.sleep(2_000)
    due = (await running.hub.channelStatus()).reduce((sum, channel) => sum + channel.pushesDue, 0)
  }
  await systemClock.sleep(15_000)

  const entries = new Map(catalogue.flatMap((entry) => entry.listings.map((l) => [l.sku, entry])))
  const offers = marketplaces.shopify.market.offers()
  const measured = offers
    .filter((o) => entries.get(o.sku)?.mode === 'pooled' && (entries.get(o.sku)?.listings.length ?? 0) > 1)
    .slice(0, measuredSales)
  const loaded = offers.filter((o) => entries.get(o.sku)?.mode === 'strict')
  const skus = new Set<string>(measured.map((o) => o.sku))
  const delays: number[] = []
  const sold = new Set<string>()
  running.hub.watch((event) => {
    if (event.kind === 'sale' && skus.has(event.sku)) sold.add(event.sku)
    if (event.kind === 'push' && event.delayMs !== null && sold.has(event.sku)) delays.push(event.delayMs)
  })
  const ended = new AbortController()
  const load = async (): Promise<void> => {
    if (loadPerSecond === 0) return
    while (!ended.signal.aborted) {
      const offer = loaded[Math.floor(random.next() * loaded.length)]
      if (offer) marketplaces.shopify.market.buy([{ externalId: offer.externalId, quantity: 1 }])
      await systemClock.sleep(1000 / loadPerSecond, ended.signal)
    }
  }
  const loading = load()
  for (const offer of measured) {
    marketplaces.shopify.market.buy([{ externalId: offer.externalId, quantity: 1 }])
    await systemClock.sleep(spacingMs)
  }
  await systemClock.sleep(2_000)
  ended.abort()
  await loading
  await running.stop()
  await Promise.all(served.map((s) => s.close()))
  await marketplaces.close()
  rmSync(folder, { recursive: true, force: true })
  delays.sort((a, b) => a - b)
  return { loadPerSecond, sales: measured.length, pushes: delays.length, p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99) }
}
