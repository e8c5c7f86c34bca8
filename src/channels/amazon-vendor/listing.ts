// External ids of this channel, strict in both directions:
//   df/{warehouseId}/{vendorProductIdentifier}[#{ASIN}]      direct fulfilment, one offer in one warehouse
//   df/{warehouseId}/asin:{ASIN}                             the same, addressed by ASIN: for vendors whose own numbers Amazon refuses
//   retail/{vendorProductIdentifier}[#{ASIN}]                purchase orders
//   retail/asin:{ASIN}
// The part before `#` is the external id; the ASIN adds a second key, because an order line may name either. A product number may
// contain `/` but not `#`.
import { BelayError } from '../../domain/errors.ts'
import { isIdText } from '../../domain/ids.ts'
import type { ListingAddress } from '../../ports/channel.ts'

const asinPrefix = 'asin:'
const asinShape = /^[A-Z0-9]{10}$/

export interface Identifiers {
  readonly vendorProductIdentifier: string | null
  readonly asin: string | null
}

/** Where an offer lives: `df/{warehouseId}` or `retail`. */
export const directPlace = (warehouseId: string): string => `df/${warehouseId}`
export const retailPlace = 'retail'

/** Keys under which an order line may find its listing: the vendor's number before the ASIN. */
export const lineKeys = (place: string, identifiers: Identifiers): readonly string[] => [
  ...(identifiers.vendorProductIdentifier === null ? [] : [`${place}/${identifiers.vendorProductIdentifier}`]),
  ...(identifiers.asin === null ? [] : [`${place}/${asinPrefix}${identifiers.asin}`]),
]

/** What an external id without its `#` names. Null: not one of direct fulfilment. */
export const directTarget = (externalId: string): { readonly warehouseId: string; readonly identifiers: Identifiers } | null => {
  const [, warehouseId, product] = /^df\/([^/#\s]+)\/([^#]+)$/.exec(externalId) ?? []
  if (warehouseId === undefined || product === undefined) return null
  const asin = product.startsWith(asinPrefix) ? product.slice(asinPrefix.length) : null
  return { warehouseId, identifiers: asin === null ? { vendorProductIdentifier: product, asin } : { vendorProductIdentifier: null, asin } }
}

export interface ListingRules {
  readonly directFulfilment: boolean
  readonly retail: boolean
  readonly warehouseIds: ReadonlySet<string>
}

const formats =
  'write df/{warehouseId}/{vendor product number} or retail/{vendor product number}, optionally with #{ASIN} at the end, or asin:{ASIN} in place of the number'

const invalid = (externalId: string, why: string, fix: string = formats): BelayError =>
  new BelayError('listing-address-invalid', `"${externalId.slice(0, 200)}" is not a listing of this vendor account: ${why}`, { fix })

const checkedAsin = (externalId: string, asin: string): string => {
  if (!asinShape.test(asin)) throw invalid(externalId, `"${asin.slice(0, 40)}" is not an ASIN (10 capital letters and digits)`)
  return asin
}

export const parseVendorListing = (externalId: string, rules: ListingRules): ListingAddress => {
  if (!isIdText(externalId)) throw invalid(externalId, 'it is empty, too long, or has white space at an end or control characters')
  const [own = '', asinText, ...more] = externalId.split('#')
  if (more.length > 0) throw invalid(externalId, 'it has more than one "#"')
  const asin = asinText === undefined ? null : checkedAsin(externalId, asinText)

  const direct = own.startsWith('df/')
  const target = direct ? directTarget(own) : null
  const product = direct
    ? own.slice(`df/${target?.warehouseId ?? ''}/`.length)
    : own.startsWith('retail/')
      ? own.slice('retail/'.length)
      : null
  if (product === null) throw invalid(externalId, 'it begins with neither df/ nor retail/')
  if ((direct && target === null) || !isIdText(product)) throw invalid(externalId, 'a part of it is missing or has white space at an end')
  if (product.startsWith(asinPrefix)) {
    checkedAsin(externalId, product.slice(asinPrefix.length))
    if (asin !== null) throw invalid(externalId, 'it names an ASIN twice')
  }
  if (target !== null && !rules.warehouseIds.has(target.warehouseId))
    throw invalid(
      externalId,
      `the warehouse ${target.warehouseId} is not in this channel's configuration`,
      'add it under warehouses, or correct it',
    )
  if (direct ? !rules.directFulfilment : !rules.retail)
    throw invalid(
      externalId,
      `${direct ? 'direct fulfilment' : 'retail'} is turned off for this channel`,
      'turn it on in the configuration',
    )

  const place = target === null ? retailPlace : directPlace(target.warehouseId)
  return {
    externalId: own,
    keys: asin === null ? [own] : [own, `${place}/${asinPrefix}${asin}`],
    fulfilment: direct ? 'DF' : 'retail',
    writeClass: direct ? 'absolute-set' : 'ask-first',
  }
}
