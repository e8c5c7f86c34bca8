// The official sandbox answers of Orders 2026-01-01 through our map (source: test/golden/contracts/orders_2026-01-01.json), and the types of all
// models against our schemas.
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import {
  getListingAnswer,
  getOrderAnswer,
  orderFact,
  searchListingsAnswer,
  searchOrdersAnswer,
  submissionAnswer,
} from '../../../src/channels/amazon-seller/map.ts'
import { participationsAnswer } from '../../../src/channels/amazon-seller/setup-answers.ts'
import type { components as ListingsModel } from '../../../src/channels/sp-api/generated/listings-items.ts'
import type { components as OrdersModel } from '../../../src/channels/sp-api/generated/orders.ts'
import type { components as SellersModel } from '../../../src/channels/sp-api/generated/sellers.ts'
import type { ChannelId } from '../../../src/domain/ids.ts'
import { createSwaggerContract } from '../../support/swagger.ts'

/** The generated types are readonly all through, our schemas' are not; that difference is none here. */
type Writable<T> = T extends readonly (infer E)[] ? Writable<E>[] : T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T

const channel = 'amazon-eu' as ChannelId
const cases = createSwaggerContract('orders_2026-01-01.json')
  .sandboxCases()
  .filter((each) => each.status === 200)
const searched = cases.filter((each) => each.operationId === 'searchOrders').map((each) => searchOrdersAnswer.parse(each.body))
const fetched = cases.filter((each) => each.operationId === 'getOrder').map((each) => getOrderAnswer.parse(each.body))

describe('official order examples', () => {
  it('become facts, Amazon-fulfilled ones nothing', () => {
    expect(searched.map((each) => each.orders.map((order) => orderFact(channel, order)?.orderId ?? 'AFN'))).toEqual([
      ['AFN'],
      ['202-7654321-1098765'],
      ['171-2345678-9012345'],
    ])
    expect(searched[0]?.pagination?.nextToken).toBe('2YgYW55IGNhcm5hbCBwbGVhc3VyZS4')
    expect(searched[0]?.createdBefore).toBe(Date.UTC(2024, 11, 25, 3))
  })

  it('in full: quantities, times and the price with tax', () => {
    const facts = fetched.map((each) => orderFact(channel, each.order))
    expect(facts[1]).toEqual({
      channel,
      orderId: '028-1234567-8901234',
      createdAtMs: Date.UTC(2025, 2, 15, 10, 30),
      revisedAtMs: Date.UTC(2025, 2, 15, 14, 20),
      demand: 'fact',
      merge: 'maximum',
      acknowledgeByMs: null,
      echo: null,
      lines: [
        {
          lineId: '02812345678901',
          listingKeys: ['FIRE-HD10-TR-BLK'],
          orderedQuantity: 2,
          cancelledQuantity: 0,
          shippedQuantity: 2,
          cancelledAtMs: null,
          cancelMayRestock: true,
          amountMinor: 12_500,
          currency: 'TRY',
        },
      ],
    })
    expect(facts[2]?.lines[0]).toMatchObject({ amountMinor: 4999, currency: 'USD', shippedQuantity: 0 })
  })

  it('lose every trace of the buyer', () => {
    const text = JSON.stringify([...searched, ...fetched])
    expect(JSON.stringify(cases)).toContain('Maria Silva Santos')
    const traces = ['Silva', 'Istiklal', '01234-567', 'buyer-email', 'Feliz Natal', 'TR1234567890']
    expect(traces.filter((each) => text.includes(each))).toEqual([])
  })
})

describe('answers as the models type them', () => {
  it('are what our schemas take (the compiler checks this)', () => {
    expectTypeOf<Writable<OrdersModel['schemas']['SearchOrdersResponse']>>().toExtend<z.input<typeof searchOrdersAnswer>>()
    expectTypeOf<Writable<OrdersModel['schemas']['GetOrderResponse']>>().toExtend<z.input<typeof getOrderAnswer>>()
    expectTypeOf<Writable<ListingsModel['schemas']['Item']>>().toExtend<z.input<typeof getListingAnswer>>()
    expectTypeOf<Writable<ListingsModel['schemas']['ItemSearchResults']>>().toExtend<z.input<typeof searchListingsAnswer>>()
    expectTypeOf<Writable<ListingsModel['schemas']['ListingsItemSubmissionResponse']>>().toExtend<z.input<typeof submissionAnswer>>()
    expectTypeOf<Writable<SellersModel['schemas']['GetMarketplaceParticipationsResponse']>>().toExtend<
      z.input<typeof participationsAnswer>
    >()
  })
})
