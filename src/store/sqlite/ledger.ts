// The ledger for people (newest first: by time, then version, then key) and for the check that levels are its fold.
import type { Store } from '../../ports/store.ts'
import { type AccountBalance, levelsOf } from '../ledger-levels.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toLedgerEntry } from './codec.ts'
import type { Connection } from './connection.ts'

export const sqliteLedger = (connection: Connection): Pick<Store, 'listLedger' | 'readLedgerEntry' | 'ledgerLevels'> => ({
  readLedgerEntry: async (key) => connection.all('SELECT * FROM ledger WHERE key = ?', key).map(toLedgerEntry)[0] ?? null,
  listLedger: async ({ sku, after, limit }) => {
    const rows = pageLimit(limit)
    const where: string[] = []
    const values: (string | number)[] = []
    if (sku !== undefined) {
      where.push('sku = ?')
      values.push(sku)
    }
    if (after !== null) {
      where.push('(at_ms, version, key) < (?, ?, ?)')
      values.push(...decodeCursor(after, [0, 0, '']))
    }
    const found = connection.all(
      `SELECT * FROM ledger ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY at_ms DESC, version DESC, key DESC LIMIT ?`,
      ...values,
      rows + 1,
    )
    return pageOf(found.map(toLedgerEntry), rows, (entry) => [entry.atMs, entry.version, entry.key])
  },
  ledgerLevels: async (keys) =>
    keys.map(({ sku, pool }) =>
      levelsOf(
        connection.all(
          `SELECT account, sum(units) AS units FROM (
             SELECT to_account AS account, units FROM ledger WHERE sku = ?1 AND pool = ?2
             UNION ALL SELECT from_account, -units FROM ledger WHERE sku = ?1 AND pool = ?2)
           GROUP BY account`,
          sku,
          pool,
        ) as unknown as readonly AccountBalance[],
      ),
    ),
})
