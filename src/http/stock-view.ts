// Stock documents as the API shows them: the levels, and of each listing what is believed, what is bounded and what is on its way.
import { atRiskUnits, exposureQuantity, isGuaranteed } from '../domain/exposure.ts'
import { availableUnits, type ListingState, onHandTotal, type Stock } from '../domain/stock.ts'

export const stockSummary = (stock: Stock) => ({
  sku: stock.sku,
  pool: stock.pool,
  title: stock.title,
  onHandUnits: onHandTotal(stock),
  reservedUnits: stock.reservedUnits,
  bufferUnits: stock.bufferUnits,
  availableUnits: availableUnits(stock),
  sharing: stock.sharing,
  listings: stock.listings.length,
  changedAtMs: stock.changedAtMs,
})

const listingDetail = (listing: ListingState) => ({
  id: listing.id,
  channel: listing.channel,
  externalId: listing.externalId,
  unitsPerListing: listing.unitsPerListing,
  writeClass: listing.writeClass,
  status: listing.status,
  rule: listing.rule,
  believedQuantity: listing.believedQuantity,
  base: listing.base,
  exposureQuantity: exposureQuantity(listing),
  guaranteed: isGuaranteed(listing),
  openPushes: listing.pushes.map((push) => ({
    id: push.id,
    kind: push.kind,
    quantity: push.quantity,
    fromQuantity: push.fromQuantity,
    charge: push.charge,
    status: push.status,
    attempts: push.attempts,
    issuedAtMs: push.issuedAtMs,
    lastSendMs: push.lastSendMs,
  })),
  openFences: listing.fences.length,
  nextPushAtMs: listing.nextPushAtMs,
  lateOrders: listing.lateOrders,
  blockedReason: listing.blockedReason,
})

export const stockDetail = (stock: Stock) => ({
  ...stockSummary(stock),
  version: stock.version,
  onHandByLocation: stock.onHandUnits,
  atRiskUnits: atRiskUnits(stock),
  listings: stock.listings.map(listingDetail),
})
