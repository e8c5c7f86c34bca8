// Direct-fulfilment quantities: partial updates (isFullUpdate true would take everything that is not listed off sale), one request for a
// warehouse and some items, settled by their transaction.
//
// No item may fail with another one's fault:
// - a request that Amazon refuses at once had no effect, so it is halved until the item at fault stands alone;
// - a transaction that fails later names items in its messages only ("AAA is not a valid product ID"), and whether the others of the same
//   update were carried out is not documented. The named one is rejected; the others stay open, which keeps their charge until it expires:
//   calling them rejected would free units that Amazon may be selling. From then on they are sent alone.
// - that is why items share a request only when there are more of them than requests to spare.
// A submission id is the transaction's id where an item stands alone, else `{transactionId}#{externalId}`.
// Source: vendorDirectFulfillmentInventoryV1.json.
import { sendBeforeOf } from '../http/exchange.ts'
import type { PushItem, PushOutcome, SettleOutcome } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ChannelObserver } from '../../ports/metrics.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import type { components as Inventory } from '../sp-api/generated/vendor-direct-fulfillment-inventory.ts'
import { belayError, isRefusal, pushOutcome, type TransactionProblem, transactionRejected } from './errors.ts'
import { maxUpdatesAtOnce, operations } from './limits.ts'
import { directTarget, type Identifiers } from './listing.ts'
import type { SentUpdates } from './sent-updates.ts'
import { transactionIdOf, type TransactionKind, type Transactions } from './transactions.ts'

export type InventoryUpdate = Inventory['schemas']['SubmitInventoryUpdateRequest']

interface Entry {
  readonly index: number
  readonly externalId: string
  readonly warehouseId: string
  readonly identifiers: Identifiers
  readonly quantity: number
  readonly sendBeforeMs?: number
}

export interface InventoryOptions {
  readonly sellingPartyId: string
  readonly itemsPerUpdate: number
  readonly warehouses: number
  readonly transaction: TransactionKind
  readonly sent: SentUpdates
}

export const inventoryUpdate = (
  sellingPartyId: string,
  items: readonly { identifiers: Identifiers; quantity: number }[],
): InventoryUpdate => ({
  inventory: {
    sellingParty: { partyId: sellingPartyId },
    isFullUpdate: false,
    items: items.map(({ identifiers, quantity }) => ({
      ...(identifiers.asin === null ? {} : { buyerProductIdentifier: identifiers.asin }),
      ...(identifiers.vendorProductIdentifier === null ? {} : { vendorProductIdentifier: identifiers.vendorProductIdentifier }),
      availableQuantity: { amount: quantity, unitOfMeasure: 'Each' },
      isObsolete: false,
    })),
  },
})

/** Does the text name this identifier, and not merely another one that contains it? */
export const namesIdentifier = (text: string, identifier: string): boolean => {
  for (let at = text.indexOf(identifier); at >= 0; at = text.indexOf(identifier, at + 1)) {
    const before = text[at - 1] ?? ' '
    const after = text[at + identifier.length] ?? ' '
    if (!/[\w-]/.test(before) && !/[\w-]/.test(after)) return true
  }
  return false
}

/** What a failed transaction means for one of several items. Null: it is not told. */
const sharedFailure = (externalId: string, problems: readonly TransactionProblem[]): SettleOutcome | null => {
  const identifiers = directTarget(externalId)?.identifiers
  const identifier = identifiers?.vendorProductIdentifier ?? identifiers?.asin ?? externalId
  const own = problems.filter((each) => namesIdentifier(`${each.message} ${each.details}`, identifier))
  return own.length > 0 ? transactionRejected(identifier, own) : null
}

/** Listings that are sent alone since a failure; the oldest is forgotten first. */
const maxAlone = 2000

export interface InventoryPorts {
  readonly clock: Clock
  readonly observer: ChannelObserver
}

export interface InventoryChannel {
  capacity(): { readonly items: number; readonly retryAtMs: number }
  push(items: readonly PushItem[], signal: AbortSignal): Promise<readonly PushOutcome[]>
  settle(submissionIds: readonly string[], signal: AbortSignal): Promise<readonly SettleOutcome[]>
}

export const createInventory = (
  client: SpApiClient,
  transactions: Transactions,
  ports: InventoryPorts,
  options: InventoryOptions,
): InventoryChannel => {
  const alone = new Set<string>()
  const sendAlone = (externalId: string): void => {
    const oldest = alone.values().next().value
    if (alone.size >= maxAlone && oldest !== undefined) alone.delete(oldest)
    alone.add(externalId)
  }

  /** One update; what Amazon refuses is halved. Sets the outcome of each of its items. */
  const send = async (entries: readonly Entry[], outcomes: PushOutcome[], signal: AbortSignal): Promise<void> => {
    const [first] = entries
    if (first === undefined) return
    try {
      const { body } = await client.call<unknown>({
        operation: operations.submitInventoryUpdate,
        method: 'POST',
        path: `/vendor/directFulfillment/inventory/v1/warehouses/${encodeURIComponent(first.warehouseId)}/items`,
        body: inventoryUpdate(options.sellingPartyId, entries),
        signal,
        ...sendBeforeOf(entries),
        write: true,
      })
      const transactionId = transactionIdOf(operations.submitInventoryUpdate, body, 'payload')
      for (const entry of entries) {
        options.sent.remember({ ...entry, transactionId })
        outcomes[entry.index] = {
          kind: 'accepted',
          submissionId: entries.length === 1 ? transactionId : `${transactionId}#${entry.externalId}`,
        }
      }
    } catch (raw) {
      const error = belayError(raw)
      if (isRefusal(error) && entries.length > 1) {
        const half = Math.ceil(entries.length / 2)
        await send(entries.slice(0, half), outcomes, signal)
        await send(entries.slice(half), outcomes, signal)
        return
      }
      for (const entry of entries) outcomes[entry.index] = pushOutcome(error, ports.clock.nowMs())
    }
  }

  /** Updates to send: by warehouse, alone where an item must be, and as small as the free requests allow. */
  const updatesOf = (entries: readonly Entry[]): readonly (readonly Entry[])[] => {
    const spare = Math.max(1, Math.min(maxUpdatesAtOnce, Math.floor(client.capacity(operations.submitInventoryUpdate).items / 2)))
    const size = Math.min(options.itemsPerUpdate, Math.max(1, Math.ceil(entries.length / spare)))
    const updates: Entry[][] = []
    const open = new Map<string, Entry[]>()
    for (const entry of entries) {
      if (alone.has(entry.externalId)) {
        updates.push([entry])
        continue
      }
      const update = open.get(entry.warehouseId)
      if (update !== undefined && update.length < size) update.push(entry)
      else {
        const fresh = [entry]
        open.set(entry.warehouseId, fresh)
        updates.push(fresh)
      }
    }
    return updates
  }

  const unusable = (item: PushItem): PushOutcome | null => {
    if (directTarget(item.externalId) === null)
      return {
        kind: 'rejected',
        code: 'listing-address-invalid',
        message: `${item.externalId} is not published: purchase orders ask before they take`,
        fix: 'publish quantities to df/{warehouseId}/... listings only',
      }
    if (Number.isSafeInteger(item.quantity) && item.quantity >= 0) return null
    return {
      kind: 'rejected',
      code: 'channel-rejected',
      message: `${item.quantity} is not a quantity that can be published`,
      fix: 'publish a whole number of 0 or more',
    }
  }

  return {
    capacity: () => {
      const { items: requests, retryAtMs } = client.capacity(operations.submitInventoryUpdate)
      const size = options.itemsPerUpdate
      // Items spread over warehouses leave requests part empty: this many fit however they are spread.
      const items = Math.max(requests, requests * size - (options.warehouses - 1) * (size - 1))
      return { items: Math.max(0, Math.min(items, maxUpdatesAtOnce * size)), retryAtMs }
    },
    push: async (items, signal) => {
      const outcomes: PushOutcome[] = []
      const entries: Entry[] = []
      const seen = new Set<string>()
      for (const [index, item] of items.entries()) {
        const target = directTarget(item.externalId)
        const refused = unusable(item)
        // Two numbers for one offer in flight together may land in either order.
        if (seen.has(item.externalId)) outcomes[index] = { kind: 'throttled', retryAtMs: ports.clock.nowMs() }
        else if (refused !== null || target === null) outcomes[index] = refused as PushOutcome
        else entries.push({ index, externalId: item.externalId, ...target, quantity: item.quantity, sendBeforeMs: item.sendBeforeMs })
        seen.add(item.externalId)
      }
      const updates = updatesOf(entries)
      for (let at = 0; at < updates.length; at += maxUpdatesAtOnce)
        await Promise.all(updates.slice(at, at + maxUpdatesAtOnce).map((update) => send(update, outcomes, signal)))
      return outcomes
    },
    settle: async (submissionIds, signal) => {
      const submissions = submissionIds.map((id) => {
        const at = id.indexOf('#')
        return at < 0 ? { transactionId: id, externalId: null } : { transactionId: id.slice(0, at), externalId: id.slice(at + 1) }
      })
      const states = await transactions.ask(
        options.transaction,
        submissions.map((each) => each.transactionId),
        signal,
      )
      return submissions.map(({ transactionId, externalId }): SettleOutcome => {
        const state = states.get(transactionId)
        if (state === undefined) return { kind: 'processing' }
        if (state.kind !== 'failure') return state
        if (externalId === null) return transactionRejected('the inventory update', state.problems)
        const told = sharedFailure(externalId, state.problems)
        if (told === null && !alone.has(externalId)) {
          const { code, message } = transactionRejected('an inventory update for other items', state.problems)
          const text = `${message}. Whether ${externalId} was updated with them is not known; it counts as possible until the request expires`
          ports.observer.error(operations.submitInventoryUpdate, code, text, ports.clock.nowMs())
        }
        sendAlone(externalId)
        return told ?? { kind: 'processing' }
      })
    },
  }
}
