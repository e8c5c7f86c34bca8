// The Shopify channel: Admin GraphQL out, webhooks in. What the platform does that surprises is in README.md beside this.
// Settled at the answer: nothing is accepted and awaited, nothing is acknowledged.
import type { ChannelId } from '../../domain/ids.ts'
import type { ChannelAdapter } from '../../ports/channel.ts'
import { checkAccount, discoverListings, ensureSubscriptions } from './account.ts'
import { parseListing } from './addresses.ts'
import { createClient, type ShopifyPorts } from './client.ts'
import type { ShopifyConfig } from './config.ts'
import { createWebhookReceiver } from './inbound.ts'
import { readLevels } from './levels.ts'
import { interpretEvent, type MapContext } from './map.ts'
import { levels, setQuantities } from './operations.ts'
import { createOrders } from './orders.ts'
import type { RefusedItems } from './push-add.ts'
import { pushItems } from './push.ts'
import { maxItemsPerMutation } from './push-write.ts'
import { sweepShop } from './sweep.ts'
import { createVariantIndex } from './variant-index.ts'

export { configSchema, type ShopifyConfig } from './config.ts'
export type { ShopifyPorts } from './client.ts'

const maxReadItems = 100
/** While only the reserve for decreases is left, still this many items: as decreases they are one mutation together. */
const reservedItems = 50
const neverMs = 24 * 3_600_000

export const createShopify = (config: ShopifyConfig, ports: ShopifyPorts): ChannelAdapter => {
  const { clock } = ports
  const context: MapContext = { channel: config.id as ChannelId, locationIds: config.locations.map((each) => each.shopifyLocationId) }
  const known: ReadonlySet<string> = new Set(context.locationIds)
  const client = createClient(config, ports)
  const variants = createVariantIndex()
  const refused: RefusedItems = new Set()
  let subscribed = false
  const orders = createOrders({ client, context, variants, webhooksTellAmounts: () => subscribed && context.locationIds.length === 1 })

  const pushCapacity = (): { items: number; retryAtMs: number } => {
    const { bucket } = client
    const points = client.costOf(setQuantities, {
      key: '',
      input: { name: 'available', reason: config.reason, referenceDocumentUri: '', quantities: [] },
    })
    const waitMs = bucket.waitMs(points, 'decrease')
    if (waitMs > 0) return { items: 0, retryAtMs: clock.nowMs() + waitMs }
    // Decreases are one mutation together, and so are raises.
    const items = bucket.free('normal') >= points ? maxItemsPerMutation : reservedItems
    return { items, retryAtMs: clock.nowMs() + bucket.queueMs(points) }
  }

  const readCapacity = (): { items: number; retryAtMs: number } => {
    const points = client.costOf(levels, { ids: [''], locationId: '' })
    const items = Math.min(maxReadItems, Math.floor(client.bucket.free('normal') / points))
    return { items, retryAtMs: clock.nowMs() + (items > 0 ? 0 : client.bucket.queueMs(points * 10)) }
  }

  return {
    channel: context.channel,
    platform: 'shopify',
    capabilities: {
      maxPushItems: maxItemsPerMutation,
      maxReadItems,
      readable: true,
      settles: false,
      keyRetentionMs: config.keyRetentionMs,
      // Source: shopify.dev, inventory management apps: an order moves units from available to committed.
      selfDecrement: 'documented',
      streams: ['orders'],
      pollEveryMs: { orders: config.pollEveryMs },
      acknowledges: false,
    },
    parseListing: (externalId) => parseListing(externalId, known),
    capacity: (operation) => {
      switch (operation) {
        case 'push':
          return pushCapacity()
        case 'read':
          return readCapacity()
        case 'settle':
        case 'acknowledge':
          return { items: 0, retryAtMs: clock.nowMs() + neverMs }
      }
    },
    push: (items, signal) => pushItems({ client, clock, config, observer: ports.observer, refused }, items, signal),
    read: (externalIds, signal) => readLevels(client, variants, externalIds, signal),
    settle: async () => [],
    pollOrders: (request) => orders.poll(request),
    fetchOrders: (orderIds, signal) => orders.byId(orderIds, signal),
    interpret: (event) => interpretEvent(context, event.topic, event.payload),
    webhook: createWebhookReceiver(config, variants),
    queue: null,
    subscribe: async (webhookUrl, signal) => {
      if (webhookUrl === null) {
        subscribed = false
        return
      }
      await ensureSubscriptions(client, webhookUrl, signal)
      subscribed = true
    },
    acknowledge: async () => [],
    settleAcknowledgements: async () => [],
    discover: (signal) => discoverListings(client, variants, context.locationIds, signal),
    check: (signal) => checkAccount(client, config, signal),
    sweep: (request) => sweepShop({ client, fetch: ports.fetch, clock, locationIds: known }, request),
  }
}
