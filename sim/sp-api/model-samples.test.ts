// Golden: the sandbox cases and examples inside the official models, through the validators that the simulators use. What Amazon publishes
// must be accepted; the few samples that contradict their own model are listed with the contradiction, so that a change of either shows.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ApiName, checkNotification, findOperation } from './model.ts'
import { isViolation, loadOperation } from './operation.ts'

const served: readonly (readonly [ApiName, string, number, number])[] = [
  ['listings', 'patchListingsItem', 5, 5],
  ['listings', 'getListingsItem', 5, 10],
  ['listings', 'searchListingsItems', 5, 5],
  ['reports', 'createReport', 0.0167, 15],
  ['reports', 'getReport', 2, 15],
  ['reports', 'getReportDocument', 0.0167, 15],
  ['fbaInventory', 'getInventorySummaries', 2, 2],
  ['orders', 'searchOrders', 0.0056, 20],
  ['orders', 'getOrder', 0.5, 30],
  ['sellers', 'getMarketplaceParticipations', 0.016, 15],
  ['notifications', 'getDestinations', 1, 5],
  ['notifications', 'createDestination', 1, 5],
  ['notifications', 'getSubscription', 1, 5],
  ['notifications', 'createSubscription', 1, 5],
  ['tokens', 'createRestrictedDataToken', 1, 10],
  ['directFulfillmentInventory', 'submitInventoryUpdate', 10, 10],
  ['directFulfillmentOrders', 'getOrders', 10, 10],
  ['directFulfillmentOrders', 'getOrder', 10, 10],
  ['directFulfillmentOrders', 'submitAcknowledgement', 10, 10],
  ['directFulfillmentTransactions', 'getTransactionStatus', 10, 10],
  ['vendorOrders', 'getPurchaseOrders', 10, 10],
  ['vendorOrders', 'getPurchaseOrder', 10, 10],
  ['vendorOrders', 'submitAcknowledgement', 10, 10],
  ['vendorTransactions', 'getTransaction', 10, 20],
]

/** Samples that contradict the very model they are in. */
const knownContradictions: readonly string[] = [
  // 'EACH' and 'CASES', where the models allow Each, and Cases or Eaches.
  'directFulfillmentOrders.getOrder 200 sample 1: answer orderDetails.items[0].orderedQuantity.unitOfMeasure must be equal to one of the allowed values',
  'directFulfillmentOrders.getOrders 200 sample 1: answer orders[0].orderDetails.items[0].orderedQuantity.unitOfMeasure must be equal to one of the allowed values',
  'vendorOrders.getPurchaseOrders 200 sample 1: answer payload.orders[1].orderDetails.items[0].orderedQuantity.unitOfMeasure must be equal to one of the allowed values',
  // Put one level too high.
  'vendorOrders.getPurchaseOrders 200 sample 8: answer payload.orders[0].deliveryWindow is not known to this operation',
  // Required, and missing in the sample.
  "vendorOrders.getPurchaseOrders 200 sample 7: answer payload.orders[0].purchaseOrderState must have required property 'purchaseOrderState'",
  "vendorOrders.getPurchaseOrder 200 sample 2: answer payload.purchaseOrderState must have required property 'purchaseOrderState'",
]

interface SandboxCase {
  readonly request?: { readonly parameters?: Readonly<Record<string, { readonly value?: unknown }>> }
  readonly response?: unknown
}

interface Sample {
  readonly name: string
  readonly status: number
  readonly parameters: Readonly<Record<string, unknown>>
  readonly response: unknown
}

const samplesOf = (api: ApiName, operationId: string): readonly Sample[] =>
  Object.entries(findOperation(api, operationId).model.responses).flatMap(([status, answer]) => {
    const sandbox = answer['x-amzn-api-sandbox'] as { readonly static?: readonly SandboxCase[] } | undefined
    // Some models have a title in place of the media type, some neither.
    const examples = answer['examples'] as Record<string, unknown> | undefined
    const example: readonly SandboxCase[] = examples
      ? [{ response: examples['application/json'] ?? examples['Successful Response'] ?? examples }]
      : []
    const cases = [...(sandbox?.static ?? []), ...example]
    return cases.map((each, index) => ({
      name: `${api}.${operationId} ${status} sample ${index + 1}`,
      status: Number(status),
      parameters: Object.fromEntries(
        Object.entries(each.request?.parameters ?? {}).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])),
      ),
      response: each.response,
    }))
  })

/** A sample names only what its pattern needs; required parameters that it leaves to the caller are added. */
const completed = (
  api: ApiName,
  operationId: string,
  sample: Sample,
): { path: Record<string, string>; query: URLSearchParams; body: unknown } => {
  const path: Record<string, string> = {}
  const query = new URLSearchParams()
  let body: unknown
  for (const { name, in: place, required } of findOperation(api, operationId).model.parameters ?? []) {
    const value = sample.parameters[name]
    const text = Array.isArray(value) ? value.join(',') : typeof value === 'string' || typeof value === 'number' ? String(value) : null
    if (place === 'body') body = value ?? {}
    else if (place === 'path') path[name] = text ?? 'X'
    else if (text !== null || required) query.set(name, text ?? 'X')
  }
  return { path, query, body }
}

describe('samples of the official models', () => {
  it.each(served)('%s %s: usage plan, and its samples are accepted', (api, operationId, ratePerSecond, burst) => {
    const operation = loadOperation(api, operationId)
    expect({ ratePerSecond: operation.ratePerSecond, burst: operation.burst }).toEqual({ ratePerSecond, burst })
    const contradictions: string[] = []
    for (const sample of samplesOf(api, operationId)) {
      const wrongAnswer = operation.checkAnswer(sample.status, sample.response)
      if (wrongAnswer) contradictions.push(`${sample.name}: answer ${wrongAnswer.field} ${wrongAnswer.message}`)
      const { path, query, body } = completed(api, operationId, sample)
      const names = Object.keys(sample.parameters)
      if (sample.status >= 400 || names.length === 0 || (body !== undefined && !names.includes('body'))) continue
      const parsed = operation.parse(path, query, body)
      if (isViolation(parsed)) contradictions.push(`${sample.name}: request ${parsed.field} ${parsed.message}`)
    }
    expect(contradictions.sort()).toEqual(knownContradictions.filter((each) => each.startsWith(`${operation.name} `)).sort())
  })

  it.each(['ORDER_CHANGE', 'LISTINGS_ITEM_MFN_QUANTITY_CHANGE'] as const)('the sample of %s keeps to its schema', (type) => {
    const file = type === 'ORDER_CHANGE' ? 'OrderChangeNotification.json' : 'ListingsItemMfnQuantityChange.json'
    const schema = JSON.parse(readFileSync(new URL(`../contracts/amazon/${file}`, import.meta.url), 'utf8')) as {
      readonly examples: readonly unknown[]
    }
    expect(schema.examples.map((sample) => checkNotification(type, sample))).toEqual([null])
  })
})
