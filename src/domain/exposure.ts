// Exposure: an upper bound, per listing, of what its channel may still sell that the hub does not know of yet.
//   exposure = max(0, base + sum of the charges of open pushes)            (in listing quantities)
// Guarantee this file's sums serve: if the sum of exposures (in units) is at most sellable, no order can come that is not on the shelf.
// Nothing here changes a document.
import type { ListingId } from './ids.ts'
import { type ListingState, type Push, type Stock, sellableUnits } from './stock.ts'

export const openCharge = (listing: ListingState): number => {
  let charge = 0
  for (const push of listing.pushes) charge += push.charge
  return charge
}

export const exposureQuantity = (listing: ListingState): number =>
  listing.writeClass === 'ask-first' ? 0 : Math.max(0, listing.base + openCharge(listing))

/** What raises the bound apart from a push raises what its channel could show without that push. */
export const raiseCeilings = (pushes: readonly Push[], quantity: number): readonly Push[] =>
  quantity === 0
    ? pushes
    : pushes.map((p) => (p.ceilingQuantity === undefined ? p : { ...p, ceilingQuantity: p.ceilingQuantity + quantity }))

export const exposureUnits = (listing: ListingState): number => exposureQuantity(listing) * listing.unitsPerListing

/**
 * Where exposure will be when the evidence at hand has passed the watermark: the bound by the tightest open fence, with the charges that
 * no channel was seen to show yet. For deciding whether a further decrease is needed; never for safety.
 */
export const expectedExposureQuantity = (listing: ListingState): number => {
  let unseen = 0
  for (const push of listing.pushes) if (push.status !== 'seen') unseen += push.charge
  let expected = listing.base + openCharge(listing)
  for (const fence of listing.fences) expected = Math.min(expected, fence.quantity - fence.sold + fence.restocked + fence.later + unseen)
  return Math.max(0, expected)
}

/**
 * Inside the guarantee: fenced once, on a channel that lowers its own number, and not showing everything by choice. Ask-first listings publish
 * nothing.
 */
export const isGuaranteed = (listing: ListingState): boolean =>
  listing.writeClass !== 'ask-first' &&
  listing.status !== 'adopting' &&
  listing.status !== 'unprotected' &&
  listing.rule.sharing !== 'pooled'

export const guaranteedExposureUnits = (stock: Stock): number => {
  let units = 0
  for (const listing of stock.listings) if (isGuaranteed(listing)) units += exposureUnits(listing)
  return units
}

/** Who may still sell how much: what demand that asks first cannot have. Largest first. */
export const heldByListings = (stock: Stock): readonly { readonly listing: ListingId; readonly units: number }[] =>
  stock.listings
    .map((listing) => ({ listing: listing.id, units: exposureUnits(listing) }))
    .filter(({ units }) => units > 0)
    .sort((a, b) => b.units - a.units)

/** Has `base` been made a bound by evidence? Until its first fence, what an adopted listing may sell is not known. */
export const hasBound = (listing: ListingState): boolean =>
  listing.status !== 'unprotected' && (listing.status !== 'adopting' || listing.fencedThroughMs > 0)

/**
 * Takes fenced listings into the guarantee, as soon as they fit beside those that are in it. Until then the SKU says that it is being adopted,
 * and no other listing is lowered for the newcomer's sake.
 */
export const admitAdopted = (stock: Stock): Stock => {
  let room = Math.max(0, sellableUnits(stock)) - guaranteedExposureUnits(stock)
  let changed = false
  const listings = stock.listings.map((listing) => {
    const units = exposureUnits(listing)
    if (listing.status !== 'adopting' || listing.fencedThroughMs === 0 || units > room) return listing
    room -= units
    changed = true
    return { ...listing, status: 'active' as const }
  })
  return changed ? { ...stock, listings } : stock
}

/**
 * Units short if every guaranteed channel sold all it may, those already promised beyond the shelf included: 0 when the promise holds.
 * Pooled stock makes no promise.
 */
export const atRiskUnits = (stock: Stock): number =>
  stock.sharing === 'pooled' ? 0 : Math.max(0, guaranteedExposureUnits(stock) - sellableUnits(stock))
