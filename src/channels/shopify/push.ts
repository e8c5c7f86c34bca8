// Writing quantities: inventorySetQuantities with `changeFromQuantity` (compare-and-set) and @idempotent.
//
// Idempotency is per mutation, while a push is retried item by item, at another time, in other company. So:
// - An increase is a mutation of its own, under a key made of the item's key alone. However often and with whomever it is sent again,
//   it takes effect once. (In a batch its retry would come under another key: 5 -> 8 applied, three sales, 5 -> 8 applied again.)
// - Decreases, and writes that change nothing, share mutations of up to 250 items, under a key made of all their keys. A retry in other
//   company comes under another key and may take effect a second time, which is harmless: it lowers what can be sold, its charge is 0,
//   and `applied` still means that the level was exactly that number at some instant since the push was issued.
// That also makes decreases, which are urgent, cheap: 10 points for all of them.
//
// Whether a mutation with a stale item applies its others is not documented, so nothing rests on it. Items that the refusal names
// get their own outcome; those that the answer lists as changed are applied; all others are sent again without the named ones, as
// decreases may be, and at last alone. If the first mutation had applied them after all, the second finds them stale: they are
// reported so, with no number, and the engine reads. It never reports `applied` for what did not happen, nor raises anything.
import { createHash } from 'node:crypto'
import { BelayError, type ErrorCode, isBelayError } from '../../domain/errors.ts'
import type { PushItem, PushOutcome } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import { type Address, globalId, readAddress } from './addresses.ts'
import { type ShopifyClient, understood } from './client.ts'
import type { ShopifyConfig } from './config.ts'
import { quoted } from './errors.ts'
import type { Urgency } from './limits.ts'
import { type SetQuantitiesData, type SetQuantitiesVariables, setQuantities, type UserError } from './operations.ts'

/** Source: shopify.dev, API limits: array inputs of at most 250. */
export const maxItemsPerMutation = 250
/** Shopify's bound of an inventory quantity (INVALID_QUANTITY_TOO_HIGH). */
const maxQuantity = 1_000_000_000
const maxRounds = 3
/** Increases under way at once in one call. */
const maxParallel = 8

interface Write {
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

/** Deterministic: the same writes give the same variables, in whatever order they come. */
const setVariables = (writes: readonly Write[], reason: string): SetQuantitiesVariables => {
  const sorted = [...writes].sort((a, b) => (a.item.key < b.item.key ? -1 : 1))
  const key = idempotencyKey(sorted.map((each) => each.item.key))
  return {
    key,
    input: {
      name: 'available',
      reason,
      referenceDocumentUri: `gid://belay/Push/${key}`,
      quantities: sorted.map(({ item, address, fromQuantity }) => ({
        inventoryItemId: globalId('InventoryItem', address.inventoryItemId),
        locationId: globalId('Location', address.locationId),
        quantity: item.quantity,
        changeFromQuantity: fromQuantity,
      })),
    },
  }
}

const rejected = (code: ErrorCode, message: string, fix: string): PushOutcome => ({ kind: 'rejected', code, message, fix })

const fixes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  INVALID_INVENTORY_ITEM: ['listing-unknown', 'The inventory item is gone: remove the listing or map it anew.'],
  INVALID_LOCATION: ['listing-unknown', 'The location is gone or inactive: correct the channel and its listings.'],
  INVALID_REASON: ['channel-rejected', 'Set `reason` of the channel to a word that Shopify takes, for example correction.'],
  NON_MUTABLE_INVENTORY_ITEM: ['channel-rejected', 'A bundle has no stock of its own: map its components.'],
}

/** What one user error means for the item it speaks of. */
const outcomeOfUserError = (error: UserError): PushOutcome => {
  const message = quoted(`${error.code ?? 'refused'}: ${error.message}`)
  switch (error.code) {
    case 'CHANGE_FROM_QUANTITY_STALE':
    case 'COMPARE_QUANTITY_STALE':
    // The attempt before this one failed, and its key with it: nothing was changed, and the next plan comes under a new key.
    case 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED':
      return { kind: 'stale', quantity: null }
    // The same key is being carried out right now; asked again under it, the result will be told.
    case 'IDEMPOTENCY_CONCURRENT_REQUEST':
      return { kind: 'ambiguous', code: 'channel-unavailable', message }
    default: {
      const [code, fix] = fixes[error.code ?? ''] ?? ['channel-rejected', 'Look at the item in Shopify.']
      return rejected(code, message, fix)
    }
  }
}

/** `["input","quantities","3","changeFromQuantity"]` -> 3; null: it speaks of the whole request. */
const indexOfField = (field: readonly string[] | null): number | null => {
  const at = field?.indexOf('quantities') ?? -1
  const text = at < 0 ? undefined : field?.[at + 1]
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : null
}

interface Verdict {
  readonly outcomes: ReadonlyMap<Write, PushOutcome>
  /** Not told of: send again without the others. */
  readonly untold: readonly Write[]
}

/** `writes` in the order in which they were sent. */
const judge = (data: SetQuantitiesData, writes: readonly Write[]): Verdict => {
  const payload = data.inventorySetQuantities
  if (!payload) throw new BelayError('channel-answer-malformed', 'inventorySetQuantities: the answer has no payload')
  const outcomes = new Map<Write, PushOutcome>()
  const changed = new Map<string, number | null>()
  for (const change of payload.inventoryAdjustmentGroup?.changes ?? [])
    if (change.name === 'available' && change.item && change.location)
      changed.set(`${change.item.id}@${change.location.id}`, change.quantityAfterChange)
  const changeOf = ({ address }: Write): number | null | undefined =>
    changed.get(`${globalId('InventoryItem', address.inventoryItemId)}@${globalId('Location', address.locationId)}`)

  if (payload.userErrors.length === 0) {
    // Nothing refused: all are applied. Items that were at their quantity already are not listed, and there is no group if all were.
    const done = payload.inventoryAdjustmentGroup !== null || writes.every((each) => each.item.quantity === each.fromQuantity)
    if (!done)
      throw new BelayError('channel-answer-malformed', 'inventorySetQuantities: the answer tells of neither a change nor a refusal')
    for (const write of writes) outcomes.set(write, { kind: 'applied', quantity: changeOf(write) ?? write.item.quantity })
    return { outcomes, untold: [] }
  }

  let ofAll: PushOutcome | null = null
  for (const error of payload.userErrors) {
    const index = indexOfField(error.field)
    const write = index === null ? (writes.length === 1 ? writes[0] : undefined) : writes[index]
    if (!write) ofAll ??= outcomeOfUserError(error)
    else if (!outcomes.has(write)) outcomes.set(write, outcomeOfUserError(error))
  }
  const untold: Write[] = []
  for (const write of writes) {
    if (outcomes.has(write)) continue
    const after = changeOf(write)
    if (after !== undefined) outcomes.set(write, { kind: 'applied', quantity: after ?? write.item.quantity })
    else if (ofAll?.kind === 'stale' && writes.length > 1) untold.push(write)
    else if (ofAll) outcomes.set(write, ofAll)
    else untold.push(write)
  }
  return { outcomes, untold }
}

const outcomeOfError = (error: BelayError): PushOutcome => {
  switch (error.kind) {
    case 'throttled':
      return { kind: 'throttled', retryAtMs: error.retryAtMs ?? 0 }
    case 'ambiguous':
      return { kind: 'ambiguous', code: error.code, message: error.message }
    // Refused as a whole, for the account and not for an item: no listing is to blame.
    case 'permanent':
    case 'retryable':
      return { kind: 'unsent', code: error.code, message: error.message }
  }
}

const admit = (item: PushItem, index: number): Write | PushOutcome => {
  const address = readAddress(item.externalId)
  if (!address)
    return rejected(
      'listing-address-invalid',
      `"${item.externalId}" is not a Shopify listing`,
      'Map the listing as {inventoryItemId}@{locationId}.',
    )
  if (!Number.isSafeInteger(item.quantity) || item.quantity < 0 || item.quantity > maxQuantity)
    return rejected('channel-rejected', `Shopify takes no quantity of ${item.quantity}`, 'Correct the stock of the SKU.')
  // Without the compare the write would undo a sale that we have not heard of.
  if (item.fromQuantity === null)
    return rejected('channel-rejected', 'a write without the number it expects is not sent to Shopify', 'Read the listing first.')
  return { index, item, address, fromQuantity: item.fromQuantity }
}

/** Batches in which no item is named twice (NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR). */
const batches = (writes: readonly Write[]): readonly (readonly Write[])[] => {
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

export interface PushPorts {
  readonly client: ShopifyClient
  readonly clock: Clock
  readonly config: ShopifyConfig
  readonly observer: ChannelObserver
}

export const pushItems = async (ports: PushPorts, items: readonly PushItem[], signal: AbortSignal): Promise<readonly PushOutcome[]> => {
  const { client, clock, config, observer } = ports
  const outcomes: PushOutcome[] = items.map(() => ({ kind: 'unsent', code: 'channel-unreachable', message: 'stopped before it was sent' }))
  const decreases: Write[] = []
  const increases: Write[] = []
  items.forEach((item, index) => {
    const write = admit(item, index)
    if ('kind' in write) outcomes[index] = write
    else if (item.quantity > write.fromQuantity) increases.push(write)
    else decreases.push(write)
  })

  /** One mutation. Returns the writes that its answer does not tell of. */
  const send = async (writes: readonly Write[], urgency: Urgency): Promise<readonly Write[]> => {
    const sent = [...writes].sort((a, b) => (a.item.key < b.item.key ? -1 : 1))
    try {
      const { data } = await client.call(setQuantities, setVariables(sent, config.reason), { signal, urgency })
      const verdict = understood(setQuantities.name, data, (d) => judge(d, sent))
      for (const [write, outcome] of verdict.outcomes) outcomes[write.index] = outcome
      const refused = [...verdict.outcomes.values()].find((each) => each.kind === 'rejected')
      if (refused) observer.error(setQuantities.name, refused.code, refused.message, clock.nowMs())
      return verdict.untold
    } catch (error) {
      if (!isBelayError(error)) throw error
      for (const write of sent) outcomes[write.index] = outcomeOfError(error)
      return []
    }
  }

  const sendDecreases = async (batch: readonly Write[]): Promise<void> => {
    let sent = batch
    let untold = await send(sent, 'decrease')
    // The same items again would be the same key again, and its answer the same.
    for (let round = 1; round < maxRounds && untold.length > 1 && untold.length < sent.length; round++) {
      sent = untold
      untold = await send(sent, 'decrease')
    }
    for (const write of untold)
      for (const still of await send([write], 'decrease'))
        outcomes[still.index] = {
          kind: 'ambiguous',
          code: 'channel-answer-malformed',
          message: 'Shopify refused without saying which item',
        }
  }
  for (const batch of batches(decreases)) await sendDecreases(batch)

  const sendIncrease = async (write: Write, place: number): Promise<void> => {
    const points = client.costOf(setQuantities, setVariables([write], config.reason))
    // Those that the budget does not hold come back one after the other as it fills, not all at once.
    if (client.bucket.waitMs(points, 'normal') > 0)
      outcomes[write.index] = { kind: 'throttled', retryAtMs: clock.nowMs() + client.bucket.queueMs(points * (place + 1)) }
    else await send([write], 'normal')
  }
  for (let start = 0; start < increases.length; start += maxParallel)
    await Promise.all(increases.slice(start, start + maxParallel).map((write, i) => sendIncrease(write, start + i)))
  return outcomes
}
