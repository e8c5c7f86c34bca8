// Every query of the MongoDB engine uses an index. The commands are caught as the driver sends them, then explained.
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sku } from '../../src/domain/ids.ts'
import type { Store } from '../../src/ports/store.ts'
import { connectionOn } from '../../src/store/mongo/connection.ts'
import { storeOn } from '../../src/store/mongo/store.ts'
import { mongoForTests } from '../support/mongo.ts'
import {
  entryOf,
  eventOf,
  incidentOf,
  keyOf,
  listingOf,
  markOf,
  orderOf,
  shop,
  startMs,
  stockOf,
  storeStock,
} from '../support/store-samples.ts'

const mongo = await mongoForTests()

// Not here: lists of everything, newest first. mongod walks the index `byTime`; the compatible test server sorts by an index on `_id` only.
const queries: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  readState: (store) =>
    store.readState({ stock: [keyOf('s1'), keyOf('s2')], orders: [{ channel: shop, orderId: 'o1' }], ledgerKeys: ['k1'] }),
  dueWork: (store) => store.dueWork({ channel: shop, kind: 'push', dueBeforeMs: startMs + 3, limit: 10 }),
  nextWorkAtMs: (store) => store.nextWorkAtMs({ channel: shop, kind: 'push' }),
  countWork: (store) => store.countWork({ channel: shop, kind: 'push' }),
  readInbox: (store) => store.readInbox({ state: 'pending', limit: 10 }),
  'readInbox of a channel': (store) => store.readInbox({ state: 'parked', channel: shop, limit: 10 }),
  dueAcknowledgements: (store) => store.dueAcknowledgements({ channel: shop, state: 'due', dueBeforeMs: startMs, limit: 10 }),
  findListings: (store) => store.findListings(shop, ['l1', 'none']),
  listListings: (store) => store.listListings({ channel: shop, after: null, limit: 10 }),
  listStock: (store) => store.listStock({ prefix: 's1', limit: 10 }),
  readSku: (store) => store.readSku('s1' as Sku),
  'listLedger of a SKU': (store) => store.listLedger({ sku: 's1' as Sku, after: null, limit: 10 }),
  ledgerLevels: (store) => store.ledgerLevels(keyOf('s1')),
  'listOrders of a channel': (store) => store.listOrders({ channel: shop, after: null, limit: 10 }),
  'listIncidents of a SKU': (store) => store.listIncidents({ sku: 's1' as Sku, after: null, limit: 10 }),
}

/** What a session and the driver add; explain takes the query alone. */
const bare = (command: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(command).filter(
      ([name]) => !['lsid', 'txnNumber', 'startTransaction', 'autocommit', 'readConcern'].includes(name) && !name.startsWith('$'),
    ),
  )

describe.skipIf(!mongo)('plans of the MongoDB store', () => {
  let client: MongoClient
  let store: Store
  const sent: Readonly<Record<string, unknown>>[] = []
  let database = ''

  beforeAll(async () => {
    if (!mongo) return
    database = mongo.databaseName()
    client = new MongoClient(mongo.uri, { monitorCommands: true, writeConcern: { w: 'majority' } })
    client.on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find' || commandName === 'aggregate') sent.push(command)
    })
    store = storeOn(connectionOn(client, { database }))
    await store.migrate()
    const many = Array.from({ length: 300 }, (_, i) => i)
    await storeStock(store, ...many.map((i) => [stockOf(`s${i}`, 1), markOf({ dueAtMs: startMs + i })] as const))
    await store.commit({
      orders: many.map((i) => orderOf(`o${i}`, 1, { firstSeenAtMs: startMs + i })),
      ledger: many.map((i) => entryOf(`k${i}`, `s${i}`, { atMs: startMs + i })),
      listings: many.map((i) => listingOf(`l${i}`, [`l${i}`])),
      incidents: many.map((i) => incidentOf(`i${i}`, { sku: `s${i}` as Sku, atMs: startMs + i })),
    })
    await store.appendInbox(many.map((i) => eventOf(`e${i}`)))
  })
  afterAll(async () => {
    await client.close()
    await mongo?.stop()
  })

  test.each(Object.entries(queries))('%s uses an index', async (_name, query) => {
    sent.length = 0
    await query(store)
    const commands = sent.map(bare)
    expect(commands.length).toBeGreaterThan(0)
    for (const command of commands) {
      const plan = JSON.stringify(await client.db(database).command({ explain: command, verbosity: 'queryPlanner' }))
      expect(plan).toMatch(/IXSCAN|IDHACK/)
      expect(plan).not.toContain('COLLSCAN')
    }
  })
})
