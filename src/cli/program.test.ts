// Commands against the real API of a fake hub.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { createFakeHub, emptyPreview, type FakeHub, type FakeHubParts } from '../../test/support/fake-hub.ts'
import { incidentOf } from '../../test/support/store-samples.ts'
import { listingWith, settingsOf, stockWith } from '../../test/support/told-stock.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { hashApiKey } from '../config/api-key.ts'
import { BelayError } from '../domain/errors.ts'
import type { LocationId, PoolId, Sku } from '../domain/ids.ts'
import { emptyStock } from '../domain/stock.ts'
import { systemClock } from '../engine/system-clock.ts'
import { createHttpApp } from '../http/app.ts'
import { createPrometheusMetrics } from '../http/prometheus-metrics.ts'
import { type HttpServer, serveHttp } from '../http/serve-http.ts'
import { type DemoOptions, type Programs, runCommandLine } from './program.ts'
import { tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

const key = 'a-key-of-more-than-twenty-characters'
const servers: HttpServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

interface Typed {
  readonly code: number
  readonly out: string
  readonly errors: string
  readonly asked: readonly string[]
}

interface Setting {
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly env?: Readonly<Record<string, string>>
  readonly answer?: boolean | null
  readonly programs?: Partial<Programs>
}

const type = async (args: readonly string[], { files = {}, env = {}, answer = null, programs = {} }: Setting = {}): Promise<Typed> => {
  const out: string[] = []
  const errors: string[] = []
  const written: Record<string, string> = {}
  const asked: string[] = []
  const terminal: Terminal = {
    env,
    fetch: (input, init) => fetch(input, init),
    print: (text) => out.push(text),
    printError: (text) => errors.push(text),
    readBytes: (path) => {
      const content = files[path]
      if (content === undefined) return Promise.reject(new BelayError('request-invalid', `Cannot read ${path}`, { fix: 'Check the path.' }))
      return Promise.resolve(typeof content === 'string' ? new TextEncoder().encode(content) : content)
    },
    writeText: (path, text) => {
      written[path] = text
      return Promise.resolve()
    },
    confirm: (question) => {
      asked.push(question)
      return Promise.resolve(answer)
    },
    setExitCode: () => undefined,
  }
  const none = (): Promise<never> => Promise.reject(new Error('not part of this test'))
  const code = await runCommandLine(
    {
      serve: none,
      check: none,
      demo: none,
      simulate: none,
      openStore: () => Promise.reject(new Error('no store')),
      clock: { nowMs: () => 0 },
      ...programs,
    },
    ['node', 'belay', ...args],
    terminal,
  )
  return { code, out: out.join('\n'), errors: errors.join('\n'), asked }
}

const serve = async (parts: FakeHubParts = {}, apiKey: string | null = null): Promise<{ hub: FakeHub; url: string }> => {
  const hub = createFakeHub(parts)
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const app = createHttpApp({
    hub,
    metrics: createPrometheusMetrics(),
    apiKeyHash: apiKey === null ? null : hashApiKey(apiKey),
    clock: systemClock,
    random: seededRandom(1),
    log: silent,
  })
  const server = await serveHttp(app, { host: '127.0.0.1', port: 0 })
  servers.push(server)
  return { hub, url: server.url }
}

const red = {
  ...emptyStock('RED' as Sku, 'main' as PoolId),
  title: 'Red mug',
  onHandUnits: { ['berlin' as LocationId]: 10 },
  reservedUnits: 3,
}
const stockCsv = 'sku,location,on_hand\nRED,berlin,4\n'

describe('programs run in process', () => {
  test('serve takes roles, a port and whether to migrate', async () => {
    const heard: unknown[] = []
    const programs: Partial<Programs> = { serve: (options) => Promise.resolve(void heard.push(options)) }
    await type(['serve'], { programs })
    await type(['serve', '--role', 'api', '--role', 'scheduler', '--port', '0', '--no-migrate'], { programs })
    await type(['serve', '--role', 'worker,scheduler'], { programs })
    expect(heard).toEqual([
      { configPath: 'belay.yaml', roles: null, port: null, migrates: true },
      { configPath: 'belay.yaml', roles: ['api', 'scheduler'], port: 0, migrates: false },
      { configPath: 'belay.yaml', roles: ['worker', 'scheduler'], port: null, migrates: true },
    ])
    const wrong = await type(['serve', '--role', 'boss'], { programs })
    expect(wrong.code).toBe(1)
    expect(wrong.errors).toContain('api, worker, scheduler')
  })

  test('serve and check take the configuration, check gives the exit code', async () => {
    const heard: string[] = []
    const programs: Partial<Programs> = {
      serve: ({ configPath }) => Promise.resolve(void heard.push(configPath)),
      check: (path) => Promise.resolve(heard.push(path)),
    }
    expect((await type(['serve'], { programs })).code).toBe(0)
    expect((await type(['check', '--config', 'other.yaml'], { programs })).code).toBe(2)
    expect(heard).toEqual(['belay.yaml', 'other.yaml'])
  })

  test('demo takes its options, checked', async () => {
    const heard: DemoOptions[] = []
    const programs: Partial<Programs> = { demo: (options) => Promise.resolve(void heard.push(options)) }
    await type(['demo'], { programs })
    await type(['demo', '--port', '0', '--seed', '7', '--orders-per-minute', '600', '--for-seconds', '5'], { programs })
    expect(heard).toEqual([
      { port: 8080, seed: 1, ordersPerMinute: 60, forSeconds: null },
      { port: 0, seed: 7, ordersPerMinute: 600, forSeconds: 5 },
    ])
    const wrong = await type(['demo', '--port', '99999'], { programs })
    expect(wrong.code).toBe(1)
    expect(wrong.errors).toContain('Write a whole number from 0 to 65535')
  })

  test('simulate takes its options, checked; worlds that failed are the exit code', async () => {
    const heard: unknown[] = []
    const programs: Partial<Programs> = { simulate: (options) => Promise.resolve(heard.push(options) - 1) }
    expect((await type(['simulate'], { programs })).code).toBe(0)
    expect((await type(['simulate', '--seeds', '7', '--base', '42', '--depth', 'full', '--json', '--story'], { programs })).code).toBe(1)
    await type(['simulate', '--compare'], { programs })
    const usual = { seeds: null, base: 1, depth: 'protocol', json: false, story: false, compares: false }
    expect(heard).toEqual([
      usual,
      { seeds: 7, base: 42, depth: 'full', json: true, story: true, compares: false },
      { ...usual, compares: true },
    ])
    expect((await type(['simulate', '--seeds', 'many'], { programs })).errors).toContain('Write a whole number from 1')
    expect((await type(['simulate', '--depth', 'deep'], { programs })).errors).toContain('protocol, full')
  })
})

describe('errors', () => {
  test('are one line with code, message and fix', async () => {
    const programs: Partial<Programs> = {
      serve: () => Promise.reject(new BelayError('config-invalid', 'line 3, x: is wrong.', { fix: 'Mend it.' })),
    }
    const typed = await type(['serve'], { programs })
    expect(typed).toMatchObject({ code: 1, out: '', errors: 'belay: config-invalid: line 3, x: is wrong. Fix: Mend it.' })
  })

  test('show where they come from only when asked', async () => {
    const programs: Partial<Programs> = { serve: () => Promise.reject(new Error('boom')) }
    expect((await type(['serve'], { programs })).errors).not.toContain('program.test.ts')
    expect((await type(['serve'], { programs, env: { BELAY_DEBUG: '1' } })).errors).toContain('program.test.ts')
  })

  test('of typing name what was meant', async () => {
    const typed = await type(['stok'])
    expect(typed.code).toBe(1)
    expect(typed.errors).toContain('stock')
    expect((await type(['--help'])).code).toBe(0)
    expect((await type(['--help'])).out).toContain('import')
  })

  test('when no hub answers, or something else does', async () => {
    const free = await serve()
    await servers.pop()?.close()
    const typed = await type(['stock', '--url', free.url])
    expect(typed.code).toBe(1)
    expect(typed.errors).toContain(`belay: hub-unreachable: No hub answers at ${free.url}.`)
    const other = await serveHttp({ fetch: () => new Response('hello') }, { host: '127.0.0.1', port: 0 })
    servers.push(other)
    expect((await type(['stock', '--url', other.url])).errors).toContain('is not a hub')
    expect((await type(['stock', '--url', 'nonsense'])).errors).toContain('request-invalid')
  })

  test('of the API come through with their code and fix', async () => {
    const { url } = await serve({}, key)
    expect((await type(['stock', '--url', url])).errors).toContain('api-key-wrong')
    expect((await type(['stock', '--url', url], { env: { BELAY_API_KEY: key } })).out).toBe('None.')
    expect((await type(['stock', 'NOPE', '--url', url], { env: { BELAY_API_KEY: key } })).errors).toContain(
      'sku-unknown: There is no SKU "NOPE".',
    )
  })
})

describe('looking', () => {
  test('stock as a table, one SKU in detail, JSON', async () => {
    const { url } = await serve({ stock: [red] })
    expect((await type(['stock', '--url', url])).out).toBe(
      'SKU  pool  on hand  reserved  buffer  available  listings  status       title\nRED  main       10         3       0          7         0  Not offered  Red mug',
    )
    expect((await type(['stock', 'RED', '--url', url])).out).toContain('on hand 10 (berlin 10), reserved 3, buffer 0, available 7')
    expect(JSON.parse((await type(['stock', '--json', '--url', url])).out)).toMatchObject({ items: [{ sku: 'RED' }], next: null })
  })

  test('what is called protected is never without what that rests on', async () => {
    const listings = [listingWith('shop', { base: 6 })]
    const { url } = await serve({ stock: [stockWith(10, listings)], settings: [settingsOf('shop')] })
    const rests = /Protected rests on these assumptions:\n +shop: every order is visible within 5 min \(L\), .* 30 s old \(sigma\)\.$/m
    expect((await type(['stock', '--url', url])).out).toMatch(rests)
    expect((await type(['stock', 'MUG', '--url', url])).out).toMatch(rests)
    const risky = await serve({ stock: [stockWith(4, listings)] })
    expect((await type(['stock', '--url', risky.url])).out).toContain('At risk 2 units')
    const detail = (await type(['stock', 'MUG', '--url', risky.url])).out
    expect(detail).toContain('  At risk 2 units\n    shop is not configured\n')
    expect(detail).not.toContain('rests on')
  })

  test('an explanation as sentences, or JSON', async () => {
    const { url } = await serve({
      stock: [stockWith(10, [listingWith('shop', { base: 6, believedQuantity: 6 })])],
      settings: [settingsOf('shop')],
    })
    const { out, code } = await type(['explain', 'MUG', '--url', url])
    expect(code).toBe(0)
    expect(out).toContain('MUG (Red mug), pool main, at 00:00:00 UTC\n  On hand: 10 units (berlin 10).\n')
    expect(out).toContain('\n\nshop, listing mug (each change names the number it replaces)\n  Should be showing 6 units now;')
    expect(out).toMatch(/\n\nProtected\n {2}No sale can exceed the shelf, as long as this holds:\n {2}shop: every order/)
    expect(JSON.parse((await type(['explain', 'MUG', '--json', '--url', url])).out)).toMatchObject({
      pools: [{ sku: 'MUG', slackUnits: 4 }],
    })
    expect((await type(['explain', 'NOPE', '--url', url])).errors).toContain('sku-unknown')
  })

  test.each(['incidents', 'inbox', 'channels'])('%s', async (command) => {
    const { url } = await serve()
    expect(await type([command, '--url', url])).toMatchObject({ code: 0, out: 'None.', errors: '' })
  })

  test('incidents, newest first, with what to do about those that are not over', async () => {
    const open = incidentOf('i1', {
      kind: 'oversold',
      atMs: 0,
      units: 2,
      evidence: { affectedOrders: [{ channel: 'shop', orderId: '1001', units: 2 }] },
    })
    const over = incidentOf('i2', { kind: 'listing-blocked', atMs: 0, units: 0, sku: null, summary: 'refused\u001b[31m', resolvedAtMs: 1 })
    const { url } = await serve({ store: { listIncidents: () => Promise.resolve({ items: [open, over], next: 'x' }) } })
    const { out } = await type(['incidents', '--url', url])
    expect(out).toBe(
      [
        '1 Jan 1970, 00:00:00 UTC  open  oversold  shop  a  2 units',
        '  Two units are at risk',
        '  Cannot be filled: order 1001 of shop, 2 units.',
        '  What to do: Find goods for the orders, or cancel the latest ones before the buyer waits. Receiving goods or cancelling ends it.',
        '',
        '1 Jan 1970, 00:00:00 UTC  resolved  listing-blocked  shop',
        '  refused [31m',
        '  Over since 1 Jan 1970, 00:00:00 UTC.',
        'There are more: raise --limit (at most 500).',
      ].join('\n'),
    )
    expect(JSON.parse((await type(['incidents', '--json', '--url', url])).out)).toMatchObject({
      items: [{ state: 'open' }, { state: 'resolved' }],
    })
  })

  test('what was learned of a channel is forgotten', async () => {
    const { url } = await serve({ settings: [settingsOf('shop')] })
    expect((await type(['channels', '--forget', 'shop', '--url', url])).out).toBe('Forgotten: what is configured counts again.')
    expect((await type(['channels', '--forget', 'gone', '--url', url])).errors).toContain('not-found: There is no channel "gone".')
  })

  test('parked events again', async () => {
    const { url } = await serve()
    expect((await type(['inbox', '--retry', '--url', url])).out).toBe('0 events are tried again.')
  })

  test('finds the hub by its configuration, without its secrets', async () => {
    const { url } = await serve({ stock: [red] })
    const files = { 'belay.yaml': `http: { port: ${new URL(url).port} }\nstore: mongodb://u:\${DB_PASSWORD}@h/d\n` }
    expect((await type(['stock', '--config', 'belay.yaml'], { files })).out).toContain('RED')
    expect((await type(['stock'], { env: { BELAY_URL: url } })).out).toContain('RED')
  })
})

describe('import', () => {
  const files = { 's.csv': stockCsv, 'l.csv': 'sku,channel,external_id\nRED,shop,1\n' }
  const changes = {
    hub: { previewImport: () => Promise.resolve({ ...emptyPreview, levelsChanged: 1, sample: ['RED: 3 -> 4 at berlin'] }) },
  }

  test('shows, asks, and imports on yes', async () => {
    const { hub, url } = await serve(changes)
    const typed = await type(['import', '--stock', 's.csv', '--listings', 'l.csv', '--url', url], { files, answer: true })
    expect(typed.code).toBe(0)
    expect(typed.out).toContain('1 levels changed')
    expect(typed.out).toContain('RED: 3 -> 4 at berlin')
    expect(typed.asked).toHaveLength(1)
    expect(hub.imports).toMatchObject([{ stock: [{ sku: 'RED' }], listings: [{ externalId: '1' }] }])
  })

  test.each([
    ['on no', [], false, 0],
    ['with nobody to ask', [], null, 1],
    ['in a dry run', ['--dry-run'], true, 0],
  ])('imports nothing %s', async (_name, more, answer, code) => {
    const { hub, url } = await serve(changes)
    const typed = await type(['import', '--stock', 's.csv', '--url', url, ...more], { files, answer })
    expect(typed.code).toBe(code)
    expect(hub.imports).toEqual([])
  })

  test('does not ask with --yes, and gives the reference on', async () => {
    const { hub, url } = await serve(changes)
    expect(await type(['import', '--stock', 's.csv', '--yes', '--reference', 'count-1', '--url', url], { files })).toMatchObject({
      code: 0,
      asked: [],
    })
    expect(hub.imports[0]?.reference).toBe('count-1')
  })

  test('tells every problem with its line and imports nothing', async () => {
    const { hub, url } = await serve()
    const typed = await type(['import', '--stock', 's.csv', '--yes', '--url', url], {
      files: { 's.csv': `${stockCsv}BLUE,berlin,x\n,berlin,1\n` },
    })
    expect(typed.code).toBe(1)
    expect(typed.out).toContain('stock line 3: on_hand is "x", not a number')
    expect(typed.out).toContain('stock line 4: sku is empty')
    expect(typed.errors).toContain('import-invalid: Nothing was imported: 2 problems')
    expect(hub.imports).toEqual([])
  })

  test('says when there is nothing to do, no file, or an unreadable one', async () => {
    const { hub, url } = await serve({ hub: { previewImport: () => Promise.resolve({ ...emptyPreview, unchanged: 1 }) } })
    expect((await type(['import', '--stock', 's.csv', '--url', url], { files })).out).toContain('Nothing to change.')
    expect(hub.imports).toEqual([])
    expect((await type(['import', '--url', url])).errors).toContain('No file to import')
    expect((await type(['import', '--stock', 'gone.csv', '--url', url])).errors).toContain('Cannot read gone.csv')
    expect(
      (await type(['import', '--stock', 'latin1.csv', '--url', url], { files: { 'latin1.csv': new Uint8Array([0xe9]) } })).errors,
    ).toContain('not UTF-8')
  })
})

test('tables align numbers to the right and keep every row on one line', () => {
  expect(
    tableText(
      ['name', 'units'],
      [
        ['a\nb', 5],
        ['long name', 1000],
        [null, 0],
      ],
    ),
  ).toBe('name       units\na b            5\nlong name   1000\n-              0')
})

test('an old Node is told how to get the right one', async () => {
  const script = new URL('belay.mjs', import.meta.url).pathname
  const fake = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })"
  const run = promisify(execFile)(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(fake)}`, script, 'stock'])
  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^belay: node-too-old: this is Node 20\.20\.2.*npm ci.*npm start.*\n$/),
  })
})
