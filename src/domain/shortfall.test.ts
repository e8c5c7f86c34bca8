import { expect, test } from 'vitest'
import { knownSettings, listingWith, minuteMs, nineMs, stockWith } from '../../test/support/told-stock.ts'
import { shortfallOf } from './shortfall.ts'

const shop = listingWith('shop', { base: 6 })
const market = listingWith('market', { base: 4, nextPushAtMs: nineMs + minuteMs })
const told = (onHand: number, over: Parameters<typeof stockWith>[2] = {}, settings: Parameters<typeof knownSettings>[0] = {}) =>
  shortfallOf(stockWith(onHand, [shop, market, listingWith('vendor')], over), knownSettings(settings), nineMs)

test('nothing is missing, or nothing is promised', () => {
  expect(told(10)).toBeNull()
  expect(told(3, { sharing: 'pooled' })).toBeNull()
})

test('who holds the units, and when they are expected back', () => {
  expect(told(7)).toEqual({
    units: 3,
    oversoldUnits: 0,
    holders: [
      { listing: 'shop/mug', channel: 'shop', units: 6 },
      { listing: 'market/mug', channel: 'market', units: 4 },
    ],
    // Written in a minute at the earliest, then H, twice eps and L.
    expectedByMs: nineMs + (1 + 15 + 5) * minuteMs + 20_000,
  })
})

test('units that orders take beyond the shelf do not come back by themselves', () => {
  expect(told(7, { reservedUnits: 9 })).toMatchObject({ units: 12, oversoldUnits: 2 })
  expect(shortfallOf(stockWith(1, [], { reservedUnits: 3 }), knownSettings(), nineMs)).toEqual({
    units: 2,
    oversoldUnits: 2,
    holders: [],
    expectedByMs: null,
  })
})

test('no time is told when a holder cannot be lowered', () => {
  expect(told(7, {}, { market: { mode: 'observe' } })?.expectedByMs).toBeNull()
  expect(told(7, {}, { market: null })?.expectedByMs).toBeNull()
  const blocked = { ...shop, blockedReason: 'archived' }
  expect(shortfallOf(stockWith(1, [blocked]), knownSettings(), nineMs)?.expectedByMs).toBeNull()
})
