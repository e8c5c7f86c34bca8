// The work marks of all documents as an ordered table: the queue. A row is a key that is due at a time, never a quantity.
import type { PoolId, Sku, StockKey } from '../../domain/ids.ts'
import type { Store, WorkItem, WorkMark } from '../../ports/store.ts'
import { marksOf } from './codec.ts'
import type { Connection } from './connection.ts'

const sameMark = (a: WorkMark, b: WorkMark): boolean =>
  a.channel === b.channel && a.kind === b.kind && a.priority === b.priority && a.dueAtMs === b.dueAtMs

/** Makes the table say what the document's new marks say. Both texts are canonical, so equal text means nothing to do. */
export const replaceMarks = ({ statement }: Connection, key: StockKey, before: string, after: string): void => {
  if (before === after) return
  const old = marksOf(before)
  const next = marksOf(after)
  for (const mark of old.filter((each) => !next.some((other) => sameMark(each, other))))
    statement('DELETE FROM work WHERE channel = ? AND kind = ? AND priority = ? AND due_at_ms = ? AND sku = ? AND pool = ?').run(
      mark.channel,
      mark.kind,
      mark.priority,
      mark.dueAtMs,
      key.sku,
      key.pool,
    )
  for (const mark of next.filter((each) => !old.some((other) => sameMark(each, other))))
    statement('INSERT INTO work (channel, kind, priority, due_at_ms, sku, pool) VALUES (?, ?, ?, ?, ?, ?)').run(
      mark.channel,
      mark.kind,
      mark.priority,
      mark.dueAtMs,
      key.sku,
      key.pool,
    )
}

interface WorkRow {
  readonly sku: string
  readonly pool: string
  readonly priority: 0 | 1
  readonly due_at_ms: number
}

export const sqliteWork = (connection: Connection): Pick<Store, 'dueWork' | 'nextWorkAtMs' | 'countWork'> => ({
  dueWork: async ({ channel, kind, dueBeforeMs, limit }) => {
    const due = (priority: 0 | 1, most: number): readonly WorkItem[] =>
      connection
        .all(
          `SELECT sku, pool, priority, due_at_ms FROM work WHERE channel = ? AND kind = ? AND priority = ? AND due_at_ms <= ?
           ORDER BY due_at_ms, sku, pool LIMIT ?`,
          channel,
          kind,
          priority,
          dueBeforeMs,
          most,
        )
        .map((stored) => stored as unknown as WorkRow)
        .map((row) => ({ sku: row.sku as Sku, pool: row.pool as PoolId, priority: row.priority, dueAtMs: row.due_at_ms }))
    const decreases = due(0, limit)
    return decreases.length < limit ? [...decreases, ...due(1, limit - decreases.length)] : decreases
  },
  nextWorkAtMs: async ({ channel, kind }) => {
    const [row] = connection.all(
      `SELECT min(at) AS at FROM (
         SELECT min(due_at_ms) AS at FROM work WHERE channel = ?1 AND kind = ?2 AND priority = 0
         UNION ALL SELECT min(due_at_ms) FROM work WHERE channel = ?1 AND kind = ?2 AND priority = 1)`,
      channel,
      kind,
    )
    return (row?.['at'] as number | null | undefined) ?? null
  },
  countWork: async ({ channel, kind, dueBeforeMs = Number.MAX_SAFE_INTEGER }) =>
    Number(
      connection.all('SELECT count(*) AS n FROM work WHERE channel = ? AND kind = ? AND due_at_ms <= ?', channel, kind, dueBeforeMs)[0]?.[
        'n'
      ],
    ),
})
