// Writing quantities: inventorySetQuantities with `changeFromQuantity` (compare-and-set) and @idempotent; what is to be added to a quantity
// goes another way (push-add.ts).
//
// Idempotency is per mutation, while a push is retried item by item, at another time, in other company. So:
// - An increase that compares is a mutation of its own, under a key made of the item's key alone. However often and with whomever it is sent again,
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
import { BelayError, isBelayError } from '../../domain/errors.ts'
import { sendBeforeOf } from '../http/exchange.ts'
import type { PushItem, PushOutcome } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import { globalId } from './addresses.ts'
import { type ShopifyClient, understood } from './client.ts'
import type { ShopifyConfig } from './config.ts'
import type { Urgency } from './limits.ts'
import { type SetQuantitiesData, type SetQuantitiesVariables, setQuantities } from './operations.ts'
import { addQuantities, type RefusedItems } from './push-add.ts'
import { indexOfField, outcomeOfError, outcomeOfUserError } from './push-outcome.ts'
import { admit, batches, idempotencyKey, type Write } from './push-write.ts'

const maxRounds = 3
/** Increases under way at once in one call. */
const maxParallel = 8

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
    const index = indexOfField(error.field, 'quantities')
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

export interface PushPorts {
  readonly client: ShopifyClient
  readonly clock: Clock
  readonly config: ShopifyConfig
  readonly observer: ChannelObserver
  readonly refused: RefusedItems
}

export const pushItems = async (ports: PushPorts, items: readonly PushItem[], signal: AbortSignal): Promise<readonly PushOutcome[]> => {
  const { client, clock, config, observer } = ports
  const outcomes: PushOutcome[] = items.map(() => ({ kind: 'unsent', code: 'channel-unreachable', message: 'stopped before it was sent' }))
  const decreases: Write[] = []
  const increases: Write[] = []
  const additions: Write[] = []
  items.forEach((item, index) => {
    const write = admit(item, index)
    if ('kind' in write) outcomes[index] = write
    else if (item.addQuantity !== undefined) additions.push(write)
    else if (item.quantity > write.fromQuantity) increases.push(write)
    else decreases.push(write)
  })

  /** One mutation. Returns the writes that its answer does not tell of. */
  const send = async (writes: readonly Write[], urgency: Urgency): Promise<readonly Write[]> => {
    const sent = [...writes].sort((a, b) => (a.item.key < b.item.key ? -1 : 1))
    try {
      const { data } = await client.call(setQuantities, setVariables(sent, config.reason), {
        signal,
        urgency,
        ...sendBeforeOf(sent.map(({ item }) => item)),
      })
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

  await addQuantities(ports, additions, outcomes, signal)

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
