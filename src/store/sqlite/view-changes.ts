// Which SKUs the unified view has to look at again: one row for each commit, in the same transaction, so that a change is never visible
// without it and none is lost. Whoever refreshes the view removes the rows after it.
import type { StockKey } from '../../domain/ids.ts'
import type { Commit } from '../../ports/store.ts'
import { listingChanges } from '../view/changes.ts'
import type { Connection } from './connection.ts'

const noteChange = ({ statement }: Connection, stock: readonly StockKey[], names: readonly string[]): void => {
  statement('INSERT INTO view_changes (stock, names) VALUES (?, ?)').run(
    JSON.stringify(stock.map(({ sku, pool }) => [sku, pool])),
    JSON.stringify(names),
  )
}

export const noteCommit = (connection: Connection, { stock = [], listings = [] }: Commit): void => {
  if (stock.length === 0 && listings.length === 0) return
  const changed = listingChanges(listings)
  noteChange(connection, [...stock.map(({ next }) => next), ...changed.stock], changed.names)
}

export const noteSnapshots = (connection: Connection, names: readonly string[]): void => {
  if (names.length > 0) noteChange(connection, [], names)
}
