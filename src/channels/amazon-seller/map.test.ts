import { describe, expect, it } from 'vitest'
import type { ChannelId } from '../../domain/ids.ts'
import { maxLineQuantity } from '../../domain/order-fold.ts'
import { minorUnits } from '../sp-api/money.ts'
import { discoveredListing, getListingAnswer, getOrderAnswer, liveQuantity, orderFact, pushOutcome } from './map.ts'

const channel = 'amazon-eu' as ChannelId
const updated = Date.UTC(2026, 10, 23, 10)

const line = (status: string, item: Record<string, unknown>, fulfilledBy?: string) => {
  const { order } = getOrderAnswer.parse({
    order: {
      orderId: '1',
      createdTime: '2026-11-23T09:00:00Z',
      lastUpdatedTime: '2026-11-23T10:00:00Z',
      fulfillment: { fulfillmentStatus: status, fulfilledBy },
      orderItems: [{ orderItemId: 'i', quantityOrdered: 3, product: { sellerSku: 'SKU' }, ...item }],
    },
  })
  return orderFact(channel, order)?.lines[0]
}

describe('cancelled quantities', () => {
  const executed = { cancellationExecution: { cancelledBy: 'BUYER' } }

  it.each(['CANCELLED', 'Canceled'])('all of an order that is %s', (status) => {
    expect(line(status, {})).toMatchObject({ orderedQuantity: 3, cancelledQuantity: 3, cancelledAtMs: updated })
  })
  it('every one there may be, when Amazon lowered the quantity to 0', () => {
    expect(line('CANCELLED', { quantityOrdered: 0 })).toMatchObject({ orderedQuantity: 0, cancelledQuantity: maxLineQuantity })
  })
  it('what is neither shipped nor to ship, once a cancellation was executed', () => {
    const fulfillment = { quantityFulfilled: 1, quantityUnfulfilled: 1 }
    expect(line('PARTIALLY_SHIPPED', { cancellation: executed, fulfillment })).toMatchObject({ cancelledQuantity: 1, shippedQuantity: 1 })
  })
  it('none of a pending order of which nothing is to ship yet', () => {
    const fulfillment = { quantityFulfilled: 0, quantityUnfulfilled: 0 }
    expect(line('PENDING', { fulfillment })).toMatchObject({ cancelledQuantity: 0, cancelledAtMs: null })
  })
  it('none for a wish of the buyer, nor where Amazon does not tell how many', () => {
    expect(line('UNSHIPPED', { cancellation: { cancellationRequest: { requester: 'BUYER' } } })).toMatchObject({ cancelledQuantity: 0 })
    expect(line('UNSHIPPED', { cancellation: executed })).toMatchObject({ cancelledQuantity: 0 })
  })
})

describe('who fulfils', () => {
  it('Amazon: not ours', () => expect(line('UNSHIPPED', {}, 'AMAZON')).toBeUndefined())
  it('not told: ours, reserving is the safe side', () => expect(line('PENDING', {})).toMatchObject({ orderedQuantity: 3 }))
})

describe('amounts', () => {
  const money = (amount: string, currencyCode = 'EUR') => ({ amount, currencyCode })
  it.each([
    ['12.34', 'EUR', 1234],
    ['5980', 'JPY', 5980],
    ['1.5', 'EUR', 150],
    ['1.005', 'EUR', 101],
    ['-2.10', 'EUR', -210],
    ['1.234', 'KWD', 1234],
    ['1e3', 'EUR', null],
    ['1.00', 'euro', null],
  ])('%s %s', (amount, currency, expected) => expect(minorUnits(money(amount, currency))).toBe(expected))

  it('are the item with its tax less its discount, without shipping', () => {
    const breakdowns = [
      { type: 'ITEM', subtotal: money('30.00') },
      { type: 'SHIPPING', subtotal: money('5.00') },
      {
        type: 'TAX',
        subtotal: money('7.00'),
        detailedBreakdowns: [
          { subtype: 'ITEM', value: money('6.00') },
          { subtype: 'SHIPPING', value: money('1.00') },
        ],
      },
      { type: 'DISCOUNT', subtotal: money('-4.00') },
    ]
    expect(line('UNSHIPPED', { proceeds: { breakdowns } })).toMatchObject({ amountMinor: 3200, currency: 'EUR' })
  })
  it('are unit price times quantity without proceeds, and unknown without either', () => {
    expect(line('PENDING', { product: { sellerSku: 'SKU', price: { unitPrice: money('9.99') } } })).toMatchObject({ amountMinor: 2997 })
    expect(line('PENDING', {})).toMatchObject({ amountMinor: null, currency: null })
  })
  it('of a cancelled order told as nothing are not told', () => {
    expect(line('CANCELLED', { proceeds: { breakdowns: [{ type: 'ITEM', subtotal: money('0.00') }] } })).toMatchObject({
      amountMinor: null,
    })
  })
})

describe('live quantities', () => {
  const live = (fulfillmentAvailability?: unknown) => liveQuantity(getListingAnswer.parse({ sku: 'S', fulfillmentAvailability }))
  it('are those of DEFAULT', () => {
    const rows = [
      { fulfillmentChannelCode: 'AMAZON_EU', quantity: 9 },
      { fulfillmentChannelCode: 'DEFAULT', quantity: 0 },
    ]
    expect(live(rows)).toEqual({ kind: 'quantity', quantity: 0 })
  })
  it.each([
    ['fulfilled by Amazon', [{ fulfillmentChannelCode: 'AMAZON_EU', quantity: 9 }]],
    ['no quantity', [{ fulfillmentChannelCode: 'DEFAULT' }]],
    ['no merchant-fulfilled', []],
    ['no merchant-fulfilled', undefined],
  ])('unusable: %s', (reason, rows) => {
    expect(live(rows)).toEqual({ kind: 'unusable', reason: expect.stringContaining(reason) })
  })
  it('discovered with title and reason', () => {
    const listing = getListingAnswer.parse({ sku: 'S', summaries: [{ itemName: 'Mug' }], fulfillmentAvailability: [] })
    expect(discoveredListing(listing)).toMatchObject({ externalId: 'S', sku: 'S', title: 'Mug', quantity: null })
    expect(discoveredListing(listing).unusable).not.toBeNull()
  })
})

describe('submissions', () => {
  it('INVALID is a rejection with the errors that Amazon names', () => {
    const issues = [
      { code: '1', message: 'only a warning', severity: 'WARNING' },
      { code: '90000900', message: 'The attributes are invalid.', severity: 'ERROR' },
    ]
    expect(pushOutcome({ status: 'INVALID', issues })).toMatchObject({ kind: 'rejected', message: '90000900: The attributes are invalid.' })
  })
  it('an unknown status may have had its effect', () => {
    expect(pushOutcome({ status: 'VALID' })).toMatchObject({ kind: 'ambiguous', code: 'channel-answer-malformed' })
  })
})
