// Shopify's rows to the hub's facts. Pure and total: what is not understood is null or `malformed`, never an exception.
// One location in the account: an order's stock is taken there, whatever the payload says. Several: the platform assigns lines to locations
// in fulfilment orders and may move them, so a line becomes one fact for each location, `{lineItemId}@{locationId}`, whose ordered
// quantity is the whole line and whose cancelled quantity is all of it that is not at that location now. A move is then what it is in
// Shopify: units put back on sale at one location and taken at another.
import type { ChannelId } from '../../domain/ids.ts'
import type { OrderFact, OrderLineFact } from '../../domain/orders.ts'
import type { Interpretation } from '../../ports/channel.ts'
import { itemKey, resourceId, variantKey } from './addresses.ts'
import { type LineEvidence, lineQuantities, type RefundedUnits, type RestockKind } from './line-quantities.ts'
import { lineAmountMinor } from './money.ts'
import type { LineNode, OrderNode } from './operations.ts'
import { asCount, asId, asInteger, asRows, asText, asTimeMs, type JsonObject, parseObject } from './payload.ts'
import type { OrderParts } from './order-parts.ts'
import { levelTopic, orderIdTopics, orderTopics } from './webhook-payload.ts'

export interface MapContext {
  readonly channel: ChannelId
  /** Shopify's ids of the account's locations. */
  readonly locationIds: readonly string[]
}

/** A line that takes nothing from any shelf: a custom line, a gift card, or something untracked that is not shipped. */
const isOfStock = (line: { variantId: string | null; giftCard: boolean; requiresShipping: boolean; tracked: boolean }): boolean =>
  line.variantId !== null && !line.giftCard && (line.tracked || line.requiresShipping)

const orderFact = (
  context: MapContext,
  order: { readonly orderId: string; readonly createdAtMs: number; readonly revisedAtMs: number },
  lines: readonly OrderLineFact[],
): OrderFact => ({
  channel: context.channel,
  ...order,
  demand: 'fact',
  merge: context.locationIds.length === 1 ? 'maximum' : 'revision',
  acknowledgeByMs: null,
  lines,
  echo: null,
})

// ---- answers of the Admin API ----

const variantIdOf = (line: LineNode): string | null => (line.variant ? resourceId(line.variant.id) : null)

const keysOf = (line: LineNode, locationId: string): readonly string[] => {
  const variantId = variantIdOf(line)
  const itemId = line.variant ? resourceId(line.variant.inventoryItem.id) : null
  return [...(itemId === null ? [] : [itemKey(itemId, locationId)]), ...(variantId === null ? [] : [variantKey(variantId, locationId)])]
}

const amountOf = (order: OrderNode, line: LineNode): { readonly amountMinor: number | null; readonly currency: string | null } => {
  const unit = line.originalUnitPriceSet?.shopMoney
  const currency = unit?.currencyCode
  if (!unit || !currency) return { amountMinor: null, currency: null }
  const amountMinor = lineAmountMinor({
    unitPrice: unit.amount,
    quantity: line.quantity,
    discounts: (line.discountAllocations ?? []).map((each) => each.allocatedAmountSet.shopMoney.amount),
    taxes: (line.taxLines ?? []).map((each) => each.priceSet.shopMoney.amount),
    taxesIncluded: order.taxesIncluded,
    currency,
  })
  return { amountMinor, currency: amountMinor === null ? null : currency }
}

/** Nothing of it was refunded, removed or cancelled, so that it speaks for itself. */
export const isUntouched = (order: OrderNode): boolean =>
  order.cancelledAt === null && order.lineItems.nodes.every((line) => line.currentQuantity === line.quantity)

const evidenceOf = (order: OrderNode, line: LineNode, parts: OrderParts | null): LineEvidence => {
  const lineId = resourceId(line.id) ?? ''
  return {
    quantity: line.quantity,
    currentQuantity: line.currentQuantity,
    unfulfilledQuantity: line.unfulfilledQuantity,
    shippedQuantity: parts
      ? parts.shipments.reduce((sum, each) => (each.lineId === lineId ? sum + each.quantity : sum), 0)
      : Math.max(0, line.quantity - line.unfulfilledQuantity),
    refunds: parts?.refunds.filter((each) => each.lineId === lineId) ?? [],
    refundsComplete: parts?.complete ?? false,
    orderCancelledAtMs: asTimeMs(order.cancelledAt),
  }
}

export interface MappedOrder {
  readonly fact: OrderFact
  /** Some of it is not assigned to a location yet. */
  readonly undecided: boolean
}

const atLocations = (
  context: MapContext,
  order: OrderNode,
  line: LineNode,
  parts: OrderParts,
): { readonly facts: readonly OrderLineFact[]; readonly undecided: boolean } => {
  const lineId = resourceId(line.id) ?? ''
  const whole = lineQuantities(evidenceOf(order, line, parts))
  const assigned = parts.assignments.filter((each) => each.lineId === lineId)
  const openQuantity = whole.orderedQuantity - whole.cancelledQuantity - whole.shippedQuantity
  const undecided =
    openQuantity > 0 && (assigned.length === 0 || assigned.some((each) => each.locationId === null && each.remainingQuantity > 0))
  const facts: OrderLineFact[] = []
  for (const locationId of context.locationIds) {
    const shipped = parts.shipments.reduce(
      (sum, each) => (each.lineId === lineId && each.locationId === locationId ? sum + each.quantity : sum),
      0,
    )
    const remaining = assigned.reduce((sum, each) => (each.locationId === locationId ? sum + each.remainingQuantity : sum), 0)
    // A cancelled order's fulfilment orders may lag behind it.
    const here = Math.min(whole.orderedQuantity, shipped + Math.min(remaining, openQuantity))
    const wasHere = assigned.some((each) => each.locationId === locationId)
    // Nothing here now: told only where it was here, or may have been moved away since (an untouched fulfilment order never was).
    if (here === 0 && !wasHere && !parts.mayHaveMoved) continue
    facts.push({
      ...whole,
      ...amountOf(order, line),
      lineId: `${lineId}@${locationId}`,
      listingKeys: keysOf(line, locationId),
      cancelledQuantity: whole.orderedQuantity - here,
      shippedQuantity: Math.min(shipped, here),
      cancelledAtMs: here === whole.orderedQuantity ? null : whole.cancelledAtMs,
      // Units that left for another location are on sale again here.
      cancelMayRestock: assigned.every((each) => each.locationId === locationId) ? whole.cancelMayRestock : true,
    })
  }
  return { facts, undecided }
}

/** `parts`: needed for an order that is not untouched, and always where there are several locations. */
export const mapOrder = (context: MapContext, order: OrderNode, parts: OrderParts | null): MappedOrder | null => {
  const orderId = resourceId(order.id)
  const createdAtMs = asTimeMs(order.createdAt)
  const updatedAtMs = asTimeMs(order.updatedAt)
  const only = context.locationIds.length === 1 ? context.locationIds[0] : undefined
  if (orderId === null || createdAtMs === null || updatedAtMs === null) return null
  const lines: OrderLineFact[] = []
  let undecided = false
  for (const line of order.lineItems.nodes) {
    const lineId = resourceId(line.id)
    if (lineId === null) return null
    const tracked = line.variant?.inventoryItem.tracked ?? false
    if (!isOfStock({ variantId: variantIdOf(line), giftCard: line.isGiftCard, requiresShipping: line.requiresShipping, tracked })) continue
    if (only !== undefined) {
      const quantities = lineQuantities(evidenceOf(order, line, parts))
      lines.push({ lineId, listingKeys: keysOf(line, only), ...quantities, ...amountOf(order, line) })
    } else if (parts) {
      const mapped = atLocations(context, order, line, parts)
      lines.push(...mapped.facts)
      undecided ||= mapped.undecided
    } else return null
  }
  const revisedAtMs = Math.max(updatedAtMs, only === undefined ? (parts?.changedAtMs ?? 0) : 0)
  return { fact: orderFact(context, { orderId, createdAtMs, revisedAtMs }, lines), undecided }
}

// ---- stored webhooks ----

const restockKinds: Readonly<Record<string, RestockKind>> = {
  cancel: 'CANCEL',
  return: 'RETURN',
  no_restock: 'NO_RESTOCK',
  legacy_restock: 'LEGACY_RESTOCK',
}

/** Null: the payload does not tell, or not in a form that is understood. */
const refundsOf = (order: JsonObject, lineId: string): readonly RefundedUnits[] | null => {
  const refunds = asRows(order['refunds'])
  if (!refunds) return null
  const found: RefundedUnits[] = []
  for (const refund of refunds) {
    const rows = asRows(refund['refund_line_items'])
    if (!rows) return null
    for (const row of rows) {
      if (asId(row['line_item_id']) !== lineId) continue
      const quantity = asCount(row['quantity'])
      const kind = restockKinds[asText(row['restock_type']) ?? '']
      if (quantity === null || kind === undefined) return null
      found.push({ quantity, kind, atMs: asTimeMs(refund['created_at']) })
    }
  }
  return found
}

const shippedOf = (order: JsonObject, lineId: string): number | null => {
  const fulfillments = asRows(order['fulfillments'])
  if (!fulfillments) return null
  let shipped = 0
  for (const fulfillment of fulfillments) {
    if (asText(fulfillment['status']) !== 'success') continue
    const rows = asRows(fulfillment['line_items'])
    if (!rows) return null
    for (const row of rows) if (asId(row['id']) === lineId) shipped += asCount(row['quantity']) ?? 0
  }
  return shipped
}

const listOfTexts = (rows: unknown, name: string): readonly string[] =>
  (asRows(rows) ?? []).flatMap((row) => {
    const text = asText(row[name])
    return text === null ? [] : [text]
  })

type MappedLine = OrderLineFact | 'skip' | 'unclear' | 'malformed'

const webhookLine = (order: JsonObject, line: JsonObject, locationId: string): MappedLine => {
  const lineId = asId(line['id'])
  const quantity = asCount(line['quantity'])
  if (lineId === null || quantity === null) return 'malformed'
  const variantId = asId(line['variant_id'])
  const inventoryItemId = asId(line['inventory_item_id'])
  const stock = isOfStock({
    variantId,
    giftCard: line['gift_card'] === true,
    requiresShipping: line['requires_shipping'] !== false,
    tracked: asText(line['variant_inventory_management']) !== null,
  })
  if (!stock || variantId === null) return 'skip'
  const currentQuantity = asCount(line['current_quantity'])
  const orderCancelledAtMs = asTimeMs(order['cancelled_at'])
  const refunds = refundsOf(order, lineId)
  const shipped = shippedOf(order, lineId)
  const touched = orderCancelledAtMs !== null || currentQuantity === null || currentQuantity < quantity
  if (touched && (refunds === null || shipped === null)) return 'unclear'
  const unitPrice = asText(line['price'])
  const currency = asText(order['currency'])
  const amountMinor =
    unitPrice === null || currency === null
      ? null
      : lineAmountMinor({
          unitPrice,
          quantity,
          discounts: listOfTexts(line['discount_allocations'], 'amount'),
          taxes: listOfTexts(line['tax_lines'], 'price'),
          taxesIncluded: order['taxes_included'] === true,
          currency,
        })
  return {
    lineId,
    listingKeys: [...(inventoryItemId === null ? [] : [itemKey(inventoryItemId, locationId)]), variantKey(variantId, locationId)],
    ...lineQuantities({
      quantity,
      currentQuantity,
      unfulfilledQuantity: asCount(line['fulfillable_quantity']),
      shippedQuantity: shipped ?? 0,
      refunds: refunds ?? [],
      refundsComplete: refunds !== null,
      orderCancelledAtMs,
    }),
    amountMinor,
    currency: amountMinor === null ? null : currency,
  }
}

const malformed = (reason: string): Interpretation => ({ kind: 'malformed', reason })

const interpretOrder = (context: MapContext, order: JsonObject): Interpretation => {
  const orderId = asId(order['id'])
  const createdAtMs = asTimeMs(order['created_at'])
  const revisedAtMs = asTimeMs(order['updated_at'])
  const rows = asRows(order['line_items'])
  const [only, ...others] = context.locationIds
  if (orderId === null) return malformed('the order has no id')
  if (others.length > 0 || only === undefined) return { kind: 'refetch', orderIds: [orderId] }
  if (createdAtMs === null || revisedAtMs === null) return malformed(`order ${orderId} has no readable created_at or updated_at`)
  if (!rows) return malformed(`order ${orderId} has no readable line_items`)
  const lines: OrderLineFact[] = []
  for (const row of rows) {
    const line = webhookLine(order, row, only)
    if (line === 'malformed') return malformed(`order ${orderId} has a line without id or quantity`)
    if (line === 'unclear') return { kind: 'refetch', orderIds: [orderId] }
    if (line !== 'skip') lines.push(line)
  }
  if (lines.length === 0) return { kind: 'ignore', reason: 'no line of the order takes stock' }
  return { kind: 'orders', facts: [orderFact(context, { orderId, createdAtMs, revisedAtMs }, lines)] }
}

const interpretLevel = (context: MapContext, level: JsonObject): Interpretation => {
  const itemId = asId(level['inventory_item_id'])
  const locationId = asId(level['location_id'])
  const atMs = asTimeMs(level['updated_at'])
  if (itemId === null || locationId === null || atMs === null) return malformed('the inventory level has no readable ids or time')
  if (!context.locationIds.includes(locationId)) return { kind: 'ignore', reason: `location ${locationId} is not one of this channel` }
  const quantity = asInteger(level['available'])
  if (quantity === null) return { kind: 'ignore', reason: 'the item is not tracked there' }
  return { kind: 'quantity', listingKey: itemKey(itemId, locationId), quantity, atMs }
}

/** Made from the stored event alone. Total: any text of any topic has an interpretation. */
export const interpretEvent = (context: MapContext, topic: string, payload: string): Interpretation => {
  const known = orderTopics.has(topic) || orderIdTopics.has(topic) || topic === levelTopic
  if (!known) return { kind: 'ignore', reason: `topic ${topic.slice(0, 60)} is not one that Belay uses` }
  const body = parseObject(payload)
  if (!body) return malformed('the stored payload is not a JSON object')
  if (topic === levelTopic) return interpretLevel(context, body)
  if (orderTopics.has(topic)) return interpretOrder(context, body)
  const orderId = asId(body['order_id'])
  return orderId === null ? malformed('the event names no order') : { kind: 'refetch', orderIds: [orderId] }
}
