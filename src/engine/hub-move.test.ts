import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { Hub, MovementRequest } from '../ports/hub.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { createStatusBook } from './status.ts'
import { systemClock } from './system-clock.ts'
import { systemRandom } from './system-random.ts'

const quiet = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const pool = 'main' as PoolId
const berlin = 'berlin' as LocationId
const sku = 'MUG' as Sku
let store: Store
let hub: Hub

const hubWith = (locations: readonly LocationId[]): Hub =>
  createHub({
    store,
    clock: systemClock,
    random: systemRandom,
    metrics: quiet,
    log,
    status: createStatusBook(systemClock, quiet),
    adapters: [],
    settings: [],
    poolLocations: new Map([[pool, locations]]),
    webhookUrlFor: () => null,
  })

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  hub = hubWith([berlin, 'paris' as LocationId])
  await hub.applyImport({ reference: 'first', stock: [{ line: 2, sku, pool, location: berlin, onHandUnits: 10 }], listings: [] })
})
afterEach(async () => {
  await hub.stop()
  await store.close()
})

const move = (kind: MovementRequest['kind'], units: number, reference: string, more: Partial<MovementRequest> = {}) =>
  hub.move({ kind, sku, pool, location: berlin, toLocation: null, units, reference, ...more })

test('goods and promises move, and the ledger says the same as the levels', async () => {
  await move('receipt', 5, 'asn-1')
  await move('shrinkage', 1, 'broken-1')
  await move('transfer', 4, 'van-1', { toLocation: 'paris' as LocationId })
  await move('return', 1, 'rma-1')
  await move('count', 10, 'count-1')
  await move('reserve', 3, 'pos-1')
  await move('reserve', 2, 'pos-2')
  await move('release', 2, 'pos-2')
  expect(await move('ship', 3, 'pos-1')).toEqual({ outcome: 'applied', onHandUnits: 11, reservedUnits: 0, availableUnits: 11 })
  const [stock] = await store.readSku(sku)
  expect(stock?.onHandUnits).toEqual({ berlin: 7, paris: 4 })
  expect((await store.ledgerLevels([{ sku, pool }]))[0]).toEqual({ onHandUnits: { berlin: 7, paris: 4 }, reservedUnits: 0 })
})

test('the same movement sent again happens once; its reference for another one is refused', async () => {
  expect((await move('receipt', 5, 'asn-1')).outcome).toBe('applied')
  expect(await move('receipt', 5, 'asn-1')).toEqual({ outcome: 'duplicate', onHandUnits: 15, reservedUnits: 0, availableUnits: 15 })
  await expect(move('receipt', 6, 'asn-1')).rejects.toMatchObject({ code: 'movement-conflict' })
  await expect(move('shrinkage', 5, 'asn-1')).rejects.toMatchObject({ code: 'movement-conflict' })
  await move('reserve', 2, 'pos-1')
  expect((await move('reserve', 2, 'pos-1')).outcome).toBe('duplicate')
  await expect(move('reserve', 3, 'pos-1')).rejects.toMatchObject({ code: 'movement-conflict' })
  await move('release', 2, 'pos-1')
  expect((await move('release', 2, 'pos-1')).outcome).toBe('duplicate')
  await expect(move('ship', 2, 'pos-1')).rejects.toMatchObject({ code: 'movement-invalid' })
  expect((await store.readSku(sku))[0]).toMatchObject({ reservedUnits: 0, onHandUnits: { berlin: 15 } })
})

test('a place that is in no pool is refused, and goods that still lie at one of old may be moved away', async () => {
  const atlantis = 'atlantis' as LocationId
  await expect(move('receipt', 5, 'asn-1', { location: atlantis })).rejects.toMatchObject({ code: 'movement-invalid' })
  await expect(move('transfer', 5, 'van-1', { toLocation: atlantis })).rejects.toMatchObject({ code: 'movement-invalid' })
  expect((await store.readSku(sku))[0]?.onHandUnits).toEqual({ berlin: 10 })
  await move('transfer', 4, 'van-2', { toLocation: 'paris' as LocationId })
  await hub.stop()
  hub = hubWith([berlin])
  await move('transfer', 4, 'van-3', { location: 'paris' as LocationId, toLocation: berlin })
  expect((await store.readSku(sku))[0]?.onHandUnits).toEqual({ berlin: 10, paris: 0 })
})

test('a promise beyond what is free is refused and changes nothing', async () => {
  await expect(move('reserve', 11, 'pos-1')).rejects.toMatchObject({ code: 'insufficient-stock' })
  await expect(move('reserve', 1, 'pos-1', { sku: 'CUP' as Sku })).rejects.toMatchObject({ code: 'sku-unknown' })
  for (const units of [0, -1, 1.5, 1_000_000]) await expect(move('receipt', units, 'x')).rejects.toMatchObject({ code: 'movement-invalid' })
  expect((await store.readSku(sku))[0]).toMatchObject({ version: 1, reservedUnits: 0 })
})
