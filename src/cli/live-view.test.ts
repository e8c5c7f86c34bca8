import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createFakeHub } from '../../test/support/fake-hub.ts'
import { createVirtualClock } from '../../test/support/virtual-clock.ts'
import type { ChannelId, Sku } from '../domain/ids.ts'
import type { ChannelStatus, HubEvent } from '../ports/hub.ts'
import { clockText, durationText, eventLine, plain, printable, statusLine, tallyLine } from './live-lines.ts'
import { createLiveView } from './live-view.ts'

const atMs = Date.UTC(2026, 10, 23, 9, 0, 1, 250)
const shop = 'shopify-eu' as ChannelId
const sale = (sku = 'RED-MUG'): HubEvent => ({
  kind: 'sale',
  channel: shop,
  orderId: '1',
  sku: sku as Sku,
  units: 2,
  availableUnits: 12,
  arrivedAtMs: atMs - 5,
  atMs,
})
const push: HubEvent = {
  kind: 'push',
  channel: 'amazon-de' as ChannelId,
  sku: 'RED-MUG' as Sku,
  quantity: 12,
  outcome: 'applied',
  delayMs: 62,
  atMs: atMs + 62,
}
const status: ChannelStatus = {
  channel: shop,
  platform: 'shopify',
  mode: 'enforce',
  health: 'degraded',
  operations: [],
  lastErrors: [{ atMs: atMs - 3000, operation: 'set', code: 'channel-timeout', message: 'no answer\nin 10 s' }],
  throttles: 12,
  retries: 3,
  watermarkAgeMs: { orders: 4000, other: 65_000 },
  pushesDue: 7,
  pushesOpen: 2,
  owner: 'warehouse-1/4711/5c1a0b2e',
  reportedAtMs: null,
}

describe('lines', () => {
  test('of a sale and the push that follows', () => {
    expect(eventLine(sale(), 'Europe/Berlin', plain)).toBe('10:00:01.250  shopify-eu     sale   RED-MUG                      -2  12 left')
    expect(eventLine(push, 'UTC', plain)).toBe(
      '09:00:01.312  amazon-de      → push RED-MUG                     =12  applied    62 ms after',
    )
  })

  test('stay aligned and single, whatever a SKU or a message holds', () => {
    const long = eventLine(sale('A'.repeat(80)), 'UTC', plain)
    expect(long.indexOf('-2')).toBe(eventLine(sale(), 'UTC', plain).indexOf('-2'))
    const parked = eventLine({ kind: 'parked', channel: shop, reason: 'bad\r\n\u001b[31mthing', atMs }, 'UTC', plain)
    expect(parked).toContain('parked bad [31mthing')
    expect(printable('a\u2028b\u0007')).toBe('a b ')
  })

  test('of a channel', () => {
    expect(statusLine(status, atMs, plain)).toBe(
      '  shopify-eu     enforce  degraded  1 min ago            7     2        12       3  channel-timeout (3.0 s ago): no answer in 10 s',
    )
    expect(statusLine({ ...status, watermarkAgeMs: { orders: null }, lastErrors: [] }, atMs, plain)).toMatch(/none yet .* -$/)
  })

  test('of times and sums', () => {
    expect([0, 999, 4200, 720_000, 12_600_000].map(durationText)).toEqual(['0 ms', '999 ms', '4.2 s', '12 min', '3.5 h'])
    expect(clockText(atMs, 'UTC')).toBe('09:00:01.250')
    expect(tallyLine({ sales: 2, soldUnits: 3, pushes: 4, throttled: 5, delaysMs: [30, 10, 20] }, 10_000)).toBe(
      'last 10.0 s: 2 sales (3 units), 4 pushes, 5 put off, half within 20 ms, 95 % within 30 ms',
    )
    expect(tallyLine({ sales: 0, soldUnits: 0, pushes: 0, throttled: 0, delaysMs: [] }, 10_000)).toBe(
      'last 10.0 s: 0 sales (0 units), 0 pushes',
    )
  })
})

const view = (hub = createFakeHub({ status: [status] })) => {
  const out = new PassThrough() as PassThrough & NodeJS.WriteStream
  const clock = createVirtualClock(atMs)
  const live = createLiveView({ hub, out, clock, url: 'http://127.0.0.1:8080' })
  const read = (): string[] => {
    let text = ''
    for (let piece = out.read() as Buffer | null; piece !== null; piece = out.read() as Buffer | null) text += piece.toString('utf8')
    return text.split('\n').slice(0, -1)
  }
  return { hub, out, clock, live, read }
}

describe('the view', () => {
  test('starts with the address and shows events as they come, without colours where there is no terminal', async () => {
    const { hub, live, read } = view()
    expect(read()[0]).toBe('Belay  http://127.0.0.1:8080')
    hub.emit(sale())
    hub.emit(push)
    const lines = read()
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('sale')
    expect(lines.join('')).not.toContain('\u001b')
    live.stop()
  })

  test('writes at most twenty lines a second and tells how many it folded away', async () => {
    const { hub, clock, live, read } = view()
    read()
    for (let i = 0; i < 50; i++) hub.emit(sale())
    expect(read()).toHaveLength(20)
    await clock.advance(1000)
    expect(read()).toEqual(['              … 30 more lines folded away'])
    hub.emit(sale())
    expect(read()).toHaveLength(1)
    live.stop()
  })

  test('leaves room for the sales in a wave of pushes, and does not show what was only put off', async () => {
    const { hub, clock, live, read } = view()
    read()
    for (let i = 0; i < 5; i++) hub.emit({ ...push, outcome: 'throttled' })
    expect(read()).toEqual([])
    for (let i = 0; i < 50; i++) hub.emit(push)
    expect(read()).toHaveLength(12)
    for (let i = 0; i < 8; i++) hub.emit(sale())
    expect(read()).toHaveLength(8)
    await clock.advance(1000)
    expect(read()).toEqual(['              … 38 more lines folded away'])
    live.stop()
  })

  test('keeps a place for what must not be missed', () => {
    const { hub, live, read } = view()
    read()
    for (let i = 0; i < 50; i++) hub.emit(sale())
    hub.emit({ kind: 'incident', summary: 'oversold', atMs })
    expect(read().at(-1)).toContain('incident: oversold')
    live.stop()
  })

  test('sums up every ten seconds', async () => {
    const { hub, clock, live, read } = view()
    hub.emit(sale())
    hub.emit(push)
    read()
    await clock.advance(9000)
    expect(read()).toEqual([])
    await clock.advance(1000)
    const lines = read()
    expect(lines.join('\n')).toContain('last 10.0 s: 1 sales (2 units), 1 pushes, half within 62 ms')
    expect(lines.join('\n')).toContain('shopify-eu     enforce  degraded')
    await clock.advance(10_000)
    expect(read().join('\n')).toContain('0 sales')
    live.stop()
  })

  test('goes on when the state of the channels cannot be had', async () => {
    const { clock, live, read } = view(createFakeHub({ hub: { channelStatus: () => Promise.reject(new Error('store gone')) } }))
    await clock.advance(10_000)
    expect(read().join('\n')).toContain('not known: store gone')
    live.stop()
  })

  test('folds instead of waiting for a terminal that does not keep up', async () => {
    const { hub, out, clock, live, read } = view()
    read()
    Object.defineProperty(out, 'writableNeedDrain', { configurable: true, value: true })
    hub.emit(sale())
    hub.emit(sale())
    expect(read()).toEqual([])
    Object.defineProperty(out, 'writableNeedDrain', { configurable: true, value: false })
    await clock.advance(1000)
    expect(read()).toEqual(['              … 2 more lines folded away'])
    live.stop()
  })

  test('stops: no listener, no sleeper, no more lines', async () => {
    const { hub, clock, live, read } = view()
    read()
    live.stop()
    live.stop()
    await clock.settle()
    expect(hub.listeners).toBe(0)
    expect(clock.sleepers).toBe(0)
    hub.emit(sale())
    expect(read()).toEqual([])
  })

  test('stops when its reader goes away', () => {
    const { hub, out } = view()
    out.emit('error', new Error('EPIPE'))
    expect(hub.listeners).toBe(0)
  })
})
