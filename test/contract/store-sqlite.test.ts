import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../src/ports/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { describeStore } from './store.ts'

describeStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-store-'))
  const path = join(folder, 'belay.db')
  const opened: Store[] = []
  const reopen = async (): Promise<Store> => {
    const store = await openSqliteStore(path)
    opened.push(store)
    return store
  }
  const store = await reopen()
  await store.migrate()
  return {
    store,
    url: `sqlite:${path}`,
    reopen,
    raiseSchema: async () => {
      const database = new DatabaseSync(path)
      database.exec('PRAGMA user_version = 9999')
      database.close()
    },
    destroy: async () => {
      for (const each of opened) await each.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
