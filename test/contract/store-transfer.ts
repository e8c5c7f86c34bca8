// The store as a whole: read in pages and written again, by either engine, without a difference.
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { LocationId } from '../../src/domain/ids.ts'
import { noSync } from '../../src/domain/sync-slot.ts'
import type { Store } from '../../src/ports/store.ts'
import { transferKinds } from '../../src/ports/store-transfer.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { writeBackup } from '../../src/transfer/backup-file.ts'
import { copyStore } from '../../src/transfer/copy-store.ts'
import { differences, type Inventory, takeInventory } from '../../src/transfer/inventory.ts'
import { reopenStore, restoreStore } from '../../src/transfer/restore-store.ts'
import { assertUsable } from '../../src/transfer/store-marks.ts'
import {
  entryOf,
  eventOf,
  findingOf,
  incidentOf,
  keyOf,
  listingOf,
  markOf,
  orderOf,
  runOf,
  readStock,
  shop,
  snapshotOf,
  startMs,
  stockOf,
} from '../support/store-samples.ts'
import type { MakeStore } from './store.ts'

const clock = { nowMs: () => startMs }
const quiet = (): void => undefined

/** Something of everything that travels; SKUs with characters that would tell a difference in the order of keys. */
const fill = async (store: Store, skus: number): Promise<void> => {
  const names = Array.from({ length: skus }, (_, i) => `${['a', 'Z', 'ä', '日', '😀', 'a b'][i % 6]}-${i}`)
  for (let i = 0; i < names.length; i += 200) {
    const some = names.slice(i, i + 200)
    await store.commit({
      stock: some.map((sku) => ({ next: stockOf(sku, 1), work: [markOf(), markOf({ kind: 'expire', dueAtMs: startMs + 5 })] })),
      ledger: some.map((sku) =>
        entryOf(`entry ${sku}`, sku, { from: 'supplier', to: 'on_hand/warehouse-1', units: 10, reason: 'receipt' }),
      ),
      listings: some.map((sku) => listingOf(sku, [sku, `item:${sku}`])),
      orders: some.map((sku) => orderOf(`order ${sku}`, 1)),
    })
  }
  await store.commit({ stock: [{ next: stockOf(names[0] ?? '', 2, { onHandUnits: { ['x.$y' as LocationId]: 7 } }), work: [] }] })
  await store.commit({
    incidents: [incidentOf('i1'), incidentOf('i2', { sku: null })],
    resolvedIncidents: [{ id: 'i2', atMs: startMs }],
    cursors: [
      { channel: shop, stream: 'orders', sinceMs: startMs, watermarkMs: startMs - 1 },
      { channel: shop, stream: 'changes', sinceMs: startMs, watermarkMs: null },
    ],
  })
  await store.appendInbox([eventOf('e1'), eventOf('e2'), eventOf('e3')])
  const mark = (dedupeKey: string, state: 'applied' | 'parked') => ({
    channel: shop,
    dedupeKey,
    state,
    reason: state === 'parked' ? 'why' : null,
  })
  await store.commit({ inbox: [mark('e1', 'applied'), mark('e2', 'parked')] })
  await store.writeSetting('learned/shop', '{}')
  const job = {
    name: 'report/daily',
    sinceMs: 1,
    dueAtMs: 2,
    startedAtMs: 3,
    endedAtMs: 4,
    outcome: 'done',
    message: 'm',
    attempts: 1,
  } as const
  await store.writeSchedule(job, 3)
  await store.putReport({ day: '2026-11-29', madeAtMs: startMs, revision: 1, body: '{}' })
  await store.putDelivery({
    id: 'd',
    day: '2026-11-29',
    target: 'mail',
    state: 'waiting',
    attempts: 0,
    atMs: 1,
    sinceMs: 1,
    lastError: null,
  })
  await store.putSyncSlots([{ ...noSync, channel: shop, slotMs: startMs, writer: 'w' }])
  await store.writeReconciliation(runOf('run-1'))
  await store.putFindings([findingOf('run-1', 'a-0')])
  await store.putSnapshots([snapshotOf('s1'), snapshotOf('s2', { row: { 'dotted.key': { $set: [1, null, 'x'] } }, listingKeys: ['a-0'] })])
}

const inventoryOf = (store: Store): Promise<Inventory> => takeInventory(store.transfer, quiet)

export const describeTransfer = (make: MakeStore): void => {
  describe('the store as a whole', () => {
    const withFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
      const folder = mkdtempSync(join(tmpdir(), 'belay-transfer-'))
      try {
        await work(folder)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
    const memory = async (): Promise<Store> => {
      const store = await openSqliteStore(':memory:')
      await store.migrate()
      return store
    }

    test('is copied to the other engine and back without a difference, and the old one is not used any more', async () => {
      const { store, destroy } = await make()
      const away = await memory()
      const back = await make()
      await fill(store, 1203)
      const copied = await copyStore({ from: store, to: away, source: 'here', clock, onProgress: quiet })
      expect(copied).toEqual(await inventoryOf(store))
      expect(Object.values(copied.kinds).every(({ documents }) => documents > 0)).toBe(true)
      expect(copied).toMatchObject({ openPushes: 1203, openChargeQuantity: 2 * 1203, onHandUnits: 10 * 1202 + 7 })
      await expect(assertUsable(store)).rejects.toMatchObject({ code: 'store-moved' })
      await assertUsable(away)

      expect(await copyStore({ from: away, to: back.store, source: 'away', clock, onProgress: quiet })).toEqual(copied)
      // What is made of the documents is there too: queues, keys of listings, the number of the next event.
      const due = { channel: shop, kind: 'push', dueBeforeMs: startMs, limit: 500 } as const
      expect(await back.store.dueWork(due)).toEqual(await store.dueWork(due))
      expect(await back.store.findListings(shop, ['item:a-0'])).toEqual(await store.findListings(shop, ['item:a-0']))
      expect((await back.store.readInbox({ state: 'pending', limit: 9 })).map(({ dedupeKey }) => dedupeKey)).toEqual(['e3'])
      await back.store.appendInbox([eventOf('e4')])
      expect((await back.store.readInbox({ state: 'pending', limit: 9 })).map(({ dedupeKey }) => dedupeKey)).toEqual(['e3', 'e4'])
      expect((await back.store.ledgerLevels([keyOf('a-0')]))[0]).toEqual((await store.ledgerLevels([keyOf('a-0')]))[0])
      await away.close()
      await destroy()
      await back.destroy()
    })

    test('goes on where it was cut off, only from the same source, and no hub runs on the half', async () => {
      const { store, destroy } = await make()
      const to = await memory()
      await fill(store, 1203)
      const cut = { ...to, transfer: { ...to.transfer } }
      let writes = 0
      cut.transfer.writeAll = async (kind, values) => {
        writes += 1
        if (writes === 6) throw new Error('cut off')
        await to.transfer.writeAll(kind, values)
      }
      await expect(copyStore({ from: store, to: cut, source: 'here', clock, onProgress: quiet })).rejects.toThrow('cut off')
      await expect(assertUsable(to)).rejects.toMatchObject({ code: 'store-unfinished' })
      await assertUsable(store)
      await expect(copyStore({ from: store, to, source: 'elsewhere', clock, onProgress: quiet })).rejects.toMatchObject({
        code: 'store-not-empty',
      })
      const again: string[] = []
      await copyStore({
        from: store,
        to,
        source: 'here',
        clock,
        onProgress: (doing, kind) => void (doing === 'copying' && again.push(kind)),
      })
      // Kinds that were complete are not copied again.
      expect(again).not.toContain('settings')
      expect(differences(await inventoryOf(store), await inventoryOf(to))).toEqual([])
      await assertUsable(to)
      await to.close()
      await destroy()
    })

    test('is not copied from a store in use, over data, or as true when it is not', async () => {
      const { store, destroy } = await make()
      await fill(store, 3)
      const lease = await store.acquireLease('channel/shop', 'somebody', 1000, startMs)
      const to = await memory()
      const copy = (target: Store): Promise<unknown> => copyStore({ from: store, to: target, source: 'here', clock, onProgress: quiet })
      await expect(copy(to)).rejects.toMatchObject({ code: 'store-in-use' })
      await store.releaseLease('channel/shop', 'somebody', lease?.token ?? 0)
      const full = await memory()
      await fill(full, 2)
      await expect(copy(full)).rejects.toMatchObject({ code: 'store-not-empty' })
      const lossy = { ...to, transfer: { ...to.transfer } }
      lossy.transfer.writeAll = (kind, values) => to.transfer.writeAll(kind, kind === 'ledger' ? values.slice(1) : values)
      await expect(copy(lossy)).rejects.toMatchObject({ code: 'store-unfinished', message: expect.stringContaining('ledger') as string })
      await assertUsable(store)
      for (const each of [to, full]) await each.close()
      await destroy()
    })

    test('a backup is of one moment, and restored it claims nothing that it cannot know', async () => {
      const { store, destroy } = await make()
      await fill(store, 1203)
      const before = await inventoryOf(store)
      await withFolder(async (folder) => {
        const path = join(folder, 'b.gz')
        const written = await store.transfer.atOneMoment(async (reader) => {
          await reader.readAll('settings', null, 1)
          // A hub that goes on beside it.
          await store.commit({ ledger: [entryOf('later', 'a-0')], stock: [{ next: stockOf('a-0', 3), work: [] }] })
          return writeBackup(path, reader, { createdAtMs: startMs, engine: store.engine, schema: 1 }, quiet)
        })
        expect(written).toEqual(before)
        await expect(
          store.transfer.atOneMoment((reader) => writeBackup(path, reader, { createdAtMs: 0, engine: '', schema: 1 }, quiet)),
        ).rejects.toMatchObject({ code: 'backup-invalid' })

        const to = await make()
        const { inventory } = await restoreStore({ path, to: to.store, clock, onProgress: quiet })
        expect(inventory).toEqual(before)
        const [stock] = await readStock(to.store, 'a-0')
        const [listing] = stock?.listings ?? []
        expect(listing).toMatchObject({ status: 'adopting', base: 0, pushes: [], fences: [], fencedThroughMs: 0, believedQuantity: null })
        // No idempotency key that was used since the backup comes again.
        expect(listing?.sequence).toBeGreaterThan(1_000_000_000)
        expect(stock).toMatchObject({ onHandUnits: { 'x.$y': 7 }, version: 2 })
        expect(await to.store.readCursor(shop, 'orders')).toEqual({ channel: shop, stream: 'orders', sinceMs: startMs, watermarkMs: null })
        expect((await to.store.dueWork({ channel: shop, kind: 'read', dueBeforeMs: 0, limit: 2 })).length).toBe(2)
        expect((await to.store.listIncidents({ after: null, limit: 9 })).items.map(({ kind }) => kind)).toContain('store-restored')
        await assertUsable(to.store)
        await expect(restoreStore({ path, to: to.store, clock, onProgress: quiet })).rejects.toMatchObject({ code: 'store-not-empty' })
        await to.destroy()
      })
      await destroy()
    })

    test('a backup that is cut off, damaged or something else restores nothing', async () => {
      const { store, destroy } = await make()
      await fill(store, 30)
      await withFolder(async (folder) => {
        const path = join(folder, 'b.gz')
        await store.transfer.atOneMoment((reader) => writeBackup(path, reader, { createdAtMs: 0, engine: 'x', schema: 1 }, quiet))
        const whole = await readFile(path)
        const text = gunzipSync(whole).toString()
        const wrong = {
          'cut.gz': whole.subarray(0, whole.length - 200),
          'lines.gz': gzipSync(text.split('\n').slice(0, -2).join('\n')),
          'units.gz': gzipSync(text.replace('"units":10', '"units":11')),
          'form.gz': gzipSync(text.replace('"version":1', '"version":2')),
          'other.gz': gzipSync('{"some":"thing"}\n'),
          'plain.gz': Buffer.from(text),
        }
        const to = await memory()
        for (const [name, bytes] of Object.entries(wrong)) {
          await writeFile(join(folder, name), bytes)
          await expect(restoreStore({ path: join(folder, name), to, clock, onProgress: quiet }), name).rejects.toMatchObject({
            code: 'backup-invalid',
          })
        }
        await expect(restoreStore({ path: join(folder, 'none.gz'), to, clock, onProgress: quiet })).rejects.toMatchObject({
          code: 'backup-invalid',
        })
        for (const kind of transferKinds) expect(await to.transfer.countAll(kind)).toBe(0)
        await to.close()
      })
      await destroy()
    })

    test('a store that was moved is used again only with its channels adopted anew', async () => {
      const { store, destroy } = await make()
      const to = await memory()
      await fill(store, 3)
      await copyStore({ from: store, to, source: 'here', clock, onProgress: quiet })
      expect(await reopenStore(store, clock)).toBe(3)
      await assertUsable(store)
      const [stock] = await readStock(store, 'a-0')
      expect(stock).toMatchObject({ version: 3, listings: [{ status: 'adopting', pushes: [] }] })
      expect(await store.readCursor(shop, 'orders')).toMatchObject({ watermarkMs: null })
      await to.close()
      await destroy()
    })
  })
}
