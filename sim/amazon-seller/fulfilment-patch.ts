// What a patch of `fulfillment_availability` asks for, by the rules of the Listings Items API 2021-08-01 and its "merge a listing" guide.
// Attributes are written in snake_case and read in camelCase; a patch with the reading names is answered 200 with status INVALID.
// Of a listing's attributes this simulator holds only this one: a patch of another is INVALID here rather than taken and forgotten.

interface Issue {
  readonly code: string
  readonly message: string
  readonly severity: 'ERROR'
  readonly attributeNames: readonly string[]
  readonly categories: readonly string[]
}

export interface PatchOperation {
  readonly op: string
  readonly path: string
  readonly value?: readonly Readonly<Record<string, unknown>>[]
}

/** A merge without a quantity (lead time only) leaves the quantity alone: null. */
export type PatchMeaning = { readonly quantity: number | null } | { readonly issues: readonly Issue[] }

const attribute = 'fulfillment_availability'
const knownFields = new Set([
  'fulfillment_channel_code',
  'quantity',
  'lead_time_to_ship_max_days',
  'restock_date',
  'is_inventory_available',
])

const issue = (code: string, message: string, name: string, category: string): Issue => ({
  code,
  message,
  severity: 'ERROR',
  attributeNames: [name],
  categories: [category],
})

const invalidAttributes = (name: string): Issue => issue('90000900', 'The attributes are invalid.', name, 'INVALID_ATTRIBUTE')

const issuesOfValue = (value: Readonly<Record<string, unknown>>): readonly Issue[] => {
  const unknown = Object.keys(value).find((name) => !knownFields.has(name))
  if (unknown !== undefined) return [invalidAttributes(unknown)]
  const channel = value['fulfillment_channel_code']
  if (typeof channel !== 'string' || channel === '')
    return [issue('90220', "'fulfillment_channel_code' is required but not supplied.", attribute, 'MISSING_ATTRIBUTE')]
  if (channel !== 'DEFAULT')
    return [issue('99022', `'${attribute}' has a channel that this listing is not sold through.`, attribute, 'INVALID_ATTRIBUTE')]
  const quantity = value['quantity']
  if (quantity !== undefined && !(Number.isInteger(quantity) && Number(quantity) >= 0))
    return [issue('90244', "'quantity' must be a whole number of 0 or more.", attribute, 'INVALID_ATTRIBUTE')]
  return []
}

const meaningOfOne = (patch: PatchOperation): PatchMeaning => {
  const name = /^\/attributes\/(?<name>[^/]+)$/.exec(patch.path)?.groups?.['name'] ?? patch.path
  if (name !== attribute) return { issues: [invalidAttributes(name)] }
  if (patch.op === 'delete')
    return { issues: [issue('90000901', 'This simulator does not delete the attribute.', attribute, 'INVALID_ATTRIBUTE')] }
  const values = patch.value ?? []
  if (values.length !== 1) return { issues: [invalidAttributes(attribute)] }
  const issues = values.flatMap(issuesOfValue)
  if (issues.length > 0) return { issues }
  const quantity = values[0]?.['quantity']
  // Replacing the whole attribute by one without a quantity takes the listing off sale.
  return { quantity: typeof quantity === 'number' ? quantity : patch.op === 'merge' ? null : 0 }
}

/** Several patches of one request are taken in order; one that is wrong makes the whole submission INVALID. */
export const meaningOf = (patches: readonly PatchOperation[]): PatchMeaning => {
  let quantity: number | null = null
  const issues: Issue[] = []
  for (const patch of patches) {
    const meaning = meaningOfOne(patch)
    if ('issues' in meaning) issues.push(...meaning.issues)
    else quantity = meaning.quantity ?? quantity
  }
  return issues.length > 0 ? { issues } : { quantity }
}
