// The one way to change stock: everything of a commit in one multi-document transaction, or nothing of it.
// Compare-and-swap is the filter {_id, version}: what does not match is not written, and a transaction that wrote fewer documents than
// it was given is undone. Between two processes the server decides: the first to commit wins, the other gets WriteConflict (112), or
// its filter no longer matches, or its key is taken (11000); all three end in one look at what is stored now.
import type { AnyBulkWriteOperation, ClientSession, Collection, Document } from 'mongodb'
import { BelayError } from '../../domain/errors.ts'
import type { Commit, CommitResult } from '../../ports/store.ts'
import { assertCommitShape } from '../commit-shape.ts'
import {
  fromCursor,
  fromIncident,
  fromLedgerEntry,
  fromListing,
  fromOrder,
  fromStock,
  idOf,
  inboxId,
  orderId,
  stockId,
  termId,
} from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'
import { type Attempt, inTransaction } from './transaction.ts'
import { noteCommit } from './view-changes.ts'

interface Versioned {
  readonly _id: string
  readonly version: number
}

/** In the order of keys, so that two transactions over the same documents meet at the first of them and not in a deadlock. */
const byId = (a: Versioned, b: Versioned): number => (idOf(a) < idOf(b) ? -1 : 1)

/** False: a stored version is not the one before. A first version whose key is taken is raised by the server as 11000. */
const writeVersioned = async <D extends Versioned>(
  collection: Collection<D>,
  documents: readonly D[],
  session: ClientSession,
): Promise<boolean> => {
  if (documents.length === 0) return true
  const sorted = [...documents].sort(byId)
  const operations = sorted.map((document) =>
    document.version === 1
      ? { insertOne: { document } }
      : { replaceOne: { filter: { _id: idOf(document), version: document.version - 1 }, replacement: document } },
  ) as unknown as AnyBulkWriteOperation<D>[]
  const replacements = sorted.filter((document) => document.version > 1).length
  const result = await collection.bulkWrite(operations, { session, ordered: false })
  return result.matchedCount === replacements
}

/**
 * Writes to the term of each lease, so that a new owner's ending it and this commit exclude each other. Last in the transaction: what it
 * locks is then locked for the shortest time.
 */
const assertLeases = async ({ collections }: Connection, guards: NonNullable<Commit['leases']>, session: ClientSession): Promise<void> => {
  for (const guard of guards) {
    const { matchedCount } = await collections.terms.updateOne(
      { _id: termId(guard), expiresAtMs: { $gt: guard.nowMs } },
      { $inc: { commits: 1 } },
      { session },
    )
    if (matchedCount === 0) throw new BelayError('lease-lost', `Lease ${guard.name} is no longer held with number ${guard.token}`)
  }
}

/** One update for all events that end the same way; an event that has expired meanwhile is passed over. */
const markInbox = async ({ collections }: Connection, marks: NonNullable<Commit['inbox']>, session: ClientSession): Promise<void> => {
  const groups = Map.groupBy(marks, ({ state, reason }) => JSON.stringify([state, reason]))
  for (const group of groups.values()) {
    const [first] = group
    if (!first) continue
    const { state, reason } = first
    const update: Document =
      state === 'applied' ? { $set: { state, reason }, $unset: { open: '' } } : { $set: { state, reason, open: true } }
    await collections.inbox.updateMany({ _id: { $in: group.map(inboxId) } }, update, { session })
  }
}

const writeRest = async ({ collections }: Connection, commit: Commit, session: ClientSession): Promise<void> => {
  const { cursors = [], listings = [], incidents = [], resolvedIncidents = [] } = commit
  if (cursors.length > 0)
    await collections.cursors.bulkWrite(
      cursors.map(fromCursor).map((document) => ({
        replaceOne: { filter: { _id: idOf(document) }, replacement: document, upsert: true },
      })),
      { session },
    )
  if (listings.length > 0)
    await collections.listings.bulkWrite(
      listings.map((listing) => ({
        replaceOne: { filter: { _id: listing.id }, replacement: fromListing(listing), upsert: true },
      })),
      { session },
    )
  if (incidents.length > 0)
    await collections.incidents.bulkWrite(
      incidents.map((incident) => {
        const { _id, ...rest } = fromIncident(incident)
        return { updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true } }
      }),
      { session },
    )
  if (resolvedIncidents.length > 0)
    await collections.incidents.bulkWrite(
      resolvedIncidents.map(({ id, atMs }) => ({
        updateOne: { filter: { _id: id, resolvedAtMs: { $exists: false } }, update: { $set: { resolvedAtMs: atMs } } },
      })),
      { session },
    )
}

const writeAll = async (connection: Connection, commit: Commit, session: ClientSession): Promise<Attempt<CommitResult>> => {
  const { collections } = connection
  const { stock = [], orders = [], ledger = [], inbox = [], leases = [] } = commit
  const stockDocuments = stock.map(({ next, work }) => fromStock(next, work))
  if (!(await writeVersioned(collections.stock, stockDocuments, session))) return { kind: 'undo' }
  if (!(await writeVersioned(collections.orders, orders.map(fromOrder), session))) return { kind: 'undo' }
  if (ledger.length > 0) await collections.ledger.insertMany(ledger.map(fromLedgerEntry), { session, ordered: false })
  if (inbox.length > 0) await markInbox(connection, inbox, session)
  await writeRest(connection, commit, session)
  await noteCommit(connection, commit, session)
  await assertLeases(connection, leases, session)
  return { kind: 'commit', value: { ok: true } }
}

/** What of the commit does not fit what is stored. Versions only grow and keys stay for ever, so what is found is final. */
const conflictsOf = async ({ collections }: Connection, commit: Commit): Promise<CommitResult | undefined> => {
  const { stock = [], orders = [], ledger = [] } = commit
  const versions = async <D extends Versioned>(collection: Collection<D>, ids: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    if (ids.length === 0) return new Map()
    const found = await (collection as unknown as Collection<Versioned>)
      .find({ _id: { $in: [...ids] } }, { projection: { version: 1 } })
      .toArray()
    return new Map(found.map(({ _id, version }) => [_id, version]))
  }
  const [stockVersions, orderVersions, ledgerFound] = await Promise.all([
    versions(
      collections.stock,
      stock.map(({ next }) => stockId(next)),
    ),
    versions(collections.orders, orders.map(orderId)),
    ledger.length === 0
      ? []
      : collections.ledger.find({ _id: { $in: ledger.map(({ key }) => key) } }, { projection: { _id: 1 } }).toArray(),
  ])
  const taken = new Set(ledgerFound.map(({ _id }) => _id))
  const conflicts = {
    stock: stock
      .filter(({ next }) => (stockVersions.get(stockId(next)) ?? 0) !== next.version - 1)
      .map(({ next: { sku, pool } }) => ({ sku, pool })),
    orders: orders
      .filter((order) => (orderVersions.get(orderId(order)) ?? 0) !== order.version - 1)
      .map(({ channel, orderId: id }) => ({ channel, orderId: id })),
    ledgerKeys: ledger.filter(({ key }) => taken.has(key)).map(({ key }) => key),
  }
  const any = conflicts.stock.length + conflicts.orders.length + conflicts.ledgerKeys.length > 0
  return any ? { ok: false, ...conflicts } : undefined
}

/** A key that names another listing already does not go away by trying again. */
const assertListingKeysFree = async ({ collections }: Connection, commit: Commit): Promise<void> => {
  for (const listing of commit.listings ?? []) {
    const named = await collections.listings.find({ channel: listing.channel, keys: { $in: [...listing.keys] } }).toArray()
    const other = named.find((each) => idOf(each) !== listing.id)
    if (!other) continue
    const key = listing.keys.find((each) => other.keys.includes(each)) ?? ''
    throw new BelayError('listing-address-invalid', `Listing ${listing.id} claims "${key}", which already names listing ${idOf(other)}`, {
      fix: 'Map one of the two offers to another listing, or remove the one that is no longer sold.',
    })
  }
}

const isEmpty = (commit: Commit): boolean => Object.values(commit).every((part) => part === undefined || part.length === 0)

export const commitTo = async (connection: Connection, commit: Commit): Promise<CommitResult> => {
  assertCommitShape(commit)
  if (isEmpty(commit)) return { ok: true }
  return inTransaction(
    connection,
    (session) => writeAll(connection, commit, session),
    (error) =>
      reached(async () => {
        const conflicts = await conflictsOf(connection, commit)
        if (!conflicts && isDuplicateKey(error)) await assertListingKeysFree(connection, commit)
        return conflicts
      }),
  )
}
