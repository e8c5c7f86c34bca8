// Runs of reconciliation and their findings as JSON beside the columns that queries need; sightings as flat rows.
import type { ChannelId, ListingId } from '../../domain/ids.ts'
import { type Finding, isOver, type Reconciliation } from '../../domain/reconcile.ts'
import type { FindingCount, ReconciliationStore, Sighting } from '../../ports/reconciliations.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toListing } from './codec.ts'
import type { Connection, Row } from './connection.ts'

const maxOpen = 100

export const toRun = (row: Row): Reconciliation => JSON.parse(row['body'] as string) as Reconciliation
export const toFinding = (row: Row): Finding => JSON.parse(row['body'] as string) as Finding
const toSighting = (row: Row): Sighting => ({
  listing: row['listing'] as ListingId,
  sku: row['sku'] as string | null,
  elsewhereQuantity: row['elsewhere_quantity'] as number | null,
  agreedAtMs: row['agreed_at_ms'] as number | null,
})

/** All findings of a run have their id in it: `{run}/…`. */
const findingsOf = (run: string): readonly [string, string] => [`${run}/`, `${run}0`]

const runValues = (run: Reconciliation): readonly [string, number, number, number, string] => [
  run.channel ?? '',
  isOver(run) ? 0 : 1,
  run.requestedAtMs,
  run.version,
  JSON.stringify(run),
]

/** False: it is stored already, and stays as it is. */
export const insertRun = ({ statement }: Pick<Connection, 'statement'>, run: Reconciliation): boolean =>
  statement(
    'INSERT INTO reconciliations (channel, open, requested_at_ms, version, body, id) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  ).run(...runValues(run), run.id).changes === 1

export const writeFinding = ({ statement }: Pick<Connection, 'statement'>, finding: Finding): void => {
  statement(
    `INSERT INTO findings (id, channel, kind, state, dry_run, found_at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, kind = excluded.kind, state = excluded.state, dry_run = excluded.dry_run,
       found_at_ms = excluded.found_at_ms, body = excluded.body`,
  ).run(finding.id, finding.channel ?? '', finding.kind, finding.state, finding.dryRun ? 1 : 0, finding.foundAtMs, JSON.stringify(finding))
}

const runs = ({
  all,
  statement,
  write,
}: Connection): Pick<
  ReconciliationStore,
  'writeReconciliation' | 'readReconciliation' | 'openReconciliations' | 'listReconciliations' | 'removeReconciliationsBefore'
> => ({
  writeReconciliation: async (run) =>
    write(() => {
      return run.version === 1
        ? insertRun({ statement }, run)
        : statement(
            'UPDATE reconciliations SET channel = ?, open = ?, requested_at_ms = ?, version = ?, body = ? WHERE id = ? AND version = ?',
          ).run(...runValues(run), run.id, run.version - 1).changes === 1
    }),
  readReconciliation: async (id) => all('SELECT body FROM reconciliations WHERE id = ?', id).map(toRun)[0] ?? null,
  openReconciliations: async (channel) =>
    all('SELECT body FROM reconciliations WHERE channel = ? AND open = 1 ORDER BY requested_at_ms LIMIT ?', channel ?? '', maxOpen).map(
      toRun,
    ),
  listReconciliations: async ({ channel, after, limit }) => {
    const rows = pageLimit(limit)
    const where: string[] = []
    const values: (string | number)[] = []
    if (channel !== undefined) {
      where.push('channel = ?')
      values.push(channel ?? '')
    }
    if (after !== null) {
      where.push('(requested_at_ms, id) < (?, ?)')
      values.push(...decodeCursor(after, [0, '']))
    }
    const found = all(
      `SELECT body FROM reconciliations ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY requested_at_ms DESC, id DESC LIMIT ?`,
      ...values,
      rows + 1,
    )
    return pageOf(found.map(toRun), rows, (run) => [run.requestedAtMs, run.id])
  },
  removeReconciliationsBefore: async (requestedBeforeMs) => {
    const old = all('SELECT id FROM reconciliations WHERE requested_at_ms < ? AND open = 0', requestedBeforeMs)
    for (const { id } of old)
      write(() => {
        statement('DELETE FROM findings WHERE id > ? AND id < ?').run(...findingsOf(id as string))
        statement('DELETE FROM reconciliations WHERE id = ?').run(id as string)
      })
    return old.length
  },
})

const findings = ({
  all,
  statement,
  write,
}: Connection): Pick<ReconciliationStore, 'putFindings' | 'removeFindings' | 'readFinding' | 'listFindings' | 'countFindings'> => ({
  putFindings: async (found) => {
    if (found.length === 0) return
    write(() => {
      for (const each of found) writeFinding({ statement }, each)
    })
  },
  removeFindings: async (ids) => {
    if (ids.length === 0) return
    write(() => {
      for (const id of ids) statement('DELETE FROM findings WHERE id = ?').run(id)
    })
  },
  readFinding: async (id) => all('SELECT body FROM findings WHERE id = ?', id).map(toFinding)[0] ?? null,
  listFindings: async ({ run, state, after, limit }) => {
    const rows = pageLimit(limit)
    const [from, before] = findingsOf(run)
    const [afterId] = after === null ? [from] : decodeCursor(after, [''])
    const found = all(
      `SELECT body FROM findings WHERE id > ? AND id < ? ${state === undefined ? '' : 'AND state = ?'} ORDER BY id LIMIT ?`,
      afterId ?? from,
      before,
      ...(state === undefined ? [] : [state]),
      rows + 1,
    )
    return pageOf(found.map(toFinding), rows, (finding) => [finding.id])
  },
  countFindings: async ({ fromMs, beforeMs }) =>
    all(
      `SELECT channel, kind, state, count(*) AS count FROM findings
       WHERE dry_run = 0 AND kind IS NOT NULL AND found_at_ms >= ? AND found_at_ms < ? GROUP BY channel, kind, state ORDER BY channel, kind, state`,
      fromMs,
      beforeMs,
    ).map((row) => ({ ...row, channel: (row['channel'] === '' ? null : row['channel']) as ChannelId | null }) as unknown as FindingCount),
})

const sightings = ({
  all,
  read,
  statement,
  write,
}: Connection): Pick<ReconciliationStore, 'putSightings' | 'readSightings' | 'listUnsighted'> => ({
  putSightings: async (_channel, run, seen) => {
    if (seen.length === 0) return
    write(() => {
      const put = statement(
        `INSERT INTO sightings (listing, run, sku, elsewhere_quantity, agreed_at_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (listing) DO UPDATE SET run = excluded.run, sku = excluded.sku, elsewhere_quantity = excluded.elsewhere_quantity,
           agreed_at_ms = excluded.agreed_at_ms`,
      )
      for (const each of seen) put.run(each.listing, run, each.sku, each.elsewhereQuantity, each.agreedAtMs)
    })
  },
  readSightings: async (_channel, listings) =>
    read(() => {
      const found = new Map<ListingId, Sighting>()
      const find = statement('SELECT * FROM sightings WHERE listing = ?')
      for (const listing of listings) {
        const row = find.get(listing)
        if (row !== undefined) found.set(listing, toSighting(row))
      }
      return found
    }),
  listUnsighted: async ({ channel, run, after, limit }) => {
    const rows = pageLimit(limit)
    const [afterId] = after === null ? [''] : decodeCursor(after, [''])
    const found = all(
      `SELECT l.body FROM listings l LEFT JOIN sightings s ON s.listing = l.id
       WHERE l.channel = ? AND l.id > ? AND (s.run IS NULL OR s.run <> ?) ORDER BY l.id LIMIT ?`,
      channel,
      afterId ?? '',
      run,
      rows + 1,
    )
    return pageOf(found.map(toListing), rows, (listing) => [listing.id])
  },
})

export const sqliteReconciliations = (connection: Connection): ReconciliationStore => ({
  ...runs(connection),
  ...findings(connection),
  ...sightings(connection),
})
