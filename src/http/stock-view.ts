// Stock documents as the API shows them: the levels, and of each listing what is believed, what is bounded and what is on its way.
import { atRiskUnits, exposureQuantity, isGuaranteed } from '../domain/exposure.ts'
import { type ConstantsOfChannel, type KnownSettings, protectionOf, protectionText, reasonText } from '../domain/protection.ts'
import { availableUnits, type ListingState, onHandTotal, type Stock } from '../domain/stock.ts'

const levels = (stock: Stock) => ({
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

/** What a page of summaries says is protected rests on the constants beside it: one set for each channel named there. */
export const stockSummaries = (page: readonly Stock[], settingsOf: KnownSettings) => {
  const constants = new Map<string, ConstantsOfChannel>()
  const items = page.map((stock) => {
    const protection = protectionOf(stock, settingsOf)
    for (const each of protection.constants) constants.set(each.channel, each)
    const { status, atRiskUnits: units } = protection
    return { ...levels(stock), protection: { status, atRiskUnits: units, text: protectionText(protection) } }
  })
  return { items, constants: [...constants.values()] }
}

const protectionDetail = (stock: Stock, settingsOf: KnownSettings) => {
  const protection = protectionOf(stock, settingsOf)
  const reasons = protection.reasons.map((reason) => ({ ...reason, text: reasonText(reason) }))
  return { ...protection, reasons, text: protectionText(protection) }
}

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

export const stockDetail = (stock: Stock, settingsOf: KnownSettings) => ({
  ...levels(stock),
  protection: protectionDetail(stock, settingsOf),
  version: stock.version,
  onHandByLocation: stock.onHandUnits,
  atRiskUnits: atRiskUnits(stock),
  listings: stock.listings.map(listingDetail),
})
