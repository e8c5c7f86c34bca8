// What the MongoDB engine says when the server fails: nothing happened, or not known, or done; never a wrong one of these.
// Faults are made by the server's own fail points, which a mongod has only with enableTestCommands; without them these tests are skipped.
import { MongoClient, MongoServerError } from 'mongodb'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import type { Order, OrderLine } from '../../src/domain/orders.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { Store } from '../../src/ports/store.ts'
import { termId } from '../../src/store/mongo/codec.ts'
import { openMongoStore } from '../../src/store/mongo/store.ts'
import { mongoForTests } from '../support/mongo.ts'
import {
  entryOf,
  eventOf,
  keyOf,
  listingOf,
  markOf,
  orderOf,
  readStock,
  shop,
  startMs,
  stockOf,
  storeStock,
} from '../support/store-samples.ts'

const mongo = await mongoForTests()

/** Fail points are the whole server's: only clients of this name meet them. */
const appName = 'belay-faults'
const always = { times: 10_000 }

interface Fault {
  readonly failCommands: readonly string[]
  readonly errorCode?: number
  readonly errorLabels?: readonly string[]
  readonly closeConnection?: boolean
  /** Holds the command up for so long first. */
  readonly blockConnection?: boolean
  readonly blockTimeMS?: number
  /** Takes effect, then the connection is cut (only on the compatible test server). */
  readonly afterExecution?: boolean
}

describe.skipIf(!mongo)('store on MongoDB, with faults', () => {
  let store: Store
  let client: MongoClient
  let database = ''

  beforeAll(async () => {
    if (!mongo) return
    client = new MongoClient(mongo.uri)
    database = mongo.databaseName()
    // Longer than the driver takes to use a server again whose connection was cut (its shortest heartbeat is half a second).
    store = await openMongoStore(mongo.uri, { database, retryForMs: 1000, appName })
    await store.migrate()
  })
  afterAll(async () => {
    await store.close()
    await client.close()
    await mongo?.stop()
  })

  /** Runs `work` while the server fails; skips the test where it has no such fault. */
  const during = async <T>(context: TestContext, mode: { readonly times: number }, fault: Fault, work: () => Promise<T>): Promise<T> => {
    const admin = client.db('admin')
    try {
      await admin.command({ configureFailPoint: 'failCommand', mode, data: { ...fault, appName } })
    } catch (error) {
      if (error instanceof MongoServerError) context.skip(`the server has no such fail point: ${error.message}`)
      throw error
    }
    try {
      return await work()
    } finally {
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
    }
  }

  const sale = (id: string, version = 1) => ({
    stock: [{ next: stockOf(id, version), work: [markOf()] }],
    orders: [orderOf(`${id}-${version}`, 1)],
    ledger: [entryOf(`${id}-${version}`, id)],
  })

  const isStored = async (id: string): Promise<boolean> => {
    const state = await store.readState({ stock: [keyOf(id)], orders: [{ channel: shop, orderId: `${id}-1` }], ledgerKeys: [`${id}-1`] })
    const parts = [state.stock[0] !== null, state.orders[0] !== null, state.ledgerKeys.size === 1]
    expect(new Set(parts).size).toBe(1)
    return parts[0] ?? false
  }

  const conflict = { errorCode: 112, errorLabels: ['TransientTransactionError'] }

  test.for(['insert', 'commitTransaction'])('a passing write conflict of %s is tried again', async (command, context) => {
    const id = `passing-${command}`
    const result = await during(context, { times: 1 }, { failCommands: [command], ...conflict }, () => store.commit(sale(id)))
    expect(result).toEqual({ ok: true })
    expect(await isStored(id)).toBe(true)
  })

  test('a passing write conflict of an update of many is tried again', async (context) => {
    const ids = ['many-1', 'many-2', 'many-3']
    await storeStock(store, ...ids.map((id) => [stockOf(id, 1)] as const))
    const commit = { stock: ids.map((id) => ({ next: stockOf(id, 2), work: [] })) }
    const result = await during(context, { times: 1 }, { failCommands: ['update'], ...conflict }, () => store.commit(commit))
    expect(result).toEqual({ ok: true })
    expect((await readStock(store, ...ids)).map((stock) => stock?.version)).toEqual([2, 2, 2])
  })

  test('a conflict that is real is answered as one, whatever the server calls it', async (context) => {
    await store.commit(sale('real'))
    const result = await during(context, always, { failCommands: ['update'], ...conflict }, () => store.commit(sale('real', 3)))
    expect(result).toMatchObject({ ok: false, stock: [keyOf('real')] })
  })

  test('a conflict that does not pass: nothing happened', async (context) => {
    const commit = during(context, always, { failCommands: ['insert'], ...conflict }, () => store.commit(sale('stuck')))
    await expect(commit).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await isStored('stuck')).toBe(false)
  })

  test('a connection cut before the commit: tried again over another', async (context) => {
    const fault = { failCommands: ['insert'], closeConnection: true }
    expect(await during(context, { times: 1 }, fault, () => store.commit(sale('cut')))).toEqual({ ok: true })
    expect(await isStored('cut')).toBe(true)
  })

  test('connections cut together: of the second the driver tells no label; both are tried again', async (context) => {
    const patient = await openMongoStore(mongo?.uri ?? '', { database, appName })
    try {
      // Held up, so that both are under way when the first is cut.
      const fault = { failCommands: ['insert'], blockConnection: true, blockTimeMS: 200, closeConnection: true }
      const results = await during(context, { times: 2 }, fault, () =>
        Promise.all([patient.commit(sale('together-a')), patient.commit(sale('together-b'))]),
      )
      expect(results).toEqual([{ ok: true }, { ok: true }])
      expect([await isStored('together-a'), await isStored('together-b')]).toEqual([true, true])
    } finally {
      await patient.close()
    }
  })

  test('a connection that is cut every time: nothing happened', async (context) => {
    const fault = { failCommands: ['insert'], closeConnection: true }
    await expect(during(context, always, fault, () => store.commit(sale('gone')))).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await isStored('gone')).toBe(false)
  })

  test('the answer to a commit is lost once: stored, once', async (context) => {
    const fault = { failCommands: ['commitTransaction'], closeConnection: true, afterExecution: true }
    expect(await during(context, { times: 1 }, fault, () => store.commit(sale('unheard')))).toEqual({ ok: true })
    expect(await isStored('unheard')).toBe(true)
    expect(await store.commit(sale('unheard'))).toMatchObject({ ok: false, ledgerKeys: ['unheard-1'] })
  })

  test('every answer to a commit is lost, and it was done: not known; the repeat is a conflict', async (context) => {
    const fault = { failCommands: ['commitTransaction'], closeConnection: true, afterExecution: true }
    await expect(during(context, always, fault, () => store.commit(sale('silent')))).rejects.toMatchObject({ code: 'store-commit-unknown' })
    expect(await isStored('silent')).toBe(true)
    expect(await store.commit(sale('silent'))).toMatchObject({ ok: false })
  })

  test('every commit is lost before it was done: not known, and nothing happened', async (context) => {
    const fault = { failCommands: ['commitTransaction'], closeConnection: true }
    await expect(during(context, always, fault, () => store.commit(sale('lost')))).rejects.toMatchObject({ code: 'store-commit-unknown' })
    expect(await isStored('lost')).toBe(false)
  })

  test('a commit that a member answers which shuts down, without a label: sent again until it is known', async (context) => {
    const fault = { failCommands: ['commitTransaction'], errorCode: 11_600, errorLabels: [] }
    expect(await during(context, { times: 1 }, fault, () => store.commit(sale('shut')))).toEqual({ ok: true })
    expect(await isStored('shut')).toBe(true)
    await expect(during(context, always, fault, () => store.commit(sale('shut for good')))).rejects.toMatchObject({
      code: 'store-commit-unknown',
    })
  })

  test('the answer to an append is lost: stored, once', async (context) => {
    const fault = { failCommands: ['insert'], closeConnection: true, afterExecution: true }
    expect(await during(context, { times: 1 }, fault, () => store.appendInbox([eventOf('heard'), eventOf('heard too')]))).toEqual([
      'stored',
      'stored',
    ])
    expect(await store.appendInbox([eventOf('heard')])).toEqual(['duplicate'])
  })

  test('a read that the server does not answer: nothing happened', async (context) => {
    const work = () => store.readState({ stock: [keyOf('a'), keyOf('b')], orders: [], ledgerKeys: [] })
    const fault = { failCommands: ['find', 'aggregate'], closeConnection: true }
    await expect(during(context, always, fault, work)).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(during(context, always, fault, () => store.counts())).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await work()).toMatchObject({ stock: [null, null] })
  })

  // What a member answers that steps down or shuts down, or has not found a primary yet: no label tells it of reads.
  test.for([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436])(
    'a read that is answered with %i each time: try again',
    async (errorCode, context) => {
      const fault = { failCommands: ['find', 'aggregate'], errorCode }
      await expect(during(context, always, fault, () => store.readSetting('none'))).rejects.toMatchObject({ code: 'store-unavailable' })
    },
  )

  test('an append that is answered with a step down each time: try again', async (context) => {
    const fault = { failCommands: ['insert'], errorCode: 10_107, errorLabels: ['RetryableWriteError'] }
    await expect(during(context, always, fault, () => store.appendInbox([eventOf('stepped down')]))).rejects.toMatchObject({
      code: 'store-unavailable',
    })
  })

  test('an open transaction under a lease does not hold up who takes the lease next; what its process commits after that is refused', async () => {
    const [first, second] = ['first', 'second']
    await store.acquireLease('stuck', first, 1000, startMs)
    await store.commit({ ...sale('before'), leases: [{ name: 'stuck', token: 1, nowMs: startMs }] })
    // A process that stands still between the last statement of its transaction and the commit: its locks stay.
    const session = client.startSession()
    try {
      session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } })
      const terms = client.db(database).collection<{ readonly _id: string }>('terms')
      const { matchedCount } = await terms.updateOne({ _id: termId({ name: 'stuck', token: 1 }) }, { $inc: { commits: 1 } }, { session })
      expect(matchedCount).toBe(1)
      expect(await store.acquireLease('stuck', second, 1000, startMs + 2000)).toMatchObject({ owner: second, token: 2 })
      expect(await store.commit({ ...sale('after'), leases: [{ name: 'stuck', token: 2, nowMs: startMs + 2000 }] })).toEqual({ ok: true })
      await session.abortTransaction()
    } finally {
      await session.endSession()
    }
    const late = store.commit({ ...sale('late'), leases: [{ name: 'stuck', token: 1, nowMs: startMs + 2000 }] })
    await expect(late).rejects.toMatchObject({ code: 'lease-lost' })
    expect(await isStored('late')).toBe(false)
  })

  test('documents that the rules of the store forbid are refused by the server', async () => {
    await expect(store.commit({ ledger: [entryOf('none', 'none', { units: 0 })] })).rejects.toMatchObject({ code: 121 })
    await expect(storeStock(store, [stockOf('none', 1, { bufferUnits: -1 })])).rejects.toMatchObject({ code: 121 })
    const { listings } = stockOf('none', 1)
    const charged = (charge: number): Stock => ({
      ...stockOf('none', 1),
      listings: listings.map((each) => ({ ...each, pushes: each.pushes.map((push) => ({ ...push, charge })) })),
    })
    await expect(storeStock(store, [charged(-1)])).rejects.toMatchObject({ code: 121 })
    const { lines } = orderOf('none', 1)
    const priced = (amountMinor: unknown): Order =>
      orderOf('none', 1, { lines: lines.map((line) => ({ ...line, amountMinor }) as OrderLine) })
    await expect(store.commit({ orders: [priced('19.99')] })).rejects.toMatchObject({ code: 121 })
    await expect(store.commit({ listings: [{ ...listingOf('none', ['none']), unitsPerListing: 0 }] })).rejects.toMatchObject({ code: 121 })
    expect(await store.commit({ ...sale('none'), stock: [{ next: charged(2), work: [] }], orders: [priced(1999)] })).toEqual({ ok: true })
  })
})

describe('opening MongoDB', () => {
  test('a server that is not there: try again', async () => {
    const opening = openMongoStore('mongodb://127.0.0.1:1/x?replicaSet=none', { serverSelectionTimeoutMs: 50 })
    await expect(opening).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  test('a URI that is none, without telling the password', async () => {
    const opening = openMongoStore('mongodb://belay:se:cret@/@@?w=1')
    await expect(opening).rejects.toMatchObject({ code: 'config-invalid', message: expect.not.stringContaining('se:cret') as unknown })
  })
})
