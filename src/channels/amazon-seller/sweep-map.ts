// What Amazon's rows tell of an offer, in the hub's terms. Pure. The SKU is the listing's address, so that an account never has two of one.
// A listing that shows 0 is told as not buyable (Inactive) for that alone: it counts as live. Sources: listingsItems_2021-08-01.json,
// fbaInventory.json, Amazon's table of inventory report attributes.
import { z } from 'zod'
import type { ObservedOffer, SweptRow } from '../../ports/sweep.ts'
import type { TableRow } from '../sp-api/report-text.ts'
import { merchantChannelCode } from './map.ts'

export interface ReadTimes {
  readonly readFromMs: number
  readonly readThroughMs: number
}

const count = z.number().int().min(0)

/** Kept as it is sent, apart from attributes that have nothing to do with stock: those are pages of text and images. */
export const sweptListing = z.object({
  sku: z.string().min(1),
  summaries: z.array(z.looseObject({ status: z.array(z.string()) })).nullish(),
  fulfillmentAvailability: z.array(z.looseObject({ fulfillmentChannelCode: z.string(), quantity: count.nullish() })).nullish(),
  attributes: z
    .object({
      fulfillment_availability: z.unknown(),
      item_package_quantity: z.array(z.looseObject({ value: z.number().nullish() })).nullish(),
    })
    .partial()
    .nullish(),
})
export const sweptListings = z.object({ items: z.array(sweptListing) })
export type SweptListing = z.output<typeof sweptListing>

const bySku = (
  sku: string,
): Pick<ObservedOffer, 'externalId' | 'keys' | 'sku' | 'tracked' | 'sellsBelowZero' | 'offersWithSku' | 'elsewhere'> => ({
  externalId: sku,
  keys: [sku],
  sku,
  tracked: true,
  sellsBelowZero: false,
  offersWithSku: 1,
  elsewhere: [],
})

/** The merchant's where it tells a quantity: a switch to Amazon's fulfilment may leave the merchant's row behind, without one. */
const fulfilmentOf = (rows: NonNullable<SweptListing['fulfillmentAvailability']>): 'MFN' | 'FBA' | null => {
  const own = rows.find((row) => row.fulfillmentChannelCode === merchantChannelCode)
  if (own?.quantity != null) return 'MFN'
  if (rows.some((row) => row.fulfillmentChannelCode.startsWith('AMAZON'))) return 'FBA'
  return own ? 'MFN' : null
}

export const listingRow = (listing: SweptListing, times: ReadTimes): SweptRow => {
  const rows = listing.fulfillmentAvailability ?? []
  const fulfilment = fulfilmentOf(rows)
  const quantity = fulfilment === 'MFN' ? (rows.find((row) => row.fulfillmentChannelCode === merchantChannelCode)?.quantity ?? null) : null
  const statuses = listing.summaries?.flatMap((each) => each.status) ?? []
  const isLive = statuses.includes('BUYABLE') || (quantity === 0 && statuses.includes('DISCOVERABLE'))
  const pack = listing.attributes?.item_package_quantity?.find((each) => each.value != null)?.value ?? null
  return {
    source: 'amazon-listings-item',
    key: listing.sku,
    row: listing,
    observed: {
      ...bySku(listing.sku),
      quantity,
      state: isLive ? 'live' : 'inactive',
      fulfilment,
      unitsPerListing: pack !== null && Number.isSafeInteger(pack) && pack > 0 ? pack : null,
    },
    ...times,
  }
}

export const goneListingRow = (sku: string, times: ReadTimes): SweptRow => ({
  source: 'amazon-listings-item',
  key: sku,
  row: { sku },
  observed: {
    ...bySku(sku),
    quantity: null,
    state: 'gone',
    fulfilment: null,
    tracked: null,
    sellsBelowZero: null,
    offersWithSku: 0,
    unitsPerListing: null,
  },
  ...times,
})

const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : null

/** null: the line names no listing. */
export const reportRow = (line: TableRow, times: ReadTimes): SweptRow | null => {
  const sku = line['seller-sku'] ?? ''
  if (sku === '') return null
  const channel = line['fulfillment-channel'] ?? ''
  const fulfilment = channel.startsWith('AMAZON') ? 'FBA' : channel === merchantChannelCode ? 'MFN' : null
  const quantity = fulfilment === 'FBA' ? null : wholeNumber(line['quantity'])
  const status = line['status'] ?? ''
  const isLive = /^active$/i.test(status) || (/^inactive$/i.test(status) && quantity === 0)
  return {
    source: 'amazon-merchant-listings',
    key: sku,
    // Descriptions and image addresses are most of a line and tell nothing of stock.
    row: Object.fromEntries(
      Object.entries(line).filter(([name]) => name !== 'item-description' && name !== 'image-url' && name !== 'item-note'),
    ),
    observed: { ...bySku(sku), quantity, state: isLive || status === '' ? 'live' : 'inactive', fulfilment, unitsPerListing: null },
    ...times,
  }
}

export const fbaSummary = z.looseObject({
  sellerSku: z.string().nullish(),
  fnSku: z.string().nullish(),
  totalQuantity: z.number().int().nullish(),
  inventoryDetails: z.looseObject({ fulfillableQuantity: z.number().int().nullish() }).nullish(),
})
export const fbaSummaries = z.object({
  payload: z.object({ inventorySummaries: z.array(fbaSummary) }),
  pagination: z.object({ nextToken: z.string().nullish() }).nullish(),
})

/** What lies in Amazon's warehouses of a SKU, used and new apart. null: it names nothing. */
export const fbaRow = (summary: z.output<typeof fbaSummary>, marketplaceId: string, times: ReadTimes): SweptRow | null => {
  const sku = summary.sellerSku ?? ''
  if (sku === '') return null
  return {
    source: 'amazon-fba-summary',
    key: summary.fnSku == null || summary.fnSku === '' ? sku : `${sku}/${summary.fnSku}`,
    row: { ...summary, marketplaceId },
    observed: {
      ...bySku(sku),
      quantity: summary.inventoryDetails?.fulfillableQuantity ?? null,
      state: 'live',
      fulfilment: 'FBA',
      unitsPerListing: null,
    },
    ...times,
  }
}
