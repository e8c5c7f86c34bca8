import { afterEach, beforeEach, expect, test } from 'vitest'
import { listingOf, stockOf } from '../../test/support/stock-samples.ts'
import type { PoolId, Sku } from '../domain/ids.ts'
import type { Policy } from '../domain/rules.ts'
import type { RuleStatement, Stock } from '../domain/stock.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { resolvedSetting, runRuleResolve } from './rule-resolve.ts'
import { createStatusBook } from './status.ts'
import { systemClock } from './system-clock.ts'
import { systemRandom } from './system-random.ts'

const quiet = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const pool = 'main' as PoolId
const capped = (capUnits: number): Policy => ({ catalogue: { capUnits }, channels: {} })
let store: Store

/** Stands still, and sleeps through every pause at once. */
const clock: Clock = { nowMs: () => 1_000_000, sleep: () => Promise.resolve() }

const skuOf = (n: number): Sku => `SKU-${String(n).padStart(4, '0')}` as Sku
const document = (n: number, said: RuleStatement = {}): Stock =>
  stockOf(9, [listingOf({ ruleFrom: {}, ...(n % 50 === 0 ? { said: { capUnits: 7 } } : {}) })], { sku: skuOf(n), ruleFrom: {}, said })

const hubWith = (policy: Policy, over: Partial<Store> = {}) =>
  createHub({
    store: { ...store, ...over },
    clock,
    random: systemRandom,
    metrics: quiet,
    log,
    status: createStatusBook(systemClock, quiet),
    adapters: [],
    settings: [],
    policy,
    poolLocations: new Map(),
    webhookUrlFor: () => null,
  })

const caps = async (): Promise<Readonly<Record<string, number>>> => {
  const counts: Record<string, number> = {}
  for (let after: string | null = null; ; ) {
    const page = await store.listStock({ limit: 500, after })
    for (const stock of page.items) {
      const cap = String(stock.listings[0]?.rule.capUnits)
      counts[cap] = (counts[cap] ?? 0) + 1
    }
    if (page.next === null) return counts
    after = page.next
  }
}

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  await store.commit({ stock: Array.from({ length: 250 }, (_, n) => ({ next: document(n), work: [] })) })
})
afterEach(() => store.close())

const run = (policy: Policy, over: Partial<Store> = {}, signal = new AbortController().signal): Promise<void> =>
  runRuleResolve(hubWith(policy, over).context, policy, 'me', signal)

test('a change of the configuration reaches every document but those that say otherwise, and is not done twice', async () => {
  await run(capped(4))
  expect(await caps()).toEqual({ 4: 245, 7: 5 })
  const versions = async (): Promise<number[]> => (await store.listStock({ limit: 500, after: null })).items.map((each) => each.version)
  const before = await versions()
  await run(capped(4))
  expect(await versions()).toEqual(before)
  await run(capped(3))
  expect(await caps()).toEqual({ 3: 245, 7: 5 })
})

test('it goes on where it was cut off', async () => {
  const stop = new AbortController()
  let pages = 0
  await run(capped(4), { listStock: (filter) => (++pages === 2 && stop.abort(), store.listStock(filter)) }, stop.signal)
  const half = await caps()
  expect(half['4']).toBeGreaterThan(0)
  expect(half['4']).toBeLessThan(245)
  const asked: (string | null | undefined)[] = []
  await run(capped(4), { listStock: (filter) => (asked.push(filter.after), store.listStock(filter)) })
  expect(asked).toHaveLength(1)
  expect(asked[0]).not.toBeNull()
  expect(await caps()).toEqual({ 4: 245, 7: 5 })
  expect(JSON.parse((await store.readSetting(resolvedSetting)) ?? '')).toMatchObject({ done: true })
})

test('another process that is at it is left to it', async () => {
  await store.acquireLease('rules', 'other', 60_000, clock.nowMs())
  const stop = new AbortController()
  const hub = hubWith(capped(4))
  await runRuleResolve(
    { ...hub.context, clock: { ...clock, sleep: () => (stop.abort(), Promise.resolve()) } },
    capped(4),
    'me',
    stop.signal,
  )
  expect(await caps()).toEqual({ null: 250 })
})

test('a store that is away is tried again', async () => {
  let failures = 0
  const listStock: Store['listStock'] = (filter) => (failures++ === 0 ? Promise.reject(new Error('away')) : store.listStock(filter))
  await run(capped(4), { listStock })
  expect(await caps()).toEqual({ 4: 245, 7: 5 })
})

test('what a person says counts at once; what is not known is refused', async () => {
  const hub = hubWith(capped(4))
  const said = { sku: skuOf(1), pool, listing: null, statement: { capUnits: 2 } }
  expect((await hub.setRule(said)).listings[0]?.rule.capUnits).toBe(2)
  expect((await store.readSku(skuOf(1)))[0]).toMatchObject({ said: { capUnits: 2 }, listings: [{ rule: { capUnits: 2 } }] })
  await expect(hub.setRule({ ...said, sku: 'GONE' as Sku })).rejects.toMatchObject({ code: 'sku-unknown' })
  await expect(hub.setRule({ ...said, listing: 'shop/other' as never })).rejects.toMatchObject({ code: 'listing-unknown' })
})
