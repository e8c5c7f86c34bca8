// Incidents, newest first.
import type { Store } from '../../ports/store.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toIncident } from './codec.ts'
import type { Connection } from './connection.ts'

export const sqliteIncidents = (connection: Connection): Pick<Store, 'listIncidents'> => ({
  listIncidents: async ({ sku, after, limit }) => {
    const rows = pageLimit(limit)
    const where: string[] = []
    const values: (string | number)[] = []
    if (sku !== undefined) {
      where.push('sku = ?')
      values.push(sku)
    }
    if (after !== null) {
      where.push('(at_ms, id) < (?, ?)')
      values.push(...decodeCursor(after, [0, '']))
    }
    const found = connection.all(
      `SELECT body FROM incidents ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY at_ms DESC, id DESC LIMIT ?`,
      ...values,
      rows + 1,
    )
    return pageOf(found.map(toIncident), rows, (incident) => [incident.atMs, incident.id])
  },
})
