// The unified view as people ask for it: the API over real HTTP, and `belay inventory` on top of it, on a real store.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommandLine } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import type { Store } from '../../src/ports/store.ts'
import { createHttpApp } from '../../src/http/app.ts'
import { createPrometheusMetrics } from '../../src/http/prometheus-metrics.ts'
import { type HttpServer, serveHttp } from '../../src/http/serve-http.ts'
import { openStore } from '../../src/store/index.ts'
import { createFakeHub } from '../support/fake-hub.ts'
import { fbaSummary, listingsItem, listingStateOf, seller, viewListing, viewSettings, viewStock } from '../support/inventory-samples.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startMs } from '../support/store-samples.ts'

const dayMs = 86_400_000
let nowMs = startMs
const clock = { nowMs: () => nowMs, sleep: () => new Promise<void>(() => undefined) }
let store: Store
let server: HttpServer

beforeAll(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  const goods = [
    { sku: 'MUG/RED', title: 'Tasse, rot', barcode: '4006381333931', base: 5 },
    { sku: 'MUG-BLUE', title: 'Tasse, blau', barcode: '4006381333948', base: 25 },
    { sku: 'BOWL', title: 'Schale', barcode: '0001', base: 5 },
  ]
  const states = goods.map(({ sku, base }) => listingStateOf(seller, sku, { base, rate: { milliUnitsPerDay: 2000, atMs: startMs } }))
  await store.commit({
    stock: goods.map(({ sku, title, barcode }, i) => ({
      next: viewStock(sku, { title, barcode, listings: states.slice(i, i + 1) }),
      work: [],
    })),
    listings: goods.flatMap(({ sku }, i) => states.slice(i, i + 1).map((state) => viewListing(sku, state, []))),
  })
  await store.putSnapshots([listingsItem('MUG/RED', 7), fbaSummary('BOWL', 'A1PA6795UKMFR9', 12)])
  await store.refreshInventory({ settings: viewSettings, limit: 100 })
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const app = createHttpApp({
    hub: createFakeHub({ store }),
    metrics: createPrometheusMetrics(),
    apiKeyHash: null,
    clock,
    random: seededRandom(1),
    log: silent,
  })
  server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await server.close()
  await store.close()
})

interface Answer {
  readonly http: number
  readonly items?: readonly { readonly sku: string }[]
  readonly next?: string | null
  readonly error?: { readonly code: string; readonly message: string; readonly fix: string }
}

const ask = async (query: string): Promise<Answer> => {
  const response = await fetch(`${server.url}/api/v1/inventory${query}`)
  return { http: response.status, ...((await response.json()) as object) }
}
const skus = async (query: string): Promise<readonly string[] | undefined> => (await ask(query)).items?.map(({ sku }) => sku)

describe('GET /api/v1/inventory', () => {
  test('pages, orders, filters and searches', async () => {
    expect(await skus('')).toEqual(['BOWL', 'MUG-BLUE', 'MUG/RED'])
    expect(await skus('?sort=risk')).toEqual(['MUG-BLUE', 'BOWL', 'MUG/RED'])
    expect(await skus('?sort=drift&limit=1')).toEqual(['MUG/RED'])
    expect(await skus('?status=at-risk&channel=seller-eu&sort=changed')).toEqual(['MUG-BLUE'])
    expect(await skus('?pool=main&limit=2')).toEqual(['BOWL', 'MUG-BLUE'])
    expect(await skus('?barcode=4006')).toEqual(['MUG/RED', 'MUG-BLUE'])
    expect(await skus('?title=TASSE')).toEqual(['MUG-BLUE', 'MUG/RED'])
    expect(await skus('?sku=MUG')).toEqual(['MUG-BLUE', 'MUG/RED'])
  })

  test('q means a SKU, else a barcode, else words, on every page the same', async () => {
    expect(await skus('?q=MUG')).toEqual(['MUG-BLUE', 'MUG/RED'])
    expect(await skus('?q=0001')).toEqual(['BOWL'])
    const first = await ask('?q=tasse&limit=1')
    expect(first.items).toMatchObject([{ sku: 'MUG-BLUE' }])
    expect(await skus(`?q=tasse&limit=1&after=${String(first.next)}`)).toEqual(['MUG/RED'])
    expect(await skus('?q=nothing')).toEqual([])
    expect(await skus('?q=%25')).toEqual([])
    expect(await skus('?q=MUG&status=at-risk')).toEqual(['MUG-BLUE'])
    expect(await ask('?q=MUG&after=x')).toMatchObject({ http: 400, error: { code: 'body-malformed' } })
  })

  test('what cannot be asked is refused with what to write instead', async () => {
    for (const query of [
      '?sort=price',
      '?status=fine',
      '?pool=main&status=protected',
      '?q=a&title=b',
      '?title=a&sort=risk',
      '?limit=0',
      '?colour=red',
    ])
      expect(await ask(query), query).toMatchObject({ http: 400, error: { code: 'request-invalid', fix: expect.stringMatching(/./) } })
  })

  test('one SKU, slashes included; velocity and cover as of now', async () => {
    nowMs = startMs
    expect(await ask('/MUG%2FRED')).toMatchObject({
      http: 200,
      sku: 'MUG/RED',
      velocityMilliUnitsPerDay: 2000,
      daysOfCover: 10,
      driftUnits: 2,
      listings: [{ observedQuantity: 7, driftQuantity: 2 }],
    })
    // Two weeks without a sale halve the rate.
    nowMs = startMs + 14 * dayMs
    expect(await ask('/MUG%2FRED')).toMatchObject({ velocityMilliUnitsPerDay: 1000, daysOfCover: 20 })
    expect(await ask('/BOWL')).toMatchObject({ fbaUnits: 12, fba: [{ fulfillableUnits: 12 }] })
    expect(await ask('/NONE')).toMatchObject({ http: 404, error: { code: 'sku-unknown' } })
  })
})

describe('belay inventory', () => {
  const type = async (...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> => {
    const lines: string[] = []
    const none = (): Promise<never> => Promise.reject(new Error('not part of this test'))
    const terminal: Terminal = {
      env: { BELAY_URL: server.url },
      fetch: (input, init) => fetch(input, init),
      print: (line) => lines.push(line),
      printError: (line) => lines.push(line),
      readBytes: none,
      writeText: none,
      confirm: none,
      setExitCode: () => undefined,
    }
    const code = await runCommandLine(
      { serve: none, check: none, demo: none, simulate: none, openStore: none, clock },
      ['node', 'belay', 'inventory', ...args],
      terminal,
    )
    return { code, text: lines.join('\n') }
  }

  test('a table of all, filtered, searched, as JSON; one SKU', async () => {
    nowMs = startMs
    expect((await type('--sort', 'risk', '--limit', '2')).text.split('\n')).toEqual([
      'sku       title        available  on hand  reserved  drift  fba  cover  status',
      'MUG-BLUE  Tasse, blau         20       20         0      0    0  10 d   At risk 5 units',
      'BOWL      Schale              20       20         0      0   12  10 d   Protected',
      'There are more: raise --limit (at most 500), or filter.',
    ])
    expect((await type('--search', 'rot')).text).toContain('MUG/RED')
    expect((await type('--status', 'unprotected')).text).toBe('None.')
    expect(JSON.parse((await type('--channel', 'seller-eu', '--json')).text)).toMatchObject({ items: [{}, {}, {}], next: null })
    const { text } = await type('MUG/RED')
    for (const part of ['(4006381333931)', 'sells 2.0 a day, enough for 10 days', 'amazon-listings-item', 'drift'])
      expect(text).toContain(part)
    expect((await type('BOWL')).text).toContain('FBA BOWL on seller-eu: 12 to sell')
  })

  test('a wrong option is told with what to write', async () => {
    expect(await type('--sort', 'price')).toMatchObject({ code: 1, text: expect.stringContaining('sku, risk, drift, changed') })
  })
})
