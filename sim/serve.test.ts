// A simulator on a real port.
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { systemClock } from '../src/engine/system-clock.ts'
import { seededRandom } from './world/seeded-random.ts'
import { loopbackFetch, serveSimulator } from './serve.ts'
import { createShopifySimulator } from './shopify/index.ts'
import { pick } from './shopify/test-shop.ts'

const create = () =>
  createShopifySimulator({
    shop: 'belay-demo',
    clientId: 'client',
    clientSecret: 'secret',
    staticAccessToken: 'token',
    locations: [{ name: 'Warehouse' }],
    catalogue: [{ sku: 'A', title: 'A', priceMinor: 100, currency: 'EUR', quantity: 3 }],
    ports: { clock: systemClock, random: seededRandom(1), fetch: loopbackFetch },
  })

const adjust = (externalId: string): string => {
  const [item, location] = externalId.split('@')
  const change = `{inventoryItemId:"gid://shopify/InventoryItem/${item}",locationId:"gid://shopify/Location/${location}",delta:1,changeFromQuantity:null}`
  return `mutation { inventoryAdjustQuantities(input: {name:"available",reason:"correction",changes:[${change}]}) @idempotent(key: "k") { userErrors { code } } }`
}

test('answers over HTTP, and a fault after the effect breaks the connection', async () => {
  const simulator = create()
  const served = await serveSimulator(simulator)
  const externalId = simulator.market.offers()[0]!.externalId
  const send = (query: string) =>
    fetch(`${served.url}/admin/api/2026-10/graphql.json`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Shopify-Access-Token': 'token' },
      body: JSON.stringify({ query }),
    })
  try {
    expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const answer = await send('{ shop { name } }')
    expect(answer.headers.get('x-shopify-api-version')).toBe('2026-10')
    expect(pick(await answer.json(), 'data', 'shop', 'name')).toBe('belay-demo')
    simulator.faults.errorAfter = 1
    await expect(send(adjust(externalId))).rejects.toThrow('fetch failed')
    expect(simulator.market.liveQuantity(externalId)).toBe(4)
    simulator.faults.errorAfter = 0
    // The same key again: answered, and not done twice.
    expect((await send(adjust(externalId))).status).toBe(200)
    expect(simulator.market.liveQuantity(externalId)).toBe(4)
  } finally {
    await served.close()
    await simulator.close()
  }
})

test('deliveries stay on this machine', async () => {
  await expect(loopbackFetch(new Request('https://hub.example/'))).rejects.toMatchObject({ code: 'address-not-loopback' })
})

test('a caller who is gone ends its request, whatever was collected since', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let began = (): void => undefined
  const waiting = new Promise<void>((resolve) => (began = resolve))
  let gone = (): void => undefined
  const ended = new Promise<string>((resolve) => (gone = () => resolve('ended')))
  const untilAborted = async (signal: AbortSignal): Promise<Response> => {
    began()
    await once(signal, 'abort')
    gone()
    return new Response()
  }
  const simulator = create()
  // The handler keeps nothing of the request but its signal, as a long poll does.
  const served = await serveSimulator({ ...simulator, fetch: (request) => untilAborted(request.signal) })
  try {
    const call = httpRequest(served.url, { method: 'POST' })
    call.once('error', () => undefined)
    call.end('')
    await waiting
    for (let times = 0; times < 5; times++) {
      collect()
      await new Promise((resolve) => setImmediate(resolve))
    }
    call.destroy()
    expect(await ended).toBe('ended')
  } finally {
    await served.close()
    await simulator.close()
  }
})

test('an answer tells the time of the clock it was served with', async () => {
  const simulator = create()
  const atMs = Date.UTC(2031, 4, 3, 2, 1)
  const served = await serveSimulator(simulator, { clock: { nowMs: () => atMs, sleep: async () => undefined } })
  try {
    const answer = await fetch(`${served.url}/admin/api/2026-10/graphql.json`, { method: 'POST', body: '{}' })
    expect(answer.headers.get('date')).toBe('Sat, 03 May 2031 02:01:00 GMT')
  } finally {
    await served.close()
    await simulator.close()
  }
})
