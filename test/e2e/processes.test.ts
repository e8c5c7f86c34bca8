// Many processes on one store: workers that stop, stand still, or die while orders flow, and the others go on. Real processes, real HTTP.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mongoForTests, type TestMongo, withDatabase } from '../support/mongo.ts'
import { eventually } from './hub-process.ts'
import { expectOwners, openTrade, type Trade } from './open-trade.ts'
import { expectAdopted, expectAtRest, expectBounded, expectLedgerBalanced, expectNoDoubledPush, expectOrdersAccountedFor } from './trade.ts'

/** They mostly wait, so they wait together. The longest waits for adoption (two minutes and more), for a lease (15 s), and for the lifetime of the last writes (45 s, perhaps twice). */
const limitMs = 600_000

let mongo: TestMongo | null = null
const folder = mkdtempSync(join(tmpdir(), 'belay-e2e-processes-'))
beforeAll(async () => {
  mongo = await mongoForTests()
})
afterAll(async () => {
  await mongo?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const mongoUrl = (): string | null => (mongo ? withDatabase(mongo.uri, mongo.databaseName()) : null)

/** Does the work, then holds the accounts; resolves with how the processes ended. */
const withTrade = async (url: string, seed: number, work: (trade: Trade) => Promise<void>): Promise<readonly (number | null)[]> => {
  const trade = await openTrade(() => url, seed, { workers: 2 })
  try {
    await work(trade)
    await expectOrdersAccountedFor(trade)
    await expectAtRest(trade)
    await expectBounded(trade)
    const codes: (number | null)[] = []
    for (const each of [...trade.workers, trade.hub]) codes.push(await each.stop())
    await expectLedgerBalanced(trade)
    await expectNoDoubledPush(trade)
    return codes
  } finally {
    await trade.close()
  }
}

const [first, second] = [0, 1] as const
const workerOf = (trade: Trade, index: number) => {
  const worker = trade.workers[index]
  if (!worker) throw new Error(`there is no worker ${index}`)
  return worker
}

describe('many processes on MongoDB', { timeout: limitMs, concurrent: true }, () => {
  test('a rolling restart while orders flow: no push is lost or doubled', async ({ skip }) => {
    const url = mongoUrl()
    if (url === null) return skip('no MongoDB on this machine')
    const codes = await withTrade(url, 21, async (trade) => {
      let count = 40
      await trade.shopUntil(count)
      for (const index of [first, second, first, second]) {
        const worker = workerOf(trade, index)
        const gone = worker.pid()
        expect(await worker.stop()).toBe(0)
        count += 15
        await Promise.all([trade.shopUntil(count), expectOwners(trade, 'the other worker has all channels', (pid) => pid !== gone)])
        await worker.start()
        count += 15
        await trade.shopUntil(count)
      }
    })
    expect(codes).toEqual([0, 0, 0])
  })

  test('a worker that stands still past its lease is replaced, and changes nothing when it goes on', async ({ skip }) => {
    const url = mongoUrl()
    if (url === null) return skip('no MongoDB on this machine')
    const codes = await withTrade(url, 22, async (trade) => {
      // A late write of the one that stood still shows in a bound, and only what is taken in has one.
      await expectAdopted(trade)
      await trade.shopUntil(60)
      const paused = workerOf(trade, first)
      const pid = paused.pid()
      // In the middle of whatever it does.
      paused.pause()
      await Promise.all([trade.shopUntil(120), expectOwners(trade, 'the other worker has all channels', (owner) => owner !== pid)])
      await trade.shopUntil(140)
      paused.goOn()
      await eventually('the paused worker finds out', () => {
        return Promise.resolve(paused.output().includes('lease lost; its work ends here') ? null : 'it has not said so')
      })
      await trade.shopUntil(170)
    })
    expect(codes).toEqual([0, 0, 0])
  })

  test('a worker that is killed is replaced within its lease', async ({ skip }) => {
    const url = mongoUrl()
    if (url === null) return skip('no MongoDB on this machine')
    const codes = await withTrade(url, 23, async (trade) => {
      await trade.shopUntil(60)
      const killed = workerOf(trade, first)
      const pid = killed.pid()
      await killed.kill()
      await Promise.all([trade.shopUntil(110), expectOwners(trade, 'the other worker has all channels', (owner) => owner !== pid)])
      await killed.start()
      await trade.shopUntil(140)
    })
    expect(codes).toEqual([0, 0, 0])
  })
})

describe('several processes of one machine on SQLite', { timeout: limitMs, concurrent: true }, () => {
  test('a worker that is killed is replaced within its lease', async () => {
    const codes = await withTrade(`sqlite:${join(folder, 'belay.db')}`, 24, async (trade) => {
      await trade.shopUntil(60)
      const killed = workerOf(trade, first)
      const pid = killed.pid()
      await killed.kill()
      await Promise.all([trade.shopUntil(110), expectOwners(trade, 'the other worker has all channels', (owner) => owner !== pid)])
      await killed.start()
      await trade.shopUntil(130)
    })
    expect(codes).toEqual([0, 0, 0])
  })
})
