// Adding to quantities: inventoryAdjustQuantities, up to 250 items a mutation. A sum commutes with sales, so that no item is ever stale and
// a backlog of raises costs as little as one of decreases.
//
// The key belongs to the mutation, so nothing here may be sent a second time: its items would come under another key, and be added twice. The
// engine does not: an item whose end is not known keeps its charge and is looked at (domain/push.ts). That is why a refusal speaks only for
// the items that it names. Whether the others were added all the same is not documented; they are reported so, not as refused.
// An item that was refused would take its company with it again: it goes alone from then on, as long as this process remembers.
import { BelayError, isBelayError } from '../../domain/errors.ts'
import { sendBeforeOf } from '../http/exchange.ts'
import type { PushOutcome } from '../../ports/channel.ts'
import { globalId } from './addresses.ts'
import { understood } from './client.ts'
import { type AdjustQuantitiesData, type AdjustQuantitiesVariables, adjustQuantities } from './operations.ts'
import { indexOfField, outcomeOfError, outcomeOfUserError } from './push-outcome.ts'
import type { PushPorts } from './push.ts'
import { batches, idempotencyKey, type Write } from './push-write.ts'

/** External ids of items that go alone. */
export type RefusedItems = Set<string>
/** More than that, and the oldest takes its chance in company. */
const maxRefused = 10_000
/** Mutations under way at once in one call. */
const maxParallel = 8

const adjustVariables = (sent: readonly Write[], reason: string): AdjustQuantitiesVariables => {
  const key = idempotencyKey(sent.map((each) => each.item.key))
  return {
    key,
    input: {
      name: 'available',
      reason,
      referenceDocumentUri: `gid://belay/Push/${key}`,
      changes: sent.map(({ item, address }) => ({
        inventoryItemId: globalId('InventoryItem', address.inventoryItemId),
        locationId: globalId('Location', address.locationId),
        delta: item.addQuantity ?? 0,
        // Compares nothing: it is right whatever is shown.
        changeFromQuantity: null,
      })),
    },
  }
}

/** Nothing is known of this item. */
const untold = (message: string): PushOutcome => ({ kind: 'ambiguous', code: 'channel-answer-malformed', message })

/** `sent` in the order in which it was sent. */
const judge = (data: AdjustQuantitiesData, sent: readonly Write[]): readonly PushOutcome[] => {
  const payload = data.inventoryAdjustQuantities
  if (!payload) throw new BelayError('channel-answer-malformed', 'inventoryAdjustQuantities: the answer has no payload')
  const shown = new Map<string, number | null>()
  for (const change of payload.inventoryAdjustmentGroup?.changes ?? [])
    if (change.name === 'available' && change.item && change.location)
      shown.set(`${change.item.id}@${change.location.id}`, change.quantityAfterChange)
  const refusals = new Map<Write, PushOutcome>()
  for (const error of payload.userErrors) {
    const index = indexOfField(error.field, 'changes')
    const write = index === null ? (sent.length === 1 ? sent[0] : undefined) : sent[index]
    if (write && !refusals.has(write)) refusals.set(write, outcomeOfUserError(error))
  }
  return sent.map((write): PushOutcome => {
    const { inventoryItemId, locationId } = write.address
    const after = shown.get(`${globalId('InventoryItem', inventoryItemId)}@${globalId('Location', locationId)}`)
    if (after !== undefined)
      return after === null ? { kind: 'accepted', submissionId: write.item.key } : { kind: 'applied', quantity: after }
    return refusals.get(write) ?? untold('Shopify told neither of a change nor of a refusal of this item')
  })
}

export const addQuantities = async (
  { client, clock, config, observer, refused }: PushPorts,
  writes: readonly Write[],
  outcomes: PushOutcome[],
  signal: AbortSignal,
): Promise<void> => {
  const note = (write: Write, outcome: PushOutcome): void => {
    outcomes[write.index] = outcome
    const { externalId } = write.item
    refused.delete(externalId)
    if (outcome.kind !== 'rejected') return
    observer.error(adjustQuantities.name, outcome.code, outcome.message, clock.nowMs())
    refused.add(externalId)
    const [oldest] = refused
    if (refused.size > maxRefused && oldest !== undefined) refused.delete(oldest)
  }

  const send = async (batch: readonly Write[], place: number): Promise<void> => {
    const sent = [...batch].sort((a, b) => (a.item.key < b.item.key ? -1 : 1))
    const variables = adjustVariables(sent, config.reason)
    const points = client.costOf(adjustQuantities, variables)
    // Those that the budget does not hold come back one after the other as it fills, not all at once.
    const waitMs = client.bucket.waitMs(points, 'normal') > 0 ? client.bucket.queueMs(points * (place + 1)) : 0
    if (waitMs > 0) {
      for (const write of sent) outcomes[write.index] = { kind: 'throttled', retryAtMs: clock.nowMs() + waitMs }
      return
    }
    try {
      const { data } = await client.call(adjustQuantities, variables, {
        signal,
        urgency: 'normal',
        ...sendBeforeOf(sent.map(({ item }) => item)),
      })
      understood(adjustQuantities.name, data, (d) => judge(d, sent)).forEach((outcome, at) => {
        const write = sent[at]
        if (write) note(write, outcome)
      })
    } catch (error) {
      if (!isBelayError(error)) throw error
      for (const write of sent) outcomes[write.index] = outcomeOfError(error)
    }
  }

  const alone = writes.filter((write) => refused.has(write.item.externalId)).map((write) => [write])
  const mutations = [...batches(writes.filter((write) => !refused.has(write.item.externalId))), ...alone]
  for (let start = 0; start < mutations.length; start += maxParallel)
    await Promise.all(mutations.slice(start, start + maxParallel).map((batch, at) => send(batch, start + at)))
}
