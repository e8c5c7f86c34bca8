import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSwaggerContract } from '../../../test/support/swagger.ts'
import { createVendorAccount, type VendorAccount } from '../../../test/support/vendor-account.ts'
import type { ChannelId, ListingId, PoolId, Sku } from '../../domain/ids.ts'
import type { Order, OrderLine } from '../../domain/orders.ts'
import { acceptedAmount, directAcknowledgement, purchaseAcknowledgement } from './acknowledge.ts'
import type { DirectEcho, PurchaseEcho, PurchaseEchoLine } from './echo.ts'

const signal = new AbortController().signal
const line = (lineId: string, orderedQuantity: number, acceptedQuantity: number | null, cancelledQuantity = 0): OrderLine => ({
  lineId,
  listing: 'vendor/x' as ListingId,
  sku: 'x' as Sku,
  pool: 'main' as PoolId,
  unitsPerListing: 1,
  orderedQuantity,
  cancelledQuantity,
  shippedQuantity: 0,
  cancelledAtMs: null,
  amountMinor: null,
  currency: null,
  createdAtMs: 0,
  acceptedQuantity,
  location: null,
})

const order = (demand: 'fact' | 'ask-first', lines: readonly OrderLine[], echo: object | null): Order => ({
  channel: 'vendor' as ChannelId,
  orderId: '2JK3S9VC',
  version: 1,
  createdAtMs: 0,
  revisedAtMs: 0,
  demand,
  merge: demand === 'fact' ? 'maximum' : 'revision',
  lines,
  acknowledgement: null,
  // As a store gives it back.
  echo: echo === null ? null : (JSON.parse(JSON.stringify(echo)) as Record<string, unknown>),
  firstSeenAtMs: 0,
})

const directEcho: DirectEcho = {
  kind: 'df',
  vendorOrderNumber: '2JK3S9VC',
  sellingPartyId: 'VEND1',
  shipFromPartyId: 'WH1',
  lines: [
    { lineId: '1', vendorProductIdentifier: 'A', asin: 'B012345678', unitOfMeasure: 'Each', netPrice: null },
    { lineId: '2', vendorProductIdentifier: null, asin: 'B012345679', unitOfMeasure: 'Each', netPrice: null },
  ],
}

const cases: PurchaseEchoLine = {
  lineId: '1',
  vendorProductIdentifier: 'A',
  asin: null,
  orderedAmount: 3,
  unitOfMeasure: 'Cases',
  unitSize: 12,
  netCost: { amount: '4.50', currencyCode: 'EUR', unitOfMeasure: null },
  isBackOrderAllowed: true,
}
const purchaseEcho = (...lines: PurchaseEchoLine[]): PurchaseEcho => ({ kind: 'retail', sellingPartyId: 'VEND1', lines })

let account: VendorAccount
beforeEach(() => {
  account = createVendorAccount()
  account.amazon.on('submitAcknowledgement /vendor/directFulfillment/orders/2021-12-28/acknowledgements', () => ({
    status: 202,
    body: { transactionId: 'd-1' },
  }))
  account.amazon.on('submitAcknowledgement /vendor/orders/v1/acknowledgements', () => ({
    status: 202,
    body: { payload: { transactionId: 'r-1' } },
  }))
})
afterEach(() => account.amazon.assertNoProblems())

describe('answering a direct-fulfilment order', () => {
  it('accepts it whole', async () => {
    const whole = order('fact', [line('1', 2, 2), line('2', 1, 1)], directEcho)
    expect(await account.adapter.acknowledge([whole], signal)).toEqual([{ kind: 'accepted', transactionId: 'df:d-1' }])
    expect(account.amazon.requests[0]?.body).toMatchObject({
      orderAcknowledgements: [
        {
          purchaseOrderNumber: '2JK3S9VC',
          vendorOrderNumber: '2JK3S9VC',
          acknowledgementDate: '2026-11-23T09:00:00.000Z',
          acknowledgementStatus: { code: '00' },
          sellingParty: { partyId: 'VEND1' },
          shipFromParty: { partyId: 'WH1' },
          itemAcknowledgements: [
            {
              itemSequenceNumber: '1',
              vendorProductIdentifier: 'A',
              buyerProductIdentifier: 'B012345678',
              acknowledgedQuantity: { amount: 2, unitOfMeasure: 'Each' },
            },
            { itemSequenceNumber: '2', buyerProductIdentifier: 'B012345679', acknowledgedQuantity: { amount: 1 } },
          ],
        },
      ],
    })
  })

  it('or refuses it whole: one line short and no line is acknowledged', () => {
    const short = order('fact', [line('1', 2, 1), line('2', 1, 1)], directEcho)
    const body = directAcknowledgement(short, directEcho, { acceptCode: '00', outOfStockCode: '03' }, 0)
    const [answer] = body?.orderAcknowledgements ?? []
    expect(answer?.acknowledgementStatus.code).toBe('03')
    expect(answer?.itemAcknowledgements.map((each) => each.acknowledgedQuantity.amount)).toEqual([0, 0])
  })

  it('waits for a line that has no listing yet, and says nothing of an order that is cancelled', async () => {
    const unmapped = order('fact', [line('1', 2, 2)], directEcho)
    const cancelled = order('fact', [line('1', 2, 2, 2), line('2', 1, 1, 1)], directEcho)
    const lost = order('fact', [line('1', 2, 2)], null)
    expect(await account.adapter.acknowledge([unmapped, cancelled, lost], signal)).toMatchObject([
      { kind: 'failed', code: 'listing-unknown' },
      { kind: 'accepted', transactionId: 'none:2JK3S9VC' },
      { kind: 'rejected', code: 'not-found' },
    ])
    expect(account.amazon.requests).toEqual([])
  })
})

describe('answering a purchase order', () => {
  it('accepts whole cases, rounded down, rejects the rest, and gives the cost back', async () => {
    expect(await account.adapter.acknowledge([order('ask-first', [line('1', 36, 30)], purchaseEcho(cases))], signal)).toEqual([
      { kind: 'accepted', transactionId: 'retail:r-1' },
    ])
    expect(account.amazon.requests[0]?.body).toEqual({
      acknowledgements: [
        {
          purchaseOrderNumber: '2JK3S9VC',
          sellingParty: { partyId: 'VEND1' },
          acknowledgementDate: '2026-11-23T09:00:00.000Z',
          items: [
            {
              itemSequenceNumber: '1',
              vendorProductIdentifier: 'A',
              orderedQuantity: { amount: 3, unitOfMeasure: 'Cases', unitSize: 12 },
              netCost: { amount: '4.50', currencyCode: 'EUR' },
              itemAcknowledgements: [
                { acknowledgementCode: 'Accepted', acknowledgedQuantity: { amount: 2, unitOfMeasure: 'Cases', unitSize: 12 } },
                {
                  acknowledgementCode: 'Rejected',
                  acknowledgedQuantity: { amount: 1, unitOfMeasure: 'Cases', unitSize: 12 },
                  rejectionReason: 'TemporarilyUnavailable',
                },
              ],
            },
          ],
        },
      ],
    })
  })

  it('leaves out parts of zero and lines that Amazon cancelled', () => {
    const eaches: PurchaseEchoLine = { ...cases, lineId: '2', orderedAmount: 5, unitOfMeasure: 'Eaches', unitSize: null }
    const gone: PurchaseEchoLine = { ...cases, lineId: '3', orderedAmount: 0 }
    const echo = purchaseEcho(cases, eaches, gone)
    const body = purchaseAcknowledgement(order('ask-first', [line('1', 36, 36), line('2', 5, 0), line('3', 0, 0)], echo), echo, 0)
    const parts = body?.acknowledgements?.[0]?.items.map((item) => item.itemAcknowledgements.map((each) => each.acknowledgementCode))
    expect(parts).toEqual([['Accepted'], ['Rejected']])
    expect(purchaseAcknowledgement(order('ask-first', [line('3', 0, 0)], purchaseEcho(gone)), purchaseEcho(gone), 0)).toBeNull()
  })

  it('never more than ordered, never a part of a case, always all of the line, and always as the model says', () => {
    const contract = createSwaggerContract('vendorOrders.json')
    const lines = fc.record({
      orderedAmount: fc.integer({ min: 1, max: 500 }),
      unitOfMeasure: fc.constantFrom('Cases' as const, 'Eaches' as const),
      unitSize: fc.integer({ min: 1, max: 48 }),
      accepted: fc.integer({ min: 0, max: 30_000 }),
    })
    fc.assert(
      fc.property(lines, ({ accepted, ...quantity }) => {
        const size = quantity.unitOfMeasure === 'Cases' ? quantity.unitSize : 1
        const amount = acceptedAmount(quantity, accepted)
        expect(amount * size).toBeLessThanOrEqual(Math.min(accepted, quantity.orderedAmount * size))
        expect(Math.min(accepted, quantity.orderedAmount * size) - amount * size).toBeLessThan(size)
        const echo = purchaseEcho({ ...cases, ...quantity })
        const body = purchaseAcknowledgement(order('ask-first', [line('1', quantity.orderedAmount * size, accepted)], echo), echo, 0)
        expect(contract.validateRequest({ method: 'POST', url: '/vendor/orders/v1/acknowledgements', body })).toEqual([])
        const parts = body?.acknowledgements?.[0]?.items[0]?.itemAcknowledgements ?? []
        expect(parts.reduce((sum, part) => sum + (part.acknowledgedQuantity.amount ?? 0), 0)).toBe(quantity.orderedAmount)
      }),
    )
  })
})

describe('the outcome of an answer', () => {
  it('is asked for where it was sent', async () => {
    account.amazon.on('getTransactionStatus', () => ({
      status: 200,
      body: { transactionStatus: { transactionId: 'd-1', status: 'Success' } },
    }))
    account.amazon.on('getTransaction', () => ({
      status: 200,
      body: {
        payload: {
          transactionStatus: { transactionId: 'r-1', status: 'Failure', errors: [{ code: 'INVALID_COST', message: 'netCost is missing' }] },
        },
      },
    }))
    expect(await account.adapter.settleAcknowledgements(['df:d-1', 'retail:r-1', 'none:X', 'what'], signal)).toMatchObject([
      { kind: 'applied' },
      { kind: 'rejected', message: 'Amazon refused the acknowledgement: INVALID_COST: netCost is missing' },
      { kind: 'applied' },
      { kind: 'failed', code: 'not-found' },
    ])
  })

  it('counts as done after half an hour of Processing', async () => {
    account.amazon.on('getTransaction', () => ({
      status: 200,
      body: { payload: { transactionStatus: { transactionId: 'r-1', status: 'Processing' } } },
    }))
    expect(await account.adapter.settleAcknowledgements(['retail:r-1'], signal)).toEqual([{ kind: 'processing' }])
    await account.amazon.clock.advance(30 * 60_000)
    expect(await account.adapter.settleAcknowledgements(['retail:r-1'], signal)).toEqual([{ kind: 'applied' }])
  })

  it('is its own for every order', async () => {
    account.amazon.on('submitAcknowledgement /vendor/orders/v1/acknowledgements', (request) =>
      JSON.stringify(request.body).includes('"amount":7')
        ? { status: 400, body: { errors: [{ code: 'InvalidInput', message: 'no' }] } }
        : { status: 202, body: { payload: { transactionId: 'r-2' } } },
    )
    const eaches = (amount: number): PurchaseEchoLine => ({ ...cases, orderedAmount: amount, unitOfMeasure: 'Eaches', unitSize: 1 })
    const orders = [7, 8].map((amount) => order('ask-first', [line('1', amount, amount)], purchaseEcho(eaches(amount))))
    expect((await account.adapter.acknowledge(orders, signal)).map((each) => each.kind)).toEqual(['rejected', 'accepted'])
  })
})
