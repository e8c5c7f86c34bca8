// What happens in the shop without the hub: edits in the admin, products taken off sale, stock moved between locations. Everything that
// the platform would tell of by webhook is told (the fault plan may lose it).
import type { Backstage } from '../simulator.ts'
import type { Shop } from './shop.ts'
import type { Level } from './stock.ts'

export const createBackstage = (shop: Shop): Backstage => {
  const { stock } = shop
  const withLevel = (externalId: string, act: (level: Level) => boolean | void): boolean => {
    const level = stock.level(externalId)
    return level !== undefined && act(level) !== false
  }
  const addAvailable = (level: Level, delta: number) => ({ level, state: 'available' as const, delta })
  return {
    editQuantity: (externalId, quantity) =>
      withLevel(externalId, (level) => shop.write([addAvailable(level, quantity - level.quantities.available)])),
    remove: (externalId) => withLevel(externalId, (level) => stock.remove(level.item)),
    setOnSale: (externalId, onSale) =>
      withLevel(externalId, ({ item }) => {
        item.status = onSale ? 'ACTIVE' : 'DRAFT'
      }),
    setFulfilment: () => false,
    setTracked: (externalId, tracked) =>
      withLevel(externalId, ({ item }) => {
        item.tracked = tracked
      }),
    setSellsBelowZero: (externalId, sells) =>
      withLevel(externalId, ({ item }) => {
        item.inventoryPolicy = sells ? 'CONTINUE' : 'DENY'
      }),
    setSku: (externalId, sku) => withLevel(externalId, ({ item }) => stock.rename(item, sku)),
    setUnitsPerListing: () => false,
    moveElsewhere: (externalId, units) =>
      withLevel(externalId, (level) => {
        const place = stock.locations.find((each) => each !== level.location)
        if (!place) return false
        const there = level.item.levels.get(place.id) ?? stock.connect(level.item, place, shop.nowMs())
        shop.write([addAvailable(level, -units), addAvailable(there, units)])
        return true
      }),
    hideOrder: (orderId, untilMs) => {
      const order = shop.orders.order(orderId)
      if (order) order.hiddenUntilMs = untilMs
      return order !== undefined
    },
    // Shopify's writes are settled by their answer.
    loseNextWrite: () => false,
  }
}
