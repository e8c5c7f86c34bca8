import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChannelId } from '../../domain/ids.ts'
import { mapDirectOrder, mapPurchaseOrder, readOrderPage } from './map.ts'

const context = { channel: 'vendor' as ChannelId, sellingPartyId: 'VEND1', acknowledgeWithinMs: 86_400_000 }

const directOrder = (change: object = {}, item: object = {}) => ({
  purchaseOrderNumber: 'DX1',
  orderDetails: {
    customerOrderNumber: '302-SECRET',
    orderDate: '2026-11-23T08:00:00Z',
    orderStatus: 'NEW',
    shipmentDetails: { messageToCustomer: 'SECRET' },
    sellingParty: { partyId: 'VEND1' },
    shipFromParty: { partyId: 'WH1' },
    shipToParty: { name: 'SECRET', addressLine1: 'SECRET', countryCode: 'DE' },
    billToParty: { partyId: 'SECRET' },
    items: [
      {
        itemSequenceNumber: '1',
        buyerProductIdentifier: 'B012345678',
        vendorProductIdentifier: 'SKU-1',
        title: 'SECRET',
        giftDetails: { giftMessage: 'SECRET' },
        orderedQuantity: { amount: 3, unitOfMeasure: 'Each' },
        netPrice: { amount: '9.50', currencyCode: 'EUR' },
        ...item,
      },
    ],
    ...change,
  },
})

const purchaseOrder = (quantity: object, change: object = {}) => ({
  purchaseOrderNumber: '2JK3S9VC',
  purchaseOrderState: 'New',
  orderDetails: {
    purchaseOrderDate: '2026-11-23T08:00:00Z',
    purchaseOrderStateChangedDate: '2026-11-23T08:00:00Z',
    sellingParty: { partyId: 'VEND1' },
    items: [
      {
        itemSequenceNumber: '1',
        vendorProductIdentifier: 'SKU-1',
        isBackOrderAllowed: true,
        netCost: { amount: '4' },
        orderedQuantity: quantity,
      },
    ],
    ...change,
  },
})

const factOf = (mapped: ReturnType<typeof mapDirectOrder>) => {
  if (mapped.kind !== 'fact') throw new Error(`not a fact: ${JSON.stringify(mapped)}`)
  return mapped.fact
}
const createdAtMs = Date.UTC(2026, 10, 23, 8)

describe('a direct-fulfilment order', () => {
  it('is a sale from the warehouse it names, to be answered within a day', () => {
    const fact = factOf(mapDirectOrder(directOrder(), context))
    expect(fact).toMatchObject({
      orderId: 'DX1',
      createdAtMs,
      demand: 'fact',
      merge: 'maximum',
      acknowledgeByMs: createdAtMs + 86_400_000,
      lines: [
        {
          lineId: '1',
          listingKeys: ['df/WH1/SKU-1', 'df/WH1/asin:B012345678'],
          orderedQuantity: 3,
          cancelledQuantity: 0,
          shippedQuantity: 0,
        },
      ],
    })
    expect(fact.lines[0]).toMatchObject({ amountMinor: 2850, currency: 'EUR', cancelMayRestock: true })
  })

  it('carries what the answer needs and nothing of the buyer', () => {
    const fact = factOf(mapDirectOrder(directOrder(), context))
    expect(JSON.stringify(fact)).not.toContain('SECRET')
    expect(fact.echo).toMatchObject({ kind: 'df', vendorOrderNumber: 'DX1', sellingPartyId: 'VEND1', shipFromPartyId: 'WH1' })
  })

  it.each([
    ['CANCELLED', { cancelledQuantity: 3, shippedQuantity: 0 }, null],
    ['SHIPPED', { cancelledQuantity: 0, shippedQuantity: 3 }, null],
    ['ACCEPTED', { cancelledQuantity: 0, shippedQuantity: 0 }, null],
    [undefined, { cancelledQuantity: 0, shippedQuantity: 0 }, createdAtMs + 86_400_000],
  ])('in status %s', (orderStatus, line, acknowledgeByMs) => {
    const fact = factOf(mapDirectOrder(directOrder({ orderStatus }), context))
    expect(fact.lines[0]).toMatchObject(line)
    expect(fact.acknowledgeByMs).toBe(acknowledgeByMs)
  })

  it('takes a date without a zone as UTC, whatever the machine thinks', () => {
    expect(factOf(mapDirectOrder(directOrder({ orderDate: '2026-11-23T08:00:00' }), context)).createdAtMs).toBe(createdAtMs)
    expect(factOf(mapDirectOrder(directOrder({ orderDate: '2026-11-23T09:00:00+01:00' }), context)).createdAtMs).toBe(createdAtMs)
  })

  it('of another vendor code is not ours', () => {
    expect(mapDirectOrder(directOrder({ sellingParty: { partyId: 'OTHER' } }), context)).toEqual({ kind: 'other-vendor' })
  })

  it.each([
    ['no quantity', {}, { orderedQuantity: {} }, /amount/],
    ['half a unit', {}, { orderedQuantity: { amount: 1.5, unitOfMeasure: 'Each' } }, /amount/],
    ['a quantity as text', {}, { orderedQuantity: { amount: '3', unitOfMeasure: 'Each' } }, /amount/],
    ['cases', {}, { orderedQuantity: { amount: 3, unitOfMeasure: 'Cases' } }, /Each/],
    ['no identifier', {}, { buyerProductIdentifier: undefined, vendorProductIdentifier: undefined }, /neither/],
    ['no warehouse', { shipFromParty: {} }, {}, /shipFromParty: partyId/],
    ['a date that is none', { orderDate: '23.11.2026' }, {}, /orderDate/],
    ['no items', { items: [] }, {}, /items/],
    ['two lines of one number', { items: [directOrder().orderDetails.items[0], directOrder().orderDetails.items[0]] }, {}, /twice/],
  ])('that has %s cannot be read, with the reason and without the buyer', (_name, change, item, reason) => {
    const mapped = mapDirectOrder(directOrder(change, item), context)
    expect(mapped).toMatchObject({ kind: 'unreadable', orderId: 'DX1', reason: expect.stringMatching(reason) })
    expect(JSON.stringify(mapped)).not.toContain('SECRET')
  })
})

describe('a purchase order', () => {
  it.each([
    [{ amount: 3, unitOfMeasure: 'Cases', unitSize: 12 }, 36],
    [{ amount: 5, unitOfMeasure: 'CASES', unitSize: 10 }, 50],
    [{ amount: 3, unitOfMeasure: 'Eaches', unitSize: 12 }, 3],
    [{ amount: 3, unitOfMeasure: 'Eaches' }, 3],
    [{ amount: 3 }, 3],
    [{ amount: 3, unitSize: 1 }, 3],
    [{ amount: 0, unitOfMeasure: 'Cases', unitSize: 12 }, 0],
  ])('counts %j as single goods', (quantity, eaches) => {
    expect(factOf(mapPurchaseOrder(purchaseOrder(quantity), context)).lines[0]?.orderedQuantity).toBe(eaches)
  })

  it('that is closed changes only an order that we have', () => {
    const closed = { ...purchaseOrder({ amount: 3 }), purchaseOrderState: 'Closed' }
    expect(factOf(mapPurchaseOrder(closed, context))).toMatchObject({ knownOnly: true, acknowledgeByMs: null })
    expect(factOf(mapPurchaseOrder(purchaseOrder({ amount: 3 }), context)).knownOnly).toBeUndefined()
  })

  it.each([
    [{ amount: 3, unitOfMeasure: 'Cases' }, /unitSize/],
    [{ amount: 3, unitOfMeasure: 'Cases', unitSize: 0 }, /unitSize/],
    [{ amount: 3, unitSize: 12 }, /neither Cases nor Eaches/],
    [{ amount: 3, unitOfMeasure: 'Pallets' }, /neither Cases nor Eaches/],
    [{ amount: 9_007_199_254_740_991, unitOfMeasure: 'Cases', unitSize: 12 }, /too large/],
    [{ unitOfMeasure: 'Eaches' }, /amount/],
  ])('does not guess what %j means', (quantity, reason) => {
    expect(mapPurchaseOrder(purchaseOrder(quantity), context)).toMatchObject({ kind: 'unreadable', reason: expect.stringMatching(reason) })
  })

  it('asks first, and its latest revision counts', () => {
    const changed = { purchaseOrderChangedDate: '2026-11-23T10:00:00Z', purchaseOrderStateChangedDate: '2026-11-23T09:00:00Z' }
    const fact = factOf(mapPurchaseOrder(purchaseOrder({ amount: 3, unitOfMeasure: 'Cases', unitSize: 12 }, changed), context))
    expect(fact).toMatchObject({
      demand: 'ask-first',
      merge: 'revision',
      revisedAtMs: Date.UTC(2026, 10, 23, 10),
      acknowledgeByMs: createdAtMs + 86_400_000,
      echo: {
        kind: 'retail',
        sellingPartyId: 'VEND1',
        lines: [
          { lineId: '1', orderedAmount: 3, unitOfMeasure: 'Cases', unitSize: 12, netCost: { amount: '4' }, isBackOrderAllowed: true },
        ],
      },
    })
    expect(fact.lines[0]).toMatchObject({ listingKeys: ['retail/SKU-1'], amountMinor: null })
  })
})

describe('the maps are total', () => {
  // Documents that are right in most places and anything in one.
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 2 ** 60, '', '__proto__', '2026-13-45T99:99:99Z', undefined, null),
  )
  const spoil = (document: object): fc.Arbitrary<unknown> => {
    const paths: string[][] = []
    const walk = (value: unknown, path: string[]): void => {
      paths.push(path)
      if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key])
    }
    walk(document, [])
    return fc.tuple(fc.constantFrom(...paths), anything).map(([path, value]) => {
      if (path.length === 0) return value
      const copy: Record<string, unknown> = structuredClone(document) as Record<string, unknown>
      let at = copy
      for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
      at[path.at(-1) ?? ''] = value
      return copy
    })
  }
  const isWellFormed = (mapped: ReturnType<typeof mapDirectOrder>): boolean => {
    if (mapped.kind !== 'fact') return true
    const { fact } = mapped
    const numbers = [
      fact.createdAtMs,
      fact.revisedAtMs,
      ...fact.lines.flatMap((l) => [l.orderedQuantity, l.cancelledQuantity, l.shippedQuantity]),
    ]
    return (
      numbers.every((n) => Number.isSafeInteger(n) && n >= 0) &&
      fact.lines.every((l) => l.lineId !== '' && l.listingKeys.length > 0) &&
      new Set(fact.lines.map((l) => l.lineId)).size === fact.lines.length
    )
  }
  const anyOf = (document: object): fc.Arbitrary<unknown> => fc.oneof(anything, spoil(document))

  it('for direct-fulfilment orders', () => {
    fc.assert(
      fc.property(anyOf(directOrder()), (document) => {
        expect(isWellFormed(mapDirectOrder(document, context))).toBe(true)
      }),
    )
  })

  it('for purchase orders', () => {
    const changed = { purchaseOrderChangedDate: '2026-11-23T10:00:00Z' }
    fc.assert(
      fc.property(anyOf(purchaseOrder({ amount: 3, unitOfMeasure: 'Cases', unitSize: 12 }, changed)), (document) => {
        expect(isWellFormed(mapPurchaseOrder(document, context))).toBe(true)
      }),
    )
  })
})

describe('a page of orders', () => {
  it('is read bare or under payload, and without a list it is empty', () => {
    expect(readOrderPage('o', { orders: [1], pagination: { nextToken: 't' } }, 'bare')).toEqual({ orders: [1], nextToken: 't' })
    expect(readOrderPage('o', { payload: { orders: [1], pagination: {} } }, 'payload')).toEqual({ orders: [1], nextToken: null })
    expect(readOrderPage('o', { payload: {} }, 'payload')).toEqual({ orders: [], nextToken: null })
  })

  it.each([
    [null, 'bare'],
    [[], 'bare'],
    [{ errors: [] }, 'bare'],
    [{ orders: {} }, 'bare'],
    [{ orders: [], pagination: { nextToken: 5 } }, 'bare'],
    [{ orders: [] }, 'payload'],
    [{ payload: { orders: [] }, errors: [{ code: 'x' }] }, 'payload'],
  ] as const)('is never guessed from %j (%s)', (body, envelope) => {
    expect(() => readOrderPage('getOrders', body, envelope)).toThrow(/getOrders/)
  })
})
