// Bodies of webhooks as Shopify posts them (SOURCE.txt beside this tells where from).
import { createHmac } from 'node:crypto'

/** Larger ids than a JavaScript number keeps: this is text, not an object, on purpose. */
export const inventoryLevelUpdate = `{"inventory_item_id":271878346596884015,"location_id":53716844710,"available":null,"updated_at":"2020-09-03T08:44:10-04:00",
 "admin_graphql_api_id":"gid://shopify/InventoryLevel/87892394150?inventory_item_id=271878346596884015"}`

/** Every piece of a buyer's data in the orders below has this in it. */
export const buyerMark = 'PRIVATE'

export interface OrderOptions {
  readonly cancelledAt?: string | null
  readonly quantity?: number
  readonly currentQuantity?: number
  readonly fulfillableQuantity?: number
  readonly refunds?: readonly unknown[]
  readonly fulfillments?: readonly unknown[]
}

export const orderBody = (options: OrderOptions = {}): string => {
  const quantity = options.quantity ?? 2
  return JSON.stringify({
    id: '820982911946154508',
    admin_graphql_api_id: 'gid://shopify/Order/820982911946154508',
    cancelled_at: options.cancelledAt ?? null,
    contact_email: `${buyerMark}@example.com`,
    created_at: '2026-11-23T09:00:00-05:00',
    currency: 'USD',
    customer: { id: '115310627314723954', email: `${buyerMark}@example.com`, first_name: buyerMark },
    email: `${buyerMark}@example.com`,
    name: '#9999',
    note: `${buyerMark} leave at the door`,
    browser_ip: buyerMark,
    token: `${buyerMark}-token`,
    shipping_address: { first_name: buyerMark, address1: `${buyerMark} Street`, phone: buyerMark },
    billing_address: { last_name: buyerMark },
    tags: buyerMark,
    taxes_included: false,
    test: true,
    updated_at: '2026-11-23T09:00:05-05:00',
    line_items: [
      {
        id: '866550311766439020',
        current_quantity: options.currentQuantity ?? quantity,
        fulfillable_quantity: options.fulfillableQuantity ?? options.currentQuantity ?? quantity,
        fulfillment_status: null,
        gift_card: false,
        name: 'IPod Nano - 8GB',
        price: '199.00',
        properties: [{ name: 'Engraving', value: `${buyerMark} forever` }],
        quantity,
        requires_shipping: true,
        sku: 'IPOD2008PINK',
        variant_id: '808950810',
        variant_inventory_management: 'shopify',
        discount_allocations: [{ amount: '5.00', discount_application_index: 0 }],
        tax_lines: [{ title: 'State Tax', price: '15.72', rate: 0.04 }],
      },
      {
        id: '141249953214522974',
        quantity: 1,
        current_quantity: 1,
        variant_id: null,
        title: 'Gift wrap',
        price: '3.00',
        requires_shipping: true,
      },
    ],
    refunds: options.refunds ?? [],
    fulfillments: options.fulfillments ?? [],
  }).replaceAll(/"(820982911946154508|866550311766439020|115310627314723954|141249953214522974)"/g, '$1')
}

export const orderEdited =
  '{"order_edit":{"id":78912328793,"order_id":820982911946154508,"line_items":{"additions":[{"id":1,"delta":1}],"removals":[]}}}'

export const refundCreated =
  '{"id":890088186047892319,"order_id":820982911946154508,"created_at":"2026-11-23T10:00:00-05:00","note":"PRIVATE","refund_line_items":[]}'

export const webhookHeaders = (topic: string, body: string, secret: string, changes: Readonly<Record<string, string>> = {}): Headers =>
  new Headers({
    'X-Shopify-Topic': topic,
    'X-Shopify-Hmac-Sha256': createHmac('sha256', secret).update(body).digest('base64'),
    'X-Shopify-Shop-Domain': 'belay-test.myshopify.com',
    'X-Shopify-API-Version': '2026-10',
    'X-Shopify-Webhook-Id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
    'X-Shopify-Event-Id': '98880550-7158-44d4-b7cd-2c97c8a091b5',
    'X-Shopify-Triggered-At': '2026-11-23T14:00:06Z',
    ...changes,
  })
