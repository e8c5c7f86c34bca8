import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type BelayError, isBelayError } from '../domain/errors.ts'
import { apiKeyMatches } from './api-key.ts'
import { hubUrlFrom, loadConfig } from './config.ts'

const schemas = {
  shopify: z.strictObject({
    shop: z.string(),
    clientSecret: z.string().refine((text) => text.length > 3, { error: (issue) => `is too short: ${String(issue.input)}` }),
    locations: z.array(z.object({ id: z.string(), location: z.string() })).default([]),
  }),
  // Not strict on purpose: unknown keys must be found all the same.
  other: z.object({ id: z.string().default('none'), region: z.enum(['eu', 'na']), retries: z.int().optional() }),
}

const text = `
store: sqlite:data/test.db
http: { host: 127.0.0.1, port: 8080 }
timeZone: Europe/Berlin
pools: [{ id: main, locations: [berlin] }]
channels:
  - id: shopify-eu
    platform: shopify
    mode: enforce
    constants:
      orderVisibilityMs: 60000
    settings:
      shop: acme
      clientSecret: \${SHOP_SECRET}
`
const env = { SHOP_SECRET: 'shhh-very-secret' }

const failure = (source: string, variables: Record<string, string> = env): BelayError => {
  try {
    loadConfig(source, variables, schemas)
  } catch (error) {
    if (isBelayError(error)) return error
    throw error
  }
  throw new Error('expected a BelayError')
}

describe('a configuration', () => {
  test('is read with its defaults and secrets', () => {
    const config = loadConfig(text, env, schemas)
    expect(config.store).toEqual({ engine: 'sqlite', path: 'data/test.db' })
    expect(config.http).toEqual({ host: '127.0.0.1', port: 8080, publicUrl: null })
    expect(config.apiKeyHash).toBeNull()
    expect(config.pools).toEqual([{ id: 'main', locations: ['berlin'] }])
    const channel = config.channels[0]
    expect(channel).toMatchObject({ id: 'shopify-eu', platform: 'shopify', mode: 'enforce' })
    expect(channel?.settings).toEqual({ shop: 'acme', clientSecret: 'shhh-very-secret', locations: [] })
    expect(channel?.constants.orderVisibilityMs).toBe(60_000)
    expect(channel?.constants.checkoutHoldMs).toBe(900_000)
  })

  test('says rules for the catalogue and for a channel', () => {
    const ruled = text
      .replace('channels:', 'rules: { mode: velocity, bufferUnits: 1, reservePercent: 10 }\nchannels:')
      .replace('    constants:', '    rules: { capUnits: null, sharing: pooled }\n    constants:')
    expect(loadConfig(ruled, env, schemas).policy).toEqual({
      catalogue: { mode: 'velocity', bufferUnits: 1, reserve: { percent: 10 } },
      channels: { 'shopify-eu': { capUnits: null, sharing: 'pooled' } },
    })
    expect(loadConfig(text, env, schemas).policy).toEqual({ catalogue: {}, channels: { 'shopify-eu': {} } })
  })

  test.each([
    ['rules: { mode: fixed }', 'rules.value: is missing: fixed needs one'],
    ['rules: { reserveUnits: 1, reservePercent: 2 }', 'rules.reservePercent: stands beside reserveUnits'],
    ['rules: { reservePercent: 200 }', 'rules.reservePercent: is 200, more than 100'],
    ['rules: { cap: 3 }', 'rules.cap'],
  ])('with %s is refused', (line, message) => {
    expect(failure(text.replace('pools:', `${line}\npools:`)).message).toContain(message)
  })

  test('that is empty is the default one, which observes nothing and serves this machine only', () => {
    const config = loadConfig('', {}, schemas)
    expect(config).toMatchObject({ store: { engine: 'sqlite', path: 'data/belay.db' }, timeZone: 'UTC', channels: [] })
    expect(config.pools).toEqual([{ id: 'main', locations: ['main'] }])
  })

  test('starts a channel in observe', () => {
    const config = loadConfig(text.replace('    mode: enforce\n', ''), env, schemas)
    expect(config.channels[0]?.mode).toBe('observe')
  })

  test('takes secrets inside of a connection string, and a port from the environment', () => {
    const config = loadConfig(
      'store: mongodb://belay:${DB_PASSWORD}@db/belay\nhttp: { port: "${PORT}" }',
      { DB_PASSWORD: 'p4ssw0rd', PORT: '9090' },
      {},
    )
    expect(config.store).toEqual({ engine: 'mongo', uri: 'mongodb://belay:p4ssw0rd@db/belay' })
    expect(config.http.port).toBe(9090)
    expect(config.redact('cannot reach mongodb://belay:p4ssw0rd@db/belay')).toBe('cannot reach mongodb://belay:[secret]@db/belay')
  })

  test('leaves $${NAME} alone', () => {
    expect(
      loadConfig(
        text.replace('${SHOP_SECRET}', () => '$${SHOP_SECRET}'),
        {},
        schemas,
      ).channels[0]?.settings,
    ).toMatchObject({
      clientSecret: '${SHOP_SECRET}',
    })
  })
})

describe('a mistake names key, line and fix', () => {
  test.each([
    ['unknown key', text.replace('timeZone:', 'timezone:'), 'line 4, timezone: is not a setting', 'Did you mean "timeZone"?'],
    ['unknown key of a channel', text.replace('    mode:', '    mod:'), 'line 9, channels[0].mod', 'Did you mean "mode"?'],
    [
      'unknown key of a platform',
      text.replace('shop: acme', 'shop: acme\n      shopp: x'),
      'line 14, channels[0].settings.shopp',
      '"shop"',
    ],
    ['wrong value', text.replace('enforce', 'enforced'), 'line 9, channels[0].mode: must be one of', 'Did you mean "enforce"?'],
    ['unknown platform', text.replace('platform: shopify', 'platform: shopfy'), 'line 8, channels[0].platform', '"shopify"'],
    ['missing setting', text.replace('      shop: acme\n', ''), 'channels[0].settings.shop: is missing', 'Add channels[0].settings.shop'],
    ['fraction', text.replace('60000', '0.5'), 'line 11, channels[0].constants.orderVisibilityMs', 'whole number'],
    ['port', text.replace('8080', '80800'), 'line 3, http.port: must be from 0 to 65535', 'http.port'],
    ['time zone', text.replace('Europe/Berlin', 'Europe/Bärlin'), 'line 4, timeZone', 'timeZone'],
    ['store', text.replace('sqlite:data/test.db', 'postgres://x'), 'line 2, store: must be sqlite:PATH', 'store'],
    [
      'location in two pools',
      text.replace('[berlin] }', '[berlin] }, { id: b, locations: [berlin] }'),
      'line 5, pools[1].locations[0]',
      'one pool only',
    ],
    ['public address', text.replace('port: 8080', 'publicUrl: "belay.example.com"'), 'line 3, http.publicUrl', 'publicUrl'],
  ])('%s', (_name, source, message, fix) => {
    const error = failure(source)
    expect(error.code).toBe('config-invalid')
    expect(error.message).toContain(message)
    expect(error.fix).toContain(fix)
  })

  test('a key that a lenient schema would drop', () => {
    const error = failure('channels:\n  - id: a\n    platform: other\n    settings:\n      region: eu\n      retrys: 3\n')
    expect(error.message).toContain('line 6, channels[0].settings.retrys')
    expect(error.fix).toBe('Did you mean "retries"?')
  })

  test('syntax, with line and column', () => {
    expect(failure('store: x\nhttp: { host: [ }').message).toMatch(/^Line 2, column \d+: this is not YAML/)
    expect(failure('store: a\nstore: b').message).toMatch(/^Line 2, column 1/)
  })

  test('several at once, in the order of lines', () => {
    const error = failure(text.replace('timeZone:', 'timezone:').replace('enforce', 'x'))
    expect(error.message.split('\n')).toHaveLength(3)
    expect(error.message.indexOf('line 4')).toBeLessThan(error.message.indexOf('line 9'))
  })

  test('the same channel twice', () => {
    const again = text.slice(text.indexOf('  - id:'))
    expect(failure(text + again.trimEnd().replace(/^\n/, '')).message).toContain('channels[1].id: is the id of an earlier channel')
  })
})

test('a platform that wants the id of the channel gets it, and only from there', () => {
  const source = 'channels:\n  - id: a\n    platform: other\n    settings:\n      region: eu\n'
  expect(loadConfig(source, {}, schemas).channels[0]?.settings).toEqual({ id: 'a', region: 'eu' })
  expect(failure(`${source}      id: b\n`).message).toContain('line 6, channels[0].settings.id: is said already')
})

describe('secrets', () => {
  test('a missing one names variable and line', () => {
    for (const variables of [{}, { SHOP_SECRET: '' }] as Record<string, string>[]) {
      const error = failure(text, variables)
      expect(error.code).toBe('secret-missing')
      expect(error.message).toContain('SHOP_SECRET (line 14)')
      expect(error.fix).toContain('export SHOP_SECRET=')
    }
  })

  test('never show in an error, even where a schema would repeat them', () => {
    const refusing = {
      ...schemas,
      shopify: z.object({
        clientSecret: z.string().refine(() => false, { error: (issue) => `bad: ${String(issue.input)}` }),
        shop: z.string(),
      }),
    }
    const run = (): unknown => loadConfig(text, env, refusing)
    expect(run).toThrow('bad: [secret]')
    expect(run).not.toThrow('shhh')
  })

  test('written into the file are kept out of texts too', () => {
    const config = loadConfig(text.replace('${SHOP_SECRET}', 'plainly-written'), {}, schemas)
    expect(config.redact('{"clientSecret":"plainly-written"}')).toBe('{"clientSecret":"[secret]"}')
  })
})

describe('the API key', () => {
  const key = 'k'.repeat(12) + '-0123456789'
  test('is kept as a hash and needs 20 characters', () => {
    const config = loadConfig(text, { ...env, BELAY_API_KEY: key }, schemas)
    expect(apiKeyMatches(key, config.apiKeyHash as Uint8Array)).toBe(true)
    expect(apiKeyMatches(`${key}x`, config.apiKeyHash as Uint8Array)).toBe(false)
    expect(config.redact(`key ${key}`)).toBe('key [secret]')
    expect(failure(text, { ...env, BELAY_API_KEY: 'short' }).message).toContain('BELAY_API_KEY')
  })

  test.each(['0.0.0.0', '::', '192.168.1.4', 'belay.example.com', '127.evil.example'])('must be there to serve %s', (host) => {
    const source = text.replace('host: 127.0.0.1', `host: "${host}"`)
    const error = failure(source)
    expect(error.code).toBe('address-not-loopback')
    expect(error.message).toContain('line 3, http.host')
    expect(error.fix).toContain('BELAY_API_KEY')
    expect(loadConfig(source, { ...env, BELAY_API_KEY: key }, schemas).http.host).toBe(host)
  })

  test.each(['localhost', '127.0.0.2', '::1'])('need not be there for %s', (host) => {
    expect(loadConfig(text.replace('host: 127.0.0.1', `host: "${host}"`), env, schemas).http.host).toBe(host)
  })
})

test('the address of the hub is known without the secrets', () => {
  expect(hubUrlFrom(text, {})).toBe('http://127.0.0.1:8080')
  expect(hubUrlFrom('http: { host: "::", port: 9 }', {})).toBe('http://[::1]:9')
  expect(hubUrlFrom('http: { host: 0.0.0.0 }', {})).toBe('http://127.0.0.1:8080')
  expect(() => hubUrlFrom('http: { port: x }', {})).toThrow('line 1, http.port')
})
