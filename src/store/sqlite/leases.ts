// Leases with fencing numbers. A lease's row is never deleted, so its number never repeats.
//   free (expired or released) -> held by X with number n+1 -> renewed by X before it expires, same number -> free
import type { Lease, Store } from '../../ports/store.ts'
import type { Connection } from './connection.ts'

interface LeaseRow {
  readonly owner: string
  readonly token: number
  readonly expires_at_ms: number
}

export const sqliteLeases = (connection: Connection): Pick<Store, 'acquireLease' | 'releaseLease'> => ({
  acquireLease: async (name, owner, ttlMs, nowMs) =>
    connection.write((): Lease | null => {
      const held = connection.statement('SELECT owner, token, expires_at_ms FROM leases WHERE name = ?').get(name) as LeaseRow | undefined
      const live = held !== undefined && held.expires_at_ms > nowMs
      if (live && held.owner !== owner) return null
      const token = live ? held.token : (held?.token ?? 0) + 1
      const expiresAtMs = nowMs + ttlMs
      connection
        .statement(
          `INSERT INTO leases (name, owner, token, expires_at_ms) VALUES (?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = excluded.token, expires_at_ms = excluded.expires_at_ms`,
        )
        .run(name, owner, token, expiresAtMs)
      return { name, owner, token, expiresAtMs }
    }),
  releaseLease: async (name, owner, token) => {
    connection.write(() =>
      connection.statement('UPDATE leases SET expires_at_ms = 0 WHERE name = ? AND owner = ? AND token = ?').run(name, owner, token),
    )
  },
})
