import { afterEach, beforeEach, expect, test } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts'
import { viewSettings } from '../../test/support/inventory-samples.ts'
import { BelayError } from '../domain/errors.ts'
import type { ChannelId } from '../domain/ids.ts'
import type { Store } from '../ports/store.ts'
import { openStore } from '../store/index.ts'
import { createPeerSignals } from './peer-signals.ts'
import { type WatchedStore, watchOutages } from './store-outage.ts'
import { runViewLoop } from './view-loop.ts'

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

let real: Store
let clock: VirtualClock
let lines: Line[]
/** Names of the calls that fail; `*`: all. */
let away: Set<string>
let watched: WatchedStore
const stopping: AbortController[] = []
const running: Promise<void>[] = []

const logger = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
  lines.push({ level, message, fields })
}

beforeEach(async () => {
  real = await openStore('sqlite::memory:')
  await real.migrate()
  clock = createVirtualClock()
  lines = []
  away = new Set()
  const failing = Object.fromEntries(
    Object.entries(real).map(([name, part]: [string, unknown]) => [
      name,
      typeof part !== 'function'
        ? part
        : (...inputs: unknown[]): unknown =>
            away.has('*') || away.has(name)
              ? Promise.reject(new BelayError('store-unavailable', 'no server answers', { fix: 'Start it.' }))
              : Reflect.apply(part, real, inputs),
    ]),
  ) as unknown as Store
  watched = watchOutages({ store: failing, clock, log: { info: logger('info'), warn: logger('warn'), error: logger('error') } })
})
afterEach(async () => {
  away.clear()
  for (const each of stopping.splice(0)) each.abort()
  await clock.settle()
  await Promise.all(running.splice(0))
  await real.close()
})

const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined }

const startLoops = (): void => {
  const { store, log } = watched
  const stop = new AbortController()
  stopping.push(stop)
  const peers = createPeerSignals({
    store,
    clock,
    log,
    channels: ['shop' as ChannelId],
    isOwnedHere: () => false,
    onSignal: () => undefined,
  })
  running.push(
    peers.listen(stop.signal),
    runViewLoop({ context: { store, clock, log, metrics }, settings: () => viewSettings, owner: 'a', signal: stop.signal }),
  )
}

test('loops that all meet the same outage are one warning with what to do, and one line with its length', async () => {
  startLoops()
  await clock.settle()
  away.add('*')
  await clock.advance(30_000)
  expect(lines).toEqual([
    {
      level: 'warn',
      message: expect.stringContaining('does not answer') as string,
      fields: expect.objectContaining({ fix: 'Start it.' }) as object,
    },
  ])
  away.clear()
  await clock.advance(90_000)
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info'])
  const outageMs = Number(lines[1]?.fields['outageMs'])
  expect(outageMs).toBeGreaterThanOrEqual(29_000)
  expect(outageMs).toBeLessThanOrEqual(32_000)
})

test('without the watch the same outage is many messages', async () => {
  watched = { store: watched.store, log: { info: logger('info'), warn: logger('warn'), error: logger('error') } }
  startLoops()
  await clock.settle()
  away.add('*')
  await clock.advance(30_000)
  expect(lines.length).toBeGreaterThan(10)
})

test('what is said of anything else is said during an outage too', async () => {
  away.add('*')
  await expect(watched.store.readSetting('a')).rejects.toMatchObject({ code: 'store-unavailable' })
  watched.log.error({ error: 'BelayError: no server answers' }, 'a loop')
  watched.log.warn({ error: 'the platform is closed' }, 'another loop')
  watched.log.error({}, 'a bug')
  expect(lines.slice(1).map(({ message }) => message)).toEqual(['another loop', 'a bug'])
})

test('reads that go on do not end the outage of writes; a write that works does', async () => {
  away.add('writeSetting')
  const failOnce = () => expect(watched.store.writeSetting('a', 'b')).rejects.toMatchObject({ code: 'store-unavailable' })
  await failOnce()
  await watched.store.readSetting('a')
  await failOnce()
  expect(lines.map(({ level }) => level)).toEqual(['warn'])
  away.clear()
  await clock.advance(500)
  await watched.store.writeSetting('a', 'b')
  expect(lines.map(({ level, fields }) => [level, fields['outageMs']])).toEqual([
    ['warn', undefined],
    ['info', 500],
  ])
})

test('a call that is not made again does not hold an outage open', async () => {
  away.add('expireInbox')
  await expect(watched.store.expireInbox(1)).rejects.toMatchObject({ code: 'store-unavailable' })
  away.clear()
  await clock.advance(9_999)
  await watched.store.readSetting('a')
  expect(lines).toHaveLength(1)
  await clock.advance(1)
  await watched.store.readSetting('a')
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info'])
  expect(await watched.store.readSetting('a')).toBeNull()
})
