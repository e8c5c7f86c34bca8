import { describe, expect, test } from 'vitest'
import { rawConfig } from '../../../test/golden/shopify/setup.ts'
import { parseListing } from './addresses.ts'
import { configSchema, expectedShopDomain } from './config.ts'

const problem = (changes: Readonly<Record<string, unknown>>): string =>
  configSchema
    .safeParse({ ...rawConfig, ...changes })
    .error?.issues.map((each) => each.message)
    .join('; ') ?? ''

describe('configuration', () => {
  test('defaults', () => {
    expect(configSchema.parse(rawConfig)).toMatchObject({
      apiVersion: '2026-10',
      reason: 'correction',
      shopUrl: 'https://belay-test.myshopify.com',
    })
  })

  test.each([
    ['http://belay-test.myshopify.com', /must be https/],
    ['https://shop.example.com', /myshopify\.com/],
    ['https://belay-test.myshopify.com/admin', /without path/],
    ['https://belay-test.myshopify.com.evil.example', /myshopify\.com/],
    ['belay-test', /not an address/],
  ])('refuses %s', (shopUrl, message) => {
    expect(problem({ shopUrl })).toMatch(message)
  })

  test('plain http for loopback addresses only', () => {
    for (const shopUrl of ['http://127.0.0.1:4001', 'http://localhost:4001/', 'http://[::1]:4001']) expect(problem({ shopUrl })).toBe('')
    expect(expectedShopDomain(configSchema.parse({ ...rawConfig, shopUrl: 'http://127.0.0.1:4001' }))).toBeNull()
    expect(expectedShopDomain(configSchema.parse(rawConfig))).toBe('belay-test.myshopify.com')
  })

  test('locations: numeric ids, global ids, once each', () => {
    expect(
      configSchema.parse({ ...rawConfig, locations: [{ id: 'a', shopifyLocationId: 'gid://shopify/Location/7' }] }).locations[0],
    ).toEqual({
      id: 'a',
      shopifyLocationId: '7',
    })
    expect(problem({ locations: [] })).not.toBe('')
    expect(problem({ locations: [{ id: 'a', shopifyLocationId: 'main' }] })).toMatch(/numeric id/)
    expect(
      problem({
        locations: [
          { id: 'a', shopifyLocationId: '7' },
          { id: 'b', shopifyLocationId: 7 },
        ],
      }),
    ).toMatch(/once/)
  })
})

describe('listing addresses', () => {
  const locations = new Set(['900'])

  test('the same offer has the same external id with and without its variant', () => {
    expect(parseListing('271878346596884015@900', locations)).toEqual({
      externalId: '271878346596884015@900',
      keys: ['271878346596884015@900', 'item:271878346596884015@900'],
      fulfilment: 'MFN',
      writeClass: 'delta',
    })
    expect(parseListing('5@900#6', locations)).toMatchObject({
      externalId: '5@900',
      keys: ['5@900', 'item:5@900', 'variant:6@900', '5@900#6'],
    })
  })

  test.each(['', '5', '5@', '@900', '05@900', '5@900#', '5@900#x', '5@900 ', '5@900#6#7', '-5@900', '5@901', '123456789012345678901@900'])(
    'refuses "%s"',
    (externalId) => {
      expect(() => parseListing(externalId, locations)).toThrow(expect.objectContaining({ code: 'listing-address-invalid' }))
    },
  )
})
