// Documents for store tests: valid, small, each with the part that a test is about left open.
import type { ChannelId, ListingId, LocationId, PoolId, Sku, StockKey } from '../../src/domain/ids.ts'
import type { Incident } from '../../src/domain/incidents.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { Listing, Order } from '../../src/domain/orders.ts'
import type { ListingState, Stock } from '../../src/domain/stock.ts'
import type { SnapshotRow } from '../../src/ports/snapshots.ts'
import { type Finding, newReconciliation, type Reconciliation } from '../../src/domain/reconcile.ts'
import type { Sighting } from '../../src/ports/reconciliations.ts'
import type { InboxEvent, Store, WorkMark } from '../../src/ports/store.ts'

const mainPool = 'main' as PoolId
export const shop = 'shop' as ChannelId
export const market = 'market' as ChannelId

/** Cyber Monday 2026, nine in the morning. */
export const startMs = Date.UTC(2026, 10, 30, 9)

export const keyOf = (sku: string, pool: string = mainPool): StockKey => ({ sku: sku as Sku, pool: pool as PoolId })

const listingState = (sku: string, channel: ChannelId = shop): ListingState => ({
  id: `${channel}/${sku}` as ListingId,
  channel,
  externalId: sku,
  unitsPerListing: 1,
  writeClass: 'compare-and-set',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0, hysteresisUnits: 2 },
  said: { mode: 'weight', capUnits: null, hysteresisUnits: 2 },
  ruleFrom: { mode: 'listing', capUnits: 'listing', hysteresisUnits: 'listing' },
  rate: { milliUnitsPerDay: 1_250, atMs: startMs },
  heldSinceMs: startMs,
  passedAtMs: startMs + 1,
  base: 5,
  pushes: [
    {
      id: `${channel}/${sku}#1`,
      kind: 'compare-and-set',
      quantity: 5,
      fromQuantity: 3,
      charge: 2,
      issuedAtMs: startMs,
      attempts: 1,
      lastSendMs: startMs,
      status: 'prepared',
      submissionId: null,
    },
  ],
  fences: [{ quantity: 5, fromMs: startMs, throughMs: startMs + 5, sold: 0, restocked: 0, later: 0 }],
  fencedThroughMs: startMs,
  believedQuantity: null,
  believedAtMs: startMs,
  sequence: 1,
  nextPushAtMs: 0,
  applied: [{ atMs: startMs, quantity: 1 }],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
})

export const stockOf = (sku: string, version: number, over: Partial<Stock> = {}): Stock => ({
  ...keyOf(sku),
  version,
  title: `Title of ${sku}`,
  onHandUnits: { ['warehouse-1' as LocationId]: 10 },
  reservedUnits: 0,
  bufferUnits: 0,
  sharing: 'strict',
  listings: [listingState(sku)],
  changedAtMs: startMs,
  ...over,
})

export const orderOf = (orderId: string, version: number, over: Partial<Order> = {}): Order => ({
  channel: shop,
  orderId,
  version,
  createdAtMs: startMs,
  revisedAtMs: startMs,
  demand: 'fact',
  merge: 'maximum',
  lines: [
    {
      lineId: '1',
      listing: 'shop/a' as ListingId,
      sku: 'a' as Sku,
      pool: mainPool,
      unitsPerListing: 1,
      orderedQuantity: 2,
      cancelledQuantity: 0,
      shippedQuantity: 0,
      cancelledAtMs: null,
      amountMinor: 1999,
      currency: 'EUR',
      createdAtMs: startMs,
      acceptedQuantity: null,
      location: null,
    },
  ],
  acknowledgement: null,
  echo: { 'party.id': { $ref: 'v1' }, units: [1, 'each'] },
  firstSeenAtMs: startMs,
  ...over,
})

export const entryOf = (key: string, sku: string, over: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...keyOf(sku),
  key,
  from: 'free',
  to: 'reserved',
  units: 1,
  reason: 'sale',
  reference: `shop/${key}`,
  atMs: startMs,
  version: 1,
  ...over,
})

export const incidentOf = (id: string, over: Partial<Incident> = {}): Incident => ({
  id,
  kind: 'at-risk',
  channel: shop,
  sku: 'a' as Sku,
  listing: null,
  units: 2,
  atMs: startMs,
  summary: 'Two units are at risk',
  evidence: { 'dotted.key': { $set: 1 } },
  ...over,
})

export const listingOf = (externalId: string, keys: readonly string[], channel: ChannelId = shop): Listing => ({
  id: `${channel}/${externalId}` as ListingId,
  channel,
  externalId,
  keys,
  sku: `sku of ${externalId}` as Sku,
  pool: mainPool,
  unitsPerListing: 1,
  fulfilment: 'MFN',
})

export const eventOf = (dedupeKey: string, channel: ChannelId = shop, receivedAtMs = startMs): InboxEvent => ({
  channel,
  dedupeKey,
  topic: 'orders/create',
  payload: JSON.stringify({ dedupeKey }),
  receivedAtMs,
})

export const markOf = (over: Partial<WorkMark> = {}): WorkMark => ({ channel: shop, kind: 'push', priority: 1, dueAtMs: startMs, ...over })

/** Stores new documents with these marks. */
export const storeStock = (store: Store, ...documents: readonly (readonly [Stock, ...WorkMark[]])[]): ReturnType<Store['commit']> =>
  store.commit({ stock: documents.map(([next, ...work]) => ({ next, work })) })

export const readStock = async (store: Store, ...skus: readonly string[]): Promise<readonly (Stock | null)[]> =>
  (await store.readState({ stock: skus.map((sku) => keyOf(sku)), orders: [], ledgerKeys: [] })).stock

export const snapshotOf = (key: string, over: Partial<SnapshotRow> = {}): SnapshotRow => ({
  channel: shop,
  source: 'shopify-level',
  key,
  listingKeys: [key],
  row: { quantities: [{ name: 'available', quantity: 5 }] },
  readFromMs: startMs,
  readThroughMs: startMs,
  ...over,
})

export const runOf = (id: string, over: Partial<Reconciliation> = {}): Reconciliation => ({
  ...newReconciliation({ id, channel: shop, skus: null, dryRun: false, requestedBy: 'person', requestedAtMs: startMs }),
  version: 1,
  ...over,
})

export const findingOf = (run: string, listing: string, over: Partial<Finding> = {}): Finding => ({
  id: `${run}/${listing}`,
  run,
  channel: shop,
  listing: `shop/${listing}` as ListingId,
  externalId: listing,
  sku: listing as Sku,
  pool: mainPool,
  kind: 'lost-write',
  state: 'asked',
  dryRun: false,
  foundAtMs: startMs,
  changedAtMs: startMs,
  shown: 3,
  expected: 5,
  evidence: { 'a.$b': 1 },
  ...over,
})

export const sightingOf = (listing: string, over: Partial<Sighting> = {}): Sighting => ({
  listing: `shop/${listing}` as ListingId,
  sku: listing,
  elsewhereQuantity: null,
  agreedAtMs: null,
  ...over,
})
