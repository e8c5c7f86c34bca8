// Leases: one owner at a time, a number that grows with every owner, and a commit that is refused under an old one.
import { describe, expect, test } from 'vitest'
import { readStock, startMs, stockOf } from '../support/store-samples.ts'
import type { Shared } from './store.ts'

const ttlMs = 1000

export const describeLeases = (shared: Shared): void => {
  describe('leases', () => {
    test('are held by one owner until they expire; renewing keeps the number', async () => {
      const { store, reopen } = shared()
      const other = await reopen()
      expect(await store.acquireLease('held', 'a', ttlMs, startMs)).toEqual({
        name: 'held',
        owner: 'a',
        token: 1,
        expiresAtMs: startMs + ttlMs,
      })
      expect(await other.acquireLease('held', 'b', ttlMs, startMs + 999)).toBeNull()
      expect(await store.acquireLease('held', 'a', ttlMs, startMs + 500)).toMatchObject({ token: 1, expiresAtMs: startMs + 1500 })
      expect(await other.acquireLease('held', 'b', ttlMs, startMs + 1499)).toBeNull()
      expect(await other.acquireLease('held', 'b', ttlMs, startMs + 1500)).toMatchObject({ owner: 'b', token: 2 })
      expect(await store.acquireLease('held', 'a', ttlMs, startMs + 1501)).toBeNull()
      expect(await store.acquireLease('held', 'a', ttlMs, startMs + 9000)).toMatchObject({ owner: 'a', token: 3 })
    })

    test('one that expired is taken anew, also by its last owner', async () => {
      const { store } = shared()
      await store.acquireLease('lapsed', 'a', ttlMs, startMs)
      expect(await store.acquireLease('lapsed', 'a', ttlMs, startMs + ttlMs)).toMatchObject({ token: 2 })
    })

    test('the number never repeats, also after a release', async () => {
      const { store } = shared()
      await store.acquireLease('freed', 'a', ttlMs, startMs)
      await store.releaseLease('freed', 'b', 1)
      await store.releaseLease('freed', 'a', 7)
      expect(await store.acquireLease('freed', 'b', ttlMs, startMs)).toBeNull()
      await store.releaseLease('freed', 'a', 1)
      expect(await store.acquireLease('freed', 'b', ttlMs, startMs)).toMatchObject({ owner: 'b', token: 2 })
      await store.releaseLease('never', 'a', 1)
      expect(await store.acquireLease('never', 'a', ttlMs, startMs)).toMatchObject({ token: 1 })
    })

    test('of many who ask at once one gets it', async () => {
      const { store, reopen } = shared()
      const other = await reopen()
      const asked = await Promise.all(
        [store, other, store, other].map((each, i) => each.acquireLease('wanted', `owner ${i}`, ttlMs, startMs)),
      )
      expect(asked.filter((lease) => lease !== null)).toHaveLength(1)
    })

    test('a commit under a lease that is lost changes nothing', async () => {
      const { store } = shared()
      const guarded = (token: number, nowMs: number, version = 1) =>
        store.commit({ stock: [{ next: stockOf('guarded', version), work: [] }], leases: [{ name: 'guard', token, nowMs }] })
      await expect(guarded(1, startMs)).rejects.toMatchObject({ code: 'lease-lost' })
      await store.acquireLease('guard', 'a', ttlMs, startMs)
      await expect(guarded(1, startMs + ttlMs)).rejects.toMatchObject({ code: 'lease-lost' })
      await store.acquireLease('guard', 'b', ttlMs, startMs + ttlMs)
      await expect(guarded(1, startMs + ttlMs)).rejects.toMatchObject({ code: 'lease-lost' })
      expect(await readStock(store, 'guarded')).toEqual([null])
      expect(await guarded(2, startMs + ttlMs)).toEqual({ ok: true })
      expect(await guarded(2, startMs + ttlMs + 1)).toMatchObject({ ok: false })
      await store.releaseLease('guard', 'b', 2)
      await expect(guarded(2, startMs + ttlMs, 2)).rejects.toMatchObject({ code: 'lease-lost' })
    })
  })
}
