// Finds a MongoDB for tests: MONGODB_URI, or a server that it starts. Nothing is started unless a test asks.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'

export type MongoServer =
  | { readonly uri: string; readonly stop: () => Promise<void> }
  | { readonly uri: null; readonly reason: string; readonly stop: () => Promise<void> }

const startTimeoutMs = 60_000
const stopTimeoutMs = 10_000

const compatibleServer = fileURLToPath(new URL('../../../shared/mongod/mongod.mjs', import.meta.url))

const nothing = async (): Promise<void> => undefined

/** Ends the process, and waits for its end. Also when this process is ended by its parent. */
const stopper = (child: ChildProcess, cleanUp: () => void = () => undefined): (() => Promise<void>) => {
  const endNow = (): void => {
    child.kill('SIGTERM')
  }
  process.once('exit', endNow)
  return async () => {
    process.off('exit', endNow)
    if (child.exitCode === null && child.signalCode === null) {
      const { promise: gone, resolve } = Promise.withResolvers<void>()
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      await gone
      clearTimeout(force)
    }
    cleanUp()
  }
}

/** The first line that `wanted` makes something of; rejects when the process ends or time runs out before. */
const firstLine = <T>(child: ChildProcess, wanted: (line: string) => T | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${startTimeoutMs} ms`)), startTimeoutMs)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`it ended with ${String(code)}`)))
    if (!child.stdout) return reject(new Error('it has no output'))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const value = wanted(line)
      if (value === undefined) return
      clearTimeout(timer)
      resolve(value)
    })
  })

const started = async (child: ChildProcess, uri: Promise<string>, cleanUp?: () => void): Promise<MongoServer> => {
  const stop = stopper(child, cleanUp)
  try {
    return { uri: await uri, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const startCompatibleServer = (): Promise<MongoServer> => {
  const child = spawn(process.execPath, [compatibleServer, 'start', '--no-sync'], { stdio: ['ignore', 'pipe', 'inherit'] })
  return started(
    child,
    firstLine(child, (line) => (line.startsWith('{') ? (JSON.parse(line) as { readonly uri: string }).uri : undefined)),
  )
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => {
        const address = probe.address()
        probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
      })
  })

const startMongod = async (): Promise<MongoServer> => {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'belay-mongod-'))
  const child = spawn('mongod', ['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', 'belay'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const initiated = async (): Promise<string> => {
    await firstLine(child, (line) => (line.includes('Waiting for connections') ? true : undefined))
    const host = `127.0.0.1:${port}`
    const client = new MongoClient(`mongodb://${host}/?directConnection=true`)
    try {
      await client.db('admin').command({ replSetInitiate: { _id: 'belay', members: [{ _id: 0, host }] } })
    } finally {
      await client.close()
    }
    return `mongodb://${host}/?replicaSet=belay`
  }
  return started(child, initiated(), () => rmSync(data, { recursive: true, force: true }))
}

const startMemoryServer = async (): Promise<MongoServer> => {
  const { MongoBinary, MongoMemoryReplSet } = await import('mongodb-memory-server-core')
  // Asked for first, because the replica set prints whole stacks when there is no binary to run.
  await MongoBinary.getPath()
  const set = await MongoMemoryReplSet.create({ replSet: { count: 1 } })
  return {
    uri: set.getUri(),
    stop: async () => {
      await set.stop()
    },
  }
}

const howTo =
  'The MongoDB suites did not run: set MONGODB_URI to a replica set, or put mongod on the PATH, or let mongodb-memory-server download one'

/** Never throws: a machine without any MongoDB runs the other suites. */
export const findMongo = async (): Promise<MongoServer> => {
  const named = process.env['MONGODB_URI']
  if (named) return { uri: named, stop: nothing }
  if (existsSync(compatibleServer)) return startCompatibleServer()
  if (spawnSync('mongod', ['--version'], { stdio: 'ignore' }).status === 0) return startMongod()
  try {
    return await startMemoryServer()
  } catch (error) {
    return { uri: null, reason: `${howTo} (${error instanceof Error ? error.message.split('\n')[0] : 'it could not'})`, stop: nothing }
  }
}
