import { describe, expect, it } from 'vitest'
import { directTarget, parseVendorListing } from './listing.ts'

const rules = { directFulfilment: true, retail: true, warehouseIds: new Set(['WH1']) }

describe('external ids of a vendor account', () => {
  it('addresses a direct-fulfilment offer', () => {
    expect(parseVendorListing('df/WH1/SKU-1', rules)).toEqual({
      externalId: 'df/WH1/SKU-1',
      keys: ['df/WH1/SKU-1'],
      fulfilment: 'DF',
      writeClass: 'absolute-set',
    })
    expect(parseVendorListing('df/WH1/SKU/1 red#B012345678', rules)).toMatchObject({
      externalId: 'df/WH1/SKU/1 red',
      keys: ['df/WH1/SKU/1 red', 'df/WH1/asin:B012345678'],
    })
    expect(parseVendorListing('df/WH1/asin:B012345678', rules).keys).toEqual(['df/WH1/asin:B012345678'])
  })

  it('addresses a purchase-order offer', () => {
    expect(parseVendorListing('retail/SKU-1#B012345678', rules)).toEqual({
      externalId: 'retail/SKU-1',
      keys: ['retail/SKU-1', 'retail/asin:B012345678'],
      fulfilment: 'retail',
      writeClass: 'ask-first',
    })
  })

  it('finds the identifiers of an update again', () => {
    expect(directTarget('df/WH1/a/b')).toEqual({ warehouseId: 'WH1', identifiers: { vendorProductIdentifier: 'a/b', asin: null } })
    expect(directTarget('df/WH1/asin:B012345678')).toEqual({
      warehouseId: 'WH1',
      identifiers: { vendorProductIdentifier: null, asin: 'B012345678' },
    })
    expect(directTarget('retail/a')).toBeNull()
  })

  it.each([
    '',
    'SKU-1',
    'df/WH1',
    'df/WH1/',
    'df//SKU-1',
    'df/WH9/SKU-1',
    'df/WH1/ SKU-1',
    'df/WH1/SKU-1#',
    'df/WH1/SKU-1#b012345678',
    'df/WH1/SKU-1#B0123',
    'df/WH1/SKU#1#B012345678',
    'df/WH1/asin:short',
    'df/WH1/asin:B012345678#B012345678',
    'retail/',
    'retail/#B012345678',
    'Retail/SKU-1',
    'retail/SKU-1\n',
  ])('refuses %j', (externalId) => {
    expect(() => parseVendorListing(externalId, rules)).toThrow(
      expect.objectContaining({ code: 'listing-address-invalid', fix: expect.stringMatching(/./) }),
    )
  })

  it('refuses a side that is turned off', () => {
    expect(() => parseVendorListing('retail/SKU-1', { ...rules, retail: false })).toThrow(/retail is turned off/)
    expect(() => parseVendorListing('df/WH1/SKU-1', { ...rules, directFulfilment: false })).toThrow(/direct fulfilment is turned off/)
  })
})
