import { parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { shopifySchema } from '../../../test/golden/shopify/schema.ts'
import * as operations from './operations.ts'

describe('documents', () => {
  const all = Object.entries(operations).flatMap(([name, operation]) => (typeof operation === 'string' ? [] : [[name, operation] as const]))

  test.each(all)('%s is valid in the official schema of 2026-10', (_, operation) => {
    expect(validate(shopifySchema(), parse(operation.document))).toEqual([])
  })

  test('the bulk query is valid, with three connections, one nested in another', () => {
    expect(validate(shopifySchema(), parse(operations.bulkInventoryQuery))).toEqual([])
    expect(operations.bulkInventoryQuery.match(/edges/g)).toHaveLength(3)
  })

  test('only mutations are writes', () => {
    for (const [, operation] of all) expect(operation.write).toBe(operation.document.startsWith('mutation'))
  })

  test('no page that is asked for costs more than one query may', () => {
    expect(operations.ordersUpdated.points({ query: '', first: 12, lines: 10, after: null, amounts: false })).toBeLessThan(500)
    expect(operations.ordersUpdated.points({ query: '', first: 6, lines: 6, after: null, amounts: true })).toBeLessThan(500)
    expect(operations.sweptItems.points({ ids: Array.from({ length: 20 }, () => ''), locationId: '' })).toBeLessThanOrEqual(500)
    expect(operations.orderDetails.points({ ids: ['1'], parts: 30, lines: 3, locations: true })).toBeLessThan(1000)
  })
})
