// The inputs of the inventory mutations and what is refused about them before any stock is looked at. Codes are those of
// InventorySetQuantitiesUserErrorCode and InventoryAdjustQuantitiesUserErrorCode (2026-10).
import { GraphQLError } from 'graphql'

export interface UserError {
  readonly code?: string
  readonly field: readonly string[] | null
  readonly message: string
}

export interface SetInput {
  readonly name: string
  readonly reason: string
  readonly referenceDocumentUri?: string | null
  readonly quantities: readonly {
    readonly inventoryItemId: string
    readonly locationId: string
    readonly quantity: number
    readonly changeFromQuantity?: number | null
  }[]
}

export interface AdjustInput {
  readonly name: string
  readonly reason: string
  readonly referenceDocumentUri?: string | null
  readonly changes: readonly {
    readonly inventoryItemId: string
    readonly locationId: string
    readonly delta: number
    readonly changeFromQuantity?: number | null
    readonly ledgerDocumentUri?: string | null
  }[]
}

/** [shopify.dev/api/usage/limits] */
const maxArrayItems = 250
/** [schema: InventorySetQuantitiesUserErrorCode, InventoryAdjustQuantitiesUserErrorCode] */
export const maxSetQuantity = 1_000_000_000
export const maxAdjustedQuantity = 2_000_000_000

/** [cdata.com help of inventorysetquantities] */
const reasons = new Set([
  'correction',
  'cycle_count_available',
  'damaged',
  'movement_created',
  'movement_updated',
  'movement_received',
  'movement_canceled',
  'other',
  'promotion',
  'quality_control',
  'received',
  'reservation_created',
  'reservation_deleted',
  'reservation_updated',
  'restock',
  'safety_stock',
  'shrinkage',
])

export const adjustable: readonly string[] = ['available', 'damaged', 'incoming', 'quality_control', 'reserved', 'safety_stock']

export const checkForm = (mutation: string, list: string, type: string, entries: readonly object[]): void => {
  if (entries.length > maxArrayItems) {
    throw new GraphQLError(`The input array size of ${entries.length} is greater than the maximum allowed of ${maxArrayItems}.`, {
      path: [mutation, 'input', list],
      extensions: { code: 'MAX_INPUT_SIZE_EXCEEDED' },
    })
  }
  // Required since 2026-04 though the schema says it may be left out; message as observed by a public project in 2026-05.
  if (entries.some((each) => !Object.hasOwn(each, 'changeFromQuantity'))) {
    throw new GraphQLError(`${type} must include the following argument: changeFromQuantity.`, {
      extensions: { code: 'INVALID_FIELD_ARGUMENTS' },
    })
  }
}

/** What every write needs: a known quantity name, a known reason, a document that is a URI. */
export const checkCommon = (input: SetInput | AdjustInput, names: readonly string[], nameCode: string): UserError[] => {
  const errors: UserError[] = []
  if (!names.includes(input.name)) {
    errors.push({ code: nameCode, field: ['input', 'name'], message: `The quantity name must be one of: ${names.join(', ')}.` })
  }
  if (!reasons.has(input.reason))
    errors.push({ code: 'INVALID_REASON', field: ['input', 'reason'], message: 'The specified reason is invalid.' })
  const uri = input.referenceDocumentUri
  if (uri != null && !/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(uri)) {
    errors.push({
      code: 'INVALID_REFERENCE_DOCUMENT',
      field: ['input', 'referenceDocumentUri'],
      message: 'The specified reference document is not a valid URI.',
    })
  }
  return errors
}
