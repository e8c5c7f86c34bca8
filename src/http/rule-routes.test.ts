// Over a real socket and a real store, by the command line where it has a command.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listingOf, stockOf } from '../../test/support/stock-samples.ts'
import { type Typed, typeAt } from '../../test/support/typed-command.ts'
import type { Sku } from '../domain/ids.ts'
import { createHub } from '../engine/hub.ts'
import { createStatusBook } from '../engine/status.ts'
import { systemClock } from '../engine/system-clock.ts'
import { systemRandom } from '../engine/system-random.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHttpApp } from './app.ts'
import { createPrometheusMetrics } from './prometheus-metrics.ts'
import { type HttpServer, serveHttp } from './serve-http.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const sku = 'A/B' as Sku
let store: Store
let server: HttpServer

beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  const metrics = createPrometheusMetrics()
  const hub = createHub({
    store,
    clock: systemClock,
    random: systemRandom,
    metrics,
    log,
    status: createStatusBook(systemClock, metrics),
    adapters: [],
    settings: [],
    policy: { catalogue: { reserve: { percent: 10 } }, channels: { shop: { capUnits: 9 } } as never },
    poolLocations: new Map(),
    webhookUrlFor: () => null,
  })
  await store.commit({ stock: [{ next: stockOf(9, [listingOf({ ruleFrom: {} })], { sku, ruleFrom: {} }), work: [] }] })
  const app = createHttpApp({ hub, metrics, apiKeyHash: null, clock: systemClock, random: systemRandom, log: log as never })
  server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  await server.close()
  await store.close()
})

const type = (...argv: readonly string[]): Promise<Typed> => typeAt(server.url, argv)

const put = (body: unknown, path = 'A%2FB'): Promise<Response> =>
  fetch(`${server.url}/api/v1/rules/${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const errorOf = async (response: Response): Promise<unknown> => ((await response.json()) as { error: unknown }).error

test('what the configuration says', async () => {
  const answer = await (await fetch(`${server.url}/api/v1/rules`)).json()
  expect(answer).toMatchObject({
    levels: ['catalogue', 'channel', 'sku', 'listing'],
    default: { mode: 'velocity', value: 1 },
    catalogue: { reservePercent: 10 },
    channels: { shop: { capUnits: 9 } },
  })
  const typed = await type('rules')
  expect(typed.errors).toBe('')
  expect(typed.out).toBe(
    [
      'default: mode velocity, value 1, cap none, hide-below 0, priority 0',
      'catalogue: reserve 10%',
      'channel shop: cap 9',
      'Over these count what is said for a SKU, and over that what is said for a SKU on a channel: belay rules SKU',
    ].join('\n'),
  )
})

test('what is said for a SKU replaces what its level said, and is resolved in the answer', async () => {
  const first = await (await put({ rule: { capUnits: 5, reserveUnits: 2 } })).json()
  expect(first).toMatchObject({
    pools: [
      {
        said: { capUnits: 5, reserveUnits: 2 },
        resolved: { reserveUnits: 2 },
        from: { reserve: 'sku' },
        listings: [{ listing: 'shop/offer', resolved: { capUnits: 5 }, from: { capUnits: 'sku' } }],
      },
    ],
  })
  await put({ rule: { hideBelowUnits: 1 } })
  const known = await (await fetch(`${server.url}/api/v1/rules/A%2FB`)).json()
  expect(known).toMatchObject({ pools: [{ said: { hideBelowUnits: 1 }, listings: [{ resolved: { capUnits: 9, hideBelowUnits: 1 } }] }] })
})

test.each([
  ['an unknown SKU', { rule: {} }, 'NONE', 'sku-unknown'],
  ['an unknown listing', { listing: 'shop/none', rule: {} }, 'A%2FB', 'listing-unknown'],
  ['a field that is none', { rule: { cap: 3 } }, 'A%2FB', 'request-invalid'],
  ['a fixed share of nothing said', { rule: { mode: 'fixed' } }, 'A%2FB', 'request-invalid'],
  ['a reserve of a listing', { listing: 'shop/offer', rule: { reserveUnits: 3 } }, 'A%2FB', 'request-invalid'],
  ['a reserve said twice', { rule: { reserveUnits: 3, reservePercent: 4 } }, 'A%2FB', 'request-invalid'],
  ['a number below 0', { rule: { priority: -1 } }, 'A%2FB', 'request-invalid'],
])('%s is refused with the way to mend it', async (_name, body, path, code) => {
  expect(await errorOf(await put(body, path))).toMatchObject({ code, fix: expect.stringMatching(/./) })
})

test('on the command line a field is said beside what was said before, for the SKU or a listing of it, and taken back', async () => {
  expect((await type('rules', 'A/B', '--cap', '4', '--reserve', '20%')).code).toBe(0)
  const second = await type('rules', 'A/B', '--listing', 'shop/offer', '--mode', 'fixed', '--value', '3', '--cap', 'none')
  expect(second.out).toBe(
    [
      'A/B  pool main',
      '  said for the SKU: cap 4, reserve 20%',
      '  counts: buffer 0 (default), sharing strict (default), reserve 20% (sku)',
      '  shop/offer',
      '    said for it: mode fixed, value 3, cap none',
      '    counts: mode fixed (listing), value 3 (listing), cap none (listing), hide-below 0 (default), priority 0 (default)',
    ].join('\n'),
  )
  await type('rules', 'A/B', '--listing', 'shop/offer', '--unset', 'cap')
  await type('rules', 'A/B', '--reserve', '3')
  const [stock] = await store.readSku(sku)
  expect(stock).toMatchObject({ said: { capUnits: 4, reserve: { units: 3 } }, listings: [{ said: { mode: 'fixed', value: 3 } }] })
  expect((await type('rules', 'A/B', '--clear')).out).toContain('said for the SKU: nothing')
  expect((await type('rules', 'A/B', '--unset', 'colour')).errors).toContain('request-invalid')
  expect((await type('rules', '--cap', '3')).errors).toContain('Which SKU?')
})
