// Which SKUs the unified view has to look at again: one document for each commit, in the same transaction, so that a change is never
// visible without it, however late its commit is, and none is lost. Whoever refreshes the view removes the documents after it.
import { type ClientSession, ObjectId } from 'mongodb'
import type { Commit } from '../../ports/store.ts'
import { listingChanges } from '../view/changes.ts'
import { stockId } from './codec.ts'
import type { Connection } from './connection.ts'

/** Far below the largest document that MongoDB takes (16 MiB): names and ids have some hundred characters at most. */
const maxOfOneDocument = 5000

export interface ViewChangeDocument {
  readonly _id: ObjectId
  /** Keys of stock documents. */
  readonly stock: readonly string[]
  /** Names of readings (snapshot-names.ts). */
  readonly names: readonly string[]
}

const noteChange = async (
  { collections }: Connection,
  stock: readonly string[],
  names: readonly string[],
  session?: ClientSession,
): Promise<void> => {
  const documents: ViewChangeDocument[] = []
  for (let i = 0; i < Math.max(stock.length, names.length); i += maxOfOneDocument)
    documents.push({ _id: new ObjectId(), stock: stock.slice(i, i + maxOfOneDocument), names: names.slice(i, i + maxOfOneDocument) })
  if (documents.length > 0) await collections.viewChanges.insertMany(documents, session ? { session } : {})
}

export const noteCommit = (connection: Connection, { stock = [], listings = [] }: Commit, session: ClientSession): Promise<void> => {
  const changed = listingChanges(listings)
  return noteChange(connection, [...stock.map(({ next }) => stockId(next)), ...changed.stock.map(stockId)], changed.names, session)
}

export const noteSnapshots = (connection: Connection, names: Iterable<string>, session: ClientSession): Promise<void> =>
  noteChange(connection, [], [...new Set(names)], session)

/** Documents to look at although they have not changed. */
export const noteStock = (connection: Connection, stockIds: readonly string[]): Promise<void> => noteChange(connection, stockIds, [])
