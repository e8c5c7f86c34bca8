// Orders for people (newest first) and for the acknowledgement loop (earliest due first).
import type { Document } from 'mongodb'
import type { Store } from '../../ports/store.ts'
import { decodeCursor, pageLimit, pageOf } from '../page.ts'
import { idOf, toOrder } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { before, fromNewest } from './paging.ts'

export const mongoOrders = ({ collections }: Connection): Pick<Store, 'dueAcknowledgements' | 'listOrders'> => ({
  dueAcknowledgements: ({ channel, state, dueBeforeMs, limit }) =>
    reached(async () => {
      const states = state === 'due' ? ['due', 'failed'] : ['submitted']
      const found = await collections.orders
        .find({
          channel,
          'acknowledgement.state': { $in: states },
          // As the partial index says it: not every server sees that the one follows from the other.
          'acknowledgement.dueAtMs': { $exists: true, $lte: dueBeforeMs },
        } as Document)
        .sort({ 'acknowledgement.dueAtMs': 1, _id: 1 })
        .limit(limit)
        .toArray()
      return found.map(toOrder)
    }),
  listOrders: ({ channel, after, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const found = await collections.orders
        .find({
          ...(channel === undefined ? {} : { channel }),
          ...(after === null ? fromNewest('firstSeenAtMs') : before(['firstSeenAtMs', '_id'], decodeCursor(after, [0, '']))),
        } as Document)
        .sort({ firstSeenAtMs: -1, _id: -1 })
        .limit(rows + 1)
        .toArray()
      const page = pageOf(found, rows, (order) => [order.firstSeenAtMs, idOf(order)])
      return { ...page, items: page.items.map(toOrder) }
    }),
})
