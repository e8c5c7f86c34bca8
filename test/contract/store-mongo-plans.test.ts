// Every query of the MongoDB store uses the index that is meant for it. The commands are caught as the driver sends them, then explained.
// Fails when a query scans a collection or uses an index whose plan does not name its method (src/store/mongo/collection-plan.ts), when a
// method that an index names does not use it, when an index is for nothing, and when a method of the store has no entry here.
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sku } from '../../src/domain/ids.ts'
import type { Store } from '../../src/ports/store.ts'
import type { IndexPlan } from '../../src/store/mongo/collection-plan.ts'
import { daySpan } from '../../src/domain/local-day.ts'
import { noSync } from '../../src/domain/sync-slot.ts'
import { connectionOn } from '../../src/store/mongo/connection.ts'

import { collectionPlans } from '../../src/store/mongo/schema.ts'
import { storeOn } from '../../src/store/mongo/store.ts'
import { placeAfter } from '../../src/store/page.ts'
import { viewSettings } from '../support/inventory-samples.ts'
import { mongoForTests } from '../support/mongo.ts'
import { type PlanWatch, watchPlans } from '../support/mongo-plans.ts'
import {
  entryOf,
  eventOf,
  findingOf,
  incidentOf,
  keyOf,
  listingOf,
  markOf,
  orderOf,
  runOf,
  shop,
  sightingOf,
  snapshotOf,
  startMs,
  stockOf,
  storeStock,
} from '../support/store-samples.ts'

const mongo = await mongoForTests()

type Method = IndexPlan['serves'][number]
interface Entry {
  readonly method: Method
  /** Which of its queries: with what filter, or after what. */
  readonly of?: string
  readonly run: (store: Store) => Promise<unknown>
  /** Reads whole collections on purpose. */
  readonly whole?: true
  /** Writes into a collection by key from within a query. */
  readonly merges?: true
}

const after = async (page: Promise<{ readonly next: string | null }>): Promise<string> => {
  const { next } = await page
  if (next === null) throw new Error('there is no second page')
  return next
}

const someDay = daySpan('2026-11-30', 'UTC')

const entries: readonly Entry[] = [
  {
    method: 'readState',
    run: (store) => store.readState({ stock: [keyOf('s1'), keyOf('s2')], orders: [{ channel: shop, orderId: 'o1' }], ledgerKeys: ['k1'] }),
  },
  {
    method: 'commit',
    run: (store) =>
      store.commit({
        stock: [{ next: stockOf('s7', 2), work: [markOf()] }],
        orders: [orderOf('o7', 2)],
        ledger: [entryOf('new', 's7')],
        inbox: [{ channel: shop, dedupeKey: 'e7', state: 'applied', reason: null }],
        cursors: [{ channel: shop, stream: 'orders', sinceMs: startMs, watermarkMs: null }],
        listings: [listingOf('l7', ['l7'])],
        incidents: [incidentOf('i7')],
        resolvedIncidents: [{ id: 'i7', atMs: startMs }],
        leases: [{ name: 'held', token: 1, nowMs: startMs }],
      }),
  },
  {
    method: 'commit',
    of: 'what conflicts',
    run: (store) =>
      store.commit({ stock: [{ next: stockOf('s8', 9), work: [] }], orders: [orderOf('o8', 9)], ledger: [entryOf('k8', 's8')] }),
  },
  {
    method: 'commit',
    of: 'a listing whose key is taken',
    run: async (store) =>
      expect(store.commit({ listings: [listingOf('other', ['l9'])] })).rejects.toMatchObject({ code: 'listing-address-invalid' }),
  },
  { method: 'readSales', run: (store) => store.readSales(someDay, () => undefined) },
  { method: 'countOrders', run: (store) => store.countOrders(someDay) },
  { method: 'makeSkuDay', merges: true, run: (store) => store.makeSkuDay(someDay) },
  { method: 'listSkuDays', run: (store) => store.listSkuDays({ from: '2026-11-01', to: '2026-11-30' }) },
  { method: 'firstLedgerAtMs', run: (store) => store.firstLedgerAtMs() },
  {
    method: 'readStockRows',
    whole: true,
    run: (store) => store.readStockRows({ day: '2026-11-30', windowFrom: '2026-11-03', madeThrough: someDay }, () => undefined),
  },
  { method: 'readMovements', run: (store) => store.readMovements(someDay, [keyOf('s1'), keyOf('s2')]) },
  { method: 'summariseIncidents', run: (store) => store.summariseIncidents(someDay) },
  { method: 'putSyncSlots', run: (store) => store.putSyncSlots([{ ...noSync, channel: shop, slotMs: startMs, writer: 'w' }]) },
  { method: 'readSyncSlots', run: (store) => store.readSyncSlots(someDay) },
  { method: 'removeSyncSlotsBefore', run: (store) => store.removeSyncSlotsBefore(startMs) },
  { method: 'putReport', run: (store) => store.putReport({ day: '2026-11-30', madeAtMs: startMs, revision: 1, body: '{}' }) },
  { method: 'readReport', run: (store) => store.readReport('2026-11-30') },
  { method: 'listReports', run: (store) => store.listReports({ before: null, limit: 9 }) },
  {
    method: 'putDelivery',
    run: (store) =>
      store.putDelivery({
        id: '2026-11-30/mail',
        day: '2026-11-30',
        target: 'mail',
        state: 'waiting',
        attempts: 0,
        atMs: startMs,
        sinceMs: startMs,
        lastError: null,
      }),
  },
  { method: 'readDelivery', run: (store) => store.readDelivery('2026-11-30/mail') },
  { method: 'dueDeliveries', run: (store) => store.dueDeliveries({ dueBeforeMs: startMs, limit: 9 }) },
  { method: 'listDeliveries', run: (store) => store.listDeliveries(9) },
  { method: 'readSchedule', run: (store) => store.readSchedule('job') },
  {
    method: 'writeSchedule',
    run: (store) =>
      store.writeSchedule(
        { name: 'job', sinceMs: startMs, dueAtMs: null, startedAtMs: null, endedAtMs: null, outcome: null, message: null, attempts: 0 },
        1,
      ),
  },
  { method: 'putSnapshots', run: (store) => store.putSnapshots([snapshotOf('r7'), snapshotOf('new')]) },
  { method: 'listSnapshots', run: (store) => store.listSnapshots({ channel: shop, after: null, limit: 10 }) },
  {
    method: 'listSnapshots',
    of: 'a source',
    run: (store) => store.listSnapshots({ channel: shop, source: 'shopify-level', after: null, limit: 9 }),
  },
  {
    method: 'removeSnapshotsReadBefore',
    run: (store) => store.removeSnapshotsReadBefore({ channel: shop, source: 'shopify-level', readBeforeMs: startMs + 1 }),
  },
  { method: 'refreshInventory', run: (store) => store.refreshInventory({ settings: viewSettings, limit: 200 }) },
  { method: 'noteAllInventory', run: (store) => store.noteAllInventory(null, 2) },
  { method: 'countInventoryNotes', run: (store) => store.countInventoryNotes(2) },
  { method: 'removeInventoryNotes', run: (store) => store.removeInventoryNotes(2) },
  { method: 'readInventory', run: (store) => store.readInventory('s1' as Sku) },
  ...(['sku', 'risk', 'drift', 'changed'] as const).flatMap((sort): readonly Entry[] =>
    [
      { status: 'protected' as const },
      { channel: shop },
      { pool: keyOf('s1').pool },
      { status: 'protected' as const, channel: shop },
      {},
    ].flatMap((filter) => [
      {
        method: 'listInventory',
        of: `${Object.keys(filter).join(' and ') || 'everything'} by ${sort}`,
        run: (store) => store.listInventory({ ...filter, sort, after: null, limit: 20 }),
      },
      {
        method: 'listInventory',
        of: `${Object.keys(filter).join(' and ') || 'everything'} by ${sort}, the next page`,
        run: (store) =>
          store.listInventory({
            ...filter,
            sort,
            after: placeAfter(sort === 'sku' ? ['s1'] : [sort === 'changed' ? startMs : 1, 's1']),
            limit: 20,
          }),
      },
    ]),
  ),
  ...(['sku', 'barcode', 'title'] as const).map(
    (by): Entry => ({
      method: 'listInventory',
      of: `what ${by} says`,
      run: (store) =>
        store.listInventory({ sort: 'sku', search: { by, text: by === 'title' ? 'title s17' : 's17' }, after: null, limit: 20 }),
    }),
  ),
  { method: 'writeReconciliation', run: (store) => store.writeReconciliation(runOf('new')) },
  { method: 'writeReconciliation', of: 'a later version', run: (store) => store.writeReconciliation({ ...runOf('run1'), version: 2 }) },
  { method: 'readReconciliation', run: (store) => store.readReconciliation('run1') },
  { method: 'openReconciliations', run: (store) => store.openReconciliations(shop) },
  { method: 'listReconciliations', run: (store) => store.listReconciliations({ after: null, limit: 10 }) },
  { method: 'listReconciliations', of: 'a channel', run: (store) => store.listReconciliations({ channel: shop, after: null, limit: 10 }) },
  {
    method: 'listReconciliations',
    of: 'the next page',
    run: async (store) =>
      store.listReconciliations({ after: await after(store.listReconciliations({ after: null, limit: 10 })), limit: 10 }),
  },
  { method: 'removeReconciliationsBefore', run: (store) => store.removeReconciliationsBefore(startMs + 1) },
  { method: 'putFindings', run: (store) => store.putFindings([findingOf('run1', 'l1'), findingOf('run1', 'new')]) },
  { method: 'removeFindings', run: (store) => store.removeFindings(['run1/l2']) },
  { method: 'readFinding', run: (store) => store.readFinding('run1/l1') },
  { method: 'listFindings', run: (store) => store.listFindings({ run: 'run1', state: 'asked', after: null, limit: 10 }) },
  { method: 'countFindings', run: (store) => store.countFindings({ fromMs: startMs, beforeMs: startMs + 10 }) },
  { method: 'putSightings', run: (store) => store.putSightings(shop, 'run1', [sightingOf('l1')]) },
  { method: 'readSightings', run: (store) => store.readSightings(shop, [sightingOf('l1').listing]) },
  { method: 'listUnsighted', run: (store) => store.listUnsighted({ channel: shop, run: 'run1', after: null, limit: 10 }) },
  { method: 'appendInbox', run: (store) => store.appendInbox([eventOf('late'), eventOf('e1')]) },
  { method: 'readInbox', run: (store) => store.readInbox({ state: 'pending', limit: 10 }) },
  { method: 'readInbox', of: 'a channel', run: (store) => store.readInbox({ state: 'parked', channel: shop, limit: 10 }) },
  { method: 'expireInbox', run: (store) => store.expireInbox(startMs + 1) },
  { method: 'dueWork', run: (store) => store.dueWork({ channel: shop, kind: 'push', dueBeforeMs: startMs + 3, limit: 10 }) },
  { method: 'nextWorkAtMs', run: (store) => store.nextWorkAtMs({ channel: shop, kind: 'push' }) },
  { method: 'countWork', run: (store) => store.countWork({ channel: shop, kind: 'push' }) },
  { method: 'countWork', of: 'what is due', run: (store) => store.countWork({ channel: shop, kind: 'push', dueBeforeMs: startMs + 3 }) },
  {
    method: 'dueAcknowledgements',
    run: (store) => store.dueAcknowledgements({ channel: shop, state: 'due', dueBeforeMs: startMs, limit: 10 }),
  },
  { method: 'findListings', run: (store) => store.findListings(shop, ['l1', 'none']) },
  { method: 'listListings', run: (store) => store.listListings({ channel: shop, after: null, limit: 10 }) },
  { method: 'readCursor', run: (store) => store.readCursor(shop, 'orders') },
  { method: 'acquireLease', run: (store) => store.acquireLease('held', 'a', 1_000_000, startMs) },
  { method: 'acquireLease', of: 'another owner', run: (store) => store.acquireLease('held', 'b', 1_000_000, startMs) },
  { method: 'releaseLease', run: (store) => store.releaseLease('free', 'a', 1) },
  { method: 'giveSignals', run: (store) => store.giveSignals([{ channel: shop, kind: 'work' }]) },
  { method: 'readSignals', run: (store) => store.readSignals([shop]) },
  { method: 'readLeases', run: (store) => store.readLeases(['held']) },
  { method: 'takeTurn', run: (store) => store.takeTurn('turn', 'a', startMs + 1, startMs) },
  { method: 'endTurn', run: (store) => store.endTurn('turn', 'a') },
  { method: 'putChannelReport', run: (store) => store.putChannelReport({ channel: shop, owner: 'a', atMs: startMs, body: '{}' }) },
  { method: 'readChannelReports', run: (store) => store.readChannelReports([shop]) },
  { method: 'listStock', run: (store) => store.listStock({ prefix: 's1', limit: 10 }) },
  { method: 'listStock', of: 'everything', run: (store) => store.listStock({ limit: 10 }) },
  { method: 'readSku', run: (store) => store.readSku('s1' as Sku) },
  { method: 'listLedger', run: (store) => store.listLedger({ after: null, limit: 10 }) },
  { method: 'listLedger', of: 'a SKU', run: (store) => store.listLedger({ sku: 's1' as Sku, after: null, limit: 10 }) },
  {
    method: 'listLedger',
    of: 'the next page',
    run: async (store) => store.listLedger({ after: await after(store.listLedger({ after: null, limit: 10 })), limit: 10 }),
  },
  { method: 'readLedgerEntry', run: (store) => store.readLedgerEntry('k1') },
  { method: 'ledgerLevels', run: (store) => store.ledgerLevels([keyOf('s1')]) },
  { method: 'listOrders', run: (store) => store.listOrders({ after: null, limit: 10 }) },
  { method: 'listOrders', of: 'a channel', run: (store) => store.listOrders({ channel: shop, after: null, limit: 10 }) },
  {
    method: 'listOrders',
    of: 'the next page',
    run: async (store) => store.listOrders({ after: await after(store.listOrders({ after: null, limit: 10 })), limit: 10 }),
  },
  { method: 'listIncidents', run: (store) => store.listIncidents({ after: null, limit: 10 }) },
  { method: 'listIncidents', of: 'a SKU', run: (store) => store.listIncidents({ sku: 's1' as Sku, after: null, limit: 10 }) },
  // Asked for by people and by nothing that sells: how many there are of everything.
  { method: 'counts', run: (store) => store.counts(), whole: true },
  { method: 'readSetting', run: (store) => store.readSetting('a') },
  { method: 'writeSetting', run: (store) => store.writeSetting('a', 'b') },
  { method: 'migrate', run: (store) => store.migrate() },
  { method: 'schemaStatus', run: (store) => store.schemaStatus() },
]

/** No method, or nothing that asks the database. */
const withoutQueries: ReadonlySet<string> = new Set(['engine', 'close', 'transfer'])

const fill = async (store: Store): Promise<void> => {
  const many = Array.from({ length: 300 }, (_, i) => i)
  await storeStock(store, ...many.map((i) => [stockOf(`s${i}`, 1), markOf({ dueAtMs: startMs + i })] as const))
  await store.commit({
    orders: many.map((i) => orderOf(`o${i}`, 1, { firstSeenAtMs: startMs + i })),
    ledger: many.map((i) => entryOf(`k${i}`, `s${i}`, { atMs: startMs + i })),
    listings: many.map((i) => listingOf(`l${i}`, [`l${i}`])),
    incidents: many.map((i) => incidentOf(`i${i}`, { sku: `s${i}` as Sku, atMs: startMs + i })),
  })
  while ((await store.refreshInventory({ settings: viewSettings, limit: 1000 })).more);
  await store.noteAllInventory(null, 3)
  await store.putSnapshots(many.slice(0, 100).map((i) => snapshotOf(`l${i}`, { listingKeys: [`l${i}`] })))
  await store.appendInbox(many.map((i) => eventOf(`e${i}`)))
  await store.putSnapshots(many.map((i) => snapshotOf(`r${i}`, { readThroughMs: startMs + i })))
  for (const i of many) await store.writeReconciliation(runOf(`run${i}`, { requestedAtMs: startMs + i, state: i % 2 ? 'done' : 'queued' }))
  await store.putFindings(many.map((i) => findingOf('run1', `l${i}`, { foundAtMs: startMs + i })))
  await store.putSightings(
    shop,
    'run1',
    many.map((i) => sightingOf(`l${i}`)),
  )
  await store.acquireLease('held', 'a', 1_000_000, startMs)
}

describe.skipIf(!mongo)('plans of the MongoDB store', () => {
  let client: MongoClient
  let store: Store
  /** `collection.index`, by method. */
  const used = new Map<string, Set<string>>()
  let watch: PlanWatch
  let database = ''

  beforeAll(async () => {
    if (!mongo) return
    database = mongo.databaseName()
    client = new MongoClient(mongo.uri, { monitorCommands: true, writeConcern: { w: 'majority' } })
    store = storeOn(connectionOn(client, { database }))
    await store.migrate()
    await fill(store)
    watch = watchPlans(client, client.db(database))
  })
  afterAll(async () => {
    await client.close()
    await mongo?.stop()
  })

  const meantFor = (collection: string, method: Method): readonly string[] =>
    collectionPlans
      .filter(({ name }) => name === collection)
      .flatMap(({ indexes = [] }) => indexes.filter(({ serves }) => serves.includes(method)).map(({ name }) => name))

  test.each(entries.map((entry) => [entry.of === undefined ? entry.method : `${entry.method} of ${entry.of}`, entry] as const))(
    '%s uses the index that is meant',
    async (_name, { method, run, whole, merges }) => {
      await run(store)
      for (const { collection, indexes, byKey, command } of await watch.accesses()) {
        expect(whole === true || indexes.length > 0, `${command} scans ${collection}`).toBe(true)
        const meant = [...meantFor(collection, method), ...(byKey || merges === true ? ['_id_'] : [])]
        for (const index of indexes) {
          expect(meant, `${command} uses ${collection}.${index}`).toContain(index)
          used.set(method, (used.get(method) ?? new Set()).add(`${collection}.${index}`))
        }
      }
    },
  )

  test('every method of the store has an entry', () => {
    const methods = Object.keys(store).filter((name) => !withoutQueries.has(name))
    expect([...new Set(entries.map(({ method }) => method))].sort()).toEqual(methods.sort())
  })

  test('every index is used by the methods that it names, and is there', async () => {
    for (const collection of new Set(collectionPlans.map(({ name }) => name))) {
      // A later step may give a collection another index.
      const indexes = collectionPlans.filter(({ name }) => name === collection).flatMap((plan) => plan.indexes ?? [])
      const stored = await client.db(database).collection(collection).indexes()
      expect(stored.map(({ name }) => String(name)).sort()).toEqual(['_id_', ...indexes.map(({ name }) => name)].sort())
      for (const { name, serves, options } of indexes) {
        const holdsRule = options?.unique === true || options?.expireAfterSeconds !== undefined
        expect(serves.length > 0 || holdsRule, `${collection}.${name} is for nothing`).toBe(true)
        for (const method of serves)
          expect([...(used.get(method) ?? [])], `${method} of ${collection}.${name}`).toContain(`${collection}.${name}`)
      }
    }
  })
})
