// The orders that an oversell hits: of the open orders of a SKU those created last, until the missing units are covered. Looks through the
// newest orders only (bounded): what cannot be filled is what came in last.
import type { StockKey } from '../domain/ids.ts'
import type { AffectedOrder } from '../domain/stock-incidents.ts'
import type { Order } from '../domain/orders.ts'
import type { Store } from '../ports/store.ts'

const pageSize = 500
const maxPages = 4

const openUnits = (order: Order, { sku, pool }: StockKey): number => {
  let units = 0
  for (const line of order.lines) {
    if (line.sku !== sku || line.pool !== pool) continue
    const promised = line.acceptedQuantity ?? line.orderedQuantity
    units += Math.max(0, promised - line.cancelledQuantity - line.shippedQuantity) * line.unitsPerListing
  }
  return units
}

/** Latest first, as many as it takes for `missingUnits`. */
export const affectedOrders = async (store: Store, key: StockKey, missingUnits: number): Promise<readonly AffectedOrder[]> => {
  const open: AffectedOrder[] = []
  let after: string | null = null
  for (let page = 0; page < maxPages; page++) {
    const { items, next }: Awaited<ReturnType<Store['listOrders']>> = await store.listOrders({ after, limit: pageSize })
    for (const order of items) {
      const units = openUnits(order, key)
      if (units > 0) open.push({ channel: order.channel, orderId: order.orderId, createdAtMs: order.createdAtMs, units })
    }
    if (next === null) break
    after = next
  }
  open.sort((a, b) => b.createdAtMs - a.createdAtMs || (a.orderId < b.orderId ? -1 : 1))
  let covered = 0
  return open.filter((order) => {
    if (covered >= missingUnits) return false
    covered += order.units
    return true
  })
}
