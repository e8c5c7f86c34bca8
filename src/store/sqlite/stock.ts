// Stock documents for people and sweeps: in the order of their SKU, then pool.
import type { Store } from '../../ports/store.ts'
import { afterPrefix, decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toStock } from './codec.ts'
import type { Connection } from './connection.ts'

export const sqliteStock = (connection: Connection): Pick<Store, 'listStock' | 'readSku'> => ({
  listStock: async ({ prefix = '', pool, after = null, limit }) => {
    const rows = pageLimit(limit)
    const where = ['sku >= ?', 'sku < ?']
    const values: (string | number)[] = [prefix, afterPrefix(prefix)]
    if (pool !== undefined) {
      where.push('pool = ?')
      values.push(pool)
    }
    if (after !== null) {
      where.push('(sku, pool) > (?, ?)')
      values.push(...decodeCursor(after, ['', '']))
    }
    const found = connection.all(`SELECT body FROM stock WHERE ${where.join(' AND ')} ORDER BY sku, pool LIMIT ?`, ...values, rows + 1)
    return pageOf(found.map(toStock), rows, (stock) => [stock.sku, stock.pool])
  },
  readSku: async (sku) => connection.all('SELECT body FROM stock WHERE sku = ? ORDER BY pool', sku).map(toStock),
})
