import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anySettings, anyStock, constants, fenceWith, knownSettings, listingWith, stockWith } from '../../test/support/told-stock.ts'
import { atRiskUnits, exposureUnits } from './exposure.ts'
import { protectionOf, protectionText } from './protection.ts'
import { type ListingState, sellableUnits, type Stock } from './stock.ts'

const told = (stock: Stock, over: Parameters<typeof knownSettings>[0] = {}): string =>
  protectionText(protectionOf(stock, knownSettings(over)))
const shop = listingWith('shop', { base: 6, believedQuantity: 6 })
const market = listingWith('market', { base: 4, believedQuantity: 4, writeClass: 'absolute-set-with-read' })

test('Protected comes with the constants of every channel, each once', () => {
  const twice = listingWith('shop', { id: 'shop/2' as ListingState['id'] })
  const protection = protectionOf(stockWith(10, [shop, twice, market]), knownSettings())
  expect(protection).toEqual({
    status: 'protected',
    atRiskUnits: 0,
    reasons: [],
    constants: [
      { channel: 'shop', ...constants },
      { channel: 'market', ...constants },
    ],
  })
  expect(protectionText(protection)).toBe('Protected')
})

test('an open fence does not lessen it: the bound holds until then', () => {
  expect(told(stockWith(10, [{ ...shop, fences: [fenceWith()] }, market]))).toBe('Protected')
})

describe('At risk', () => {
  test('counts the units beyond the shelf', () => {
    expect(told(stockWith(9, [shop, market]))).toBe('At risk 1 unit')
    expect(told(stockWith(7, [shop, market]))).toBe('At risk 3 units')
    expect(told(stockWith(10, [shop, market], { reservedUnits: 12 }))).toBe('At risk 12 units')
  })

  test('goes before what is unprotected, and keeps those reasons', () => {
    const protection = protectionOf(
      stockWith(5, [shop, listingWith('market', { status: 'adopting', fencedThroughMs: 0 })]),
      knownSettings(),
    )
    expect(protection).toMatchObject({ status: 'at-risk', atRiskUnits: 1, reasons: [{ kind: 'adopting', channel: 'market' }] })
  })

  test('also where nothing is offered any more and too much was sold', () => {
    expect(told(stockWith(1, [], { reservedUnits: 3 }))).toBe('At risk 2 units')
  })
})

describe('Unprotected', () => {
  const unfenced = { status: 'adopting', fencedThroughMs: 0 } as const
  test.each<[string, Partial<ListingState>, Parameters<typeof knownSettings>[0], string]>([
    ['adopting', unfenced, {}, 'market is being adopted: what it may sell is not proven yet'],
    ['adopting without room', { status: 'adopting' }, {}, 'market is being adopted: it shows more than the other listings leave'],
    ['self-decrement', {}, { market: { selfDecrement: 'unproven' } }, 'market is not known to lower its number by itself when it sells'],
    ['self-decrement, not fenced', unfenced, { market: { selfDecrement: 'unproven' } }, 'market is not known to lower its number'],
    [
      'unusable',
      { status: 'unprotected', blockedReason: 'the item is not tracked' },
      {},
      'market sells without regard to our number (the item is not tracked)',
    ],
    ['blocked', { blockedReason: 'the item is archived' }, {}, 'market refuses our number (the item is archived)'],
    ['observe', {}, { market: { mode: 'observe' } }, 'market is only observed'],
    ['paused', {}, { market: { mode: 'paused' } }, 'market is paused'],
    ['disconnected', { disconnectedAtMs: 1 }, {}, 'market is disconnected: nothing is read or lowered there'],
    ['closing', { disconnectedAtMs: 1, closedAtMs: 1 }, {}, 'market is closed there: the orders from before are not all in yet'],
    ['not configured', {}, { market: null }, 'market is not configured'],
  ])('%s', (_name, over, settings, text) => {
    expect(told(stockWith(10, [shop, { ...market, ...over }]), settings)).toContain(`Unprotected: ${text}`)
  })

  test('pooled, by choice', () => {
    const pooled = stockWith(1, [shop, market], { sharing: 'pooled' })
    expect(told(pooled)).toBe('Unprotected: pooled by choice: every listing shows everything')
    expect(told(pooled, { shop: { mode: 'observe' } })).toBe('Unprotected: pooled by choice: every listing shows everything (and 1 more)')
  })
})

test('Not offered: no listing, or only such as ask first', () => {
  expect(told(stockWith(10, []))).toBe('Not offered')
  expect(told(stockWith(10, [listingWith('vendor', { writeClass: 'ask-first' })], { sharing: 'pooled' }))).toBe('Not offered')
})

test('protection is never claimed without its constants, nor beyond the shelf', () => {
  fc.assert(
    fc.property(anyStock, anySettings, (stock, settingsOf) => {
      const { status, constants: given, reasons, atRiskUnits: units } = protectionOf(stock, settingsOf)
      const selling = stock.listings.filter((l) => l.writeClass !== 'ask-first')
      expect(units).toBe(atRiskUnits(stock))
      if (status !== 'protected') return
      expect(reasons).toEqual([])
      expect(selling.length).toBeGreaterThan(0)
      for (const listing of selling) {
        expect(given.filter((each) => each.channel === listing.channel)).toHaveLength(1)
        expect(settingsOf(listing.channel)).toMatchObject({ mode: 'enforce' })
        expect(listing.status).toBe('active')
      }
      expect(selling.reduce((sum, l) => sum + exposureUnits(l), 0)).toBeLessThanOrEqual(sellableUnits(stock))
    }),
    { numRuns: 500 },
  )
})
