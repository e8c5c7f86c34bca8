// Support for tests: a small seller account on a virtual clock, and a caller that holds every answer to the contracts.
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { seededRandom } from '../world/seeded-random.ts'
import type { Simulator } from '../simulator.ts'
import { type ContractCaller, createContractCaller, testCredentials } from '../sp-api/contract-caller.ts'
import { loadOperation } from '../sp-api/operation.ts'
import { type AmazonSellerOptions, createAmazonSellerSimulator } from './index.ts'

export const sellerId = 'A1SELLER'
export const marketplaceId = 'A1PA6795UKMFR9'
export const queueName = 'belay-notifications'
export const queueArn = `arn:aws:sqs:eu-west-1:000000000000:${queueName}`
export const awsKeys = { accessKeyId: 'AKIATESTS', secretAccessKey: 'secret-of-the-tests' }

const sellerOperations = [
  loadOperation('listings', 'patchListingsItem'),
  loadOperation('listings', 'getListingsItem'),
  loadOperation('listings', 'searchListingsItems'),
  loadOperation('reports', 'createReport'),
  loadOperation('reports', 'getReport'),
  loadOperation('reports', 'getReportDocument'),
  loadOperation('fbaInventory', 'getInventorySummaries'),
  loadOperation('orders', 'searchOrders'),
  loadOperation('orders', 'getOrder'),
  loadOperation('sellers', 'getMarketplaceParticipations'),
  loadOperation('notifications', 'getDestinations'),
  loadOperation('notifications', 'createDestination'),
  loadOperation('notifications', 'getSubscription'),
  loadOperation('notifications', 'createSubscription'),
  loadOperation('tokens', 'createRestrictedDataToken'),
]

export interface SampleAccount {
  readonly clock: VirtualClock
  readonly simulator: Simulator
  readonly caller: ContractCaller
}

export const sampleItem = (sku: string, quantity: number): AmazonSellerOptions['catalogue'][number] => ({
  sku,
  title: `Title of ${sku}`,
  priceMinor: 1_999,
  currency: 'EUR',
  quantity,
})

export const sampleAccount = (options: Partial<AmazonSellerOptions> = {}, seed = 1): SampleAccount => {
  const clock = createVirtualClock(undefined, 2)
  const simulator = createAmazonSellerSimulator({
    sellerId,
    marketplaceId,
    credentials: testCredentials,
    catalogue: [sampleItem('MUG', 10), sampleItem('A/B #1', 3)],
    aws: { ...awsKeys, queueName, region: 'eu-west-1' },
    orderVisibilityMs: 0,
    ports: {
      clock,
      random: seededRandom(seed),
      fetch: () => Promise.reject(new Error('a seller simulator calls nobody')),
    },
    ...options,
  })
  return { clock, simulator, caller: createContractCaller(simulator, sellerOperations) }
}

export const patchBody = (quantity: number, op = 'merge'): unknown => ({
  productType: 'PRODUCT',
  patches: [{ op, path: '/attributes/fulfillment_availability', value: [{ fulfillment_channel_code: 'DEFAULT', quantity }] }],
})

export const itemPath = (sku: string): string => `/listings/2021-08-01/items/${sellerId}/${encodeURIComponent(sku)}`

/** Subscribes to both notification types, in the way a hub does it. */
export const subscribe = async ({ caller }: SampleAccount): Promise<void> => {
  const grantless = await caller.token('sellingpartnerapi::notifications')
  const created = await caller.call('POST', '/notifications/v1/destinations', {
    token: grantless,
    body: { name: 'hub', resourceSpecification: { sqs: { arn: queueArn } } },
  })
  const { destinationId } = (created.body as { readonly payload: { readonly destinationId: string } }).payload
  for (const type of ['ORDER_CHANGE', 'LISTINGS_ITEM_MFN_QUANTITY_CHANGE'])
    await caller.call('POST', `/notifications/v1/subscriptions/${type}`, { body: { payloadVersion: '1.0', destinationId } })
}
