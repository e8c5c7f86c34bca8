// Over a real socket and a real store, by the command line where it has a command.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listingOf, pushOf, settingsOf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import { createScript, scriptedChannel } from '../../test/support/scripted-channel.ts'
import { type Typed, typeAt } from '../../test/support/typed-command.ts'
import type { Sku } from '../domain/ids.ts'
import { createHub } from '../engine/hub.ts'
import { createStatusBook } from '../engine/status.ts'
import { systemRandom } from '../engine/system-random.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHttpApp } from './app.ts'
import { createPrometheusMetrics } from './prometheus-metrics.ts'
import { type HttpServer, serveHttp } from './serve-http.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const clock = { nowMs: () => startMs, sleep: () => Promise.resolve() }
const sku = 'A/B' as Sku
const time = new Date(startMs - 1_000).toISOString()
let store: Store
let server: HttpServer

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  const metrics = createPrometheusMetrics()
  const hub = createHub({
    store,
    clock,
    random: systemRandom,
    metrics,
    log,
    status: createStatusBook(clock, metrics),
    adapters: [scriptedChannel('shop', 'absolute-set-with-read', createScript())],
    settings: [settingsOf('shop')],
    poolLocations: new Map(),
    webhookUrlFor: () => null,
  })
  const selling = listingOf({ base: 4, pushes: [pushOf({ charge: 1, lastSendMs: startMs - 1_000 })] })
  await store.commit({ stock: [{ next: stockOf(9, [selling, listingOf({ base: 2 }, 'gone')], { sku }), work: [] }] })
  const app = createHttpApp({ hub, metrics, apiKeyHash: null, clock, random: systemRandom, log: log as never })
  server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  await server.close()
  await store.close()
})

const type = (...argv: readonly string[]): Promise<Typed> => typeAt(server.url, ['listing', 'A/B', ...argv])
const incidents = async () => (await store.listIncidents({ limit: 9, after: null })).items

test('disconnected, it stays counted; connected, it is read next', async () => {
  expect((await type('shop/offer', '--disconnect')).out).toBe(
    'shop/offer is disconnected: nothing is written or read there. It may still sell 5 units that we do not know of: they stay counted.',
  )
  expect((await store.readSku(sku))[0]?.listings[0]).toMatchObject({ disconnectedAtMs: startMs, base: 4 })
  expect((await type('shop/offer', '--connect')).out).toBe('shop/offer is connected: it is read next.')
  expect((await store.readSku(sku))[0]?.listings[0]?.believedQuantity).toBeNull()
  expect(await incidents()).toEqual([])
})

test('closed by the word of a person: an incident keeps the word, and it is not connected while a request may land there', async () => {
  const typed = await type('shop/offer', '--closed-at', time)
  expect(typed.out).toBe('shop/offer is closed; it may still sell 5 units that we do not know of, until the orders from before are in.')
  expect(await incidents()).toMatchObject([
    { kind: 'listing-closed', listing: 'shop/offer', units: 5, evidence: { closedAtMs: startMs - 1_000, ordersAreIn: false } },
  ])
  expect((await type('shop/offer', '--connect')).errors).toContain('connection-invalid')
  expect((await type('shop/offer', '--closed-at', time, '--orders-in')).out).toBe('shop/offer is closed and holds no goods any more.')
})

test('of a channel that is not configured it must be said that all orders are in', async () => {
  expect((await type('gone/offer', '--closed-at', time)).errors).toContain('--orders-in')
  expect((await type('gone/offer', '--closed-at', time, '--orders-in')).code).toBe(0)
  expect((await type('gone/offer', '--connect')).errors).toContain('is not configured')
})

test.each([
  ['nothing said', ['shop/offer'], 'request-invalid'],
  ['two things at a time', ['shop/offer', '--disconnect', '--connect'], 'request-invalid'],
  ['orders of one that is not closed', ['shop/offer', '--disconnect', '--orders-in'], 'request-invalid'],
  ['a time without its zone', ['shop/offer', '--closed-at', '2026-11-20T10:00'], 'request-invalid'],
  ['closed in the future', ['shop/offer', '--closed-at', new Date(startMs + 1_000).toISOString()], 'connection-invalid'],
  ['an unknown listing', ['shop/none', '--disconnect'], 'listing-unknown'],
])('%s is refused with the way to mend it', async (_name, argv, code) => {
  const typed = await type(...argv)
  expect(typed.code).not.toBe(0)
  expect(typed.errors).toMatch(new RegExp(`${code}.*Fix: .`, 's'))
})

test('a body of another shape is refused', async () => {
  const answer = await fetch(`${server.url}/api/v1/connections/A%2FB`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ listing: 'shop/offer', connection: 'closed' }),
  })
  expect(answer.status).toBe(400)
})
