// Raw inbound events: durable before they are acknowledged, one for each delivery id (`_id`), numbered in the order in which they came.
// The numbers of a batch are taken from a counter before its events are inserted: a batch that fails leaves a gap, and of two batches
// that come at the same instant the later numbers may be seen first. Neither loses an event, because a reader asks for what is
// pending and not for what comes after a number it has seen; `afterSequence` only pages through one look.
import { MongoBulkWriteError } from 'mongodb'
import type { InboxEvent, Store } from '../../ports/store.ts'
import { fromInboxEvent, idOf, inboxCounter, inboxId, toInboxEvent } from './codec.ts'
import { type Connection, isDuplicateKey, reached } from './connection.ts'

const expireBatchRows = 2000

/** The first number of a range of this length that nobody else has. */
const allocate = async ({ collections }: Connection, length: number): Promise<number> => {
  const counter = await collections.counters.findOneAndUpdate(
    { _id: inboxCounter },
    { $inc: { value: length } },
    { returnDocument: 'after' },
  )
  if (!counter) throw new Error('The counter of the inbox is missing: the database was not migrated')
  return counter.value - length + 1
}

/** Inserts what is new; gives the ids that were there already. */
const insertNew = async (connection: Connection, events: readonly InboxEvent[]): Promise<ReadonlySet<string>> => {
  const first = await allocate(connection, events.length)
  const documents = events.map((event, i) => fromInboxEvent(event, first + i))
  try {
    await connection.collections.inbox.insertMany(documents, { ordered: false })
    return new Set()
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !isDuplicateKey(error)) throw error
    const failures = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors]
    const other = failures.find(({ code }) => code !== 11_000)
    // A write concern that failed beside duplicates: what was inserted is not durable for certain, so the batch has to come again.
    if (other !== undefined || error.result.getWriteConcernError() !== undefined) throw error
    return new Set(failures.flatMap(({ index }) => documents[index] ?? []).map(idOf))
  }
}

export const mongoInbox = (connection: Connection): Pick<Store, 'appendInbox' | 'readInbox' | 'expireInbox'> => {
  const { inbox } = connection.collections

  const appendInbox: Store['appendInbox'] = (events) =>
    reached(async () => {
      if (events.length === 0) return []
      const distinct = new Map(events.map((event) => [inboxId(event), event] as const).toReversed())
      const fresh = events.filter((event) => distinct.get(inboxId(event)) === event)
      const known = await insertNew(connection, fresh)
      return events.map((event) => {
        const id = inboxId(event)
        return known.has(id) || distinct.get(id) !== event ? 'duplicate' : 'stored'
      })
    })

  const readInbox: Store['readInbox'] = ({ channel, state, afterSequence = 0, limit }) =>
    reached(async () => {
      const found = await inbox
        .find({ open: true, state, ...(channel === undefined ? {} : { channel }), sequence: { $gt: afterSequence } })
        .sort({ sequence: 1 })
        .limit(limit)
        .toArray()
      return found.map(toInboxEvent)
    })

  const expireInbox: Store['expireInbox'] = (receivedBeforeMs) =>
    reached(async () => {
      let expired = 0
      for (;;) {
        const batch = await inbox
          .find({ state: 'applied', receivedAt: { $lt: new Date(receivedBeforeMs) } }, { projection: { _id: 1 } })
          .limit(expireBatchRows)
          .toArray()
        if (batch.length === 0) return expired
        const { deletedCount } = await inbox.deleteMany({ _id: { $in: batch.map(({ _id }) => _id) }, state: 'applied' })
        expired += deletedCount
        if (batch.length < expireBatchRows) return expired
      }
    })

  return { appendInbox, readInbox, expireInbox }
}
