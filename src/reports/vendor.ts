// Amazon's own sales and stock reports of a vendor account, as sweeps have kept them: rows of the day that was asked about.
// The reports cover whole days of Amazon's calendar; they come a day or more later.
import type { ChannelId } from '../domain/ids.ts'
import type { DaySpan } from '../domain/local-day.ts'
import { maxListed, type Missing, type VendorFigures, type VendorRow } from '../domain/report-figures.ts'
import { topList } from '../domain/top-list.ts'
import type { SnapshotRow, SnapshotStore } from '../ports/snapshots.ts'

const pageRows = 500
/** Rows looked through of one report. */
const maxRows = 200_000

const field = (row: Readonly<Record<string, unknown>>, name: string): unknown => row[name]
const dateOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 10) : '')
const countOf = (value: unknown): number | null => (typeof value === 'number' && Number.isSafeInteger(value) ? value : null)

const covers = ({ row }: SnapshotRow, day: string): boolean =>
  dateOf(field(row, 'startDate')) <= day && day <= dateOf(field(row, 'endDate'))

/** Minor units of Amazon's number. */
const amountOf = (value: unknown): VendorRow['amount'] => {
  if (typeof value !== 'object' || value === null) return null
  const { amount, currencyCode } = value as { readonly amount?: unknown; readonly currencyCode?: unknown }
  if (typeof amount !== 'number' || typeof currencyCode !== 'string' || !/^[A-Z]{3}$/.test(currencyCode)) return null
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency: currencyCode }).resolvedOptions().maximumFractionDigits ?? 2
  return { currency: currencyCode, amountMinor: Math.round(amount * 10 ** digits) }
}

interface Found {
  readonly rows: readonly VendorRow[]
  readonly units: number
  readonly readThroughMs: number
}

const figures = async (
  store: Pick<SnapshotStore, 'listSnapshots'>,
  channel: ChannelId,
  source: 'vendor-sales' | 'vendor-inventory',
  day: string,
): Promise<Missing | Found> => {
  const best = topList<VendorRow>(maxListed, (a, b) => b.units - a.units)
  let units = 0
  let rows = 0
  let readThroughMs = 0
  let after: string | null = null
  let looked = 0
  do {
    const page: Awaited<ReturnType<SnapshotStore['listSnapshots']>> = await store.listSnapshots({ channel, source, after, limit: pageRows })
    for (const each of page.items) {
      const count = countOf(field(each.row, source === 'vendor-sales' ? 'orderedUnits' : 'sellableOnHandInventoryUnits'))
      const asin = field(each.row, 'asin')
      if (!covers(each, day) || count === null || typeof asin !== 'string') continue
      rows += 1
      units += count
      readThroughMs = Math.max(readThroughMs, each.readThroughMs)
      best.add({
        asin,
        units: count,
        amount: amountOf(field(each.row, source === 'vendor-sales' ? 'orderedRevenue' : 'sellableOnHandInventoryCost')),
      })
    }
    looked += page.items.length
    after = page.next
  } while (after !== null && looked < maxRows)
  return rows === 0
    ? { missing: 'Amazon’s report of this day has not been read (it comes a day or more later).' }
    : { rows: best.items(), units, readThroughMs }
}

export const vendorFigures = async (
  store: Pick<SnapshotStore, 'listSnapshots'>,
  channels: readonly ChannelId[],
  { day }: DaySpan,
): Promise<readonly VendorFigures[]> => {
  const found: VendorFigures[] = []
  for (const channel of channels)
    found.push({
      channel,
      sales: await figures(store, channel, 'vendor-sales', day),
      inventory: await figures(store, channel, 'vendor-inventory', day),
    })
  return found
}
