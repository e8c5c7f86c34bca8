// The ledger audit in the whole engine: books that agree are told so, also while goods are sold; a planted fault is found with its documents.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createScript, orderFact, type Script, scriptedChannel } from '../../test/support/scripted-channel.ts'
import { minuteMs, nineMs, settingsOf } from '../../test/support/told-stock.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import type { ChannelId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { Reconciliation } from '../domain/reconcile.ts'
import type { Stock } from '../domain/stock.ts'
import type { Hub } from '../ports/hub.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { createStatusBook } from './status.ts'

const quiet = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const pool = 'main' as PoolId
const berlin = 'berlin' as LocationId
const weight = { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 } as const
const skus = ['A', 'B', 'C'].map((sku) => sku as Sku)

let clock: VirtualClock
let store: Store
let script: Script
let hub: Hub

const ask = async <T>(promise: Promise<T>): Promise<T> => {
  let done = false
  const ended = promise.finally(() => {
    done = true
  })
  ended.catch(() => undefined)
  while (!done) await clock.advance(10)
  return ended
}

beforeEach(async () => {
  clock = createVirtualClock(nineMs)
  store = await openStore('sqlite::memory:')
  await store.migrate()
  script = createScript()
  hub = createHub({
    store,
    clock,
    random: seededRandom(1),
    metrics: quiet,
    log,
    status: createStatusBook(clock, quiet),
    adapters: [scriptedChannel('shop', 'compare-and-set', script)],
    settings: [settingsOf('shop')],
    poolLocations: new Map([[pool, [berlin]]]),
    webhookUrlFor: () => null,
  })
  await hub.start()
  await ask(
    hub.applyImport({
      reference: 'opening',
      stock: skus.map((sku, i) => ({ line: i + 2, sku, pool, location: berlin, onHandUnits: 10 })),
      listings: skus.map((sku, i) => ({
        line: i + 2,
        sku,
        pool,
        channel: 'shop' as ChannelId,
        externalId: sku,
        unitsPerListing: 1,
        rule: weight,
      })),
    }),
  )
  await clock.advance(5 * minuteMs)
})
afterEach(async () => {
  const stopped = hub.stop()
  await clock.advance(20_000)
  await stopped
  await store.close()
})

const audit = async (): Promise<Reconciliation> => {
  const { id } = await ask(hub.reconciler.audit('person'))
  for (let i = 0; i < 100; i++) {
    const run = await ask(store.readReconciliation(id))
    if (run && ['done', 'failed'].includes(run.state)) return run
    await clock.advance(5_000)
  }
  throw new Error('the audit does not end')
}

/** As a bug would: the document is changed, and nothing else. */
const tamper = async (sku: Sku, change: Partial<Stock>): Promise<void> => {
  const [stock] = await store.readSku(sku)
  if (!stock) throw new Error('not there')
  const result = await store.commit({ stock: [{ next: { ...stock, ...change, version: stock.version + 1 }, work: [] }] })
  expect(result).toEqual({ ok: true })
}

const faults = async (run: Reconciliation): Promise<readonly string[]> =>
  (await ask(store.listFindings({ run: run.id, after: null, limit: 50 }))).items.map(({ kind, sku }) => `${sku} ${kind}`)

test('books that agree are told so, also after sales, and while they come in', async () => {
  script.orders.push(orderFact('shop', '1', 'A', 2, clock.nowMs()), orderFact('shop', '2', 'B', 1, clock.nowMs()))
  await clock.advance(2 * minuteMs)
  for (let i = 0; i < 20; i++) script.orders.push(orderFact('shop', `more-${i}`, 'C', 1, clock.nowMs() + i))
  const run = await audit()
  expect(run).toMatchObject({ state: 'done', compared: 3, agreed: 3, found: {}, message: 'All books agree.' })
  expect((await store.readSku(skus[0] as Sku))[0]?.reservedUnits).toBe(2)
})

test('a level that the ledger does not know, a reservation that no order holds: each with its documents', async () => {
  script.orders.push(orderFact('shop', '1', 'B', 2, clock.nowMs()))
  await clock.advance(2 * minuteMs)
  await tamper('A' as Sku, { onHandUnits: { [berlin]: 11 } })
  await tamper('B' as Sku, { reservedUnits: 3 })
  const run = await audit()
  expect(await faults(run)).toEqual(['A levels-differ', 'B levels-differ', 'B reservations-differ'])
  const { items } = await ask(store.listIncidents({ after: null, limit: 50 }))
  const told = items.filter(({ kind }) => kind === 'books-differ')
  expect(told.filter(({ sku }) => sku === 'A')).toHaveLength(1)
  expect(told.filter(({ sku }) => sku === 'B')).toHaveLength(2)
  const report = told.find(({ evidence }) => String(evidence['text']).includes('open order lines'))?.evidence
  expect(report).toMatchObject({ stock: { sku: 'B', reservedUnits: 3 }, ledger: { reservedUnits: 2 }, orders: [{ orderId: '1' }] })
  expect(JSON.stringify(report)).not.toContain('echo')
})
