import { afterEach, expect, test } from 'vitest'
import { BelayError } from '../domain/errors.ts'
import type { LocationId, PoolId, Sku } from '../domain/ids.ts'
import { movementKey, moveStock, type Movement } from '../domain/movement.ts'
import { hubChannel } from '../domain/order-fold.ts'
import { emptyStock, type Stock } from '../domain/stock.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import type { Change } from './change.ts'
import { createCommitter } from './committer.ts'
import { systemClock } from './system-clock.ts'

const pool = 'main' as PoolId
const sku = (n: number): Sku => `SKU-${n}` as Sku
const settingsFor = () => {
  throw new Error('no channel is configured in this test')
}
const open: Store[] = []

const memoryStore = async (skus = 3, each = 10): Promise<Store> => {
  const store = await openStore('sqlite::memory:')
  open.push(store)
  await store.migrate()
  const stock = Array.from({ length: skus }, (_, i) => ({
    next: { ...emptyStock(sku(i), pool), version: 1, onHandUnits: { main: each } },
    work: [],
  }))
  await store.commit({ stock })
  return store
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

const committerOf = (store: Store) => createCommitter({ store, clock: systemClock, settingsFor })

/** Counts the commits and can spoil one of them. */
const watched = (store: Store, spoil: (commits: number) => 'lose' | 'unknown' | 'fail' | null = () => null) => {
  const seen = { commits: 0, changes: [] as number[] }
  const commit: Store['commit'] = async (each) => {
    seen.commits += 1
    seen.changes.push(each.ledger?.length ?? 0)
    const trouble = spoil(seen.commits)
    if (trouble === 'fail') throw new BelayError('store-unavailable', 'away')
    const result = await store.commit(each)
    if (trouble === 'unknown') throw new BelayError('store-commit-unknown', 'cut off')
    return result
  }
  return { seen, store: { ...store, commit } }
}

/** Counts what is read. */
const readsOf = (store: Store) => {
  const seen = { stock: 0, orders: 0, ledgerKeys: 0 }
  const readState: Store['readState'] = (request) => {
    seen.stock += request.stock.length
    seen.orders += request.orders.length
    seen.ledgerKeys += request.ledgerKeys.length
    return store.readState(request)
  }
  return { seen, store: { ...store, readState } }
}

const presumedNew = (n: number, reference: string, units = 1): Change<number> => ({ ...reserve(n, reference, units), presumesNew: true })

const reserve = (n: number, reference: string, units = 1): Change<number> => {
  const movement: Movement = { kind: 'reserve', sku: sku(n), pool, location: null, toLocation: null, units, reference }
  const orderKey = { channel: hubChannel, orderId: reference }
  return {
    stock: [movement],
    orders: [orderKey],
    ledgerKeys: [movementKey(movement)],
    decide: (view) => {
      const stock = view.stock(movement) as Stock
      if (view.order(orderKey)) return { value: stock.reservedUnits }
      const effect = moveStock(movement, stock, null, view.nowMs)
      return { stock: [effect.stock], orders: effect.order ? [effect.order] : [], ledger: effect.ledger, value: effect.stock.reservedUnits }
    },
  }
}

const reservedOf = async (store: Store, n: number): Promise<number> => (await store.readSku(sku(n)))[0]?.reservedUnits ?? Number.NaN

test('changes submitted together are one commit, and each sees what the ones before it did', async () => {
  const { store, seen } = watched(await memoryStore())
  const committer = committerOf(store)
  const values = await Promise.all(Array.from({ length: 9 }, (_, i) => committer.submit(reserve(i % 3, `r${i}`))))
  expect(values).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3])
  expect(seen.changes).toEqual([9])
  const [stock] = await store.readSku(sku(0))
  expect(stock).toMatchObject({ reservedUnits: 3, version: 2 })
})

test('a change that is refused is refused alone, and the refusal is checked against the store first', async () => {
  const store = await memoryStore(1, 2)
  const committer = committerOf(store)
  const results = await Promise.allSettled(Array.from({ length: 4 }, (_, i) => committer.submit(reserve(0, `r${i}`))))
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
  // Another process restocks: the cached document says sold out, the store does not.
  const [stock] = await store.readSku(sku(0))
  if (!stock) throw new Error('gone')
  await store.commit({ stock: [{ next: { ...stock, version: stock.version + 1, onHandUnits: { ['main' as LocationId]: 3 } }, work: [] }] })
  await expect(committer.submit(reserve(0, 'r9'))).resolves.toBe(3)
})

test('two committers on one store lose no update, whatever each has cached', async () => {
  const store = await memoryStore(1, 1000)
  const first = committerOf(store)
  const second = committerOf(store)
  await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? first : second).submit(reserve(0, `r${i}`))))
  expect(await reservedOf(store, 0)).toBe(200)
  expect((await store.counts()).ledger).toBe(200)
})

test('a commit of unknown outcome is decided again and takes effect once', async () => {
  const inner = await memoryStore(1, 10)
  const { store } = watched(inner, (n) => (n === 1 ? 'unknown' : null))
  await expect(committerOf(store).submit(reserve(0, 'once'))).resolves.toBe(1)
  expect(await reservedOf(inner, 0)).toBe(1)
})

test('a store that is away refuses the batch and nothing of it is remembered', async () => {
  const inner = await memoryStore(1, 10)
  const { store } = watched(inner, (n) => (n === 1 ? 'fail' : null))
  const committer = committerOf(store)
  await expect(committer.submit(reserve(0, 'a'))).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(committer.submit(reserve(0, 'b'))).resolves.toBe(1)
})

test('an order is written once in a commit: its second change waits for the next one', async () => {
  const { store, seen } = watched(await memoryStore(1, 10))
  const committer = committerOf(store)
  const values = await Promise.all([committer.submit(reserve(0, 'same')), committer.submit(reserve(0, 'same'))])
  expect(values).toEqual([1, 1])
  expect(seen.changes).toEqual([1])
})

test('a change may ask for documents that it could not know', async () => {
  const committer = committerOf(await memoryStore(2, 5))
  const late = { sku: sku(1), pool }
  const value = await committer.submit<number>({
    stock: [],
    orders: [],
    ledgerKeys: [],
    decide: (view) => {
      const stock = view.stock(late)
      return stock === undefined ? { needs: [late] } : { value: stock?.onHandUnits['main' as keyof Stock['onHandUnits']] ?? 0 }
    },
  })
  expect(value).toBe(5)
})

test('what is presumed to be new is not read, and is found out when it is there', async () => {
  const inner = await memoryStore(2, 10)
  const { store, seen } = readsOf(inner)
  const committer = committerOf(store)
  await expect(committer.submit(presumedNew(0, 'a'))).resolves.toBe(1)
  expect(seen).toEqual({ stock: 1, orders: 0, ledgerKeys: 0 })
  // Again, beside a new one of another SKU: each takes effect once.
  const values = await Promise.all([committer.submit(presumedNew(0, 'a')), committer.submit(presumedNew(1, 'b'))])
  expect(values).toEqual([1, 1])
  expect(await reservedOf(inner, 0)).toBe(1)
  expect(await reservedOf(inner, 1)).toBe(1)
  expect((await inner.counts()).ledger).toBe(2)
})

test('the same new thing twice in one batch happens once', async () => {
  const inner = await memoryStore(1, 10)
  const committer = committerOf(inner)
  const values = await Promise.all([committer.submit(presumedNew(0, 'a')), committer.submit(presumedNew(0, 'a'))])
  expect(values).toEqual([1, 1])
  expect(await reservedOf(inner, 0)).toBe(1)
})

test('a refusal on a presumption is not final: what was there before is found when the stock is gone', async () => {
  const store = await memoryStore(1, 1)
  const committer = committerOf(store)
  await committer.submit(presumedNew(0, 'a'))
  const results = await Promise.allSettled([committer.submit(presumedNew(0, 'a')), committer.submit(presumedNew(0, 'b'))])
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected'])
})

test('a refusal beside a commit of the same document needs no other look: the commit has proven it', async () => {
  const { store, seen } = readsOf(await memoryStore(1, 3))
  const committer = committerOf(store)
  await committer.submit(reserve(0, 'a'))
  const before = seen.stock
  const results = await Promise.allSettled(['b', 'c', 'd'].map((reference) => committer.submit(reserve(0, reference))))
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(seen.stock).toBe(before)
})

test('a change that decides without inserting what it presumed to be new decides again on what is there', async () => {
  const committer = committerOf(await memoryStore(1, 3))
  await committer.submit(reserve(0, 'a'))
  const look: Change<boolean> = {
    ...reserve(0, 'a'),
    presumesNew: true,
    decide: (view) => ({ value: view.order({ channel: hubChannel, orderId: 'a' }) !== null }),
  }
  await expect(committer.submit(look)).resolves.toBe(true)
})

test('on a store that cannot tell whether others wrote, a refusal looks at what is stored', async () => {
  const blind: Store = { ...(await memoryStore(1, 1)), commitCount: undefined }
  const committer = committerOf(blind)
  await committer.submit(reserve(0, 'a'))
  const [stock] = await blind.readSku(sku(0))
  if (!stock) throw new Error('gone')
  await blind.commit({ stock: [{ next: { ...stock, version: stock.version + 1, onHandUnits: { ['main' as LocationId]: 2 } }, work: [] }] })
  await expect(committer.submit(reserve(0, 'b'))).resolves.toBe(2)
})

test('a change that writes what it had not asked for is refused', async () => {
  const store = await memoryStore(2, 3)
  const change: Change<void> = {
    stock: [{ sku: sku(0), pool }],
    orders: [],
    ledgerKeys: [],
    decide: () => ({ stock: [emptyStock(sku(1), pool)], value: undefined }),
  }
  await expect(committerOf(store).submit(change)).rejects.toThrow('without having asked')
})

test('a change whose lease is lost is refused alone; the others of its batch go on', async () => {
  const store = await memoryStore()
  const committer = committerOf(store)
  const nowMs = systemClock.nowMs()
  await store.acquireLease('kept', 'a', 60_000, nowMs)
  await store.acquireLease('lost', 'a', 1, nowMs - 10)
  await store.acquireLease('lost', 'b', 60_000, nowMs)
  const under = (n: number, reference: string, name: string): Change<number> => ({ ...reserve(n, reference), lease: { name, token: 1 } })
  const results = await Promise.allSettled([
    committer.submit(under(0, 'r0', 'kept')),
    committer.submit(under(1, 'r1', 'lost')),
    committer.submit(reserve(2, 'r2')),
    committer.submit(under(1, 'r3', 'lost')),
    committer.submit(reserve(1, 'r4')),
  ])
  expect(results.map((result) => (result.status === 'rejected' ? (result.reason as BelayError).code : result.value))).toEqual([
    1,
    'lease-lost',
    1,
    'lease-lost',
    1,
  ])
  expect([await reservedOf(store, 0), await reservedOf(store, 1), await reservedOf(store, 2)]).toEqual([1, 1, 1])
})
