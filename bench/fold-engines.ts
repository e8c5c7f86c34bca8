// The two engines as the fold measurement needs them: a fresh database each time, and the bare loop: the same rows in the same groups,
// encoded before the clock starts, written without reads, without a look at what is there, without a decision.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type AnyBulkWriteOperation, type Db, type Document, MongoClient } from 'mongodb'
import { openStore } from '../src/store/index.ts'
import { fromLedgerEntry, fromOrder, fromStock } from '../src/store/mongo/codec.ts'
import type { Commit, Store } from '../src/ports/store.ts'

export interface BareLoop {
  /** Writes the groups, one after the other. Seconds. */
  write(commits: readonly Commit[]): Promise<number>
  close(): Promise<void>
}

export interface BenchEngine {
  /** A new, empty, migrated store. */
  open(): Promise<Store>
  /** On a new, migrated database that `fill` has filled. */
  openBare(fill: (store: Store) => Promise<void>): Promise<BareLoop>
  close(): Promise<void>
}

/** What the bare loop writes, as the values of its statements. */
const sqliteRows = (commit: Commit) => ({
  stock: (commit.stock ?? []).map(({ next }) => [next.version, JSON.stringify(next), next.sku, next.pool] as const),
  orders: (commit.orders ?? []).map((o) => [o.channel, o.orderId, o.version, o.firstSeenAtMs, JSON.stringify(o)] as const),
  ledger: (commit.ledger ?? []).map(
    (e) => [e.key, e.sku, e.pool, e.from, e.to, e.units, e.reason, e.reference, e.atMs, e.version] as const,
  ),
})

const sqliteBareLoop = (path: string): BareLoop => {
  const database = new DatabaseSync(path)
  // The same settings as the store's (src/store/sqlite/connection.ts).
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536')
  const putStock = database.prepare("UPDATE stock SET version = ?, marks = '[]', body = ? WHERE sku = ? AND pool = ?")
  const putOrder = database.prepare('INSERT INTO orders (channel, order_id, version, first_seen_at_ms, body) VALUES (?, ?, ?, ?, ?)')
  const putLedger = database.prepare(
    'INSERT INTO ledger (key, sku, pool, from_account, to_account, units, reason, reference, at_ms, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  return {
    write: async (commits) => {
      const groups = commits.map(sqliteRows)
      const startedMs = performance.now()
      for (const group of groups) {
        begin.run()
        for (const row of group.stock) putStock.run(...row)
        for (const row of group.orders) putOrder.run(...row)
        for (const row of group.ledger) putLedger.run(...row)
        commit.run()
      }
      return (performance.now() - startedMs) / 1000
    },
    close: async () => database.close(),
  }
}

export const openSqliteEngine = (): BenchEngine => {
  const folder = mkdtempSync(join(process.env['BELAY_BENCH_DIR'] ?? tmpdir(), 'belay-bench-'))
  let count = 0
  const openNext = async (): Promise<{ store: Store; path: string }> => {
    count += 1
    const path = join(folder, `bench-${count}.db`)
    const store = await openStore(`sqlite:${path}`)
    await store.migrate()
    return { store, path }
  }
  return {
    open: async () => (await openNext()).store,
    openBare: async (fill) => {
      const { store, path } = await openNext()
      await fill(store)
      await store.close()
      return sqliteBareLoop(path)
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

const compatibleServer = fileURLToPath(new URL('../../shared/mongod/mongod.mjs', import.meta.url))

/** MONGODB_URI, or a server started for this run with durable writes; null (and one line) when there is none. */
export const durableMongo = async (): Promise<{ uri: string; stop: () => void } | null> => {
  const named = process.env['MONGODB_URI']
  if (named) return { uri: named, stop: () => undefined }
  if (!existsSync(compatibleServer)) {
    console.error('MongoDB was not measured: set MONGODB_URI to a replica set')
    return null
  }
  const child = spawn(process.execPath, [compatibleServer, 'start'], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) return { uri: (JSON.parse(line) as { uri: string }).uri, stop: () => child.kill('SIGTERM') }
  }
  throw new Error('the MongoDB server did not start')
}

const mongoRows = (commit: Commit) => ({
  stock: (commit.stock ?? []).map(({ next, work }): AnyBulkWriteOperation => {
    const replacement: Document = fromStock(next, work)
    return { replaceOne: { filter: { _id: replacement['_id'] }, replacement } }
  }),
  orders: (commit.orders ?? []).map((o): Document => fromOrder(o)),
  ledger: (commit.ledger ?? []).map((e): Document => fromLedgerEntry(e)),
})

const mongoBareLoop = (client: MongoClient, database: Db): BareLoop => ({
  write: async (commits) => {
    const groups = commits.map(mongoRows)
    const startedMs = performance.now()
    for (const group of groups) {
      const session = client.startSession()
      session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } })
      if (group.stock.length > 0) await database.collection('stock').bulkWrite(group.stock, { session, ordered: false })
      if (group.orders.length > 0) await database.collection('orders').insertMany(group.orders, { session, ordered: false })
      if (group.ledger.length > 0) await database.collection('ledger').insertMany(group.ledger, { session, ordered: false })
      await session.commitTransaction()
      await session.endSession()
    }
    return (performance.now() - startedMs) / 1000
  },
  close: async () => undefined,
})

export interface MongoBenchEngine extends BenchEngine {
  /** The same as `open`, with the URL for other processes. */
  openNamed(): Promise<{ readonly store: Store; readonly url: string }>
}

/** On the server that MONGODB_URI names. */
export const openMongoEngine = async (): Promise<MongoBenchEngine> => {
  const server = process.env['MONGODB_URI'] ?? ''
  const client = await new MongoClient(server).connect()
  const names: string[] = []
  const openNext = async (): Promise<{ store: Store; name: string; url: string }> => {
    const name = `belay_bench_${process.pid}_${names.length}`
    names.push(name)
    const url = new URL(server)
    url.pathname = `/${name}`
    const store = await openStore(url.href)
    await store.migrate()
    return { store, name, url: url.href }
  }
  return {
    open: async () => (await openNext()).store,
    openNamed: openNext,
    openBare: async (fill) => {
      const { store, name } = await openNext()
      await fill(store)
      await store.close()
      return mongoBareLoop(client, client.db(name))
    },
    close: async () => {
      for (const name of names) await client.db(name).dropDatabase()
      await client.close()
    },
  }
}
