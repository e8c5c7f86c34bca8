// The rules by which Amazon takes a vendor's answer to purchase orders (Vendor Orders v1, submitAcknowledgement, and its use case guide).
// A submission is taken as a whole or refused as a whole. Taken in units, whatever the measure it is told in.
import type { ApiError } from '../sp-api/operation.ts'
import type { PurchaseOrder, RetailLine } from './purchasing.ts'
import { transactionError } from './transactions.ts'

/** Use case guide: quantities may be changed for 48 hours, afterwards only dates. Counted from the first answer. */
const quantityChangesMs = 48 * 3_600_000

interface Quantity {
  readonly amount?: number
  readonly unitOfMeasure?: 'Cases' | 'Eaches'
  readonly unitSize?: number
}

interface AnswerItem {
  readonly itemSequenceNumber?: string
  readonly amazonProductIdentifier?: string
  readonly vendorProductIdentifier?: string
  readonly netCost?: { readonly amount?: string }
  readonly itemAcknowledgements: readonly {
    readonly acknowledgementCode: 'Accepted' | 'Backordered' | 'Rejected'
    readonly acknowledgedQuantity: Quantity
  }[]
}

export interface RetailAnswer {
  readonly purchaseOrderNumber: string
  readonly sellingParty: { readonly partyId: string }
  readonly items: readonly AnswerItem[]
}

interface LineVerdict {
  readonly line: RetailLine
  readonly acceptedUnits: number
}

/** Units of a quantity; null: it cannot be a quantity of this line. Without a measure it is in the measure of the order. */
const unitsOf = (quantity: Quantity, line: RetailLine): number | null => {
  const { unitsPerCase } = line.offer
  const { amount, unitOfMeasure = unitsPerCase > 1 ? 'Cases' : 'Eaches', unitSize } = quantity
  if (amount === undefined || amount <= 0) return null
  if (unitOfMeasure === 'Cases') return unitSize === undefined || unitSize === unitsPerCase ? amount * unitsPerCase : null
  return amount % unitsPerCase === 0 ? amount : null
}

const lineOf = (item: AnswerItem, order: PurchaseOrder): RetailLine | undefined =>
  order.lines.find(
    (line) =>
      (item.itemSequenceNumber === undefined || item.itemSequenceNumber === line.sequence) &&
      (item.vendorProductIdentifier === undefined || item.vendorProductIdentifier === line.offer.vendorSku) &&
      (item.amazonProductIdentifier === undefined || item.amazonProductIdentifier === line.offer.asin),
  )

const verdictOnLine = (item: AnswerItem, order: PurchaseOrder, atMs: number): LineVerdict | ApiError => {
  const line = lineOf(item, order)
  const place = `${order.purchaseOrderNumber}, line ${item.itemSequenceNumber ?? item.vendorProductIdentifier ?? '?'}`
  if (!line) return transactionError('The line is not on the purchase order.', place)
  if (!(Number(item.netCost?.amount) > 0)) return transactionError('netCost is required and must be above zero.', place)
  let acceptedUnits = 0
  let totalUnits = 0
  for (const { acknowledgementCode, acknowledgedQuantity } of item.itemAcknowledgements) {
    const units = unitsOf(acknowledgedQuantity, line)
    if (units === null) return transactionError('acknowledgedQuantity must be above zero and in whole units of the order.', place)
    if (acknowledgementCode === 'Backordered' && !line.offer.isBackOrderAllowed)
      return transactionError('The line does not allow back orders.', place)
    totalUnits += units
    if (acknowledgementCode === 'Accepted') acceptedUnits += units
  }
  if (totalUnits > line.orderedUnits) return transactionError('More is acknowledged than was ordered.', place)
  if (line.answer === 'rejected' && acceptedUnits > 0) return transactionError('A rejected line cannot be accepted any more.', place)
  const isLate = order.acknowledgedAtMs !== null && atMs - order.acknowledgedAtMs > quantityChangesMs
  if (isLate && acceptedUnits !== line.acceptedUnits) return transactionError('Quantities can be changed for 48 hours only.', place)
  return { line, acceptedUnits }
}

const verdictsOn = (
  answer: RetailAnswer,
  order: PurchaseOrder | undefined,
  vendorCode: string,
  atMs: number,
): readonly (LineVerdict | ApiError)[] => {
  const number = answer.purchaseOrderNumber
  if (!order) return [transactionError('The purchase order is not known.', number)]
  if (order.state === 'Closed') return [transactionError('The purchase order is closed.', number)]
  if (answer.sellingParty.partyId !== vendorCode) return [transactionError('sellingParty is not that of the purchase order.', number)]
  const verdicts = answer.items.map((item) => verdictOnLine(item, order, atMs))
  const lines = verdicts.flatMap((verdict) => ('line' in verdict ? [verdict.line] : []))
  return new Set(lines).size === lines.length ? verdicts : [transactionError('A line is acknowledged twice.', number)]
}

const take = (order: PurchaseOrder, verdicts: readonly LineVerdict[], atMs: number): void => {
  const isFirst = order.acknowledgedAtMs === null
  for (const { line, acceptedUnits } of verdicts) {
    line.acceptedUnits = acceptedUnits
    line.answer = acceptedUnits > 0 ? 'accepted' : 'rejected'
  }
  // What the first answer leaves out is rejected; a later one replaces only what it names.
  if (!isFirst) return
  for (const line of order.lines) if (line.answer === 'none') line.answer = 'rejected'
  order.acknowledgedAtMs = atMs
  order.state = 'Acknowledged'
  order.stateChangedAtMs = atMs
}

export const applyRetailAnswers = (
  answers: readonly RetailAnswer[],
  orders: ReadonlyMap<string, PurchaseOrder>,
  vendorCode: string,
  atMs: number,
): readonly ApiError[] => {
  const errors: ApiError[] = []
  const taken: { readonly order: PurchaseOrder; readonly verdicts: readonly LineVerdict[] }[] = []
  for (const answer of answers) {
    const order = orders.get(answer.purchaseOrderNumber)
    const verdicts = verdictsOn(answer, order, vendorCode, atMs)
    errors.push(...verdicts.flatMap((verdict) => ('line' in verdict ? [] : [verdict])))
    if (order) taken.push({ order, verdicts: verdicts.flatMap((verdict) => ('line' in verdict ? [verdict] : [])) })
  }
  if (errors.length > 0) return errors
  for (const { order, verdicts } of taken) take(order, verdicts, atMs)
  return []
}
