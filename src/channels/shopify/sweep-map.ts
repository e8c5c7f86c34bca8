// What a level of Shopify shows, in the hub's terms. Pure. One item with its levels gives a row for each location of the channel; levels at
// other locations of the shop become `elsewhere` of those rows.
import type { ObservedOffer, SweptRow } from '../../ports/sweep.ts'
import { externalIdOf, globalId, parseListing, resourceId } from './addresses.ts'
import type { SweptItem, SweptLevel, SweptVariant } from './operations.ts'

export interface SweptGroup {
  readonly item: SweptItem
  readonly variant: SweptVariant | null
  readonly levels: readonly SweptLevel[]
}

export interface ReadTimes {
  readonly readFromMs: number
  readonly readThroughMs: number
}

/** UNLISTED can still be bought, by who has the address. */
const statusesOffSale: ReadonlySet<string> = new Set(['ARCHIVED', 'DRAFT'])

const availableOf = (level: SweptLevel): number | null => {
  const quantity = level.quantities.find((each) => each.name === 'available')?.quantity
  return Number.isSafeInteger(quantity) ? (quantity as number) : null
}

const observedOf = (group: SweptGroup, level: SweptLevel, address: string, known: ReadonlySet<string>): ObservedOffer => {
  const { item, variant } = group
  const { externalId, keys } = parseListing(address, known)
  const sku = item.sku === '' ? null : item.sku
  const offSale = !level.isActive || statusesOffSale.has(variant?.product?.status ?? '')
  return {
    externalId,
    keys,
    sku,
    // Of an item that is not counted the number means nothing.
    quantity: item.tracked ? availableOf(level) : null,
    state: offSale ? 'inactive' : 'live',
    fulfilment: 'MFN',
    tracked: item.tracked,
    sellsBelowZero: variant === null ? null : variant.inventoryPolicy === 'CONTINUE',
    offersWithSku: sku === null ? null : item.duplicateSkuCount + 1,
    unitsPerListing: null,
    elsewhere: group.levels.flatMap((each) => {
      const place = resourceId(each.location.id)
      const quantity = availableOf(each)
      return place === null || known.has(place) || quantity === null ? [] : [{ place, quantity }]
    }),
  }
}

/** Rows of an item, one for each location of the channel that stocks it. */
export const rowsOf = (
  source: 'shopify-level' | 'shopify-bulk-level',
  group: SweptGroup,
  known: ReadonlySet<string>,
  times: ReadTimes,
): readonly SweptRow[] => {
  const inventoryItemId = resourceId(group.item.id)
  if (inventoryItemId === null) return []
  return group.levels.flatMap((level): readonly SweptRow[] => {
    const locationId = resourceId(level.location.id)
    if (locationId === null || !known.has(locationId)) return []
    const address = externalIdOf({ inventoryItemId, locationId, variantId: group.variant === null ? null : resourceId(group.variant.id) })
    const { id, sku, tracked, duplicateSkuCount } = group.item
    const observed = observedOf(group, level, address, known)
    return [
      {
        source,
        key: observed.externalId,
        row: { ...level, item: { id, sku, tracked, duplicateSkuCount, variant: group.variant } },
        observed,
        ...times,
      },
    ]
  })
}

/** An offer that was asked for and is not there: no such item, or not stocked at the location. */
export const goneRow = (
  address: { readonly inventoryItemId: string; readonly locationId: string },
  known: ReadonlySet<string>,
  times: ReadTimes,
): SweptRow => {
  const { externalId, keys } = parseListing(externalIdOf({ ...address, variantId: null }), known)
  return {
    source: 'shopify-level',
    key: externalId,
    row: {
      item: { id: globalId('InventoryItem', address.inventoryItemId) },
      location: { id: globalId('Location', address.locationId) },
      quantities: [],
    },
    observed: {
      externalId,
      keys,
      sku: null,
      quantity: null,
      state: 'gone',
      fulfilment: null,
      tracked: null,
      sellsBelowZero: null,
      offersWithSku: null,
      unitsPerListing: null,
      elsewhere: [],
    },
    ...times,
  }
}
