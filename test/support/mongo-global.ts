// Once for a whole run of vitest: answers test files that ask for a MongoDB, starts one at the first question and stops it at the end.
// A run in which no test asks starts nothing.
import { createServer } from 'node:net'
import type { TestProject } from 'vitest/node'
import { findMongo, type MongoServer } from './mongo-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Loopback port that answers every connection with one line of JSON: what `findMongo` found. */
    readonly mongoPort: number
  }
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  let server: Promise<MongoServer> | null = null
  const desk = createServer((socket) => {
    // A test file that goes away before it is answered is no matter.
    socket.on('error', () => socket.destroy())
    server ??= findMongo()
    server.then(
      (found) => socket.end(JSON.stringify(found.uri === null ? { uri: null, reason: found.reason } : { uri: found.uri })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    )
  })
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  desk.listen(0, '127.0.0.1', resolve)
  await listening
  const address = desk.address()
  if (!address || typeof address === 'string') throw new Error('The desk for MongoDB has no port')
  project.provide('mongoPort', address.port)
  return async () => {
    desk.close()
    const found = await server?.catch(() => null)
    if (found?.uri === null) console.warn(found.reason)
    await found?.stop()
  }
}
