import { describe, expect, test } from 'vitest'
import { constants, listingOf, minuteMs, pushOf, settingsOf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import { adoptAnew } from './adopt-anew.ts'
import { connectableFromMs, isReleased, setConnection } from './connection.ts'
import { atRiskUnits, exposureQuantity } from './exposure.ts'
import { completeFences } from './fence.ts'
import { ingestCancel, ingestSale } from './ingest.ts'
import { plan, slackUnits, workMarks } from './plan.ts'
import { protectionOf } from './protection.ts'
import { expirePushes, expiresAtMs, recordRead } from './push.ts'

const settings = settingsOf('shop')
const closedAtMs = startMs + minuteMs
const nowMs = startMs + 2 * minuteMs
const dueMs = closedAtMs + constants.clockSkewMs + constants.checkoutHoldMs
const selling = listingOf({ base: 4, believedQuantity: 4, pushes: [pushOf({ charge: 5 })] })
const closed = setConnection(selling, { kind: 'closed', closedAtMs, ordersAreIn: false }, nowMs)
const other = listingOf({ writeClass: 'compare-and-set' }, 'market')
const settingsFor = (channel: string) => settingsOf(channel)

describe('disconnected', () => {
  const away = setConnection(selling, { kind: 'disconnected' }, nowMs)

  test('what it may sell stays counted, and nobody else gets it', () => {
    expect(exposureQuantity(away)).toBe(9)
    const stock = stockOf(10, [away, other])
    expect(slackUnits(stock)).toBe(1)
    expect(atRiskUnits(stockOf(8, [away]))).toBe(1)
  })

  test('nothing is written or read there, and its SKU is not called protected', () => {
    const steps = plan(stockOf(10, [away, other]), settingsFor, nowMs + 60 * minuteMs)
    expect(steps.map((s) => s.channel)).toEqual(['market'])
    expect(protectionOf(stockOf(10, [away]), () => settings).reasons).toMatchObject([{ kind: 'disconnected' }])
  })

  test('said twice, it changes nothing', () => {
    expect(setConnection(away, { kind: 'disconnected' }, nowMs + 1)).toBe(away)
  })

  test('connected again it keeps its bound and is looked at', () => {
    const back = setConnection({ ...away, pushes: [] }, { kind: 'connected' }, nowMs)
    expect(back).toMatchObject({ status: 'active', base: 4, believedQuantity: null })
    expect(back.disconnectedAtMs).toBeUndefined()
    expect(plan(stockOf(10, [back]), settingsFor, nowMs)).toMatchObject([{ step: { kind: 'read' } }])
    expect(setConnection(back, { kind: 'connected' }, nowMs)).toBe(back)
  })

  test('one that never had a bound gets none by it', () => {
    const adopted = listingOf({ status: 'adopting', fencedThroughMs: 0, base: 7, believedQuantity: 7 })
    const gone = setConnection(adopted, { kind: 'disconnected' }, nowMs)
    expect(atRiskUnits(stockOf(1, [gone]))).toBe(0)
    expect(slackUnits(stockOf(10, [gone]))).toBe(3)
    expect(setConnection(gone, { kind: 'connected' }, nowMs).status).toBe('adopting')
  })
})

describe('closed', () => {
  test('its goods become free when the orders until then are in, not before', () => {
    expect(exposureQuantity(closed)).toBe(9)
    expect(completeFences(closed, dueMs - 1, constants, nowMs)).toBe(closed)
    const released = completeFences(closed, dueMs, constants, nowMs)
    expect(exposureQuantity(released)).toBe(0)
    expect(isReleased(released)).toBe(true)
    expect(slackUnits(stockOf(10, [released, other]))).toBe(10)
  })

  test('the watermark that frees them is waited for by a mark', () => {
    expect(workMarks(stockOf(10, [closed]), settingsFor, nowMs)).toContainEqual({
      channel: 'shop',
      kind: 'fence',
      priority: 1,
      dueAtMs: dueMs,
    })
  })

  test('with the word that all orders are in, at once', () => {
    const released = setConnection(selling, { kind: 'closed', closedAtMs, ordersAreIn: true }, nowMs)
    expect(exposureQuantity(released)).toBe(0)
    expect(isReleased(released)).toBe(true)
    // The word may be given later than that it is closed.
    expect(exposureQuantity(setConnection(closed, { kind: 'closed', closedAtMs, ordersAreIn: true }, nowMs))).toBe(0)
  })

  test('the SKU is protected again when it is released, also with the channel out of the configuration', () => {
    const released = completeFences(closed, dueMs, constants, nowMs)
    expect(protectionOf(stockOf(10, [closed]), () => settings).reasons).toMatchObject([{ kind: 'closing' }])
    expect(protectionOf(stockOf(10, [released]), () => null)).toMatchObject({ status: 'protected', reasons: [] })
  })

  test('an order from before lowers; what was cancelled before may have been sold again, until all orders are in', () => {
    const sold = ingestSale(closed, 2, { createdAtMs: closedAtMs - 1 }, nowMs, settings).listing
    expect(exposureQuantity(sold)).toBe(7)
    const cancelled = ingestCancel(sold, 2, closedAtMs - 1, true, nowMs, settings)
    expect(exposureQuantity(cancelled)).toBe(9)
    const released = completeFences(ingestCancel(cancelled, 1, nowMs, true, nowMs, settings), dueMs, constants, nowMs)
    expect(exposureQuantity(released)).toBe(0)
    expect(ingestCancel(released, 2, closedAtMs - 1, true, nowMs, settings)).toBe(released)
  })

  test('a request from before that expires leaves nothing behind', () => {
    const later = expirePushes(closed, expiresAtMs(pushOf(), constants), constants)
    expect(later.pushes).toEqual([])
    expect(exposureQuantity(completeFences(later, dueMs, constants, nowMs))).toBe(0)
  })

  test('it cannot be connected while a request from before may land on it; then it is adopted anew', () => {
    expect(connectableFromMs(closed, constants)).toBe(expiresAtMs(pushOf(), constants))
    expect(connectableFromMs({ ...closed, pushes: [] }, constants)).toBe(0)
    const back = setConnection({ ...closed, pushes: [] }, { kind: 'connected' }, nowMs)
    expect(back).toMatchObject({ status: 'adopting', fencedThroughMs: 0, fences: [], believedQuantity: null })
    expect(back.closedAtMs).toBeUndefined()
    // A read that may be from before it closed is not the last word.
    const reading = { ...back, pushes: [pushOf({ id: '#r', kind: 'read', charge: 0, issuedAtMs: nowMs + 1_000 })] }
    expect(recordRead(reading, '#r', 4, nowMs + 2_000, constants).listing.mayBeOld).toBe(true)
  })

  test('restored from a backup, it is not released before its orders are in, and a disconnected one stays counted', () => {
    const away = setConnection(selling, { kind: 'disconnected' }, nowMs)
    const [first, second] = adoptAnew(stockOf(20, [closed, away]), nowMs).listings
    expect([first, second]).toMatchObject([{ status: 'adopting' }, { status: 'adopting', fences: [] }])
    expect([first, second].map((each) => each && exposureQuantity(each))).toEqual([9, 9])
    expect(first && exposureQuantity(completeFences(first, dueMs, constants, nowMs))).toBe(0)
    expect(first && isReleased(first)).toBe(false)
    expect(slackUnits(adoptAnew(stockOf(20, [away]), nowMs))).toBe(11)
  })

  test('a number shown all the same contradicts the word: it is counted, and somebody else is said to have written it', () => {
    const released = {
      ...completeFences(closed, dueMs, constants, nowMs),
      pushes: [pushOf({ id: '#r', kind: 'read', charge: 0, issuedAtMs: nowMs + 2 * minuteMs })],
    }
    const seen = recordRead(released, '#r', 3, nowMs + 3 * minuteMs, constants)
    expect(seen.raisedBy).toBe(3)
    expect(exposureQuantity(seen.listing)).toBe(3)
  })
})
