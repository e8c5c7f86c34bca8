// Rows of a vendor sweep. Pure. No row tells what Amazon offers now, because Amazon has no operation that does: an update's row tells what it
// took, a report's rows tell of Amazon's own stock and sales. Sources: vendorDirectFulfillmentTransactions_2021-12-28.json,
// vendorInventoryReport.json, vendorSalesReport.json.
import type { SweptRow } from '../../ports/sweep.ts'
import { isFields } from './fields.ts'
import { lineKeys, directPlace } from './listing.ts'
import type { SentUpdate } from './sent-updates.ts'

export interface ReadTimes {
  readonly readFromMs: number
  readonly readThroughMs: number
}

export const transactionRow = (update: SentUpdate, status: 'Success' | 'Failure', times: ReadTimes): SweptRow => {
  const { externalId, warehouseId, identifiers, quantity, transactionId } = update
  const keys = new Set([externalId, ...lineKeys(directPlace(warehouseId), identifiers)])
  return {
    source: 'vendor-transaction',
    key: externalId,
    row: {
      warehouseId,
      item: identifiers.vendorProductIdentifier ?? identifiers.asin,
      availableQuantity: quantity,
      transactionId,
      status,
    },
    observed: {
      externalId,
      keys: [...keys],
      sku: identifiers.vendorProductIdentifier,
      quantity: null,
      state: 'live',
      fulfilment: 'DF',
      tracked: null,
      sellsBelowZero: null,
      offersWithSku: null,
      unitsPerListing: null,
      elsewhere: [],
    },
    ...times,
  }
}

export interface ReportDates {
  readonly dataStartTime: string | null
  readonly dataEndTime: string | null
  readonly lastUpdatedDate: string | null
}

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null)

export const reportDates = (specification: unknown): ReportDates => {
  const own: Readonly<Record<string, unknown>> = isFields(specification) ? specification : {}
  return {
    dataStartTime: textOr(own['dataStartTime']),
    dataEndTime: textOr(own['dataEndTime']),
    lastUpdatedDate: textOr(own['lastUpdatedDate']),
  }
}

/** The list of each report that tells of single ASINs. */
export const asinLists = { GET_VENDOR_INVENTORY_REPORT: 'inventoryByAsin', GET_VENDOR_SALES_REPORT: 'salesByAsin' } as const
export type VendorReportType = keyof typeof asinLists

/** null: an entry without ASIN or dates. */
export const reportRow = (
  type: VendorReportType,
  entry: unknown,
  report: { readonly marketplaceId: string; readonly dates: ReportDates; readonly times: ReadTimes },
): SweptRow | null => {
  if (!isFields(entry)) return null
  const { asin, startDate, endDate } = entry
  if (typeof asin !== 'string' || typeof startDate !== 'string' || typeof endDate !== 'string') return null
  return {
    source: type === 'GET_VENDOR_SALES_REPORT' ? 'vendor-sales' : 'vendor-inventory',
    key: `${report.marketplaceId}/${asin}/${startDate}/${endDate}`,
    row: { ...entry, marketplaceId: report.marketplaceId, ...report.dates },
    observed: null,
    ...report.times,
  }
}
