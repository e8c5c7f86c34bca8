// inventorySetQuantities, inventoryAdjustQuantities, inventoryActivate: compare-and-set, idempotency keys, business refusals.
// Refusals come back as userErrors with status 200; what breaks the form of the request (an array too long, a missing changeFromQuantity)
// is a top-level error.
import type { GraphQLResolveInfo } from 'graphql'
import { gid, isoSeconds, numericId, parseGid } from './identifiers.ts'
import {
  adjustable,
  type AdjustInput,
  checkCommon,
  checkForm,
  maxAdjustedQuantity,
  maxSetQuantity,
  type SetInput,
  type UserError,
} from './inventory-input.ts'
import { createIdempotencyKeys, requiredKey } from './idempotency.ts'
import type { Node, StockPresenter } from './present-stock.ts'
import type { Shop } from './shop.ts'
import { type Level, onHand, type QuantityState, quantityOf } from './stock.ts'

interface Result {
  readonly group: Node | null
  readonly userErrors: readonly UserError[]
}

/** One entry of either mutation: what to add to which state, once its compare holds. */
interface Entry {
  readonly level: Level
  readonly state: QuantityState
  readonly compareName: string
  readonly from: number | null
  readonly deltaOf: () => number
  readonly ledgerDocumentUri: string | null
}

const defaultKeyRetentionMs = 24 * 3_600_000

export const createInventoryWrites = (shop: Shop, present: StockPresenter) => {
  const { stock, options } = shop
  const keys = createIdempotencyKeys(options.keyRetentionMs ?? defaultKeyRetentionMs)
  let groupCount = 0

  const locate = (each: { readonly inventoryItemId: string; readonly locationId: string }, at: readonly string[]): Level | UserError => {
    const item = stock.item(parseGid('InventoryItem', each.inventoryItemId) ?? '')
    if (!item)
      return {
        code: 'INVALID_INVENTORY_ITEM',
        field: [...at, 'inventoryItemId'],
        message: 'The specified inventory item could not be found.',
      }
    const location = stock.location(parseGid('Location', each.locationId) ?? '')
    if (!location) return { code: 'INVALID_LOCATION', field: [...at, 'locationId'], message: 'The specified location could not be found.' }
    const level = item.levels.get(location.id)
    // No code of its own exists for an item that the location does not stock.
    return (
      level ?? {
        code: 'INVALID_LOCATION',
        field: [...at, 'locationId'],
        message: 'The specified inventory item is not stocked at the location.',
      }
    )
  }

  /** Compares and applies; nothing at all when anything is refused, unless the shop refuses item by item. */
  const apply = (input: SetInput | AdjustInput, list: string, entries: readonly Entry[]): Result => {
    const stale = (entry: Entry): boolean => entry.from !== null && quantityOf(entry.level, entry.compareName) !== entry.from
    const userErrors = entries.flatMap((entry, index): UserError[] =>
      stale(entry)
        ? [
            {
              code: 'CHANGE_FROM_QUANTITY_STALE',
              field: ['input', list, String(index), 'changeFromQuantity'],
              message: 'The changeFromQuantity value does not match persisted value.',
            },
          ]
        : [],
    )
    if (userErrors.length > 0 && (options.compareFailure ?? 'refuses-all') === 'refuses-all') return { group: null, userErrors }
    const taken = entries.filter((entry) => !stale(entry)).map((entry) => ({ ...entry, delta: entry.deltaOf() }))
    shop.write(taken)
    const told = taken.filter((each) => each.delta !== 0 || (options.reportsUnchanged ?? true))
    if (told.length === 0) return { group: null, userErrors }
    const nowMs = shop.nowMs()
    const changes = told.flatMap(({ level, state, delta, ledgerDocumentUri }) =>
      (state === 'incoming' ? [state] : [state, 'on_hand']).map((name) => ({
        name,
        delta,
        quantityAfterChange: quantityOf(level, name),
        ledgerDocumentUri,
        itemId: gid('InventoryItem', level.item.id),
        locationId: gid('Location', level.location.id),
        item: () => present.item(level.item),
        location: () => present.location(level.location),
      })),
    )
    const group: Node = {
      __typename: 'InventoryAdjustmentGroup',
      id: gid('InventoryAdjustmentGroup', numericId('InventoryAdjustmentGroup', groupCount++)),
      createdAt: isoSeconds(nowMs),
      reason: input.reason,
      referenceDocumentUri: input.referenceDocumentUri ?? null,
      changes: (filter: {
        readonly inventoryItemIds?: readonly string[]
        readonly locationIds?: readonly string[]
        readonly quantityNames?: readonly string[]
      }) =>
        changes.filter(
          (each) =>
            (filter.inventoryItemIds?.includes(each.itemId) ?? true) &&
            (filter.locationIds?.includes(each.locationId) ?? true) &&
            (filter.quantityNames?.includes(each.name) ?? true),
        ),
    }
    return { group, userErrors }
  }

  const set = (input: SetInput): Result => {
    const userErrors = checkCommon(input, ['available', 'on_hand'], 'INVALID_NAME')
    const seen = new Set<string>()
    const entries: Entry[] = []
    for (const [index, each] of input.quantities.entries()) {
      const at = ['input', 'quantities', String(index)]
      const pair = `${each.inventoryItemId} ${each.locationId}`
      if (seen.has(pair)) {
        const message = 'The combination of inventoryItemId and locationId must be unique.'
        userErrors.push({ code: 'NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR', field: [...at, 'locationId'], message })
      }
      seen.add(pair)
      const field = [...at, 'quantity']
      if (each.quantity > maxSetQuantity) {
        userErrors.push({ code: 'INVALID_QUANTITY_TOO_HIGH', field, message: "The total quantity can't be higher than 1,000,000,000." })
      } else if (each.quantity < -maxSetQuantity) {
        userErrors.push({ code: 'INVALID_QUANTITY_TOO_LOW', field, message: "The total quantity can't be lower than -1,000,000,000." })
      } else if (each.quantity < 0 && input.name === 'on_hand') {
        userErrors.push({ code: 'INVALID_QUANTITY_NEGATIVE', field, message: "The quantity can't be negative." })
      }
      const level = locate(each, at)
      if ('message' in level) {
        userErrors.push(level)
        continue
      }
      entries.push({
        level,
        state: 'available',
        compareName: input.name,
        from: each.changeFromQuantity ?? null,
        // Setting on hand moves `available`; what is committed stays.
        deltaOf: () => each.quantity - (input.name === 'on_hand' ? onHand(level) : level.quantities.available),
        ledgerDocumentUri: null,
      })
    }
    return userErrors.length > 0 ? { group: null, userErrors } : apply(input, 'quantities', entries)
  }

  const adjust = (input: AdjustInput): Result => {
    const userErrors = checkCommon(input, adjustable, 'INVALID_QUANTITY_NAME')
    const entries: Entry[] = []
    for (const [index, each] of input.changes.entries()) {
      const at = ['input', 'changes', String(index)]
      const document = each.ledgerDocumentUri ?? null
      if (input.name === 'available' && document !== null) {
        const message = 'A ledger document URI is not allowed when adjusting available.'
        userErrors.push({ code: 'INVALID_AVAILABLE_DOCUMENT', field: [...at, 'ledgerDocumentUri'], message })
      }
      if (input.name !== 'available' && document === null) {
        const message = 'A ledger document URI is required except when adjusting available.'
        userErrors.push({ code: 'INVALID_QUANTITY_DOCUMENT', field: [...at, 'ledgerDocumentUri'], message })
      }
      const level = locate(each, at)
      if ('message' in level) {
        userErrors.push(level)
        continue
      }
      const after = adjustable.includes(input.name) ? quantityOf(level, input.name) + each.delta : 0
      if (Math.abs(after) > maxAdjustedQuantity) {
        const code = after > 0 ? 'INVALID_QUANTITY_TOO_HIGH' : 'INVALID_QUANTITY_TOO_LOW'
        userErrors.push({ code, field: [...at, 'delta'], message: 'The quantity is outside of -2,000,000,000 to 2,000,000,000.' })
      }
      entries.push({
        level,
        state: input.name as QuantityState,
        compareName: input.name,
        from: each.changeFromQuantity ?? null,
        deltaOf: () => each.delta,
        ledgerDocumentUri: document,
      })
    }
    return userErrors.length > 0 ? { group: null, userErrors } : apply(input, 'changes', entries)
  }

  const keyed = (operation: string, args: unknown, info: GraphQLResolveInfo, execute: () => Result): Node => {
    const keep = (result: Result): boolean => result.userErrors.length === 0 || (options.refusalConsumesKey ?? true)
    const { kind, result } = keys.run(operation, requiredKey(info), args, shop.nowMs(), execute, keep)
    if (kind !== 'mismatch' && result) return { inventoryAdjustmentGroup: result.group, userErrors: result.userErrors }
    const mismatch: UserError = {
      code: 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH',
      field: null,
      message: 'The same idempotency key cannot be used with different operation parameters.',
    }
    return { inventoryAdjustmentGroup: null, userErrors: [mismatch] }
  }

  interface ActivateArguments {
    readonly inventoryItemId: string
    readonly locationId: string
    readonly available?: number | null
    readonly onHand?: number | null
  }
  const activate = (args: ActivateArguments): { readonly level: Level | null; readonly userErrors: readonly UserError[] } => {
    const refuse = (field: string, message: string) => ({ level: null, userErrors: [{ field: [field], message }] })
    const item = stock.item(parseGid('InventoryItem', args.inventoryItemId) ?? '')
    if (!item) return refuse('inventoryItemId', "The product couldn't be stocked because it wasn't found.")
    const location = stock.location(parseGid('Location', args.locationId) ?? '')
    if (!location) return refuse('locationId', "The location couldn't be found.")
    const known = item.levels.get(location.id)
    const wanted = args.available ?? args.onHand ?? null
    if (args.available != null && args.onHand != null) return refuse('available', 'Only one of available and onHand can be given.')
    if (known && wanted !== null) {
      return refuse('available', 'Not allowed to set available quantity when the item is already active at the location.')
    }
    const level = known ?? stock.connect(item, location, shop.nowMs())
    if (wanted !== null) shop.write([{ level, state: 'available', delta: wanted }])
    return { level, userErrors: [] }
  }

  return {
    inventorySetQuantities: ({ input }: { readonly input: SetInput }, _: unknown, info: GraphQLResolveInfo): Node => {
      checkForm('inventorySetQuantities', 'quantities', 'InventoryQuantityInput', input.quantities)
      return keyed('inventorySetQuantities', input, info, () => set(input))
    },
    inventoryAdjustQuantities: ({ input }: { readonly input: AdjustInput }, _: unknown, info: GraphQLResolveInfo): Node => {
      checkForm('inventoryAdjustQuantities', 'changes', 'InventoryChangeInput', input.changes)
      return keyed('inventoryAdjustQuantities', input, info, () => adjust(input))
    },
    inventoryActivate: (args: ActivateArguments, _: unknown, info: GraphQLResolveInfo): Node => {
      const { kind, result } = keys.run(
        'inventoryActivate',
        requiredKey(info),
        args,
        shop.nowMs(),
        () => activate(args),
        () => true,
      )
      if (kind === 'mismatch' || !result) {
        return {
          inventoryLevel: null,
          userErrors: [{ field: null, message: 'The same idempotency key cannot be used with different operation parameters.' }],
        }
      }
      return { inventoryLevel: result.level ? present.level(result.level) : null, userErrors: result.userErrors }
    },
  }
}
