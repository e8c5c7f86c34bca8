// What trade costs a MongoDB: commands, documents and bytes for an order, a push, a poll window, a swept offer and a quiet minute, as the
// driver sends them; and how large documents are. The real hub with its real adapters, against simulated marketplaces, on a clock that waits
// for the server, so that no figure depends on how fast the server is. docs/scaling.md is made of these.
import { parseArgs } from 'node:util'
import { BSON, type Document, MongoClient } from 'mongodb'
import type { LocationId, PoolId, Sku } from '../src/domain/ids.ts'
import { isOver } from '../src/domain/reconcile.ts'
import { connectionOn } from '../src/store/mongo/connection.ts'
import { collectionPlans } from '../src/store/mongo/schema.ts'
import { storeOn } from '../src/store/mongo/store.ts'
import type { CatalogueEntry } from '../sim/world/catalogue.ts'
import { withDatabase } from '../test/support/database-uri.ts'
import { everywhere, openTown, type RunningHub, type Town } from '../test/support/in-process-hub.ts'
import { type CommandMeter, meterCommands, sumUse, type Use } from './command-meter.ts'
import { printTable } from './figures.ts'
import { durableMongo } from './fold-engines.ts'

const orderUnits = 2
/** Between two things that are measured alone: most of what follows from the one is over. */
const apartMs = 10_000
const receivedUnits = 30
const skuOf = (n: number): string => `SKU-${String(n).padStart(6, '0')}`

const tenListings: CatalogueEntry = {
  ...everywhere('TEN', 400),
  listings: (['shopify', 'amazon-seller', 'amazon-vendor'] as const).flatMap((platform, i) =>
    Array.from({ length: i === 0 ? 4 : 3 }, (_, n) => ({ platform, sku: `TEN-${n}`, unitsPerListing: 1 })),
  ),
}
const oneListing: CatalogueEntry = { ...everywhere('ONE', 60), listings: [{ platform: 'shopify', sku: 'ONE', unitsPerListing: 1 }] }

interface Row {
  readonly phase: string
  readonly what: string
  readonly times: number
  /** For one of them. */
  readonly use: Use
  /** Documents and bytes written, by collection, for one of them. */
  readonly written: Readonly<Record<string, readonly [number, number]>>
}

const tenths = (value: number): number => Number(value.toFixed(1))
const share = (use: Use, times: number): Use => ({
  commands: tenths(use.commands / times),
  sentBytes: Math.round(use.sentBytes / times),
  readDocuments: tenths(use.readDocuments / times),
  readBytes: Math.round(use.readBytes / times),
  writtenDocuments: tenths(use.writtenDocuments / times),
  writtenBytes: Math.round(use.writtenBytes / times),
})

type Units = ReturnType<CommandMeter['take']>

const rowOf = (phase: string, what: string, units: Units, times: number): Row => {
  const written: Record<string, [number, number]> = {}
  for (const unit of units)
    for (const [collection, { writtenDocuments, writtenBytes }] of Object.entries(unit.written)) {
      const [documents, bytes] = written[collection] ?? [0, 0]
      written[collection] = [documents + writtenDocuments, bytes + writtenBytes]
    }
  return {
    phase,
    what,
    times,
    use: share(sumUse(units), times),
    written: Object.fromEntries(
      Object.entries(written).map(([name, [documents, bytes]]) => [name, [tenths(documents / times), Math.round(bytes / times)]]),
    ),
  }
}

const rowsOf = (phase: string, units: Units): readonly Row[] =>
  [...Map.groupBy(units, ({ what }) => what)]
    .map(([what, each]) => rowOf(phase, what, each, each.length))
    .sort((a, b) => b.times * b.use.commands - a.times * a.use.commands)

/** The largest document of each of these collections, and of stock by the number of listings: busy ones are larger than others. */
const nameFor = (collection: string, document: Document): string | null => {
  if (collection !== 'stock') return ['orders', 'ledger', 'inbox', 'listings', 'viewChanges'].includes(collection) ? collection : null
  return `stock, ${(document['listings'] as readonly unknown[]).length} listings, busy`
}

const buyFrom = (town: Town, platform: string, sku: string, quantity = 1): void => {
  const simulator = town.marketplaces.all.find((each) => each.platform === platform)
  const offer = simulator?.market.offers().find((each) => each.sku === sku && !each.externalId.startsWith('retail/'))
  if (!simulator || !offer || !simulator.market.buy([{ externalId: offer.externalId, quantity }])) throw new Error(`no sale of ${sku}`)
}

interface Bench {
  readonly town: Town
  readonly running: RunningHub
  readonly meter: CommandMeter
  readonly skus: number
  /** How long what trade began may take to end. */
  readonly settleMs: number
}

const tradeAlone = async ({ town, meter, skus, settleMs }: Bench): Promise<readonly Row[]> => {
  meter.take()
  for (let i = 0; i < skus; i++) {
    buyFrom(town, 'shopify', skuOf(i), orderUnits)
    await town.clock.advance(apartMs)
  }
  await town.clock.advance(settleMs)
  const units = meter.take()
  const phase = 'orders, one at a time'
  const ofOrders = units.filter(({ what }) => what === 'order' || what.startsWith('inbox insert') || what.startsWith('counters'))
  return [rowOf(phase, 'for each order: its arrival by webhook and its commit', ofOrders, skus), ...rowsOf(phase, units)]
}

/** Goods come in: each channel gets a higher number. */
const receive = async ({ town, running, meter, skus, settleMs }: Bench): Promise<readonly Row[]> => {
  let pushes = 0
  const stopWatching = running.hub.watch((event) => {
    if (event.kind === 'push' && (event.outcome === 'applied' || event.outcome === 'accepted')) pushes += 1
  })
  meter.take()
  for (let i = 0; i < skus; i++) {
    const moved = { sku: skuOf(i) as Sku, pool: 'main' as PoolId, location: 'berlin' as LocationId, toLocation: null }
    await town.run(running.hub.move({ ...moved, kind: 'receipt', units: receivedUnits, reference: `received ${i}` }))
    await town.clock.advance(apartMs)
  }
  await town.clock.advance(settleMs)
  stopWatching()
  const units = meter.take()
  const phase = 'goods received, one SKU at a time'
  if (pushes === 0) throw new Error('nothing was pushed')
  const ofPushes = units.filter(({ what }) => what === 'stock')
  return [rowOf(phase, 'for each push: all commits of stock after the receipt', ofPushes, pushes), ...rowsOf(phase, units)]
}

const tradeTogether = async ({ town, meter, skus, settleMs }: Bench): Promise<readonly Row[]> => {
  meter.take()
  for (let i = 0; i < skus; i++) buyFrom(town, 'shopify', skuOf(i), orderUnits)
  await town.clock.advance(settleMs)
  return rowsOf('orders, all at once', meter.take())
}

/** The documents with one and with ten listings, in the middle of all they may be in the middle of. */
const tradeLarge = async ({ town, meter, settleMs }: Bench): Promise<void> => {
  for (let round = 0; round < 3; round++) {
    buyFrom(town, 'shopify', 'ONE')
    for (let i = 0; i < 4; i++) buyFrom(town, 'shopify', `TEN-${i}`)
    for (let i = 0; i < 3; i++) for (const platform of ['amazon-seller', 'amazon-vendor']) buyFrom(town, platform, `TEN-${i}`)
    await town.clock.advance(3_000)
  }
  await town.clock.advance(settleMs)
  meter.take()
}

const sweep = async ({ town, running, meter }: Bench, offers: number): Promise<readonly Row[]> => {
  meter.take()
  const runs = await town.run(running.hub.reconciler.request({ channel: null, skus: null, dryRun: false, requestedBy: 'person' }))
  const open = new Set(runs.map(({ id }) => id))
  for (let i = 0; i < 600 && open.size > 0; i++) {
    await town.clock.advance(5_000)
    for (const id of open) {
      const run = await town.store.readReconciliation(id)
      if (run && isOver(run)) open.delete(id)
    }
  }
  if (open.size > 0) throw new Error('a reconciliation did not end')
  const units = meter.take().filter(({ what }) => /^(readings|findings|sightings|reconciliations|listings)/.test(what))
  const ofOffers = units.filter(({ what }) => !what.startsWith('reconciliations'))
  return [rowOf('reconciliation', 'for each offer', ofOffers, offers), ...rowsOf('reconciliation', units)]
}

const quiet = async ({ town, meter }: Bench, quietSeconds: number): Promise<readonly Row[]> => {
  meter.take()
  await town.clock.advance(quietSeconds * 1000)
  const units = meter.take()
  return [
    rowOf(`${quietSeconds} quiet seconds`, 'all of it, for each second', units, quietSeconds),
    ...rowsOf(`${quietSeconds} quiet seconds`, units),
  ]
}

const view = async ({ running, meter }: Bench, refresh: () => Promise<number>): Promise<readonly Row[]> => {
  await running.stop()
  meter.take()
  const skus = await refresh()
  const units = meter.take()
  return [rowOf('refresh of the view', 'for each SKU', units, Math.max(1, skus))]
}

const maxLookedAt = 2_000

interface Stored {
  readonly collection: string
  /** Those that were looked at. */
  readonly documents: number
  readonly averageBytes: number
  readonly indexes: number
  readonly storedBytes: number | null
  readonly indexBytes: number | null
}

/** Average size of what is stored, and what the server says of each collection; null where it does not say. */
const stored = async (client: MongoClient, database: string): Promise<readonly Stored[]> => {
  const db = client.db(database)
  const rows: Stored[] = []
  for (const { name, indexes } of collectionPlans) {
    const documents: readonly Document[] = await db.collection(name).find().limit(maxLookedAt).toArray()
    if (documents.length === 0) continue
    const bytes = documents.reduce((sum, each) => sum + BSON.calculateObjectSize(each), 0)
    const told = await db.command({ collStats: name }).catch(() => null)
    rows.push({
      collection: name,
      documents: documents.length,
      averageBytes: Math.round(bytes / documents.length),
      indexes: 1 + (indexes?.length ?? 0),
      storedBytes: told === null ? null : Number(told['storageSize'] ?? Number.NaN),
      indexBytes: told === null ? null : Number(told['totalIndexSize'] ?? Number.NaN),
    })
  }
  return rows
}

interface FootprintScale {
  readonly skus: number
  readonly quietSeconds: number
  readonly settleMs: number
}

export const measureFootprint = async (uri: string, { skus, quietSeconds, settleMs }: FootprintScale) => {
  const database = `belay_footprint_${process.pid}`
  const open = (): MongoClient =>
    new MongoClient(withDatabase(uri, database), {
      writeConcern: { w: 'majority' },
      readConcern: { level: 'majority' },
      ignoreUndefined: true,
      monitorCommands: true,
      minPoolSize: 8,
      maxPoolSize: 32,
    })
  const client = open()
  const observer = open()
  const meter = meterCommands(client, nameFor)
  const catalogue = [...Array.from({ length: skus }, (_, i) => everywhere(skuOf(i), 30)), oneListing, tenListings]
  const town = await openTown({ catalogue, retailSkus: 0, outside: () => meter.quiet() })
  for (const simulator of town.marketplaces.all) Object.assign(simulator.faults, { duplicate: 0, reorder: 0 })
  try {
    const store = storeOn(connectionOn(client, { database, clock: town.clock }))
    await store.migrate()
    await town.store.close()
    town.useStore(store)
    const running = await town.startHub()
    town.useStore(storeOn(connectionOn(observer, { database })))
    await town.untilSettled()
    const bench: Bench = { town, running, meter, skus, settleMs }
    const rows = [
      ...(await quiet(bench, quietSeconds)),
      ...(await tradeAlone(bench)),
      ...(await receive(bench)),
      ...(await tradeTogether(bench)),
    ]
    await tradeLarge(bench)
    const offers = catalogue.reduce((sum, { listings }) => sum + listings.length, 0)
    rows.push(...(await sweep(bench, offers)))
    const settings = running.hub.settingsOf
    const known = [...running.hub.adapters.keys()].flatMap((channel) => settings(channel) ?? [])
    rows.push(
      ...(await view(bench, async () => {
        let refreshed = 0
        for (let more = true; more; ) {
          const done = await store.refreshInventory({ settings: known, limit: 500 })
          refreshed += done.skus
          more = done.more
        }
        return refreshed
      })),
    )
    return {
      skus,
      errors: town.errors.length,
      rows,
      largestBytes: Object.fromEntries(meter.largest),
      stored: await stored(observer, database),
      collections: collectionPlans.length,
      indexes: collectionPlans.reduce((sum, { indexes }) => sum + 1 + (indexes?.length ?? 0), 0),
    }
  } finally {
    await observer.db(database).dropDatabase()
    await town.close()
    await client.close()
    await observer.close()
  }
}

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, skus: { type: 'string', default: '6' } },
  })
  const server = await durableMongo()
  if (!server) return
  try {
    const result = await measureFootprint(server.uri, { skus: Number(values.skus), quietSeconds: 30, settleMs: 50_000 })
    printTable(result.rows.map(({ phase, what, times, use }) => ({ phase, what, times, ...use })))
    printTable(result.stored)
    if (values.json) console.log(JSON.stringify(result))
  } finally {
    server.stop()
  }
}
