// What the SQLite engine says when the file cannot be used, and which URLs name a store.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/index.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { entryOf, keyOf, readStock, stockOf, storeStock } from '../support/store-samples.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-sqlite-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('store on SQLite, with faults', () => {
  test('another process keeps the write lock: nothing happened, reads go on, and later it works', async () => {
    const path = join(folder, 'busy.db')
    const store = await openSqliteStore(path, { busyTimeoutMs: 10 })
    await store.migrate()
    await storeStock(store, [stockOf('busy', 1)])
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(storeStock(store, [stockOf('busy', 2)])).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.acquireLease('busy', 'a', 1, 1)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await readStock(store, 'busy')).toEqual([stockOf('busy', 1)])
    other.exec('COMMIT')
    other.close()
    expect(await storeStock(store, [stockOf('busy', 2)])).toEqual({ ok: true })
    await store.close()
  })

  test('a file that is no database is refused and left as it is', async () => {
    const path = join(folder, 'notes.txt')
    writeFileSync(path, 'Dear diary, '.repeat(400))
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'config-invalid' })
  })

  test('a bug in a commit leaves no transaction open', async () => {
    const store = await openSqliteStore(':memory:')
    await store.migrate()
    const broken = store.commit({ stock: [{ next: stockOf('bug', 1), work: [] }], ledger: [entryOf('bug', 'bug', { units: 0 })] })
    await expect(broken).rejects.toThrow('CHECK')
    expect(await readStock(store, 'bug')).toEqual([null])
    expect(await storeStock(store, [stockOf('bug', 1)])).toEqual({ ok: true })
    await store.close()
  })
})

describe('openStore', () => {
  test('opens what the URL names, and makes the folder', async () => {
    const path = join(folder, 'deep', 'belay.db')
    const store = await openStore(`sqlite:${path}`)
    expect(store.engine).toBe('sqlite')
    expect(existsSync(path)).toBe(true)
    await store.close()
    await store.close()
    const memory = await openStore('sqlite::memory:')
    await memory.migrate()
    expect(await memory.readSku(keyOf('none').sku)).toEqual([])
    await memory.close()
  })

  test.each(['', 'sqlite:', 'postgres://user:secret@host/db', 'belay.db'])('refuses "%s" and names what it takes', async (url) => {
    await expect(openStore(url)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.not.stringContaining('secret') as unknown,
      fix: expect.stringContaining('sqlite::memory:') as unknown,
    })
  })
})
