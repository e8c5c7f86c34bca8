// Which SKUs the unified view has to look at again: one row for each commit, in the same transaction, so that a change is never visible
// without it and none is lost. Whoever refreshes the view removes the rows after it.
import type { StockKey } from '../../domain/ids.ts'
import type { Commit } from '../../ports/store.ts'
import { listingChanges } from '../view/changes.ts'
import type { Connection } from './connection.ts'

type Key = readonly [sku: string, pool: string]

const noteChange = ({ statement }: Connection, stock: readonly Key[], names: readonly string[]): void => {
  statement('INSERT INTO view_changes (stock, names) VALUES (?, ?)').run(JSON.stringify(stock), JSON.stringify(names))
}

const keyOf = ({ sku, pool }: StockKey): Key => [sku, pool]

export const noteCommit = (connection: Connection, { stock = [], listings = [] }: Commit): void => {
  if (stock.length === 0 && listings.length === 0) return
  const changed = listingChanges(listings)
  noteChange(connection, [...stock.map(({ next }) => keyOf(next)), ...changed.stock.map(keyOf)], changed.names)
}

export const noteSnapshots = (connection: Connection, names: readonly string[]): void => {
  if (names.length > 0) noteChange(connection, [], names)
}

/** Documents to look at although they have not changed. */
export const noteStock = (connection: Connection, stock: readonly Key[]): void => noteChange(connection, stock, [])
