// Stock documents for people and sweeps: in the order of their SKU, then pool, which is the order of `_id`.
import type { Store } from '../../ports/store.ts'
import { afterPrefix, decodeCursor, pageLimit, pageOf } from '../page.ts'
import { skuRange, stockId, toStock } from './codec.ts'
import { type Connection, reached } from './connection.ts'

export const mongoStock = ({ collections }: Connection): Pick<Store, 'listStock' | 'readSku'> => ({
  listStock: ({ prefix = '', pool, after = null, limit }) =>
    reached(async () => {
      const rows = pageLimit(limit)
      const from = after === null ? { $gte: prefix } : { $gt: String(decodeCursor(after, [''])[0]) }
      const found = await collections.stock
        .find({ _id: { ...from, $lt: afterPrefix(prefix) }, ...(pool === undefined ? {} : { pool }) })
        .sort({ _id: 1 })
        .limit(rows + 1)
        .toArray()
      return pageOf(found.map(toStock), rows, (stock) => [stockId(stock)])
    }),
  readSku: (sku) =>
    reached(async () => {
      const found = await collections.stock
        .find({ _id: skuRange(sku) })
        .sort({ _id: 1 })
        .toArray()
      return found.map(toStock)
    }),
})
