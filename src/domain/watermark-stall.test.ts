import { expect, test } from 'vitest'
import { minuteMs, nineMs } from '../../test/support/told-stock.ts'
import type { ChannelId } from './ids.ts'
import { type Stall, stallIncident } from './watermark-stall.ts'

const stall: Stall = {
  channel: 'shop' as ChannelId,
  stream: 'orders',
  watermarkMs: 7,
  sinceMs: nineMs - 20 * minuteMs,
  error: 'no answer',
  undecidedSinceMs: null,
}
const told = (over: Partial<Stall>): string | undefined => stallIncident({ ...stall, ...over }, nineMs)?.summary

test('a pause is no stall', () => {
  expect(stallIncident({ ...stall, sinceMs: nineMs - 14 * minuteMs }, nineMs)).toBeNull()
})

test('the reason is told', () => {
  expect(told({})).toBe(
    'shop: for 20 min it has not been possible to say that all orders are in (orders): the last look at them failed: no answer.',
  )
  expect(told({ error: null, undecidedSinceMs: nineMs - 25 * minuteMs })).toContain('an order created 25 min ago has no location yet')
  expect(told({ error: null })).toContain('the platform does not say that it has shown all of them')
})

test('it is the same stall while the watermark is the same', () => {
  const id = (over: Partial<Stall>): string | undefined => stallIncident({ ...stall, ...over }, nineMs)?.id
  expect(id({ error: null, sinceMs: 0 })).toBe(id({}))
  expect(id({ watermarkMs: 8 })).not.toBe(id({}))
  expect(id({ watermarkMs: null })).toBe('watermark-stalled/shop/orders/0')
})
