// Live quantities: `available` at a location, in as few requests as the budget allows, each item with its own outcome. An item that
// Shopify would sell without stock, or does not count, is `unusable`: no number of it bounds what can be sold.
import { isBelayError } from '../../domain/errors.ts'
import type { ReadOutcome } from '../../ports/channel.ts'
import { type Address, globalId, readAddress, resourceId } from './addresses.ts'
import { type ShopifyClient, understood } from './client.ts'
import { type LevelNode, levels } from './operations.ts'
import type { VariantIndex } from './variant-index.ts'

/** 400 points by the published formula; a query may cost 1000. */
const itemsPerRequest = 50

const outcomeOfLevel = (node: LevelNode | null | undefined, locationId: string): ReadOutcome => {
  if (!node || node.kind !== 'InventoryItem') return { kind: 'unusable', reason: 'Shopify knows no such inventory item' }
  if (node.tracked !== true) return { kind: 'unusable', reason: 'the item is not tracked, so Shopify sells it without end' }
  if (node.variants?.nodes.some((variant) => variant.inventoryPolicy !== 'DENY'))
    return { kind: 'unusable', reason: 'the variant continues selling when out of stock' }
  if (!node.inventoryLevel) return { kind: 'unusable', reason: `the item is not stocked at location ${locationId}` }
  const available = node.inventoryLevel.quantities.find((each) => each.name === 'available')
  if (!available || !Number.isSafeInteger(available.quantity))
    return { kind: 'failed', code: 'channel-answer-malformed', message: 'the answer has no available quantity' }
  return { kind: 'quantity', quantity: available.quantity }
}

interface Wanted {
  readonly index: number
  readonly address: Address
}

export const readLevels = async (
  client: ShopifyClient,
  variants: VariantIndex,
  externalIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly ReadOutcome[]> => {
  const outcomes: ReadOutcome[] = externalIds.map(() => ({ kind: 'unusable', reason: 'it is not the address of a Shopify listing' }))
  const byLocation = new Map<string, Wanted[]>()
  externalIds.forEach((externalId, index) => {
    const address = readAddress(externalId)
    if (!address) return
    const wanted = byLocation.get(address.locationId) ?? []
    wanted.push({ index, address })
    byLocation.set(address.locationId, wanted)
  })

  const readChunk = async (locationId: string, chunk: readonly Wanted[]): Promise<void> => {
    try {
      const ids = chunk.map((each) => globalId('InventoryItem', each.address.inventoryItemId))
      const variables = { ids, locationId: globalId('Location', locationId) }
      const { data } = await client.call(levels, variables, { signal })
      const nodes = understood(levels.name, data, (d) => new Map(d.nodes.flatMap((node) => (node?.id ? [[node.id, node]] : []))))
      for (const { index, address } of chunk) {
        const node = nodes.get(globalId('InventoryItem', address.inventoryItemId))
        outcomes[index] = understood(levels.name, node, (n) => outcomeOfLevel(n, locationId))
        for (const variant of node?.variants?.nodes ?? []) variants.learn(resourceId(variant.id), address.inventoryItemId)
      }
    } catch (error) {
      if (!isBelayError(error)) throw error
      const failed: ReadOutcome =
        error.kind === 'throttled'
          ? { kind: 'throttled', retryAtMs: error.retryAtMs ?? 0 }
          : { kind: 'failed', code: error.code, message: error.message }
      for (const { index } of chunk) outcomes[index] = failed
    }
  }

  for (const [locationId, wanted] of byLocation)
    for (let start = 0; start < wanted.length; start += itemsPerRequest)
      await readChunk(locationId, wanted.slice(start, start + itemsPerRequest))
  return outcomes
}
