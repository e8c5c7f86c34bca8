// Webhook bodies: REST-shaped, snake_case, ids as raw numbers that a JSON parser without big integers rounds. The buyer in them is made up
// (example.com, 555-01xx), but has every field a real one has, so that a hub's removal of personal data has something to remove.
import { stringify } from 'lossless-json'
import { gid } from './identifiers.ts'
import { currentQuantity, type Fulfillment, type Order, type OrderLine, type Refund, unfulfilledQuantity, updatedAtMs } from './orders.ts'
import { type Level, levelGid } from './stock.ts'

export type Payload = Readonly<Record<string, unknown>>

export const jsonText = (payload: Payload): string => stringify(payload) ?? 'null'

/** Webhook times carry the shop's offset; the simulated shop is in UTC. */
const time = (atMs: number | null): string | null => (atMs === null ? null : `${new Date(atMs).toISOString().slice(0, 19)}+00:00`)

const money = (minor: number): string => (minor / 100).toFixed(2)

const moneySet = (minor: number, currency: string): Payload => ({
  shop_money: { amount: money(minor), currency_code: currency },
  presentment_money: { amount: money(minor), currency_code: currency },
})

const buyerOf = (order: Order): Payload => {
  const number = order.sequence % 1000
  const address = {
    first_name: 'Robin',
    last_name: `Sample ${number}`,
    name: `Robin Sample ${number}`,
    address1: `${number} Sample Street`,
    address2: null,
    city: 'Springfield',
    zip: String(10_000 + number),
    province: 'Oregon',
    province_code: 'OR',
    country: 'United States',
    country_code: 'US',
    phone: `+1555010${String(number % 100).padStart(2, '0')}`,
    company: null,
    latitude: 44.0462,
    longitude: -123.022,
  }
  const email = `robin.sample${number}@example.com`
  return {
    email,
    contact_email: email,
    phone: address.phone,
    browser_ip: `192.0.2.${number % 255}`,
    client_details: {
      browser_ip: `192.0.2.${number % 255}`,
      accept_language: 'en-US',
      user_agent: 'Mozilla/5.0 (simulated)',
      session_hash: null,
    },
    customer: {
      id: BigInt(order.id) + 1_000_000n,
      email,
      first_name: address.first_name,
      last_name: address.last_name,
      phone: address.phone,
      state: 'disabled',
      note: 'prefers the back door',
      tags: '',
      currency: order.lines[0]?.item.currency ?? 'USD',
      default_address: address,
    },
    billing_address: address,
    shipping_address: address,
    note: number % 5 === 0 ? 'please leave it with the neighbour, Sam Sample' : null,
    note_attributes: number % 7 === 0 ? [{ name: 'gift for', value: 'Alex Sample' }] : [],
    landing_site: '/',
    order_status_url: `https://example.com/orders/${order.sequence}/authenticate?key=made-up`,
  }
}

const linePayload = (line: OrderLine): Payload => ({
  id: BigInt(line.id),
  admin_graphql_api_id: gid('LineItem', line.id),
  variant_id: BigInt(line.item.variantId),
  product_id: BigInt(line.item.productId),
  sku: line.item.sku,
  title: line.item.title,
  name: line.item.title,
  quantity: line.quantity,
  current_quantity: currentQuantity(line),
  fulfillable_quantity: unfulfilledQuantity(line),
  fulfillment_status: line.shippedQuantity === 0 ? null : unfulfilledQuantity(line) === 0 ? 'fulfilled' : 'partial',
  fulfillment_service: 'manual',
  variant_inventory_management: 'shopify',
  requires_shipping: true,
  taxable: true,
  gift_card: false,
  price: money(line.item.priceMinor),
  price_set: moneySet(line.item.priceMinor, line.item.currency),
  total_discount: '0.00',
  discount_allocations: [],
  tax_lines: [],
  properties: [],
})

const fulfillmentPayload = (order: Order, each: Fulfillment): Payload => ({
  id: BigInt(each.id),
  admin_graphql_api_id: gid('Fulfillment', each.id),
  order_id: BigInt(order.id),
  name: `${order.name}.${order.fulfillments.indexOf(each) + 1}`,
  status: 'success',
  service: 'manual',
  created_at: time(each.createdAtMs),
  updated_at: time(each.createdAtMs),
  location_id: BigInt(each.location.id),
  tracking_number: null,
  line_items: each.lines.map(({ line, quantity }) => ({ ...linePayload(line), quantity })),
})

export const refundPayload = (order: Order, refund: Refund): Payload => ({
  id: BigInt(refund.id),
  admin_graphql_api_id: gid('Refund', refund.id),
  order_id: BigInt(order.id),
  created_at: time(refund.createdAtMs),
  processed_at: time(refund.createdAtMs),
  note: null,
  refund_line_items: refund.lines.map((each) => ({
    id: BigInt(each.id),
    line_item_id: BigInt(each.line.id),
    quantity: each.quantity,
    restock_type: each.restock ? 'cancel' : 'no_restock',
    location_id: each.restock ? BigInt(each.line.level.location.id) : null,
    subtotal: (each.quantity * each.line.item.priceMinor) / 100,
    line_item: linePayload(each.line),
  })),
})

export const orderPayload = (order: Order): Payload => {
  const currency = order.lines[0]?.item.currency ?? 'USD'
  const total = order.lines.reduce((sum, line) => sum + line.quantity * line.item.priceMinor, 0)
  const current = order.lines.reduce((sum, line) => sum + currentQuantity(line) * line.item.priceMinor, 0)
  const shipped = order.lines.some((line) => line.shippedQuantity > 0)
  return {
    id: BigInt(order.id),
    admin_graphql_api_id: gid('Order', order.id),
    name: order.name,
    order_number: 1001 + order.sequence,
    number: 1 + order.sequence,
    created_at: time(order.createdAtMs),
    processed_at: time(order.createdAtMs),
    updated_at: time(updatedAtMs(order)),
    cancelled_at: time(order.cancelledAtMs),
    cancel_reason: order.cancelReason?.toLowerCase() ?? null,
    closed_at: time(order.closedAtMs),
    confirmed: true,
    test: false,
    source_name: 'web',
    location_id: null,
    currency,
    presentment_currency: currency,
    taxes_included: true,
    subtotal_price: money(total),
    total_price: money(total),
    current_total_price: money(current),
    total_price_set: moneySet(total, currency),
    total_tax: '0.00',
    total_discounts: '0.00',
    financial_status: order.cancelledAtMs !== null || current === 0 ? 'refunded' : current < total ? 'partially_refunded' : 'paid',
    fulfillment_status: shipped ? 'fulfilled' : null,
    line_items: order.lines.map(linePayload),
    shipping_lines: [],
    fulfillments: order.fulfillments.map((each) => fulfillmentPayload(order, each)),
    refunds: order.refunds.map((each) => refundPayload(order, each)),
    ...buyerOf(order),
  }
}

export const levelPayload = (level: Level): Payload => ({
  inventory_item_id: BigInt(level.item.id),
  location_id: BigInt(level.location.id),
  available: level.item.tracked ? level.quantities.available : null,
  updated_at: time(level.updatedAtMs),
  admin_graphql_api_id: levelGid(level),
})
