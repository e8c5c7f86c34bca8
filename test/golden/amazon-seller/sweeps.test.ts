// What a sweep asks is held to the official models; what it makes of Amazon's own examples, and of a report in every form it may come in.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createAmazonSellerAdapter } from '../../../src/channels/amazon-seller/index.ts'
import { listingRow, sweptListings } from '../../../src/channels/amazon-seller/sweep-map.ts'
import type { SweepRequest, SweptRow } from '../../../src/ports/sweep.ts'
import { runOn } from '../../support/in-process-channels.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { createSwaggerContract } from '../../support/swagger.ts'
import { createVirtualClock } from '../../support/virtual-clock.ts'
import { json, problem, type RecordedRequest, recordingObserver, scriptedAmazon, sellerSettings } from './scripted-amazon.ts'

const listings = createSwaggerContract('listingsItems_2021-08-01.json')
const contracts = [listings, createSwaggerContract('reports_2021-06-30.json'), createSwaggerContract('fbaInventory.json')]

const times = { readFromMs: 1, readThroughMs: 2 }

const header =
  'item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\timage-url\titem-is-marketplace\tproduct-id-type\tzshop-shipping-fee\titem-note\titem-condition\tzshop-category1\tzshop-browse-path\tzshop-storefront-feature\tasin1\tasin2\tasin3\twill-ship-internationally\texpedited-shipping\tzshop-boldface\tproduct-id\tbid-for-featured-placement\tadd-delete\tpending-quantity\tfulfillment-channel\tmerchant-shipping-group\tstatus'

const line = (sku: string, quantity: string, channel: string, status: string): string => {
  const names = header.split('\t')
  const values: Readonly<Record<string, string>> = { 'seller-sku': sku, quantity, 'fulfillment-channel': channel, status }
  return names.map((name) => values[name] ?? '').join('\t')
}

const table = [
  header,
  line('MUG', '5', 'DEFAULT', 'Active'),
  line('Tasse-Ö', '0', 'DEFAULT', 'Inactive'),
  line('OFF', '7', 'DEFAULT', 'Inactive'),
  line('HALF "quoted', '3', 'DEFAULT', 'Incomplete'),
  line('FBA-1', '', 'AMAZON_EU', 'Active'),
].join('\r\n')

interface Document {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly contentType: string | null
  readonly compressionAlgorithm?: string
}

const setUp = (document: Document, answer: (request: RecordedRequest) => Response | null = () => null) => {
  const amazon = scriptedAmazon((request) => {
    const { pathname, host } = request.url
    const own = answer(request)
    if (own) return own
    if (host === 'documents.example.com')
      return new Response(document.bytes, { headers: document.contentType === null ? {} : { 'content-type': document.contentType } })
    if (pathname.endsWith('/reports')) return json({ reportId: 'ID323' }, 202)
    if (pathname.includes('/reports/ID323'))
      return json({
        reportId: 'ID323',
        reportType: 'GET_MERCHANT_LISTINGS_ALL_DATA',
        createdTime: '2026-11-23T08:00:00Z',
        processingStatus: 'DONE',
        reportDocumentId: '0356cf79-b8b0-4226-b4b9-0ee058ea5760',
      })
    if (pathname.includes('/documents/'))
      return json({
        reportDocumentId: '0356cf79-b8b0-4226-b4b9-0ee058ea5760',
        url: 'https://documents.example.com/Report_47700__GET_MERCHANT_LISTINGS_ALL_DATA_.txt?signed=1',
        ...(document.compressionAlgorithm === undefined ? {} : { compressionAlgorithm: document.compressionAlgorithm }),
      })
    if (pathname === '/fba/inventory/v1/summaries')
      return json({
        payload: {
          granularity: { granularityType: 'Marketplace', granularityId: 'A1PA6795UKMFR9' },
          inventorySummaries: [{ sellerSku: 'FBA-1', fnSku: 'X001', totalQuantity: 12, inventoryDetails: { fulfillableQuantity: 9 } }],
        },
      })
    return problem(404)
  })
  const clock = createVirtualClock()
  const observer = recordingObserver()
  const adapter = createAmazonSellerAdapter(sellerSettings, { fetch: amazon.fetch, clock, random: seededRandom(1), observer })
  const sweep = async (scope: SweepRequest['scope'] = { kind: 'everything' }) => {
    const rows: SweptRow[] = []
    const working = adapter.sweep({
      scope,
      resume: null,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      onRows: (batch) => {
        rows.push(...batch.rows)
        return Promise.resolve()
      },
    })
    const result = await runOn(clock, working)
    return { rows, result }
  }
  return { amazon, sweep, observer }
}

const utf8 = Uint8Array.from(Buffer.from(table, 'utf8'))
const latin1 = Uint8Array.from(Buffer.from(table, 'latin1'))

const forms: readonly (readonly [string, Document])[] = [
  ['UTF-8, told', { bytes: utf8, contentType: 'text/plain; charset=UTF-8' }],
  ['UTF-8, not told', { bytes: utf8, contentType: 'text/plain' }],
  ['Latin-1, told', { bytes: latin1, contentType: 'text/plain;charset=ISO-8859-1' }],
  ['Latin-1, not told', { bytes: latin1, contentType: null }],
  ['packed', { bytes: Uint8Array.from(gzipSync(latin1)), contentType: 'text/plain;charset=Cp1252', compressionAlgorithm: 'GZIP' }],
  ['with a byte order mark', { bytes: Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8]), contentType: 'text/plain' }],
]

describe('the report of all listings', () => {
  it.each(forms)('%s: every line is told', async (_, document) => {
    const { rows } = await setUp(document).sweep()
    expect(rows.map(({ observed }) => [observed?.externalId, observed?.quantity, observed?.state, observed?.fulfilment])).toEqual([
      ['MUG', 5, 'live', 'MFN'],
      ['Tasse-Ö', 0, 'live', 'MFN'],
      ['OFF', 7, 'inactive', 'MFN'],
      ['HALF "quoted', 3, 'inactive', 'MFN'],
      ['FBA-1', null, 'live', 'FBA'],
      ['FBA-1', 9, 'live', 'FBA'],
    ])
    expect(rows.map((each) => each.source).slice(-2)).toEqual(['amazon-merchant-listings', 'amazon-fba-summary'])
    // Amazon made it an hour before it was asked for.
    expect(rows[0]?.readFromMs).toBe(Date.UTC(2026, 10, 23, 8))
  })

  it('that was cut off, or is none, is no report', async () => {
    const packed = gzipSync(latin1)
    const cut = Uint8Array.from(packed.subarray(0, packed.length - 12))
    await expect(setUp({ bytes: cut, contentType: null, compressionAlgorithm: 'GZIP' }).sweep()).rejects.toMatchObject({
      code: 'channel-unreachable',
    })
    const page = Uint8Array.from(Buffer.from('<html>\nSorry\n</html>'))
    await expect(setUp({ bytes: page, contentType: 'text/html' }).sweep()).rejects.toMatchObject({ code: 'channel-answer-malformed' })
    await expect(setUp({ bytes: utf8, contentType: null, compressionAlgorithm: 'ZIP' }).sweep()).rejects.toMatchObject({
      code: 'channel-answer-malformed',
    })
  })

  it("without the role for Amazon's own stock the listings are still told, and the refusal is reported", async () => {
    const { sweep, observer } = setUp({ bytes: utf8, contentType: null }, ({ url }) =>
      url.pathname.startsWith('/fba/') ? problem(403, 'Unauthorized', 'Access to requested resource is denied.') : null,
    )
    const { rows, result } = await sweep()
    expect(rows).toHaveLength(5)
    expect(result.complete).toBe(true)
    expect(observer.errors.join()).toContain('getInventorySummaries')
  })
})

describe('requests of a sweep', () => {
  it('are as the models say, and no token goes to the document store', async () => {
    const { amazon, sweep } = setUp({ bytes: utf8, contentType: null }, ({ url }) =>
      url.pathname.endsWith(`/items/${sellerSettings.sellerId}`) ? json({ numberOfResults: 0, items: [] }) : null,
    )
    await sweep()
    await sweep({ kind: 'offers', externalIds: ['A/B #1', 'with,comma', 'MUG'] })
    const asked = amazon.requests.filter((each) => each.url.host !== 'documents.example.com')
    const names = asked.map((request) => {
      const own = { method: request.method, url: request.url.href, headers: request.headers, body: request.body }
      const contract = contracts.find((each) => each.operationOf(own) !== null)
      expect(contract?.validateRequest(own)).toEqual([])
      return contract?.operationOf(own)
    })
    expect([...new Set(names)]).toEqual([
      'createReport',
      'getReport',
      'getReportDocument',
      'getInventorySummaries',
      'searchListingsItems',
      'getListingsItem',
    ])
    const downloads = amazon.requests.filter((each) => each.url.host === 'documents.example.com')
    expect(downloads.map((each) => each.headers.get('x-amz-access-token'))).toEqual([null])
  })
})

describe('examples of the listings model', () => {
  it('are told as they are', () => {
    const examples = listings.sandboxCases().filter((each) => each.operationId === 'searchListingsItems' && each.status === 200)
    const [first] = examples.map((each) => sweptListings.parse(each.body).items.map((item) => listingRow(item, times)))
    expect(first?.[0]).toMatchObject({
      source: 'amazon-listings-item',
      key: 'GM-ZDPI-9B4E',
      observed: { externalId: 'GM-ZDPI-9B4E', quantity: 100, state: 'live', fulfilment: 'MFN', unitsPerListing: null },
    })
    // Nothing of the example is lost that tells of stock.
    expect(Object.keys(first?.[0]?.row ?? {})).toEqual(['sku', 'summaries', 'fulfillmentAvailability'])
  })
})
