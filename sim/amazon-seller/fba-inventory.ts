// FBA Inventory v1, getInventorySummaries: Amazon's own stock of the listings that Amazon fulfils. The pool of Europe is one: every European
// marketplace is told the same sums, so that adding them up multiplies the stock. Tokens of further pages live 30 seconds.
import type { SimulatorPorts } from '../simulator.ts'
import { type Answer, answered, type Endpoint, refusal } from '../sp-api/gateway.ts'
import { type Arguments, loadOperation } from '../sp-api/operation.ts'
import { createPages } from '../sp-api/paging.ts'
import type { Offer, Shop } from './shop.ts'

/** Not documented. */
const pageSize = 50
const tokenLivesMs = 30_000

const summaryOf = (offer: Offer, details: boolean): unknown => ({
  asin: offer.asin,
  fnSku: `X0${offer.asin.slice(2)}`,
  sellerSku: offer.sku,
  condition: 'NewItem',
  ...(details
    ? {
        inventoryDetails: {
          fulfillableQuantity: offer.liveQuantity,
          inboundWorkingQuantity: 0,
          inboundShippedQuantity: 0,
          inboundReceivingQuantity: 0,
          reservedQuantity: {
            totalReservedQuantity: 0,
            pendingCustomerOrderQuantity: 0,
            pendingTransshipmentQuantity: 0,
            fcProcessingQuantity: 0,
          },
        },
      }
    : {}),
  lastUpdatedTime: new Date(offer.updatedAtMs).toISOString(),
  productName: offer.title,
  totalQuantity: offer.liveQuantity,
})

export const fbaInventoryEndpoint = (options: {
  readonly marketplaceIds: readonly string[]
  readonly shop: Shop
  readonly ports: SimulatorPorts
}): Endpoint => {
  const { shop, ports } = options
  const pages = createPages<string>(ports.clock, ports.random, tokenLivesMs)
  const wrong = (message: string): Answer => refusal(400, 'InvalidInput', message)
  const handle = (call: Arguments): Answer => {
    const {
      details = false,
      granularityId,
      marketplaceIds,
      nextToken,
      sellerSkus,
      startDateTime,
    } = call.query as {
      readonly details?: boolean
      readonly granularityId: string
      readonly marketplaceIds: readonly string[]
      readonly nextToken?: string
      readonly sellerSkus?: readonly string[]
      readonly startDateTime?: string
    }
    if (marketplaceIds[0] !== granularityId) return wrong('granularityId and marketplaceIds must name the same marketplace')
    if (!options.marketplaceIds.includes(granularityId)) return wrong('The account does not take part in this marketplace')
    if (startDateTime !== undefined) return wrong('startDateTime is not served by this simulator')
    const own = [...shop.offers.values()].filter((offer) => offer.fulfilment === 'FBA' && (sellerSkus?.includes(offer.sku) ?? true))
    const filter = `${granularityId} ${sellerSkus?.join(',') ?? ''}`
    const skus = own.map((offer) => offer.sku)
    const page = nextToken === undefined ? pages.first(skus, pageSize, filter) : pages.next(nextToken, pageSize, filter)
    if ('refused' in page) return wrong(`Invalid nextToken: ${page.refused}`)
    return answered(200, {
      ...(page.nextToken === null ? {} : { pagination: { nextToken: page.nextToken } }),
      payload: {
        granularity: { granularityType: 'Marketplace', granularityId },
        inventorySummaries: page.items.flatMap((sku) => {
          const offer = shop.offers.get(sku)
          return offer ? [summaryOf(offer, details)] : []
        }),
      },
    })
  }
  return { operation: loadOperation('fbaInventory', 'getInventorySummaries'), access: 'partner', writes: false, handle }
}
