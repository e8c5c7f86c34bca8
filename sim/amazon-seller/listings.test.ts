import { describe, expect, it } from 'vitest'
import { itemPath, marketplaceId, patchBody, type SampleAccount, sampleAccount, sampleItem, sellerId } from './sample-account.ts'

const marketplace = { marketplaceIds: marketplaceId }

const patch = async (
  { caller }: SampleAccount,
  sku: string,
  body: unknown,
  query: Record<string, string> = {},
): Promise<Record<string, unknown>> => {
  const answer = await caller.call('PATCH', itemPath(sku), { query: { ...marketplace, ...query }, body })
  expect(answer.status).toBe(200)
  return answer.body as Record<string, unknown>
}

const read = async ({ caller }: SampleAccount, sku: string): Promise<unknown> => {
  const answer = await caller.call('GET', itemPath(sku), { query: { ...marketplace, includedData: 'fulfillmentAvailability' } })
  return (answer.body as { readonly fulfillmentAvailability: unknown }).fulfillmentAvailability
}

const withValue = (value: unknown, path = '/attributes/fulfillment_availability', op = 'merge'): unknown => ({
  productType: 'PRODUCT',
  patches: [{ op, path, value: [value] }],
})

describe('patchListingsItem', () => {
  it('is accepted at once and takes effect after the processing time', async () => {
    const account = sampleAccount({ processing: { minMs: 30_000, maxMs: 30_000 } })
    expect(await patch(account, 'MUG', patchBody(42))).toMatchObject({ sku: 'MUG', status: 'ACCEPTED', issues: [] })
    await account.clock.advance(29_999)
    expect(await read(account, 'MUG')).toEqual([{ fulfillmentChannelCode: 'DEFAULT', quantity: 10 }])
    await account.clock.advance(1)
    expect(await read(account, 'MUG')).toEqual([{ fulfillmentChannelCode: 'DEFAULT', quantity: 42 }])
  })

  it('overwrites a sale that happened in between: the write is absolute', async () => {
    const account = sampleAccount({ processing: { minMs: 30_000, maxMs: 30_000 } })
    await patch(account, 'MUG', patchBody(10))
    account.simulator.market.buy([{ externalId: 'MUG', quantity: 4 }])
    expect(account.simulator.market.liveQuantity('MUG')).toBe(6)
    await account.clock.advance(30_000)
    expect(account.simulator.market.liveQuantity('MUG')).toBe(10)
    expect(account.simulator.market.books()[0]).toMatchObject({
      openingQuantity: 10,
      soldQuantity: 4,
      writtenQuantity: 4,
      liveQuantity: 10,
    })
  })

  it('may apply two patches in either order', async () => {
    const orders = new Set<number>()
    for (let seed = 1; seed <= 12; seed++) {
      const account = sampleAccount({ processing: { minMs: 1, maxMs: 60_000 } }, seed)
      await patch(account, 'MUG', patchBody(1))
      await patch(account, 'MUG', patchBody(2))
      await account.clock.advance(60_000)
      orders.add(account.simulator.market.liveQuantity('MUG'))
    }
    expect(orders).toEqual(new Set([1, 2]))
  })

  it('answers 200 INVALID, and changes nothing, when the attribute is written as it is read or misses its selector', async () => {
    const account = sampleAccount({ processing: { minMs: 0, maxMs: 0 }, quotaScale: 10 })
    const wrong = [
      withValue({ fulfillmentChannelCode: 'DEFAULT', quantity: 1 }),
      withValue({ fulfillment_channel_code: 'DEFAULT', quantity: 1 }, '/attributes/fulfillmentAvailability'),
      withValue({ quantity: 1 }),
      withValue({ fulfillment_channel_code: 'AMAZON_EU', quantity: 1 }),
      withValue({ fulfillment_channel_code: 'DEFAULT', quantity: -1 }),
      withValue({ fulfillment_channel_code: 'DEFAULT', quantity: 1 }, '/attributes/fulfillment_availability/0/quantity'),
      withValue({ fulfillment_channel_code: 'DEFAULT', quantity: 1 }, '/attributes/fulfillment_availability', 'delete'),
    ]
    const codes: unknown[] = []
    for (const body of wrong) {
      const { status, issues } = await patch(account, 'MUG', body)
      expect(status).toBe('INVALID')
      codes.push((issues as readonly { readonly code: string }[])[0]?.code)
    }
    expect(codes.slice(0, 2)).toEqual(['90000900', '90000900'])
    expect(account.simulator.market.liveQuantity('MUG')).toBe(10)
  })

  it('leaves the quantity alone in a merge without one, and takes it away in a replace without one', async () => {
    const account = sampleAccount({ processing: { minMs: 0, maxMs: 0 } })
    const value = { fulfillment_channel_code: 'DEFAULT', lead_time_to_ship_max_days: 3 }
    await patch(account, 'MUG', withValue(value))
    expect(account.simulator.market.liveQuantity('MUG')).toBe(10)
    await patch(account, 'MUG', withValue(value, undefined, 'replace'))
    expect(account.simulator.market.liveQuantity('MUG')).toBe(0)
  })

  it('accepts a patch of a SKU that does not exist, and only previews in a validation preview', async () => {
    const account = sampleAccount({ processing: { minMs: 0, maxMs: 0 } })
    expect(await patch(account, 'GHOST', patchBody(5))).toMatchObject({ status: 'ACCEPTED' })
    const preview = await patch(account, 'MUG', patchBody(5), { mode: 'VALIDATION_PREVIEW', includedData: 'identifiers,issues' })
    expect(preview).toMatchObject({ status: 'VALID', identifiers: [{ marketplaceId, asin: 'B000000000' }] })
    expect(account.simulator.market.liveQuantity('MUG')).toBe(10)
  })

  it('takes SKUs with characters that have a meaning in addresses', async () => {
    const account = sampleAccount({ processing: { minMs: 0, maxMs: 0 } })
    await patch(account, 'A/B #1', patchBody(8))
    expect(await read(account, 'A/B #1')).toEqual([{ fulfillmentChannelCode: 'DEFAULT', quantity: 8 }])
  })
})

describe('reading listings', () => {
  it('tells the live quantity, and an attribute that only echoes what was accepted', async () => {
    const account = sampleAccount({ processing: { minMs: 60_000, maxMs: 60_000 } })
    await patch(account, 'MUG', patchBody(4))
    const answer = await account.caller.call('GET', itemPath('MUG'), {
      query: { ...marketplace, includedData: 'summaries,attributes,issues,offers,fulfillmentAvailability,productTypes' },
    })
    expect(answer.body).toMatchObject({
      sku: 'MUG',
      summaries: [{ marketplaceId, status: ['BUYABLE', 'DISCOVERABLE'], itemName: 'Title of MUG' }],
      attributes: { fulfillment_availability: [{ quantity: 4 }] },
      fulfillmentAvailability: [{ quantity: 10 }],
      offers: [{ price: { amount: '19.99', currencyCode: 'EUR' } }],
      issues: [],
    })
  })

  it('answers 404 for an unknown SKU and 400 for another account', async () => {
    const { caller } = sampleAccount()
    const unknown = await caller.call('GET', itemPath('GHOST'), { query: marketplace })
    expect([unknown.status, unknown.body]).toMatchObject([404, { errors: [{ code: 'NOT_FOUND' }] }])
    const other = await caller.call('GET', '/listings/2021-08-01/items/OTHER/MUG', { query: marketplace })
    expect(other.status).toBe(400)
  })

  it('finds up to 20 SKUs at once and pages through the rest, of which 1,000 can be reached', async () => {
    const catalogue = Array.from({ length: 1_030 }, (_, index) => sampleItem(`SKU-${String(index).padStart(4, '0')}`, index))
    const { caller } = sampleAccount({ catalogue, quotaScale: 1_000 })
    const path = `/listings/2021-08-01/items/${sellerId}`
    const found = await caller.call('GET', path, {
      query: {
        ...marketplace,
        identifiersType: 'SKU',
        identifiers: 'SKU-0007,SKU-0003,GHOST',
        includedData: 'fulfillmentAvailability',
        pageSize: '20',
      },
    })
    expect(found.body).toMatchObject({ numberOfResults: 2, items: [{ sku: 'SKU-0007' }, { sku: 'SKU-0003' }] })
    const tooMany = catalogue.slice(0, 21).map((item) => item.sku)
    expect(
      (await caller.call('GET', path, { query: { ...marketplace, identifiersType: 'SKU', identifiers: tooMany.join(',') } })).status,
    ).toBe(400)
    expect((await caller.call('GET', path, { query: { ...marketplace, pageSize: '21' } })).status).toBe(400)

    const seen = new Set<string>()
    let pageToken: string | undefined
    do {
      const query = { ...marketplace, pageSize: '20', sortBy: 'sku', sortOrder: 'ASC', ...(pageToken === undefined ? {} : { pageToken }) }
      const page = (await caller.call('GET', path, { query })).body as {
        readonly numberOfResults: number
        readonly items: readonly { readonly sku: string }[]
        readonly pagination?: { readonly nextToken: string }
      }
      expect(page.numberOfResults).toBe(1_030)
      for (const { sku } of page.items) seen.add(sku)
      pageToken = page.pagination?.nextToken
    } while (pageToken !== undefined)
    expect(seen.size).toBe(1_000)
    expect((await caller.call('GET', path, { query: { ...marketplace, pageToken: 'invented' } })).status).toBe(400)
  })

  it('names the marketplace that the seller takes part in', async () => {
    const { caller } = sampleAccount()
    const answer = await caller.call('GET', '/sellers/v1/marketplaceParticipations')
    expect(answer.body).toMatchObject({
      payload: [{ marketplace: { id: marketplaceId, countryCode: 'DE' }, participation: { isParticipating: true } }],
    })
  })
})
