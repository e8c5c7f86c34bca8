// Small things by name: settings, positions of poll streams, and how much there is of everything.
import type { Store, StoreCounts } from '../../ports/store.ts'
import type { Connection } from './connection.ts'

interface CursorRow {
  readonly since_ms: number
  readonly watermark_ms: number | null
}

export const sqliteSettings = (connection: Connection): Pick<Store, 'readCursor' | 'readSetting' | 'writeSetting' | 'counts'> => ({
  readCursor: async (channel, stream) => {
    const [stored] = connection.all('SELECT since_ms, watermark_ms FROM cursors WHERE channel = ? AND stream = ?', channel, stream)
    const row = stored as CursorRow | undefined
    return row === undefined ? null : { channel, stream, sinceMs: row.since_ms, watermarkMs: row.watermark_ms }
  },
  readSetting: async (name) =>
    (connection.all('SELECT value FROM settings WHERE name = ?', name)[0]?.['value'] as string | undefined) ?? null,
  writeSetting: async (name, value) => {
    connection.write(() =>
      connection
        .statement('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
        .run(name, value),
    )
  },
  counts: async () => {
    const [row] = connection.all(
      `SELECT (SELECT count(*) FROM stock) AS stock, (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM ledger) AS ledger,
        (SELECT count(*) FROM inbox WHERE state = 'pending' AND state <> 'applied') AS inboxPending,
        (SELECT count(*) FROM inbox WHERE state = 'parked' AND state <> 'applied') AS inboxParked`,
    )
    return { ...(row as unknown as StoreCounts) }
  },
})
