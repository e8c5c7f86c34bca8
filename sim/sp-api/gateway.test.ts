import { describe, expect, it } from 'vitest'
import { itemPath, marketplaceId, patchBody, sampleAccount } from '../amazon-seller/sample-account.ts'
import { testCredentials } from './contract-caller.ts'

const marketplace = { marketplaceIds: marketplaceId }
const errorCode = (body: unknown): string | undefined =>
  (body as { readonly errors?: readonly { readonly code: string }[] }).errors?.[0]?.code
const client = { client_id: testCredentials.clientId, client_secret: testCredentials.clientSecret }

describe('login', () => {
  it('gives one-hour tokens for both grants and refuses wrong credentials', async () => {
    const { caller } = sampleAccount()
    const right = await caller.exchange({ grant_type: 'refresh_token', refresh_token: testCredentials.refreshToken, ...client })
    expect(right.status).toBe(200)
    expect(right.body).toMatchObject({ token_type: 'bearer', expires_in: 3600, refresh_token: testCredentials.refreshToken })
    const grantless = await caller.exchange({ grant_type: 'client_credentials', scope: 'sellingpartnerapi::notifications', ...client })
    expect(grantless.body).toMatchObject({ token_type: 'bearer', expires_in: 3600 })
    expect(grantless.body).not.toHaveProperty('refresh_token')

    const refusals: readonly Readonly<Record<string, string>>[] = [
      { grant_type: 'refresh_token', refresh_token: testCredentials.refreshToken, client_id: 'x', client_secret: 'y' },
      { grant_type: 'refresh_token', refresh_token: 'Atzr|other', ...client },
      { grant_type: 'client_credentials', scope: 'other', ...client },
      { grant_type: 'password', ...client },
    ]
    const answers = []
    for (const form of refusals) answers.push(await caller.exchange(form))
    expect(answers.map(({ status, body }) => [status, (body as { readonly error: string }).error])).toEqual([
      [401, 'invalid_client'],
      [400, 'invalid_grant'],
      [400, 'invalid_scope'],
      [400, 'unsupported_grant_type'],
    ])
  })

  it('answers 403 without a token, with an unknown one, and after an hour', async () => {
    const { caller, clock } = sampleAccount()
    const token = await caller.token()
    const get = async (given: string): Promise<number> =>
      (await caller.call('GET', itemPath('MUG'), { query: marketplace, token: given })).status
    expect([await get(''), await get('Atza|invented'), await get(token)]).toEqual([403, 403, 200])
    await clock.advance(3_599_999)
    expect(await get(token)).toBe(200)
    await clock.advance(1)
    const expired = await caller.call('GET', itemPath('MUG'), { query: marketplace, token })
    expect([expired.status, errorCode(expired.body)]).toEqual([403, 'Unauthorized'])
  })

  it('lets a grantless token do grantless operations only, and the other way round', async () => {
    const { caller } = sampleAccount()
    const grantless = await caller.token('sellingpartnerapi::notifications')
    expect((await caller.call('GET', '/notifications/v1/destinations')).status).toBe(403)
    expect((await caller.call('GET', '/notifications/v1/destinations', { token: grantless })).status).toBe(200)
    expect((await caller.call('GET', itemPath('MUG'), { query: marketplace, token: grantless })).status).toBe(403)
  })
})

describe('quotas', () => {
  it('are a token bucket per operation: the burst, then the rate, and no rate header on 429', async () => {
    const { caller, clock } = sampleAccount()
    const search = async (): Promise<{ status: number; rate: string | null }> => {
      const { status, headers } = await caller.call('GET', '/orders/2026-01-01/orders', { query: { createdAfter: '2026-11-01T00:00:00Z' } })
      return { status, rate: headers.get('x-amzn-RateLimit-Limit') }
    }
    for (let i = 0; i < 20; i++) expect(await search()).toEqual({ status: 200, rate: '0.0056' })
    expect(await search()).toEqual({ status: 429, rate: null })
    // Another operation has its own bucket.
    expect((await caller.call('GET', itemPath('MUG'), { query: marketplace })).status).toBe(200)
    await clock.advance(178_000)
    expect((await search()).status).toBe(429)
    await clock.advance(572)
    expect((await search()).status).toBe(200)
    expect((await search()).status).toBe(429)
  })

  it('never fills beyond the burst and scales as asked', async () => {
    const { caller, clock } = sampleAccount({ quotaScale: 2 })
    const patch = async (): Promise<number> =>
      (await caller.call('PATCH', itemPath('MUG'), { query: marketplace, body: patchBody(5) })).status
    // The bucket exists from its first use on; then it has ten minutes to fill.
    await patch()
    await clock.advance(600_000)
    const statuses = []
    for (let i = 0; i < 11; i++) statuses.push(await patch())
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429])
    const refused = await caller.call('PATCH', itemPath('MUG'), { query: marketplace, body: patchBody(5) })
    expect(refused.body).toEqual({
      errors: [{ code: 'QuotaExceeded', message: 'You exceeded your quota for the requested resource.', details: '' }],
    })
    await clock.advance(100)
    expect([await patch(), await patch()]).toEqual([200, 429])
  })
})

describe('requests', () => {
  it('must have a user agent, and JSON where there is a body', async () => {
    const { caller } = sampleAccount()
    const silent = await caller.call('GET', itemPath('MUG'), { query: marketplace, headers: { 'user-agent': '' } })
    expect([silent.status, errorCode(silent.body)]).toEqual([400, 'InvalidInput'])
    const text = await caller.call('PATCH', itemPath('MUG'), {
      query: marketplace,
      body: patchBody(1),
      headers: { 'content-type': 'text/plain' },
    })
    expect(text.status).toBe(415)
  })

  it('are held to the model: the field is named, its value is not repeated', async () => {
    const { caller } = sampleAccount({ quotaScale: 10 })
    const cases: readonly (readonly [Record<string, string>, unknown, string])[] = [
      [{}, patchBody(1), 'marketplaceIds'],
      [{ ...marketplace, mode: 'SECRET' }, patchBody(1), 'mode'],
      [{ ...marketplace, marketplaceId: 'SECRET' }, patchBody(1), 'marketplaceId'],
      [marketplace, { productType: 'PRODUCT' }, 'patches'],
      [marketplace, { productType: 'PRODUCT', patches: [] }, 'patches'],
      [marketplace, { productType: 'PRODUCT', patches: [{ op: 'SECRET', path: '/attributes/x' }] }, 'patches[0].op'],
      [marketplace, { productType: 'PRODUCT', patches: [{ op: 'merge', path: '/x', values: ['SECRET'] }] }, 'patches[0].values'],
    ]
    for (const [query, body, field] of cases) {
      const answer = await caller.call('PATCH', itemPath('MUG'), { query, body })
      expect(answer.status).toBe(400)
      expect(answer.body).toMatchObject({ errors: [{ code: 'InvalidInput', details: field }] })
      expect(JSON.stringify(answer.body)).not.toContain('SECRET')
    }
  })

  it('meet the faults: throttled, failed before an effect, lost after it', async () => {
    const account = sampleAccount({ processing: { minMs: 0, maxMs: 0 } })
    const { caller, simulator } = account
    const patch = async (quantity: number): Promise<number> =>
      (await caller.call('PATCH', itemPath('MUG'), { query: marketplace, body: patchBody(quantity) })).status
    await caller.call('GET', itemPath('MUG'), { query: marketplace })
    simulator.faults.throttle = 1
    expect(await patch(1)).toBe(429)
    simulator.faults.throttle = 0
    simulator.faults.errorBefore = 1
    expect(await patch(2)).toBe(500)
    expect(simulator.market.liveQuantity('MUG')).toBe(10)
    simulator.faults.errorBefore = 0
    simulator.faults.errorAfter = 1
    await expect(patch(3)).rejects.toThrow(TypeError)
    expect(simulator.market.liveQuantity('MUG')).toBe(3)
    simulator.faults.errorAfter = 0
    simulator.faults.acceptedNeverApplied = 1
    expect(await patch(4)).toBe(200)
    expect(simulator.market.liveQuantity('MUG')).toBe(3)
    expect(simulator.requestCounts()['listings.patchListingsItem']).toBe(4)
  })
})
