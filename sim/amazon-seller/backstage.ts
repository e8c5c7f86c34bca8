// What happens in Seller Central without the hub: edits, listings deleted, switched off or switched to Amazon's fulfilment, packs changed,
// and writes that Amazon accepts and never applies.
import type { Backstage } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'
import type { Offer, Shop } from './shop.ts'

export const createBackstage = (shop: Shop, agenda: Agenda, nowMs: () => number): Backstage => {
  const withOffer = (externalId: string, act: (offer: Offer) => void): boolean => {
    agenda.runDue()
    const offer = shop.offers.get(externalId)
    if (!offer) return false
    offer.updatedAtMs = nowMs()
    act(offer)
    return true
  }
  return {
    editQuantity: (externalId, quantity) => withOffer(externalId, (offer) => shop.write(offer, quantity, nowMs())),
    remove: (externalId) => withOffer(externalId, (offer) => shop.offers.delete(offer.sku)),
    setOnSale: (externalId, onSale) =>
      withOffer(externalId, (offer) => {
        offer.isInactive = !onSale
      }),
    setFulfilment: (externalId, fulfilment) =>
      withOffer(externalId, (offer) => {
        offer.fulfilment = fulfilment
      }),
    setTracked: () => false,
    setSellsBelowZero: () => false,
    // The SKU is the listing's address: another SKU is another listing.
    setSku: () => false,
    setUnitsPerListing: (externalId, units) =>
      withOffer(externalId, (offer) => {
        offer.unitsPerListing = units
      }),
    moveElsewhere: () => false,
    hideOrder: (orderId, untilMs) => {
      const order = shop.orders.get(orderId)
      if (order) order.visibleAtMs = untilMs
      return order !== undefined
    },
    loseNextWrite: (externalId) =>
      withOffer(externalId, (offer) => {
        offer.writesToLose += 1
      }),
  }
}
