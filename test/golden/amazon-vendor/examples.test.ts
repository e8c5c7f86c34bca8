// Amazon's own examples (test/golden/contracts, x-amzn-api-sandbox of vendorOrders.json and vendorDirectFulfillmentInventoryV1.json; source
// and version in SOURCE.txt there) through the maps, and what the adapter sends through the models. Where an example breaks its own model
// (CASES in capitals, dates without a zone, a page without states), the maps must read it all the same.
import { describe, expect, it } from 'vitest'
import { directTarget } from '../../../src/channels/amazon-vendor/listing.ts'
import { inventoryUpdate } from '../../../src/channels/amazon-vendor/inventory.ts'
import { type MapContext, mapPurchaseOrder, readOrderPage } from '../../../src/channels/amazon-vendor/map.ts'
import { transactionIdOf } from '../../../src/channels/amazon-vendor/transactions.ts'
import { purchaseAcknowledgement } from '../../../src/channels/amazon-vendor/acknowledge.ts'
import { echoOf } from '../../../src/channels/amazon-vendor/echo.ts'
import type { ChannelId, ListingId, PoolId, Sku } from '../../../src/domain/ids.ts'
import type { Order, OrderFact } from '../../../src/domain/orders.ts'
import { createSwaggerContract, type SandboxCase } from '../../support/swagger.ts'

const orders = createSwaggerContract('vendorOrders.json')
const inventory = createSwaggerContract('vendorDirectFulfillmentInventoryV1.json')
const good = (cases: readonly SandboxCase[], operationId: string): SandboxCase[] =>
  cases.filter((each) => each.operationId === operationId && each.status < 300)

const contextOf = (document: unknown): MapContext => {
  const details = (document as { readonly orderDetails?: { readonly sellingParty?: { readonly partyId?: string } } }).orderDetails
  return { channel: 'vendor' as ChannelId, sellingPartyId: details?.sellingParty?.partyId ?? 'VENDOR', acknowledgeWithinMs: 86_400_000 }
}

const pages = good(orders.sandboxCases(), 'getPurchaseOrders').map((example) => readOrderPage('getPurchaseOrders', example.body, 'payload'))
const documents = pages.flatMap((page) => page.orders)
const single = good(orders.sandboxCases(), 'getPurchaseOrder').map((example) => (example.body as { readonly payload: unknown }).payload)

const acceptedInFull = (fact: OrderFact): Order => ({
  ...fact,
  version: 1,
  firstSeenAtMs: 0,
  acknowledgement: null,
  lines: fact.lines.map((line) => ({
    ...line,
    listing: 'vendor/x' as ListingId,
    sku: 'x' as Sku,
    pool: 'main' as PoolId,
    unitsPerListing: 1,
    acceptedQuantity: line.orderedQuantity,
    createdAtMs: fact.createdAtMs,
    location: null,
  })),
})

describe('the examples of purchase orders', () => {
  it('are all there', () => {
    expect(pages).toHaveLength(7)
    expect(documents).toHaveLength(12)
    expect(single).toHaveLength(2)
  })

  it('become the facts beside this file', () => {
    expect([...documents, ...single].map((document) => mapPurchaseOrder(document, contextOf(document)))).toMatchSnapshot()
  })

  it('are answered with requests that the model takes', () => {
    for (const document of [...documents, ...single]) {
      const mapped = mapPurchaseOrder(document, contextOf(document))
      if (mapped.kind !== 'fact') continue
      const order = acceptedInFull(mapped.fact)
      const echo = echoOf(order)
      if (echo.kind !== 'retail') throw new Error('a purchase order has the echo of one')
      const body = purchaseAcknowledgement(order, echo, mapped.fact.createdAtMs)
      expect(orders.validateRequest({ method: 'POST', url: '/vendor/orders/v1/acknowledgements', body })).toEqual([])
      expect(JSON.stringify(body)).not.toContain('Rejected')
    }
  })

  it('of acknowledgements name their transaction', () => {
    expect(
      good(orders.sandboxCases(), 'submitAcknowledgement').map((each) => transactionIdOf('submitAcknowledgement', each.body, 'payload')),
    ).toEqual([
      '20190827182357-8725bde9-c61c-49f9-86ac-46efd82d4da5',
      'mock-TransactionId-20190827182357-8725bde9-c61c-49f9-86ac-46efd82d4da5',
    ])
  })
})

describe('the examples of inventory updates', () => {
  const [example, fallback] = good(inventory.sandboxCases(), 'submitInventoryUpdate')

  it('are what the adapter sends, but for the ASIN beside the vendor number', () => {
    const wanted = (example?.parameters.body as ReturnType<typeof inventoryUpdate> | undefined)?.inventory
    const items = (wanted?.items ?? []).map((each) => ({
      identifiers: directTarget(`df/WH1/${each.vendorProductIdentifier}`)?.identifiers ?? { vendorProductIdentifier: null, asin: null },
      quantity: each.availableQuantity.amount ?? 0,
    }))
    const body = inventoryUpdate(wanted?.sellingParty.partyId ?? '', items)
    expect(body).toEqual({ inventory: { ...wanted, items: wanted?.items.map(({ buyerProductIdentifier: _asin, ...rest }) => rest) } })
    const url = '/vendor/directFulfillment/inventory/v1/warehouses/WH1/items'
    expect(inventory.validateRequest({ method: 'POST', url, body })).toEqual([])
  })

  it('name their transaction', () => {
    expect([example, fallback].map((each) => transactionIdOf('submitInventoryUpdate', each?.body, 'payload'))).toEqual([
      '20190905010908-8a3b6901-ef20-412f-9270-21c021796605',
      'mock-TransactionId-20190905010908-8a3b6901-ef20-412f-9270-21c021796605',
    ])
  })
})
