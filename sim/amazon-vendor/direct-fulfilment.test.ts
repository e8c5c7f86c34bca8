import { describe, expect, it } from 'vitest'
import type { CallResult } from '../sp-api/contract-caller.ts'
import {
  directAcknowledgementsPath,
  directOrdersPath,
  inventoryBody,
  minuteMs,
  restrictedToken,
  type SampleVendor,
  sampleVendor,
  submitInventory,
  transactionState,
  vendorCode,
} from './sample-account.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

interface DirectOrderBody {
  readonly purchaseOrderNumber: string
  readonly orderDetails?: {
    readonly orderStatus: string
    readonly items: readonly unknown[]
    readonly shipToParty: { readonly name: string }
  }
}

interface DirectOrdersBody {
  readonly orders: readonly DirectOrderBody[]
  readonly pagination?: { readonly nextToken: string }
}

const search = async (account: SampleVendor, query: Record<string, string> = {}): Promise<DirectOrdersBody> => {
  const nowMs = account.clock.nowMs()
  const answer = await account.caller.call('GET', directOrdersPath, {
    query: { createdAfter: iso(nowMs - 60 * minuteMs), createdBefore: iso(nowMs), ...query },
    token: await restrictedToken(account),
  })
  expect(answer.status).toBe(200)
  return answer.body as DirectOrdersBody
}

describe('submitInventoryUpdate', () => {
  it('takes effect when its transaction is decided', async () => {
    const account = sampleVendor()
    const { market } = account.simulator
    const submitted = await submitInventory(account, 'W1', inventoryBody([['LAMP', 25]]))
    expect(submitted.status).toBe(202)
    expect(await transactionState(account, submitted, 'df')).toEqual({ status: 'Processing', messages: [] })
    market.buy([{ externalId: 'df/W1/LAMP', quantity: 2 }])
    await account.clock.advance(minuteMs)
    expect(await transactionState(account, submitted, 'df')).toEqual({ status: 'Success', messages: [] })
    expect([market.liveQuantity('df/W1/LAMP'), market.liveQuantity('df/W1/DESK'), market.liveQuantity('df/W2/LAMP')]).toEqual([25, 4, 10])
  })

  it('takes everything else off sale when it is a full update', async () => {
    const account = sampleVendor()
    await submitInventory(account, 'W1', inventoryBody([['LAMP', 7]], true))
    await account.clock.advance(minuteMs)
    const { market } = account.simulator
    expect([market.liveQuantity('df/W1/LAMP'), market.liveQuantity('df/W1/DESK'), market.liveQuantity('df/W2/DESK')]).toEqual([7, 0, 4])
  })

  it('keeps an obsolete item at 0 until it is sent as not obsolete', async () => {
    const account = sampleVendor()
    const send = async (item: unknown): Promise<number> => {
      await submitInventory(account, 'W1', { inventory: { sellingParty: { partyId: vendorCode }, isFullUpdate: false, items: [item] } })
      await account.clock.advance(minuteMs)
      return account.simulator.market.liveQuantity('df/W1/LAMP')
    }
    const item = { buyerProductIdentifier: 'B100000000', availableQuantity: { amount: 5, unitOfMeasure: 'Each' } }
    expect([await send({ ...item, isObsolete: true }), await send(item), await send({ ...item, isObsolete: false })]).toEqual([0, 0, 5])
  })

  it('refuses at once what is wrong on its face, and later, as a whole, what names an unknown item', async () => {
    const account = sampleVendor()
    const item = { vendorProductIdentifier: 'LAMP', availableQuantity: { amount: 1, unitOfMeasure: 'Each' } }
    const body = (items: readonly unknown[], partyId = vendorCode): unknown => ({
      inventory: { sellingParty: { partyId }, isFullUpdate: false, items },
    })
    const refused: readonly (readonly [string, unknown])[] = [
      ['W9', body([item])],
      ['W1', {}],
      ['W1', body([])],
      ['W1', body([item], 'OTHER')],
      ['W1', body([{ availableQuantity: item.availableQuantity }])],
      ['W1', body([{ ...item, availableQuantity: { unitOfMeasure: 'Each' } }])],
      ['W1', body([{ ...item, availableQuantity: { amount: -1, unitOfMeasure: 'Each' } }])],
      ['W1', body([{ ...item, vendorProductIdentifer: 'LAMP' }])],
    ]
    for (const [warehouseId, wrong] of refused) expect((await submitInventory(account, warehouseId, wrong)).status).toBe(400)
    const submitted = await submitInventory(
      account,
      'W1',
      inventoryBody([
        ['LAMP', 99],
        ['GHOST', 1],
      ]),
    )
    await account.clock.advance(minuteMs)
    expect(await transactionState(account, submitted, 'df')).toEqual({
      status: 'Failure',
      messages: ['The item is not known in this warehouse.'],
    })
    expect(account.simulator.market.liveQuantity('df/W1/LAMP')).toBe(10)
  })

  it('may never be decided, or fail, when the fault says so', async () => {
    const account = sampleVendor()
    account.simulator.faults.acceptedNeverApplied = 1
    const submitted: CallResult[] = []
    for (let i = 0; i < 10; i++) submitted.push(await submitInventory(account, 'W1', inventoryBody([['LAMP', 99]])))
    await account.clock.advance(30 * minuteMs)
    const states = new Set<string>()
    for (const each of submitted) states.add((await transactionState(account, each, 'df')).status)
    expect([...states].sort()).toEqual(['Failure', 'Processing'])
    expect(account.simulator.market.liveQuantity('df/W1/LAMP')).toBe(10)
  })
})

describe('direct-fulfilment orders', () => {
  it('are read with a restricted data token only', async () => {
    const account = sampleVendor()
    const query = { createdAfter: iso(account.clock.nowMs() - minuteMs), createdBefore: iso(account.clock.nowMs()) }
    expect((await account.caller.call('GET', directOrdersPath, { query })).status).toBe(403)
    const token = await restrictedToken(account)
    expect((await account.caller.call('GET', directOrdersPath, { query, token })).status).toBe(200)
    // The token opens what it names, nothing else.
    expect((await account.caller.call('GET', '/vendor/orders/v1/purchaseOrders', { query, token })).status).toBe(403)
    const ask = async (path: string, method = 'GET'): Promise<number> =>
      (await account.caller.call('POST', '/tokens/2021-03-01/restrictedDataToken', { body: { restrictedResources: [{ method, path }] } }))
        .status
    expect([await ask(`${directOrdersPath}/D12345678`), await ask(directOrdersPath, 'POST'), await ask('/orders/v0/orders')]).toEqual([
      200, 400, 400,
    ])
    const orderId = account.simulator.market.buy([{ externalId: 'df/W1/LAMP', quantity: 1 }])?.orderId ?? ''
    const one = `${directOrdersPath}/${orderId}`
    const restrictedResources = [{ method: 'GET', path: one }]
    const narrow = await account.caller.call('POST', '/tokens/2021-03-01/restrictedDataToken', { body: { restrictedResources } })
    const { restrictedDataToken } = narrow.body as { readonly restrictedDataToken: string }
    expect((await account.caller.call('GET', one, { token: restrictedDataToken })).status).toBe(200)
    expect((await account.caller.call('GET', directOrdersPath, { query, token: restrictedDataToken })).status).toBe(403)
    expect((await account.caller.call('GET', `${directOrdersPath}/D00000000`, { token: restrictedDataToken })).status).toBe(403)
    await account.clock.advance(60 * minuteMs)
    expect((await account.caller.call('GET', directOrdersPath, { query, token })).status).toBe(403)
  })

  it('are found by creation time in windows of up to seven days, page by page', async () => {
    const account = sampleVendor({ orderVisibilityMs: 10 * minuteMs })
    const { market } = account.simulator
    const placed = Array.from({ length: 5 }, () => market.buy([{ externalId: 'df/W1/LAMP', quantity: 1 }])?.orderId)
    expect((await search(account)).orders.length).toBeLessThan(5)
    await account.clock.advance(10 * minuteMs)
    market.buy([{ externalId: 'df/W2/DESK', quantity: 1 }])
    await account.clock.advance(10 * minuteMs)
    expect((await search(account, { shipFromPartyId: 'W1' })).orders.map((each) => each.purchaseOrderNumber)).toEqual(placed)
    expect((await search(account, { shipFromPartyId: 'W2', status: 'NEW' })).orders).toHaveLength(1)
    expect((await search(account, { status: 'CANCELLED' })).orders).toEqual([])
    const query = {
      createdAfter: iso(account.clock.nowMs() - 60 * minuteMs),
      createdBefore: iso(account.clock.nowMs()),
      includeDetails: 'false',
      limit: '4',
    }
    const first = await search(account, query)
    const second = await search(account, { ...query, nextToken: first.pagination?.nextToken ?? '' })
    expect([first.orders.length, second.orders.length, second.pagination]).toEqual([4, 2, undefined])
    expect(first.orders[0]).toEqual({ purchaseOrderNumber: placed[0] })
    const token = await restrictedToken(account)
    const nowMs = account.clock.nowMs()
    const tooLong = { createdAfter: iso(nowMs - 7 * 24 * 60 * minuteMs - 1), createdBefore: iso(nowMs) }
    expect((await account.caller.call('GET', directOrdersPath, { query: tooLong, token })).status).toBe(400)
    expect((await account.caller.call('GET', directOrdersPath, { query: { createdAfter: iso(nowMs) }, token })).status).toBe(400)
  })

  it('name their warehouse, item and quantity, and carry the address', async () => {
    const account = sampleVendor()
    const placed = account.simulator.market.buy([{ externalId: 'df/W2/DESK', quantity: 3 }])
    const token = await restrictedToken(account)
    const answer = await account.caller.call('GET', `${directOrdersPath}/${placed?.orderId}`, { token })
    expect(answer.body).toMatchObject({
      purchaseOrderNumber: placed?.orderId,
      orderDetails: {
        orderStatus: 'NEW',
        sellingParty: { partyId: vendorCode },
        shipFromParty: { partyId: 'W2' },
        shipToParty: { name: 'Simulated Shopper' },
        items: [{ itemSequenceNumber: '1', vendorProductIdentifier: 'DESK', orderedQuantity: { amount: 3, unitOfMeasure: 'Each' } }],
      },
    })
    expect((await account.caller.call('GET', `${directOrdersPath}/D00000000`, { token })).status).toBe(404)
    // One purchase order ships from one warehouse.
    expect(
      account.simulator.market.buy([
        { externalId: 'df/W1/LAMP', quantity: 1 },
        { externalId: 'df/W2/LAMP', quantity: 1 },
      ]),
    ).toBeNull()
  })
})

describe('a direct-fulfilment acknowledgement', () => {
  const place = (account: SampleVendor): string =>
    account.simulator.market.buy([
      { externalId: 'df/W1/LAMP', quantity: 2 },
      { externalId: 'df/W1/DESK', quantity: 1 },
    ])?.orderId ?? ''

  const acknowledgement = (purchaseOrderNumber: string, code: string, amounts: readonly number[], warehouseId = 'W1'): unknown => ({
    purchaseOrderNumber,
    vendorOrderNumber: 'V-1',
    acknowledgementDate: '2026-11-23T09:00:00Z',
    acknowledgementStatus: { code, description: 'x' },
    sellingParty: { partyId: vendorCode },
    shipFromParty: { partyId: warehouseId },
    itemAcknowledgements: amounts.map((amount, index) => ({
      itemSequenceNumber: String(index + 1),
      acknowledgedQuantity: { amount, unitOfMeasure: 'Each' },
    })),
  })

  const submit = async ({ caller }: SampleVendor, ...orderAcknowledgements: readonly unknown[]): Promise<CallResult> =>
    caller.call('POST', directAcknowledgementsPath, { body: { orderAcknowledgements } })

  const outcome = async (account: SampleVendor, ...given: readonly unknown[]): Promise<string> => {
    const submitted = await submit(account, ...given)
    expect(submitted.status).toBe(202)
    await account.clock.advance(minuteMs)
    const { status, messages } = await transactionState(account, submitted, 'df')
    return [status, ...messages].join(': ')
  }

  const stateOf = async (account: SampleVendor, orderId: string): Promise<string | undefined> =>
    (await search(account)).orders.find((each) => each.purchaseOrderNumber === orderId)?.orderDetails?.orderStatus

  it('accepts an order completely, once; then it can be shipped', async () => {
    const account = sampleVendor()
    const orderId = place(account)
    expect(account.simulator.market.ship(orderId)).toBe(false)
    expect(await outcome(account, acknowledgement(orderId, '00', [2, 1]))).toBe('Success')
    expect(await stateOf(account, orderId)).toBe('ACCEPTED')
    expect(await outcome(account, acknowledgement(orderId, '00', [2, 1]))).toContain('cannot be acknowledged')
    expect(account.simulator.market.ship(orderId)).toBe(true)
    expect(await stateOf(account, orderId)).toBe('SHIPPED')
    expect(account.simulator.market.books()[0]).toMatchObject({
      externalId: 'df/W1/LAMP',
      soldQuantity: 2,
      shippedQuantity: 2,
      liveQuantity: 8,
    })
  })

  it('rejects an order completely; its units do not come back by themselves', async () => {
    const account = sampleVendor()
    const orderId = place(account)
    expect(await outcome(account, acknowledgement(orderId, '03', [0, 0]))).toBe('Success')
    expect(await stateOf(account, orderId)).toBe('CANCELLED')
    expect(account.simulator.market.books()[0]).toMatchObject({
      soldQuantity: 2,
      cancelledQuantity: 2,
      restockedQuantity: 0,
      liveQuantity: 8,
    })
  })

  it('is all or nothing, and a submission is taken as a whole', async () => {
    const account = sampleVendor()
    const orderId = place(account)
    const good = place(account)
    const wrong = [
      acknowledgement(orderId, '00', [1, 1]),
      acknowledgement(orderId, '00', [3, 1]),
      acknowledgement(orderId, '00', [2, 0]),
      acknowledgement(orderId, '00', [2]),
      acknowledgement(orderId, '03', [1, 0]),
      acknowledgement(orderId, '99', [2, 1]),
      acknowledgement(orderId, '00', [2, 1], 'W2'),
      acknowledgement('D00000000', '00', [2, 1]),
    ]
    for (const each of wrong) expect(await outcome(account, acknowledgement(good, '00', [2, 1]), each)).toMatch(/^Failure: /)
    expect([await stateOf(account, orderId), await stateOf(account, good)]).toEqual(['NEW', 'NEW'])
    expect((await submit(account)).status).toBe(400)
    expect(
      (
        await account.caller.call('POST', directAcknowledgementsPath, {
          body: { orderAcknowledgements: [{ purchaseOrderNumber: orderId }] },
        })
      ).status,
    ).toBe(400)
  })
})

describe('the direct-fulfilment market', () => {
  it('lowers its number on a sale only where it is said to', () => {
    const proven = sampleVendor().simulator.market
    const unproven = sampleVendor({ selfDecrement: false }).simulator.market
    for (const market of [proven, unproven]) expect(market.buy([{ externalId: 'df/W1/DESK', quantity: 3 }])).not.toBeNull()
    expect([proven.liveQuantity('df/W1/DESK'), unproven.liveQuantity('df/W1/DESK')]).toEqual([1, 4])
    expect(proven.buy([{ externalId: 'df/W1/DESK', quantity: 2 }])).toBeNull()
    expect(unproven.buy([{ externalId: 'df/W1/DESK', quantity: 4 }])).not.toBeNull()
    expect(unproven.books()[1]).toMatchObject({ soldQuantity: 7, restockedQuantity: 7, liveQuantity: 4 })
  })

  it('cancels whole orders', () => {
    const { market } = sampleVendor().simulator
    const order = market.buy([{ externalId: 'df/W1/DESK', quantity: 3 }])
    expect(market.cancel(order?.orderId ?? '', { restock: true, quantity: 1 })).toBe(false)
    expect(market.cancel(order?.orderId ?? '', { restock: true })).toBe(true)
    expect(market.cancel(order?.orderId ?? '', { restock: true })).toBe(false)
    expect(market.liveQuantity('df/W1/DESK')).toBe(4)
  })
})
