// Orders for people (newest first) and for the acknowledgement loop (earliest due first).
import type { Store } from '../../ports/store.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { toOrder } from './codec.ts'
import type { Connection } from './connection.ts'

export const sqliteOrders = (connection: Connection): Pick<Store, 'dueAcknowledgements' | 'listOrders'> => ({
  dueAcknowledgements: async ({ channel, state, dueBeforeMs, limit }) =>
    connection
      .all(
        `SELECT body FROM orders WHERE channel = ? AND acknowledgement = ? AND acknowledgement IS NOT NULL AND acknowledgement_due_at_ms <= ?
         ORDER BY acknowledgement_due_at_ms, order_id LIMIT ?`,
        channel,
        state,
        dueBeforeMs,
        limit,
      )
      .map(toOrder),
  listOrders: async ({ channel, after, limit }) => {
    const rows = pageLimit(limit)
    const where: string[] = []
    const values: (string | number)[] = []
    if (channel !== undefined) {
      where.push('channel = ?')
      values.push(channel)
    }
    if (after !== null) {
      where.push('(first_seen_at_ms, channel, order_id) < (?, ?, ?)')
      values.push(...decodeCursor(after, [0, '', '']))
    }
    const found = connection.all(
      `SELECT body FROM orders ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
       ORDER BY first_seen_at_ms DESC, channel DESC, order_id DESC LIMIT ?`,
      ...values,
      rows + 1,
    )
    return pageOf(found.map(toOrder), rows, (order) => [order.firstSeenAtMs, order.channel, order.orderId])
  },
})
