// Every table and collection either travels or is named as one that need not: a new one that nobody thought of fails here.
import { DatabaseSync } from 'node:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { transferKinds } from '../ports/store-transfer.ts'
import { collectionPlans } from './mongo/schema.ts'
import { derivedCollections, transferredCollections } from './mongo/transfer.ts'
import { openSqliteStore } from './sqlite/store.ts'
import { derivedTables, transferredTables } from './sqlite/transfer.ts'

test('every table of SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-tables-'))
  const path = join(folder, 'belay.db')
  const store = await openSqliteStore(path)
  await store.migrate()
  await store.close()
  const database = new DatabaseSync(path)
  const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()
  database.close()
  rmSync(folder, { recursive: true, force: true })
  expect(rows.map(({ name }) => String(name)).sort()).toEqual([...transferredTables, ...derivedTables].sort())
})

test('every collection of MongoDB', () => {
  const names = new Set(collectionPlans.map(({ name }) => name))
  expect([...names].sort()).toEqual([...transferredCollections, ...derivedCollections].sort())
})

test('both engines have every kind', () => {
  expect(transferredTables).toHaveLength(transferKinds.length)
  expect(transferredCollections).toHaveLength(transferKinds.length)
})
