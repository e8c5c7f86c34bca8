// Notifications. `acceptMessage` makes the event to store: a list of allowed fields is copied, everything else (postal codes, and what
// Amazon may add) is dropped before anything is written. `interpretEvent` is pure and total: whatever was stored gives an answer.
// Sources: OrderChangeNotification.json, ListingsItemMfnQuantityChange.json (models repository, schemas/notifications).
// Amazon delivers at least once, in no order, and may be late; the case of the envelope's names differs by type.
import type { ChannelId } from '../../domain/ids.ts'
import { maxLineQuantity } from '../../domain/order-fold.ts'
import type { OrderLineFact } from '../../domain/orders.ts'
import type { Interpretation } from '../../ports/channel.ts'
import type { InboxEvent } from '../../ports/store.ts'
import { isCancelledStatus, merchantChannelCode } from './map.ts'
import type { QueueMessage } from './queue.ts'

/** What is allowed through: a scalar, an object's named fields, or a list of these. */
type Shape = 'scalar' | { readonly [name: string]: Shape } | readonly [Shape]

const orderChange: Shape = {
  OrderChangeNotification: {
    NotificationLevel: 'scalar',
    SellerId: 'scalar',
    AmazonOrderId: 'scalar',
    OrderChangeType: 'scalar',
    OrderChangeTrigger: { TimeOfOrderChange: 'scalar' },
    Summary: {
      MarketplaceId: 'scalar',
      OrderStatus: 'scalar',
      PurchaseDate: 'scalar',
      FulfillmentType: 'scalar',
      OrderType: 'scalar',
      OrderItems: [
        { OrderItemId: 'scalar', SellerSKU: 'scalar', OrderItemStatus: 'scalar', Quantity: 'scalar', QuantityShipped: 'scalar' },
      ],
    },
  },
}
const quantityChange: Shape = { SellerId: 'scalar', FulfillmentChannelCode: 'scalar', Sku: 'scalar', Quantity: 'scalar' }
const payloadShapes: Readonly<Record<string, Shape>> = {
  ORDER_CHANGE: orderChange,
  LISTINGS_ITEM_MFN_QUANTITY_CHANGE: quantityChange,
}
export const subscribedTypes = ['ORDER_CHANGE', 'LISTINGS_ITEM_MFN_QUANTITY_CHANGE'] as const

/** Longer texts than any id or date are cut off the event; longer lists than any order has, too. */
const maxTextLength = 200
const maxListLength = 1000
const unreadableTopic = 'unreadable'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const own = (value: unknown, name: string): unknown => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined)

/** A field under its name, or under the same name with a small first letter. */
const field = (value: unknown, name: string): unknown => own(value, name) ?? own(value, `${name.charAt(0).toLowerCase()}${name.slice(1)}`)

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' && value.length <= maxTextLength ? value : null)

const instant = (value: unknown): number | null => {
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isSafeInteger(atMs) ? atMs : null
}

const quantity = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 1_000_000_000 ? value : null

const allowed = (value: unknown, shape: Shape): unknown => {
  if (shape === 'scalar') {
    if (typeof value === 'string') return value.length <= maxTextLength ? value : undefined
    return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : undefined
  }
  if (Array.isArray(shape)) {
    const [each] = shape as readonly [Shape]
    return Array.isArray(value) ? value.slice(0, maxListLength).map((item: unknown) => allowed(item, each)) : undefined
  }
  if (!isObject(value)) return undefined
  return Object.fromEntries(Object.entries(shape).map(([name, inner]) => [name, allowed(own(value, name), inner)]))
}

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Never throws: a message that cannot be read is stored as such (without its text), so that it is seen and does not come for ever. */
export const acceptMessage = (channel: ChannelId, message: QueueMessage, receivedAtMs: number): InboxEvent => {
  const body = parse(message.body)
  const type = text(field(body, 'NotificationType'))
  const metadata = field(body, 'NotificationMetadata')
  const id = text(field(metadata, 'NotificationId'))
  const fallbackKey = `message/${message.messageId.slice(0, maxTextLength)}`
  if (type === null)
    return {
      channel,
      dedupeKey: fallbackKey,
      topic: unreadableTopic,
      payload: JSON.stringify({ length: message.body.length }),
      receivedAtMs,
    }
  const shape = Object.hasOwn(payloadShapes, type) ? payloadShapes[type] : undefined
  return {
    channel,
    dedupeKey: id ?? fallbackKey,
    topic: type,
    payload: JSON.stringify({
      NotificationType: type,
      EventTime: text(field(body, 'EventTime')) ?? undefined,
      Payload: shape === undefined ? undefined : allowed(field(body, 'Payload'), shape),
      NotificationMetadata: {
        NotificationId: id ?? undefined,
        PublishTime: text(field(metadata, 'PublishTime')) ?? undefined,
      },
    }),
    receivedAtMs,
  }
}

const malformed = (reason: string): Interpretation => ({ kind: 'malformed', reason })
const ignore = (reason: string): Interpretation => ({ kind: 'ignore', reason })

const lineOf = (item: unknown, cancelledAtMs: number | null): OrderLineFact | string => {
  const lineId = text(field(item, 'OrderItemId'))
  const ordered = quantity(field(item, 'Quantity'))
  const shipped = quantity(field(item, 'QuantityShipped') ?? 0)
  if (lineId === null || ordered === null || shipped === null) return 'an order item without its id or with a quantity that is none'
  const sku = text(field(item, 'SellerSKU'))
  return {
    lineId,
    listingKeys: sku === null ? [] : [sku],
    orderedQuantity: ordered,
    // See map.ts: a cancelled order whose quantities were lowered to 0 says "every one of them".
    cancelledQuantity: cancelledAtMs === null ? 0 : ordered > 0 ? ordered : maxLineQuantity,
    shippedQuantity: shipped,
    cancelledAtMs,
    cancelMayRestock: true,
    amountMinor: null,
    currency: null,
  }
}

const interpretOrder = (channel: ChannelId, sellerId: string, body: unknown): Interpretation => {
  const change = field(field(body, 'Payload'), 'OrderChangeNotification')
  const summary = field(change, 'Summary')
  const orderId = text(field(change, 'AmazonOrderId'))
  if (orderId === null) return malformed('ORDER_CHANGE without AmazonOrderId')
  if (field(change, 'SellerId') !== sellerId) return ignore('for another seller account')
  if (field(summary, 'FulfillmentType') === 'AFN') return ignore('fulfilled by Amazon')
  const items = field(summary, 'OrderItems')
  if (!Array.isArray(items) || items.length === 0) return { kind: 'refetch', orderIds: [orderId] }
  const eventAtMs = instant(field(body, 'EventTime')) ?? instant(field(field(body, 'NotificationMetadata'), 'PublishTime'))
  const changedAtMs = instant(field(field(change, 'OrderChangeTrigger'), 'TimeOfOrderChange')) ?? eventAtMs
  const createdAtMs = instant(field(summary, 'PurchaseDate'))
  // A guessed time of creation could count an old sale as a new one: read the order instead.
  if (createdAtMs === null || changedAtMs === null) return { kind: 'refetch', orderIds: [orderId] }
  const status = text(field(summary, 'OrderStatus'))
  const cancelledAtMs = isCancelledStatus(status) ? Math.max(changedAtMs, eventAtMs ?? changedAtMs) : null
  const lines: OrderLineFact[] = []
  for (const item of items.slice(0, maxListLength)) {
    const line = lineOf(item, cancelledAtMs)
    if (typeof line === 'string') return malformed(`ORDER_CHANGE of ${orderId}: ${line}`)
    if (line.listingKeys.length === 0) return { kind: 'refetch', orderIds: [orderId] }
    lines.push(line)
  }
  return {
    kind: 'orders',
    facts: [
      {
        channel,
        orderId,
        createdAtMs,
        revisedAtMs: changedAtMs,
        demand: 'fact',
        merge: 'maximum',
        acknowledgeByMs: null,
        lines,
        echo: null,
      },
    ],
  }
}

const interpretQuantity = (sellerId: string, body: unknown): Interpretation => {
  const payload = field(body, 'Payload')
  const sku = text(field(payload, 'Sku'))
  const shown = quantity(field(payload, 'Quantity'))
  const atMs = instant(field(body, 'EventTime')) ?? instant(field(field(body, 'NotificationMetadata'), 'PublishTime'))
  if (sku === null || shown === null || atMs === null)
    return malformed('LISTINGS_ITEM_MFN_QUANTITY_CHANGE without its SKU, quantity or time')
  if (field(payload, 'SellerId') !== sellerId) return ignore('for another seller account')
  if (field(payload, 'FulfillmentChannelCode') !== merchantChannelCode) return ignore('not the merchant-fulfilled quantity')
  return { kind: 'quantity', listingKey: sku, quantity: shown, atMs }
}

export const interpretEvent = (event: InboxEvent, sellerId: string): Interpretation => {
  if (event.topic === unreadableTopic) return malformed('the queue held a message that is not a notification of Amazon')
  const body = parse(event.payload)
  if (!isObject(body)) return malformed('the stored notification is not a JSON object')
  const type = text(field(body, 'NotificationType'))
  if (type === 'ORDER_CHANGE') return interpretOrder(event.channel, sellerId, body)
  if (type === 'LISTINGS_ITEM_MFN_QUANTITY_CHANGE') return interpretQuantity(sellerId, body)
  return type === null ? malformed('a notification without a type') : ignore(`nothing follows from ${type}`)
}
