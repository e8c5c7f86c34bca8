// Listings Items API 2021-08-01: patchListingsItem, getListingsItem, searchListingsItems.
// A patch is answered at once and takes effect later, each after a delay of its own, so that two patches of one SKU may take effect in
// either order; ACCEPTED says nothing about the effect. A patch of a SKU that the seller does not have is ACCEPTED too and changes
// nothing (a listing may be built up by patches in any order: Amazon's stated behaviour). Reads show the live quantity.
import type { FaultPlan, SimulatorPorts } from '../simulator.ts'
import type { Agenda } from '../sp-api/agenda.ts'
import { amountOf } from '../sp-api/amount.ts'
import { chance, type DelayRange, delayMs, pick } from '../sp-api/chance.ts'
import { type Answer, answered, type Endpoint, invalid, refusal } from '../sp-api/gateway.ts'
import { type Arguments, loadOperation } from '../sp-api/operation.ts'
import { createPages } from '../sp-api/paging.ts'
import { meaningOf, type PatchOperation } from './fulfilment-patch.ts'
import type { Offer, Shop } from './shop.ts'

/** Listings Items API 2021-08-01, searchListingsItems: at most 1,000 results can be reached by paging; pageSize 10 unless told. */
const maxReachable = 1_000
const defaultPageSize = 10
/** Not documented; long enough for any walk through 100 pages at 5 requests a second. */
const pageLifetimeMs = 3_600_000

export interface ListingsOptions {
  readonly sellerId: string
  readonly marketplaceId: string
  readonly shop: Shop
  readonly agenda: Agenda
  readonly ports: SimulatorPorts
  readonly faults: FaultPlan
  readonly processing: DelayRange
}

const isoTime = (ms: number): string => new Date(ms).toISOString()

/** Without stock, or switched off, it cannot be bought; switched off, it is not shown either. */
const statusOf = (offer: Offer): readonly string[] =>
  offer.isInactive ? [] : offer.liveQuantity > 0 ? ['BUYABLE', 'DISCOVERABLE'] : ['DISCOVERABLE']

/** Amazon-fulfilled listings tell no quantity here [listingsItems model: quantity is optional; FBA stock is told by the FBA APIs]. */
const availabilityOf = (offer: Offer): unknown =>
  offer.fulfilment === 'FBA'
    ? { fulfillmentChannelCode: 'AMAZON_EU' }
    : { fulfillmentChannelCode: 'DEFAULT', quantity: Math.max(0, offer.liveQuantity) }

const attributesOf = (offer: Offer, marketplaceId: string): unknown => ({
  fulfillment_availability: [
    offer.fulfilment === 'FBA'
      ? { fulfillment_channel_code: 'AMAZON_EU' }
      : { fulfillment_channel_code: 'DEFAULT', quantity: offer.acceptedQuantity },
  ],
  ...(offer.unitsPerListing === 1 ? {} : { item_package_quantity: [{ value: offer.unitsPerListing, marketplace_id: marketplaceId }] }),
})

const itemOf = (offer: Offer, parts: readonly string[], marketplaceId: string): unknown => {
  const item: Record<string, unknown> = { sku: offer.sku }
  if (parts.includes('summaries'))
    item['summaries'] = [
      {
        marketplaceId,
        asin: offer.asin,
        productType: 'PRODUCT',
        conditionType: 'new_new',
        status: statusOf(offer),
        itemName: offer.title,
        createdDate: isoTime(offer.createdAtMs),
        lastUpdatedDate: isoTime(offer.updatedAtMs),
      },
    ]
  if (parts.includes('attributes')) item['attributes'] = attributesOf(offer, marketplaceId)
  if (parts.includes('issues')) item['issues'] = []
  if (parts.includes('offers')) item['offers'] = [{ marketplaceId, offerType: 'B2C', price: amountOf(offer.priceMinor, offer.currency) }]
  if (parts.includes('fulfillmentAvailability')) item['fulfillmentAvailability'] = [availabilityOf(offer)]
  if (parts.includes('productTypes')) item['productTypes'] = [{ marketplaceId, productType: 'PRODUCT' }]
  return item
}

const includedData = (call: Arguments): readonly string[] => (call.query['includedData'] as readonly string[] | undefined) ?? ['summaries']

export const listingsEndpoints = (options: ListingsOptions): readonly Endpoint[] => {
  const { sellerId, marketplaceId, shop, agenda, ports, faults } = options
  const pages = createPages<string>(ports.clock, ports.random, pageLifetimeMs)

  const wrongAccount = (call: Arguments): Answer | null => {
    const marketplaces = call.query['marketplaceIds'] as readonly string[]
    return call.path['sellerId'] === sellerId && marketplaces.includes(marketplaceId)
      ? null
      : refusal(400, 'InvalidInput', "Invalid 'sellerId' and 'marketplaceId' combination provided.", 'sellerId, marketplaceIds')
  }

  const patch = (call: Arguments): Answer => {
    const wrong = wrongAccount(call)
    if (wrong) return wrong
    const { patches } = call.body as { readonly patches: readonly PatchOperation[] }
    const sku = call.path['sku'] ?? ''
    const submission = { sku, submissionId: pick(ports.random, '0123456789abcdef', 32) }
    const parts = (call.query['includedData'] as readonly string[] | undefined) ?? ['issues']
    const preview = call.query['mode'] === 'VALIDATION_PREVIEW'
    if (parts.includes('identifiers') && !preview) return invalid('includedData', 'may name identifiers only in validation previews')
    const meaning = meaningOf(patches)
    if ('issues' in meaning) return answered(200, { ...submission, status: 'INVALID', issues: meaning.issues })
    const offer = shop.offers.get(sku)
    if (preview) {
      const identifiers = parts.includes('identifiers') ? { identifiers: [{ marketplaceId, ...(offer ? { asin: offer.asin } : {}) }] } : {}
      return answered(200, { ...submission, status: 'VALID', issues: [], ...identifiers })
    }
    const { quantity } = meaning
    if (offer && quantity !== null) {
      offer.acceptedQuantity = quantity
      const isLost = offer.writesToLose > 0
      if (isLost) offer.writesToLose -= 1
      const takesEffect = !chance(ports.random, faults.acceptedNeverApplied) && !isLost
      const atMs = ports.clock.nowMs() + delayMs(ports.random, options.processing)
      if (takesEffect)
        agenda.at(atMs, (effectiveAtMs) => {
          // Not to a listing that was deleted meanwhile.
          if (shop.offers.get(sku) !== offer) return
          // A quantity for DEFAULT makes an Amazon-fulfilled listing merchant-fulfilled.
          offer.fulfilment = 'MFN'
          shop.write(offer, quantity, effectiveAtMs)
        })
    }
    return answered(200, { ...submission, status: 'ACCEPTED', issues: [] })
  }

  const get = (call: Arguments): Answer => {
    const wrong = wrongAccount(call)
    if (wrong) return wrong
    const sku = call.path['sku'] ?? ''
    const offer = shop.offers.get(sku)
    if (!offer) return refusal(404, 'NOT_FOUND', `SKU '${sku}' not found in marketplace ${marketplaceId}`)
    return answered(200, itemOf(offer, includedData(call), marketplaceId))
  }

  const found = (call: Arguments): readonly Offer[] | Answer => {
    const { identifiers, identifiersType, withStatus, withoutStatus, lastUpdatedAfter, sortBy, sortOrder } = call.query as {
      readonly identifiers?: readonly string[]
      readonly identifiersType?: string
      readonly withStatus?: readonly string[]
      readonly withoutStatus?: readonly string[]
      readonly lastUpdatedAfter?: string
      readonly sortBy?: 'sku' | 'createdDate' | 'lastUpdatedDate'
      readonly sortOrder?: string
    }
    if (identifiers && identifiersType !== 'SKU')
      return invalid('identifiersType', 'must be SKU in this simulator when identifiers are given')
    const offers = identifiers ? [...new Set(identifiers)].flatMap((sku) => shop.offers.get(sku) ?? []) : [...shop.offers.values()]
    const kept = offers.filter(
      (offer) =>
        (withStatus?.every((status) => statusOf(offer).includes(status)) ?? true) &&
        !(withoutStatus?.some((status) => statusOf(offer).includes(status)) ?? false) &&
        (lastUpdatedAfter === undefined || offer.updatedAtMs >= Date.parse(lastUpdatedAfter)),
    )
    const direction = sortOrder === 'ASC' ? 1 : -1
    const keyOf = (offer: Offer): number => (sortBy === 'createdDate' ? offer.createdAtMs : offer.updatedAtMs)
    const bySku = (a: Offer, b: Offer): number => (a.sku < b.sku ? -1 : a.sku > b.sku ? 1 : 0)
    return kept.sort((a, b) => direction * ((sortBy === 'sku' ? 0 : keyOf(a) - keyOf(b)) || bySku(a, b)))
  }

  const search = (call: Arguments): Answer => {
    const wrong = wrongAccount(call)
    if (wrong) return wrong
    const unsupported = [
      'variationParentSku',
      'packageHierarchySku',
      'createdAfter',
      'createdBefore',
      'lastUpdatedBefore',
      'withIssueSeverity',
    ]
    const refused = unsupported.find((name) => call.query[name] !== undefined)
    if (refused !== undefined) return invalid(refused, 'is not served by this simulator')
    const matching = found(call)
    if (!Array.isArray(matching)) return matching as Answer
    const offers = matching as readonly Offer[]
    const { pageToken, pageSize = defaultPageSize } = call.query as { readonly pageToken?: string; readonly pageSize?: number }
    if (pageSize < 1) return invalid('pageSize', 'must be at least 1')
    const filter = JSON.stringify({ ...call.query, pageToken: undefined, pageSize: undefined, includedData: undefined })
    const reachable = offers.slice(0, maxReachable).map((offer) => offer.sku)
    const page = pageToken === undefined ? pages.first(reachable, pageSize, filter) : pages.next(pageToken, pageSize, filter)
    if ('refused' in page) return invalid('pageToken', `is not valid: ${page.refused}`)
    const parts = includedData(call)
    return answered(200, {
      numberOfResults: offers.length,
      ...(page.nextToken === null ? {} : { pagination: { nextToken: page.nextToken } }),
      items: page.items.flatMap((sku) => {
        const offer = shop.offers.get(sku)
        return offer ? [itemOf(offer, parts, marketplaceId)] : []
      }),
    })
  }

  const endpoint = (operationId: string, writes: boolean, handle: Endpoint['handle']): Endpoint => ({
    operation: loadOperation('listings', operationId),
    access: 'partner',
    writes,
    handle,
  })
  return [
    endpoint('patchListingsItem', true, patch),
    endpoint('getListingsItem', false, get),
    endpoint('searchListingsItems', false, search),
  ]
}
