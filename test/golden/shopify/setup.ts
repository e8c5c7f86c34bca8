// A Shopify adapter on a virtual clock in front of a shop of the official schema.
import { configSchema, createShopify, type ShopifyPorts } from '../../../src/channels/shopify/index.ts'
import type { ChannelAdapter } from '../../../src/ports/channel.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts'
import { createShop, type Shop } from './schema.ts'

export const secret = 'hush'

export interface Setup {
  readonly shop: Shop
  readonly clock: VirtualClock
  readonly adapter: ChannelAdapter
  readonly seen: { readonly operation: string; readonly outcome: string }[]
  readonly errors: { readonly operation: string; readonly code: string; readonly message: string }[]
  readonly ports: ShopifyPorts
}

export const rawConfig = {
  id: 'shopify-us',
  shopUrl: 'https://belay-test.myshopify.com',
  clientId: 'client-1',
  clientSecret: secret,
  locations: [{ id: 'main', shopifyLocationId: '900' }],
}

export const setup = (root: Record<string, unknown> = {}, config: Readonly<Record<string, unknown>> = {}): Setup => {
  const shop = createShop(root)
  const clock = createVirtualClock()
  const seen: Setup['seen'] = []
  const errors: Setup['errors'] = []
  const ports: ShopifyPorts = {
    fetch: (input, init) => shop.fetch(input, init),
    clock,
    random: seededRandom(1),
    observer: {
      request: (operation, outcome) => seen.push({ operation, outcome }),
      error: (operation, code, message) => errors.push({ operation, code, message }),
    },
  }
  return { shop, clock, adapter: createShopify(configSchema.parse({ ...rawConfig, ...config }), ports), seen, errors, ports }
}

export const never = new AbortController().signal
