// What happens in Vendor Central without the hub: quantities edited, items gone or made obsolete, updates accepted and never applied.
import type { Backstage } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'
import type { DirectBusiness, WarehouseOffer } from './warehouse.ts'

export const createBackstage = (business: DirectBusiness, agenda: Agenda): Backstage => {
  const withOffer = (externalId: string, act: (offer: WarehouseOffer) => void): boolean => {
    agenda.runDue()
    const offer = business.offers.get(externalId)
    if (!offer) return false
    act(offer)
    return true
  }
  const notHere = (): boolean => false
  return {
    editQuantity: (externalId, quantity) => withOffer(externalId, (offer) => business.write(offer, quantity)),
    remove: (externalId) => withOffer(externalId, (offer) => business.remove(offer)),
    setOnSale: (externalId, onSale) =>
      withOffer(externalId, (offer) => {
        offer.isObsolete = !onSale
        if (!onSale) business.write(offer, 0)
      }),
    setFulfilment: notHere,
    setTracked: notHere,
    setSellsBelowZero: notHere,
    setSku: notHere,
    setUnitsPerListing: notHere,
    moveElsewhere: notHere,
    hideOrder: notHere,
    loseNextWrite: (externalId) =>
      withOffer(externalId, (offer) => {
        offer.writesToLose += 1
      }),
  }
}
