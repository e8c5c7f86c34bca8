// Asking a platform to tell what happens there: an exhausted budget is waited for, a refusal is told and tried again.
import { afterEach, expect, test } from 'vitest'
import { createScript, scriptedChannel } from '../../test/support/scripted-channel.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { settingsOf } from '../../test/support/told-stock.ts'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import { BelayError } from '../domain/errors.ts'
import type { Hub } from '../ports/hub.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createHub } from './hub.ts'
import { createStatusBook } from './status.ts'

const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined }
let hub: Hub
let store: Store
afterEach(async () => {
  await store.close()
})

/** Says when it was asked, and what was logged. */
const subscribing = async (failures: readonly ((nowMs: number) => BelayError)[]) => {
  const clock = createVirtualClock()
  const startMs = clock.nowMs()
  const askedAfterMs: number[] = []
  const warned: string[] = []
  store = await openStore('sqlite::memory:')
  await store.migrate()
  const channel = {
    ...scriptedChannel('shop', 'compare-and-set', createScript()),
    subscribe: () => {
      const failure = failures[askedAfterMs.length]
      askedAfterMs.push(clock.nowMs() - startMs)
      return failure ? Promise.reject(failure(clock.nowMs())) : Promise.resolve()
    },
  }
  hub = createHub({
    store,
    clock,
    random: seededRandom(1),
    metrics,
    log: { info: () => undefined, warn: (_fields, message) => warned.push(message), error: () => undefined },
    status: createStatusBook(clock, metrics),
    adapters: [channel],
    settings: [settingsOf('shop')],
    poolLocations: new Map(),
    webhookUrlFor: () => 'http://127.0.0.1:1/webhooks/shop',
  })
  await hub.start()
  await clock.advance(60_000)
  const stopped = hub.stop()
  await clock.advance(20_000)
  await stopped
  return { askedAfterMs, warned: warned.filter((message) => message.startsWith('not subscribed')) }
}

const throttled = (nowMs: number): BelayError =>
  new BelayError('channel-throttled', 'the budget is used up', { fix: 'wait', retryAtMs: nowMs + 3_000 })
const refused = (): BelayError => new BelayError('channel-permission-missing', 'no', { fix: 'grant it' })

test('an exhausted budget is waited for as long as it says, and is nothing to tell', async () => {
  const { askedAfterMs, warned } = await subscribing([throttled, throttled])
  const [first = 0, second = 0, third = 0] = askedAfterMs
  expect([second - first, third - second]).toEqual([3_000, 3_000])
  expect(askedAfterMs).toHaveLength(3)
  expect(warned).toEqual([])
})

test('a refusal is told, and tried again later each time', async () => {
  const { askedAfterMs, warned } = await subscribing([refused, refused, refused])
  expect(askedAfterMs).toHaveLength(4)
  expect(warned).toHaveLength(3)
  expect((askedAfterMs[3] ?? 0) - (askedAfterMs[2] ?? 0)).toBeGreaterThan((askedAfterMs[2] ?? 0) - (askedAfterMs[1] ?? 0))
})
