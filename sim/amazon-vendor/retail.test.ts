import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unlessLost } from '../sp-api/contract-caller.ts'
import {
  inventoryBody,
  minuteMs,
  retailAcknowledgementsPath,
  retailOrdersPath,
  type SampleVendor,
  sampleVendor,
  submitInventory,
  transactionState,
  vendorCode,
} from './sample-account.ts'

const iso = (ms: number): string => new Date(ms).toISOString()
const hourMs = 60 * minuteMs

interface PurchaseOrderBody {
  readonly purchaseOrderNumber: string
  readonly purchaseOrderState: string
  readonly orderDetails: {
    readonly items: readonly { readonly orderedQuantity: { readonly amount: number; readonly unitOfMeasure: string } }[]
  }
}

interface PurchaseOrdersBody {
  readonly payload: { readonly orders: readonly PurchaseOrderBody[]; readonly pagination?: { readonly nextToken: string } }
}

const search = async ({ caller }: SampleVendor, query: Record<string, string>): Promise<PurchaseOrdersBody['payload']> => {
  const answer = await caller.call('GET', retailOrdersPath, { query })
  expect(answer.status).toBe(200)
  return (answer.body as PurchaseOrdersBody).payload
}

const get = async ({ caller }: SampleVendor, orderId: string): Promise<PurchaseOrderBody> =>
  ((await caller.call('GET', `${retailOrdersPath}/${orderId}`)).body as { readonly payload: PurchaseOrderBody }).payload

type Answered = readonly [code: string, amount: number, unitOfMeasure?: string]

const item = (sequence: string, ...answers: readonly Answered[]): unknown => ({
  itemSequenceNumber: sequence,
  orderedQuantity: { amount: 1, unitOfMeasure: 'Eaches' },
  netCost: { amount: '12.50', currencyCode: 'EUR' },
  itemAcknowledgements: answers.map(([acknowledgementCode, amount, unitOfMeasure]) => ({
    acknowledgementCode,
    acknowledgedQuantity: { amount, ...(unitOfMeasure === undefined ? {} : { unitOfMeasure }) },
  })),
})

const answerTo = (purchaseOrderNumber: string, ...items: readonly unknown[]): Record<string, unknown> => ({
  purchaseOrderNumber,
  sellingParty: { partyId: vendorCode },
  acknowledgementDate: '2026-11-23T09:00:00Z',
  items,
})

const outcome = async (account: SampleVendor, ...acknowledgements: readonly unknown[]): Promise<string> => {
  const submitted = await account.caller.call('POST', retailAcknowledgementsPath, { body: { acknowledgements } })
  expect(submitted.status).toBe(202)
  await account.clock.advance(minuteMs)
  const { status, messages } = await transactionState(account, submitted, 'retail')
  return [status, ...messages].join(': ')
}

const place = (account: SampleVendor, ...lines: readonly (readonly [string, number])[]): string =>
  account.simulator.market.buy(lines.map(([sku, quantity]) => ({ externalId: `retail/${sku}`, quantity })))?.orderId ?? ''

const sold = (account: SampleVendor, sku: string): number | undefined =>
  account.simulator.market.books().find((books) => books.externalId === `retail/${sku}`)?.soldQuantity

describe('purchase orders', () => {
  it('are requests: they always come, in cases where the item is packed so, and sell nothing yet', async () => {
    const account = sampleVendor()
    const order = account.simulator.market.buy([
      { externalId: 'retail/LAMP', quantity: 500 },
      { externalId: 'retail/PENS', quantity: 30 },
    ])
    expect(order?.orderId).toMatch(/^[0-9A-Z]{8}$/)
    expect(order?.lines.map((line) => line.quantity)).toEqual([500, 36])
    const body = await get(account, order?.orderId ?? '')
    expect(body.purchaseOrderState).toBe('New')
    expect(body.orderDetails.items.map((each) => each.orderedQuantity)).toEqual([
      { amount: 500, unitOfMeasure: 'Eaches', unitSize: 1 },
      { amount: 3, unitOfMeasure: 'Cases', unitSize: 12 },
    ])
    expect([sold(account, 'LAMP'), account.simulator.market.liveQuantity('retail/LAMP')]).toEqual([0, 0])
    expect(
      account.simulator.market.buy([
        { externalId: 'retail/LAMP', quantity: 1 },
        { externalId: 'df/W1/LAMP', quantity: 1 },
      ]),
    ).toBeNull()
    expect((await account.caller.call('GET', `${retailOrdersPath}/00000000`)).status).toBe(404)
  })

  it('are found by creation, by change, and by state; page by page', async () => {
    const account = sampleVendor()
    const sinceMs = account.clock.nowMs()
    const first = place(account, ['LAMP', 10])
    const second = place(account, ['LAMP', 10])
    const third = place(account, ['LAMP', 10])
    await account.clock.advance(hourMs - 2 * minuteMs)
    const found = async (query: Record<string, string>): Promise<readonly string[]> =>
      (await search(account, query)).orders.map((each) => each.purchaseOrderNumber)
    const created = { createdAfter: iso(sinceMs) }
    expect(await found(created)).toEqual([first, second, third])
    expect(await found({ changedAfter: iso(sinceMs) })).toEqual([])
    account.simulator.market.cancel(second, { restock: false, quantity: 4 })
    expect(await found({ changedAfter: iso(sinceMs) })).toEqual([second])
    expect(await found({ ...created, isPOChanged: 'true' })).toEqual([second])
    expect(await found({ ...created, poItemState: 'Cancelled' })).toEqual([])
    account.simulator.market.cancel(third, { restock: false })
    expect(await found({ ...created, poItemState: 'Cancelled' })).toEqual([third])
    expect(await outcome(account, answerTo(first, item('1', ['Accepted', 10])))).toBe('Success')
    expect(await found({ ...created, purchaseOrderState: 'Acknowledged' })).toEqual([first])
    expect(await found({ ...created, orderingVendorCode: 'OTHER' })).toEqual([])
    const page = await search(account, { ...created, limit: '2', sortOrder: 'DESC' })
    expect(page.orders.map((each) => each.purchaseOrderNumber)).toEqual([third, second])
    const next = await search(account, { ...created, limit: '2', sortOrder: 'DESC', nextToken: page.pagination?.nextToken ?? '' })
    expect([next.orders.map((each) => each.purchaseOrderNumber), next.pagination]).toEqual([[first], undefined])
    const refused = async (query: Record<string, string>): Promise<number> =>
      (await account.caller.call('GET', retailOrdersPath, { query })).status
    expect([
      await refused({}),
      await refused({ changedAfter: iso(sinceMs - 7 * 24 * hourMs) }),
      await refused({ ...created, limit: '101' }),
    ]).toEqual([400, 400, 400])
  })
})

describe('a retail acknowledgement', () => {
  it('sells what it accepts; lines and units that it leaves out are rejected', async () => {
    const account = sampleVendor()
    const orderId = place(account, ['LAMP', 10], ['PENS', 24])
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 6, 'Eaches'])))).toBe('Success')
    expect((await get(account, orderId)).purchaseOrderState).toBe('Acknowledged')
    expect([sold(account, 'LAMP'), sold(account, 'PENS')]).toEqual([6, 0])
    expect(await outcome(account, answerTo(orderId, item('2', ['Accepted', 1, 'Cases'])))).toContain('cannot be accepted any more')
  })

  it('counts cases: 2 cases of 12 are 24 units, and 24 cases are far too many', async () => {
    const account = sampleVendor()
    const orderId = place(account, ['PENS', 24])
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 24, 'Cases'])))).toContain('More is acknowledged')
    // Without a measure it is the order's: cases.
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 24])))).toContain('More is acknowledged')
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 18, 'Eaches'])))).toContain('whole units')
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 1, 'Cases'], ['Backordered', 12, 'Eaches'])))).toBe('Success')
    expect(sold(account, 'PENS')).toBe(12)
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 24, 'Eaches'])))).toBe('Success')
    expect(sold(account, 'PENS')).toBe(24)
  })

  it('replaces the earlier one for the lines it names, for 48 hours', async () => {
    const account = sampleVendor()
    const orderId = place(account, ['LAMP', 10], ['PENS', 12])
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 10]), item('2', ['Accepted', 1])))).toBe('Success')
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 7], ['Rejected', 3])))).toBe('Success')
    expect([sold(account, 'LAMP'), sold(account, 'PENS')]).toEqual([7, 12])
    await account.clock.advance(48 * hourMs)
    const token = await account.caller.token()
    const late = await account.caller.call('POST', retailAcknowledgementsPath, {
      token,
      body: { acknowledgements: [answerTo(orderId, item('1', ['Accepted', 5]))] },
    })
    expect(late.status).toBe(202)
    await account.clock.advance(minuteMs)
    expect(sold(account, 'LAMP')).toBe(7)
  })

  it('is refused as a whole when one thing in it is wrong', async () => {
    const account = sampleVendor()
    const orderId = place(account, ['LAMP', 10])
    const good = place(account, ['LAMP', 5])
    const wrong = [
      answerTo(orderId, item('1', ['Accepted', 11])),
      answerTo(orderId, item('1', ['Accepted', 6], ['Rejected', 5])),
      answerTo(orderId, item('1', ['Accepted', 0])),
      answerTo(orderId, item('1', ['Backordered', 5])),
      answerTo(orderId, item('2', ['Accepted', 5])),
      answerTo(orderId, item('1', ['Accepted', 5]), item('1', ['Accepted', 5])),
      answerTo(orderId, { ...(item('1', ['Accepted', 5]) as object), netCost: { amount: '0' } }),
      answerTo('00000000', item('1', ['Accepted', 5])),
      { ...answerTo(orderId, item('1', ['Accepted', 5])), sellingParty: { partyId: 'OTHER' } },
    ]
    for (const each of wrong) expect(await outcome(account, answerTo(good, item('1', ['Accepted', 5])), each)).toMatch(/^Failure: /)
    expect([sold(account, 'LAMP'), (await get(account, good)).purchaseOrderState]).toEqual([0, 'New'])
    const bad = { ...answerTo(good, item('1', ['Accepted', 5])), sellingParty: {} }
    const refused = await account.caller.call('POST', retailAcknowledgementsPath, { body: { acknowledgements: [bad] } })
    expect([refused.status, refused.body]).toMatchObject([400, { errors: [{ details: 'acknowledgements[0].sellingParty.partyId' }] }])
  })

  it('is overtaken by what Amazon takes back: 10 ordered, 10 accepted, 6 wanted', async () => {
    const account = sampleVendor()
    const orderId = place(account, ['LAMP', 10])
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 10])))).toBe('Success')
    expect(account.simulator.market.cancel(orderId, { restock: false, quantity: 4 })).toBe(true)
    const [line] = (await get(account, orderId)).orderDetails.items
    expect(line?.orderedQuantity.amount).toBe(6)
    const books = account.simulator.market.books().find((each) => each.externalId === 'retail/LAMP')
    expect(books).toMatchObject({ soldQuantity: 10, cancelledQuantity: 4, liveQuantity: 0 })
    expect(account.simulator.market.ship(orderId)).toBe(true)
    expect((await get(account, orderId)).purchaseOrderState).toBe('Closed')
    expect(await outcome(account, answerTo(orderId, item('1', ['Accepted', 6])))).toContain('closed')
  })
})

describe('the vendor market', () => {
  it('keeps balanced books whatever shoppers, Amazon, the hub and the faults do', async () => {
    const offers = ['df/W1/LAMP', 'df/W1/DESK', 'df/W2/LAMP', 'retail/LAMP', 'retail/PENS']
    const action = fc.record({
      kind: fc.constantFrom('buy', 'cancel', 'ship', 'write', 'answer', 'wait'),
      offer: fc.constantFrom(...offers),
      amount: fc.integer({ min: 1, max: 6 }),
      flag: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 40 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 1_000_000 }),
        async (actions, selfDecrement, seed) => {
          const account = sampleVendor({ selfDecrement, quotaScale: 1_000, processing: { minMs: 0, maxMs: 15 * minuteMs } }, seed)
          const { market, faults } = account.simulator
          const token = await account.caller.token()
          Object.assign(faults, { errorBefore: 0.1, errorAfter: 0.1, acceptedNeverApplied: 0.2 })
          const orderIds: string[] = []
          for (const { kind, offer, amount, flag } of actions) {
            const orderId = orderIds.at(-amount) ?? 'none'
            if (kind === 'buy') orderIds.push(...[market.buy([{ externalId: offer, quantity: amount }])?.orderId ?? []].flat())
            if (kind === 'cancel') market.cancel(orderId, { restock: flag, ...(flag ? {} : { quantity: amount }) })
            if (kind === 'ship') market.ship(orderId)
            if (kind === 'wait') await account.clock.advance(amount * minuteMs)
            if (kind === 'write') await unlessLost(submitInventory(account, 'W1', inventoryBody([['LAMP', amount]], flag)))
            if (kind === 'answer') {
              const body = { acknowledgements: [answerTo(orderId, item('1', ['Accepted', amount, 'Eaches']))] }
              await unlessLost(account.caller.call('POST', retailAcknowledgementsPath, { token, body }))
            }
            for (const books of market.books()) {
              const {
                openingQuantity,
                writtenQuantity,
                restockedQuantity,
                soldQuantity,
                cancelledQuantity,
                shippedQuantity,
                liveQuantity,
              } = books
              expect(liveQuantity).toBe(openingQuantity + writtenQuantity + restockedQuantity - soldQuantity)
              expect(liveQuantity).toBe(market.liveQuantity(books.externalId))
              expect(liveQuantity).toBeGreaterThanOrEqual(0)
              expect(cancelledQuantity + shippedQuantity).toBeLessThanOrEqual(soldQuantity)
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})
