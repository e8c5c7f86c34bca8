// What channels showed when they were read, as they sent it. One row for each (channel, source, key): the newest reading replaces the one
// before. The unified view is made of them inside the database (inventory-view), reconciliation and reports look them up.
import type { ChannelId } from '../domain/ids.ts'

/** The kinds of rows that platforms send. The row's shape is the platform's own; its contract is named. */
export type SnapshotSource =
  /** An InventoryLevel node of the Admin API with its `item` (id, sku, tracked, variant { id, inventoryPolicy }) and `location` { id }. */
  | 'shopify-level'
  /** The same, joined from the lines of a bulk operation's JSONL. */
  | 'shopify-bulk-level'
  /** An Item of Listings Items 2021-08-01 (getListingsItem, searchListingsItems) with summaries and fulfillmentAvailability. */
  | 'amazon-listings-item'
  /** A line of GET_MERCHANT_LISTINGS_ALL_DATA: column name to text. */
  | 'amazon-merchant-listings'
  /** An InventorySummary of FBA Inventory v1, with the `marketplaceId` it was asked for. */
  | 'amazon-fba-summary'
  /** A line of GET_FBA_MYI_ALL_INVENTORY_DATA: column name to text. */
  | 'amazon-fba-report'
  /** A direct-fulfilment inventory update that was settled: { warehouseId, item, availableQuantity, transactionId, status }. */
  | 'vendor-transaction'
  /** An inventoryByAsin entry of GET_VENDOR_INVENTORY_REPORT with the report's dates. */
  | 'vendor-inventory'
  /** A salesByAsin entry of GET_VENDOR_SALES_REPORT with the report's dates. */
  | 'vendor-sales'

export interface SnapshotRow {
  readonly channel: ChannelId
  readonly source: SnapshotSource
  /** Unique for the channel and source. */
  readonly key: string
  /** Keys under which a listing of the hub may know the offer (Listing.keys); []: it tells of no offer. */
  readonly listingKeys: readonly string[]
  readonly row: Readonly<Record<string, unknown>>
  readonly readFromMs: number
  readonly readThroughMs: number
}

export interface SnapshotStore {
  /** Written over an older reading of the same (channel, source, key); an older one than what is stored changes nothing. At most 500. */
  putSnapshots(rows: readonly SnapshotRow[]): Promise<void>
  /** In the order of (source, key). */
  listSnapshots(filter: {
    readonly channel: ChannelId
    readonly source?: SnapshotSource
    readonly after: string | null
    readonly limit: number
  }): Promise<{ readonly items: readonly SnapshotRow[]; readonly next: string | null }>
  /** Deletes rows of the source that a complete sweep did not see again. Returns how many. */
  removeSnapshotsReadBefore(filter: {
    readonly channel: ChannelId
    readonly source: SnapshotSource
    readonly readBeforeMs: number
  }): Promise<number>
}
