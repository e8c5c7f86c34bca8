// Everything here goes over a real socket.
import { request as httpRequest } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createFakeHub, emptyPreview, type FakeHub, type FakeHubParts } from '../../test/support/fake-hub.ts'
import { incidentOf } from '../../test/support/store-samples.ts'
import { constants, settingsOf } from '../../test/support/told-stock.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { hashApiKey } from '../config/api-key.ts'
import { BelayError } from '../domain/errors.ts'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import { emptyStock, type ListingState, type Stock } from '../domain/stock.ts'
import { systemClock } from '../engine/system-clock.ts'
import type { WebhookReceiver } from '../ports/channel.ts'
import type { ImportPreview } from '../ports/hub.ts'
import { createHttpApp, type HttpAppParts } from './app.ts'
import type { ErrorBody } from './error-answers.ts'
import { createPrometheusMetrics } from './prometheus-metrics.ts'
import { type HttpServer, serveHttp } from './serve-http.ts'

const key = 'a-key-of-more-than-twenty-characters'
const servers: HttpServer[] = []
const lines: unknown[] = []

afterEach(async () => {
  lines.length = 0
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

interface Served {
  readonly hub: FakeHub
  readonly url: string
  readonly port: number
  readonly get: (path: string, init?: RequestInit) => Promise<Response>
  readonly post: (path: string, body: unknown, init?: RequestInit) => Promise<Response>
}

const serve = async (parts: FakeHubParts = {}, apiKeyHash: Uint8Array | null = null, over: Partial<HttpAppParts> = {}): Promise<Served> => {
  const hub = createFakeHub(parts)
  const log = {
    info: (...args: unknown[]) => lines.push(args),
    warn: (...args: unknown[]) => lines.push(args),
    error: (...args: unknown[]) => lines.push(args),
  }
  const app = createHttpApp({
    hub,
    metrics: createPrometheusMetrics(),
    apiKeyHash,
    clock: systemClock,
    random: seededRandom(1),
    log: log as never,
    ...over,
  })
  const server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
  servers.push(server)
  return {
    hub,
    url: server.url,
    port: server.port,
    get: (path, init) => fetch(`${server.url}${path}`, init),
    post: (path, body, init) =>
      fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
      }),
  }
}

const errorOf = async (response: Response): Promise<ErrorBody['error']> => ((await response.json()) as ErrorBody).error

const listing: ListingState = {
  id: 'shop/1@2' as ListingId,
  channel: 'shop' as ChannelId,
  externalId: '1@2',
  unitsPerListing: 1,
  writeClass: 'compare-and-set',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  base: 5,
  pushes: [
    {
      id: 'p1',
      kind: 'compare-and-set',
      quantity: 8,
      fromQuantity: 5,
      charge: 3,
      issuedAtMs: 1,
      attempts: 1,
      lastSendMs: 1,
      status: 'prepared',
      submissionId: null,
    },
  ],
  fences: [],
  fencedThroughMs: 0,
  believedQuantity: 5,
  believedAtMs: 1,
  sequence: 1,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
}
const stock = (sku: string, pool = 'main'): Stock => ({
  ...emptyStock(sku as Sku, pool as PoolId),
  version: 3,
  title: `Title of ${sku}`,
  onHandUnits: { ['berlin' as LocationId]: 10, ['hamburg' as LocationId]: 4 },
  reservedUnits: 2,
  bufferUnits: 1,
  listings: [listing],
})

const movement = { kind: 'receipt', sku: 'RED', location: 'berlin', units: 5, reference: 'asn-1' }

describe('health and metrics', () => {
  test('ok while the store answers, 503 when it does not', async () => {
    expect(await (await (await serve()).get('/healthz')).json()).toEqual({ status: 'ok' })
    const broken = await serve({ store: { readSetting: () => Promise.reject(new BelayError('store-unavailable', 'gone')) } })
    expect((await broken.get('/healthz')).status).toBe(503)
  })

  test('metrics of the process and of the requests', async () => {
    const { get } = await serve()
    await get('/api/v1/stock/NOPE')
    const response = await get('/metrics')
    expect(response.headers.get('content-type')).toContain('text/plain')
    const text = await response.text()
    expect(text).toContain('process_cpu_seconds_total')
    // The route, not the address: addresses have no end.
    expect(text).toContain('belay_http_request_seconds_count{route="/api/v1/stock/:sku{.+}",method="GET",status="404"} 1')
  })
})

describe('a process without the role api', () => {
  test('answers health and metrics alone', async () => {
    const { get, post } = await serve({ webhooks: { shop: { verify: () => true, accept: () => ({}) as never } } }, null, { api: false })
    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/metrics')).status).toBe(200)
    expect((await get('/api/v1/stock')).status).toBe(404)
    expect((await post('/webhooks/shop', '{}')).status).toBe(404)
  })
})

describe('stock', () => {
  test('is paged and searched by prefix', async () => {
    const { get } = await serve({ stock: ['A1', 'A2', 'B1'].map((sku) => stock(sku)) })
    const first = (await (await get('/api/v1/stock?limit=1&q=A')).json()) as { items: { sku: string }[]; next: string }
    expect(first.items).toMatchObject([{ sku: 'A1', onHandUnits: 14, reservedUnits: 2, bufferUnits: 1, availableUnits: 11, listings: 1 }])
    const second = (await (await get(`/api/v1/stock?limit=1&q=A&after=${first.next}`)).json()) as typeof first
    expect(second).toMatchObject({ items: [{ sku: 'A2' }], next: null })
  })

  test.each(['limit=0', 'limit=501', 'limit=1.5', 'limit=x', 'limit=', 'after=', 'Q=A'])('refuses ?%s', async (query) => {
    const response = await (await serve()).get(`/api/v1/stock?${query}`)
    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'request-invalid' })
  })

  test.each(['RED', 'A/B 1', '100%', 'ä?#&'])('shows SKU %s in all its pools', async (sku) => {
    const { get } = await serve({ stock: [stock(sku), stock(sku, 'outlet')] })
    const response = await get(`/api/v1/stock/${encodeURIComponent(sku)}`)
    expect(response.status).toBe(200)
    const body = (await response.json()) as { pools: unknown[] }
    expect(body.pools).toHaveLength(2)
    expect(body.pools[0]).toMatchObject({
      sku,
      onHandByLocation: { berlin: 10, hamburg: 4 },
      availableUnits: 11,
      listings: [
        { channel: 'shop', believedQuantity: 5, base: 5, exposureQuantity: 8, status: 'active', openPushes: [{ quantity: 8, charge: 3 }] },
      ],
    })
  })

  test('comes with its protection status, and that with the constants it rests on', async () => {
    const { get } = await serve({ stock: [stock('RED')], settings: [settingsOf('shop')] })
    const page = await (await get('/api/v1/stock')).json()
    expect(page).toMatchObject({
      items: [{ sku: 'RED', protection: { status: 'protected', atRiskUnits: 0, text: 'Protected' } }],
      constants: [{ channel: 'shop', ...constants }],
    })
    const detail = await (await get('/api/v1/stock/RED')).json()
    expect(detail).toMatchObject({ pools: [{ protection: { status: 'protected', constants: [{ channel: 'shop', ...constants }] } }] })
    const { get: getUnknown } = await serve({ stock: [stock('RED')] })
    expect(await (await getUnknown('/api/v1/stock/RED')).json()).toMatchObject({
      pools: [
        {
          protection: {
            status: 'unprotected',
            text: 'Unprotected: shop is not configured',
            reasons: [{ kind: 'not-configured', listing: 'shop/1@2', text: 'shop is not configured' }],
            constants: [],
          },
        },
      ],
    })
  })

  test('that is not known is 404 with a fix', async () => {
    const response = await (await serve()).get('/api/v1/stock/NOPE')
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({ code: 'sku-unknown', message: 'There is no SKU "NOPE".' })
  })
})

describe('an explanation', () => {
  test.each(['RED', 'A/B 1', '100%'])('of %s has the data and the sentences', async (sku) => {
    const { get } = await serve({ stock: [stock(sku), stock(sku, 'outlet')], settings: [settingsOf('shop')] })
    const response = await get(`/api/v1/stock/${encodeURIComponent(sku)}/explain`)
    expect(response.status).toBe(200)
    const body = (await response.json()) as { pools: { sections: { title: string; sentences: string[] }[] }[] }
    expect(body).toMatchObject({
      sku,
      timeZone: 'UTC',
      pools: [{ pool: 'main', onHandUnits: 14, slackUnits: 3, listings: [{ exposureQuantity: 8, baseQuantity: 5 }] }, { pool: 'outlet' }],
    })
    expect(body.pools[0]?.sections.map((each) => each.title)).toEqual([
      `${sku} (Title of ${sku}), pool main, at 00:00:00 UTC`,
      'shop, listing 1@2 (each change names the number it replaces)',
      'Protected',
    ])
    expect(body.pools[0]?.sections[0]?.sentences).toContain('On hand: 14 units (berlin 10, hamburg 4).')
  })

  test('of a SKU that is not known is 404', async () => {
    const response = await (await serve()).get('/api/v1/stock/NOPE/explain')
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({ code: 'sku-unknown', message: 'There is no SKU "NOPE".' })
  })

  test('does not take a SKU for another one', async () => {
    const { get } = await serve({ stock: [stock('RED/explain')] })
    expect((await get(`/api/v1/stock/${encodeURIComponent('RED/explain')}`)).status).toBe(200)
    expect((await get(`/api/v1/stock/${encodeURIComponent('RED/explain')}/explain`)).status).toBe(200)
  })
})

test.each(['orders', 'ledger', 'incidents', 'inbox?state=parked', 'channels'])('GET /api/v1/%s answers a list', async (path) => {
  const response = await (await serve()).get(`/api/v1/${path}`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ items: [] })
})

test('incidents come with their state, their evidence in words and what to do', async () => {
  const incident = incidentOf('i1', {
    kind: 'at-risk',
    atMs: 0,
    evidence: { holders: [{ channel: 'shop', units: 6 }], expectedByMs: 60_000 },
  })
  const listIncidents = () => Promise.resolve({ items: [incident, { ...incident, id: 'i2', resolvedAtMs: 5 }], next: null })
  const { get } = await serve({ store: { listIncidents } })
  const body = (await (await get('/api/v1/incidents')).json()) as { items: { whatToDo: string }[] }
  expect(body).toMatchObject({
    timeZone: 'UTC',
    items: [
      {
        ...incident,
        state: 'open',
        details: ['What channels may still sell: shop 6.', 'Expected to be over by 1 Jan 1970, 00:01:00 UTC.'],
      },
      { state: 'resolved', resolvedAtMs: 5 },
    ],
  })
  expect(body.items[0]?.whatToDo).toContain('count again')
})

describe('what was learned of a channel', () => {
  test('is forgotten on request', async () => {
    const { post } = await serve({ settings: [settingsOf('shop')] })
    expect(await (await post('/api/v1/channels/shop/forget-learned', {})).json()).toEqual({ forgotten: true })
  })

  test('is kept when the channel is not known, or a browser of another site asks', async () => {
    const { post } = await serve({ settings: [settingsOf('shop')] })
    const unknown = await post('/api/v1/channels/gone/forget-learned', {})
    expect(unknown.status).toBe(404)
    expect(await errorOf(unknown)).toMatchObject({ code: 'not-found', message: 'There is no channel "gone".' })
    expect((await post('/api/v1/channels/shop/forget-learned', {}, { headers: { 'content-type': 'text/plain' } })).status).toBe(400)
    expect((await post('/api/v1/channels/shop/forget-learned', { all: true })).status).toBe(400)
  })
})

test('parked events are shown without their payload and tried again on request', async () => {
  const event = {
    channel: 'shop' as ChannelId,
    dedupeKey: 'd1',
    topic: 't',
    payload: '{}',
    receivedAtMs: 1,
    sequence: 4,
    state: 'parked' as const,
    reason: 'unknown listing',
  }
  const { get, post } = await serve({ parked: [event] })
  const { payload: _payload, ...shown } = event
  expect(await (await get('/api/v1/inbox?limit=1')).json()).toEqual({ items: [shown], next: '4' })
  expect(await (await post('/api/v1/inbox/retry', {})).json()).toEqual({ retried: 1 })
})

describe('a movement', () => {
  test('reaches the hub with its defaults', async () => {
    const { hub, post } = await serve()
    const response = await post('/api/v1/movements', movement)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ outcome: 'applied', onHandUnits: 5 })
    expect(hub.moves).toEqual([{ ...movement, pool: 'main', toLocation: null }])
  })

  test.each([
    [{ units: -1 }, 'units: must not be negative'],
    [{ units: 1.5 }, 'units: must be a whole number'],
    [{ units: '5' }, 'units: must be a whole number'],
    [{ units: 1_000_000 }, 'units: must be at most 100000'],
    [{ units: 0 }, 'units: must be at least 1'],
    [{ units: null }, 'units: must be a whole number'],
    [{ kind: 'steal' }, 'kind: must be one of receipt'],
    [{ sku: '' }, 'sku: must have 1 to 200 characters'],
    [{ sku: ' RED' }, 'sku: must have 1 to 200 characters'],
    [{ location: null }, 'location: is missing'],
    [{ kind: 'transfer', toLocation: 'berlin' }, 'toLocation: must be another location'],
    [{ reference: undefined }, 'reference: must be a text'],
    [{ unit: 5 }, 'unit: is not known here'],
  ])('with %o is refused', async (wrong, message) => {
    const { hub, post } = await serve()
    const response = await post('/api/v1/movements', { ...movement, ...wrong })
    expect(response.status).toBe(400)
    const error = await errorOf(response)
    expect(error.code).toBe('movement-invalid')
    expect(error.message).toContain(message)
    expect(error.fix).toBeTruthy()
    expect(hub.moves).toEqual([])
  })

  test.each(['{"kind":', '', 'null', '[]', '"text"', '\u0000'])('whose body is %j is refused', async (body) => {
    const { hub, post } = await serve()
    const response = await post('/api/v1/movements', body)
    expect(response.status).toBe(400)
    expect(hub.moves).toEqual([])
  })

  test('that is not declared as JSON is refused: a browser could send it from any page', async () => {
    const { hub, post } = await serve()
    const response = await post('/api/v1/movements', movement, { headers: { 'content-type': 'text/plain' } })
    expect(response.status).toBe(400)
    expect(hub.moves).toEqual([])
  })

  test.each([
    ['sku-unknown', 404],
    ['insufficient-stock', 409],
    ['movement-conflict', 409],
    ['store-unavailable', 503],
    ['store-commit-unknown', 503],
    ['overloaded', 503],
  ] as const)('that the hub answers with %s is %i', async (code, status) => {
    const { post } = await serve({ hub: { move: () => Promise.reject(new BelayError(code, 'why', { fix: 'how' })) } })
    const response = await post('/api/v1/movements', movement)
    expect(response.status).toBe(status)
    expect(await errorOf(response)).toEqual({ code, message: 'why', fix: 'how' })
    expect(response.headers.has('retry-after')).toBe(status === 503)
  })
})

describe('a body that is too large', () => {
  test('is refused by its declared length', async () => {
    const { hub, post } = await serve()
    const response = await post('/api/v1/movements', 'x'.repeat(10 * 1_048_576))
    expect(response.status).toBe(413)
    expect(await errorOf(response)).toMatchObject({ code: 'body-too-large' })
    expect(hub.moves).toEqual([])
  })

  test('is refused while it streams without a declared length, long before its end', async () => {
    const { port, get } = await serve()
    let sentBytes = 0
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest({ port, method: 'POST', path: '/api/v1/movements', headers: { 'content-type': 'application/json' } })
      const piece = Buffer.alloc(65_536, 0x20)
      let answered = false
      const more = (): void => {
        if (answered || sentBytes > 200 * 1_048_576) return
        sentBytes += piece.length
        if (request.write(piece)) setImmediate(more)
        else request.once('drain', more)
      }
      request.on('response', (response) => {
        answered = true
        response.resume()
        request.destroy()
        resolve(response.statusCode)
      })
      request.on('error', (error) => (answered ? undefined : reject(error)))
      more()
    })
    expect(status).toBe(413)
    expect(sentBytes).toBeLessThan(64 * 1_048_576)
    expect((await get('/healthz')).status).toBe(200)
  })
})

describe('a webhook', () => {
  const receiver = (calls: string[]): WebhookReceiver => ({
    verify: (headers, body) => {
      calls.push(`verify ${body.length}`)
      return headers.get('x-signature') === 'good'
    },
    accept: (headers, body, receivedAtMs) => {
      calls.push('accept')
      const text = new TextDecoder().decode(body)
      if (!text.startsWith('{')) throw new BelayError('body-malformed', 'not what the platform sends', { fix: 'nothing' })
      return { channel: 'shop' as ChannelId, dedupeKey: headers.get('x-id') ?? '', topic: 'orders', payload: text, receivedAtMs }
    },
  })
  const good = { headers: { 'x-signature': 'good', 'x-id': 'e1' } }

  test('is verified over the raw bytes, then stored, then answered', async () => {
    const calls: string[] = []
    const { hub, post } = await serve({ webhooks: { shop: receiver(calls) } })
    const response = await post('/webhooks/shop', '{"a": 1}', good)
    expect(response.status).toBe(200)
    expect(calls).toEqual(['verify 8', 'accept'])
    expect(hub.received).toMatchObject([{ dedupeKey: 'e1', payload: '{"a": 1}' }])
  })

  test('with a wrong signature is 401, not parsed and not stored', async () => {
    const calls: string[] = []
    const { hub, post } = await serve({ webhooks: { shop: receiver(calls) } })
    const response = await post('/webhooks/shop', '{', { headers: { 'x-signature': 'bad' } })
    expect(response.status).toBe(401)
    expect(await errorOf(response)).toMatchObject({ code: 'signature-wrong' })
    expect(calls).toEqual(['verify 1'])
    expect(hub.received).toEqual([])
  })

  test('that is not what the platform sends is 400', async () => {
    const { hub, post } = await serve({ webhooks: { shop: receiver([]) } })
    expect((await post('/webhooks/shop', 'x', good)).status).toBe(400)
    expect(hub.received).toEqual([])
  })

  test('is 503 while the store is down, so that the platform sends it again', async () => {
    const { post } = await serve({
      webhooks: { shop: receiver([]) },
      hub: { receive: () => Promise.reject(new BelayError('store-unavailable', 'gone')) },
    })
    expect((await post('/webhooks/shop', '{}', good)).status).toBe(503)
  })

  test('is 503 when the store takes longer than the platform waits, and is stored all the same', async () => {
    const received: string[] = []
    const gate = Promise.withResolvers<void>()
    const { post } = await serve(
      {
        webhooks: { shop: receiver([]) },
        hub: { receive: () => gate.promise.then(() => void received.push('stored')) },
      },
      null,
      { clock: { nowMs: () => systemClock.nowMs(), sleep: () => Promise.resolve() } },
    )
    const response = await post('/webhooks/shop', '{}', good)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    gate.resolve()
    await gate.promise
    expect(received).toEqual(['stored'])
  })

  test('larger than 1 MiB is 413 before it is verified', async () => {
    const calls: string[] = []
    const { post } = await serve({ webhooks: { shop: receiver(calls) } })
    expect((await post('/webhooks/shop', 'x'.repeat(10 * 1_048_576), good)).status).toBe(413)
    expect((await post('/webhooks/shop', 'x'.repeat(1_048_577), good)).status).toBe(413)
    expect(calls).toEqual([])
  })

  test('of an unknown channel is 404', async () => {
    expect((await (await serve()).post('/webhooks/shop', '{}', good)).status).toBe(404)
  })
})

describe('the API key', () => {
  test('is needed for the API and the metrics, not for health and webhooks', async () => {
    const { get, post } = await serve({ webhooks: { shop: { verify: () => false, accept: () => ({}) as never } } }, hashApiKey(key))
    for (const path of ['/api/v1/stock', '/api/v1/nope', '/metrics']) {
      const without = await get(path)
      expect(without.status).toBe(401)
      expect(without.headers.get('www-authenticate')).toContain('Bearer')
      expect(await errorOf(without)).toMatchObject({ code: 'api-key-wrong' })
      expect((await get(path, { headers: { authorization: `Bearer ${key}x` } })).status).toBe(401)
      expect((await get(path, { headers: { authorization: `Basic ${key}` } })).status).toBe(401)
    }
    expect((await get('/api/v1/stock', { headers: { authorization: `Bearer ${key}` } })).status).toBe(200)
    expect((await get('/healthz')).status).toBe(200)
    const webhook = await post('/webhooks/shop', '{}')
    expect(await errorOf(webhook)).toMatchObject({ code: 'signature-wrong' })
  })

  test('when there is none, only loopback names are answered', async () => {
    const { port } = await serve()
    const status = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        httpRequest({ port, path: '/api/v1/stock', headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
    expect(await status('evil.example')).toBe(403)
    expect(await status(`localhost:${port}`)).toBe(200)
  })
})

describe('an import', () => {
  const stockText = 'sku,location,on_hand\nRED,berlin,4\n'

  test('is previewed, then applied', async () => {
    const { hub, post } = await serve()
    const preview = await post('/api/v1/import?dryRun=1', { stock: stockText })
    expect(await preview.json()).toMatchObject({ skusCreated: 1, problems: [] })
    expect(hub.imports).toEqual([])
    const applied = await post('/api/v1/import', { stock: stockText, reference: 'count-1' })
    expect(applied.status).toBe(200)
    expect(hub.imports).toMatchObject([{ reference: 'count-1', stock: [{ sku: 'RED', onHandUnits: 4 }] }])
  })

  test('with problems of either kind imports nothing and tells all', async () => {
    const problem = { file: 'stock' as const, line: 9, message: 'planned', fix: 'mend' }
    const { hub, post } = await serve({ hub: { previewImport: () => Promise.resolve({ ...emptyPreview, problems: [problem] }) } })
    const response = await post('/api/v1/import', { stock: `${stockText}BLUE,berlin,many\n` })
    expect(response.status).toBe(422)
    const body = (await response.json()) as ErrorBody & { preview: { problems: unknown[] } }
    expect(body.error).toMatchObject({ code: 'import-invalid' })
    expect(body.error.message).toContain('2 problems, the first in the stock file, line 3: on_hand is "many"')
    expect(body.preview.problems).toHaveLength(2)
    expect(hub.imports).toEqual([])
  })

  test('may be larger than other bodies', async () => {
    const { hub, post } = await serve()
    const rows = Array.from({ length: 60_000 }, (_, i) => `SKU-${i}-of-a-long-name,berlin,${i}`).join('\n')
    expect((await post('/api/v1/import', { stock: `sku,location,on_hand\n${rows}` })).status).toBe(200)
    expect(hub.imports[0]?.stock).toHaveLength(60_000)
  })

  test('while another one runs is told to wait', async () => {
    let finish: (() => void) | undefined
    const running = new Promise<void>((resolve) => {
      finish = resolve
    })
    let started = false
    const previewImport = async (): Promise<ImportPreview> => {
      started = true
      await running
      return emptyPreview
    }
    const { post } = await serve({ hub: { previewImport } })
    const first = post('/api/v1/import', { stock: stockText })
    await expect.poll(() => started).toBe(true)
    const second = await post('/api/v1/import?dryRun=1', { stock: stockText })
    expect(second.status).toBe(503)
    expect(await errorOf(second)).toMatchObject({ code: 'overloaded' })
    finish?.()
    expect((await first).status).toBe(200)
  })

  test('of nothing is refused', async () => {
    const response = await (await serve()).post('/api/v1/import', {})
    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'request-invalid' })
  })
})

describe('every answer', () => {
  test('of an unknown address is 404 as JSON', async () => {
    const { get, post } = await serve()
    for (const response of [await get('/nope'), await get('/api/v1/nope'), await post('/api/v1/stock', {}), await get('/')]) {
      expect(response.status).toBe(404)
      expect(await errorOf(response)).toMatchObject({ code: 'not-found' })
    }
  })

  test('carries security headers and a request id', async () => {
    const { get } = await serve()
    for (const path of ['/healthz', '/nope', '/api/v1/stock/NOPE']) {
      const { headers } = await get(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test('to a mistake of ours tells the request id and nothing else', async () => {
    const { get } = await serve({ store: { listOrders: () => Promise.reject(new Error('secret detail of the driver')) } })
    const response = await get('/api/v1/orders')
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).not.toContain('secret detail')
    expect(text).toContain(response.headers.get('x-request-id'))
    expect(lines.some((line) => String((line as unknown[])[1]) === 'bug')).toBe(true)
  })

  test('is logged without query, headers and body', async () => {
    const { post } = await serve({}, hashApiKey(key))
    await post('/api/v1/movements?token=in-the-query', movement, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    })
    const text = JSON.stringify(lines)
    expect(text).toContain('"/api/v1/movements"')
    for (const hidden of [key, 'in-the-query', 'asn-1']) expect(text).not.toContain(hidden)
  })
})

describe('the server', () => {
  test('says which address is taken', async () => {
    const { port } = await serve()
    await expect(serveHttp({ fetch: () => new Response() }, { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'address-unavailable',
    })
  })

  test('lets a running request finish when it closes, and closes once', async () => {
    let finish: (() => void) | undefined
    const server = await serveHttp(
      {
        fetch: () =>
          new Promise((resolve) => {
            finish = () => resolve(new Response('done'))
          }),
      },
      { host: '127.0.0.1', port: 0 },
    )
    const answer = fetch(server.url)
    await expect.poll(() => finish !== undefined).toBe(true)
    const closed = Promise.all([server.close(), server.close()])
    finish?.()
    expect(await (await answer).text()).toBe('done')
    await closed
  })
})
