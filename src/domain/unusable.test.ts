import { expect, test } from 'vitest'
import { constants, fenceWith, knownSettings, listingWith, nineMs, pushWith, settingsOf, stockWith } from '../../test/support/told-stock.ts'
import { isGuaranteed } from './exposure.ts'
import { plan } from './plan.ts'
import { protectionOf, protectionText } from './protection.ts'
import { recordRead } from './push.ts'
import { leaveGuarantee, takeInAnew } from './unusable.ts'

const read = pushWith({ id: 'shop/mug#9', kind: 'read', quantity: 0, fromQuantity: null, charge: 0 })
const listing = listingWith('shop', { base: 6, believedQuantity: 6, pushes: [read, pushWith()], fences: [fenceWith()] })
const outside = leaveGuarantee(listing, read.id, 'the item is not tracked', nineMs + 1_000)

test('an unusable listing leaves the guarantee with the reason, and keeps the charges of its writes', () => {
  expect(outside).toMatchObject({
    status: 'unprotected',
    blockedReason: 'the item is not tracked',
    fences: [],
    pushes: [{ id: 'shop/mug#1' }],
  })
  expect(isGuaranteed(outside)).toBe(false)
  expect(protectionText(protectionOf(stockWith(10, [outside]), knownSettings()))).toBe(
    'Unprotected: shop sells without regard to our number (the item is not tracked)',
  )
  expect(leaveGuarantee(listing, 'gone', 'x', 0)).toBe(listing)
})

test.each(['compare-and-set', 'absolute-set-with-read'] as const)(
  'nothing is written to it (%s): it is only read, and not before its time',
  (writeClass) => {
    const stock = stockWith(10, [{ ...outside, writeClass, pushes: [] }])
    expect(plan(stock, () => settingsOf('shop'), nineMs)).toMatchObject([{ step: { kind: 'read' }, dueAtMs: nineMs + 1_000 }])
  },
)

test('the first number read takes it in anew: adopting, without a bound until its first fence', () => {
  const again = { ...outside, pushes: [read] }
  const taken = recordRead(takeInAnew(again, settingsOf('shop')), read.id, 4, nineMs, constants)
  expect(taken.raisedBy).toBe(0)
  expect(taken.listing).toMatchObject({
    status: 'adopting',
    fencedThroughMs: 0,
    blockedReason: null,
    believedQuantity: 4,
    fences: [{ quantity: 4 }],
  })
})

test('a listing whose channel is not known to lower its number stays outside', () => {
  expect(takeInAnew(outside, settingsOf('shop', { selfDecrement: 'unproven' }))).toBe(outside)
  expect(takeInAnew(listing, settingsOf('shop'))).toBe(listing)
})
