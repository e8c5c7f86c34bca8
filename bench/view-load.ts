// Fills a store with a catalogue and its view, quickly: some template SKUs go the real way (commit, readings, refresh), and the rest are
// copies of what that has made, written straight into the tables. So the copies are what a refresh would have made of the same stock.
import { DatabaseSync } from 'node:sqlite'
import { type Document, MongoClient } from 'mongodb'
import { type ChannelId, type ListingId, listingIdOf, type LocationId, type PoolId, type Sku } from '../src/domain/ids.ts'
import type { Listing } from '../src/domain/orders.ts'
import type { ChannelSettings } from '../src/domain/settings.ts'
import { emptyStock, type Stock } from '../src/domain/stock.ts'
import type { SnapshotRow } from '../src/ports/snapshots.ts'
import type { Store } from '../src/ports/store.ts'
import { changeKey } from '../src/store/mongo/schema-inventory-view.ts'

const channels = ['shop', 'market'].map((id) => id as ChannelId)
const pool = 'main' as PoolId
const location = 'berlin' as LocationId
/** Kinds of SKUs: one of them is at risk, one has drifted. */
const templates = 50
const hourMs = 3_600_000
/** The catalogue has changed over the last thirty days. */
const spanMs = 30 * 24 * hourMs

export const skuOf = (n: number): Sku => `SKU-${String(n).padStart(7, '0')}` as Sku
const templateOf = (n: number): Sku => `TPL-${String(n % templates).padStart(7, '0')}` as Sku

export const settings: readonly ChannelSettings[] = channels.map((channel) => ({
  channel,
  mode: 'enforce',
  constants: {
    orderVisibilityMs: 300_000,
    clockSkewMs: 10_000,
    checkoutHoldMs: 60_000,
    requestLifetimeMs: 120_000,
    readStalenessMs: 30_000,
  },
  keyedRetry: true,
  keyRetentionMs: 600_000,
  selfDecrement: 'documented',
}))

export const stockOf = (sku: Sku, n: number, version: number, changedAtMs: number): Stock => ({
  ...emptyStock(sku, pool),
  version,
  title: `Mug kind${n % templates}`,
  barcode: `400${sku.slice(-7)}`,
  onHandUnits: { [location]: n % templates === 7 ? 10 : 50 },
  changedAtMs,
  listings: channels.map((channel) => ({
    id: listingIdOf(channel, sku),
    channel,
    externalId: sku,
    unitsPerListing: 1,
    writeClass: 'absolute-set-with-read',
    status: 'active',
    rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
    base: 20,
    pushes: [],
    fences: [],
    fencedThroughMs: 1,
    believedQuantity: 20,
    believedAtMs: 1,
    sequence: 1,
    nextPushAtMs: 0,
    applied: [],
    cancels: [],
    lateOrders: 0,
    blockedReason: null,
  })),
})

export const readingOf = (sku: Sku, n: number, atMs: number): SnapshotRow => ({
  channel: channels[1] as ChannelId,
  source: 'amazon-listings-item',
  key: sku,
  listingKeys: [sku],
  row: { sku, fulfillmentAvailability: [{ fulfillmentChannelCode: 'DEFAULT', quantity: n % templates === 11 ? 23 : 20 }] },
  readFromMs: atMs,
  readThroughMs: atMs,
})

const listingsOf = (sku: Sku): readonly Listing[] =>
  channels.map((channel) => ({
    id: `${channel}/${sku}` as ListingId,
    channel,
    externalId: sku,
    keys: [sku],
    sku,
    pool,
    unitsPerListing: 1,
    fulfilment: 'MFN',
  }))

/** The real way. */
export const makeTemplates = async (store: Store, nowMs: number): Promise<void> => {
  const all = Array.from({ length: templates }, (_, n) => n)
  await store.commit({
    stock: all.map((n) => ({ next: stockOf(templateOf(n), n, 1, nowMs), work: [] })),
    listings: all.flatMap((n) => listingsOf(templateOf(n))),
  })
  await store.putSnapshots(all.map((n) => readingOf(templateOf(n), n, nowMs)))
  while ((await store.refreshInventory({ settings, limit: 1000 })).more);
}

const changedAt = (n: number, skus: number, nowMs: number): number => nowMs - Math.floor((spanMs * (skus - n)) / skus)

/** Of each table: what of its row names the SKU, and the columns of a copy, where `t` is the template's SKU and `c` the copy's. */
const sqliteTables: readonly { readonly table: string; readonly sku: string; readonly columns: string }[] = [
  { table: 'stock', sku: 'sku', columns: "c, pool, version, marks, json_set(replace(body, t, c), '$.changedAtMs', at)" },
  { table: 'listings', sku: "body ->> '$.sku'", columns: 'replace(id, t, c), channel, replace(body, t, c)' },
  { table: 'listing_keys', sku: 'key', columns: 'channel, c, replace(listing, t, c)' },
  {
    table: 'snapshots',
    sku: 'key',
    columns: 'channel, source, c, replace(names, t, c), replace(listing_keys, t, c), replace(row, t, c), read_from_ms, read_through_ms',
  },
  { table: 'snapshot_names', sku: 'key', columns: 'replace(name, t, c), channel, source, c' },
  { table: 'stock_summaries', sku: 'sku', columns: 'c, pool, replace(links, t, c), replace(body, t, c)' },
  { table: 'stock_links', sku: 'sku', columns: 'replace(name, t, c), c, pool, replace(listing, t, c), units_per_listing, except_channels' },
  {
    table: 'inventory_view',
    sku: 'sku',
    columns: `c, '400' || substr(c, -7), facets, words, json_set(replace(body, t, c), '$.changedAtMs', at, '$.barcode', '400' || substr(c, -7))`,
  },
  { table: 'inventory_facets', sku: 'sku', columns: 'facet, c, at, units_at_risk, drift_units' },
  { table: 'inventory_words', sku: 'sku', columns: 'word, c' },
]

/** Copies of one transaction. */
const copiesAtOnce = 50_000

export const copySqlite = (path: string, skus: number, nowMs: number): void => {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -524288')
  database.exec('CREATE TEMP TABLE copies (t TEXT, c TEXT, at INTEGER)')
  for (const { table, sku } of sqliteTables)
    database.exec(
      `CREATE TEMP TABLE template_${table} AS SELECT *, ${sku} AS t FROM ${table}; CREATE INDEX temp.of_${table} ON template_${table} (t)`,
    )
  const insert = database.prepare('INSERT INTO copies VALUES (?, ?, ?)')
  for (let from = 0; from < skus; from += copiesAtOnce) {
    database.exec('BEGIN; DELETE FROM copies')
    for (let n = from; n < Math.min(skus, from + copiesAtOnce); n++) insert.run(templateOf(n), skuOf(n), changedAt(n, skus, nowMs))
    for (const { table, columns } of sqliteTables)
      database.exec(`INSERT INTO ${table} SELECT ${columns} FROM copies CROSS JOIN template_${table} USING (t) ORDER BY c`)
    database.exec('COMMIT')
  }
  database.exec('DELETE FROM view_changes')
  database.close()
}

const insertAtOnce = 1000
/** Inserts under way at a time. */
const lanes = 4
/** Of how many SKUs one changes in some round of the measurement. */
export const changedSkus = 1000
export const rounds = 5
export const changesInRound = (n: number, skus: number, round: number): number =>
  Math.floor((n * skus) / changedSkus) + (round % Math.max(1, Math.floor(skus / changedSkus)))

/**
 * On the MongoDB server a document takes long to load: listings, readings and summaries, which a refresh finds by their keys, are there for the
 * SKUs that will change; stock and the view are complete.
 */
const touched = (skus: number): ReadonlySet<number> =>
  new Set(Array.from({ length: (rounds + 1) * changedSkus }, (_, i) => changesInRound(i % changedSkus, skus, Math.floor(i / changedSkus))))
const complete: ReadonlySet<string> = new Set(['stock', 'inventoryView'])
const copied = ['stock', 'listings', 'snapshots', 'stockSummaries', 'inventoryView'] as const

export const copyMongo = async (uri: string, skus: number, nowMs: number): Promise<void> => {
  const client = await new MongoClient(uri).connect()
  const db = client.db()
  const changing = touched(skus)
  const copyOne = async (name: (typeof copied)[number]): Promise<void> => {
    const collection = db.collection(name)
    const texts = new Map<string, string[]>()
    for await (const document of collection.find({})) {
      const text = JSON.stringify(document)
      const sku = /TPL-\d{7}/.exec(text)?.[0] ?? ''
      texts.set(sku, [...(texts.get(sku) ?? []), text])
    }
    // Built once over everything, not grown row by row.
    const indexes = (await collection.indexes()).filter(({ name: index }) => index !== '_id_')
    for (const index of indexes) await collection.dropIndex(String(index.name))
    // What is copied was valid once.
    await db.command({ collMod: name, validationLevel: 'off' })
    let waiting: Document[] = []
    const underWay = new Set<Promise<unknown>>()
    for (let n = 0; n < skus; n++) {
      const [template, sku] = [templateOf(n), skuOf(n)]
      for (const text of complete.has(name) || changing.has(n) ? (texts.get(template) ?? []) : []) {
        const document = JSON.parse(text.replaceAll(template, sku).replaceAll(template.slice(4), sku.slice(4))) as Document
        if ('changedAtMs' in document) document['changedAtMs'] = changedAt(n, skus, nowMs)
        if ('facets' in document)
          document['changes'] = (document['facets'] as string[]).map((facet) => changeKey(facet, changedAt(n, skus, nowMs), sku))
        waiting.push(document)
      }
      if (waiting.length === 0 || (waiting.length < insertAtOnce && n < skus - 1)) continue
      const insert: Promise<unknown> = collection.insertMany(waiting, { ordered: false, writeConcern: { w: 1 } })
      const done: Promise<unknown> = insert.finally(() => underWay.delete(done))
      underWay.add(done)
      waiting = []
      if (underWay.size >= lanes) await Promise.race(underWay)
    }
    await Promise.all(underWay)
    await db.command({ collMod: name, validationLevel: 'strict' })
    for (const { key, name: index, unique, partialFilterExpression } of indexes)
      await collection.createIndex(key, {
        name: String(index),
        ...(unique === undefined ? {} : { unique }),
        ...(partialFilterExpression === undefined ? {} : { partialFilterExpression }),
      })
  }
  for (const name of copied) {
    const startedMs = performance.now()
    await copyOne(name)
    console.error(`${name} copied in ${Math.round((performance.now() - startedMs) / 1000)} s`)
  }
  await db.collection('viewChanges').deleteMany({})
  await client.close()
}
