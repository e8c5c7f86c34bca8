import { afterEach, beforeEach, expect, test } from 'vitest'
import { constants, minuteMs, nineMs, settingsOf } from '../../test/support/told-stock.ts'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import type { ChannelId } from '../domain/ids.ts'
import { BelayError } from '../domain/errors.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createLearnedSettings } from './learned-settings.ts'

const shop = 'shop' as ChannelId
const errors: unknown[] = []
const log = { info: () => undefined, warn: () => undefined, error: (fields: unknown) => errors.push(fields) }
let store: Store
beforeEach(async () => {
  store = await openStore('sqlite::memory:')
  await store.migrate()
  errors.length = 0
})
afterEach(() => store.close())

const open = (over: Partial<Store> = {}) =>
  createLearnedSettings({
    store: { ...store, ...over },
    clock: createVirtualClock(nineMs),
    log,
    configured: [settingsOf('shop'), settingsOf('market')],
    unknown: (channel) => settingsOf(channel, { mode: 'paused' }),
  })
const late = (seenMs: number) => ({ kind: 'late-order', orderId: '1001', seenMs }) as const
const visibilityOf = (learned: ReturnType<typeof open>, channel = shop): number => learned.settingsFor(channel).constants.orderVisibilityMs

test('what is learned counts at once, is told, and counts after a restart', async () => {
  const learned = open()
  expect(learned.settingsFor(shop)).toEqual(settingsOf('shop'))
  const incident = await learned.contradicted(shop, late(20 * minuteMs))
  expect(incident).toMatchObject({
    kind: 'constant-widened',
    channel: 'shop',
    atMs: nineMs,
    summary: 'shop: orders are given 40 min to become visible now, instead of 5 min (L).',
    evidence: { before: 5 * minuteMs, after: 40 * minuteMs, seenMs: 20 * minuteMs, orderId: '1001' },
  })
  expect(visibilityOf(learned)).toBe(40 * minuteMs)
  expect(visibilityOf(learned, 'market' as ChannelId)).toBe(5 * minuteMs)
  expect(await learned.contradicted(shop, late(10 * minuteMs))).toBeNull()
  expect(await store.readSetting('constants/shop')).toBe('{"orderVisibilityMs":2400000}')
  const restarted = open()
  expect(visibilityOf(restarted)).toBe(5 * minuteMs)
  await restarted.refresh()
  expect(visibilityOf(restarted)).toBe(40 * minuteMs)
})

test('two processes learn from each other', async () => {
  const [one, other] = [open(), open()]
  await one.contradicted(shop, late(20 * minuteMs))
  await other.contradicted(shop, { kind: 'clock-skew', orderId: '2', seenMs: 20_000 })
  await one.refresh()
  for (const each of [one, other])
    expect(each.settingsFor(shop).constants).toEqual({ ...constants, orderVisibilityMs: 40 * minuteMs, clockSkewMs: 40_000 })
})

test('a store that is away: it counts all the same, and is durable when the store is back', async () => {
  let away = true
  const learned = open({
    writeSetting: (name, value) => (away ? Promise.reject(new BelayError('store-unavailable', 'away')) : store.writeSetting(name, value)),
  })
  expect(await learned.contradicted(shop, late(20 * minuteMs))).not.toBeNull()
  expect(errors).toHaveLength(1)
  expect(visibilityOf(learned)).toBe(40 * minuteMs)
  await expect(learned.refresh()).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(visibilityOf(learned)).toBe(40 * minuteMs)
  away = false
  await learned.refresh()
  expect(await store.readSetting('constants/shop')).toBe('{"orderVisibilityMs":2400000}')
})

test('a person makes the configuration count again', async () => {
  const learned = open()
  expect(await learned.forget(shop)).toBe(false)
  await learned.contradicted(shop, late(20 * minuteMs))
  const other = open()
  await other.refresh()
  expect(await learned.forget(shop)).toBe(true)
  await other.refresh()
  for (const each of [learned, other]) expect(each.settingsFor(shop)).toEqual(settingsOf('shop'))
})

test('a stored text that is none is loud, and the configuration counts', async () => {
  await store.writeSetting('constants/shop', '{"orderVisibilityMs":"long"}')
  const learned = open()
  await learned.refresh()
  expect(errors).toHaveLength(1)
  expect(learned.settingsFor(shop)).toEqual(settingsOf('shop'))
})

test('a channel that is not configured learns nothing', async () => {
  expect(await open().contradicted('gone' as ChannelId, late(20 * minuteMs))).toBeNull()
})
