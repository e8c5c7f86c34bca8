// What a sweep makes of the examples in Amazon's own report schemas.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { asinLists, reportDates, reportRow, type VendorReportType } from '../../../src/channels/amazon-vendor/sweep-map.ts'
import { jsonEntries } from '../../../src/channels/sp-api/json-entries.ts'
import type { SweptRow } from '../../../src/ports/sweep.ts'

const files = { GET_VENDOR_INVENTORY_REPORT: 'vendorInventoryReport.json', GET_VENDOR_SALES_REPORT: 'vendorSalesReport.json' } as const

interface Example {
  readonly reportSpecification: { readonly dataStartTime: string; readonly dataEndTime: string; readonly lastUpdatedDate: string }
  readonly [list: string]: unknown
}

const examplesOf = (type: VendorReportType): readonly Example[] =>
  (JSON.parse(readFileSync(new URL(`contracts/${files[type]}`, import.meta.url), 'utf8')) as { readonly examples: readonly Example[] })
    .examples

async function* inPieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 100) yield text.slice(at, at + 100)
}

test.each(['GET_VENDOR_INVENTORY_REPORT', 'GET_VENDOR_SALES_REPORT'] as const)(
  '%s: each ASIN and period is a row, with the report’s dates',
  async (type) => {
    const examples = examplesOf(type)
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      const rows: SweptRow[] = []
      let dates = reportDates(null)
      for await (const { name, value, ofList } of jsonEntries(inPieces(JSON.stringify(example, null, 2)))) {
        if (name === 'reportSpecification') dates = reportDates(value)
        const row =
          name === asinLists[type] && ofList
            ? reportRow(type, value, { marketplaceId: 'M', dates, times: { readFromMs: 1, readThroughMs: 2 } })
            : null
        if (row) rows.push(row)
      }
      const entries = example[asinLists[type]] as readonly Readonly<Record<string, unknown>>[]
      const { dataStartTime, dataEndTime, lastUpdatedDate } = example.reportSpecification
      expect(rows.map((each) => each.row)).toEqual(
        entries.map((each) => ({ ...each, marketplaceId: 'M', dataStartTime, dataEndTime, lastUpdatedDate })),
      )
      expect(new Set(rows.map((each) => each.key)).size).toBe(entries.length)
      expect(rows.every((each) => each.observed === null)).toBe(true)
    }
  },
)
