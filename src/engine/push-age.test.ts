// A process that stood still between the commit of a charge and its request: what it may still send.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createScript, type Script, scriptedChannel } from '../../test/support/scripted-channel.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { minuteMs, settingsOf } from '../../test/support/told-stock.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import type { ChannelId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { Push } from '../domain/stock.ts'
import type { ChannelAdapter, PushItem } from '../ports/channel.ts'
import type { Hub } from '../ports/hub.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { createStatusBook } from './status.ts'

const [sku, pool, berlin, shop] = ['MUG' as Sku, 'main' as PoolId, 'berlin' as LocationId, 'shop' as ChannelId]
const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const weight = { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 } as const
const lifetimeMs = 2 * minuteMs
const constants = {
  orderVisibilityMs: minuteMs,
  clockSkewMs: 5_000,
  checkoutHoldMs: minuteMs,
  requestLifetimeMs: lifetimeMs,
  readStalenessMs: 5_000,
}

let clock: VirtualClock
let store: Store
let script: Script
let hub: Hub
/** How long the next commit of a write's charge takes to be answered. */
let standsStillMs: number
/** Whether the lease is renewed meanwhile. */
let renews: boolean
/** Keys of the writes that were sent. */
let sent: PushItem[]

const isCharged = (push: Push): boolean => push.kind !== 'read' && push.status === 'prepared'

beforeEach(async () => {
  clock = createVirtualClock()
  script = createScript()
  standsStillMs = 0
  renews = true
  sent = []
  const opened = await openStore('sqlite::memory:')
  store = {
    ...opened,
    commit: async (commit) => {
      const result = await opened.commit(commit)
      const issues = (commit.stock ?? []).some(({ next }) => next.listings.some(({ pushes }) => pushes.some(isCharged)))
      if (!issues || standsStillMs === 0) return result
      const stoodStillMs = standsStillMs
      standsStillMs = 0
      await clock.sleep(stoodStillMs)
      return result
    },
    acquireLease: (...lease) => (renews ? opened.acquireLease(...lease) : Promise.reject(new Error('it stands still'))),
  }
  await store.migrate()
  const shopAdapter = scriptedChannel('shop', 'compare-and-set', script)
  const adapter: ChannelAdapter = {
    ...shopAdapter,
    push: (items, signal) => {
      sent.push(...items)
      return shopAdapter.push(items, signal)
    },
  }
  hub = createHub({
    store,
    clock,
    random: seededRandom(1),
    metrics,
    log,
    status: createStatusBook(clock, metrics),
    adapters: [adapter],
    settings: [settingsOf('shop', { constants })],
    poolLocations: new Map([[pool, [berlin]]]),
    webhookUrlFor: () => null,
    owner: 'one',
  })
  await hub.start()
  const imported = hub.applyImport({
    reference: 'first',
    stock: [{ line: 2, sku, pool, location: berlin, onHandUnits: 10 }],
    listings: [{ line: 2, sku, pool, channel: shop, externalId: 'mug', unitsPerListing: 1, rule: weight }],
  })
  await clock.settle()
  await imported
  await clock.advance(6 * minuteMs)
})
afterEach(async () => {
  const stopped = hub.stop()
  await clock.advance(20_000)
  await stopped
  await store.close()
})

const receive = async (units: number, reference: string): Promise<void> => {
  const moved = hub.move({ kind: 'receipt', sku, pool, location: berlin, toLocation: null, units, reference })
  await clock.settle()
  await moved
}

const openPushes = async (): Promise<readonly Push[]> => (await store.readSku(sku))[0]?.listings[0]?.pushes ?? []

test('a write whose charge is older than a quarter of its lifetime is not sent, and made anew', async () => {
  expect(script.shown.get('mug')).toBe(10)
  const before = script.writes.length
  standsStillMs = lifetimeMs / 4
  await receive(5, 'asn-1')
  await clock.advance(lifetimeMs / 4 - 1)
  const [late] = await openPushes()
  await clock.advance(minuteMs)
  expect(script.writes.slice(before)).toEqual([15])
  expect(late?.id).toBeDefined()
  expect(sent.at(-1)?.key).not.toBe(late?.id)
  expect(await openPushes()).toEqual([])
})

test('a younger one is sent, and the adapter is told until when it may send it', async () => {
  const before = script.writes.length
  const issuedAtMs = clock.nowMs()
  standsStillMs = lifetimeMs / 4 - 1_000
  await receive(5, 'asn-1')
  await clock.advance(minuteMs)
  expect(script.writes.slice(before)).toEqual([15])
  expect(sent.at(-1)?.sendBeforeMs).toBe(issuedAtMs + lifetimeMs / 4)
})

test('a young one is not sent either when the lease has run out meanwhile', async () => {
  const before = script.writes.length
  standsStillMs = 20_000
  renews = false
  await receive(5, 'asn-1')
  await clock.advance(25_000)
  expect(script.writes.slice(before)).toEqual([])
  expect(await openPushes()).toHaveLength(1)
  renews = true
  await clock.advance(5 * minuteMs)
  expect(script.shown.get('mug')).toBe(15)
})
