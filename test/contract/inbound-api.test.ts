// Bad requests over real HTTP against the real assembly: each gets a clear answer, the hub stays up and not one unit moves.
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { platformSchemas } from '../../src/main.ts'
import { refusal, servedHub } from '../support/in-process-served-hub.ts'

const hub = servedHub()
const { post } = hub

describe('movements', () => {
  const good = { kind: 'receipt', sku: 'MUG', location: 'berlin', units: 5, reference: 'r-1' }
  test.each<readonly [string, unknown, number, string]>([
    ['no JSON', '{"kind": ', 400, 'body-malformed'],
    ['nothing', '', 400, 'body-malformed'],
    ['a list', [], 400, 'movement-invalid'],
    ['null', 'null', 400, 'movement-invalid'],
    ['a kind that is none', { ...good, kind: 'steal' }, 400, 'movement-invalid'],
    ['negative units', { ...good, units: -1 }, 400, 'movement-invalid'],
    ['half a unit', { ...good, units: 0.5 }, 400, 'movement-invalid'],
    ['units in words', { ...good, units: '5' }, 400, 'movement-invalid'],
    ['no units at all', { ...good, units: 0 }, 400, 'movement-invalid'],
    ['a million units', { ...good, units: 1_000_000 }, 400, 'movement-invalid'],
    [
      'units beyond all numbers',
      '{"kind":"receipt","sku":"MUG","location":"berlin","units":1e999,"reference":"r"}',
      400,
      'movement-invalid',
    ],
    ['no reference', { ...good, reference: undefined }, 400, 'movement-invalid'],
    ['a reference too long', { ...good, reference: 'x'.repeat(201) }, 400, 'movement-invalid'],
    ['no location', { ...good, location: undefined }, 400, 'movement-invalid'],
    ['a location of no pool', { ...good, location: 'atlantis' }, 400, 'movement-invalid'],
    ['a transfer to nowhere', { ...good, kind: 'transfer', toLocation: 'atlantis' }, 400, 'movement-invalid'],
    ['a field that is not known', { ...good, colour: 'red' }, 400, 'movement-invalid'],
    [
      'a prototype',
      '{"kind":"receipt","sku":"MUG","location":"berlin","units":5,"reference":"r","__proto__":{"a":1}}',
      400,
      'movement-invalid',
    ],
    ['goods that nobody knows', { ...good, sku: 'UNKNOWN' }, 404, 'sku-unknown'],
    ['a pool that nobody knows', { ...good, pool: 'sea' }, 404, 'sku-unknown'],
    ['more than there is', { ...good, kind: 'reserve', units: 100_000 }, 409, 'insufficient-stock'],
    ['the end of what was never reserved', { ...good, kind: 'release' }, 400, 'movement-invalid'],
  ])('%s', async (_name, body, status, code) => {
    expect(await refusal(await post('/api/v1/movements', body))).toEqual([status, code])
  })

  test('not declared as JSON, which a page of another site could send', async () => {
    expect(await refusal(await post('/api/v1/movements', good, { 'Content-Type': 'text/plain' }))).toEqual([400, 'body-malformed'])
  })

  test('addressed by a name that is not this machine, as a page that rebinds its name would', async () => {
    const { port } = new URL(hub.url())
    const headers = { host: `evil.example:${port}`, 'content-type': 'application/json' }
    const call = httpRequest({ host: '127.0.0.1', port, path: '/api/v1/movements', method: 'POST', headers })
    call.end(JSON.stringify(good))
    const [answer] = (await once(call, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(403)
  })

  test('10 MB are refused', async () => {
    const large = JSON.stringify({ ...good, reference: 'x'.repeat(10_000_000) })
    const answer = await post('/api/v1/movements', large).catch(() => new Response(null, { status: 413 }))
    expect(answer.status).toBe(413)
  })
})

describe('the rest of the API', () => {
  test.each([
    ['/api/v1/stock?limit=abc', 400, 'request-invalid'],
    ['/api/v1/stock?limit=0', 400, 'request-invalid'],
    ['/api/v1/stock?limit=100000', 400, 'request-invalid'],
    ['/api/v1/orders?after=garbage', 400, 'body-malformed'],
    ['/api/v1/ledger?after=W10', 400, 'body-malformed'],
    ['/api/v1/stock?unknown=1', 400, 'request-invalid'],
    ['/api/v1/stock/UNKNOWN', 404, 'sku-unknown'],
    ['/api/v1/stock/%00', 404, 'sku-unknown'],
    ['/api/v1/stock/%E0%A4%A', 404, 'sku-unknown'],
    [`/api/v1/stock/${'x'.repeat(5000)}`, 404, 'sku-unknown'],
    ['/api/v1/nothing', 404, 'not-found'],
    ['/../../etc/passwd', 404, 'not-found'],
  ])('GET %s: %i %s', async (path, status, code) => {
    expect(await refusal(await fetch(`${hub.url()}${path}`))).toEqual([status, code])
  })

  test('a SKU of any characters is found', async () => {
    const found = (await (await fetch(`${hub.url()}/api/v1/stock/${encodeURIComponent('A/B 1 %')}`)).json()) as { sku: string }
    expect(found.sku).toBe('A/B 1 %')
  })

  test.each([
    ['no file', {}],
    ['a file that is none', { stock: 7 }],
    ['a field that is not known', { stocks: '' }],
  ])('an import of %s is refused', async (_name, body) => {
    expect(await refusal(await post('/api/v1/import', body))).toEqual([400, 'request-invalid'])
  })

  test.each([
    ['no header', 'MUG,berlin,5\n'],
    ['a negative level', 'sku,location,on_hand\nMUG,berlin,-5\n'],
    ['half a unit', 'sku,location,on_hand\nMUG,berlin,1.5\n'],
    ['a location of no pool', 'sku,location,on_hand\nMUG,atlantis,5\n'],
    ['the same level twice', 'sku,location,on_hand\nMUG,berlin,5\nMUG,berlin,6\n'],
    ['a quote without an end', 'sku,location,on_hand\n"MUG,berlin,5\n'],
  ])('a stock file with %s is refused whole', async (_name, stock) => {
    const answer = await post('/api/v1/import', { stock })
    expect(await refusal(answer)).toEqual([422, 'import-invalid'])
  })

  test.each([
    ['a channel that is not there', 'sku,channel,external_id\nMUG,ebay,1\n'],
    ['an address that is none', 'sku,channel,external_id\nMUG,shopify,hello\n'],
    ['goods that nobody knows', 'sku,channel,external_id\nUNKNOWN,amazon,UNKNOWN\n'],
    ['an offer of other goods', 'sku,channel,external_id\nA/B 1 %,amazon,MUG\n'],
  ])('a listings file with %s is refused whole', async (_name, listings) => {
    expect(await refusal(await post('/api/v1/import', { listings }))).toEqual([422, 'import-invalid'])
  })
})

describe('an address that others can reach', () => {
  test('is not served without an API key', () => {
    const open = hub.files().config.replace('host: 127.0.0.1', 'host: 0.0.0.0')
    expect(() => loadConfig(open, hub.files().environment, platformSchemas)).toThrow(
      expect.objectContaining({ code: 'address-not-loopback', fix: expect.stringContaining('BELAY_API_KEY') }),
    )
  })
})
