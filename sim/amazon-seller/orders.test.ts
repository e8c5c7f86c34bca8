import { describe, expect, it } from 'vitest'
import { type SampleAccount, sampleAccount } from './sample-account.ts'

interface OrderBody {
  readonly orderId: string
  readonly fulfillment?: { readonly fulfillmentStatus: string }
  readonly orderItems: readonly Readonly<Record<string, unknown>>[]
}

interface SearchBody {
  readonly orders: readonly OrderBody[]
  readonly pagination?: { readonly nextToken: string }
  readonly createdBefore?: string
  readonly lastUpdatedBefore?: string
}

const search = async ({ caller }: SampleAccount, query: Record<string, string>): Promise<SearchBody> => {
  const answer = await caller.call('GET', '/orders/2026-01-01/orders', { query })
  expect(answer.status).toBe(200)
  return answer.body as SearchBody
}

const status = async ({ caller }: SampleAccount, query: Record<string, string>): Promise<number> =>
  (await caller.call('GET', '/orders/2026-01-01/orders', { query })).status

const iso = (ms: number): string => new Date(ms).toISOString()
const minuteMs = 60_000

describe('searchOrders', () => {
  it('never sees the last two minutes', async () => {
    const account = sampleAccount()
    const since = iso(account.clock.nowMs())
    const order = account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    await account.clock.advance(2 * minuteMs - 1)
    expect((await search(account, { createdAfter: since })).orders).toEqual([])
    await account.clock.advance(1)
    const found = await search(account, { createdAfter: since })
    expect(found.orders.map((each) => each.orderId)).toEqual([order?.orderId])
    expect(found.createdBefore).toBe(iso(account.clock.nowMs() - 2 * minuteMs))
  })

  it('has one search in three minutes after its burst, or what the account was granted', async () => {
    const searchesInMinute = async (account: ReturnType<typeof sampleAccount>): Promise<number> => {
      const since = iso(account.clock.nowMs())
      const path = `/orders/2026-01-01/orders?createdAfter=${encodeURIComponent(since)}`
      await account.clock.advance(3 * minuteMs)
      while ((await account.caller.call('GET', path)).status === 200) continue
      await account.clock.advance(minuteMs)
      let taken = 0
      while ((await account.caller.call('GET', path)).status === 200) taken += 1
      return taken
    }
    expect(await searchesInMinute(sampleAccount())).toBe(0)
    expect(await searchesInMinute(sampleAccount({ grantedRates: { 'orders.searchOrders': 0.25 } }))).toBe(15)
  })

  it('finds an order only after its visibility delay', async () => {
    const account = sampleAccount({ orderVisibilityMs: 30 * minuteMs, quotaScale: 10 })
    const since = iso(account.clock.nowMs())
    const orders = Array.from({ length: 10 }, () => account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }]))
    await account.clock.advance(5 * minuteMs)
    const early = (await search(account, { createdAfter: since })).orders.length
    expect(early).toBeGreaterThan(0)
    expect(early).toBeLessThan(10)
    const hidden: number[] = []
    for (const order of orders) hidden.push((await account.caller.call('GET', `/orders/2026-01-01/orders/${order?.orderId}`)).status)
    expect(hidden.filter((each) => each === 404)).toHaveLength(10 - early)
    await account.clock.advance(25 * minuteMs)
    expect((await search(account, { createdAfter: since })).orders).toHaveLength(10)
  })

  it('refuses windows that the API does not allow', async () => {
    const account = sampleAccount()
    const nowMs = account.clock.nowMs()
    const past = iso(nowMs - 10 * minuteMs)
    const refused = [
      {},
      { createdAfter: past, lastUpdatedAfter: past },
      { createdAfter: past, lastUpdatedBefore: past },
      { lastUpdatedAfter: past, createdBefore: past },
      { createdAfter: past, createdBefore: iso(nowMs - 2 * minuteMs + 1) },
      { createdAfter: past, createdBefore: iso(nowMs - 11 * minuteMs) },
      { createdAfter: past, maxResultsPerPage: '101' },
      { createdAfter: past, paginationToken: 'invented' },
    ]
    for (const query of refused) expect([query, await status(account, query as Record<string, string>)]).toEqual([query, 400])
    expect(await status(account, { createdAfter: past, createdBefore: iso(nowMs - 2 * minuteMs) })).toBe(200)
  })

  it('pages with all other parameters repeated; the token lives a day', async () => {
    const account = sampleAccount()
    const query = { createdAfter: iso(account.clock.nowMs()), maxResultsPerPage: '2' }
    const placed = Array.from({ length: 5 }, () => account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])?.orderId)
    await account.clock.advance(5 * minuteMs)
    const first = await search(account, query)
    const seen = first.orders.map((each) => each.orderId)
    // An update while the pages are walked through loses nothing.
    account.simulator.market.cancel(placed[4] ?? '', { restock: true })
    let nextToken = first.pagination?.nextToken
    const firstToken = nextToken ?? ''
    while (nextToken !== undefined) {
      const page = await search(account, { ...query, paginationToken: nextToken, includedData: 'FULFILLMENT' })
      seen.push(...page.orders.map((each) => each.orderId))
      nextToken = page.pagination?.nextToken
    }
    expect(seen).toEqual(placed)
    expect(await status(account, { createdAfter: query.createdAfter, fulfilledBy: 'MERCHANT', paginationToken: firstToken })).toBe(400)
    await account.clock.advance(24 * 60 * minuteMs)
    const token = await account.caller.token()
    const late = await account.caller.call('GET', '/orders/2026-01-01/orders', { query: { ...query, paginationToken: firstToken }, token })
    expect(late.status).toBe(400)
  })

  it('filters by status and by what was updated', async () => {
    const account = sampleAccount({ pending: { minMs: 10 * minuteMs, maxMs: 10 * minuteMs } })
    const since = iso(account.clock.nowMs())
    const first = account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    await account.clock.advance(12 * minuteMs)
    const later = iso(account.clock.nowMs())
    account.simulator.market.buy([{ externalId: 'MUG', quantity: 1 }])
    await account.clock.advance(3 * minuteMs)
    const ids = async (query: Record<string, string>): Promise<readonly string[]> =>
      (await search(account, query)).orders.map((each) => each.orderId)
    expect(await ids({ createdAfter: since, fulfillmentStatuses: 'UNSHIPPED' })).toEqual([first?.orderId])
    expect(await ids({ lastUpdatedAfter: later })).toHaveLength(1)
    account.simulator.market.ship(first?.orderId ?? '')
    await account.clock.advance(3 * minuteMs)
    expect(await ids({ lastUpdatedAfter: later })).toHaveLength(2)
    expect(await ids({ createdAfter: since, fulfillmentStatuses: 'SHIPPED,CANCELLED' })).toEqual([first?.orderId])
    expect(await ids({ createdAfter: since, fulfilledBy: 'AMAZON' })).toEqual([])
  })
})

describe('an order', () => {
  it('shows basic data, and more only when asked; a buyer never unasked; no price while Pending', async () => {
    const account = sampleAccount()
    const placed = account.simulator.market.buy([{ externalId: 'MUG', quantity: 2 }])
    const get = async (query: Record<string, string>): Promise<OrderBody> => {
      const answer = await account.caller.call('GET', `/orders/2026-01-01/orders/${placed?.orderId}`, { query })
      return (answer.body as { readonly order: OrderBody }).order
    }
    expect(placed?.orderId).toMatch(/^\d{3}-\d{7}-\d{7}$/)
    const pending = await get({})
    expect(Object.keys(pending)).toEqual(['orderId', 'createdTime', 'lastUpdatedTime', 'salesChannel', 'orderItems'])
    expect(pending.orderItems).toEqual([
      {
        orderItemId: placed?.lines[0]?.lineId,
        quantityOrdered: 2,
        product: { asin: 'B000000000', title: 'Title of MUG', sellerSku: 'MUG' },
      },
    ])
    await account.clock.advance(30 * minuteMs)
    const settled = await get({ includedData: 'FULFILLMENT,CANCELLATION,PROCEEDS' })
    expect(settled.fulfillment?.fulfillmentStatus).toBe('UNSHIPPED')
    expect(settled.orderItems[0]).toMatchObject({
      product: { price: { unitPrice: { amount: '19.99', currencyCode: 'EUR' } } },
      proceeds: { proceedsTotal: { amount: '39.98' } },
      fulfillment: { quantityFulfilled: 0, quantityUnfulfilled: 2 },
    })
    expect(JSON.stringify(settled)).not.toContain('Simulated')
    expect(JSON.stringify(await get({ includedData: 'BUYER,RECIPIENT' }))).toContain('Simulated Recipient')
  })

  it('tells what was cancelled, line by line', async () => {
    const account = sampleAccount()
    const placed = account.simulator.market.buy([
      { externalId: 'MUG', quantity: 5 },
      { externalId: 'A/B #1', quantity: 1 },
    ])
    const orderId = placed?.orderId ?? ''
    const get = async (): Promise<OrderBody> => {
      const answer = await account.caller.call('GET', `/orders/2026-01-01/orders/${orderId}`, {
        query: { includedData: 'FULFILLMENT,CANCELLATION' },
      })
      return (answer.body as { readonly order: OrderBody }).order
    }
    expect(account.simulator.market.cancel(orderId, { restock: false, lineId: placed?.lines[0]?.lineId ?? '', quantity: 2 })).toBe(true)
    const partly = await get()
    expect(partly.fulfillment?.fulfillmentStatus).toBe('PENDING')
    expect(partly.orderItems[0]).toMatchObject({
      quantityOrdered: 5,
      fulfillment: { quantityUnfulfilled: 3 },
      cancellation: { cancellationExecution: { cancelledBy: 'MERCHANT', cancelReason: 'No Inventory' } },
    })
    expect(partly.orderItems[1]).not.toHaveProperty('cancellation')
    expect(account.simulator.market.cancel(orderId, { restock: true })).toBe(true)
    expect((await get()).fulfillment?.fulfillmentStatus).toBe('CANCELLED')
    expect(account.simulator.market.cancel(orderId, { restock: true })).toBe(false)
    // 10 - 5 + 3: the two for lack of stock did not come back.
    expect([account.simulator.market.liveQuantity('MUG'), account.simulator.market.liveQuantity('A/B #1')]).toEqual([8, 3])
  })

  it('can be shipped once it is Unshipped', async () => {
    const account = sampleAccount()
    const orderId = account.simulator.market.buy([{ externalId: 'MUG', quantity: 2 }])?.orderId ?? ''
    expect(account.simulator.market.ship(orderId)).toBe(false)
    await account.clock.advance(30 * minuteMs)
    expect([account.simulator.market.ship(orderId), account.simulator.market.ship(orderId)]).toEqual([true, false])
    expect(account.simulator.market.cancel(orderId, { restock: true })).toBe(false)
    expect(account.simulator.market.books()[0]).toMatchObject({ soldQuantity: 2, shippedQuantity: 2, liveQuantity: 8 })
  })
})
