// GET_VENDOR_INVENTORY_REPORT and GET_VENDOR_SALES_REPORT of the reporting day, in the shape of their published schemas. They tell of Amazon's
// own business with the items: what its purchase orders brought in, and what it sold on. How Amazon sells on is not part of this world, so a
// fixed share of what it has in stock is sold each day: the same question has the same answer.
import { invalid, refusal, type Answer } from '../sp-api/gateway.ts'
import type { ReportKind, ReportSpecification } from '../sp-api/reports.ts'
import type { Purchasing } from './purchasing.ts'

const dayMs = 86_400_000
/** Sold on each day, of what is there. */
const soldShare = 0.1
/** Longest range served here; Amazon does not state one for days. */
const maxDays = 31

const dayOf = (text: string): string => text.slice(0, 10)

const daysBetween = (specification: ReportSpecification): readonly string[] => {
  const first = Date.parse(dayOf(specification.dataStartTime ?? ''))
  const last = Date.parse(dayOf(specification.dataEndTime ?? ''))
  return Array.from({ length: Math.max(0, Math.round((last - first) / dayMs) + 1) }, (_, index) =>
    new Date(first + index * dayMs).toISOString().slice(0, 10),
  )
}

const refuse =
  (programs: readonly string[]) =>
  (specification: ReportSpecification): Answer | null => {
    const { dataStartTime, dataEndTime, reportOptions = {} } = specification
    if (dataStartTime === undefined || dataEndTime === undefined) return invalid('dataStartTime', 'and dataEndTime must be given')
    if (reportOptions['reportPeriod'] !== 'DAY') return invalid('reportOptions.reportPeriod', 'must be DAY in this simulator')
    if (!['MANUFACTURING', 'SOURCING'].includes(reportOptions['distributorView'] ?? ''))
      return invalid('reportOptions.distributorView', 'must be MANUFACTURING or SOURCING')
    if (!programs.includes(reportOptions['sellingProgram'] ?? ''))
      return invalid('reportOptions.sellingProgram', `must be one of ${programs.join(', ')}`)
    const days = daysBetween(specification).length
    return days >= 1 && days <= maxDays ? null : refusal(400, 'InvalidInput', `The range must be 1 to ${maxDays} days`)
  }

const money = (minor: number, currencyCode: string) => ({ amount: Math.round(minor) / 100, currencyCode })

const specificationOf = (specification: ReportSpecification, atMs: number) => ({
  reportType: specification.reportType,
  reportOptions: specification.reportOptions,
  lastUpdatedDate: new Date(atMs).toISOString().slice(0, 10),
  dataStartTime: dayOf(specification.dataStartTime ?? ''),
  dataEndTime: dayOf(specification.dataEndTime ?? ''),
  marketplaceIds: specification.marketplaceIds,
})

interface Stocked {
  readonly asin: string
  readonly priceMinor: number
  readonly currency: string
  readonly receivedUnits: number
  readonly openUnits: number
}

const stockedItems = (purchasing: Purchasing): readonly Stocked[] => {
  const books = new Map(purchasing.books().map((each) => [each.externalId, each]))
  return [...purchasing.offers.values()].map((offer) => {
    const own = books.get(offer.externalId)
    const receivedUnits = own?.shippedQuantity ?? 0
    return {
      asin: offer.asin,
      priceMinor: offer.priceMinor,
      currency: offer.currency,
      receivedUnits,
      openUnits: Math.max(0, (own?.soldQuantity ?? 0) - (own?.cancelledQuantity ?? 0) - receivedUnits),
    }
  })
}

const json = (value: unknown) => ({ text: JSON.stringify(value), contentType: 'application/json' })

export const vendorReports = (purchasing: Purchasing): Readonly<Record<string, ReportKind>> => ({
  GET_VENDOR_INVENTORY_REPORT: {
    refuse: refuse(['RETAIL', 'FRESH']),
    make: (specification, atMs) => {
      const figures = (item: Stocked) => ({
        netReceivedInventoryCost: money(item.receivedUnits * item.priceMinor, item.currency),
        netReceivedInventoryUnits: item.receivedUnits,
        openPurchaseOrderUnits: item.openUnits,
        sellableOnHandInventoryCost: money(item.receivedUnits * item.priceMinor, item.currency),
        sellableOnHandInventoryUnits: item.receivedUnits,
      })
      const items = stockedItems(purchasing)
      const together = (): Stocked => ({
        asin: '',
        priceMinor: 0,
        currency: items[0]?.currency ?? 'EUR',
        receivedUnits: items.reduce((sum, each) => sum + each.receivedUnits, 0),
        openUnits: items.reduce((sum, each) => sum + each.openUnits, 0),
      })
      const days = daysBetween(specification)
      if (items.length === 0) return null
      return json({
        reportSpecification: specificationOf(specification, atMs),
        inventoryAggregate: days.map((day) => ({ startDate: day, endDate: day, ...figures(together()) })),
        inventoryByAsin: days.flatMap((day) => items.map((item) => ({ startDate: day, endDate: day, asin: item.asin, ...figures(item) }))),
      })
    },
  },
  GET_VENDOR_SALES_REPORT: {
    refuse: refuse(['RETAIL', 'BUSINESS', 'FRESH']),
    make: (specification, atMs) => {
      const figures = (units: number, revenueMinor: number, currency: string) => ({
        customerReturns: 0,
        orderedRevenue: money(revenueMinor, currency),
        orderedUnits: units,
        shippedCogs: money(revenueMinor * 0.7, currency),
        shippedRevenue: money(revenueMinor, currency),
        shippedUnits: units,
      })
      const sold = stockedItems(purchasing).map((item) => ({ ...item, units: Math.floor(item.receivedUnits * soldShare) }))
      const days = daysBetween(specification)
      if (sold.length === 0) return null
      const units = sold.reduce((sum, each) => sum + each.units, 0)
      const revenueMinor = sold.reduce((sum, each) => sum + each.units * each.priceMinor, 0)
      return json({
        reportSpecification: specificationOf(specification, atMs),
        salesAggregate: days.map((day) => ({ startDate: day, endDate: day, ...figures(units, revenueMinor, sold[0]?.currency ?? 'EUR') })),
        salesByAsin: days.flatMap((day) =>
          sold.map((each) => ({
            startDate: day,
            endDate: day,
            asin: each.asin,
            ...figures(each.units, each.units * each.priceMinor, each.currency),
          })),
        ),
      })
    },
  },
})
