import { MongoClient } from 'mongodb'
import { afterAll, describe } from 'vitest'
import type { Store } from '../../src/ports/store.ts'
import { openMongoStore } from '../../src/store/mongo/store.ts'
import { mongoForTests, withDatabase } from '../support/mongo.ts'
import { describeStore, type MakeStore } from './store.ts'

const mongo = await mongoForTests()

const make: MakeStore = async () => {
  if (!mongo) throw new Error('There is no MongoDB')
  const database = mongo.databaseName()
  const opened: Store[] = []
  const reopen = async (): Promise<Store> => {
    const store = await openMongoStore(mongo.uri, { database })
    opened.push(store)
    return store
  }
  const store = await reopen()
  await store.migrate()
  return {
    store,
    url: withDatabase(mongo.uri, database),
    reopen,
    raiseSchema: async () => {
      const client = new MongoClient(mongo.uri)
      await client
        .db(database)
        .collection<{ readonly _id: string; readonly value: number }>('counters')
        .updateOne({ _id: 'schema' }, { $set: { value: 9999 } })
      await client.close()
    },
    destroy: async () => {
      for (const each of opened) await each.close()
    },
  }
}

describe.skipIf(!mongo)('with a server', () => {
  afterAll(() => mongo?.stop())
  describeStore('MongoDB', make)
})
