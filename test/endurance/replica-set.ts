// A replica set of three on the compatible server in ../shared/mongod, and the ways in which it fails: the primary's process killed, the
// primary told to step down, answers cut off after their effect, the engine under all members killed and started again on its data.
// Every fault ends with a primary that answers, or is an error of this program. Nothing is sent to the hub; only its connections meet the cuts.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import { withDatabase } from '../support/database-uri.ts'
import { eventually } from '../e2e/hub-process.ts'

/** What the cut answers belong to: single writes, those inside of transactions too, or commits. */
export type CutCommands = 'writes' | 'commits'

export interface ReplicaSet {
  /** Names the database. It stays the same over every fault. */
  readonly uri: string
  readonly aliveMembers: () => number
  killPrimary(): Promise<void>
  stepDownPrimary(): Promise<void>
  /** The next `times` answers to the hub are cut off after their effect. Returns how many were, within `forMs`. */
  cutAnswers(commands: CutCommands, times: number, forMs: number): Promise<number>
  /** All members go with the engine, and come back with it. */
  killEngine(): Promise<void>
  close(): Promise<void>
}

interface Started {
  readonly uri: string
  readonly members: readonly { readonly host: string; readonly pid: number }[]
  readonly engine: { readonly pid: number }
}

const program = fileURLToPath(new URL('../../../shared/mongod/mongod.mjs', import.meta.url))
/** The driver that the server uses is this project's. */
const projectFolder = fileURLToPath(new URL('../../', import.meta.url))
const memberCount = 3
const startTimeoutMs = 60_000
/** Below the ports that systems give out by themselves, so that a restart finds them free. */
const ports = { first: 20_000, count: 9_000 }
/** The name under which the hub connects. */
const hubAppName = 'belay'
const commandsOf: Readonly<Record<CutCommands, readonly string[]>> = {
  writes: ['insert', 'update', 'delete', 'findAndModify'],
  commits: ['commitTransaction'],
}
/** More than the driver sends again by itself. */
const maxProbes = 20

export const hasReplicaSet = (): boolean => existsSync(program)

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
      .on('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

const freePorts = async (): Promise<number> => {
  for (let tried = 0; tried < ports.count; tried += memberCount) {
    const first = ports.first + ((process.pid * memberCount + tried) % ports.count)
    const free = await Promise.all(Array.from({ length: memberCount }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
  throw new Error('no three ports in a row are free')
}

/** Processes of the engine that still work on the data: those of a killed one go by themselves, a little later. */
const workingOn = (data: string): number =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === data
    } catch {
      return false
    }
  }).length

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const startSet = async (data: string, port: number): Promise<{ readonly child: ChildProcess; readonly started: Started }> => {
  const args = ['start', '--members', String(memberCount), '--port', String(port), '--data', data]
  const child = spawn(process.execPath, [program, ...args], { cwd: projectFolder, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4000)
  })
  const started = await new Promise<Started>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the replica set did not start: ${complaints}`)), startTimeoutMs)
    child.once('exit', (code) => reject(new Error(`the replica set ended with ${code}: ${complaints}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return
      clearTimeout(timer)
      resolve(JSON.parse(line) as Started)
    })
  })
  return { child, started }
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Sends commands of that kind, under the hub's name, until one is answered. Returns how many were cut: so many the hub had not met. */
const cutsLeft = async (uri: string, commands: CutCommands): Promise<number> => {
  const client = new MongoClient(uri, { appName: hubAppName, retryWrites: false, monitorCommands: true })
  let cut = 0
  const names = commandsOf[commands]
  client.on('commandFailed', ({ commandName }) => {
    if (names.includes(commandName)) cut += 1
  })
  try {
    for (let probe = 0; probe < maxProbes; probe++) {
      const before = cut
      const collection = client.db('failover').collection('probes')
      await (commands === 'writes'
        ? collection.insertOne({ probe })
        : client.withSession((session) => session.withTransaction(() => collection.insertOne({ probe }, { session })))
      ).catch(() => undefined)
      if (cut === before) return cut
    }
    throw new Error('answers are cut off without an end')
  } finally {
    await client.close()
  }
}

export const startReplicaSet = async (database: string): Promise<ReplicaSet> => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-failover-'))
  // The engine may run as another user than we.
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const port = await freePorts()
  let set = await startSet(data, port)
  const endNow = (): void => void set.child.kill('SIGTERM')
  process.once('exit', endNow)
  const uri = withDatabase(set.started.uri, database)
  const client = new MongoClient(uri, { appName: 'belay-failover', serverSelectionTimeoutMS: 2_000 })
  const admin = client.db('admin')

  const primaryHost = async (): Promise<string> => {
    const { me, isWritablePrimary } = await admin.command({ hello: 1 })
    if (isWritablePrimary !== true) throw new Error('no member is primary')
    return String(me)
  }
  const anotherPrimary = (than: string | null): Promise<void> =>
    eventually('there is another primary', async () => ((await primaryHost()) === than ? `it is still ${than}` : null))
  await anotherPrimary(null)

  return {
    uri,
    aliveMembers: () => set.started.members.filter(({ pid }) => isAlive(pid)).length,
    killPrimary: async () => {
      const host = await primaryHost()
      const member = set.started.members.find((each) => each.host === host)
      if (!member) throw new Error(`${host} is no member`)
      process.kill(member.pid, 'SIGKILL')
      await anotherPrimary(host)
    },
    stepDownPrimary: async () => {
      const host = await primaryHost()
      await admin.command({ replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5 })
      await anotherPrimary(host)
    },
    cutAnswers: async (commands, times, forMs) => {
      const failPoint = { configureFailPoint: 'failCommand' }
      const cut = { failCommands: commandsOf[commands], appName: hubAppName, closeConnection: true, afterExecution: true }
      await admin.command({ ...failPoint, mode: { times }, data: cut })
      await pause(forMs)
      const left = await cutsLeft(uri, commands)
      await admin.command({ ...failPoint, mode: 'off' })
      return times - left
    },
    killEngine: async () => {
      process.kill(set.started.engine.pid, 'SIGKILL')
      await ended(set.child)
      await eventually('the killed engine is gone', async () => {
        const left = workingOn(data)
        return left === 0 ? null : `${left} of its processes work on`
      })
      set = await startSet(data, port)
      await anotherPrimary(null)
    },
    close: async () => {
      process.off('exit', endNow)
      await client.close()
      set.child.kill('SIGTERM')
      await ended(set.child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
