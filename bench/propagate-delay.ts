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

export const measureDelay = async ({ sales, loadPerSecond }: { readonly sales: number; readonly loadPerSecond: number }) => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-delay-'))
  const random = seededRandom(17)
  // Enough of everything, so that every sale succeeds. Measured goods are pooled (each sale has followers), the load is strict.
  const catalogue = createCatalogue(17, 120).map((entry, i) => ({
    ...entry,
    quantity: 5_000,
    mode: i % 2 === 0 ? ('pooled' as const) : ('strict' as const),
  }))
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
  // Adoption: every listing is read or written once.
  await systemClock.sleep(25_000)

  const mode = new Map(catalogue.flatMap((entry) => entry.listings.map((l) => [l.sku, entry.mode])))
  const offers = marketplaces.shopify.market.offers()
  const pooled = offers.filter((o) => mode.get(o.sku) === 'pooled')
  const strict = offers.filter((o) => mode.get(o.sku) === 'strict')
  const delays: number[] = []
  running.hub.watch((event) => {
    if (event.kind === 'push' && event.delayMs !== null && mode.get(event.sku) === 'pooled') delays.push(event.delayMs)
  })
  const ended = new AbortController()
  const load = async (): Promise<void> => {
    if (loadPerSecond === 0) return
    while (!ended.signal.aborted) {
      const offer = strict[Math.floor(random.next() * strict.length)]
      if (offer) marketplaces.shopify.market.buy([{ externalId: offer.externalId, quantity: 1 }])
      await systemClock.sleep(1000 / loadPerSecond, ended.signal)
    }
  }
  const loading = load()
  for (let i = 0; i < sales; i++) {
    const offer = pooled[i % pooled.length]
    if (offer) marketplaces.shopify.market.buy([{ externalId: offer.externalId, quantity: 1 }])
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
  return { loadPerSecond, pushes: delays.length, p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99) }
}
