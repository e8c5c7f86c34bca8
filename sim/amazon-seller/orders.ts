// Orders API 2026-01-01: searchOrders and getOrder.
// A search never sees the last two minutes, and an order may be found later than that: it becomes visible up to the account's visibility
// delay after its creation. All other parameters must be repeated with a paginationToken, except maxResultsPerPage and includedData.
import type { SimulatorPorts } from '../simulator.ts'
import { type Answer, answered, type Endpoint, invalid, refusal } from '../sp-api/gateway.ts'
import { type Arguments, loadOperation } from '../sp-api/operation.ts'
import { createPages } from '../sp-api/paging.ts'
import { apiStatusOf, orderShape, type OrderView } from './order-shape.ts'
import type { SellerOrder, Shop } from './shop.ts'

/** Orders API 2026-01-01: `*Before` must be at least two minutes before the request. */
const unsearchableMs = 120_000
/** Orders API 2026-01-01, Pagination: the token will expire after 24 hours. */
const pageLifetimeMs = 86_400_000
const maxPageSize = 100

interface SearchQuery {
  readonly createdAfter?: string
  readonly createdBefore?: string
  readonly lastUpdatedAfter?: string
  readonly lastUpdatedBefore?: string
  readonly fulfillmentStatuses?: readonly string[]
  readonly marketplaceIds?: readonly string[]
  readonly fulfilledBy?: readonly string[]
  readonly maxResultsPerPage?: number
  readonly paginationToken?: string
  readonly includedData?: readonly string[]
}

/** Times without a zone are UTC. */
const timeOf = (text: string): number => Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)

interface Window {
  readonly by: 'created' | 'lastUpdated'
  readonly fromMs: number
  readonly throughMs: number
}

const windowOf = (query: SearchQuery, nowMs: number): Window | Answer => {
  const { createdAfter, lastUpdatedAfter, createdBefore, lastUpdatedBefore } = query
  const after = createdAfter ?? lastUpdatedAfter
  if (after === undefined || (createdAfter !== undefined && lastUpdatedAfter !== undefined))
    return invalid('createdAfter, lastUpdatedAfter', 'must be given, exactly one of them')
  const by = createdAfter === undefined ? 'lastUpdated' : 'created'
  if (by === 'created' && lastUpdatedBefore !== undefined) return invalid('lastUpdatedBefore', 'must not be given with createdAfter')
  if (by === 'lastUpdated' && createdBefore !== undefined) return invalid('createdBefore', 'must not be given with lastUpdatedAfter')
  const before = createdBefore ?? lastUpdatedBefore
  const latestMs = nowMs - unsearchableMs
  if (before !== undefined && timeOf(before) > latestMs) return invalid(`${by}Before`, 'must be at least two minutes in the past')
  if (before !== undefined && timeOf(before) < timeOf(after)) return invalid(`${by}Before`, `must not be before ${by}After`)
  return { by, fromMs: timeOf(after), throughMs: before === undefined ? latestMs : timeOf(before) }
}

export interface OrdersOptions {
  readonly marketplaceId: string
  readonly shop: Shop
  readonly ports: SimulatorPorts
  readonly cancelledUnits: OrderView['cancelledUnits']
}

export const ordersEndpoints = ({ marketplaceId, shop, ports, cancelledUnits }: OrdersOptions): readonly Endpoint[] => {
  const pages = createPages<SellerOrder>(ports.clock, ports.random, pageLifetimeMs)

  const find = (query: SearchQuery, window: Window): readonly SellerOrder[] => {
    const nowMs = ports.clock.nowMs()
    const timeIn = (order: SellerOrder): number => (window.by === 'created' ? order.createdAtMs : order.updatedAtMs)
    if (query.marketplaceIds && !query.marketplaceIds.includes(marketplaceId)) return []
    if (query.fulfilledBy && !query.fulfilledBy.includes('MERCHANT')) return []
    const found: SellerOrder[] = []
    for (const order of shop.orders.values()) {
      const timeMs = timeIn(order)
      if (timeMs < window.fromMs || timeMs > window.throughMs || order.visibleAtMs > nowMs) continue
      if (query.fulfillmentStatuses && !query.fulfillmentStatuses.includes(apiStatusOf(order))) continue
      found.push(order)
    }
    return found.sort((a, b) => timeIn(a) - timeIn(b))
  }

  const search = (call: Arguments): Answer => {
    const query = call.query as SearchQuery
    const pageSize = query.maxResultsPerPage ?? maxPageSize
    if (pageSize < 1 || pageSize > maxPageSize) return invalid('maxResultsPerPage', `must be between 1 and ${maxPageSize}`)
    const window = windowOf(query, ports.clock.nowMs())
    if ('status' in window) return window
    const filter = JSON.stringify({ ...query, paginationToken: undefined, maxResultsPerPage: undefined, includedData: undefined })
    const { paginationToken } = query
    const page =
      paginationToken === undefined ? pages.first(find(query, window), pageSize, filter) : pages.next(paginationToken, pageSize, filter)
    if ('refused' in page) return invalid('paginationToken', `is not valid: ${page.refused}`)
    const view = { marketplaceId, includedData: query.includedData ?? [], cancelledUnits }
    return answered(200, {
      orders: page.items.map((order) => orderShape(order, view)),
      ...(page.nextToken === null ? {} : { pagination: { nextToken: page.nextToken } }),
      [window.by === 'created' ? 'createdBefore' : 'lastUpdatedBefore']: new Date(window.throughMs).toISOString(),
    })
  }

  const get = (call: Arguments): Answer => {
    const orderId = call.path['orderId'] ?? ''
    const order = shop.orders.get(orderId)
    if (!order || order.visibleAtMs > ports.clock.nowMs()) return refusal(404, 'NotFound', 'The requested order was not found.')
    const includedData = (call.query['includedData'] as readonly string[] | undefined) ?? []
    return answered(200, { order: orderShape(order, { marketplaceId, includedData, cancelledUnits }) })
  }

  return [
    { operation: loadOperation('orders', 'searchOrders'), access: 'partner', writes: false, handle: search },
    { operation: loadOperation('orders', 'getOrder'), access: 'partner', writes: false, handle: get },
  ]
}
