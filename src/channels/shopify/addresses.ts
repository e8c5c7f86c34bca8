// How Shopify's things are named here. Ids are exact decimal text: they exceed 2^53, so they never become numbers.
//   external id  {inventoryItemId}@{locationId}, optionally followed by #{variantId}
//   keys         the first two parts, item:{inventoryItemId}@{locationId}, and variant:{variantId}@{locationId} where it is told
import { BelayError } from '../../domain/errors.ts'
import type { ListingAddress } from '../../ports/channel.ts'

export type ResourceKind = 'InventoryItem' | 'Location' | 'Order' | 'ProductVariant'

/** An unsigned 64-bit integer as Shopify writes it: no sign, no leading zero. */
export const isResourceId = (text: string): boolean => /^[1-9]\d{0,19}$/.test(text)

export const globalId = (kind: ResourceKind, id: string): string => `gid://shopify/${kind}/${id}`

/** `gid://shopify/Order/450789469` -> `450789469`; null: not a global id. */
export const resourceId = (globalIdText: string): string | null => {
  const id = /^gid:\/\/shopify\/[A-Za-z]+\/(\d+)(?:\?.*)?$/.exec(globalIdText)?.[1]
  return id !== undefined && isResourceId(id) ? id : null
}

export const itemKey = (inventoryItemId: string, locationId: string): string => `item:${inventoryItemId}@${locationId}`
export const variantKey = (variantId: string, locationId: string): string => `variant:${variantId}@${locationId}`

export interface Address {
  readonly inventoryItemId: string
  readonly locationId: string
  readonly variantId: string | null
}

export const readAddress = (externalId: string): Address | null => {
  const match = /^([1-9]\d{0,19})@([1-9]\d{0,19})(?:#([1-9]\d{0,19}))?$/.exec(externalId)
  if (!match?.[1] || !match[2]) return null
  return { inventoryItemId: match[1], locationId: match[2], variantId: match[3] ?? null }
}

export const externalIdOf = (address: Address): string =>
  `${address.inventoryItemId}@${address.locationId}${address.variantId === null ? '' : `#${address.variantId}`}`

/** The address of a listing at one of the account's locations; the same offer always gets the same externalId, with or without variant. */
export const parseListing = (externalId: string, locationIds: ReadonlySet<string>): ListingAddress => {
  const address = readAddress(externalId)
  if (!address)
    throw new BelayError('listing-address-invalid', `"${externalId.slice(0, 100)}" is not a Shopify listing`, {
      fix: 'Write {inventoryItemId}@{locationId} or {inventoryItemId}@{locationId}#{variantId} with the numeric ids, for example 49148385@655441491#808950810.',
    })
  if (!locationIds.has(address.locationId))
    throw new BelayError('listing-address-invalid', `Shopify location ${address.locationId} is not one of this channel`, {
      fix: 'Add the location to the channel in the configuration, or correct the part after the @.',
    })
  const stable = `${address.inventoryItemId}@${address.locationId}`
  const keys = [stable, itemKey(address.inventoryItemId, address.locationId)]
  if (address.variantId !== null) keys.push(variantKey(address.variantId, address.locationId), externalId)
  return { externalId: stable, keys, fulfilment: 'MFN', writeClass: 'delta' }
}
