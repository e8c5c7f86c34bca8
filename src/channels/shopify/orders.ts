// Orders from the Admin API: a poll of everything updated in a window, and orders by id. Complete or failed, never in between: all pages,
// all lines of long orders, no filter by status (a cancelled or archived order counts as well).
import { BelayError } from '../../domain/errors.ts'
import type { OrderFact } from '../../domain/orders.ts'
import type { PollRequest, PollResult } from '../../ports/channel.ts'
import { globalId, isResourceId, resourceId } from './addresses.ts'
import { type Reply, type ShopifyClient, understood } from './client.ts'
import { isTooCostly } from './errors.ts'
import { isUntouched, type MapContext, type MappedOrder, mapOrder } from './map.ts'
import { type LineNode, type OrderNode, orderLines, ordersById, ordersUpdated, type Page } from './operations.ts'
import { readOrderParts } from './order-parts.ts'
import type { VariantIndex } from './variant-index.ts'

/** Without the scope read_all_orders older orders are not shown (source: shopify.dev, Order object). */
const oldestOrderMs = 60 * 24 * 3_600_000
/** Shopify's pagination ends at 25,000 rows; long before that the window is begun anew at the last order seen. */
const ordersPerCursor = 5_000
const linesPage = 50
/** An order has at most 500 lines. */
const maxLinePages = 20

interface Size {
  readonly first: number
  readonly lines: number
}

/** About 400 points by the published formula (a query may cost 1000). Orders with more lines, which are few, are read on. */
const initialSize = (amounts: boolean): Size => (amounts ? { first: 6, lines: 6 } : { first: 12, lines: 10 })

const smaller = ({ first, lines }: Size): Size | null => {
  if (first > 1) return { first: Math.ceil(first / 2), lines }
  return lines > 1 ? { first, lines: Math.ceil(lines / 2) } : null
}

/** Search syntax of Shopify takes whole seconds. */
const searchTime = (atMs: number): string => new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace('.000Z', 'Z')

export interface Orders {
  poll(request: PollRequest): Promise<PollResult>
  byId(orderIds: readonly string[], signal: AbortSignal): Promise<readonly OrderFact[]>
}

export interface OrdersOptions {
  readonly client: ShopifyClient
  readonly context: MapContext
  readonly variants: VariantIndex
  /** Do webhooks tell the amounts? Then polls, which read the same orders again and again, leave them out. */
  readonly webhooksTellAmounts: () => boolean
}

export const createOrders = (options: OrdersOptions): Orders => {
  const { client, context, variants } = options
  const severalLocations = context.locationIds.length > 1
  const sizes = new Map<boolean, Size>()

  /** Asks with pages as large as one query may cost, and remembers what passed. */
  const sized = async <D>(amounts: boolean, ask: (size: Size) => Promise<Reply<D>>): Promise<Reply<D>> => {
    for (;;) {
      const size = sizes.get(amounts) ?? initialSize(amounts)
      try {
        return await ask(size)
      } catch (error) {
        const next = isTooCostly(error) ? smaller(size) : null
        if (!next) throw error
        sizes.set(amounts, next)
      }
    }
  }

  const withAllLines = async (order: OrderNode, amounts: boolean, signal: AbortSignal): Promise<OrderNode> => {
    let page: Page<LineNode> = order.lineItems
    const nodes = [...page.nodes]
    for (let pages = 0; page.pageInfo.hasNextPage; pages++) {
      if (pages >= maxLinePages) throw new BelayError('channel-answer-malformed', `order.lineItems: ${order.id} does not end`)
      const variables = { id: order.id, first: linesPage, after: page.pageInfo.endCursor, amounts }
      const { data } = await client.patient(orderLines, variables, signal)
      // Deleted meanwhile: what was read of it stands.
      if (!data.order) break
      page = data.order.lineItems
      nodes.push(...page.nodes)
    }
    return { ...order, lineItems: { nodes, pageInfo: page.pageInfo } }
  }

  const mapAll = async (found: readonly OrderNode[], amounts: boolean, signal: AbortSignal): Promise<readonly MappedOrder[]> => {
    const orders: OrderNode[] = []
    for (const order of found) orders.push(order.lineItems.pageInfo.hasNextPage ? await withAllLines(order, amounts, signal) : order)
    const detailed = orders.filter((order) => severalLocations || !isUntouched(order)).map((order) => order.id)
    const parts = await readOrderParts(client, detailed, severalLocations, signal)
    return orders.flatMap((order) => {
      for (const { variant } of order.lineItems.nodes)
        if (variant) variants.learn(resourceId(variant.id), resourceId(variant.inventoryItem.id))
      const itsParts = parts.get(order.id) ?? null
      // Deleted between the two requests.
      if (itsParts === null && detailed.includes(order.id)) return []
      const mapped = mapOrder(context, order, itsParts)
      if (!mapped) throw new BelayError('channel-answer-malformed', `orders: ${order.id} has no readable ids or times`)
      return [mapped]
    })
  }

  return {
    poll: async ({ sinceMs, nowMs, onPage, signal }) => {
      const amounts = !options.webhooksTellAmounts()
      let fromMs = Math.max(sinceMs, nowMs - oldestOrderMs)
      let after: string | null = null
      let startedAtMs: number | null = null
      let undecidedSinceMs: number | null = null
      let underCursor = 0
      for (;;) {
        const query = `updated_at:>='${searchTime(fromMs)}'`
        const reply = await sized(amounts, ({ first, lines }) =>
          client.patient(ordersUpdated, { query, first, lines, after, amounts }, signal),
        )
        // The earlier of both clocks: what the platform held then is in, by either.
        startedAtMs ??= Math.min(nowMs, reply.sentAtPlatformMs ?? nowMs)
        const page = understood(ordersUpdated.name, reply.data, ({ orders }) => ({ nodes: [...orders.nodes], ...orders.pageInfo }))
        const mapped = await mapAll(page.nodes, amounts, signal)
        for (const { fact, undecided } of mapped)
          if (undecided) undecidedSinceMs = Math.min(undecidedSinceMs ?? fact.createdAtMs, fact.createdAtMs)
        await onPage(mapped.flatMap(({ fact }) => (fact.lines.length > 0 ? [fact] : [])))
        if (!page.hasNextPage) return { throughMs: startedAtMs, undecidedSinceMs }
        underCursor += page.nodes.length
        const lastMs = Date.parse(page.nodes.at(-1)?.updatedAt ?? '')
        if (underCursor >= ordersPerCursor && lastMs - 1000 > fromMs) {
          fromMs = lastMs - 1000
          after = null
          underCursor = 0
        } else after = page.endCursor
      }
    },
    byId: async (orderIds, signal) => {
      const facts: OrderFact[] = []
      const ids = [...new Set(orderIds)].filter(isResourceId).map((id) => globalId('Order', id))
      for (let start = 0; start < ids.length; ) {
        let taken = 0
        const reply = await sized(true, ({ first, lines }) => {
          taken = first
          return client.patient(ordersById, { ids: ids.slice(start, start + first), lines, amounts: true }, signal)
        })
        start += taken
        const found = understood(ordersById.name, reply.data, ({ nodes }) =>
          nodes.filter((node): node is OrderNode => node !== null && node.kind === 'Order'),
        )
        for (const { fact } of await mapAll(found, true, signal)) if (fact.lines.length > 0) facts.push(fact)
      }
      return facts
    },
  }
}
