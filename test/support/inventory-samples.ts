// Raw rows of all nine sources, as the platforms send them, and stock that they tell of. Listings item: the static sandbox example of Listings
// Items 2021-08-01; vendor reports: examples of vendorInventoryReport.json and vendorSalesReport.json; FBA summary: the definitions of
// fbaInventory.json; report lines: their documented columns; Shopify: the nodes that src/channels/shopify/operations.ts asks for.
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { Listing } from '../../src/domain/orders.ts'
import type { ChannelSettings } from '../../src/domain/settings.ts'
import { emptyStock, type ListingState, type Stock } from '../../src/domain/stock.ts'
import type { SnapshotRow } from '../../src/ports/snapshots.ts'
import { startMs } from './store-samples.ts'

export const shopify = 'shopify-eu' as ChannelId
export const seller = 'seller-eu' as ChannelId
export const vendor = 'vendor-de' as ChannelId
const channels = [shopify, seller, vendor]

export const viewSettings: readonly ChannelSettings[] = channels.map((channel) => ({
  channel,
  mode: 'enforce',
  constants: {
    orderVisibilityMs: 1_800_000,
    clockSkewMs: 10_000,
    checkoutHoldMs: 900_000,
    requestLifetimeMs: 3_600_000,
    readStalenessMs: 300_000,
  },
  keyedRetry: false,
  keyRetentionMs: 0,
  selfDecrement: 'documented',
}))

export const listingStateOf = (channel: ChannelId, externalId: string, over: Partial<ListingState> = {}): ListingState => ({
  id: `${channel}/${externalId}` as ListingId,
  channel,
  externalId,
  unitsPerListing: 1,
  writeClass: 'absolute-set-with-read',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  base: 5,
  pushes: [],
  fences: [],
  fencedThroughMs: startMs - 10_000,
  believedQuantity: 5,
  believedAtMs: startMs - 10_000,
  sequence: 1,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
  ...over,
})

export const viewStock = (sku: string, over: Partial<Stock> = {}): Stock => ({
  ...emptyStock(sku as Sku, 'main' as PoolId),
  version: 1,
  title: `Title of ${sku}`,
  onHandUnits: { ['berlin' as LocationId]: 20 },
  changedAtMs: startMs,
  ...over,
})

export const viewListing = (sku: string, state: ListingState, keys: readonly string[], over: Partial<Listing> = {}): Listing => ({
  id: state.id,
  channel: state.channel,
  externalId: state.externalId,
  keys: [state.externalId, ...keys],
  sku: sku as Sku,
  pool: 'main' as PoolId,
  unitsPerListing: state.unitsPerListing,
  fulfilment: 'MFN',
  ...over,
})

type Row = SnapshotRow['row']

const snapshot = (
  channel: ChannelId,
  source: SnapshotRow['source'],
  key: string,
  listingKeys: readonly string[],
  row: Row,
  atMs = startMs,
): SnapshotRow => ({
  channel,
  source,
  key,
  listingKeys,
  row,
  readFromMs: atMs,
  readThroughMs: atMs + 500,
})

export const shopifyLevel = (
  item: string,
  quantity: number,
  atMs?: number,
  source: 'shopify-level' | 'shopify-bulk-level' = 'shopify-level',
) =>
  snapshot(
    shopify,
    source,
    `gid://shopify/InventoryLevel/900?inventory_item_id=${item}`,
    [`item:${item}@900`],
    {
      id: `gid://shopify/InventoryLevel/900?inventory_item_id=${item}`,
      quantities: [
        { name: 'committed', quantity: 99 },
        { name: 'available', quantity },
      ],
      item: {
        id: `gid://shopify/InventoryItem/${item}`,
        sku: 'GM',
        tracked: true,
        variant: { id: 'gid://shopify/ProductVariant/6', inventoryPolicy: 'DENY' },
      },
      location: { id: 'gid://shopify/Location/900' },
    },
    atMs,
  )

export const listingsItem = (sku: string, quantity: number | null, atMs?: number) =>
  snapshot(
    seller,
    'amazon-listings-item',
    sku,
    [sku],
    {
      sku,
      summaries: [
        {
          marketplaceId: 'ATVPDKIKX0DER',
          asin: 'B071VG5N9D',
          productType: 'LUGGAGE',
          conditionType: 'new_new',
          status: ['BUYABLE'],
          itemName: 'Hardside Carry-On Spinner Suitcase Luggage',
        },
      ],
      fulfillmentAvailability: [
        { fulfillmentChannelCode: 'AMAZON_EU' },
        { fulfillmentChannelCode: 'DEFAULT', ...(quantity === null ? {} : { quantity }) },
      ],
    },
    atMs,
  )

export const merchantListing = (sku: string, quantity: string, channelCode = 'DEFAULT', atMs?: number) =>
  snapshot(
    seller,
    'amazon-merchant-listings',
    sku,
    [sku],
    {
      'item-name': 'Koffer',
      'seller-sku': sku,
      quantity,
      'fulfillment-channel': channelCode,
      'pending-quantity': '0',
      status: 'Active',
      asin1: 'B071VG5N9D',
    },
    atMs,
  )

export const fbaSummary = (sku: string, marketplaceId: string, fulfillableQuantity: number, atMs?: number) =>
  snapshot(
    seller,
    'amazon-fba-summary',
    `${marketplaceId}/${sku}`,
    [],
    {
      asin: 'B071VG5N9D',
      fnSku: 'X000ABC123',
      sellerSku: sku,
      condition: 'NewItem',
      inventoryDetails: {
        fulfillableQuantity,
        inboundWorkingQuantity: 1,
        inboundShippedQuantity: 2,
        inboundReceivingQuantity: 3,
        reservedQuantity: {
          totalReservedQuantity: 4,
          pendingCustomerOrderQuantity: 4,
          pendingTransshipmentQuantity: 0,
          fcProcessingQuantity: 0,
        },
        unfulfillableQuantity: { totalUnfulfillableQuantity: 5 },
      },
      totalQuantity: fulfillableQuantity + 15,
      marketplaceId,
    },
    atMs,
  )

export const fbaReport = (sku: string, fulfillable: string, atMs?: number) =>
  snapshot(
    seller,
    'amazon-fba-report',
    sku,
    [],
    {
      sku,
      asin: 'B071VG5N9D',
      'afn-fulfillable-quantity': fulfillable,
      'afn-reserved-quantity': '7',
      'afn-unsellable-quantity': '',
      'afn-inbound-working-quantity': '1',
      'afn-inbound-shipped-quantity': '',
      'afn-inbound-receiving-quantity': '2',
    },
    atMs,
  )

export const vendorTransaction = (product: string, amount: number, status = 'Success', atMs?: number) =>
  snapshot(
    vendor,
    'vendor-transaction',
    `WH1/${product}`,
    [`df/WH1/${product}`],
    {
      warehouseId: 'WH1',
      item: { vendorProductIdentifier: product },
      availableQuantity: { amount, unitOfMeasure: 'Each' },
      transactionId: '20190905010908-8a3b6901-ef20-412f-9270-21c021796605',
      status,
    },
    atMs,
  )

export const vendorInventory = (asin: string, endDate: string, sellable: number, atMs?: number) =>
  snapshot(
    vendor,
    'vendor-inventory',
    `${asin}/${endDate}`,
    [],
    {
      startDate: '2021-06-06',
      endDate,
      asin,
      vendorConfirmationRate: 0.88,
      netReceivedInventoryCost: { amount: 2345.5, currencyCode: 'USD' },
      netReceivedInventoryUnits: 278,
      openPurchaseOrderUnits: 123,
      sellableOnHandInventoryUnits: sellable,
      unsellableOnHandInventoryUnits: 881,
    },
    atMs,
  )

export const vendorSales = (asin: string, endDate: string, orderedUnits: number, atMs?: number) =>
  snapshot(
    vendor,
    'vendor-sales',
    `${asin}/${endDate}`,
    [],
    {
      startDate: '2021-06-06',
      endDate,
      asin,
      customerReturns: 0,
      orderedRevenue: { amount: 1000.0, currencyCode: 'USD' },
      orderedUnits,
      shippedCogs: { amount: 50.0, currencyCode: 'USD' },
      shippedRevenue: { amount: 150.0, currencyCode: 'USD' },
      shippedUnits: 5,
    },
    atMs,
  )
