// Reports as both accounts serve them: every answer is held to the Reports model, every JSON report to its schema.
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { marketplaceId, sampleAccount, sampleItem } from '../amazon-seller/sample-account.ts'
import { minuteMs, sampleVendor } from '../amazon-vendor/sample-account.ts'
import type { ContractCaller } from './contract-caller.ts'
import { checkReport } from './model.ts'

interface Account {
  readonly caller: ContractCaller
  readonly clock: { advance(ms: number): Promise<void> }
  readonly simulator: { readonly fetch: (request: Request) => Promise<Response> }
}

const reportsPath = '/reports/2021-06-30/reports'

const ask = async ({ caller }: Account, body: unknown): Promise<string> =>
  ((await caller.call('POST', reportsPath, { body })).body as { readonly reportId: string }).reportId

const stateOf = async ({ caller }: Account, reportId: string) =>
  (await caller.call('GET', `${reportsPath}/${reportId}`)).body as { readonly processingStatus: string; readonly reportDocumentId?: string }

const addressOf = async ({ caller }: Account, documentId: string) =>
  (await caller.call('GET', `/reports/2021-06-30/documents/${documentId}`)).body as {
    readonly url: string
    readonly compressionAlgorithm?: string
  }

const textOf = async (account: Account, body: unknown): Promise<string> => {
  const reportId = await ask(account, body)
  await account.clock.advance(6 * minuteMs)
  const { processingStatus, reportDocumentId = '' } = await stateOf(account, reportId)
  expect(processingStatus).toBe('DONE')
  const { url, compressionAlgorithm } = await addressOf(account, reportDocumentId)
  const bytes = new Uint8Array(await (await account.simulator.fetch(new Request(url))).arrayBuffer())
  return Buffer.from(compressionAlgorithm === 'GZIP' ? gunzipSync(bytes) : bytes).toString('utf8')
}

const allListings = { reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA', marketplaceIds: [marketplaceId] }

describe('the report of all listings', () => {
  test('is queued, made and done; its address lives five minutes', async () => {
    const account = sampleAccount({ reportProcessing: { minMs: 4 * minuteMs, maxMs: 4 * minuteMs } })
    const reportId = await ask(account, allListings)
    expect((await stateOf(account, reportId)).processingStatus).toBe('IN_QUEUE')
    await account.clock.advance(2 * minuteMs)
    expect((await stateOf(account, reportId)).processingStatus).toBe('IN_PROGRESS')
    await account.clock.advance(2 * minuteMs)
    const { reportDocumentId = '' } = await stateOf(account, reportId)
    const { url } = await addressOf(account, reportDocumentId)
    expect((await account.simulator.fetch(new Request(url))).status).toBe(200)
    await account.clock.advance(5 * minuteMs + 1)
    expect((await account.simulator.fetch(new Request(url))).status).toBe(403)
  })

  test('has a line for each listing, whoever fulfils it and whether it is on sale', async () => {
    const account = sampleAccount({ catalogue: ['MUG', 'POT', 'PAN'].map((sku) => sampleItem(sku, 4)) })
    account.simulator.backstage.setFulfilment('POT', 'FBA')
    account.simulator.backstage.setOnSale('PAN', false)
    const [head = '', ...lines] = (await textOf(account, allListings)).trimEnd().split('\r\n')
    const names = head.split('\t')
    const told = lines.map((line) => Object.fromEntries(line.split('\t').map((value, index) => [names[index], value])))
    expect(told.map((each) => [each['seller-sku'], each['quantity'], each['fulfillment-channel'], each['status']])).toEqual([
      ['MUG', '4', 'DEFAULT', 'Active'],
      ['POT', '', 'AMAZON_EU', 'Active'],
      ['PAN', '4', 'DEFAULT', 'Inactive'],
    ])
  })

  test('may fail, and is refused for other types and marketplaces', async () => {
    const account = sampleAccount()
    account.simulator.faults.acceptedNeverApplied = 1
    const reportId = await ask(account, allListings)
    await account.clock.advance(6 * minuteMs)
    expect((await stateOf(account, reportId)).processingStatus).toBe('FATAL')
    for (const body of [
      { ...allListings, reportType: 'GET_OTHER' },
      { ...allListings, marketplaceIds: ['ATVPDKIKX0DER'] },
    ])
      expect((await account.caller.call('POST', reportsPath, { body })).status).toBe(400)
  })

  test('fifteen at once, then one a minute', async () => {
    const account = sampleAccount()
    for (let count = 0; count < 15; count++) await ask(account, allListings)
    expect((await account.caller.call('POST', reportsPath, { body: allListings })).status).toBe(429)
    await account.clock.advance(minuteMs)
    await ask(account, allListings)
  })
})

describe("Amazon's own stock", () => {
  test('is told page by page, and every European marketplace is told the same', async () => {
    const catalogue = Array.from({ length: 60 }, (_, index) => sampleItem(`F-${index}`, index))
    const account = sampleAccount({ catalogue })
    for (const { sku } of catalogue) account.simulator.backstage.setFulfilment(sku, 'FBA')
    const summaries = async (marketplace: string, nextToken?: string) => {
      const query = {
        granularityType: 'Marketplace',
        granularityId: marketplace,
        marketplaceIds: marketplace,
        details: 'true',
        ...(nextToken === undefined ? {} : { nextToken }),
      }
      await account.clock.advance(1_000)
      const answer = await account.caller.call('GET', '/fba/inventory/v1/summaries', { query })
      return {
        status: answer.status,
        ...(answer.body as {
          readonly payload?: { readonly inventorySummaries: readonly unknown[] }
          readonly pagination?: { readonly nextToken: string }
        }),
      }
    }
    const first = await summaries(marketplaceId)
    const second = await summaries(marketplaceId, first.pagination?.nextToken)
    expect([first, second].map((each) => each.payload?.inventorySummaries.length)).toEqual([50, 10])
    expect((await summaries('A13V1IB3VIYZZH')).payload).toEqual({
      ...first.payload,
      granularity: { granularityType: 'Marketplace', granularityId: 'A13V1IB3VIYZZH' },
    })
    await account.clock.advance(30_000)
    expect((await summaries(marketplaceId, first.pagination?.nextToken)).status).toBe(400)
  })
})

describe('vendor reports', () => {
  const request = (reportType: string) => ({
    reportType,
    marketplaceIds: [marketplaceId],
    dataStartTime: '2026-11-14T00:00:00Z',
    dataEndTime: '2026-11-16T00:00:00Z',
    reportOptions: { reportPeriod: 'DAY', distributorView: 'MANUFACTURING', sellingProgram: 'RETAIL' },
  })

  test.each(['GET_VENDOR_INVENTORY_REPORT', 'GET_VENDOR_SALES_REPORT'] as const)('%s keeps to its schema', async (type) => {
    const report = JSON.parse(await textOf(sampleVendor(), request(type))) as Readonly<Record<string, readonly unknown[]>>
    expect(checkReport(type, report)).toBeNull()
    expect(report[type === 'GET_VENDOR_SALES_REPORT' ? 'salesByAsin' : 'inventoryByAsin']).toHaveLength(2 * 3)
  })

  test('need their dates and options', async () => {
    const { caller } = sampleVendor()
    const good = request('GET_VENDOR_SALES_REPORT')
    for (const body of [
      { ...good, dataEndTime: undefined },
      { ...good, reportOptions: { ...good.reportOptions, sellingProgram: 'OTHER' } },
      { ...good, reportOptions: {} },
    ])
      expect((await caller.call('POST', reportsPath, { body })).status).toBe(400)
  })
})
