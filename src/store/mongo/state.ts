// What a batch of decisions needs, read in one view: a transaction with snapshot reads, committed with majority, because only then does
// MongoDB promise that what was read is majority-committed. One document needs no transaction: it is consistent by itself.
import type { ClientSession } from 'mongodb'
import type { State, StateRequest } from '../../ports/store.ts'
import { idOf, orderId, stockId, toOrder, toStock } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { inTransaction } from './transaction.ts'

const readAll = async ({ collections }: Connection, request: StateRequest, session?: ClientSession): Promise<State> => {
  const options = session ? { session } : {}
  const stockIds = request.stock.map(stockId)
  const orderIds = request.orders.map(orderId)
  const stock = stockIds.length > 0 ? await collections.stock.find({ _id: { $in: stockIds } }, options).toArray() : []
  const orders = orderIds.length > 0 ? await collections.orders.find({ _id: { $in: orderIds } }, options).toArray() : []
  const ledger =
    request.ledgerKeys.length > 0
      ? await collections.ledger.find({ _id: { $in: [...request.ledgerKeys] } }, { ...options, projection: { _id: 1 } }).toArray()
      : []
  const stockById = new Map(stock.map((document) => [idOf(document), document]))
  const orderById = new Map(orders.map((document) => [idOf(document), document]))
  return {
    stock: stockIds.map((id) => {
      const found = stockById.get(id)
      return found ? toStock(found) : null
    }),
    orders: orderIds.map((id) => {
      const found = orderById.get(id)
      return found ? toOrder(found) : null
    }),
    ledgerKeys: new Set(ledger.map(({ _id }) => _id)),
  }
}

export const readState = async (connection: Connection, request: StateRequest): Promise<State> => {
  const wanted = request.stock.length + request.orders.length + request.ledgerKeys.length
  if (wanted <= 1) return reached(() => readAll(connection, request))
  return inTransaction(
    connection,
    async (session) => ({ kind: 'commit', value: await readAll(connection, request, session) }),
    async () => undefined,
  )
}
