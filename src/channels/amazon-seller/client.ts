// The requests of this channel, one function each: what goes out and the schema that what comes back must satisfy. An answer that
// does not is `channel-answer-malformed`.
import type { z } from 'zod'
import { BelayError } from '../../domain/errors.ts'
import type { PushItem } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import { notificationsScope, type SpApiCall, type SpApiClient } from '../sp-api/client.ts'
import { answeredStatus } from '../sp-api/errors.ts'
import type { components as ListingsModel } from '../sp-api/generated/listings-items.ts'
import type { components as NotificationsModel } from '../sp-api/generated/notifications.ts'
import type { AmazonSellerConfig } from './config.ts'
import { listingsPageSize, type OrderStream, ordersPageSize, type SellerOperation } from './limits.ts'
import { getListingAnswer, getOrderAnswer, merchantChannelCode, searchListingsAnswer, searchOrdersAnswer, submissionAnswer } from './map.ts'
import { fbaSummaries, sweptListing, sweptListings } from './sweep-map.ts'
import { destinationAnswer, destinationsAnswer, participationsAnswer, subscriptionAnswer } from './setup-answers.ts'

type PatchRequest = ListingsModel['schemas']['ListingsItemPatchRequest']
type SubscriptionRequest = NotificationsModel['schemas']['CreateSubscriptionRequest']
type DestinationRequest = NotificationsModel['schemas']['CreateDestinationRequest']

const sweptData = ['summaries', 'fulfillmentAvailability', 'attributes']

type Call = Omit<SpApiCall, 'operation'> & { readonly operation: SellerOperation }

/** Waits on the clock until the operation may be called, at most `maxWaitMs`; throws `channel-throttled` when that would not do. */
export const awaitCapacity = async (
  client: SpApiClient,
  clock: Clock,
  wait: { readonly operation: SellerOperation; readonly maxWaitMs: number; readonly signal: AbortSignal },
): Promise<void> => {
  const untilMs = clock.nowMs() + wait.maxWaitMs
  for (;;) {
    if (wait.signal.aborted) throw new BelayError('channel-unreachable', `${wait.operation}: stopped before it was sent`)
    const { items, retryAtMs } = client.capacity(wait.operation)
    if (items > 0) return
    if (retryAtMs > untilMs)
      throw new BelayError('channel-throttled', `${wait.operation}: our share of Amazon's rate limit is used up for now`, { retryAtMs })
    // At least a millisecond, so that the wait always ends.
    await clock.sleep(Math.max(1, retryAtMs - clock.nowMs()), wait.signal)
  }
}

export const createSellerClient = (client: SpApiClient, config: AmazonSellerConfig) => {
  const writeMarketplace = config.marketplaceIds[0] ?? ''
  const items = `/listings/2021-08-01/items/${encodeURIComponent(config.sellerId)}`
  const orderData = ['FULFILLMENT', 'CANCELLATION', ...(config.orderAmounts ? ['PROCEEDS'] : [])]

  const call = async <S extends z.ZodType>(schema: S, request: Call): Promise<z.output<S>> => {
    const answer = await client.call<unknown>(request)
    const parsed = schema.safeParse(answer.body)
    if (parsed.success) return parsed.data
    const where = parsed.error.issues.slice(0, 3).map((issue) => issue.path.join('.') || 'body')
    throw new BelayError('channel-answer-malformed', `${request.operation}: the answer is not as the model says (${where.join(', ')})`)
  }
  /** null: Amazon answered 404. */
  const orNull = async <T>(work: Promise<T>): Promise<T | null> => {
    try {
      return await work
    } catch (error) {
      if (answeredStatus(error) === 404) return null
      throw error
    }
  }

  return {
    writeMarketplace,

    /** `merge` changes the quantity alone; `replace` would drop lead time and restock date beside it. */
    patchQuantity: ({ externalId: sku, quantity, sendBeforeMs }: PushItem, signal: AbortSignal) => {
      const body: PatchRequest = {
        productType: config.productType,
        patches: [
          {
            op: 'merge',
            path: '/attributes/fulfillment_availability',
            value: [{ fulfillment_channel_code: merchantChannelCode, quantity }],
          },
        ],
      }
      return call(submissionAnswer, {
        operation: 'patchListingsItem',
        method: 'PATCH',
        path: `${items}/${encodeURIComponent(sku)}`,
        query: { marketplaceIds: [writeMarketplace], issueLocale: config.issueLocale },
        body,
        signal,
        sendBeforeMs,
        write: true,
      })
    },

    getListing: (sku: string, signal: AbortSignal) =>
      orNull(
        call(getListingAnswer, {
          operation: 'getListingsItem',
          method: 'GET',
          path: `${items}/${encodeURIComponent(sku)}`,
          query: { marketplaceIds: [writeMarketplace], includedData: ['fulfillmentAvailability'] },
          signal,
          write: false,
        }),
      ),

    searchBySku: (skus: readonly string[], signal: AbortSignal) =>
      call(searchListingsAnswer, {
        operation: 'searchListingsItems',
        method: 'GET',
        path: items,
        query: {
          marketplaceIds: [writeMarketplace],
          identifiers: skus,
          identifiersType: 'SKU',
          includedData: ['fulfillmentAvailability'],
          pageSize: String(listingsPageSize),
        },
        signal,
        write: false,
      }),

    /** What a sweep tells of: with the state of the listing, and the pack that it sells. */
    sweepBySku: (skus: readonly string[], signal: AbortSignal) =>
      call(sweptListings, {
        operation: 'searchListingsItems',
        method: 'GET',
        path: items,
        query: {
          marketplaceIds: [writeMarketplace],
          identifiers: skus,
          identifiersType: 'SKU',
          includedData: sweptData,
          pageSize: String(listingsPageSize),
        },
        signal,
        write: false,
      }),

    sweepListing: (sku: string, signal: AbortSignal) =>
      orNull(
        call(sweptListing, {
          operation: 'getListingsItem',
          method: 'GET',
          path: `${items}/${encodeURIComponent(sku)}`,
          query: { marketplaceIds: [writeMarketplace], includedData: sweptData },
          signal,
          write: false,
        }),
      ),

    /** Of one marketplace: in Europe each answers the sums of all of them. */
    fbaSummaries: (nextToken: string | undefined, signal: AbortSignal) =>
      call(fbaSummaries, {
        operation: 'getInventorySummaries',
        method: 'GET',
        path: '/fba/inventory/v1/summaries',
        query: {
          details: 'true',
          granularityType: 'Marketplace',
          granularityId: writeMarketplace,
          marketplaceIds: [writeMarketplace],
          nextToken,
        },
        signal,
        write: false,
      }),

    searchPage: (pageToken: string | undefined, pageSize: number, signal: AbortSignal) =>
      call(searchListingsAnswer, {
        operation: 'searchListingsItems',
        method: 'GET',
        path: items,
        query: {
          marketplaceIds: [writeMarketplace],
          includedData: ['summaries', 'fulfillmentAvailability'],
          // By SKU, so that a listing that changes meanwhile does not move between pages.
          sortBy: 'sku',
          sortOrder: 'ASC',
          pageSize: String(pageSize),
          pageToken,
        },
        signal,
        write: false,
      }),

    /**
     * No filter of any kind: a pending order holds stock, and in Europe an order in a marketplace that is not configured takes from
     * the same quantity. With a token all other parameters must be the same as before.
     */
    searchOrders: (
      window: { readonly stream: OrderStream; readonly afterMs: number; readonly beforeMs: number },
      pageSize: number | null,
      paginationToken: string | undefined,
      signal: AbortSignal,
    ) => {
      const after = new Date(window.afterMs).toISOString()
      const before = new Date(window.beforeMs).toISOString()
      return call(searchOrdersAnswer, {
        operation: 'searchOrders',
        method: 'GET',
        path: '/orders/2026-01-01/orders',
        query: {
          ...(window.stream === 'orders'
            ? { createdAfter: after, createdBefore: before }
            : { lastUpdatedAfter: after, lastUpdatedBefore: before }),
          maxResultsPerPage: String(pageSize ?? ordersPageSize),
          includedData: orderData,
          paginationToken,
        },
        signal,
        write: false,
      })
    },

    getOrder: (orderId: string, signal: AbortSignal) =>
      orNull(
        call(getOrderAnswer, {
          operation: 'getOrder',
          method: 'GET',
          path: `/orders/2026-01-01/orders/${encodeURIComponent(orderId)}`,
          query: { includedData: orderData },
          signal,
          write: false,
        }),
      ),

    participations: (signal: AbortSignal) =>
      call(participationsAnswer, {
        operation: 'getMarketplaceParticipations',
        method: 'GET',
        path: '/sellers/v1/marketplaceParticipations',
        signal,
        write: false,
      }),

    getDestinations: (signal: AbortSignal) =>
      call(destinationsAnswer, {
        operation: 'getDestinations',
        method: 'GET',
        path: '/notifications/v1/destinations',
        grantless: notificationsScope,
        signal,
        write: false,
      }),

    createDestination: (name: string, arn: string, signal: AbortSignal) => {
      const body: DestinationRequest = { name, resourceSpecification: { sqs: { arn } } }
      return call(destinationAnswer, {
        operation: 'createDestination',
        method: 'POST',
        path: '/notifications/v1/destinations',
        body,
        grantless: notificationsScope,
        signal,
        write: true,
      })
    },

    getSubscription: (type: string, signal: AbortSignal) =>
      orNull(
        call(subscriptionAnswer, {
          operation: 'getSubscription',
          method: 'GET',
          path: `/notifications/v1/subscriptions/${encodeURIComponent(type)}`,
          signal,
          write: false,
        }),
      ),

    createSubscription: (type: string, destinationId: string, signal: AbortSignal) => {
      const body: SubscriptionRequest = {
        payloadVersion: '1.0',
        destinationId,
        ...(type === 'ORDER_CHANGE'
          ? {
              processingDirective: {
                eventFilter: { eventFilterType: 'ORDER_CHANGE', orderChangeTypes: ['OrderStatusChange', 'BuyerRequestedChange'] },
              },
            }
          : {}),
      }
      return call(subscriptionAnswer, {
        operation: 'createSubscription',
        method: 'POST',
        path: `/notifications/v1/subscriptions/${encodeURIComponent(type)}`,
        body,
        signal,
        write: true,
      })
    },
  }
}

export type SellerClient = ReturnType<typeof createSellerClient>
