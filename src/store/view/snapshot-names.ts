// How a stored reading is found again, the same in both engines. A name is text: the channel and what the row calls the goods by.
//   channel, key             a listing of the hub has this key (Listing.keys)
//   channel, asin:{ASIN}     rows of a vendor account that know goods by ASIN alone; listings carry it at the end of a key
//   "", SKU                  FBA stock, which has no listing in the hub: the seller's SKU, taken for the merchant's own
import type { ChannelId } from '../../domain/ids.ts'
import type { SnapshotRow, SnapshotSource } from '../../ports/snapshots.ts'

/** No id contains it (isIdText). */
const separator = '\u001f'

/** A call with more is a mistake of the caller: it would be held in memory and in one transaction. */
const maxSnapshotRows = 500

const keyName = (channel: ChannelId, key: string): string => `${channel}${separator}${key}`
export const ownSkuName = (sku: string): string => `${separator}${sku}`

/** A listing that takes or leaves such a name changes what the SKU's own text stands for. */
export const isOwnSkuName = (name: string): boolean => name.startsWith(separator)

/** By which names a listing with this key is meant: itself, and by its ASIN where the key ends in one. */
export const namesOfKey = (channel: ChannelId, key: string): readonly string[] => {
  const asin = key.lastIndexOf('asin:')
  return asin > 0 ? [keyName(channel, key), keyName(channel, key.slice(asin))] : [keyName(channel, key)]
}

const textOf = (row: SnapshotRow['row'], field: string): string | null => {
  const value = row[field]
  return typeof value === 'string' && value.length > 0 ? value : null
}

const skuFields: Readonly<Partial<Record<SnapshotSource, string>>> = { 'amazon-fba-summary': 'sellerSku', 'amazon-fba-report': 'sku' }
const byAsin: ReadonlySet<SnapshotSource> = new Set(['vendor-inventory', 'vendor-sales'])

/** Sorted, each once. */
export const snapshotNames = ({ channel, source, listingKeys, row }: SnapshotRow): readonly string[] => {
  const names = new Set(listingKeys.map((key) => keyName(channel, key)))
  const field = skuFields[source]
  const sku = field === undefined ? null : textOf(row, field)
  if (sku !== null) {
    names.add(keyName(channel, sku))
    names.add(ownSkuName(sku))
  }
  const asin = byAsin.has(source) ? textOf(row, 'asin') : null
  if (asin !== null) names.add(keyName(channel, `asin:${asin}`))
  return [...names].sort()
}

/** The newest reading of each thing; throws when there are more than one call may carry. */
export const newestSnapshots = (rows: readonly SnapshotRow[]): readonly SnapshotRow[] => {
  if (rows.length > maxSnapshotRows) throw new RangeError(`putSnapshots takes ${maxSnapshotRows} rows at once, not ${rows.length}`)
  const newest = new Map<string, SnapshotRow>()
  for (const row of rows) {
    const id = [row.channel, row.source, row.key].join(separator)
    const known = newest.get(id)
    if (!known || known.readThroughMs <= row.readThroughMs) newest.set(id, row)
  }
  return [...newest.values()]
}
