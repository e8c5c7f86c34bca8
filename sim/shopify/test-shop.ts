// What the tests of the simulated shop share: a shop on a virtual clock, a client that speaks plain HTTP to it, and the project's documents.
import { readFileSync } from 'node:fs'
import { seededRandom } from '../world/seeded-random.ts'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import type { Simulator } from '../simulator.ts'
import { createShopifySimulator } from './index.ts'
import type { ShopifySimulatorOptions } from './options.ts'

export const documents = readFileSync(new URL('../contracts/shopify/operations.graphql', import.meta.url), 'utf8')

/** What lies at a path of an answer. */
export const pick = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((inner, key) => (inner as Readonly<Record<string | number, unknown>> | null | undefined)?.[key], value)

interface Received {
  readonly headers: Headers
  readonly body: string
}

export interface TestShop {
  readonly simulator: Simulator
  readonly clock: VirtualClock
  readonly received: Received[]
  /** Decides how the hub answers a delivery; default 200. */
  hub: (request: Request) => Promise<Response>
  /** One of the project's documents, or another text, as the answer's JSON. */
  run(operation: string, variables?: object, text?: string): Promise<unknown>
  post(path: string, body: string, headers?: Record<string, string>): Promise<Response>
  token(): Promise<string>
  offers(): readonly string[]
}

export const createTestShop = (options: Partial<ShopifySimulatorOptions> = {}): TestShop => {
  const clock = createVirtualClock()
  const received: Received[] = []
  const shop: { hub: TestShop['hub'] } = { hub: () => Promise.resolve(new Response(null, { status: 200 })) }
  const simulator = createShopifySimulator({
    shop: 'belay-demo',
    clientId: 'client',
    clientSecret: 'secret',
    locations: [{ name: 'Warehouse' }, { name: 'Shop floor' }],
    catalogue: [
      { sku: 'MUG-1', title: 'Mug', priceMinor: 1250, currency: 'EUR', quantity: 5, stockedAt: [0, 1] },
      { sku: 'MUG-2', title: 'Mug, blue', priceMinor: 1350, currency: 'EUR', quantity: 3 },
      { sku: 'TOY-9', title: 'Toy', priceMinor: 999, currency: 'EUR', quantity: 1, inventoryPolicy: 'CONTINUE' },
    ],
    ports: {
      clock,
      random: seededRandom(7),
      fetch: async (request) => {
        received.push({ headers: request.headers, body: await request.clone().text() })
        return await shop.hub(request)
      },
    },
    ...options,
  })
  const base = 'https://belay-demo.myshopify.com'
  const post: TestShop['post'] = (path, body, headers = {}) =>
    simulator.fetch(new Request(`${base}${path}`, { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } }))
  const token = async (): Promise<string> => {
    const body = JSON.stringify({ client_id: 'client', client_secret: 'secret', grant_type: 'client_credentials' })
    return pick(await (await post('/admin/oauth/access_token', body)).json(), 'access_token') as string
  }
  let current: string | undefined
  return {
    simulator,
    clock,
    received,
    get hub() {
      return shop.hub
    },
    set hub(next) {
      shop.hub = next
    },
    post,
    token,
    offers: () => simulator.market.offers().map((offer) => offer.externalId),
    run: async (operationName, variables = {}, text = documents) => {
      current ??= await token()
      const body = JSON.stringify({ query: text, variables, ...(operationName === '' ? {} : { operationName }) })
      return await (await post('/admin/api/2026-10/graphql.json', body, { 'X-Shopify-Access-Token': current })).json()
    },
  }
}

/** The gids that an offer's external id stands for. */
export const gidsOf = (externalId: string): { readonly inventoryItemId: string; readonly locationId: string } => {
  const [item, location] = externalId.split('@')
  return { inventoryItemId: `gid://shopify/InventoryItem/${item}`, locationId: `gid://shopify/Location/${location}` }
}

export const setInput = (externalId: string, quantity: number, changeFromQuantity: number | null) => ({
  name: 'available',
  reason: 'correction',
  quantities: [{ ...gidsOf(externalId), quantity, changeFromQuantity }],
})
