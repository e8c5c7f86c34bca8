// Two hubs on one store, as two processes: who works the channel, what the other shows of it, and how soon one does what the other took in.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createScript, type Script, scriptedChannel } from '../../test/support/scripted-channel.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { minuteMs, settingsOf } from '../../test/support/told-stock.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import type { ChannelId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { ChannelStatus, Hub, HubRole } from '../ports/hub.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { createStatusBook, type StatusBook } from './status.ts'

const [sku, pool, berlin, shop] = ['MUG' as Sku, 'main' as PoolId, 'berlin' as LocationId, 'shop' as ChannelId]
const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const weight = { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 } as const

/** Short, so that evidence becomes a bound soon. */
const constants = {
  orderVisibilityMs: minuteMs,
  clockSkewMs: 5_000,
  checkoutHoldMs: minuteMs,
  requestLifetimeMs: minuteMs,
  readStalenessMs: 5_000,
}

let clock: VirtualClock
let store: Store
let script: Script
const hubs: Hub[] = []

interface Process {
  readonly hub: Hub
  readonly status: StatusBook
  /** How its clock stands: true as after SIGSTOP. */
  readonly paused: { until: PromiseWithResolvers<void> | null }
}

const start = async (owner: string, roles: readonly HubRole[]): Promise<Process> => {
  const paused: Process['paused'] = { until: null }
  const own = {
    nowMs: () => clock.nowMs(),
    sleep: async (ms: number, signal?: AbortSignal) => {
      await clock.sleep(ms, signal)
      await paused.until?.promise
    },
  }
  const status = createStatusBook(own, metrics)
  const hub = createHub({
    store,
    clock: own,
    random: seededRandom(owner.length),
    metrics,
    log,
    status,
    adapters: [scriptedChannel('shop', 'compare-and-set', script)],
    settings: [settingsOf('shop', { constants })],
    poolLocations: new Map([[pool, [berlin]]]),
    webhookUrlFor: () => null,
    roles,
    owner,
    peers: true,
  })
  hubs.push(hub)
  await hub.start()
  return { hub, status, paused }
}

const ask = async <T>(promise: Promise<T>): Promise<T> => {
  await clock.settle()
  return promise
}
const statusAt = async ({ hub }: Process): Promise<ChannelStatus> => {
  const [status] = await ask(hub.channelStatus())
  if (!status) throw new Error('there is no channel')
  return status
}
const importAt = ({ hub }: Process, units: number): Promise<unknown> =>
  ask(
    hub.applyImport({
      reference: 'first',
      stock: [{ line: 2, sku, pool, location: berlin, onHandUnits: units }],
      listings: [{ line: 2, sku, pool, channel: shop, externalId: 'mug', unitsPerListing: 1, rule: weight }],
    }),
  )
const settledMs = 6 * minuteMs

beforeEach(async () => {
  clock = createVirtualClock()
  store = await openStore('sqlite::memory:')
  await store.migrate()
  script = createScript()
})
afterEach(async () => {
  const stopped = Promise.all(hubs.splice(0).map((hub) => hub.stop()))
  await clock.advance(20_000)
  await stopped
  await store.close()
})

test('a worker does within a tenth of a second what an api process took in', async () => {
  const api = await start('api', ['api'])
  await start('worker', ['worker'])
  await importAt(api, 10)
  await clock.advance(settledMs)
  expect(script.shown.get('mug')).toBe(10)
  await ask(api.hub.move({ kind: 'shrinkage', sku, pool, location: berlin, toLocation: null, units: 4, reference: 'broken' }))
  await clock.advance(100)
  expect(script.shown.get('mug')).toBe(6)
  script.meaning = { kind: 'ignore', reason: 'nothing' }
  await ask(api.hub.receive([{ channel: shop, dedupeKey: 'e1', topic: 'orders', payload: '{}', receivedAtMs: clock.nowMs() }]))
  await clock.advance(100)
  expect((await store.counts()).inboxPending).toBe(0)
})

test('every process shows who works a channel and how it is, as the owner told', async () => {
  const api = await start('api', ['api'])
  expect(await statusAt(api)).toMatchObject({ owner: null, health: 'starting', reportedAtMs: null })
  const worker = await start('worker', ['worker'])
  await clock.advance(5_000)
  worker.status.observerFor(shop).request('set', 'throttled', 12)
  worker.status.observerFor(shop).error('set', 'channel-throttled', 'too many', clock.nowMs())
  await clock.advance(5_000)
  const own = await statusAt(worker)
  expect(own).toMatchObject({ owner: 'worker', reportedAtMs: null, throttles: 1 })
  const told = await statusAt(api)
  expect(told).toMatchObject({ owner: 'worker', health: 'ok', throttles: 1, lastErrors: own.lastErrors, operations: own.operations })
  expect(clock.nowMs() - (told.reportedAtMs ?? 0)).toBeLessThanOrEqual(6_000)
})

test('one that stops hands over at once; one that stands still is replaced within its lease', async () => {
  const api = await start('api', ['api'])
  const first = await start('first', ['worker'])
  const second = await start('second', ['worker'])
  await clock.advance(1_000)
  expect(await statusAt(api)).toMatchObject({ owner: 'first' })
  const stopped = first.hub.stop()
  await clock.advance(150)
  expect(await statusAt(api)).toMatchObject({ owner: 'second' })
  await stopped
  const third = await start('third', ['worker'])
  await clock.advance(1_000)
  second.paused.until = Promise.withResolvers()
  await clock.advance(16_500)
  expect(await statusAt(api)).toMatchObject({ owner: 'third' })
  expect(await statusAt(third)).toMatchObject({ owner: 'third' })
  second.paused.until.resolve()
  second.paused.until = null
  await clock.advance(60_000)
  expect(await statusAt(api)).toMatchObject({ owner: 'third' })
})

test('a channel that nobody works is down', async () => {
  const api = await start('api', ['api'])
  const worker = await start('worker', ['worker'])
  await clock.advance(5_000)
  const stopped = worker.hub.stop()
  await clock.advance(1_000)
  await stopped
  expect(await statusAt(api)).toMatchObject({ owner: null, health: 'down' })
})
