// The schema: brought up to date once, by whoever comes first, and refused when it is newer than the program.
import { describe, expect, test } from 'vitest'
import { readStock, stockOf, storeStock } from '../support/store-samples.ts'
import type { MakeStore, Shared } from './store.ts'

export const describeSchema = (shared: Shared, make: MakeStore): void => {
  describe('schema', () => {
    test('a second migration changes nothing', async () => {
      const { store, reopen } = shared()
      await storeStock(store, [stockOf('migrated', 1)])
      const first = await store.migrate()
      expect(first.from).toBe(first.to)
      expect(await (await reopen()).migrate()).toEqual(first)
      expect(await readStock(store, 'migrated')).toEqual([stockOf('migrated', 1)])
    })

    test('tells its steps, and which the store has had', async () => {
      const { stored, steps } = await shared().store.schemaStatus()
      expect(stored).toBe(steps.length)
      expect(steps.map(({ number }) => number)).toEqual(steps.map((_, i) => i + 1))
      for (const { title } of steps) expect(title).not.toBe('')
    })

    test('one that is newer than the program is refused', async () => {
      const { reopen, destroy, raiseSchema } = await make()
      await raiseSchema()
      const newer = await reopen()
      await expect(newer.migrate()).rejects.toMatchObject({ code: 'schema-unknown' })
      expect(await newer.schemaStatus()).toMatchObject({ stored: 9999 })
      await destroy()
    })
  })
}
