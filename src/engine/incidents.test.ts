// What the running hub tells people: the whole engine on a virtual clock against a channel that does what the test writes down.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createScript, orderFact, type Script, scriptedChannel } from '../../test/support/scripted-channel.ts'
import { minuteMs, nineMs, settingsOf } from '../../test/support/told-stock.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { BelayError } from '../domain/errors.ts'
import type { ChannelId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import { type Incident, incidentState } from '../domain/incidents.ts'
import { protectionOf, protectionText } from '../domain/protection.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import type { Stock, WriteClass } from '../domain/stock.ts'
import type { Hub, HubEvent, MovementRequest } from '../ports/hub.ts'
import type { ChannelCapabilities } from '../ports/channel.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { createStatusBook } from './status.ts'

const quiet = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const shop = 'shop' as ChannelId
const pool = 'main' as PoolId
const berlin = 'berlin' as LocationId
const sku = 'MUG' as Sku
/** Short, so that evidence becomes a bound soon. */
const constants = {
  orderVisibilityMs: minuteMs,
  clockSkewMs: 5_000,
  checkoutHoldMs: minuteMs,
  requestLifetimeMs: minuteMs,
  readStalenessMs: 5_000,
}
const weight = { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 } as const

let clock: VirtualClock
let store: Store
let script: Script
let hub: Hub
let events: HubEvent[]

const startHub = async (
  writeClass: WriteClass = 'compare-and-set',
  settings: Partial<ChannelSettings> = {},
  capabilities: Partial<ChannelCapabilities> = {},
): Promise<void> => {
  hub = createHub({
    store,
    clock,
    random: seededRandom(1),
    metrics: quiet,
    log,
    status: createStatusBook(clock, quiet),
    adapters: [scriptedChannel('shop', writeClass, script, capabilities)],
    settings: [settingsOf('shop', { constants, ...settings })],
    poolLocations: new Map([[pool, [berlin]]]),
    webhookUrlFor: () => null,
  })
  events = []
  hub.watch((event) => events.push(event))
  await hub.start()
}

/** Lets the hub go on for so long. */
const go = (ms: number): Promise<void> => clock.advance(ms)
const ask = async <T>(promise: Promise<T>): Promise<T> => {
  await clock.settle()
  return promise
}
const importStock = (units: number): Promise<unknown> =>
  ask(
    hub.applyImport({
      reference: `import-${clock.nowMs()}`,
      stock: [{ line: 2, sku, pool, location: berlin, onHandUnits: units }],
      listings: [{ line: 2, sku, pool, channel: shop, externalId: 'mug', unitsPerListing: 1, rule: weight }],
    }),
  )
const move = (kind: MovementRequest['kind'], units: number, reference: string): Promise<unknown> =>
  ask(hub.move({ kind, sku, pool, location: berlin, toLocation: null, units, reference }))
const incidents = async (kind?: Incident['kind']): Promise<readonly Incident[]> => {
  const { items } = await ask(store.listIncidents({ after: null, limit: 100 }))
  return kind === undefined ? items : items.filter((each) => each.kind === kind)
}
const states = async (kind: Incident['kind']): Promise<readonly string[]> => (await incidents(kind)).map(incidentState)
const stock = async (): Promise<Stock> => (await ask(store.readSku(sku)))[0] as Stock
const status = async (): Promise<string> => protectionText(protectionOf(await stock(), hub.settingsOf))
/** Long enough for evidence to become a bound. */
const settledMs = 6 * minuteMs

beforeEach(async () => {
  clock = createVirtualClock(nineMs)
  store = await openStore('sqlite::memory:')
  await store.migrate()
  script = createScript()
})
afterEach(async () => {
  const stopped = hub.stop()
  await clock.advance(20_000)
  await stopped
  await store.close()
})

test('a loss puts what channels show at risk: told with who holds it, over when it is proven back', async () => {
  await startHub()
  await importStock(10)
  await go(settledMs)
  expect(script.shown.get('mug')).toBe(10)
  expect(await status()).toBe('Protected')
  await move('shrinkage', 4, 'broken-1')
  expect(await status()).toBe('At risk 4 units')
  const [risk] = await incidents('at-risk')
  expect(risk).toMatchObject({ units: 4, evidence: { reference: 'broken-1', holders: [{ channel: 'shop', units: 10 }] } })
  const expectedByMs = risk?.evidence['expectedByMs'] as number
  expect(events).toContainEqual(expect.objectContaining({ kind: 'incident', summary: risk?.summary }))
  expect(incidentState(risk as Incident)).toBe('open')
  await go(settledMs)
  expect(script.shown.get('mug')).toBe(6)
  expect(await status()).toBe('Protected')
  const [over] = await incidents('at-risk')
  expect(over?.resolvedAtMs).toBeGreaterThan(nineMs + settledMs)
  // The estimate is one of minutes: polls come once a minute.
  expect(over?.resolvedAtMs).toBeLessThan(expectedByMs + 2 * minuteMs)
})

test('a listing that the channel sells without end leaves the guarantee, and comes back when that is mended', async () => {
  await startHub()
  script.unusable.set('mug', 'the item is not tracked')
  await importStock(10)
  await go(minuteMs)
  expect(await status()).toBe('Unprotected: shop sells without regard to our number (the item is not tracked)')
  expect(await incidents()).toMatchObject([
    { kind: 'listing-unprotected', channel: 'shop', sku: 'MUG', listing: 'shop/mug', evidence: { reason: 'the item is not tracked' } },
  ])
  await go(61 * minuteMs)
  // Asked again and still so: told once, and nothing was written.
  expect(await incidents()).toHaveLength(1)
  expect(script.writes).toEqual([])
  script.unusable.clear()
  await go(61 * minuteMs + settledMs)
  expect(await states('listing-unprotected')).toEqual(['resolved'])
  expect(await status()).toBe('Protected')
  expect(script.shown.get('mug')).toBe(10)
})

test('a listing whose number is refused is told, and over at the next success', async () => {
  await startHub()
  script.refused.set('mug', 'the item is archived')
  await importStock(10)
  await go(minuteMs)
  expect(await incidents()).toMatchObject([{ kind: 'listing-blocked', listing: 'shop/mug' }])
  expect(await status()).toContain('Unprotected: shop refuses our number (the item is archived')
  script.refused.clear()
  await go(61 * minuteMs)
  expect(await states('listing-blocked')).toEqual(['resolved'])
})

test('a number that somebody else raised is found by a read, with the time in which it was written', async () => {
  await startHub('absolute-set-with-read')
  await importStock(10)
  await go(settledMs)
  expect(await status()).toBe('Protected')
  script.shown.set('mug', 14)
  const raisedAtMs = clock.nowMs()
  await go(minuteMs)
  expect(await incidents()).toEqual([])
  script.meaning = { kind: 'quantity', listingKey: 'mug', quantity: 14, atMs: raisedAtMs }
  await ask(hub.receive([{ channel: shop, dedupeKey: 'w1', topic: 'inventory', payload: '{}', receivedAtMs: clock.nowMs() }]))
  await go(10_000)
  expect(await status()).toBe('At risk 4 units')
  await go(2 * settledMs)
  expect(await status()).toBe('Protected')
  expect(script.shown.get('mug')).toBeLessThanOrEqual(10)
  expect(await states('at-risk')).toEqual(['resolved'])
  const [raise] = await incidents('external-raise')
  expect(raise).toMatchObject({ channel: 'shop', evidence: { quantity: 14 } })
  const { windowFromMs, windowThroughMs } = (raise as Incident).evidence as { windowFromMs: number; windowThroughMs: number }
  expect(windowFromMs).toBeLessThan(raisedAtMs)
  expect(windowThroughMs).toBeGreaterThan(raisedAtMs)
  expect(incidentState(raise as Incident)).toBe('noted')
})

test('goods that are gone although they were sold: which orders it hits, latest first, until there are new ones', async () => {
  await startHub()
  await importStock(10)
  await go(settledMs)
  for (const [i, quantity] of [3, 2, 4].entries()) {
    await go(1_000)
    script.shown.set('mug', (script.shown.get('mug') ?? 0) - quantity)
    script.orders.push(orderFact('shop', `100${i}`, 'mug', quantity, clock.nowMs()))
  }
  await go(3 * minuteMs)
  expect(await stock()).toMatchObject({ reservedUnits: 9 })
  await move('count', 4, 'count-1')
  const [oversold] = await incidents('oversold')
  expect(oversold).toMatchObject({
    units: 5,
    evidence: {
      sellableUnits: -5,
      affectedOrders: [
        { channel: 'shop', orderId: '1002', units: 4 },
        { channel: 'shop', orderId: '1001', units: 2 },
      ],
    },
  })
  expect(await stock()).toMatchObject({ onHandUnits: { berlin: 4 } })
  await move('receipt', 20, 'asn-1')
  expect(await states('oversold')).toEqual(['resolved'])
})

test('an order that shows too late makes the hub wait longer for orders, also after a restart', async () => {
  await startHub()
  await importStock(10)
  await go(settledMs)
  // Created before the evidence that was held to be complete.
  const createdAtMs = nineMs + 20_000
  script.orders.push(orderFact('shop', '1001', 'mug', 1, createdAtMs, { revisedAtMs: clock.nowMs() }))
  const leastMs = clock.nowMs() - createdAtMs
  await go(minuteMs + 1_000)
  expect(await incidents('late-order')).toHaveLength(1)
  const [widened] = await incidents('constant-widened')
  const afterMs = widened?.evidence['after'] as number
  expect(widened?.evidence).toMatchObject({ setting: 'orderVisibilityMs', before: minuteMs, orderId: '1001' })
  expect(afterMs).toBeGreaterThanOrEqual(2 * leastMs)
  expect(afterMs).toBeLessThanOrEqual(2 * (leastMs + minuteMs + 1_000))
  expect(hub.settingsOf(shop)?.constants.orderVisibilityMs).toBe(afterMs)
  const stopped = hub.stop()
  await go(20_000)
  await stopped
  await startHub()
  expect(hub.settingsOf(shop)?.constants.orderVisibilityMs).toBe(afterMs)
})

test('an order from the future widens the clock difference', async () => {
  await startHub()
  await importStock(10)
  await go(settledMs)
  script.orders.push(orderFact('shop', '1001', 'mug', 1, clock.nowMs() + 5 * minuteMs))
  await go(minuteMs + 1_000)
  expect(await incidents('clock-skew')).toMatchObject([{ channel: 'shop', evidence: { orderId: '1001' } }])
  expect(hub.settingsOf(shop)?.constants.clockSkewMs).toBeGreaterThanOrEqual(8 * minuteMs)
})

test('a channel that sells without lowering its number is found out, and leaves the guarantee', async () => {
  await startHub('absolute-set', { selfDecrement: 'attested' })
  await importStock(10)
  await go(settledMs)
  expect(await status()).toBe('Protected')
  // What it shows stays at ten, and it sells eleven.
  script.orders.push(orderFact('shop', '1001', 'mug', 11, clock.nowMs()))
  await go(2 * minuteMs)
  expect(await incidents('sold-beyond-bound')).toMatchObject([{ channel: 'shop', sku: 'MUG', units: 1, evidence: { orderId: '1001' } }])
  expect(await incidents('constant-widened')).toMatchObject([{ evidence: { setting: 'selfDecrement', after: 'unproven' } }])
  expect(hub.settingsOf(shop)?.selfDecrement).toBe('unproven')
  expect((await incidents('oversold')).length).toBe(1)
  await move('receipt', 5, 'asn-1')
  expect(await status()).toBe('Unprotected: shop is not known to lower its number by itself when it sells')
})

test('a watermark that stands still is told with the reason, and over when it goes on', async () => {
  await startHub()
  await importStock(10)
  await go(settledMs)
  script.pollFails = new BelayError('channel-unavailable', 'the platform answered 500')
  await go(10 * minuteMs)
  expect(await incidents('watermark-stalled')).toEqual([])
  await go(10 * minuteMs)
  expect(await incidents('watermark-stalled')).toMatchObject([
    { channel: 'shop', evidence: { stream: 'orders', error: 'the platform answered 500', undecidedSinceMs: null } },
  ])
  // A restart neither tells it twice nor forgets it.
  const stopped = hub.stop()
  await go(20_000)
  await stopped
  await startHub()
  await go(20 * minuteMs)
  expect(await states('watermark-stalled')).toEqual(['open'])
  script.pollFails = null
  await go(2 * minuteMs)
  expect(await states('watermark-stalled')).toEqual(['resolved'])
})

test('an order that waits for its location holds the watermark, which is told', async () => {
  await startHub()
  await importStock(10)
  await go(settledMs)
  script.undecidedSinceMs = clock.nowMs()
  await go(20 * minuteMs)
  const [stalled] = await incidents('watermark-stalled')
  expect(stalled).toMatchObject({ evidence: { error: null, undecidedSinceMs: script.undecidedSinceMs } })
  script.undecidedSinceMs = null
  await go(2 * minuteMs)
  expect(await states('watermark-stalled')).toEqual(['resolved'])
})

test('an event that waits for its listing is over when it is applied', async () => {
  await startHub()
  script.meaning = { kind: 'orders', facts: [orderFact('shop', '1001', 'mug', 1, nineMs)] }
  await ask(hub.receive([{ channel: shop, dedupeKey: 'w1', topic: 'orders', payload: '{}', receivedAtMs: nineMs }]))
  await go(5_000)
  expect(await states('event-parked')).toEqual(['open'])
  // Tried again too early: it is the same incident.
  await ask(hub.retryParked())
  await go(5_000)
  expect(await states('event-parked')).toEqual(['open'])
  await importStock(10)
  await go(5_000)
  expect(await states('event-parked')).toEqual(['resolved'])
  expect(await stock()).toMatchObject({ reservedUnits: 1 })
  // It was heard of in time, whenever it could be placed.
  expect(await incidents('constant-widened')).toEqual([])
})

test('an answer that the platform does not take is open until it has one', async () => {
  await startHub()
  await importStock(10)
  script.acknowledgement = { kind: 'rejected', code: 'channel-rejected', message: 'unknown party', fix: 'Correct the party.' }
  script.orders.push(orderFact('shop', '1001', 'mug', 1, clock.nowMs(), { acknowledgeByMs: clock.nowMs() + 24 * 60 * minuteMs }))
  await go(2 * minuteMs)
  expect(await incidents('acknowledgement-failed')).toMatchObject([{ channel: 'shop', sku: 'MUG', evidence: { orderId: '1001' } }])
  script.acknowledgement = { kind: 'accepted', transactionId: 't' }
  await go(61 * minuteMs)
  expect(await states('acknowledgement-failed')).toEqual(['resolved'])
})
