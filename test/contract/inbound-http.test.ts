// Bad deliveries over real HTTP against the real assembly: each gets a clear answer, or becomes a parked event with the reason; the hub stays
// up and not one unit moves.
import { createHmac, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ChannelId } from '../../src/domain/ids.ts'
import { eventually } from '../e2e/hub-process.ts'
import { refusal, servedHub } from '../support/in-process-served-hub.ts'

const hub = servedHub()
const { post } = hub

const inbox = async (): Promise<readonly number[]> => {
  const { inboxPending, inboxParked } = await hub.running().hub.store.counts()
  return [inboxPending, inboxParked]
}

/** A delivery as Shopify signs it. */
const deliver = (
  body: string | Uint8Array,
  change: Readonly<Record<string, string>> = {},
  secret = hub.files().environment['SHOPIFY_CLIENT_SECRET'],
) =>
  post('/webhooks/shopify', body, {
    'X-Shopify-Topic': 'orders/create',
    'X-Shopify-Webhook-Id': randomUUID(),
    'X-Shopify-Shop-Domain': 'belay-demo.myshopify.com',
    'X-Shopify-Hmac-Sha256': createHmac('sha256', secret ?? '')
      .update(body)
      .digest('base64'),
    ...change,
  })

const order = (line: object): string =>
  JSON.stringify({
    id: 820982911946154000 + Math.floor(Math.random() * 100),
    created_at: new Date().toISOString(),
    updated_at: new Date().toISOString(),
    currency: 'EUR',
    line_items: [
      {
        id: 866550311766439000,
        variant_id: 808950810,
        quantity: 1,
        current_quantity: 1,
        sku: 'MUG',
        price: '12.50',
        variant_inventory_management: 'shopify',
        requires_shipping: true,
        ...line,
      },
    ],
    refunds: [],
    fulfillments: [],
  })

describe('webhooks', () => {
  test('a wrong signature is 401 and leaves nothing behind', async () => {
    const stored = await inbox()
    const body = order({})
    expect(await refusal(await deliver(body, {}, 'not the secret'))).toEqual([401, 'signature-wrong'])
    expect(await refusal(await deliver(body, { 'X-Shopify-Hmac-Sha256': '' }))).toEqual([401, 'signature-wrong'])
    expect(await refusal(await deliver(body, { 'X-Shopify-Hmac-Sha256': '%%%' }))).toEqual([401, 'signature-wrong'])
    const signed = createHmac('sha256', hub.files().environment['SHOPIFY_CLIENT_SECRET'] ?? '')
      .update(body)
      .digest('base64')
    expect(await refusal(await deliver(`${body} `, { 'X-Shopify-Hmac-Sha256': signed }))).toEqual([401, 'signature-wrong'])
    expect(await inbox()).toEqual(stored)
  })

  test.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['half an object', '{"id": 1'],
    ['an object of something else', '{"hello": "there"}'],
    ['lines that are none', '{"id": 1, "line_items": "many"}'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00])],
    ['depth', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
  ])('a signed body of %s is 400 and not stored', async (_name, body) => {
    const stored = await inbox()
    expect(await refusal(await deliver(body))).toEqual([400, 'body-malformed'])
    expect(await inbox()).toEqual(stored)
  })

  test('a delivery without topic or id is 400', async () => {
    expect(await refusal(await deliver(order({}), { 'X-Shopify-Topic': '' }))).toEqual([400, 'body-malformed'])
    expect(await refusal(await deliver(order({}), { 'X-Shopify-Topic': '../../etc' }))).toEqual([400, 'body-malformed'])
    expect(await refusal(await deliver(order({}), { 'X-Shopify-Webhook-Id': 'x'.repeat(500) }))).toEqual([400, 'body-malformed'])
  })

  test.each([
    ['goods that nobody listed', { variant_id: 1, sku: 'UNKNOWN' }, /no listing is known/],
    ['a negative quantity', { quantity: -1, current_quantity: -1 }, /without id or quantity/],
    ['half a unit', { quantity: 0.5, current_quantity: 0.5 }, /without id or quantity/],
    ['a quantity in words', { quantity: 'three' }, /without id or quantity/],
    ['a million units', { quantity: 1_000_000, current_quantity: 1_000_000 }, /no listing is known|not a whole number from 0 to/],
    ['a quantity beyond all numbers', { quantity: 1e308, current_quantity: 1e308 }, /without id or quantity/],
    ['no line id', { id: null }, /without id or quantity/],
  ])('an order of %s waits for a person, with the reason', async (_name, line, reason) => {
    const id = randomUUID()
    expect((await deliver(order(line), { 'X-Shopify-Webhook-Id': id })).status).toBe(200)
    let told = ''
    await eventually('the event is parked', async () => {
      const parked = await hub.running().hub.store.readInbox({ state: 'parked', limit: 100 })
      told = parked.find((event) => event.dedupeKey === id)?.reason ?? ''
      return told === '' ? 'not yet' : null
    })
    expect(told).toMatch(reason)
  })

  test('the same parked delivery again is one event', async () => {
    const body = order({ variant_id: 2, sku: 'UNKNOWN' })
    const id = randomUUID()
    for (let times = 0; times < 3; times++) expect((await deliver(body, { 'X-Shopify-Webhook-Id': id })).status).toBe(200)
    await eventually('the event is parked', async () => {
      const parked = await hub.running().hub.store.readInbox({ state: 'parked', channel: 'shopify' as ChannelId, limit: 100 })
      const count = parked.filter((event) => event.dedupeKey === id).length
      return count === 1 ? null : `${count} of it are parked`
    })
  })

  test('an order of a million units of goods that we sell waits for a person', async () => {
    const [offer] = hub.marketplaces().shopify.market.offers()
    const listed = await hub.running().hub.store.listListings({ channel: 'shopify' as ChannelId, after: null, limit: 10 })
    expect(listed.items.map((each) => each.externalId)).toContain(offer?.externalId)
    const fact = {
      channel: 'shopify',
      orderId: '1',
      createdAtMs: Date.now(),
      revisedAtMs: Date.now(),
      demand: 'fact',
      merge: 'maximum',
      acknowledgeByMs: null,
      echo: null,
      lines: [
        {
          lineId: '1',
          listingKeys: [offer?.externalId],
          orderedQuantity: 1_000_000,
          cancelledQuantity: 0,
          shippedQuantity: 0,
          cancelledAtMs: null,
          cancelMayRestock: true,
          amountMinor: null,
          currency: null,
        },
      ],
    }
    const event = {
      channel: 'shopify' as ChannelId,
      dedupeKey: 'million',
      topic: 'belay/order-fact',
      payload: JSON.stringify(fact),
      receivedAtMs: Date.now(),
    }
    await hub.running().hub.receive([event])
    await eventually('the event is parked', async () => {
      const parked = await hub.running().hub.store.readInbox({ state: 'parked', limit: 200 })
      const reason = parked.find((each) => each.dedupeKey === 'million')?.reason
      return reason?.includes('1000000') ? null : `reason: ${reason}`
    })
  })

  test('what the hub itself parks cannot be sent from outside', async () => {
    expect(await refusal(await deliver('{}', { 'X-Shopify-Topic': 'belay/order-fact' }))).toEqual([400, 'body-malformed'])
  })

  test('10 MB are refused before they are held, with and without a declared length', async () => {
    const body = new Uint8Array(10_000_000)
    expect((await deliver(body).catch(() => new Response(null, { status: 413 }))).status).toBe(413)
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
    })
    const sent = fetch(`${hub.url()}/webhooks/shopify`, { method: 'POST', body: endless, duplex: 'half' })
    expect((await sent.catch(() => new Response(null, { status: 413 }))).status).toBe(413)
  })

  test('a channel that is not there, or takes none, is 404', async () => {
    expect(await refusal(await post('/webhooks/nobody', '{}'))).toEqual([404, 'not-found'])
    expect(await refusal(await post('/webhooks/amazon', '{}'))).toEqual([404, 'not-found'])
    expect(await refusal(await post('/webhooks/constructor', '{}'))).toEqual([404, 'not-found'])
  })
})
