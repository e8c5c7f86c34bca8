import { describe, expect, it } from 'vitest'
import { amazonVendorConfig } from './config.ts'

const minimal = {
  id: 'vendor',
  endpoint: 'https://sellingpartnerapi-eu.amazon.com',
  clientId: 'amzn1.application-oa2-client.x',
  clientSecret: 'secret',
  refreshToken: 'Atzr|x',
  sellingPartyId: 'VEND1',
  warehouses: [{ id: 'main', warehouseId: 'WH1' }],
  directFulfilment: true,
  retail: true,
}

const problems = (change: object): string => {
  const result = amazonVendorConfig.safeParse({ ...minimal, ...change })
  return result.success ? '' : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n')
}

describe('the configuration of a vendor account', () => {
  it('fills in what was left out, on the safe side', () => {
    const config = amazonVendorConfig.parse(minimal)
    expect(config.selfDecrement).toBe('unproven')
    expect(config.lwaEndpoint).toBe('https://api.amazon.com/auth/o2/token')
    expect(config.settings).toMatchObject({ itemsPerUpdate: 100, updateDoneAfterMs: null, acceptCode: '00', outOfStockCode: '03' })
  })

  it.each([
    [{ directFulfilment: false, retail: false }, /turn on directFulfilment, retail or both/],
    [{ warehouses: [] }, /needs at least one warehouse/],
    [{ warehouses: [minimal.warehouses[0], { id: 'other', warehouseId: 'WH1' }] }, /named once/],
    [{ warehouses: [{ id: 'main', warehouseId: 'WH/1' }] }, /must not contain/],
    [{ endpoint: 'http://example.com' }, /https/],
    [{ selfDecrement: 'documented' }, /selfDecrement/],
    [{ sellerId: 'x' }, /sellerId/],
    [{ settings: { itemsPerUpdate: 0 } }, /settings.itemsPerUpdate/],
  ])('refuses %j', (change, message) => expect(problems(change)).toMatch(message))
})
