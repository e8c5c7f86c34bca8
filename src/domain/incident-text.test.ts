import { describe, expect, test } from 'vitest'
import { nineMs } from '../../test/support/told-stock.ts'
import { incidentOf } from '../../test/support/store-samples.ts'
import { adviceFor, incidentDetails } from './incident-text.ts'
import type { ChannelId } from './ids.ts'
import { type Incident, type IncidentKind, incidentState } from './incidents.ts'
import { localTimes } from './local-time.ts'

const time = localTimes('Europe/Berlin', nineMs)
const minuteMs = 60_000
const details = (kind: IncidentKind, evidence: Incident['evidence'], over: Partial<Incident> = {}) =>
  incidentDetails(incidentOf('i', { kind, evidence, ...over }), time)

describe('details', () => {
  test('of a shortfall: who holds the units and until when', () => {
    const evidence = {
      holders: [
        { listing: 'shop/1', channel: 'shop', units: 6 },
        { channel: 'market', units: 4 },
      ],
      expectedByMs: nineMs + minuteMs,
    }
    expect(details('at-risk', evidence)).toEqual([
      'What channels may still sell: shop 6, market 4.',
      'Expected to be over by 10:01:00 CET.',
    ])
    expect(details('at-risk', { ...evidence, expectedByMs: null })[1]).toContain('cannot be said')
    expect(details('at-risk', evidence, { resolvedAtMs: nineMs })).toEqual([
      'What channels may still sell: shop 6, market 4.',
      'Over since 10:00:00 CET.',
    ])
  })

  test('of an oversell: the orders that it hits', () => {
    const affectedOrders = [
      { channel: 'shop', orderId: '1002', units: 1, createdAtMs: nineMs },
      { channel: 'shop', orderId: '1001', units: 2 },
    ]
    expect(details('oversold', { affectedOrders })).toEqual([
      'Cannot be filled: order 1002 of shop, 1 unit, created 10:00:00 CET.',
      'Cannot be filled: order 1001 of shop, 2 units.',
    ])
  })

  test('of an external raise: when it was written', () => {
    expect(details('external-raise', { windowFromMs: nineMs, windowThroughMs: nineMs + minuteMs })).toEqual([
      'It was written between 10:00:00 CET and 10:01:00 CET.',
    ])
    expect(details('external-raise', { windowFromMs: 0, windowThroughMs: nineMs })).toEqual(['It was written before 10:00:00 CET.'])
  })

  test('say nothing of evidence that is not there, or is another', () => {
    for (const evidence of [
      {},
      { holders: 'x', affectedOrders: [null, 5, {}], windowThroughMs: 'now' },
      { holders: null, sinceMs: Number.NaN },
    ])
      expect(details('oversold', evidence)).toEqual([])
  })
})

test('every kind comes with what to do, naming the channel where a command needs it', () => {
  const kinds: readonly IncidentKind[] = [
    'accepted-less',
    'acknowledgement-failed',
    'at-risk',
    'clock-skew',
    'constant-widened',
    'event-parked',
    'external-raise',
    'late-order',
    'listing-blocked',
    'listing-closed',
    'listing-unprotected',
    'oversold',
    'report-undelivered',
    'sold-beyond-bound',
    'watermark-stalled',
  ]
  for (const kind of kinds) expect(adviceFor(incidentOf('i', { kind, channel: 'shop-eu' as ChannelId }))).not.toContain('CHANNEL')
  expect(adviceFor(incidentOf('i', { kind: 'constant-widened', channel: 'shop-eu' as ChannelId }))).toContain(
    'belay channels --forget shop-eu',
  )
})

test('states end, events do not', () => {
  expect(incidentState(incidentOf('i', { kind: 'at-risk' }))).toBe('open')
  expect(incidentState(incidentOf('i', { kind: 'at-risk', resolvedAtMs: 5 }))).toBe('resolved')
  expect(incidentState(incidentOf('i', { kind: 'external-raise' }))).toBe('noted')
})
