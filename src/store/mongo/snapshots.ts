// What channels showed when they were read, one document for each thing, the newest reading of it. A put is one transaction with the note
// of what changed, so that the view never misses a reading.
import type { SnapshotStore } from '../../ports/snapshots.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { newestSnapshots } from '../view/snapshot-names.ts'
import { channelRange, fromSnapshot, idOf, snapshotId, toSnapshot } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { inTransaction } from './transaction.ts'
import { noteSnapshots } from './view-changes.ts'

/** Documents deleted in one transaction. */
const maxRemovedAtOnce = 500

export const mongoSnapshots = (connection: Connection): SnapshotStore => {
  const { snapshots } = connection.collections

  const removeSome = async ({
    channel,
    source,
    readBeforeMs,
  }: Parameters<SnapshotStore['removeSnapshotsReadBefore']>[0]): Promise<number> => {
    const old = { channel, source, readThroughMs: { $lt: readBeforeMs } }
    return inTransaction(
      connection,
      async (session) => {
        const found = await snapshots.find(old, { session, projection: { names: 1 }, limit: maxRemovedAtOnce }).toArray()
        if (found.length > 0) {
          await snapshots.deleteMany({ _id: { $in: found.map(idOf) } }, { session })
          await noteSnapshots(
            connection,
            found.flatMap(({ names }) => names),
            session,
          )
        }
        return { kind: 'commit', value: found.length }
      },
      async () => undefined,
    )
  }

  return {
    putSnapshots: async (rows) => {
      const documents = newestSnapshots(rows).map(fromSnapshot)
      if (documents.length === 0) return
      await inTransaction(
        connection,
        async (session) => {
          const before = await snapshots.find({ _id: { $in: documents.map(idOf) } }, { session, projection: { names: 1 } }).toArray()
          // A pipeline, because a filter on the time would make a second document of an older reading instead of passing it over.
          await snapshots.bulkWrite(
            documents.map((document) => ({
              updateOne: {
                filter: { _id: idOf(document) },
                update: [
                  {
                    $replaceWith: {
                      $cond: [{ $gt: ['$readThroughMs', document.readThroughMs] }, '$$ROOT', { $literal: document }],
                    },
                  },
                ],
                upsert: true,
              },
            })),
            { session },
          )
          await noteSnapshots(
            connection,
            [...before, ...documents].flatMap(({ names }) => names),
            session,
          )
          return { kind: 'commit', value: true }
        },
        async () => undefined,
      )
    },
    listSnapshots: ({ channel, source, after, limit }) =>
      reached(async () => {
        const rows = pageLimit(limit)
        const range = channelRange(channel, source)
        const found = await snapshots
          .find({ _id: after === null ? range : { $gt: String(decodeCursor(after, [''])[0]), $lt: range.$lt } })
          .sort({ _id: 1 })
          .limit(rows + 1)
          .toArray()
        return pageOf(found.map(toSnapshot), rows, (row) => [snapshotId(row)])
      }),
    removeSnapshotsReadBefore: async (filter) => {
      let removed = 0
      for (let some = maxRemovedAtOnce; some === maxRemovedAtOnce; removed += some) some = await removeSome(filter)
      return removed
    },
  }
}
