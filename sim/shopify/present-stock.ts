// Items, variants, levels and locations as GraphQL resolves on them. A field that is not here answers null, or an error where null is not
// allowed (graphql.ts): nothing is made up.
import { GraphQLError } from 'graphql'
import { gid, isoSeconds, numericId, parseGid } from './identifiers.ts'
import { connectionOf, type PageArguments } from './paging.ts'
import type { Shop } from './shop.ts'
import { type Item, type Level, levelGid, type Location, quantityNames, quantityOf, type QuantityState } from './stock.ts'

export interface Context {
  /** Inside a bulk operation connections need no `first`. */
  readonly bulk: boolean
  /** Scheme and host of the request: addresses in answers begin with it. */
  readonly origin: string
}

/** What GraphQL resolves on: values, or functions of (arguments, context). */
export interface Node {
  readonly [field: string]: unknown
}

/** An id of the wrong type or form is an error of the whole field, not "not found". */
export const digits = (type: string, id: string): string => {
  const found = parseGid(type, id)
  if (found === null) throw new GraphQLError(`Invalid id: ${id}`, { extensions: { code: 'RESOURCE_NOT_FOUND' } })
  return found
}

export const moneyAmount = (minor: number): string => (minor / 100).toFixed(2)

export interface StockPresenter {
  readonly item: (item: Item) => Node
  readonly variant: (item: Item) => Node
  readonly product: (item: Item) => Node
  readonly level: (level: Level) => Node
  readonly location: (location: Location) => Node
  readonly levelById: (id: string) => Node | null
}

export const createStockPresenter = (shop: Shop): StockPresenter => {
  const { stock } = shop
  const startedAt = isoSeconds(stock.createdAtMs)

  const quantity = (level: Level, name: string): Node => {
    const changedAtMs = name === 'on_hand' ? level.updatedAtMs : level.changedAtMs[name as QuantityState]
    return {
      __typename: 'InventoryQuantity',
      id: `gid://shopify/InventoryQuantity/${level.location.levelNumber}?inventory_item_id=${level.item.id}&name=${name}`,
      name,
      quantity: quantityOf(level, name),
      updatedAt: changedAtMs === undefined ? null : isoSeconds(changedAtMs),
    }
  }

  const level = (each: Level): Node => ({
    __typename: 'InventoryLevel',
    id: levelGid(each),
    isActive: true,
    createdAt: isoSeconds(each.createdAtMs),
    updatedAt: isoSeconds(each.updatedAtMs),
    item: () => item(each.item),
    location: () => location(each.location),
    quantities: ({ names }: { readonly names: readonly string[] }) => {
      const unknown = names.find((name) => !quantityNames.includes(name))
      if (unknown !== undefined) {
        throw new GraphQLError(`The quantity name "${unknown}" is not known.`, { extensions: { code: 'BAD_REQUEST' } })
      }
      return names.map((name) => quantity(each, name))
    },
  })

  const itemLevels = (each: Item, page: PageArguments, context: Context): unknown =>
    connectionOf(
      {
        nodes: [...each.levels.values()].sort((a, b) => a.location.sequence - b.location.sequence),
        keyOf: (node) => ({ value: 0, sequence: node.location.sequence }),
        present: level,
      },
      page,
      context.bulk,
    )

  const item = (each: Item): Node => ({
    __typename: 'InventoryItem',
    id: gid('InventoryItem', each.id),
    legacyResourceId: each.id,
    sku: each.sku,
    tracked: each.tracked,
    requiresShipping: true,
    duplicateSkuCount: stock.skuCount(each.sku) - 1,
    createdAt: startedAt,
    updatedAt: startedAt,
    variant: () => variant(each),
    variants: (page: PageArguments, context: Context) =>
      connectionOf({ nodes: [each], keyOf: () => ({ value: 0, sequence: each.sequence }), present: variant }, page, context.bulk),
    locationsCount: { count: each.levels.size, precision: 'EXACT' },
    inventoryLevel: ({ locationId }: { readonly locationId: string }) => {
      const found = each.levels.get(digits('Location', locationId))
      return found ? level(found) : null
    },
    inventoryLevels: (page: PageArguments & { readonly query?: string | null }, context: Context) => {
      if (page.query) throw new GraphQLError('inventoryLevels(query:) is not simulated')
      return itemLevels(each, page, context)
    },
  })

  const available = (each: Item): number => [...each.levels.values()].reduce((sum, one) => sum + one.quantities.available, 0)

  const variant = (each: Item): Node => ({
    __typename: 'ProductVariant',
    id: gid('ProductVariant', each.variantId),
    legacyResourceId: each.variantId,
    sku: each.sku,
    barcode: each.barcode,
    title: 'Default Title',
    displayName: `${each.title} - Default Title`,
    price: moneyAmount(each.priceMinor),
    position: 1,
    createdAt: startedAt,
    updatedAt: startedAt,
    inventoryPolicy: each.inventoryPolicy,
    inventoryQuantity: () => available(each),
    sellableOnlineQuantity: () => Math.max(0, available(each)),
    availableForSale: () => !each.tracked || each.inventoryPolicy === 'CONTINUE' || available(each) > 0,
    inventoryItem: () => item(each),
    product: () => product(each),
  })

  const product = (each: Item): Node => ({
    __typename: 'Product',
    id: gid('Product', each.productId),
    legacyResourceId: each.productId,
    title: each.title,
    status: each.status,
    createdAt: startedAt,
    updatedAt: startedAt,
    totalInventory: () => available(each),
    tracksInventory: each.tracked,
    variants: (page: PageArguments, context: Context) =>
      connectionOf({ nodes: [each], keyOf: () => ({ value: 0, sequence: each.sequence }), present: variant }, page, context.bulk),
  })

  const location = (each: Location): Node => ({
    __typename: 'Location',
    id: gid('Location', each.id),
    legacyResourceId: each.id,
    name: each.name,
    isActive: each.isActive,
    isPrimary: each.sequence === 0,
    fulfillsOnlineOrders: true,
    shipsInventory: true,
    isFulfillmentService: false,
    hasActiveInventory: each.levels.length > 0,
    createdAt: startedAt,
    updatedAt: startedAt,
    inventoryLevel: ({ inventoryItemId }: { readonly inventoryItemId: string }) => {
      const found = stock.item(digits('InventoryItem', inventoryItemId))?.levels.get(each.id)
      return found ? level(found) : null
    },
    inventoryLevels: (page: PageArguments & { readonly query?: string | null }, context: Context) => {
      if (page.query) throw new GraphQLError('inventoryLevels(query:) is not simulated')
      return connectionOf(
        { nodes: each.levels, keyOf: (node) => ({ value: 0, sequence: node.item.sequence }), present: level },
        page,
        context.bulk,
      )
    },
  })

  return {
    item,
    variant,
    product,
    level,
    location,
    levelById: (id) => {
      const number = digits('InventoryLevel', id)
      const itemId = /[?&]inventory_item_id=(\d+)/.exec(id)?.[1]
      const at = stock.locations.find((each) => each.levelNumber === number)
      const found = at && itemId ? stock.item(itemId)?.levels.get(at.id) : undefined
      return found ? level(found) : null
    },
  }
}

export const shopNode = (shop: Shop): Node => ({
  __typename: 'Shop',
  id: gid('Shop', numericId('Shop', 0)),
  name: shop.options.shop,
  myshopifyDomain: shop.domain,
  url: `https://${shop.domain}`,
  currencyCode: shop.stock.items[0]?.currency ?? 'USD',
  ianaTimezone: 'Etc/UTC',
  taxesIncluded: true,
})
