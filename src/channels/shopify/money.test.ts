import { describe, expect, test } from 'vitest'
import { lineAmountMinor } from './money.ts'

const price = { unitPrice: '19.99', quantity: 3, discounts: [], taxes: [], taxesIncluded: true, currency: 'EUR' }

describe('amount of a line', () => {
  test.each([
    [{}, 5997],
    [{ discounts: ['5.00', '0.97'] }, 5400],
    [{ taxes: ['4.80'], taxesIncluded: false }, 6477],
    [{ taxes: ['4.80'] }, 5997],
    [{ currency: 'JPY', unitPrice: '1200' }, 3600],
    [{ currency: 'KWD', unitPrice: '1.234' }, 3702],
    [{ unitPrice: '0.333333', quantity: 1 }, 33],
    [{ unitPrice: '0.335', quantity: 1 }, 34],
    [{ unitPrice: 'free' }, null],
    [{ currency: 'euro' }, null],
    [{ discounts: ['100.00'] }, null],
  ])('%j -> %s', (changes, expected) => {
    expect(lineAmountMinor({ ...price, ...changes })).toBe(expected)
  })
})
