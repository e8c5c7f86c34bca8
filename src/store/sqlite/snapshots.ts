// What channels showed when they were read, one row for each thing, the newest reading of it.
import type { ChannelId } from '../../domain/ids.ts'
import type { SnapshotRow, SnapshotSource, SnapshotStore } from '../../ports/snapshots.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { newestSnapshots, snapshotNames } from '../view/snapshot-names.ts'
import type { Connection, Row } from './connection.ts'
import { noteSnapshots } from './view-changes.ts'

/** Rows deleted in one transaction: others wait for no longer. */
const maxRemovedAtOnce = 500

export const toSnapshot = (row: Row): SnapshotRow => ({
  channel: row['channel'] as ChannelId,
  source: row['source'] as SnapshotSource,
  key: row['key'] as string,
  listingKeys: JSON.parse(row['listing_keys'] as string) as readonly string[],
  row: JSON.parse(row['row'] as string) as SnapshotRow['row'],
  readFromMs: row['read_from_ms'] as number,
  readThroughMs: row['read_through_ms'] as number,
})

type Id = readonly [channel: string, source: string, key: string]

const dropNames = ({ statement }: Connection, names: readonly string[], [channel, source, key]: Id): void => {
  for (const name of names)
    statement('DELETE FROM snapshot_names WHERE name = ? AND channel = ? AND source = ? AND key = ?').run(name, channel, source, key)
}

/** The names under which it was and is found; []: what is stored is newer. */
export const putSnapshot = (connection: Connection, snapshot: SnapshotRow): readonly string[] => {
  const { statement } = connection
  const id: Id = [snapshot.channel, snapshot.source, snapshot.key]
  const stored = statement('SELECT names, read_through_ms FROM snapshots WHERE channel = ? AND source = ? AND key = ?').get(...id)
  if (stored && (stored['read_through_ms'] as number) > snapshot.readThroughMs) return []
  const names = snapshotNames(snapshot)
  const text = JSON.stringify(names)
  statement(
    `INSERT INTO snapshots (channel, source, key, names, listing_keys, row, read_from_ms, read_through_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (channel, source, key) DO UPDATE SET names = excluded.names, listing_keys = excluded.listing_keys, row = excluded.row,
       read_from_ms = excluded.read_from_ms, read_through_ms = excluded.read_through_ms`,
  ).run(...id, text, JSON.stringify(snapshot.listingKeys), JSON.stringify(snapshot.row), snapshot.readFromMs, snapshot.readThroughMs)
  if (stored?.['names'] === text) return names
  const before = stored ? (JSON.parse(stored['names'] as string) as readonly string[]) : []
  dropNames(connection, before, id)
  for (const name of names) statement('INSERT INTO snapshot_names (name, channel, source, key) VALUES (?, ?, ?, ?)').run(name, ...id)
  return [...before, ...names]
}

export const sqliteSnapshots = (connection: Connection): SnapshotStore => {
  const removeSome = (channel: string, source: string, readBeforeMs: number): number =>
    connection.write(() => {
      const old = connection.all(
        'SELECT key, names FROM snapshots WHERE channel = ? AND source = ? AND read_through_ms < ? LIMIT ?',
        channel,
        source,
        readBeforeMs,
        maxRemovedAtOnce,
      )
      const gone: string[] = []
      for (const row of old) {
        const id: Id = [channel, source, row['key'] as string]
        const names = JSON.parse(row['names'] as string) as readonly string[]
        dropNames(connection, names, id)
        connection.statement('DELETE FROM snapshots WHERE channel = ? AND source = ? AND key = ?').run(...id)
        gone.push(...names)
      }
      noteSnapshots(connection, [...new Set(gone)])
      return old.length
    })
  return {
    putSnapshots: async (rows) => {
      const newest = newestSnapshots(rows)
      if (newest.length === 0) return
      connection.write(() => noteSnapshots(connection, [...new Set(newest.flatMap((row) => putSnapshot(connection, row)))]))
    },
    listSnapshots: async ({ channel, source, after, limit }) => {
      const rows = pageLimit(limit)
      const [afterSource, afterKey] = after === null ? [source ?? '', ''] : decodeCursor(after, ['', ''])
      const found = connection.all(
        `SELECT * FROM snapshots WHERE channel = ? AND ${source === undefined ? '' : 'source = ? AND '}(source, key) > (?, ?)
         ORDER BY source, key LIMIT ?`,
        channel,
        ...(source === undefined ? [] : [source]),
        afterSource ?? '',
        afterKey ?? '',
        rows + 1,
      )
      return pageOf(found.map(toSnapshot), rows, (row) => [row.source, row.key])
    },
    removeSnapshotsReadBefore: async ({ channel, source, readBeforeMs }) => {
      let removed = 0
      for (let some = maxRemovedAtOnce; some === maxRemovedAtOnce; removed += some) some = removeSome(channel, source, readBeforeMs)
      return removed
    },
  }
}
