// How an order of the simulated shop looks in the Orders API 2026-01-01 and in ORDER_CHANGE notifications.
// Without includedData only basic data is given. Prices are missing while an order is Pending. Buyer and recipient are invented persons,
// given only when asked for, so that a leak of them is easy to find in a test.
import { amountOf } from '../sp-api/amount.ts'
import type { OrderLine, OrderStatus, SellerOrder } from './shop.ts'

const apiStatus = { Pending: 'PENDING', Unshipped: 'UNSHIPPED', Shipped: 'SHIPPED', Canceled: 'CANCELLED' } as const satisfies Record<
  OrderStatus,
  string
>

export const apiStatusOf = (order: SellerOrder): string => apiStatus[order.status]

const isoTime = (ms: number): string => new Date(ms).toISOString()
const dayMs = 86_400_000

export interface OrderView {
  readonly marketplaceId: string
  readonly includedData: readonly string[]
  /** Whether a line's quantityOrdered keeps units that were cancelled. Amazon's documents do not say; the older API showed 0. */
  readonly cancelledUnits: 'kept' | 'removed'
}

const orderedOf = (line: OrderLine, view: OrderView): number =>
  view.cancelledUnits === 'kept' ? line.orderedQuantity : line.orderedQuantity - line.cancelledQuantity

const lineShape = (order: SellerOrder, line: OrderLine, view: OrderView): unknown => {
  const { offer } = line
  const priced = order.status !== 'Pending'
  const unitPrice = amountOf(offer.priceMinor, offer.currency)
  const total = amountOf(offer.priceMinor * orderedOf(line, view), offer.currency)
  return {
    orderItemId: line.lineId,
    quantityOrdered: orderedOf(line, view),
    product: { asin: offer.asin, title: offer.title, sellerSku: offer.sku, ...(priced ? { price: { unitPrice } } : {}) },
    ...(view.includedData.includes('PROCEEDS') && priced
      ? { proceeds: { proceedsTotal: total, breakdowns: [{ type: 'ITEM', subtotal: total }] } }
      : {}),
    ...(view.includedData.includes('CANCELLATION') && line.cancellation
      ? { cancellation: { cancellationExecution: { cancelledBy: line.cancellation.cancelledBy, cancelReason: line.cancellation.reason } } }
      : {}),
    ...(view.includedData.includes('FULFILLMENT')
      ? {
          fulfillment: {
            quantityFulfilled: line.shippedQuantity,
            quantityUnfulfilled: line.orderedQuantity - line.cancelledQuantity - line.shippedQuantity,
          },
        }
      : {}),
  }
}

const buyer = { buyerName: 'Simulated Buyer', buyerEmail: 'simulated-buyer@marketplace.example' }
const recipient = {
  deliveryAddress: {
    name: 'Simulated Recipient',
    addressLine1: '1 Invented Street',
    city: 'Nowhere',
    postalCode: '00000',
    countryCode: 'DE',
    addressType: 'RESIDENTIAL',
  },
}

export const orderShape = (order: SellerOrder, view: OrderView): unknown => {
  const parts = view.includedData
  const total = order.lines.reduce((sum, line) => sum + line.offer.priceMinor * orderedOf(line, view), 0)
  const currency = order.lines[0]?.offer.currency ?? 'EUR'
  return {
    orderId: order.orderId,
    createdTime: isoTime(order.createdAtMs),
    lastUpdatedTime: isoTime(order.updatedAtMs),
    salesChannel: { channelName: 'AMAZON', marketplaceId: view.marketplaceId },
    ...(parts.includes('BUYER') ? { buyer } : {}),
    ...(parts.includes('RECIPIENT') ? { recipient } : {}),
    ...(parts.includes('PROCEEDS') && order.status !== 'Pending' ? { proceeds: { grandTotal: amountOf(total, currency) } } : {}),
    ...(parts.includes('FULFILLMENT')
      ? {
          fulfillment: {
            fulfillmentStatus: apiStatusOf(order),
            fulfilledBy: 'MERCHANT',
            fulfillmentServiceLevel: 'STANDARD',
            shipByWindow: { earliestDateTime: isoTime(order.createdAtMs), latestDateTime: isoTime(order.createdAtMs + 2 * dayMs) },
          },
        }
      : {}),
    orderItems: order.lines.map((line) => lineShape(order, line, view)),
  }
}

/** Payload of ORDER_CHANGE 1.0 (OrderChangeNotification.json). */
export const orderChangePayload = (
  order: SellerOrder,
  change: { readonly sellerId: string; readonly marketplaceId: string; readonly reason: string; readonly atMs: number },
): unknown => {
  const shipped = order.lines.reduce((sum, line) => sum + line.shippedQuantity, 0)
  const open = order.lines.reduce((sum, line) => sum + line.orderedQuantity - line.cancelledQuantity - line.shippedQuantity, 0)
  return {
    OrderChangeNotification: {
      NotificationLevel: 'OrderLevel',
      SellerId: change.sellerId,
      AmazonOrderId: order.orderId,
      OrderChangeType: 'OrderStatusChange',
      OrderChangeTrigger: { TimeOfOrderChange: isoTime(change.atMs), ChangeReason: change.reason },
      Summary: {
        MarketplaceId: change.marketplaceId,
        OrderStatus: order.status,
        PurchaseDate: isoTime(order.createdAtMs),
        DestinationPostalCode: recipient.deliveryAddress.postalCode,
        FulfillmentType: 'MFN',
        OrderType: 'StandardOrder',
        NumberOfItemsShipped: shipped,
        NumberOfItemsUnshipped: open,
        EarliestShipDate: isoTime(order.createdAtMs),
        LatestShipDate: isoTime(order.createdAtMs + 2 * dayMs),
        OrderPrograms: [],
        ShippingPrograms: [],
        OrderItems: order.lines.map((line) => ({
          OrderItemId: line.lineId,
          SellerSKU: line.offer.sku,
          SupplySourceId: null,
          Quantity: line.orderedQuantity,
          QuantityShipped: line.shippedQuantity,
          IsBuyerRequestedCancel: line.cancellation?.cancelledBy === 'BUYER',
        })),
      },
    },
  }
}
