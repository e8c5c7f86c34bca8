// The whole hub over real HTTP: a process of its own, three marketplaces as servers, duplicated and reordered notices, on both stores.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mongoForTests, type TestMongo, withDatabase } from '../support/mongo.ts'
import { openTrade } from './open-trade.ts'
import { expectLedgerBalanced, expectOrdersAccountedFor } from './trade.ts'

const orders = 200
const limitMs = 180_000

const describeTrade = (name: string, storeUrl: () => string | null): void => {
  describe(name, { timeout: limitMs }, () => {
    test(`${orders} orders on three channels: every unit is accounted for`, async ({ skip }) => {
      const url = storeUrl()
      if (url === null) return skip('no MongoDB on this machine')
      const trade = await openTrade(() => url, 11)
      try {
        await trade.shopUntil(orders)
        await expectOrdersAccountedFor(trade)
        expect(await trade.hub.stop()).toBe(0)
        await expectLedgerBalanced(trade)
      } finally {
        await trade.close()
      }
    })

    test('killed in the middle and started again: the same accounts', async ({ skip }) => {
      const url = storeUrl()
      if (url === null) return skip('no MongoDB on this machine')
      const trade = await openTrade(() => url, 12)
      try {
        for (const count of [60, 120, 160]) {
          await trade.shopUntil(count)
          await trade.hub.kill()
          await trade.shopUntil(count + 15)
          await trade.hub.start()
        }
        await trade.shopUntil(orders)
        await expectOrdersAccountedFor(trade)
        expect(await trade.hub.stop()).toBe(0)
        await expectLedgerBalanced(trade)
      } finally {
        await trade.close()
      }
    })
  })
}

const folder = mkdtempSync(join(tmpdir(), 'belay-e2e-store-'))
let files = 0
let mongo: TestMongo | null = null
beforeAll(async () => {
  mongo = await mongoForTests()
})
afterAll(async () => {
  await mongo?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describeTrade('on SQLite', () => `sqlite:${join(folder, `belay-${files++}.db`)}`)
describeTrade('on MongoDB', () => (mongo ? withDatabase(mongo.uri, mongo.databaseName()) : null))
