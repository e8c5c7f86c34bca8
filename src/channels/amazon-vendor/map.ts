// Amazon's order documents to order facts. Total: any document gives a fact, a place among the orders of another vendor code, or a
// reason why it cannot be read; never a number that is not one. Buyer data (shipToParty, customerOrderNumber, gift messages, customised
// items) is not even looked at.
// Sources: vendorDirectFulfillmentOrders_2021-12-28.json, vendorOrders.json.
import { minorUnits } from '../sp-api/money.ts'
import { BelayError } from '../../domain/errors.ts'
import type { ChannelId } from '../../domain/ids.ts'
import type { OrderFact, OrderLineFact } from '../../domain/orders.ts'
import type { DirectEcho, DirectEchoLine, EchoMoney, PurchaseEcho, PurchaseEchoLine } from './echo.ts'
import { countAt, type Fields, fieldsAt, instantAt, isFields, listAt, malformed, optionalInstant, optionalText, textAt } from './fields.ts'
import { directPlace, type Identifiers, lineKeys, retailPlace } from './listing.ts'

export interface MapContext {
  readonly channel: ChannelId
  /** Orders of other vendor codes of the same account are somebody else's. */
  readonly sellingPartyId: string
  readonly acknowledgeWithinMs: number
}

export type Mapped =
  /** `fresh`: not answered yet. */
  | { readonly kind: 'fact'; readonly fact: OrderFact; readonly fresh: boolean }
  | { readonly kind: 'other-vendor' }
  | { readonly kind: 'unreadable'; readonly orderId: string | null; readonly createdAtMs: number | null; readonly reason: string }

/** No order has more lines; a document beyond it is not believed. */
const maxLines = 5000

const partyId = (details: Fields, name: string): string => {
  try {
    return textAt(fieldsAt(details, name), 'partyId')
  } catch (error) {
    throw error instanceof BelayError ? malformed(`${name}: ${error.message}`) : error
  }
}

const money = (from: Fields, name: string): EchoMoney | null => {
  const value = from[name]
  if (!isFields(value)) return null
  // The model says text; a number says the same.
  const amount = typeof value.amount === 'number' && Number.isFinite(value.amount) ? String(value.amount) : optionalText(value, 'amount')
  if (amount === null) return null
  return { amount, currencyCode: optionalText(value, 'currencyCode'), unitOfMeasure: optionalText(value, 'unitOfMeasure') }
}

const identifiersOf = (item: Fields, asinField: string): Identifiers => {
  const identifiers = { vendorProductIdentifier: optionalText(item, 'vendorProductIdentifier'), asin: optionalText(item, asinField) }
  if (identifiers.vendorProductIdentifier === null && identifiers.asin === null)
    throw malformed(`neither vendorProductIdentifier nor ${asinField}`)
  return identifiers
}

/** Maps each item, refusing a document that numbers two lines the same: one of them would vanish in the merge. */
const mapItems = <T>(details: Fields, map: (item: Fields, lineId: string) => T): readonly T[] => {
  const items = listAt(details, 'items')
  if (items.length === 0 || items.length > maxLines) throw malformed(`items has ${items.length} entries`)
  const seen = new Set<string>()
  return items.map((item, at) => {
    if (!isFields(item)) throw malformed(`items[${at}] is not an object`)
    try {
      const lineId = textAt(item, 'itemSequenceNumber')
      if (seen.has(lineId)) throw malformed('itemSequenceNumber is used twice')
      seen.add(lineId)
      return map(item, lineId)
    } catch (error) {
      throw error instanceof BelayError ? malformed(`items[${at}]: ${error.message}`) : error
    }
  })
}

const readOrNull = <T>(read: () => T): T | null => {
  try {
    return read()
  } catch (error) {
    if (error instanceof BelayError) return null
    throw error
  }
}

/** Runs a mapping; what it refuses becomes a reason, with as much of the order's identity as can be read. */
const attempt = (raw: unknown, dateField: string, map: (order: Fields) => Mapped): Mapped => {
  if (!isFields(raw)) return { kind: 'unreadable', orderId: null, createdAtMs: null, reason: 'the order is not an object' }
  try {
    return map(raw)
  } catch (error) {
    if (!(error instanceof BelayError)) throw error
    return {
      kind: 'unreadable',
      orderId: readOrNull(() => optionalText(raw, 'purchaseOrderNumber')),
      createdAtMs: readOrNull(() => optionalInstant(fieldsAt(raw, 'orderDetails'), dateField)),
      reason: error.message,
    }
  }
}

/**
 * netPrice and netCost are what Amazon pays the vendor for one, before tax: not what the goods were sold for. The whole line's, or null where
 * they are told by weight.
 */
const costOf = (each: EchoMoney | null, quantity: number): Pick<OrderLineFact, 'amountMinor' | 'currency'> => {
  const minor =
    each?.currencyCode && each.unitOfMeasure === null ? minorUnits({ amount: each.amount, currencyCode: each.currencyCode }) : null
  return minor === null || minor < 0
    ? { amountMinor: null, currency: null }
    : { amountMinor: minor * quantity, currency: each?.currencyCode ?? null }
}

const baseLine = (lineId: string, listingKeys: readonly string[], orderedQuantity: number, each: EchoMoney | null): OrderLineFact => ({
  lineId,
  listingKeys,
  orderedQuantity,
  cancelledQuantity: 0,
  shippedQuantity: 0,
  cancelledAtMs: null,
  cancelMayRestock: true,
  ...costOf(each, orderedQuantity),
})

/**
 * A direct-fulfilment order: sold already, from the warehouse it names. Status CANCELLED cancels every line, SHIPPED ships every line (fill
 * or kill: there are no parts); the time of either is not told. An order without a status counts as NEW: to be answered.
 */
export const mapDirectOrder = (raw: unknown, context: MapContext): Mapped =>
  attempt(raw, 'orderDate', (order) => {
    const orderId = textAt(order, 'purchaseOrderNumber')
    const details = fieldsAt(order, 'orderDetails')
    const sellingPartyId = partyId(details, 'sellingParty')
    if (sellingPartyId !== context.sellingPartyId) return { kind: 'other-vendor' }
    const shipFromPartyId = partyId(details, 'shipFromParty')
    const createdAtMs = instantAt(details, 'orderDate')
    const status = optionalText(details, 'orderStatus') ?? 'NEW'
    const echoLines: DirectEchoLine[] = []
    const lines = mapItems(details, (item, lineId): OrderLineFact => {
      const identifiers = identifiersOf(item, 'buyerProductIdentifier')
      const quantity = fieldsAt(item, 'orderedQuantity')
      const amount = countAt(quantity, 'amount')
      const unitOfMeasure = optionalText(quantity, 'unitOfMeasure') ?? 'Each'
      if (!/^each(es)?$/i.test(unitOfMeasure)) throw malformed('orderedQuantity is not in Each')
      echoLines.push({ lineId, ...identifiers, unitOfMeasure: 'Each', netPrice: money(item, 'netPrice') })
      return {
        ...baseLine(lineId, lineKeys(directPlace(shipFromPartyId), identifiers), amount, money(item, 'netPrice')),
        cancelledQuantity: status === 'CANCELLED' ? amount : 0,
        shippedQuantity: status === 'SHIPPED' ? amount : 0,
      }
    })
    const echo: DirectEcho = { kind: 'df', vendorOrderNumber: orderId, sellingPartyId, shipFromPartyId, lines: echoLines }
    return {
      kind: 'fact',
      fresh: status === 'NEW',
      fact: {
        channel: context.channel,
        orderId,
        createdAtMs,
        revisedAtMs: createdAtMs,
        demand: 'fact',
        merge: 'maximum',
        acknowledgeByMs: status === 'NEW' ? createdAtMs + context.acknowledgeWithinMs : null,
        lines,
        echo: { ...echo },
      },
    }
  })

/** Single goods of a purchase order's quantity: 3 Cases of 12 are 36. Without a unit, only a unit size of 1 leaves no doubt. */
const eachesOf = (
  quantity: Fields,
): Pick<PurchaseEchoLine, 'orderedAmount' | 'unitOfMeasure' | 'unitSize'> & { readonly eaches: number } => {
  const orderedAmount = countAt(quantity, 'amount')
  const unitSize = quantity.unitSize === undefined || quantity.unitSize === null ? null : countAt(quantity, 'unitSize')
  const unit = optionalText(quantity, 'unitOfMeasure')
  // The model says Cases and Eaches, its own example CASES.
  if (unit === null ? (unitSize ?? 1) === 1 : /^each(es)?$/i.test(unit))
    return { orderedAmount, unitOfMeasure: 'Eaches', unitSize, eaches: orderedAmount }
  if (unit === null || !/^cases?$/i.test(unit)) throw malformed('orderedQuantity is in neither Cases nor Eaches')
  if (unitSize === null || unitSize < 1) throw malformed('orderedQuantity is in Cases and unitSize does not say of how many')
  const eaches = orderedAmount * unitSize
  if (!Number.isSafeInteger(eaches)) throw malformed('orderedQuantity is too large')
  return { orderedAmount, unitOfMeasure: 'Cases', unitSize, eaches }
}

/**
 * A purchase order: Amazon asks, we may answer with less. Its quantities are net (a cancelled line says 0), so the latest revision counts.
 * A purchase order without a state counts as New.
 */
export const mapPurchaseOrder = (raw: unknown, context: MapContext): Mapped =>
  attempt(raw, 'purchaseOrderDate', (order) => {
    const orderId = textAt(order, 'purchaseOrderNumber')
    const details = fieldsAt(order, 'orderDetails')
    const sellingPartyId = isFields(details.sellingParty) ? partyId(details, 'sellingParty') : context.sellingPartyId
    if (sellingPartyId !== context.sellingPartyId) return { kind: 'other-vendor' }
    const createdAtMs = instantAt(details, 'purchaseOrderDate')
    const state = optionalText(order, 'purchaseOrderState') ?? 'New'
    const echoLines: PurchaseEchoLine[] = []
    const lines = mapItems(details, (item, lineId): OrderLineFact => {
      const identifiers = identifiersOf(item, 'amazonProductIdentifier')
      const { eaches, ...quantity } = eachesOf(fieldsAt(item, 'orderedQuantity'))
      echoLines.push({
        lineId,
        ...identifiers,
        ...quantity,
        netCost: money(item, 'netCost'),
        isBackOrderAllowed: item.isBackOrderAllowed === true,
      })
      return baseLine(lineId, lineKeys(retailPlace, identifiers), eaches, money(item, 'netCost'))
    })
    const echo: PurchaseEcho = { kind: 'retail', sellingPartyId, lines: echoLines }
    return {
      kind: 'fact',
      fresh: state === 'New',
      fact: {
        channel: context.channel,
        orderId,
        createdAtMs,
        // Both dates only grow: a change of quantities and a change of state.
        revisedAtMs: Math.max(
          createdAtMs,
          optionalInstant(details, 'purchaseOrderChangedDate') ?? 0,
          optionalInstant(details, 'purchaseOrderStateChangedDate') ?? 0,
        ),
        demand: 'ask-first',
        merge: 'revision',
        acknowledgeByMs: state === 'New' ? createdAtMs + context.acknowledgeWithinMs : null,
        lines,
        echo: { ...echo },
        // Closed asks nothing of us any more: rejected, cancelled or received. Only an order that we hold takes its last quantities.
        ...(state === 'Closed' ? { knownOnly: true } : {}),
      },
    }
  })

export interface OrderPage {
  readonly orders: readonly unknown[]
  readonly nextToken: string | null
}

const unreadableAnswer = (operation: string, why: string): BelayError =>
  new BelayError('channel-answer-malformed', `${operation}: ${why}`, { fix: 'try again later; if it stays, report it' })

/**
 * The list inside an answer: bare (direct fulfilment 2021-12-28) or under `payload` (vendor v1). An answer without a list is an empty page,
 * as an answer with errors or another shape is not: a window is never called complete on a guess.
 */
export const readOrderPage = (operation: string, body: unknown, envelope: 'bare' | 'payload'): OrderPage => {
  const list = envelope === 'bare' ? body : isFields(body) ? body.payload : undefined
  if (!isFields(list) || (isFields(body) && body.errors !== undefined))
    throw unreadableAnswer(operation, 'the answer is not a list of orders')
  const orders = list.orders ?? []
  if (!Array.isArray(orders)) throw unreadableAnswer(operation, 'the orders of the answer are not a list')
  const pagination = list.pagination ?? {}
  if (!isFields(pagination)) throw unreadableAnswer(operation, 'the pagination of the answer is not an object')
  const token = pagination.nextToken ?? null
  if (token !== null && typeof token !== 'string') throw unreadableAnswer(operation, 'the next token of the answer is not text')
  return { orders, nextToken: token === '' ? null : token }
}
