import { describe, expect, it } from 'vitest'
import {
  json,
  problem,
  recordingObserver,
  type ScriptedAmazon,
  scriptedAmazon,
  sellerSettings,
} from '../../../test/golden/amazon-seller/scripted-amazon.ts'
import { seededRandom } from '../../../test/support/seeded-random.ts'
import { createSwaggerContract } from '../../../test/support/swagger.ts'
import { createVirtualClock } from '../../../test/support/virtual-clock.ts'
import type { BelayError } from '../../domain/errors.ts'
import type { Fetch } from '../../ports/channel.ts'
import { createSpApiClient, type SpApiCall } from './client.ts'

const setUp = (script: ScriptedAmazon, fetch: Fetch = script.fetch) => {
  const clock = createVirtualClock()
  const observer = recordingObserver()
  const client = createSpApiClient({
    endpoint: sellerSettings.endpoint,
    lwaEndpoint: 'https://api.amazon.com',
    credentials: sellerSettings,
    timeoutMs: 10_000,
    buckets: { read: { ratePerSecond: 5, burst: 5 }, write: { ratePerSecond: 5, burst: 5 } },
    ports: { fetch, clock, random: seededRandom(1), observer },
  })
  const { signal } = new AbortController()
  const read: SpApiCall = { operation: 'read', method: 'GET', path: '/x', signal, write: false }
  const write: SpApiCall = { operation: 'write', method: 'PATCH', path: '/x', body: { a: 1 }, signal, write: true }
  return { clock, observer, client, read, write }
}

const failureOf = async (work: Promise<unknown>): Promise<BelayError> => {
  try {
    await work
  } catch (error) {
    return error as BelayError
  }
  throw new Error('did not fail')
}

const networkError = (code: string): TypeError => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })

describe('requests', () => {
  it('carry the token, a user agent, the date, and csv arrays whose elements are encoded', async () => {
    const script = scriptedAmazon(() => json({ ok: true }, 200, { date: 'Mon, 23 Nov 2026 09:00:01 GMT' }))
    const { client, read, clock } = setUp(script)
    const answer = await client.call({ ...read, path: '/items/a%2Fb', query: { ids: ['a,b', 'c d'], none: undefined } })
    expect(answer).toEqual({ status: 200, body: { ok: true }, date: Date.UTC(2026, 10, 23, 9, 0, 1) })
    const [sent] = script.requests
    expect(sent?.url.href).toBe('https://sellingpartnerapi-eu.amazon.com/items/a%2Fb?ids=a%2Cb,c%20d')
    expect(sent?.headers.get('x-amz-access-token')).toBe('Atza|token-1')
    expect(sent?.headers.get('user-agent')).toMatch(/^Belay\/.+ \(Language=.+\)$/)
    expect(sent?.headers.get('x-amz-date')).toBe(new Date(clock.nowMs()).toISOString().replace(/[-:]|\.\d{3}/g, ''))
  })

  it('give null for an answer without a body', async () => {
    const { client, write } = setUp(scriptedAmazon(() => new Response(null, { status: 204 })))
    expect(await client.call(write)).toMatchObject({ status: 204, body: null })
  })
})

describe('Login with Amazon', () => {
  it('is asked once, however many calls wait, and again after 55 minutes', async () => {
    const script = scriptedAmazon()
    const { client, read, clock } = setUp(script)
    await Promise.all([client.call(read), client.call(read), client.call(read)])
    expect(script.logins).toHaveLength(1)
    expect(Object.fromEntries(script.logins[0] ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: sellerSettings.refreshToken,
      client_id: sellerSettings.clientId,
      client_secret: sellerSettings.clientSecret,
    })
    await clock.advance(54 * 60_000)
    await client.call(read)
    expect(script.logins).toHaveLength(1)
    await clock.advance(60_000)
    await client.call(read)
    expect(script.logins).toHaveLength(2)
  })

  it('gives grantless operations a token of their own', async () => {
    const script = scriptedAmazon()
    const { client, read } = setUp(script)
    await client.call({ ...read, grantless: 'sellingpartnerapi::notifications' })
    await client.call(read)
    expect(script.logins.map((form) => form.get('grant_type'))).toEqual(['client_credentials', 'refresh_token'])
    expect(script.logins[0]?.get('scope')).toBe('sellingpartnerapi::notifications')
    expect(script.logins[0]?.has('refresh_token')).toBe(false)
  })

  it('is asked once more when Amazon refuses the token, and the call goes through', async () => {
    const script = scriptedAmazon((request) =>
      request.headers.get('x-amz-access-token') === 'Atza|token-1' ? problem(403, 'Unauthorized') : json({ ok: true }),
    )
    const { client, write } = setUp(script)
    expect(await client.call(write)).toMatchObject({ body: { ok: true } })
    expect(script.logins).toHaveLength(2)
    expect(script.requests).toHaveLength(2)
  })

  it('does not turn a missing permission into a stream of logins', async () => {
    const script = scriptedAmazon(() => problem(403, 'Unauthorized', 'Access to requested resource is denied.'))
    const { client, read, clock } = setUp(script)
    for (let round = 0; round < 4; round++) {
      expect(await failureOf(client.call(read))).toMatchObject({ code: 'channel-permission-missing' })
      await clock.advance(1000)
    }
    expect(script.logins).toHaveLength(2)
  })

  it.each([
    [() => json({ error: 'invalid_grant', error_description: 'gone Atzr|secret' }, 400), 'channel-credentials-rejected'],
    [() => json({ error: 'invalid_client' }, 401), 'channel-credentials-rejected'],
    [() => json({}, 503), 'channel-unreachable'],
    [() => new Response('<html>'), 'channel-unreachable'],
    [() => json({}, 429), 'channel-throttled'],
    [() => Promise.reject(networkError('ECONNRESET')), 'channel-unreachable'],
  ] as const)('a failure there is never ambiguous for a write (%#)', async (login, code) => {
    const script = scriptedAmazon()
    script.login = login
    const { client, write, observer } = setUp(script)
    const error = await failureOf(client.call(write))
    expect(error.code).toBe(code)
    expect(script.requests).toHaveLength(0)
    expect([error.message, ...observer.errors].join()).not.toMatch(/Atzr\|secret|the-client-secret|the-refresh-token/)
  })
})

describe('restricted data tokens', () => {
  it('are obtained for the path, kept, and sent in place of the access token', async () => {
    const script = scriptedAmazon((request) =>
      request.url.pathname.startsWith('/tokens/') ? json({ restrictedDataToken: 'Atz.sprdt|rdt', expiresIn: 3600 }) : json({}),
    )
    const { client, read } = setUp(script)
    const restricted = { path: '/orders', dataElements: ['shippingAddress'] }
    await Promise.all([client.call({ ...read, restricted }), client.call({ ...read, restricted })])
    const [forToken, ...rest] = script.requests
    expect(forToken?.body).toEqual({ restrictedResources: [{ method: 'GET', path: '/orders', dataElements: ['shippingAddress'] }] })
    expect(
      createSwaggerContract('tokens_2021-03-01.json').validateRequest({
        method: 'POST',
        url: forToken?.url.href ?? '',
        body: forToken?.body,
        headers: forToken?.headers,
      }),
    ).toEqual([])
    expect(rest.map((each) => each.headers.get('x-amz-access-token'))).toEqual(['Atz.sprdt|rdt', 'Atz.sprdt|rdt'])
  })
})

describe('classification', () => {
  const table: readonly [string, ScriptedAmazon['answer'], read: string, write: string][] = [
    ['400', () => problem(400, 'InvalidInput'), 'channel-rejected', 'channel-rejected'],
    ['401', () => problem(401), 'channel-credentials-rejected', 'channel-credentials-rejected'],
    ['403', () => problem(403, 'Unauthorized'), 'channel-permission-missing', 'channel-permission-missing'],
    [
      '403 for a revoked token',
      () => problem(403, 'Unauthorized', 'The access token you provided has expired.'),
      'channel-credentials-rejected',
      'channel-credentials-rejected',
    ],
    ['404', () => problem(404), 'channel-rejected', 'channel-rejected'],
    ['408', () => problem(408), 'channel-unreachable', 'channel-timeout'],
    ['413', () => problem(413), 'channel-rejected', 'channel-rejected'],
    ['429', () => problem(429, 'QuotaExceeded'), 'channel-throttled', 'channel-throttled'],
    [
      '302',
      () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }),
      'channel-rejected',
      'channel-rejected',
    ],
    ['500', () => problem(500), 'channel-unreachable', 'channel-unavailable'],
    ['503 without JSON', () => new Response('down', { status: 503 }), 'channel-unreachable', 'channel-unavailable'],
    ['200 without JSON', () => new Response('<html>'), 'channel-answer-malformed', 'channel-answer-malformed'],
    ['refused', () => Promise.reject(networkError('ECONNREFUSED')), 'channel-unreachable', 'channel-unreachable'],
    ['no such host', () => Promise.reject(networkError('ENOTFOUND')), 'channel-unreachable', 'channel-unreachable'],
    ['broken', () => Promise.reject(networkError('ECONNRESET')), 'channel-unreachable', 'channel-unavailable'],
    ['unknown', () => Promise.reject(new TypeError('fetch failed')), 'channel-unreachable', 'channel-unavailable'],
  ]
  it.each(table)('%s', async (_name, answer, forRead, forWrite) => {
    const script = scriptedAmazon(answer)
    const { client, read, write } = setUp(script)
    expect((await failureOf(client.call(read))).code).toBe(forRead)
    expect((await failureOf(client.call(write))).code).toBe(forWrite)
  })

  it('of a timeout: a write may have happened, a read may be repeated', async () => {
    const script = scriptedAmazon(() => new Promise<Response>(() => undefined))
    const { client, read, write, clock } = setUp(script)
    for (const [call, code] of [
      [read, 'channel-unreachable'],
      [write, 'channel-timeout'],
    ] as const) {
      const failure = failureOf(client.call(call))
      await clock.advance(10_000)
      expect((await failure).code).toBe(code)
    }
    expect(clock.sleepers).toBe(0)
  })

  it('of a stop: before sending nothing happened, while under way a write may have', async () => {
    const script = scriptedAmazon(() => new Promise<Response>(() => undefined))
    const { client, write, clock } = setUp(script)
    const stopped = AbortSignal.abort()
    expect((await failureOf(client.call({ ...write, signal: stopped }))).code).toBe('channel-unreachable')
    expect(script.requests).toHaveLength(0)
    const controller = new AbortController()
    const failure = failureOf(client.call({ ...write, signal: controller.signal }))
    await clock.settle()
    controller.abort()
    expect((await failure).code).toBe('channel-unavailable')
    expect(clock.sleepers).toBe(0)
  })

  it('quotes what Amazon said, without tokens and bounded', async () => {
    const script = scriptedAmazon(() => problem(400, 'InvalidInput', `bad Atza|abc.def ${'x'.repeat(5000)}`))
    const { client, read } = setUp(script)
    const { message } = await failureOf(client.call(read))
    expect(message).toContain('InvalidInput: bad (token)')
    expect(message.length).toBeLessThan(500)
  })
})

describe('rate limits', () => {
  it('stop a call before it is sent when the bucket is empty', async () => {
    const script = scriptedAmazon()
    const { client, read, clock } = setUp(script)
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => client.call(read)))
    expect(outcomes.filter((each) => each.status === 'fulfilled')).toHaveLength(5)
    expect(script.requests).toHaveLength(5)
    expect(await failureOf(client.call(read))).toMatchObject({ code: 'channel-throttled', retryAtMs: clock.nowMs() + 200 })
    expect(client.capacity('write').items).toBe(5)
  })

  it('close for a while after a 429 and follow the stated rate', async () => {
    const script = scriptedAmazon(() => problem(429, 'QuotaExceeded'))
    const { client, read, clock, observer } = setUp(script)
    const { retryAtMs } = await failureOf(client.call(read))
    expect(retryAtMs).toBeGreaterThanOrEqual(clock.nowMs() + 200)
    expect(client.capacity('read')).toEqual({ items: 0, retryAtMs })
    script.answer = () => json({}, 200, { 'x-amzn-RateLimit-Limit': '0.5' })
    await clock.advance((retryAtMs ?? 0) - clock.nowMs())
    await client.call(read)
    expect(client.capacity('read').retryAtMs).toBeGreaterThanOrEqual(clock.nowMs() + 1000)
    expect(observer.seen).toEqual(['getAccessToken ok', 'read throttled', 'read ok'])
  })
})
