// The Amazon Vendor Central channel: direct-fulfilment quantities and orders, retail purchase orders. Composition only; README.md says what
// the platform does that surprises.
import type { ChannelId } from '../../domain/ids.ts'
import type { ChannelAdapter, DiscoveredListing } from '../../ports/channel.ts'
import { createSpApiClient, type SpApiPorts } from '../sp-api/client.ts'
import { type Gunzip, gunzip } from '../sp-api/gunzip.ts'
import { createAnswers } from './answer.ts'
import { checkAccount } from './check.ts'
import type { AmazonVendorConfig } from './config.ts'
import { nothingInbound } from './inbound.ts'
import { createInventory } from './inventory.ts'
import { buckets, maxUpdatesAtOnce, operations } from './limits.ts'
import { parseVendorListing } from './listing.ts'
import { createOrderPoller, directStream, retailStream } from './poll.ts'
import { createSentUpdates } from './sent-updates.ts'
import { sweepVendor } from './sweep.ts'
import { createTransactions, directTransaction, retailTransaction } from './transactions.ts'

/** Vendor Central has no API that lists offers: listings come by import. */
const nothingToDiscover = async function* (): AsyncGenerator<readonly DiscoveredListing[]> {}

export type AmazonVendorPorts = SpApiPorts & {
  /** In place of zlib's: for deterministic runs. */
  readonly gunzip?: Gunzip
}

export const createAmazonVendor = (config: AmazonVendorConfig, ports: AmazonVendorPorts): ChannelAdapter => {
  const { clock, observer } = ports
  const { settings } = config
  const channel = config.id as ChannelId
  const client = createSpApiClient({
    endpoint: config.endpoint,
    lwaEndpoint: config.lwaEndpoint,
    credentials: { clientId: config.clientId, clientSecret: config.clientSecret, refreshToken: config.refreshToken },
    buckets,
    ports,
  })
  const streams = [...(config.directFulfilment ? [directStream] : []), ...(config.retail ? [retailStream] : [])]
  const transactions = createTransactions(client, clock)
  const sent = createSentUpdates()
  const inventory = createInventory(client, transactions, ports, {
    sellingPartyId: config.sellingPartyId,
    itemsPerUpdate: settings.itemsPerUpdate,
    warehouses: Math.max(1, config.warehouses.length),
    transaction: directTransaction(settings.updateDoneAfterMs),
    sent,
  })
  const answers = createAnswers(client, transactions, clock, {
    codes: settings,
    directTransaction: directTransaction(settings.acknowledgementDoneAfterMs),
    retailTransaction: retailTransaction(settings.acknowledgementDoneAfterMs),
  })
  const poller = createOrderPoller(
    client,
    { channel, sellingPartyId: config.sellingPartyId, acknowledgeWithinMs: settings.acknowledgeWithinMs },
    streams,
    settings,
    { clock, observer },
  )
  const rules = {
    directFulfilment: config.directFulfilment,
    retail: config.retail,
    warehouseIds: new Set(config.warehouses.map((each) => each.warehouseId)),
  }
  const maxPushItems = maxUpdatesAtOnce * settings.itemsPerUpdate

  /** An order may be of either kind: only what both can take is promised. */
  const acknowledgeCapacity = () => {
    const sides = [
      ...(config.directFulfilment ? [client.capacity(operations.submitAcknowledgement)] : []),
      ...(config.retail ? [client.capacity(operations.submitPurchaseOrderAcknowledgement)] : []),
    ]
    return { items: Math.min(...sides.map((each) => each.items)), retryAtMs: Math.max(...sides.map((each) => each.retryAtMs)) }
  }

  return {
    channel,
    platform: 'amazon-vendor',
    capabilities: {
      maxPushItems,
      // Nothing can be read back.
      maxReadItems: 1,
      readable: false,
      settles: true,
      keyRetentionMs: 0,
      selfDecrement: config.selfDecrement,
      streams,
      pollEveryMs: Object.fromEntries(
        streams.map((stream) => [stream, stream === directStream ? settings.ordersEveryMs : settings.purchaseOrdersEveryMs]),
      ),
      acknowledges: true,
    },
    parseListing: (externalId) => parseVendorListing(externalId, rules),
    capacity: (operation) => {
      if (operation === 'push') return inventory.capacity()
      if (operation === 'settle') return client.capacity(operations.getTransactionStatus)
      if (operation === 'acknowledge') return acknowledgeCapacity()
      return { items: 1, retryAtMs: clock.nowMs() }
    },
    push: (items, signal) => inventory.push(items, signal),
    read: async (externalIds) =>
      externalIds.map(() => ({
        kind: 'failed',
        code: 'not-found',
        message: 'Amazon has no operation that tells what a vendor quantity is: it can be written, not read',
      })),
    settle: (submissionIds, signal) => inventory.settle(submissionIds, signal),
    pollOrders: (request) => poller.poll(request),
    fetchOrders: (orderIds, signal) => poller.fetch(orderIds, signal),
    interpret: () => nothingInbound,
    webhook: null,
    queue: null,
    subscribe: async () => {},
    acknowledge: (orders, signal) => answers.send(orders, signal),
    settleAcknowledgements: (transactionIds, signal) => answers.settle(transactionIds, signal),
    discover: nothingToDiscover,
    check: (signal) => checkAccount(poller, streams, config, signal),
    sweep: (request) =>
      sweepVendor(
        {
          api: client,
          fetch: ports.fetch,
          clock,
          gunzip: ports.gunzip ?? gunzip,
          sent,
          // Only what Amazon says counts here.
          transaction: directTransaction(null),
          reports: settings.reports,
        },
        request,
      ),
  }
}
