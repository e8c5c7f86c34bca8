// The items of a push as Shopify can take them: which are refused before anything is sent, what goes into one mutation, and under which key.
import { createHash } from 'node:crypto'
import type { PushItem, PushOutcome } from '../../ports/channel.ts'
import { type Address, readAddress } from './addresses.ts'
import { rejected } from './push-outcome.ts'

/** Source: shopify.dev, API limits: array inputs of at most 250. */
export const maxItemsPerMutation = 250
/** Shopify's bound of an inventory quantity (INVALID_QUANTITY_TOO_HIGH). */
const maxQuantity = 1_000_000_000

export interface Write {
  readonly index: number
  readonly item: PushItem
  readonly address: Address
  readonly fromQuantity: number
}

/** A version 8 UUID (RFC 9562) of the items' keys: the same items, the same key. */
export const idempotencyKey = (itemKeys: readonly string[]): string => {
  const hash = createHash('sha256')
    .update(JSON.stringify([...itemKeys].sort()))
    .digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

export const admit = (item: PushItem, index: number): Write | PushOutcome => {
  const address = readAddress(item.externalId)
  if (!address)
    return rejected(
      'listing-address-invalid',
      `"${item.externalId}" is not a Shopify listing`,
      'Map the listing as {inventoryItemId}@{locationId}.',
    )
  if (!Number.isSafeInteger(item.quantity) || item.quantity < 0 || item.quantity > maxQuantity)
    return rejected('channel-rejected', `Shopify takes no quantity of ${item.quantity}`, 'Correct the stock of the SKU.')
  if (item.addQuantity !== undefined)
    return Number.isSafeInteger(item.addQuantity) && item.addQuantity > 0
      ? { index, item, address, fromQuantity: item.quantity - item.addQuantity }
      : rejected('channel-rejected', `${item.addQuantity} cannot be added to a quantity`, 'Lower it by naming the number it replaces.')
  // Without the compare the write would undo a sale that we have not heard of.
  if (item.fromQuantity === null)
    return rejected('channel-rejected', 'a write without the number it expects is not sent to Shopify', 'Read the listing first.')
  return { index, item, address, fromQuantity: item.fromQuantity }
}

/** Batches in which no item is named twice (NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR). */
export const batches = (writes: readonly Write[]): readonly (readonly Write[])[] => {
  const found: { readonly writes: Write[]; readonly taken: Set<string> }[] = []
  for (const write of writes) {
    const name = `${write.address.inventoryItemId}@${write.address.locationId}`
    const fit = found.find((each) => each.writes.length < maxItemsPerMutation && !each.taken.has(name))
    const batch = fit ?? { writes: [], taken: new Set<string>() }
    if (!fit) found.push(batch)
    batch.writes.push(write)
    batch.taken.add(name)
  }
  return found.map((each) => each.writes)
}
