// Reconciliation in the whole engine on a virtual clock, against a channel that shows what the test planted: each cause is called what it is,
// none other is reported, corrections go through the protocol, and a dry run leaves everything as it was.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createScript, orderFact } from '../../test/support/scripted-channel.ts'
import { sweepingChannel, type SweepScript, sweepScript } from '../../test/support/scripted-sweep.ts'
import { minuteMs, nineMs, settingsOf } from '../../test/support/told-stock.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { exposureQuantity } from '../domain/exposure.ts'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import { incidentState } from '../domain/incidents.ts'
import { defaultPolicy, type ReconcilePolicy } from '../domain/reconcile-policy.ts'
import type { Reconciliation } from '../domain/reconcile.ts'
import { sellableUnits, type Stock } from '../domain/stock.ts'
import type { Hub } from '../ports/hub.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { createStatusBook } from './status.ts'

const quiet = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const shop = 'shop' as ChannelId
const pool = 'main' as PoolId
const berlin = 'berlin' as LocationId
const constants = {
  orderVisibilityMs: minuteMs,
  clockSkewMs: 5_000,
  checkoutHoldMs: minuteMs,
  requestLifetimeMs: minuteMs,
  readStalenessMs: 5_000,
}
const weight = { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 } as const
const skus = Array.from({ length: 40 }, (_, i) => `S${String(i).padStart(2, '0')}` as Sku)

let clock: VirtualClock
let store: Store
let script: SweepScript
let hub: Hub

const createShop = (policy: ReconcilePolicy = defaultPolicy): Hub =>
  createHub({
    store,
    clock,
    random: seededRandom(1),
    metrics: quiet,
    log,
    status: createStatusBook(clock, quiet),
    adapters: [sweepingChannel('shop', 'compare-and-set', script, clock)],
    settings: [settingsOf('shop', { constants })],
    poolLocations: new Map([[pool, [berlin]]]),
    webhookUrlFor: () => null,
    reconcilePolicyFor: () => policy,
  })

const ask = async <T>(promise: Promise<T>): Promise<T> => {
  let done = false
  const ended = promise.finally(() => {
    done = true
  })
  ended.catch(() => undefined)
  while (!done) await clock.advance(10)
  return ended
}

const stop = async (): Promise<void> => {
  const stopped = hub.stop()
  await clock.advance(20_000)
  await stopped
}

/** Until the run is over or waits for a person. */
const ended = async (id: string): Promise<Reconciliation> => {
  for (let i = 0; i < 400; i++) {
    const run = await ask(store.readReconciliation(id))
    if (run && ['done', 'failed', 'stopped'].includes(run.state)) return run
    await clock.advance(30_000)
  }
  throw new Error('the run does not end')
}

const reconcile = async (over: { dryRun?: boolean; skus?: readonly Sku[] } = {}): Promise<Reconciliation> => {
  const [run] = await ask(
    hub.reconciler.request({ channel: shop, skus: over.skus ?? null, dryRun: over.dryRun ?? false, requestedBy: 'person' }),
  )
  return ended(run?.id ?? '')
}

const findings = async (run: Reconciliation): Promise<Readonly<Record<string, string>>> => {
  const { items } = await ask(store.listFindings({ run: run.id, after: null, limit: 500 }))
  return Object.fromEntries(items.map((each) => [each.externalId, `${each.kind} ${each.state}`]))
}

const stockOf = async (sku: Sku): Promise<Stock> => (await ask(store.readSku(sku)))[0] as Stock
const listingsOf = async (): Promise<readonly string[]> => {
  const { items } = await ask(store.listStock({ limit: 500 }))
  return items.map((stock) => JSON.stringify(stock))
}

beforeEach(async () => {
  clock = createVirtualClock(nineMs)
  store = await openStore('sqlite::memory:')
  await store.migrate()
  script = sweepScript(createScript())
  hub = createShop()
  await hub.start()
  await ask(
    hub.applyImport({
      reference: 'opening',
      stock: skus.map((sku, i) => ({ line: i + 2, sku, pool, location: berlin, onHandUnits: 10 })),
      listings: skus.map((sku, i) => ({ line: i + 2, sku, pool, channel: shop, externalId: sku, unitsPerListing: 1, rule: weight })),
    }),
  )
  await clock.advance(8 * minuteMs)
})
afterEach(async () => {
  await stop()
  await store.close()
})

const set = (sku: Sku | undefined, quantity: number): void => {
  if (sku !== undefined) script.shown.set(sku, quantity)
}

test('without drift nothing is found, and nothing is asked for twice', async () => {
  const run = await reconcile()
  expect(run).toMatchObject({ state: 'done', compared: 40, agreed: 40, found: {}, explained: {}, rowsRead: 40, calls: 4 })
  expect(script.asked).toEqual([])
  expect((await ask(store.listSnapshots({ channel: shop, after: null, limit: 500 }))).items).toHaveLength(40)
})

const plant = (): void => {
  set(skus[0], 13)
  set(skus[1], 6)
  script.offers.set('S02', { tracked: false })
  script.unusable.set('S02', 'not tracked')
  script.offers.set('S03', { sellsBelowZero: true })
  script.unusable.set('S03', 'sells when out of stock')
  script.gone.add('S04')
  script.unusable.set('S04', 'gone')
  script.offers.set('S05', { fulfilment: 'FBA' })
  script.unusable.set('S05', 'fulfilled by others')
  script.offers.set('S06', { sku: 'S07' })
  script.offers.set('S08', { offersWithSku: 2 })
  script.offers.set('S09', { unitsPerListing: 6 })
  script.offers.set('S10', { state: 'inactive' })
  script.offers.set('nobody-knows', { sku: 'X', quantity: 3 })
  set(skus[11], 7)
  script.offers.set('S11', { elsewhere: [{ place: 'other', quantity: 8 }] })
  set(skus[12], 8)
  script.orders.push(orderFact('shop', 'unheard', 'S12', 2, clock.nowMs() - 3_600_000, { revisedAtMs: clock.nowMs() + 3_600_000 * 24 }))
}

/** What a dry run calls it. */
const planted = {
  S00: 'raised-in-channel',
  S01: 'lowered-or-sold-untold',
  S02: 'untracked',
  S03: 'sells-below-zero',
  S04: 'listing-gone',
  S05: 'fulfilment-switched',
  S06: 'wrong-sku',
  S08: 'duplicate-sku',
  S09: 'pack-size',
  S10: 'listing-inactive',
  S11: 'stock-moved',
  'nobody-knows': 'offer-unknown',
}

test('each planted cause is called what it is, and corrections end without drift and without oversell', async () => {
  script.offers.set('S11', { elsewhere: [{ place: 'other', quantity: 5 }] })
  await reconcile()
  plant()
  script.orders.length = 0
  set(skus[12], 10)
  const run = await reconcile()
  expect(await findings(run)).toEqual({
    S00: 'raised-in-channel mended',
    S01: 'lowered-or-sold-untold mended',
    S02: 'untracked mended',
    S03: 'sells-below-zero mended',
    S04: 'listing-gone asked',
    S05: 'fulfilment-switched mended',
    S06: 'wrong-sku asked',
    S08: 'duplicate-sku asked',
    S09: 'pack-size asked',
    S10: 'listing-inactive flagged',
    S11: 'stock-moved asked',
    'nobody-knows': 'offer-unknown flagged',
  })
  expect(run).toMatchObject({ state: 'done', compared: 40 - 1, corrected: 5, mended: 5 })
  await clock.advance(10 * minuteMs)
  for (const sku of [skus[0], skus[1]] as readonly Sku[]) {
    const stock = await stockOf(sku)
    expect(script.shown.get(sku)).toBe(10)
    expect(exposureQuantity(stock.listings[0] as Stock['listings'][number])).toBeLessThanOrEqual(sellableUnits(stock))
  }
  expect((await stockOf(skus[2] as Sku)).listings[0]?.status).toBe('unprotected')
  const { items } = await ask(store.listIncidents({ after: null, limit: 100 }))
  expect(items.filter(({ kind }) => kind === 'drift-asked').map(incidentState)).toEqual(['open'])

  // What waits for an answer is found again, and nothing else.
  const second = await reconcile()
  expect(await findings(second)).toEqual({
    S04: 'listing-gone asked',
    S06: 'wrong-sku asked',
    S08: 'duplicate-sku asked',
    S09: 'pack-size asked',
    S10: 'listing-inactive flagged',
    S11: 'stock-moved asked',
    'nobody-knows': 'offer-unknown flagged',
  })
  expect(second.corrected).toBe(0)
})

test('a sale that was never told is found by asking for the orders again, and comes in', async () => {
  await reconcile()
  set(skus[12], 8)
  const createdAtMs = clock.nowMs()
  await clock.advance(5 * minuteMs)
  // Polls ask for what changed lately; this order shows only in a wide window.
  script.orders.push(orderFact('shop', 'unheard', 'S12', 2, createdAtMs))
  const run = await reconcile()
  expect(await findings(run)).toEqual({ S12: 'sale-not-seen mended' })
  expect((await stockOf(skus[12] as Sku)).reservedUnits).toBe(2)
})

test('a write that the channel took back is a lost write', async () => {
  await ask(hub.move({ kind: 'receipt', sku: skus[20] as Sku, pool, location: berlin, toLocation: null, units: 6, reference: 'in' }))
  await clock.advance(8 * minuteMs)
  expect(script.shown.get('S20')).toBe(16)
  set(skus[20], 10)
  const run = await reconcile()
  expect(await findings(run)).toEqual({ S20: 'lost-write mended' })
  await clock.advance(10 * minuteMs)
  expect(script.shown.get('S20')).toBe(16)
})

test('a dry run changes nothing but its own record', async () => {
  plant()
  script.orders.length = 0
  set(skus[12], 10)
  await clock.advance(5 * minuteMs)
  const writes = script.writes.length
  const before = {
    stock: await listingsOf(),
    counts: await store.counts(),
    incidents: (await store.listIncidents({ after: null, limit: 500 })).items,
  }
  const run = await reconcile({ dryRun: true })
  const kinds = Object.fromEntries(Object.entries(await findings(run)).map(([id, text]) => [id, text.split(' ')[0]]))
  // Where the goods were before was never seen.
  expect(kinds).toEqual({ ...planted, S11: 'lowered-or-sold-untold' })
  const after = {
    stock: await listingsOf(),
    counts: await store.counts(),
    incidents: (await store.listIncidents({ after: null, limit: 500 })).items,
  }
  expect(after).toEqual(before)
  expect(script.writes).toHaveLength(writes)
  expect((await store.listSnapshots({ channel: shop, after: null, limit: 500 })).items).toEqual([])
  expect(await store.readSightings(shop, [`shop/S00` as ListingId])).toEqual(new Map())
})

test('too many differences stop the run and change nothing, until a person says so', async () => {
  await stop()
  hub = createShop({ ...defaultPolicy, maxPerMille: 500 })
  await hub.start()
  for (const sku of skus.slice(0, 25)) set(sku, 3)
  const run = await reconcile()
  expect(run.state).toBe('stopped')
  expect(run.message).toContain('25 of 40')
  expect([...script.shown.values()].filter((quantity) => quantity === 3)).toHaveLength(25)
  const stopped = async () =>
    (await ask(store.listIncidents({ after: null, limit: 50 }))).items
      .filter(({ kind }) => kind === 'reconciliation-stopped')
      .map(incidentState)
  expect(await stopped()).toEqual(['open'])
  await ask(hub.reconciler.resume(run.id))
  expect(await ended(run.id)).toMatchObject({ state: 'done', corrected: 25, mended: 25 })
  expect(await stopped()).toEqual(['resolved'])
  await clock.advance(10 * minuteMs)
  expect([...script.shown.values()].filter((quantity) => quantity === 3)).toEqual([])
})

test('a stopped run that is dismissed ends with nothing done', async () => {
  await stop()
  hub = createShop({ ...defaultPolicy, maxDifferences: 0 })
  await hub.start()
  set(skus[0], 3)
  const run = await reconcile()
  expect(run.state).toBe('stopped')
  await ask(hub.reconciler.dismiss(run.id))
  expect(await findings(run)).toEqual({ S00: 'lowered-or-sold-untold dismissed' })
  expect(script.shown.get('S00')).toBe(3)
  await expect(ask(hub.reconciler.resume(run.id))).rejects.toMatchObject({ code: 'request-invalid' })
})

test('a run that its process did not live to end goes on where it was', async () => {
  set(skus[0], 13)
  set(skus[39], 13)
  let killed = false
  script.onBatch = (batches) => {
    if (batches === 2 && !killed) {
      killed = true
      void hub.stop()
    }
  }
  const [run] = await ask(hub.reconciler.request({ channel: shop, skus: null, dryRun: false, requestedBy: 'person' }))
  await clock.advance(30_000)
  expect(killed).toBe(true)
  expect(await ask(store.readReconciliation(run?.id ?? ''))).toMatchObject({ state: 'reading', rowsRead: 20, resume: '20' })
  hub = createShop()
  await hub.start()
  expect(await ended(run?.id ?? '')).toMatchObject({ state: 'done', rowsRead: 40, compared: 40, mended: 2 })
})

test('some SKUs alone are read one by one; what is gone is told of them as well', async () => {
  set(skus[3], 4)
  script.gone.add('S05')
  const run = await reconcile({ skus: [skus[3], skus[4], skus[5]] as readonly Sku[] })
  expect(run.compared).toBe(3)
  expect(await findings(run)).toEqual({ S03: 'lowered-or-sold-untold mended', S05: 'listing-gone asked' })
})

test('a sale in the midst of it is no drift', async () => {
  script.onBatch = (batches) => {
    if (batches !== 1) return
    for (const sku of skus.slice(10)) {
      const left = (script.shown.get(sku) ?? 0) - 1
      script.shown.set(sku, left)
      script.orders.push(orderFact('shop', `order-${sku}`, sku, 1, clock.nowMs()))
    }
  }
  const run = await reconcile()
  expect(run.found).toEqual({})
  expect(Object.values(run.explained).reduce((sum, count) => sum + count, 0)).toBe(30)
})

test('an answer mends what was asked about, and ends the incident', async () => {
  script.gone.add('S04')
  script.unusable.set('S04', 'gone')
  const run = await reconcile()
  const [finding] = (await ask(store.listFindings({ run: run.id, after: null, limit: 5 }))).items
  await ask(hub.reconciler.answer(finding?.id ?? '', 'correct'))
  await ended(run.id)
  expect(await findings(run)).toEqual({ S04: 'listing-gone mended' })
  expect((await stockOf(skus[4] as Sku)).listings[0]).toMatchObject({ status: 'unprotected' })
  const { items } = await ask(store.listIncidents({ after: null, limit: 50 }))
  expect(items.filter(({ kind }) => kind === 'drift-asked').map(incidentState)).toEqual(['resolved'])
})

test('what is asked for wrongly is refused with the fix', async () => {
  const request = { channel: shop, skus: null, dryRun: false, requestedBy: 'person' as const }
  await expect(ask(hub.reconciler.request({ ...request, channel: 'none' as ChannelId }))).rejects.toMatchObject({ code: 'not-found' })
  await expect(ask(hub.reconciler.request({ ...request, skus: ['none' as Sku] }))).rejects.toMatchObject({ code: 'sku-unknown' })
  await expect(ask(hub.reconciler.resume('none'))).rejects.toMatchObject({ code: 'not-found' })
  await expect(ask(hub.reconciler.answer('none', 'dismiss'))).rejects.toMatchObject({ code: 'not-found' })
})
