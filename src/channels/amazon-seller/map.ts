// Amazon's rows <-> ours. Pure. Field names and meanings: orders_2026-01-01.json, listingsItems_2021-08-01.json. The schemas keep
// what is listed here and drop the rest, so buyer data that an answer might carry goes no further.
import { z } from 'zod'
import { minorUnits } from '../sp-api/money.ts'
import type { ChannelId } from '../../domain/ids.ts'
import { maxLineQuantity } from '../../domain/order-fold.ts'
import type { OrderFact, OrderLineFact } from '../../domain/orders.ts'
import type { DiscoveredListing, PushOutcome, ReadOutcome } from '../../ports/channel.ts'
import { quoted } from '../sp-api/errors.ts'

const count = z.number().int().min(0)
const instant = z
  .string()
  .transform((text) => Date.parse(text))
  .refine((atMs) => Number.isSafeInteger(atMs), { error: 'must be a date and time' })
const money = z.object({ amount: z.string(), currencyCode: z.string() })

const orderItem = z.object({
  orderItemId: z.string().min(1),
  quantityOrdered: count,
  product: z.object({ sellerSku: z.string().nullish(), price: z.object({ unitPrice: money.nullish() }).nullish() }),
  proceeds: z
    .object({
      breakdowns: z
        .array(
          z.object({
            type: z.string(),
            subtotal: money,
            detailedBreakdowns: z.array(z.object({ subtype: z.string().nullish(), value: money.nullish() })).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
  cancellation: z.object({ cancellationExecution: z.object({ cancelledBy: z.string().nullish() }).nullish() }).nullish(),
  fulfillment: z.object({ quantityFulfilled: count.nullish(), quantityUnfulfilled: count.nullish() }).nullish(),
})

const order = z.object({
  orderId: z.string().min(1),
  createdTime: instant,
  lastUpdatedTime: instant,
  fulfillment: z.object({ fulfillmentStatus: z.string(), fulfilledBy: z.string().nullish() }).nullish(),
  orderItems: z.array(orderItem),
})

export const searchOrdersAnswer = z.object({
  orders: z.array(order),
  pagination: z.object({ nextToken: z.string().nullish() }).nullish(),
  createdBefore: instant.nullish(),
  lastUpdatedBefore: instant.nullish(),
})
export const getOrderAnswer = z.object({ order })

export type AmazonOrder = z.output<typeof order>
type AmazonOrderItem = z.output<typeof orderItem>
type Money = z.output<typeof money>

/** The part of a tax or discount that belongs to the item itself, not to its shipping or gift wrap. */
const itemShare = (breakdown: {
  subtotal: Money
  detailedBreakdowns?: readonly { subtype?: string | null; value?: Money | null }[] | null
}): number => {
  const details = breakdown.detailedBreakdowns ?? []
  if (details.length === 0) return minorUnits(breakdown.subtotal) ?? 0
  // A discount's tax is told as the subtype DISCOUNT of TAX.
  const own = details.filter((each) => each.subtype === 'ITEM' || each.subtype === 'DISCOUNT')
  return own.reduce((sum, each) => sum + (each.value ? (minorUnits(each.value) ?? 0) : 0), 0)
}

/**
 * Discounted item price with tax for the whole quantity: ITEM + TAX of the item - DISCOUNT of the item. The model does not say
 * whether a discount is told as a negative amount, so its size is what counts. Without proceeds (a pending order, or the data set not
 * asked for) the unit price times the quantity, as the marketplace shows it.
 */
const amountOf = (item: AmazonOrderItem): { readonly amountMinor: number; readonly currency: string } | null => {
  const breakdowns = item.proceeds?.breakdowns ?? []
  const price = breakdowns.find((each) => each.type === 'ITEM')
  if (price) {
    const base = minorUnits(price.subtotal)
    if (base === null) return null
    const tax = breakdowns.filter((each) => each.type === 'TAX').reduce((sum, each) => sum + itemShare(each), 0)
    const discount = breakdowns.filter((each) => each.type === 'DISCOUNT').reduce((sum, each) => sum + Math.abs(itemShare(each)), 0)
    return { amountMinor: Math.max(0, base + tax - discount), currency: price.subtotal.currencyCode }
  }
  const unit = item.product.price?.unitPrice
  const unitMinor = unit ? minorUnits(unit) : null
  return unit && unitMinor !== null && unitMinor >= 0
    ? { amountMinor: unitMinor * item.quantityOrdered, currency: unit.currencyCode }
    : null
}

/**
 * How many of a line are cancelled. A cancelled order: all; where Amazon has lowered the quantity to 0 with it, "every one of them" is
 * said by the largest quantity a line can have, which the merge cuts to what was ordered. An executed cancellation of a line of a living
 * order: what is neither shipped nor still to ship, and only where Amazon tells both. Quantities alone prove nothing: of a pending
 * order nothing is "unfulfilled" yet.
 */
const cancelledOf = (item: AmazonOrderItem, status: string | undefined): number => {
  if (isCancelledStatus(status)) return item.quantityOrdered > 0 ? item.quantityOrdered : maxLineQuantity
  const { quantityFulfilled, quantityUnfulfilled } = item.fulfillment ?? {}
  if (!item.cancellation?.cancellationExecution || quantityFulfilled == null || quantityUnfulfilled == null) return 0
  return Math.max(0, item.quantityOrdered - quantityFulfilled - quantityUnfulfilled)
}

/** Orders 2026-01-01 says CANCELLED, notifications and Orders v0 say Canceled. */
export const isCancelledStatus = (status: string | null | undefined): boolean => /^cancell?ed$/i.test(status ?? '')

const lineFact = (item: AmazonOrderItem, of: AmazonOrder): OrderLineFact => {
  const status = of.fulfillment?.fulfillmentStatus
  const cancelledQuantity = cancelledOf(item, status)
  const amount = amountOf(item)
  // A cancelled order may be told with its money at nothing; that is not what was ordered.
  const told = amount !== null && !(isCancelledStatus(status) && amount.amountMinor === 0) ? amount : null
  return {
    lineId: item.orderItemId,
    listingKeys: item.product.sellerSku ? [item.product.sellerSku] : [],
    orderedQuantity: item.quantityOrdered,
    cancelledQuantity,
    shippedQuantity: item.fulfillment?.quantityFulfilled ?? 0,
    // The latest change of the order is never before the cancellation; later is the safe side for what may be on sale again.
    cancelledAtMs: cancelledQuantity > 0 ? of.lastUpdatedTime : null,
    // Amazon puts cancelled units back on sale except for some reasons, and promises neither.
    cancelMayRestock: true,
    amountMinor: told?.amountMinor ?? null,
    currency: told?.currency ?? null,
  }
}

/** null: Amazon fulfils it from its own stock. An order that does not say who fulfils it counts as ours: reserving is the safe side. */
export const orderFact = (channel: ChannelId, of: AmazonOrder): OrderFact | null =>
  of.fulfillment?.fulfilledBy === 'AMAZON'
    ? null
    : {
        channel,
        orderId: of.orderId,
        createdAtMs: of.createdTime,
        revisedAtMs: of.lastUpdatedTime,
        demand: 'fact',
        merge: 'maximum',
        acknowledgeByMs: null,
        lines: of.orderItems.map((item) => lineFact(item, of)),
        echo: null,
      }

const listing = z.object({
  sku: z.string().min(1),
  summaries: z.array(z.object({ itemName: z.string().nullish() })).nullish(),
  fulfillmentAvailability: z.array(z.object({ fulfillmentChannelCode: z.string(), quantity: count.nullish() })).nullish(),
})

export const getListingAnswer = listing
export const searchListingsAnswer = z.object({
  items: z.array(listing),
  pagination: z.object({ nextToken: z.string().nullish() }).nullish(),
})

export type AmazonListing = z.output<typeof listing>

/** The merchant's own fulfilment; `AMAZON_EU`, `AMAZON_NA` and so on are FBA. */
export const merchantChannelCode = 'DEFAULT'

export const unknownListing = (sku: string, marketplaceId: string): ReadOutcome => ({
  kind: 'unusable',
  reason: `Amazon has no listing with the SKU ${sku} in the marketplace ${marketplaceId}`,
})

/** The live number, from `fulfillmentAvailability`; the attribute of nearly the same name stays stale after a shared update. */
export const liveQuantity = (of: AmazonListing): ReadOutcome => {
  const rows = of.fulfillmentAvailability ?? []
  const own = rows.find((row) => row.fulfillmentChannelCode === merchantChannelCode)
  if (own && own.quantity != null) return { kind: 'quantity', quantity: own.quantity }
  if (own) return { kind: 'unusable', reason: 'Amazon tells no quantity for this listing (made to order, or never stocked)' }
  const fba = rows.find((row) => row.fulfillmentChannelCode.startsWith('AMAZON'))
  if (fba)
    return {
      kind: 'unusable',
      reason: `fulfilled by Amazon (${quoted(fba.fulfillmentChannelCode)}): writing a quantity would make it merchant-fulfilled`,
    }
  return { kind: 'unusable', reason: 'the listing has no merchant-fulfilled availability (DEFAULT)' }
}

export const discoveredListing = (of: AmazonListing): DiscoveredListing => {
  const live = liveQuantity(of)
  return {
    externalId: of.sku,
    sku: of.sku,
    title: of.summaries?.find((each) => each.itemName)?.itemName ?? '',
    quantity: live.kind === 'quantity' ? live.quantity : null,
    unusable: live.kind === 'unusable' ? live.reason : null,
  }
}

export const submissionAnswer = z.object({
  status: z.string(),
  submissionId: z.string().nullish(),
  issues: z.array(z.object({ code: z.string().nullish(), message: z.string().nullish(), severity: z.string().nullish() })).nullish(),
})

/** ACCEPTED means submitted, not live; INVALID comes with HTTP 200. */
export const pushOutcome = (answer: z.output<typeof submissionAnswer>): PushOutcome => {
  if (answer.status === 'ACCEPTED') return { kind: 'accepted', submissionId: answer.submissionId ?? '' }
  if (answer.status !== 'INVALID')
    return { kind: 'ambiguous', code: 'channel-answer-malformed', message: `Amazon answered the unknown status ${quoted(answer.status)}` }
  const issues = answer.issues ?? []
  const errors = issues.filter((issue) => issue.severity === 'ERROR')
  const told = (errors.length > 0 ? errors : issues).slice(0, 5).map((issue) => [issue.code, issue.message].filter(Boolean).join(': '))
  return {
    kind: 'rejected',
    code: 'channel-rejected',
    message: told.length > 0 ? quoted(told.join('; ')) : 'Amazon refused the quantity without saying why',
    fix: 'Correct the listing in Seller Central, then let Belay push it again.',
  }
}
