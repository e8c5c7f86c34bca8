// Amazon Seller Central behind the channel port: merchant-fulfilled (MFN) listings of one seller account. Guarantees: a push is one
// request and overwrites what Amazon shows; a read tells what Amazon shows; the stream `orders` is complete up to what it says. Does
// not guarantee that an accepted push takes effect: only a read is evidence (write class absolute-set-with-read).
import { BelayError } from '../../domain/errors.ts'
import { isIdText } from '../../domain/ids.ts'
import type { ChannelAdapter, ChannelCapabilities, QueueReceiver, SettleOutcome } from '../../ports/channel.ts'
import { type Gunzip, gunzip } from '../sp-api/gunzip.ts'
import { createSpApiClient, type SpApiPorts } from '../sp-api/client.ts'
import { createSellerClient } from './client.ts'
import { type AmazonSellerSettings, parseAmazonSellerConfig } from './config.ts'
import { acceptMessage, interpretEvent } from './inbound.ts'
import { maxPushItems, maxReadItems, operationLimits } from './limits.ts'
import { discoverListings, pushQuantities, readCapacity, readQuantities } from './listings.ts'
import { fetchOrders, pollOrders } from './orders.ts'
import { createSqsQueue, type MessageQueue } from './queue.ts'
import { check, subscribe } from './setup.ts'
import { sweepAccount } from './sweep.ts'

export type { AmazonSellerSettings } from './config.ts'
export type { MessageQueue, QueueMessage } from './queue.ts'

export type AmazonSellerPorts = SpApiPorts & {
  /** In place of SQS: for tests and simulations. */
  readonly queue?: MessageQueue
  /** In place of zlib's: for deterministic runs. */
  readonly gunzip?: Gunzip
}

const capabilities: Omit<ChannelCapabilities, 'pollEveryMs'> = {
  maxPushItems,
  maxReadItems,
  readable: true,
  settles: false,
  // Amazon knows no idempotency keys: a second attempt is a second write.
  keyRetentionMs: 0,
  selfDecrement: 'documented',
  streams: ['orders', 'changes'],
  acknowledges: false,
}

/** What this channel has not: the engine asks `capabilities` first. */
const notSettling = (ids: readonly string[]): Promise<readonly SettleOutcome[]> =>
  Promise.resolve(
    ids.map(() => ({ kind: 'failed' as const, code: 'channel-rejected' as const, message: 'this channel settles nothing: read instead' })),
  )

export const createAmazonSellerAdapter = (settings: AmazonSellerSettings, ports: AmazonSellerPorts): ChannelAdapter => {
  const config = parseAmazonSellerConfig(settings)
  const { clock } = ports
  const api = createSpApiClient({
    endpoint: config.endpoint,
    lwaEndpoint: config.lwaEndpoint,
    credentials: { clientId: config.clientId, clientSecret: config.clientSecret, refreshToken: config.refreshToken },
    buckets: operationLimits,
    ports,
  })
  const client = createSellerClient(api, config)
  const queue = ports.queue ?? (config.queue === null ? null : createSqsQueue(config.queue, ports))
  const reading = { config, api, client, clock }
  const setup = { config, api, client, clock, queue }

  const receiver: QueueReceiver | null = queue && {
    receive: async (signal) =>
      (await queue.receive(signal)).map((message) => ({
        receipt: message.receipt,
        event: acceptMessage(config.id, message, clock.nowMs()),
      })),
    remove: (receipts) => queue.remove(receipts),
  }

  return {
    channel: config.id,
    platform: 'amazon-seller',
    capabilities: { ...capabilities, pollEveryMs: { orders: config.ordersEveryMs, changes: config.changesEveryMs } },
    parseListing: (externalId) => {
      if (!isIdText(externalId))
        throw new BelayError(
          'listing-address-invalid',
          'an Amazon seller listing is named by its seller SKU, exactly as in Seller Central',
          {
            fix: 'Give 1 to 200 characters without white space at either end, for example MUG-BLUE-01.',
          },
        )
      return { externalId, keys: [externalId], fulfilment: 'MFN', writeClass: 'absolute-set-with-read' }
    },
    capacity: (operation) => {
      if (operation === 'push') return api.capacity('patchListingsItem')
      if (operation === 'read') return readCapacity(api)
      return { items: 0, retryAtMs: clock.nowMs() + 3_600_000 }
    },
    push: (items, signal) => pushQuantities(client, items, signal),
    read: (externalIds, signal) => readQuantities(api, client, externalIds, signal),
    settle: notSettling,
    pollOrders: (request) => pollOrders(reading, request),
    fetchOrders: (orderIds, signal) => fetchOrders(reading, orderIds, signal),
    interpret: (event) => interpretEvent(event, config.sellerId),
    webhook: null,
    queue: receiver,
    subscribe: (_webhookUrl, signal) => subscribe(setup, signal),
    acknowledge: (orders) =>
      Promise.resolve(
        orders.map(() => ({
          kind: 'rejected' as const,
          code: 'channel-rejected' as const,
          message: 'Amazon seller orders are not acknowledged',
          fix: 'Nothing to do.',
        })),
      ),
    settleAcknowledgements: notSettling,
    discover: (signal) => discoverListings(api, client, clock, signal),
    check: (signal) => check(setup, signal),
    sweep: (request) => sweepAccount({ api, config, fetch: ports.fetch, clock, gunzip: ports.gunzip ?? gunzip }, request),
  }
}
