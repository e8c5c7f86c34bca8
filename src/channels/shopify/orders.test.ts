import { describe, expect, test } from 'vitest'
import { errorResponse, throttledResponse } from '../../../test/golden/shopify/schema.ts'
import { never, setup } from '../../../test/golden/shopify/setup.ts'
import { isBelayError } from '../../domain/errors.ts'
import type { OrderFact, OrderLineFact } from '../../domain/orders.ts'
import type { ChannelAdapter, PollResult } from '../../ports/channel.ts'

interface Args {
  readonly first: number
  readonly after: string | null
  readonly query: string
}

/** A Relay page over all rows. */
const page = (rows: readonly unknown[]) => (args: { readonly first: number; readonly after?: string | null }) => {
  const start = args.after ? Number(args.after) : 0
  const nodes = rows.slice(start, start + args.first)
  const end = start + nodes.length
  return { nodes, pageInfo: { hasNextPage: end < rows.length, hasPreviousPage: start > 0, endCursor: String(end) } }
}

const money = (amount: string) => ({ shopMoney: { amount, currencyCode: 'EUR' } })

const lineNode = (id: number, changes: Readonly<Record<string, unknown>> = {}) => ({
  id: `gid://shopify/LineItem/${id}`,
  quantity: 2,
  currentQuantity: 2,
  unfulfilledQuantity: 2,
  requiresShipping: true,
  isGiftCard: false,
  variant: {
    id: `gid://shopify/ProductVariant/${id + 1000}`,
    inventoryItem: { id: `gid://shopify/InventoryItem/${id + 2000}`, tracked: true },
  },
  originalUnitPriceSet: money('10.00'),
  discountAllocations: [{ allocatedAmountSet: money('1.00') }],
  taxLines: [{ priceSet: money('3.61') }],
  ...changes,
})

const orderNode = (id: number, lines: readonly unknown[] = [lineNode(id)], changes: Readonly<Record<string, unknown>> = {}) => ({
  __typename: 'Order',
  id: `gid://shopify/Order/${id}`,
  createdAt: new Date(Date.UTC(2026, 10, 23, 8, 0, id % 60)).toISOString(),
  updatedAt: new Date(Date.UTC(2026, 10, 23, 8, 30, id % 60)).toISOString(),
  cancelledAt: null,
  taxesIncluded: false,
  lineItems: page(lines),
  fulfillments: [],
  refunds: [],
  fulfillmentOrders: page([]),
  ...changes,
})

const rootOf = (orders: readonly ReturnType<typeof orderNode>[], more: Readonly<Record<string, unknown>> = {}) => ({
  orders: (args: Args) => page(orders)(args),
  order: ({ id }: { id: string }) => orders.find((each) => each.id === id) ?? null,
  nodes: ({ ids }: { ids: string[] }) => ids.map((id) => orders.find((each) => each.id === id) ?? null),
  node: ({ id }: { id: string }) => more[id] ?? null,
})

const sinceMs = Date.UTC(2026, 10, 23, 8)

const poll = async (
  adapter: ChannelAdapter,
  nowMs: number,
): Promise<{ readonly facts: OrderFact[]; readonly pages: number; readonly result: PollResult }> => {
  const facts: OrderFact[] = []
  let pages = 0
  const result = await adapter.pollOrders({
    stream: 'orders',
    sinceMs,
    nowMs,
    onPage: async (found) => {
      pages++
      facts.push(...found)
    },
    signal: never,
  })
  return { facts, pages, result }
}
const linesOf = (facts: readonly OrderFact[]): readonly OrderLineFact[] => facts.flatMap((fact) => fact.lines)

describe('poll', () => {
  test('all pages of the window, by time of change, with no filter by status', async () => {
    const { adapter, shop, clock } = setup(rootOf(Array.from({ length: 30 }, (_, i) => orderNode(i + 1))))
    const { facts, pages, result } = await poll(adapter, clock.nowMs())
    expect(facts.map((fact) => fact.orderId)).toEqual(Array.from({ length: 30 }, (_, i) => String(i + 1)))
    expect(pages).toBe(5)
    expect(result).toEqual({ throughMs: clock.nowMs(), undecidedSinceMs: null })
    expect(shop.requests[0]?.variables).toMatchObject({ query: "updated_at:>='2026-11-23T08:00:00Z'", after: null })
    expect(shop.requests[0]?.document).toContain('sortKey: UPDATED_AT')
    expect(facts[0]).toEqual({
      channel: 'shopify-us',
      orderId: '1',
      createdAtMs: Date.UTC(2026, 10, 23, 8, 0, 1),
      revisedAtMs: Date.UTC(2026, 10, 23, 8, 30, 1),
      demand: 'fact',
      merge: 'maximum',
      acknowledgeByMs: null,
      echo: null,
      lines: [
        {
          lineId: '1',
          listingKeys: ['item:2001@900', 'variant:1001@900'],
          orderedQuantity: 2,
          cancelledQuantity: 0,
          shippedQuantity: 0,
          cancelledAtMs: null,
          cancelMayRestock: true,
          // 2 x 10.00 - 1.00 + 3.61
          amountMinor: 2261,
          currency: 'EUR',
        },
      ],
    })
  })

  test('through the earlier of both clocks', async () => {
    const { adapter, shop, clock } = setup(rootOf([]))
    const platformMs = clock.nowMs() - 3_000
    const { fetch } = shop
    Object.assign(shop, {
      fetch: async (input: string, init: RequestInit) => {
        const response = await fetch(input, init)
        response.headers.set('date', new Date(platformMs).toUTCString())
        return response
      },
    })
    expect((await poll(adapter, clock.nowMs())).result.throughMs).toBe(platformMs)
    expect((await poll(adapter, clock.nowMs() - 60_000)).result.throughMs).toBe(clock.nowMs() - 60_000)
  })

  test('not further back than 60 days', async () => {
    const { adapter, shop, clock } = setup(rootOf([]))
    await adapter.pollOrders({ stream: 'orders', sinceMs: 0, nowMs: clock.nowMs(), onPage: async () => {}, signal: never })
    expect(shop.requests[0]?.variables['query']).toBe("updated_at:>='2026-09-24T09:00:00Z'")
  })

  test('all lines of long orders', async () => {
    const { adapter } = setup(
      rootOf([
        orderNode(
          1,
          Array.from({ length: 120 }, (_, i) => lineNode(i + 1)),
        ),
      ]),
    )
    expect(linesOf((await poll(adapter, 0)).facts).length).toBe(120)
  })

  test('custom lines, gift cards and untracked digital goods take no stock', async () => {
    const untracked = { id: 'gid://shopify/ProductVariant/1', inventoryItem: { id: 'gid://shopify/InventoryItem/1', tracked: false } }
    const lines = [
      lineNode(1, { variant: null }),
      lineNode(2, { isGiftCard: true }),
      lineNode(3, { variant: untracked, requiresShipping: false }),
      lineNode(4, { variant: untracked }),
    ]
    const { adapter } = setup(rootOf([orderNode(1, lines), orderNode(2, [lineNode(5, { variant: null })])]))
    expect(linesOf((await poll(adapter, 0)).facts).map((line) => line.lineId)).toEqual(['4'])
  })

  test('what became of the units of a touched order', async () => {
    const touched = orderNode(7, [lineNode(7, { quantity: 6, currentQuantity: 3, unfulfilledQuantity: 2 }), lineNode(8)], {
      fulfillments: [
        {
          id: 'gid://shopify/Fulfillment/1',
          status: 'SUCCESS',
          location: null,
          fulfillmentLineItems: page([{ quantity: 2, lineItem: { id: 'gid://shopify/LineItem/7' } }]),
        },
        {
          id: 'gid://shopify/Fulfillment/2',
          status: 'CANCELLED',
          location: null,
          fulfillmentLineItems: page([{ quantity: 2, lineItem: { id: 'gid://shopify/LineItem/7' } }]),
        },
      ],
      refunds: [
        {
          id: 'gid://shopify/Refund/1',
          createdAt: '2026-11-23T08:20:00Z',
          refundLineItems: page([
            { quantity: 2, restockType: 'CANCEL', lineItem: { id: 'gid://shopify/LineItem/7' } },
            { quantity: 1, restockType: 'RETURN', lineItem: { id: 'gid://shopify/LineItem/7' } },
          ]),
        },
      ],
    })
    const { adapter, shop } = setup(rootOf([orderNode(1), touched]))
    expect(linesOf((await poll(adapter, 0)).facts)).toMatchObject([
      { lineId: '1' },
      {
        lineId: '7',
        orderedQuantity: 6,
        cancelledQuantity: 2,
        shippedQuantity: 2,
        cancelledAtMs: Date.UTC(2026, 10, 23, 8, 20),
        cancelMayRestock: true,
      },
      { lineId: '8', orderedQuantity: 2, cancelledQuantity: 0 },
    ])
    expect(shop.requests.map((request) => request.name)).toEqual(['OrdersUpdated', 'OrderDetails'])
    expect(shop.requests[1]?.variables['ids']).toEqual(['gid://shopify/Order/7'])
  })

  test('orders with many refunds, and refunds with many lines, are read on', async () => {
    const refundLines = Array.from({ length: 12 }, (_, i) => ({
      quantity: 1,
      restockType: 'CANCEL',
      lineItem: { id: `gid://shopify/LineItem/${i + 1}` },
    }))
    const refund = (id: number, lines: readonly unknown[]) => ({
      __typename: 'Refund',
      id: `gid://shopify/Refund/${id}`,
      createdAt: '2026-11-23T08:20:00Z',
      refundLineItems: page(lines),
    })
    const long = refund(1, refundLines)
    const others = Array.from({ length: 9 }, (_, i) =>
      refund(i + 2, [{ quantity: 1, restockType: 'CANCEL', lineItem: { id: 'gid://shopify/LineItem/1' } }]),
    )
    const lines = Array.from({ length: 12 }, (_, i) =>
      lineNode(i + 1, { quantity: 20, currentQuantity: i === 0 ? 10 : 19, unfulfilledQuantity: 10 }),
    )
    const refunds = [long, ...others]
    const order = orderNode(1, lines, { refunds: ({ first }: { first: number }) => refunds.slice(0, first) })
    const { adapter } = setup(rootOf([order], { [long.id]: long }))
    expect(linesOf((await poll(adapter, 0)).facts).map((line) => line.cancelledQuantity)).toEqual([
      10,
      ...Array.from({ length: 11 }, () => 1),
    ])
  })

  test('amounts are left to the webhooks once they are subscribed to', async () => {
    const { adapter, shop } = setup({
      ...rootOf([orderNode(1)]),
      webhookSubscriptions: page([]),
      webhookSubscriptionCreate: () => ({ webhookSubscription: { id: 'gid://shopify/WebhookSubscription/1' }, userErrors: [] }),
    })
    await adapter.subscribe('https://hub.example/hooks', never)
    expect(linesOf((await poll(adapter, 0)).facts)[0]?.amountMinor).toBeNull()
    expect(shop.requests.at(-1)?.variables['amounts']).toBe(false)
    await adapter.subscribe(null, never)
    expect(linesOf((await poll(adapter, 0)).facts)[0]?.amountMinor).toBe(2261)
  })

  test('a window larger than one cursor reaches is begun anew at the last order seen', async () => {
    const all = Array.from({ length: 5_010 }, (_, i) => orderNode(i + 1, [], { updatedAt: new Date(sinceMs + i * 1000).toISOString() }))
    const { adapter, shop } = setup()
    shop.intercept = (request) => {
      const { query, after, first } = request.variables as unknown as Args
      const fromMs = Date.parse(/'(.*)'/.exec(query)?.[1] ?? '')
      const rows = all.filter((order) => Date.parse(order.updatedAt) >= fromMs)
      const { nodes, pageInfo } = page(rows)({ first, after })
      return Response.json({
        data: { orders: { nodes: nodes.map((node) => ({ ...(node as object), lineItems: page([])({ first: 1 }) })), pageInfo } },
        extensions: { cost: { requestedQueryCost: 10, throttleStatus: shop.throttleStatus } },
      })
    }
    await poll(adapter, Date.UTC(2026, 10, 23, 12))
    const windows = new Set(shop.requests.map((request) => request.variables['query']))
    expect(windows.size).toBe(2)
    expect(shop.requests.at(-1)?.variables['query']).toBe("updated_at:>='2026-11-23T09:23:22Z'")
  })

  describe('failures leave the window incomplete', () => {
    const code = async (intercept: () => Response): Promise<string> => {
      const { adapter, shop } = setup(rootOf([]))
      shop.intercept = intercept
      try {
        await poll(adapter, 0)
      } catch (error) {
        return isBelayError(error) ? error.code : 'bug'
      }
      return 'complete'
    }
    test.each([
      ['channel-unreachable', () => new Response('', { status: 502 })],
      ['channel-permission-missing', () => errorResponse('ACCESS_DENIED', 'no', { orders: null })],
      ['channel-unreachable', () => errorResponse('INTERNAL_SERVER_ERROR', 'no', { orders: null })],
      ['channel-answer-malformed', () => Response.json({ data: { orders: { nodes: null } } })],
      ['channel-answer-malformed', () => Response.json({})],
    ])('%s', async (expected, intercept) => {
      expect(await code(intercept)).toBe(expected)
    })

    test('a page that is throttled waits for the budget and goes on', async () => {
      const { adapter, shop, clock } = setup(rootOf([orderNode(1)]))
      let answers = 0
      shop.intercept = () => (answers++ === 0 ? throttledResponse() : null)
      const polled = poll(adapter, 0)
      await clock.settle()
      expect(shop.requests.length).toBe(1)
      await clock.advance(10_000)
      expect((await polled).facts.length).toBe(1)
    })

    test('throttled without end it gives up', async () => {
      const { adapter, shop, clock } = setup(rootOf([]))
      shop.intercept = () => throttledResponse()
      const ended = poll(adapter, 0).catch((error: unknown) => error)
      await clock.advance(3_600_000)
      expect(await ended).toMatchObject({ kind: 'throttled' })
    })

    test('a query that costs too much is asked smaller', async () => {
      const { adapter, shop } = setup(rootOf(Array.from({ length: 4 }, (_, i) => orderNode(i + 1))))
      shop.intercept = (request) =>
        Number(request.variables['first']) > 2 ? errorResponse('MAX_COST_EXCEEDED', 'Query cost is 1200') : null
      expect((await poll(adapter, 0)).facts.length).toBe(4)
      expect(shop.requests.map((request) => request.variables['first'])).toEqual([6, 3, 2, 2])
    })

    test('it stops when told to', async () => {
      const { adapter } = setup(rootOf([orderNode(1)]))
      await expect(
        adapter.pollOrders({ stream: 'orders', sinceMs, nowMs: 0, onPage: async () => {}, signal: AbortSignal.abort() }),
      ).rejects.toMatchObject({ code: 'channel-unreachable' })
    })
  })
})

describe('orders by id', () => {
  test('known ones, the others are left out', async () => {
    const { adapter, shop } = setup(rootOf([orderNode(1), orderNode(2)]))
    expect((await adapter.fetchOrders(['1', '3', 'x', '2', '1'], never)).map((fact) => fact.orderId)).toEqual(['1', '2'])
    expect(shop.requests[0]?.variables['ids']).toEqual(['gid://shopify/Order/1', 'gid://shopify/Order/3', 'gid://shopify/Order/2'])
  })
})

describe('several locations', () => {
  const locations = [
    { id: 'a', shopifyLocationId: '900' },
    { id: 'b', shopifyLocationId: '901' },
  ]
  const made = '2026-11-23T08:10:00Z'
  const assignment = (id: number, locationId: number | null, remaining: number, changes: Readonly<Record<string, unknown>> = {}) => ({
    id: `gid://shopify/FulfillmentOrder/${id}`,
    status: 'OPEN',
    createdAt: made,
    updatedAt: made,
    assignedLocation: { location: locationId === null ? null : { id: `gid://shopify/Location/${locationId}` } },
    lineItems: page([{ remainingQuantity: remaining, lineItem: { id: 'gid://shopify/LineItem/1' } }]),
    ...changes,
  })
  const order = (assignments: readonly unknown[], changes: Readonly<Record<string, unknown>> = {}) =>
    orderNode(1, [lineNode(1, changes['line'] as Record<string, unknown>)], {
      fulfillmentOrders: page(assignments),
      ...changes,
      line: undefined,
    })
  const facts = async (one: ReturnType<typeof orderNode>) => {
    const { adapter } = setup(rootOf([one]), { locations })
    return poll(adapter, 0)
  }

  test('at the assigned location', async () => {
    const { facts: found, result } = await facts(order([assignment(1, 901, 2)]))
    expect(found[0]?.merge).toBe('revision')
    expect(linesOf(found)).toMatchObject([
      { lineId: '1@901', listingKeys: ['item:2001@901', 'variant:1001@901'], orderedQuantity: 2, cancelledQuantity: 0 },
    ])
    expect(result.undecidedSinceMs).toBeNull()
  })

  test('not assigned yet: no fact, and the watermark is told', async () => {
    for (const assignments of [[], [assignment(1, null, 2)]]) {
      const { facts: found, result } = await facts(order(assignments))
      expect(found).toEqual([])
      expect(result.undecidedSinceMs).toBe(Date.UTC(2026, 10, 23, 8, 0, 1))
    }
  })

  test('split over both', async () => {
    expect(linesOf((await facts(order([assignment(1, 900, 1), assignment(2, 901, 1)]))).facts)).toMatchObject([
      { lineId: '1@900', orderedQuantity: 2, cancelledQuantity: 1 },
      { lineId: '1@901', orderedQuantity: 2, cancelledQuantity: 1 },
    ])
  })

  test('moved: back on sale where it was, taken where it is', async () => {
    const { facts: found } = await facts(order([assignment(1, 901, 2, { updatedAt: '2026-11-23T08:50:00Z' })]))
    expect(found[0]?.revisedAtMs).toBe(Date.UTC(2026, 10, 23, 8, 50))
    expect(linesOf(found)).toMatchObject([
      { lineId: '1@900', orderedQuantity: 2, cancelledQuantity: 2, cancelMayRestock: true },
      { lineId: '1@901', orderedQuantity: 2, cancelledQuantity: 0 },
    ])
  })

  test('shipped from one of them', async () => {
    const shipped = order([assignment(1, 901, 0, { status: 'CLOSED' })], {
      line: { unfulfilledQuantity: 0 },
      fulfillments: [
        {
          id: 'gid://shopify/Fulfillment/1',
          status: 'SUCCESS',
          location: { id: 'gid://shopify/Location/901' },
          fulfillmentLineItems: page([{ quantity: 2, lineItem: { id: 'gid://shopify/LineItem/1' } }]),
        },
      ],
    })
    const { facts: found, result } = await facts(shipped)
    expect(linesOf(found)).toMatchObject([{ lineId: '1@901', orderedQuantity: 2, cancelledQuantity: 0, shippedQuantity: 2 }])
    expect(result.undecidedSinceMs).toBeNull()
  })

  test('cancelled, although its fulfilment order is still open', async () => {
    const cancelled = order([assignment(1, 901, 2)], {
      cancelledAt: '2026-11-23T08:40:00Z',
      line: { currentQuantity: 0, unfulfilledQuantity: 0 },
      refunds: [
        {
          id: 'gid://shopify/Refund/1',
          createdAt: '2026-11-23T08:40:00Z',
          refundLineItems: page([{ quantity: 2, restockType: 'NO_RESTOCK', lineItem: { id: 'gid://shopify/LineItem/1' } }]),
        },
      ],
    })
    const { facts: found, result } = await facts(cancelled)
    expect(linesOf(found)).toMatchObject([{ lineId: '1@901', orderedQuantity: 2, cancelledQuantity: 2, cancelMayRestock: false }])
    expect(result.undecidedSinceMs).toBeNull()
  })

  test('a location that is not of the account is not our stock', async () => {
    const { facts: found, result } = await facts(order([assignment(1, 999, 2)]))
    expect(found).toEqual([])
    expect(result.undecidedSinceMs).toBeNull()
  })
})
