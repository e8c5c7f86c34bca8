import { afterEach, beforeEach, expect, test } from 'vitest'
import { listingStateOf, seller, viewListing, viewSettings, viewStock } from '../../test/support/inventory-samples.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { BelayError } from '../domain/errors.ts'
import type { Sku } from '../domain/ids.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { runViewLoop } from './view-loop.ts'

let store: Store
let clock: VirtualClock
let stopping: AbortController
let running: Promise<void>[]
const warned: unknown[] = []
const log = { info: () => undefined, warn: (fields: unknown) => warned.push(fields), error: () => undefined }
const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined }

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  clock = createVirtualClock()
  stopping = new AbortController()
  running = []
  warned.length = 0
})
afterEach(async () => {
  stopping.abort()
  await clock.settle()
  await Promise.all(running)
  await store.close()
})

const start = (over: Partial<Store> = {}, settings: () => readonly ChannelSettings[] = () => viewSettings, owner = 'a'): void => {
  running.push(runViewLoop({ context: { store: { ...store, ...over }, clock, log, metrics }, settings, owner, signal: stopping.signal }))
}

const stockUp = async (count: number): Promise<void> => {
  const skus = Array.from({ length: count }, (_, i) => `v${i}`)
  const states = skus.map((sku) => listingStateOf(seller, sku))
  await store.commit({
    stock: skus.map((sku, i) => ({ next: viewStock(sku, { listings: states.slice(i, i + 1) }), work: [] })),
    listings: skus.flatMap((sku, i) => states.slice(i, i + 1).map((state) => viewListing(sku, state, []))),
  })
}

const statusOf = async (sku: string): Promise<string | undefined> => (await store.readInventory(sku as Sku))?.status

test('a change is in the view about a second later', async () => {
  start()
  await clock.settle()
  await stockUp(3)
  expect(await statusOf('v1')).toBeUndefined()
  await clock.advance(1000)
  expect(await statusOf('v1')).toBe('protected')
})

test('settings that changed are seen in the whole catalogue, in more than one page, also after a restart in the middle', async () => {
  await stockUp(1203)
  let settings = viewSettings
  let pages = 0
  const countPages: Partial<Store> = {
    noteAllInventory: async (after, limit) => {
      pages++
      // The process dies after the first page of the second time.
      if (pages === 5) throw new BelayError('store-unavailable', 'gone')
      return store.noteAllInventory(after, limit)
    },
  }
  start(countPages, () => settings)
  await clock.settle()
  expect(pages).toBe(3)
  settings = viewSettings.map((each) => ({ ...each, mode: 'paused' as const }))
  await clock.advance(10_000)
  expect(pages).toBe(7)
  expect(warned).toHaveLength(1)
  for (const sku of ['v0', 'v700', 'v1202']) expect(await statusOf(sku)).toBe('unprotected')
  await clock.advance(10_000)
  expect(pages).toBe(7)
})

test('one process of many refreshes, and another one goes on when it has stopped', async () => {
  await store.acquireLease('inventory-view', 'other', 5000, clock.nowMs())
  start()
  await stockUp(1)
  await clock.advance(4000)
  expect(await statusOf('v0')).toBeUndefined()
  await clock.advance(2000)
  expect(await statusOf('v0')).toBe('protected')
})

test('a failure is told and tried again, later each time', async () => {
  let calls = 0
  start({
    refreshInventory: (request) => {
      calls++
      return calls < 4 ? Promise.reject(new BelayError('store-unavailable', 'gone')) : store.refreshInventory(request)
    },
  })
  await stockUp(1)
  await clock.advance(2000 + 4000)
  expect(calls).toBe(3)
  await clock.advance(8000)
  expect(calls).toBe(4)
  expect(warned).toHaveLength(3)
  expect(await statusOf('v0')).toBe('protected')
})
