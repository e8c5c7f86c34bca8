// How a test file gets a MongoDB of its own: a server shared by the run (mongo-global.ts), a database for this file alone.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { MongoClient } from 'mongodb'
import { inject } from 'vitest'
import { findMongo } from './mongo-server.ts'
import './mongo-global.ts'

export { withDatabase } from './database-uri.ts'

export interface TestMongo {
  readonly uri: string
  /** A new database name at each call. */
  readonly databaseName: () => string
  /** Drops the databases that were named, and stops the server if it was started for this file only. */
  readonly stop: () => Promise<void>
}

interface Answer {
  readonly uri?: string | null
  readonly error?: string
}

const askDesk = async (port: number): Promise<{ readonly uri: string | null; readonly stop: () => Promise<void> }> => {
  const answer = JSON.parse(await text(connect(port, '127.0.0.1'))) as Answer
  if (answer.error !== undefined) throw new Error(`MongoDB for tests could not be started: ${answer.error}`)
  return { uri: answer.uri ?? null, stop: async () => undefined }
}

/** Null: there is none on this machine; the run says so once, at its end. */
export const mongoForTests = async (): Promise<TestMongo | null> => {
  const port = inject('mongoPort') as number | undefined
  const server = port === undefined ? await findMongo() : await askDesk(port)
  const { uri } = server
  if (uri === null) {
    if ('reason' in server) console.warn(server.reason)
    return null
  }
  const names: string[] = []
  return {
    uri,
    databaseName: () => {
      const name = `belay_test_${process.pid}_${names.length}_${Math.trunc(performance.timeOrigin + performance.now()).toString(36)}`
      names.push(name)
      return name
    },
    stop: async () => {
      const client = new MongoClient(uri)
      for (const name of names) await client.db(name).dropDatabase()
      await client.close()
      await server.stop()
    },
  }
}
