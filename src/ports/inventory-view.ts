// The unified view: one row a SKU with everything that is known of it: our stock in all pools, what every channel should show, was sent,
// took and shows, what Amazon holds, how it sells, how safe it is. Made inside the database from stock, listings and what platforms sent.
// It follows the truth by a second or so; nothing that sells reads it. A refresh looks only at what changed since the last one.
import type { ListingSummary, StockSummary } from '../domain/inventory-summary.ts'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { Fulfilment } from '../domain/orders.ts'
import type { Protection, UnprotectedKind } from '../domain/protection.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import type { ListingStatus, SalesRate, Stock } from '../domain/stock.ts'
import type { SnapshotSource } from './snapshots.ts'
import type { Page } from './store.ts'

export interface ViewPool {
  readonly pool: PoolId
  readonly version: number
  readonly onHandUnits: number
  /** Sorted by location. */
  readonly onHandByLocation: readonly { readonly location: LocationId; readonly units: number }[]
  readonly reservedUnits: number
  readonly bufferUnits: number
  readonly availableUnits: number
  readonly sharing: Stock['sharing']
  readonly status: Protection['status']
  readonly atRiskUnits: number
  readonly reasons: readonly UnprotectedKind[]
  readonly changedAtMs: number
}

/** Quantities count what the listing sells; `…Units` are that many times `unitsPerListing`. */
export interface ViewListing extends Pick<ListingSummary, 'desiredQuantity' | 'sentQuantity' | 'acceptedQuantity' | 'exposureQuantity'> {
  readonly listing: ListingId
  readonly channel: ChannelId
  readonly pool: PoolId
  readonly externalId: string
  readonly unitsPerListing: number
  /** null: the offer is not mapped (any more). */
  readonly fulfilment: Fulfilment | null
  readonly status: ListingStatus
  /** The newest reading of the number, whatever it came by. null: never read, or the reading tells no number. */
  readonly observedQuantity: number | null
  readonly observedUnits: number | null
  readonly observedSource: SnapshotSource | null
  /** The reading was true at some instant of this time. */
  readonly observedFromMs: number | null
  readonly observedThroughMs: number | null
  /** Observed less what it should show; null: no reading is younger than the last change of the number. */
  readonly driftQuantity: number | null
}

/** Stock in Amazon's warehouses: it is told, and no push can address it. Units of the merchant's SKU. */
export interface ViewFba {
  readonly channel: ChannelId
  readonly sellerSku: string
  readonly fulfillableUnits: number
  readonly reservedUnits: number
  readonly inboundUnits: number
  readonly unfulfillableUnits: number
  readonly readThroughMs: number
}

/** What Amazon owns of a vendor's product. Not the vendor's stock. */
export interface ViewVendor {
  readonly channel: ChannelId
  readonly asin: string
  /** null: no inventory report has told. */
  readonly sellableUnits: number | null
  readonly unsellableUnits: number | null
  readonly openOrderUnits: number | null
  /** Last day of the inventory report's period. */
  readonly inventoryOn: string | null
  /** Ordered by Amazon's customers, shipped to them, in the sales report's last period; null: no report, or not told. */
  readonly orderedUnits: number | null
  readonly shippedUnits: number | null
  readonly salesFrom: string | null
  readonly salesThrough: string | null
}

export interface InventoryRow {
  readonly sku: Sku
  readonly title: string
  readonly barcode: string | null
  /** The worst of its pools. */
  readonly status: Protection['status']
  readonly reasons: readonly UnprotectedKind[]
  readonly unitsAtRisk: number
  /** Sum over its listings of how far they are from what they should show, up or down. */
  readonly driftUnits: number
  /** Of its stock documents, the latest. */
  readonly changedAtMs: number
  readonly onHandUnits: number
  readonly reservedUnits: number
  readonly bufferUnits: number
  readonly availableUnits: number
  /** As of the last sale; see coverAt of the domain. */
  readonly rate: SalesRate | null
  /** FBA, counted once however many marketplaces repeat it. */
  readonly fbaUnits: number
  /** Sellable units that Amazon owns. */
  readonly vendorUnits: number
  /** Sorted by pool. */
  readonly pools: readonly ViewPool[]
  /** Sorted by listing. */
  readonly listings: readonly ViewListing[]
  /** Sorted by channel, then SKU or ASIN. */
  readonly fba: readonly ViewFba[]
  readonly vendor: readonly ViewVendor[]
}

/** sku: ascending. The others: largest or latest first, then by SKU. */
export type InventorySort = 'sku' | 'risk' | 'drift' | 'changed'

export interface InventoryQuery {
  readonly status?: StockSummary['status']
  readonly channel?: ChannelId
  readonly pool?: PoolId
  /**
   * sku, barcode: how it begins. title: it has every one of these words, folded as titleWords does.
   */
  readonly search?: { readonly by: 'sku' | 'barcode' | 'title'; readonly text: string }
  readonly sort: InventorySort
  readonly after: string | null
  /** 1 to 500. */
  readonly limit: number
}

export interface InventoryViewStore {
  /**
   * Brings the view up to date with about `limit` changed SKUs. `more`: there is more to do. Loses nothing: what is not done is done by the next
   * call, whoever makes it. One caller at a time (a lease): two at once may leave an older row until the SKU changes again.
   * `settings`: of the channels that are configured.
   */
  refreshInventory(request: {
    readonly settings: readonly ChannelSettings[]
    readonly limit: number
  }): Promise<{ readonly skus: number; readonly more: boolean }>
  /** Notes a page of the catalogue for the refresh: after the settings have changed, and when a view is made for the first time. */
  noteAllInventory(after: string | null, limit: number): Promise<string | null>
  /** How many notes wait for the refresh; no more than `limit` are counted. */
  countInventoryNotes(limit: number): Promise<number>
  /** Removes the oldest, and says how many: for whoever has arranged that everything is noted anew. Under the lease of the refresh. */
  removeInventoryNotes(limit: number): Promise<number>
  /**
   * A page by index. Answers `request-invalid` for what no index serves: more than one filter except status with channel; barcode or title with
   * a filter; a search in another order than by SKU. A page of a title search may be short although there are more: it looks at no more than
   * some thousand SKUs.
   */
  listInventory(query: InventoryQuery): Promise<Page<InventoryRow>>
  readInventory(sku: Sku): Promise<InventoryRow | null>
}
