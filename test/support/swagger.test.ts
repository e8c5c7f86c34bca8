import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSwaggerContract, type SandboxCase } from './swagger.ts'

const models = readdirSync(new URL('../golden/contracts/', import.meta.url)).filter((name) => name.endsWith('.json'))

/** A request that asks for this example: placeholders filled, query written as the model's lists are. */
const requestOf = (example: SandboxCase) => {
  const { body, ...rest } = example.parameters
  let path = example.pathTemplate
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(rest)) {
    const text = Array.isArray(value) ? value.join(',') : String(value)
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(text))
    else query.set(name, text)
  }
  return { method: example.method, url: `${path}?${query.toString()}`, body }
}

describe('the swagger contract', () => {
  const inventory = createSwaggerContract('vendorDirectFulfillmentInventoryV1.json')
  const orders = createSwaggerContract('vendorOrders.json')
  const items = createSwaggerContract('listingsItems_2021-08-01.json')
  const url = 'https://host.example/vendor/directFulfillment/inventory/v1/warehouses/WH%2F1/items'
  const body = {
    inventory: {
      sellingParty: { partyId: 'V' },
      isFullUpdate: false,
      items: [{ vendorProductIdentifier: 'A', availableQuantity: { amount: 1, unitOfMeasure: 'Each' } }],
    },
  }

  it('takes what the model describes', () => {
    expect(inventory.validateRequest({ method: 'POST', url, body })).toEqual([])
    expect(inventory.operationOf({ method: 'post', url })).toBe('submitInventoryUpdate')
    expect(orders.validateRequest({ method: 'GET', url: '/vendor/orders/v1/purchaseOrders?limit=100&includeDetails=true' })).toEqual([])
  })

  it.each([
    ['missing body', { method: 'POST', url }, 'body: missing'],
    ['misspelt property', { method: 'POST', url, body: { inventory: { ...body.inventory, isfullUpdate: true } } }, 'isfullUpdate'],
    ['missing property', { method: 'POST', url, body: { inventory: { items: [] } } }, 'sellingParty'],
    ['wrong type', { method: 'POST', url, body: { inventory: { ...body.inventory, isFullUpdate: 'no' } } }, 'boolean'],
    ['unknown path', { method: 'POST', url: '/vendor/nothing', body }, 'no such operation'],
    ['unknown method', { method: 'GET', url }, 'no such operation'],
    ['bad percent encoding', { method: 'POST', url: url.replace('%2F1', '%E0%A4%A'), body }, 'percent-encoded'],
    ['no token', { method: 'POST', url, body, headers: { 'user-agent': 'x', 'content-type': 'application/json' } }, 'x-amz-access-token'],
  ])('refuses a request with %s', (_name, request, part) => {
    expect(inventory.validateRequest(request).join('\n')).toContain(part)
  })

  it.each([
    ['?limit=101', 'query limit: must be <= 100'],
    ['?limit=ten', 'query limit: must be integer'],
    ['?purchaseOrderState=Open', 'must be equal to one of the allowed values'],
    ['?includeDetails=yes', 'format'],
    ['?changedAfter=yesterday', 'format'],
    ['?changedafter=2026-01-01T00:00:00Z', 'query changedafter: unknown'],
    ['?limit=1&limit=2', 'given 2 times'],
  ])('refuses the query %s', (query, part) => {
    expect(orders.validateRequest({ method: 'GET', url: `/vendor/orders/v1/purchaseOrders${query}` }).join('\n')).toContain(part)
  })

  it('reads lists, their bounds and what is required', () => {
    const path = '/listings/2021-08-01/items/SELLER/SKU%201'
    expect(items.validateRequest({ method: 'GET', url: `${path}?marketplaceIds=A&includedData=summaries,offers` })).toEqual([])
    expect(items.validateRequest({ method: 'GET', url: path })).toEqual(['query marketplaceIds: missing'])
    expect(items.validateRequest({ method: 'GET', url: `${path}?marketplaceIds=A&includedData=stock` }).join()).toContain('allowed values')
    const many = Array.from({ length: 21 }, (_, at) => `S${at}`).join(',')
    const search = `/listings/2021-08-01/items/SELLER?marketplaceIds=A&identifiersType=SKU&identifiers=${many}`
    expect(items.validateRequest({ method: 'GET', url: search }).join()).toContain('NOT have more than 20')
  })

  it('holds answers to the schema of their status', () => {
    expect(inventory.validateResponse({ method: 'POST', url, status: 202, body: { payload: { transactionId: 't', later: 1 } } })).toEqual(
      [],
    )
    expect(inventory.validateResponse({ method: 'POST', url, status: 202, body: { payload: { transactionId: 1 } } })).toHaveLength(1)
    expect(inventory.validateResponse({ method: 'POST', url, status: 200, body: {} }).join()).toContain('does not describe')
    expect(inventory.validateResponse({ method: 'POST', url, status: 400, body: { errors: [{ code: 'x' }] } }).join()).toContain('message')
  })

  // What Amazon's own examples get wrong, measured on the models beside SOURCE.txt: a change here is a change of the models.
  it.each(models)('reads every example of %s', (model) => {
    const contract = createSwaggerContract(model)
    const seen = contract.sandboxCases().map((example) => {
      const request = requestOf(example)
      expect(contract.operationOf(request)).toBe(example.operationId)
      return {
        operation: `${example.operationId} ${example.status}`,
        // An example names only the parameters that select it, so that what is missing is no fault of it.
        request: example.status < 300 ? contract.validateRequest(request).filter((problem) => !problem.endsWith(': missing')) : [],
        response: contract.validateResponse({ ...request, status: example.status, body: example.body }),
      }
    })
    expect(seen.filter((one) => one.request.length + one.response.length > 0)).toMatchSnapshot()
  })
})
