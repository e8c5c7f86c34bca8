// Both engines make the same view of the same rows, field by field: random stock, listings and rows of all nine sources, written and refreshed
// in random portions.
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { ChannelId, PoolId } from '../../src/domain/ids.ts'
import type { ListingState } from '../../src/domain/stock.ts'
import type { InventoryRow } from '../../src/ports/inventory-view.ts'
import type { SnapshotRow } from '../../src/ports/snapshots.ts'
import type { Store } from '../../src/ports/store.ts'
import { openMongoStore } from '../../src/store/mongo/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import * as sample from '../support/inventory-samples.ts'
import { mongoForTests } from '../support/mongo.ts'
import { startMs } from '../support/store-samples.ts'

const mongo = await mongoForTests()
const runs = 30

const place = fc.constantFrom(...([sample.shopify, sample.seller, sample.vendor] as const))
const quantity = fc.integer({ min: 0, max: 40 })
const atMs = fc.integer({ min: -3, max: 3 }).map((n) => startMs + n)

const externalId = (channel: ChannelId, sku: string): string =>
  channel === sample.shopify ? `${sku}@900` : channel === sample.vendor ? `df/WH1/${sku}` : sku
const keysOf = (channel: ChannelId, sku: string, asin: string): readonly string[] =>
  channel === sample.shopify ? [`item:${sku}@900`] : channel === sample.vendor ? [`df/WH1/asin:${asin}`] : []

const listing = fc.record({
  channel: place,
  units: fc.integer({ min: 1, max: 3 }),
  base: quantity,
  believed: fc.option(quantity),
  status: fc.constantFrom<ListingState['status']>('active', 'adopting', 'unprotected'),
  writing: fc.boolean(),
  soldAtMs: fc.option(atMs),
  rate: fc.option(fc.integer({ min: 0, max: 5000 })),
})

const stock = fc.record({
  pool: fc.constantFrom('main', 'outlet'),
  onHand: fc.dictionary(fc.constantFrom('b', 'a.1', '$c'), quantity, { maxKeys: 3 }),
  reserved: quantity,
  buffer: fc.integer({ min: 0, max: 3 }),
  pooled: fc.boolean(),
  title: fc.constantFrom('', 'Rote Tasse', 'Grüne Tasse'),
  barcode: fc.option(fc.constantFrom('4006', '4007')),
  listings: fc.uniqueArray(listing, { selector: ({ channel }) => channel, maxLength: 3 }),
})

/** Rows that tell of the goods called `name`, under which a SKU has its listings. */
const rowsOf = (name: string, asin: string): fc.Arbitrary<SnapshotRow> =>
  fc.oneof(
    fc.tuple(quantity, atMs).map(([n, at]) => sample.shopifyLevel(name, n, at)),
    fc.tuple(quantity, atMs).map(([n, at]) => sample.shopifyLevel(name, n, at, 'shopify-bulk-level')),
    fc.tuple(fc.option(quantity), atMs).map(([n, at]) => sample.listingsItem(name, n, at)),
    fc
      .tuple(fc.oneof(quantity.map(String), fc.constantFrom('', '-2', 'x', '1.5')), fc.constantFrom('DEFAULT', 'AMAZON_EU'), atMs)
      .map(([n, code, at]) => sample.merchantListing(name, n, code, at)),
    fc
      .tuple(fc.constantFrom('A1PA6795UKMFR9', 'A13V1IB3VIYZZH', 'A1F83G8C2ARO7P', 'ATVPDKIKX0DER'), quantity, atMs)
      .map(([marketplace, n, at]) => sample.fbaSummary(name, marketplace, n, at)),
    fc.tuple(fc.oneof(quantity.map(String), fc.constant('')), atMs).map(([n, at]) => sample.fbaReport(name, n, at)),
    fc.tuple(quantity, fc.constantFrom('Success', 'Failure'), atMs).map(([n, status, at]) => sample.vendorTransaction(name, n, status, at)),
    fc.tuple(fc.constantFrom('2021-06-12', '2021-06-19'), quantity, atMs).map(([end, n, at]) => sample.vendorInventory(asin, end, n, at)),
    fc.tuple(fc.constantFrom('2021-06-12', '2021-06-19'), quantity, atMs).map(([end, n, at]) => sample.vendorSales(asin, end, n, at)),
  )

const world = fc.uniqueArray(fc.constantFrom('S1', 'S2', 'S3'), { minLength: 1 }).chain((skus) =>
  fc.record({
    skus: fc.constant(skus),
    stock: fc.array(fc.uniqueArray(stock, { selector: ({ pool }) => pool, minLength: 1, maxLength: 2 }), {
      minLength: skus.length,
      maxLength: skus.length,
    }),
    rows: fc.array(fc.oneof(...['S1', 'S2', 'S3', 'S4'].map((sku, i) => rowsOf(sku, `B00000000${i}`))), {
      minLength: 20,
      maxLength: 80,
      size: 'max',
    }),
    /** S1's listings are called S2: readings of one SKU's name are another's. */
    crossed: fc.boolean(),
    rowsFirst: fc.boolean(),
  }),
)

type World = typeof world extends fc.Arbitrary<infer T> ? T : never

const apply = async (
  store: Store,
  { skus, stock: documents, rows, crossed, rowsFirst }: World,
  run: number,
): Promise<readonly InventoryRow[]> => {
  const named = (text: string): string => `${run}-${text}`
  const refresh = async (): Promise<void> => {
    while ((await store.refreshInventory({ settings: sample.viewSettings, limit: 5 })).more);
  }
  const put = async (): Promise<void> => {
    await store.putSnapshots(
      rows.map((each) =>
        JSON.parse(
          JSON.stringify(each)
            .replaceAll(/\bS([1-4])\b/g, named('S$1'))
            .replaceAll('B00000000', `B${String(run).padStart(8, '0')}`),
        ),
      ),
    )
    await refresh()
  }
  if (rowsFirst) await put()
  for (const [i, sku] of skus.entries()) {
    const called = crossed && sku === 'S1' ? 'S2' : sku
    const skip = crossed && sku === 'S2'
    for (const [p, each] of (documents[i] ?? []).entries()) {
      const states = (p > 0 || skip ? [] : each.listings).map((l) =>
        sample.listingStateOf(l.channel, externalId(l.channel, named(called)), {
          unitsPerListing: l.units,
          base: l.base,
          believedQuantity: l.believed,
          status: l.status,
          ...(l.soldAtMs === null ? {} : { sales: [{ atMs: l.soldAtMs, quantity: 1 }] }),
          ...(l.rate === null ? {} : { rate: { milliUnitsPerDay: l.rate, atMs: startMs } }),
          pushes: l.writing
            ? [
                {
                  id: `${run}-${l.channel}`,
                  kind: 'set',
                  quantity: 3,
                  fromQuantity: null,
                  charge: 3,
                  issuedAtMs: startMs,
                  attempts: 1,
                  lastSendMs: startMs,
                  status: 'prepared',
                  submissionId: null,
                },
              ]
            : [],
        }),
      )
      await store.commit({
        stock: [
          {
            next: sample.viewStock(named(sku), {
              pool: each.pool as PoolId,
              onHandUnits: each.onHand,
              reservedUnits: each.reserved,
              bufferUnits: each.buffer,
              sharing: each.pooled ? 'pooled' : 'strict',
              title: each.title,
              ...(each.barcode === null ? {} : { barcode: each.barcode }),
              listings: states,
            }),
            work: [],
          },
        ],
        listings: states.map((state) =>
          sample.viewListing(
            named(sku),
            state,
            keysOf(state.channel, named(called), `B${String(run).padStart(8, '0')}${skus.indexOf(sku)}`),
            { pool: each.pool as PoolId },
          ),
        ),
      })
    }
  }
  await refresh()
  if (!rowsFirst) await put()
  const page = await store.listInventory({ sort: 'sku', search: { by: 'sku', text: named('S') }, after: null, limit: 100 })
  expect(page.items.length).toBe(skus.length)
  return page.items
}

describe.skipIf(!mongo)('both engines', () => {
  afterAll(() => mongo?.stop())

  test('make the same view of the same rows', { timeout: 120_000 }, async () => {
    if (!mongo) return
    const sqlite = await openSqliteStore(':memory:')
    const other = await openMongoStore(mongo.uri, { database: mongo.databaseName() })
    await Promise.all([sqlite.migrate(), other.migrate()])
    let run = 0
    let observed = 0
    await fc.assert(
      fc.asyncProperty(world, async (each) => {
        run++
        const [expected, found] = await Promise.all([apply(sqlite, each, run), apply(other, each, run)])
        expect(found).toEqual(expected)
        observed += expected.flatMap((row) => row.listings).filter((l) => l.observedQuantity !== null).length
      }),
      { numRuns: runs, seed: 20261130 },
    )
    // The rows do tell of the listings.
    expect(observed).toBeGreaterThan(0)
    await Promise.all([sqlite.close(), other.close()])
  })
})
