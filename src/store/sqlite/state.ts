// What a batch of decisions needs, read in one view.
import type { State, StateRequest } from '../../ports/store.ts'
import { toOrder, toStock } from './codec.ts'
import type { Connection, Row } from './connection.ts'

export const readState = (connection: Connection, request: StateRequest): State =>
  connection.read(() => {
    const readStock = connection.statement('SELECT body FROM stock WHERE sku = ? AND pool = ?')
    const readOrder = connection.statement('SELECT body FROM orders WHERE channel = ? AND order_id = ?')
    const readLedger = connection.statement('SELECT 1 FROM ledger WHERE key = ?')
    const parsed = <T>(row: Row | undefined, parse: (row: Row) => T): T | null => (row === undefined ? null : parse(row))
    return {
      stock: request.stock.map(({ sku, pool }) => parsed(readStock.get(sku, pool), toStock)),
      orders: request.orders.map(({ channel, orderId }) => parsed(readOrder.get(channel, orderId), toOrder)),
      ledgerKeys: new Set(request.ledgerKeys.filter((key) => readLedger.get(key) !== undefined)),
    }
  })
