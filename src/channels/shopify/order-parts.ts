// What happened to an order's units, read completely: shipments, refunds, and where several locations matter, assignments. Small orders
// come several in one request; a part with more lines than fit is read on, page by page.
import { resourceId } from './addresses.ts'
import { type ShopifyClient, understood } from './client.ts'
import type { RefundedUnits } from './line-quantities.ts'
import { type DetailNode, orderDetails, type Page, type PartNode, partLines } from './operations.ts'
import { asTimeMs } from './payload.ts'

export interface OrderParts {
  readonly shipments: readonly { readonly lineId: string; readonly locationId: string | null; readonly quantity: number }[]
  readonly refunds: readonly (RefundedUnits & { readonly lineId: string })[]
  /** Units still to be shipped, by fulfilment order. */
  readonly assignments: readonly { readonly lineId: string; readonly locationId: string | null; readonly remainingQuantity: number }[]
  /** False: it has more parts than can be read. */
  readonly complete: boolean
  /** Latest change of a fulfilment order. */
  readonly changedAtMs: number
  /** A fulfilment order has changed since it was made: that may have been a move to another location. */
  readonly mayHaveMoved: boolean
}

interface Size {
  readonly orders: number
  readonly parts: number
  readonly lines: number
}

/** Nearly all orders fit; at most 500 points a request by the published formula. */
const usual = (locations: boolean): Size => ({ orders: locations ? 3 : 4, parts: 4, lines: 5 })
/** For the others, alone. Refunds and fulfilments are lists without pages, so this is where they end. */
const large: Size = { orders: 1, parts: 30, lines: 3 }
const linesPage = 100
/** 25,000 rows is where Shopify's own pagination ends. */
const maxLinePages = 250

const openStatuses: ReadonlySet<string> = new Set(['IN_PROGRESS', 'INCOMPLETE', 'ON_HOLD', 'OPEN', 'SCHEDULED'])

const hasAllParts = (node: DetailNode, parts: number): boolean =>
  node.fulfillments.length < parts && node.refunds.length < parts && !node.fulfillmentOrders?.pageInfo.hasNextPage

export const readOrderParts = async (
  client: ShopifyClient,
  orderGlobalIds: readonly string[],
  locations: boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, OrderParts>> => {
  const readOn = async <T>(id: string, first: Page<T>, pageOf: (node: PartNode) => Page<T> | undefined): Promise<readonly T[]> => {
    const rows = [...first.nodes]
    let { pageInfo } = first
    for (let pages = 0; pageInfo.hasNextPage && pages < maxLinePages; pages++) {
      const { data } = await client.patient(partLines, { id, first: linesPage, after: pageInfo.endCursor }, signal)
      const page = data.node ? pageOf(data.node) : undefined
      if (!page) break
      rows.push(...page.nodes)
      pageInfo = page.pageInfo
    }
    return rows
  }

  const assemble = async (node: DetailNode, complete: boolean): Promise<OrderParts> => {
    const shipments: OrderParts['shipments'][number][] = []
    const refunds: OrderParts['refunds'][number][] = []
    const assignments: OrderParts['assignments'][number][] = []
    for (const each of node.fulfillments) {
      if (each.status !== 'SUCCESS') continue
      const locationId = each.location ? resourceId(each.location.id) : null
      for (const line of await readOn(each.id, each.fulfillmentLineItems, (part) => part.fulfillmentLineItems))
        shipments.push({ lineId: resourceId(line.lineItem.id) ?? '', locationId, quantity: line.quantity ?? 0 })
    }
    for (const each of node.refunds) {
      const atMs = asTimeMs(each.createdAt)
      for (const line of await readOn(each.id, each.refundLineItems, (part) => part.refundLineItems))
        refunds.push({ lineId: resourceId(line.lineItem.id) ?? '', quantity: line.quantity, kind: line.restockType, atMs })
    }
    let changedAtMs = 0
    let mayHaveMoved = false
    for (const each of node.fulfillmentOrders?.nodes ?? []) {
      const updatedAtMs = asTimeMs(each.updatedAt) ?? 0
      changedAtMs = Math.max(changedAtMs, updatedAtMs)
      mayHaveMoved ||= updatedAtMs > (asTimeMs(each.createdAt) ?? 0)
      const location = each.assignedLocation.location
      const open = openStatuses.has(each.status)
      for (const line of await readOn(each.id, each.lineItems, (part) => part.lineItems))
        assignments.push({
          lineId: resourceId(line.lineItem.id) ?? '',
          locationId: location ? resourceId(location.id) : null,
          remainingQuantity: open ? line.remainingQuantity : 0,
        })
    }
    return { shipments, refunds, assignments, complete, changedAtMs, mayHaveMoved }
  }

  const found = new Map<string, OrderParts>()
  const read = async (ids: readonly string[], size: Size): Promise<readonly string[]> => {
    const again: string[] = []
    const { data } = await client.patient(orderDetails, { ids, parts: size.parts, lines: size.lines, locations }, signal)
    for (const node of understood(orderDetails.name, data, (d) => [...d.nodes])) {
      if (node?.kind !== 'Order') continue
      const complete = understood(orderDetails.name, node, (n) => hasAllParts(n, size.parts))
      if (!complete && size !== large) again.push(node.id)
      else found.set(node.id, await assemble(node, complete))
    }
    return again
  }
  const size = usual(locations)
  for (let start = 0; start < orderGlobalIds.length; start += size.orders)
    for (const id of await read(orderGlobalIds.slice(start, start + size.orders), size)) await read([id], large)
  return found
}
