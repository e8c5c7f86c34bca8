import { afterEach, beforeEach, expect, test } from 'vitest'
import { viewSettings, viewStock } from '../../test/support/inventory-samples.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { BelayError } from '../domain/errors.ts'
import type { Sku } from '../domain/ids.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { runViewBound } from './view-bound.ts'
import { runViewLoop } from './view-loop.ts'

let store: Store
let clock: VirtualClock
let stopping: AbortController
let viewing: AbortController
let running: Promise<void>[]
const warned: unknown[] = []
const log = { info: () => undefined, warn: (fields: unknown) => warned.push(fields), error: () => undefined }
const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
let drawn = 0
const random = { next: () => 0, uuid: () => `u${drawn++}` }

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  clock = createVirtualClock()
  stopping = new AbortController()
  viewing = new AbortController()
  running = []
  warned.length = 0
})
afterEach(async () => {
  stopping.abort()
  viewing.abort()
  await clock.settle()
  await Promise.all(running)
  await store.close()
})

const bound = (over: Partial<Store> = {}): void => {
  running.push(
    runViewBound({ context: { store: { ...store, ...over }, clock, log, random }, owner: 'a', signal: stopping.signal, maxNotes: 10 }),
  )
}

const view = (over: Partial<Store> = {}): void => {
  const context = { store: { ...store, ...over }, clock, log, metrics }
  running.push(runViewLoop({ context, settings: () => viewSettings, owner: 'a', signal: viewing.signal }))
}

/** One commit, and so one note, each. */
const sell = async (version: number, count: number): Promise<void> => {
  for (let i = 0; i < count; i++)
    await store.commit({ stock: [{ next: viewStock(`v${i}`, { version, reservedUnits: version }), work: [] }] })
}

const reservedOf = async (i: number): Promise<number | undefined> => (await store.readInventory(`v${i}` as Sku))?.reservedUnits

test('where nobody refreshes, notes beyond the bound are dropped, and the next view loop sees all stock', async () => {
  await sell(1, 12)
  view()
  await clock.advance(1000)
  viewing.abort()
  await clock.settle()
  expect(await reservedOf(11)).toBe(1)
  bound()
  await sell(2, 10)
  await clock.advance(60_000)
  expect([await store.countInventoryNotes(99), warned.length]).toEqual([10, 0])
  await sell(3, 1)
  await clock.advance(60_000)
  expect([await store.countInventoryNotes(99), warned.length]).toEqual([0, 1])
  await sell(4, 1)
  expect(await reservedOf(9)).toBe(1)
  viewing = new AbortController()
  view()
  await clock.advance(1000)
  expect([await reservedOf(0), await reservedOf(9)]).toEqual([4, 2])
})

test('while a view loop runs, also that of the same process, nothing is dropped', async () => {
  view({ refreshInventory: async () => ({ skus: 0, more: false }) })
  bound()
  await sell(1, 12)
  await clock.advance(200_000)
  expect(await store.countInventoryNotes(99)).toBeGreaterThanOrEqual(12)
  expect(warned).toEqual([])
})

test('cut off while it removes them, the next view loop sees all stock all the same', async () => {
  await sell(1, 12)
  view()
  await clock.advance(1000)
  viewing.abort()
  await clock.settle()
  await sell(2, 12)
  bound({
    removeInventoryNotes: async () => {
      await store.removeInventoryNotes(5)
      throw new BelayError('store-unavailable', 'gone')
    },
  })
  await clock.advance(60_000)
  stopping.abort()
  expect(await store.countInventoryNotes(99)).toBe(7)
  viewing = new AbortController()
  view()
  await clock.advance(1000)
  expect([await reservedOf(0), await reservedOf(11)]).toEqual([2, 2])
})

test('a walk that began after the lease had run out, and whose notes were removed with the others, is made again', async () => {
  await sell(1, 12)
  view()
  await clock.advance(1000)
  viewing.abort()
  await clock.settle()
  await sell(2, 12)
  bound({
    removeInventoryNotes: async (limit) => {
      await store.releaseLease('inventory-view', 'a/view-bound', 2)
      viewing = new AbortController()
      view({ refreshInventory: async () => ({ skus: 0, more: false }) })
      for (let turns = 0; turns < 1000 && (await store.countInventoryNotes(99)) < 13; turns++);
      expect(await store.countInventoryNotes(99)).toBe(13)
      viewing.abort()
      return store.removeInventoryNotes(limit)
    },
  })
  await clock.advance(60_000)
  stopping.abort()
  expect(await store.countInventoryNotes(99)).toBe(0)
  viewing = new AbortController()
  view()
  await clock.advance(1000)
  expect([await reservedOf(0), await reservedOf(11)]).toEqual([2, 2])
})

test('where each refresh fails, the notes are bounded too', async () => {
  view({ refreshInventory: () => Promise.reject(new BelayError('store-unavailable', 'gone')) })
  bound()
  await sell(1, 12)
  await clock.advance(130_000)
  expect(await store.countInventoryNotes(99)).toBeLessThan(12)
})
