import { assert, constant, constantFrom, double, json, oneof, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChannelId } from '../../domain/ids.ts'
import { maxLineQuantity } from '../../domain/order-fold.ts'
import { acceptMessage, interpretEvent } from './inbound.ts'

const channel = 'amazon-eu' as ChannelId
const sellerId = 'A3TH9S8BH6GOGM'

const message = (body: string) => ({ receipt: 'r', messageId: 'm-1', body })
const accept = (body: unknown) => acceptMessage(channel, message(JSON.stringify(body)), 7)
const understand = (body: unknown) => interpretEvent(accept(body), sellerId)

const orderChange = (summary: Record<string, unknown> = {}, change: Record<string, unknown> = {}) => ({
  NotificationType: 'ORDER_CHANGE',
  EventTime: '2026-11-23T09:00:05Z',
  Payload: {
    OrderChangeNotification: {
      SellerId: sellerId,
      AmazonOrderId: '1-2-3',
      OrderChangeTrigger: { TimeOfOrderChange: '2026-11-23T09:00:01Z' },
      Summary: {
        OrderStatus: 'Pending',
        FulfillmentType: 'MFN',
        PurchaseDate: '2026-11-23T09:00:00Z',
        OrderItems: [{ OrderItemId: 'i', SellerSKU: 'SKU', Quantity: 2 }],
        ...summary,
      },
      ...change,
    },
  },
  NotificationMetadata: { NotificationId: 'n-1' },
})
const firstLine = (body: unknown) => {
  const meaning = understand(body)
  return meaning.kind === 'orders' ? meaning.facts[0]?.lines[0] : meaning
}

describe('an order change', () => {
  it('reserves from the pending state on', () => {
    expect(firstLine(orderChange())).toMatchObject({ listingKeys: ['SKU'], orderedQuantity: 2, cancelledQuantity: 0, shippedQuantity: 0 })
  })
  it.each(['Canceled', 'CANCELLED'])('with status %s cancels everything', (OrderStatus) => {
    expect(firstLine(orderChange({ OrderStatus }))).toMatchObject({ cancelledQuantity: 2, cancelledAtMs: Date.UTC(2026, 10, 23, 9, 0, 5) })
  })
  it('cancelled with its quantity lowered to 0 cancels every one there was', () => {
    const OrderItems = [{ OrderItemId: 'i', SellerSKU: 'SKU', Quantity: 0 }]
    expect(firstLine(orderChange({ OrderStatus: 'Canceled', OrderItems }))).toMatchObject({ cancelledQuantity: maxLineQuantity })
  })
  it('tells what was shipped', () => {
    const OrderItems = [{ OrderItemId: 'i', SellerSKU: 'SKU', Quantity: 2, QuantityShipped: 1 }]
    expect(firstLine(orderChange({ OrderStatus: 'PartiallyShipped', OrderItems }))).toMatchObject({ shippedQuantity: 1 })
  })
  it.each([
    ['without its time of purchase', orderChange({ PurchaseDate: null })],
    ['without lines', orderChange({ OrderItems: [] })],
    ['without a SKU', orderChange({ OrderItems: [{ OrderItemId: 'i', Quantity: 1 }] })],
  ])('%s is read from Amazon instead', (_name, body) => {
    expect(understand(body)).toEqual({ kind: 'refetch', orderIds: ['1-2-3'] })
  })
  it('of an order that Amazon fulfils is ignored', () => {
    expect(understand(orderChange({ FulfillmentType: 'AFN' })).kind).toBe('ignore')
  })
  it.each([-1, 1.5, '2', null])('with the quantity %s is malformed', (Quantity) => {
    expect(understand(orderChange({ OrderItems: [{ OrderItemId: 'i', SellerSKU: 'S', Quantity }] })).kind).toBe('malformed')
  })
  it('is read in small letters too: the case of the envelope differs by type', () => {
    const { NotificationType, EventTime, Payload, NotificationMetadata } = orderChange()
    const notificationMetadata = { notificationId: NotificationMetadata.NotificationId }
    const small = { notificationType: NotificationType, eventTime: EventTime, payload: Payload, notificationMetadata }
    expect(accept(small)).toEqual(accept(orderChange()))
  })
})

describe('a quantity change', () => {
  const change = (FulfillmentChannelCode: string) => ({
    NotificationType: 'LISTINGS_ITEM_MFN_QUANTITY_CHANGE',
    EventTime: '2026-11-23T09:00:05Z',
    Payload: { SellerId: sellerId, FulfillmentChannelCode, Sku: 'SKU', Quantity: 4 },
  })
  it('of another fulfilment than ours is ignored', () => {
    expect(understand(change('DEFAULT')).kind).toBe('quantity')
    expect(understand(change('AMAZON_EU')).kind).toBe('ignore')
  })
})

describe('other messages', () => {
  it('of types nobody asked for keep no payload and are ignored', () => {
    const event = accept({ notificationType: 'FEED_PROCESSING_FINISHED', payload: { secret: 'x' } })
    expect(event.payload).not.toContain('secret')
    expect(interpretEvent(event, sellerId).kind).toBe('ignore')
  })
  it('that are no notifications are kept without their text, under the id of the queue', () => {
    const event = acceptMessage(channel, message('<buyer>Jane</buyer>'), 7)
    expect(event).toMatchObject({ dedupeKey: 'message/m-1', topic: 'unreadable' })
    expect(event.payload).not.toContain('Jane')
    expect(interpretEvent(event, sellerId).kind).toBe('malformed')
  })

  const kinds = ['orders', 'refetch', 'quantity', 'ignore', 'malformed']
  it('whatever they hold are accepted, and what was stored always means something', () => {
    assert(
      property(oneof(json(), string()), constantFrom('ORDER_CHANGE', 'unreadable', 'x'), (text, topic) => {
        expect(kinds).toContain(interpretEvent(acceptMessage(channel, message(text), 7), sellerId).kind)
        const stored = { channel, dedupeKey: 'k', topic, payload: text, receivedAtMs: 7 }
        expect(kinds).toContain(interpretEvent(stored, sellerId).kind)
      }),
      { numRuns: 300 },
    )
  })
  it('nearly right are never taken for a sale of a wrong number', () => {
    const junk = oneof(json(), constant(undefined), double(), constantFrom('__proto__', '', null, [], {}))
    assert(
      property(junk, junk, junk, junk, (Quantity, SellerSKU, PurchaseDate, OrderStatus) => {
        const meaning = understand(orderChange({ PurchaseDate, OrderStatus, OrderItems: [{ OrderItemId: 'i', SellerSKU, Quantity }] }))
        if (meaning.kind !== 'orders') return
        for (const each of meaning.facts[0]?.lines ?? []) {
          expect(Number.isSafeInteger(each.orderedQuantity) && each.orderedQuantity >= 0).toBe(true)
          expect(each.listingKeys).toEqual([SellerSKU])
        }
      }),
      { numRuns: 300 },
    )
  })
})
