// The shop's stock: items, their levels at locations, and the books of each level. Guarantees for every level, after every call:
// available = opening + written + restocked - sold (the books balance), and on hand = the sum of the states it comprises.
import type { OfferBooks } from '../simulator.ts'
import { gid, numericId } from './identifiers.ts'
import type { ShopifySimulatorOptions } from './options.ts'

/** States of a unit at a location; `incoming` is not on hand [shopify.dev inventory-management-apps]. */
export const onHandStates = ['available', 'committed', 'reserved', 'damaged', 'safety_stock', 'quality_control'] as const
export type QuantityState = (typeof onHandStates)[number] | 'incoming'
export const quantityNames: readonly string[] = [...onHandStates, 'incoming', 'on_hand']

export interface Location {
  readonly sequence: number
  readonly id: string
  readonly name: string
  readonly isActive: boolean
  /** The number in the gids of the location's inventory levels. */
  readonly levelNumber: string
  /** In the order of the items. */
  readonly levels: Level[]
}

export interface Item {
  readonly sequence: number
  readonly id: string
  readonly variantId: string
  readonly productId: string
  sku: string
  readonly title: string
  readonly barcode: string | null
  readonly priceMinor: number
  readonly currency: string
  tracked: boolean
  inventoryPolicy: 'DENY' | 'CONTINUE'
  /** Of its product. */
  status: 'ACTIVE' | 'DRAFT'
  /** By location id. */
  readonly levels: Map<string, Level>
}

export interface Level {
  readonly item: Item
  readonly location: Location
  readonly externalId: string
  readonly createdAtMs: number
  readonly quantities: Record<QuantityState, number>
  /** When the state changed last; null: never. */
  readonly changedAtMs: Partial<Record<QuantityState, number>>
  readonly openingQuantity: number
  updatedAtMs: number
  soldQuantity: number
  cancelledQuantity: number
  restockedQuantity: number
  shippedQuantity: number
  writtenQuantity: number
}

export interface Stock {
  readonly createdAtMs: number
  readonly locations: readonly Location[]
  readonly items: readonly Item[]
  item(id: string): Item | undefined
  variant(id: string): Item | undefined
  product(id: string): Item | undefined
  location(id: string): Location | undefined
  level(externalId: string): Level | undefined
  /** Items that share the SKU. */
  skuCount(sku: string): number
  /** Stocks the item at the location, with nothing there. */
  connect(item: Item, location: Location, atMs: number): Level
  levels(): Iterable<Level>
  rename(item: Item, sku: string): void
  /** The item, its variant, its product and its levels are gone. */
  remove(item: Item): void
}

const externalIdOf = (item: Item, location: Location): string => `${item.id}@${location.id}`

export const levelGid = (level: Level): string => `${gid('InventoryLevel', level.location.levelNumber)}?inventory_item_id=${level.item.id}`

export const onHand = (level: Level): number => onHandStates.reduce((sum, state) => sum + level.quantities[state], 0)

export const quantityOf = (level: Level, name: string): number =>
  name === 'on_hand' ? onHand(level) : level.quantities[name as QuantityState]

/** Adds to one state of a level. */
export const change = (level: Level, state: QuantityState, delta: number, atMs: number): void => {
  level.quantities[state] += delta
  level.changedAtMs[state] = atMs
  level.updatedAtMs = atMs
}

export const booksOf = (level: Level): OfferBooks => ({
  externalId: level.externalId,
  sku: level.item.sku,
  openingQuantity: level.openingQuantity,
  liveQuantity: level.quantities.available,
  soldQuantity: level.soldQuantity,
  cancelledQuantity: level.cancelledQuantity,
  restockedQuantity: level.restockedQuantity,
  shippedQuantity: level.shippedQuantity,
  writtenQuantity: level.writtenQuantity,
})

export const createStock = (options: Pick<ShopifySimulatorOptions, 'locations' | 'catalogue'>, createdAtMs: number): Stock => {
  if (options.locations.length === 0) throw new RangeError('a simulated shop needs at least one location')
  const locations = options.locations.map(
    (each, sequence): Location => ({
      sequence,
      id: each.id ?? numericId('Location', sequence),
      name: each.name,
      isActive: each.isActive ?? true,
      levelNumber: numericId('InventoryLevel', sequence),
      levels: [],
    }),
  )
  const levels = new Map<string, Level>()
  const skuCounts = new Map<string, number>()
  const countSku = (sku: string, by: number): void => {
    skuCounts.set(sku, (skuCounts.get(sku) ?? 0) + by)
  }
  const stockAt = (item: Item, location: Location, quantity: number, atMs: number): Level => {
    const level: Level = {
      item,
      location,
      externalId: externalIdOf(item, location),
      createdAtMs: atMs,
      quantities: { available: quantity, committed: 0, reserved: 0, damaged: 0, safety_stock: 0, quality_control: 0, incoming: 0 },
      changedAtMs: {},
      openingQuantity: quantity,
      updatedAtMs: atMs,
      soldQuantity: 0,
      cancelledQuantity: 0,
      restockedQuantity: 0,
      shippedQuantity: 0,
      writtenQuantity: 0,
    }
    levels.set(level.externalId, level)
    item.levels.set(location.id, level)
    const after = location.levels.findLastIndex((each) => each.item.sequence < item.sequence)
    location.levels.splice(after + 1, 0, level)
    return level
  }
  const items = options.catalogue.map((each, sequence): Item => {
    const item: Item = {
      sequence,
      id: numericId('InventoryItem', sequence),
      variantId: numericId('ProductVariant', sequence),
      productId: numericId('Product', sequence),
      sku: each.sku,
      title: each.title,
      barcode: each.barcode ?? null,
      priceMinor: each.priceMinor,
      currency: each.currency,
      tracked: each.tracked ?? true,
      inventoryPolicy: each.inventoryPolicy ?? 'DENY',
      status: 'ACTIVE',
      levels: new Map(),
    }
    countSku(item.sku, 1)
    for (const [order, index] of (each.stockedAt ?? [0]).entries()) {
      const location = locations[index]
      if (!location) throw new RangeError(`catalogue item ${each.sku} is stocked at location ${index}, which does not exist`)
      stockAt(item, location, order === 0 ? each.quantity : 0, createdAtMs)
    }
    return item
  })
  const itemsById = new Map(items.map((each) => [each.id, each]))
  const variants = new Map(items.map((each) => [each.variantId, each]))
  const products = new Map(items.map((each) => [each.productId, each]))
  const locationsById = new Map(locations.map((each) => [each.id, each]))
  return {
    createdAtMs,
    locations,
    items,
    item: (id) => itemsById.get(id),
    variant: (id) => variants.get(id),
    product: (id) => products.get(id),
    location: (id) => locationsById.get(id),
    level: (externalId) => levels.get(externalId),
    skuCount: (sku) => skuCounts.get(sku) ?? 0,
    connect: (item, location, atMs) => stockAt(item, location, 0, atMs),
    levels: () => levels.values(),
    rename: (item, sku) => {
      countSku(item.sku, -1)
      item.sku = sku
      countSku(sku, 1)
    },
    remove: (item) => {
      countSku(item.sku, -1)
      for (const level of item.levels.values()) {
        levels.delete(level.externalId)
        level.location.levels.splice(level.location.levels.indexOf(level), 1)
      }
      items.splice(items.indexOf(item), 1)
      itemsById.delete(item.id)
      variants.delete(item.variantId)
      products.delete(item.productId)
    },
  }
}
