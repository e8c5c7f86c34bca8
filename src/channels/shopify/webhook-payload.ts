// What is kept of a webhook's body: a whitelist. Names, addresses, contacts, notes and tokens of buyers are not on it, so they never reach
// the store. Ids are kept as text. Throws nothing: null is a body that is not what the topic sends.
import { asCount, asId, asInteger, asObject, asRows, asText, type JsonObject } from './payload.ts'

type Kept = Readonly<Record<string, unknown>>

const texts = (row: JsonObject, ...names: readonly string[]): Kept =>
  Object.fromEntries(names.flatMap((name) => (asText(row[name]) === null ? [] : [[name, row[name]]])))

const flags = (row: JsonObject, ...names: readonly string[]): Kept =>
  Object.fromEntries(names.flatMap((name) => (typeof row[name] === 'boolean' ? [[name, row[name]]] : [])))

const ids = (row: JsonObject, ...names: readonly string[]): Kept =>
  Object.fromEntries(
    names.flatMap((name) => {
      const id = asId(row[name])
      return id === null ? [] : [[name, id]]
    }),
  )

const counts = (row: JsonObject, ...names: readonly string[]): Kept =>
  Object.fromEntries(
    names.flatMap((name) => {
      const count = asCount(row[name])
      return count === null ? [] : [[name, count]]
    }),
  )

/** The rows of an array of that name; absent stays absent (it is then not known), malformed rows are left out by the reader. */
const rows = (row: JsonObject, name: string, keep: (each: JsonObject) => Kept): Kept => {
  const list = asRows(row[name])
  return list === null ? {} : { [name]: list.map(keep) }
}

const keepLine = (line: JsonObject): Kept => ({
  ...ids(line, 'id', 'variant_id'),
  ...counts(line, 'quantity', 'current_quantity', 'fulfillable_quantity'),
  ...texts(line, 'sku', 'price', 'variant_inventory_management'),
  ...flags(line, 'requires_shipping', 'gift_card'),
  ...rows(line, 'discount_allocations', (each) => texts(each, 'amount')),
  ...rows(line, 'tax_lines', (each) => texts(each, 'price')),
})

const keepRefund = (refund: JsonObject): Kept => ({
  ...ids(refund, 'id'),
  ...texts(refund, 'created_at'),
  ...rows(refund, 'refund_line_items', (each) => ({
    ...ids(each, 'line_item_id', 'location_id'),
    ...counts(each, 'quantity'),
    ...texts(each, 'restock_type'),
  })),
})

const keepFulfillment = (fulfillment: JsonObject): Kept => ({
  ...ids(fulfillment, 'id', 'location_id'),
  ...texts(fulfillment, 'status'),
  ...rows(fulfillment, 'line_items', (each) => ({ ...ids(each, 'id'), ...counts(each, 'quantity') })),
})

const keepOrder = (order: JsonObject): Kept | null => {
  if (asId(order['id']) === null || asRows(order['line_items']) === null) return null
  return {
    ...ids(order, 'id'),
    ...texts(order, 'created_at', 'updated_at', 'cancelled_at', 'currency'),
    ...flags(order, 'taxes_included', 'test'),
    ...rows(order, 'line_items', keepLine),
    ...rows(order, 'refunds', keepRefund),
    ...rows(order, 'fulfillments', keepFulfillment),
  }
}

const keepLevel = (level: JsonObject): Kept | null => {
  if (asId(level['inventory_item_id']) === null || asId(level['location_id']) === null) return null
  return {
    ...ids(level, 'inventory_item_id', 'location_id'),
    available: asInteger(level['available']),
    ...texts(level, 'updated_at'),
  }
}

/** `orders/edited` wraps its content in `order_edit` [unverified]; either form is taken. */
const keepOrderId = (body: JsonObject): Kept | null => {
  const kept = ids(asObject(body['order_edit']) ?? body, 'id', 'order_id')
  return kept['order_id'] === undefined ? null : kept
}

export const orderTopics: ReadonlySet<string> = new Set(['orders/create', 'orders/updated', 'orders/cancelled'])
export const orderIdTopics: ReadonlySet<string> = new Set(['orders/edited', 'refunds/create'])
export const levelTopic = 'inventory_levels/update'

/** Topics that nobody asked for are kept as an empty object. */
export const keepOfWebhook = (topic: string, body: JsonObject): Kept | null => {
  if (orderTopics.has(topic)) return keepOrder(body)
  if (orderIdTopics.has(topic)) return keepOrderId(body)
  if (topic === levelTopic) return keepLevel(body)
  return {}
}
