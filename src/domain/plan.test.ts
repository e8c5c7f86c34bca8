import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constants, fenceOf, listingOf, minuteMs, pushOf, settingsOf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import { admitAdopted, atRiskUnits, exposureUnits } from './exposure.ts'
import type { ChannelId, ListingId } from './ids.ts'
import { issueChange } from '../engine/push-changes.ts'
import { admit, type Intent, plan, recoverAfterMs, slackUnits, type Step, workMarks } from './plan.ts'
import { expiresAtMs, issuePush, recordPush } from './push.ts'
import type { ChannelSettings } from './settings.ts'
import { findListing, type ListingState, maxPushes, type Stock, withListing } from './stock.ts'

const settingsFor = (channel: ChannelId): ChannelSettings => settingsOf(channel)
const offer = (name: string, change: Partial<ListingState> = {}): ListingState =>
  listingOf({ id: name as ListingId, channel: name as ChannelId, ...change }, name)
const shown = (name: string, quantity: number, change: Partial<ListingState> = {}): ListingState =>
  offer(name, { base: quantity, believedQuantity: quantity, ...change })
const stepsOf = (stock: Stock, nowMs = startMs, settings = settingsFor): Record<string, Step> =>
  Object.fromEntries(plan(stock, settings, nowMs).map((i) => [i.listing, i.step]))

describe('what may be issued', () => {
  test('a set to 0 always (P6)', () => {
    const state = fc.record({ base: fc.integer({ min: -9, max: 50 }), onHand: fc.nat(20), reserved: fc.nat(40), full: fc.boolean() })
    fc.assert(
      fc.property(state, ({ base, onHand, reserved, full }) => {
        const pushes = full ? Array.from({ length: maxPushes }, (_, i) => pushOf({ id: `#${i}` })) : []
        const listing = shown('a', base, { pushes, sequence: 99 })
        const stock = stockOf(onHand, [listing], { reservedUnits: reserved })
        expect(admit(stock, listing, { kind: 'set', quantity: 0, fromQuantity: null })).toBe(true)
        expect(issuePush(listing, { id: '#100', kind: 'set', quantity: 0, fromQuantity: null }, startMs)).not.toBeNull()
      }),
    )
  })

  test('no charge above sellable less buffer less all exposures', () => {
    const listing = shown('a', 2)
    const stock = stockOf(10, [listing, shown('b', 3)], { bufferUnits: 1 })
    expect(slackUnits(stock)).toBe(4)
    expect(admit(stock, listing, { kind: 'set', quantity: 4, fromQuantity: 2 })).toBe(true)
    expect(admit(stock, listing, { kind: 'set', quantity: 5, fromQuantity: 2 })).toBe(false)
    expect(admit(stock, listing, { kind: 'compare-and-set', quantity: 6, fromQuantity: 2 })).toBe(true)
  })

  test('over an adopted listing that still shows goods nobody else is raised', () => {
    const adopted = offer('new', { status: 'adopting', fencedThroughMs: 0, base: 10, believedQuantity: 10 })
    expect(slackUnits(stockOf(10, [adopted, shown('b', 0)]))).toBe(0)
    expect(slackUnits(stockOf(10, [{ ...adopted, believedQuantity: 5 }, shown('b', 0)]))).toBe(5)
    // More was sold than was read; what is being written there may be sold all the same.
    const writing = { ...adopted, base: -4, believedQuantity: 5, pushes: [pushOf({ charge: 5 })] }
    expect(slackUnits(stockOf(10, [writing, shown('b', 0)]))).toBe(5)
  })

  test('what is planned as a write is admitted, whatever the document', () => {
    const state = fc.record({
      base: fc.integer({ min: -3, max: 30 }),
      believed: fc.option(fc.nat(30)),
      writeClass: fc.constantFrom('compare-and-set' as const, 'absolute-set' as const, 'absolute-set-with-read' as const),
      status: fc.constantFrom('active' as const, 'adopting' as const),
      unitsPerListing: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 4 }), fc.nat(40), fc.nat(5), (states, onHand, buffer) => {
        const stock = stockOf(
          onHand,
          states.map((s, i) => offer(`l${i}`, { ...s, believedQuantity: s.believed })),
          { bufferUnits: buffer },
        )
        const refused = plan(stock, settingsFor, startMs).filter(({ listing, step }) => {
          const found = findListing(stock, listing)
          return found && 'quantity' in step && !admit(stock, found, step)
        })
        expect(refused).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

describe('one request at a time', () => {
  test('while one is under way nothing else is sent; it is given up after a while', () => {
    const stock = stockOf(10, [shown('a', 0, { pushes: [pushOf({ id: '#1', kind: 'read', charge: 0, status: 'prepared' })] })])
    expect(plan(stock, settingsFor, startMs)).toMatchObject([
      { step: { kind: 'recover', pushId: '#1' }, dueAtMs: startMs + recoverAfterMs },
    ])
  })

  test('a read under way keeps a second one back, although an accepted write still waits to be seen', () => {
    const pushes = [pushOf({ id: '#1', status: 'accepted' }), pushOf({ id: '#2', kind: 'read', charge: 0, status: 'prepared' })]
    expect(stepsOf(stockOf(10, [shown('a', 0, { pushes })])).a?.kind).toBe('recover')
  })

  test('a keyed write of unknown end is sent again while its key is remembered for as long as the attempt may live', () => {
    const unknown = pushOf({ id: '#1', kind: 'compare-and-set', status: 'unknown' })
    const stock = stockOf(10, [shown('a', 0, { writeClass: 'compare-and-set', pushes: [unknown] })])
    const forgottenMs = startMs + settingsOf('a').keyRetentionMs - constants.requestLifetimeMs
    expect(stepsOf(stock, forgottenMs - 1).a).toEqual({ kind: 'resend', pushId: '#1' })
    expect(stepsOf(stock, forgottenMs).a?.kind).not.toBe('resend')
  })

  test('a plain set of unknown end is never sent again', () => {
    const stock = stockOf(10, [shown('a', 0, { pushes: [pushOf({ id: '#1' })] })])
    expect(stepsOf(stock).a).toEqual({ kind: 'read' })
  })
})

describe('what is written', () => {
  test('a starving listing makes one that holds more than its share give way: to the unit where that can be', () => {
    const full = { writeClass: 'compare-and-set' as const }
    expect(stepsOf(stockOf(10, [shown('a', 10, full), shown('b', 0)]))).toEqual({
      a: { kind: 'compare-and-set', quantity: 5, fromQuantity: 10 },
    })
    expect(stepsOf(stockOf(10, [shown('a', 10), shown('b', 0)]))).toEqual({ a: { kind: 'set', quantity: 0, fromQuantity: 10 } })
  })

  test('more than its cap is taken back, although nobody starves; where that means 0, not for a unit or so', () => {
    const rule = { ...offer('a').rule, capUnits: 5 }
    const capped = (quantity: number, change: Partial<ListingState> = {}): Record<string, Step> =>
      stepsOf(stockOf(30, [shown('a', quantity, { rule, ...change }), shown('b', 5)]))
    expect(capped(8, { writeClass: 'compare-and-set' }).a).toEqual({ kind: 'compare-and-set', quantity: 5, fromQuantity: 8 })
    expect(capped(8).a).toEqual({ kind: 'set', quantity: 0, fromQuantity: 8 })
    expect(capped(6).a).toBeUndefined()
    expect(capped(5).a).toBeUndefined()
  })

  test('a reserve that is not free is taken back from who has more than a share, and is no channel’s', () => {
    const reserve = { units: 4 }
    const full = { writeClass: 'compare-and-set' as const }
    expect(stepsOf(stockOf(10, [shown('a', 7, full), shown('b', 3, full)], { reserve }))).toEqual({
      a: { kind: 'compare-and-set', quantity: 3, fromQuantity: 7 },
    })
    expect(stepsOf(stockOf(10, [shown('a', 3, full), shown('b', 3, full)], { reserve }))).toEqual({})
    expect(slackUnits(stockOf(10, [shown('a', 3, full), shown('b', 3, full)], { reserve }))).toBe(4)
  })

  test('a hysteresis of the rule counts instead of 5 %', () => {
    const rule = { ...offer('a').rule, hysteresisUnits: 4 }
    const raise = (quantity: number): Step | undefined =>
      stepsOf(stockOf(10, [shown('a', quantity, { rule, writeClass: 'compare-and-set' })])).a
    expect(raise(7)).toBeUndefined()
    expect(raise(6)).toMatchObject({ quantity: 10 })
  })

  test('a pooled listing shows everything, and counts for nobody else', () => {
    const pooled = shown('p', 2, { rule: { ...offer('p').rule, sharing: 'pooled' } })
    expect(stepsOf(stockOf(10, [pooled, shown('a', 10)]))).toEqual({ p: { kind: 'set', quantity: 10, fromQuantity: 2 } })
    expect(atRiskUnits(stockOf(10, [{ ...pooled, base: 10 }, shown('a', 10)]))).toBe(0)
  })

  test('a listing that is refused for good is told again what it shows; others have what it does not hold', () => {
    const blocked = shown('a', 4, { writeClass: 'compare-and-set', blockedReason: 'archived', nextPushAtMs: startMs + 7 })
    expect(plan(stockOf(10, [blocked, shown('b', 0)]), settingsFor, startMs)).toMatchObject([
      { listing: 'a', step: { quantity: 4, fromQuantity: 4 }, dueAtMs: startMs + 7 },
      { listing: 'b', step: { quantity: 6 } },
    ])
  })

  test('nothing after a sale of its own: the channel lowered its number itself', () => {
    expect(plan(stockOf(10, [shown('a', 4), shown('b', 5)], { reservedUnits: 1 }), settingsFor, startMs)).toEqual([])
  })

  test('goods that are missing are taken from as few listings as it takes, to the unit first', () => {
    const stock = stockOf(6, [shown('a', 5, { writeClass: 'compare-and-set' }), shown('b', 5)])
    expect(atRiskUnits(stock)).toBe(4)
    expect(stepsOf(stock)).toEqual({ a: { kind: 'compare-and-set', quantity: 1, fromQuantity: 5 } })
  })

  test('units promised beyond the shelf are at risk too', () => {
    expect(atRiskUnits(stockOf(2, [shown('a', 1)], { reservedUnits: 4 }))).toBe(3)
  })

  test('a sold-out listing is filled although it is thought to show that number already', () => {
    const stock = stockOf(3, [offer('a', { base: 0, believedQuantity: 3 })])
    expect(stepsOf(stock).a).toMatchObject({ kind: 'set', quantity: 3 })
  })

  test('an unreadable number that may be too low is said again, from 0 when it does not fit', () => {
    const silent = { writeClass: 'absolute-set' as const, believedQuantity: null }
    expect(stepsOf(stockOf(9, [offer('a', { ...silent, base: 3 })])).a).toMatchObject({ quantity: 6 })
    expect(stepsOf(stockOf(3, [offer('a', { ...silent, base: 3 })])).a).toMatchObject({ quantity: 0 })
  })

  test('a raise over an unreadable write of unknown end waits for it to land; a decrease does not', () => {
    const pushes = [pushOf({ quantity: 2, charge: 2 })]
    const raise = plan(stockOf(20, [shown('a', 0, { writeClass: 'absolute-set', pushes })]), settingsFor, startMs)
    expect(raise).toMatchObject([{ dueAtMs: startMs + 10 * minuteMs }])
    const lower = plan(stockOf(0, [shown('a', 2, { writeClass: 'absolute-set', pushes })]), settingsFor, startMs)
    expect(lower).toMatchObject([{ step: { quantity: 0 }, dueAtMs: 0, priority: 0 }])
  })
})

describe('adopting', () => {
  const fenced = (name: string, quantity: number): ListingState => shown(name, quantity, { status: 'adopting' })

  test('comes into the guarantee when it fits, not before', () => {
    expect(admitAdopted(stockOf(5, [shown('a', 3), fenced('new', 3)])).listings[1]?.status).toBe('adopting')
    expect(admitAdopted(stockOf(6, [shown('a', 3), fenced('new', 3)])).listings[1]?.status).toBe('active')
    expect(admitAdopted(stockOf(6, [{ ...fenced('new', 3), fencedThroughMs: 0 }])).listings[0]?.status).toBe('adopting')
  })

  test('gives way itself while it does not fit', () => {
    expect(stepsOf(stockOf(5, [shown('a', 3), fenced('new', 3)]))).toEqual({ new: { kind: 'set', quantity: 0, fromQuantity: 3 } })
  })

  test('stays on sale where only its bound is too high, and what it shows can be read', () => {
    const wide = { ...fenced('new', 2), base: 4 }
    expect(stepsOf(stockOf(5, [shown('a', 3), wide]))).toEqual({ new: { kind: 'read' } })
    expect(stepsOf(stockOf(5, [shown('a', 3), { ...wide, writeClass: 'absolute-set' }])).new).toEqual({
      kind: 'set',
      quantity: 0,
      fromQuantity: 2,
    })
  })

  test('is asked what it shows before anything is written', () => {
    expect(stepsOf(stockOf(5, [offer('new', { status: 'adopting', believedQuantity: null })])).new).toEqual({ kind: 'read' })
  })
})

describe('rest', () => {
  /** Carries out every step at once and perfectly, evidence complete in the same moment. */
  const settle = (stock: Stock, intents: readonly Intent[]): Stock =>
    intents.reduce((now, intent) => {
      const listing = findListing(now, intent.listing)
      if (!listing || !('quantity' in intent.step)) return now
      const id = `${listing.sequence + 1}`
      const issued = issuePush(listing, { id, ...intent.step }, startMs)
      if (!issued) return now
      const applied = recordPush(issued, id, { kind: 'applied', quantity: intent.step.quantity, evidence: true }, startMs, constants)
      return withListing(now, { ...applied, base: intent.step.quantity, fences: [] })
    }, stock)

  test('a quiet world comes to rest, with nothing to push, read or wait for (P9)', () => {
    const state = fc.record({
      quantity: fc.nat(20),
      weight: fc.integer({ min: 1, max: 9 }),
      mode: fc.constantFrom('velocity' as const, 'weight' as const),
      sold: fc.nat(40),
      writeClass: fc.constantFrom('compare-and-set' as const, 'absolute-set' as const, 'absolute-set-with-read' as const),
    })
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 4 }), fc.nat(60), (states, onHand) => {
        const rule = { capUnits: null, hideBelowUnits: 0, priority: 1 }
        let stock = stockOf(
          onHand,
          states.map((s, i) =>
            shown(`l${i}`, s.quantity, {
              writeClass: s.writeClass,
              rule: { ...rule, mode: s.mode, value: s.weight },
              ...(s.sold === 0 ? {} : { rate: { milliUnitsPerDay: 50 * s.sold, atMs: startMs - s.sold } }),
            }),
          ),
        )
        const due = (): readonly Intent[] => plan(stock, settingsFor, startMs).filter(({ passes }) => passes !== true)
        for (let round = 0; round < 12; round++) stock = settle(stock, due())
        expect(due()).toEqual([])
        // All that may be left is another listing's turn with the last units, days from here.
        for (const mark of workMarks(stock, settingsFor, startMs)) expect(mark.dueAtMs).toBeGreaterThan(startMs + 24 * 60 * minuteMs)
        expect(stock.listings.reduce((sum, l) => sum + exposureUnits(l), 0)).toBeLessThanOrEqual(onHand)
      }),
      { numRuns: 300 },
    )
  })

  /** The same, over a time in which nothing happens: each step when it is due. */
  const overTime = (from: Stock, days: number): { readonly stock: Stock; readonly turns: readonly string[] } => {
    let stock = from
    let nowMs = startMs
    const turns: string[] = []
    for (;;) {
      const intents = plan(stock, settingsFor, nowMs)
      const nextMs = Math.min(...intents.map((i) => i.dueAtMs))
      if (intents.length === 0 || nextMs > startMs + days * 24 * 60 * minuteMs) return { stock, turns }
      nowMs = Math.max(nowMs, nextMs)
      for (const intent of intents.filter((i) => i.dueAtMs <= nowMs)) {
        if (intent.passes === true) turns.push(intent.listing)
        const issued = issueChange({ sku: stock.sku, pool: stock.pool }, intent.channel, 'push', settingsFor, 0)
        const decision = issued.decide({ stock: () => stock, order: () => null, hasLedgerKey: () => false, nowMs })
        if ('needs' in decision || !decision.stock?.[0]) continue
        stock = decision.stock[0]
        for (const listing of stock.listings)
          for (const push of listing.pushes) {
            const applied = recordPush(listing, push.id, { kind: 'applied', quantity: push.quantity, evidence: true }, nowMs, constants)
            stock = withListing(stock, { ...applied, base: push.quantity, fences: [] })
          }
      }
      if (turns.length > 20) throw new Error('it never rests')
    }
  }
  const seller = (name: string, quantity: number, milliUnitsPerDay: number): ListingState =>
    shown(name, quantity, {
      writeClass: 'compare-and-set',
      rule: { ...offer(name).rule, mode: 'velocity' },
      ...(milliUnitsPerDay > 0 ? { rate: { milliUnitsPerDay, atMs: startMs } } : {}),
    })

  test('the last unit stays where it sells fastest for three expected waits, then others have their turn, and it rests with the last', () => {
    const stock = stockOf(1, [seller('fast', 1, 1_000), seller('slow', 0, 250), seller('new', 0, 0)])
    expect(overTime(stock, 2.9).turns).toEqual([])
    expect(overTime(stock, 3.1).turns).toEqual(['fast'])
    const { stock: after, turns } = overTime(stock, 4_000)
    expect(turns).toEqual(['fast', 'slow'])
    expect(after.listings.map((l) => l.believedQuantity)).toEqual([0, 0, 1])
    expect(plan(after, settingsFor, startMs * 10)).toEqual([])
  })

  test('a sale anywhere, and goods enough for all, end the turns', () => {
    const passed = { ...seller('fast', 0, 1_000), passedAtMs: startMs + 1 }
    const others = [seller('slow', 1, 250), seller('new', 0, 0)]
    expect(plan(stockOf(1, [passed, ...others]), settingsFor, startMs + 2)).toMatchObject([{ listing: 'slow', passes: true }])
    const sold = { ...passed, rate: { milliUnitsPerDay: 1_000, atMs: startMs + 2 } }
    expect(stepsOf(stockOf(1, [sold, ...others]), startMs + 3)).toMatchObject({ slow: { quantity: 0 } })
    expect(stepsOf(stockOf(8, [passed, ...others]), startMs + 3).fast).toMatchObject({ fromQuantity: 0 })
  })

  test('a doubt is looked at once in the time that evidence takes, and not while evidence is on its way', () => {
    const doubtful = shown('a', 5, { believedQuantity: 4, believedAtMs: startMs })
    const stock = stockOf(5, [doubtful])
    const spacingMs = constants.orderVisibilityMs + constants.checkoutHoldMs + 2 * constants.clockSkewMs + constants.readStalenessMs
    expect(plan(stock, settingsFor, startMs)).toMatchObject([{ step: { kind: 'read' }, dueAtMs: startMs + spacingMs }])
    expect(plan(withListing(stock, { ...doubtful, fences: [fenceOf()] }), settingsFor, startMs)).toEqual([])
  })

  test('a paused channel does nothing; an observed one only reads', () => {
    const stock = stockOf(9, [shown('a', 0)])
    expect(plan(stock, (c) => settingsOf(c, { mode: 'paused' }), startMs)).toEqual([])
    expect(plan(stock, (c) => settingsOf(c, { mode: 'observe' }), startMs)).toEqual([])
  })
})

test('every open request and fence has a mark that ends it', () => {
  const push = pushOf({ status: 'seen' })
  const marks = workMarks(stockOf(5, [shown('a', 5, { pushes: [push], fences: [fenceOf()] })]), settingsFor, startMs)
  expect(marks.find((m) => m.kind === 'expire')?.dueAtMs).toBe(expiresAtMs(push, constants))
  expect(marks.find((m) => m.kind === 'fence')?.dueAtMs).toBe(startMs + 1_000 + constants.clockSkewMs + constants.checkoutHoldMs)
})

test('a listing that is thought to show more than its bound is not raised beyond its cap and lowered again', () => {
  const capped = { mode: 'weight', value: 1, capUnits: 10, hideBelowUnits: 0, priority: 0 } as const
  const stock = stockOf(30, [shown('a', 10, { base: 5, rule: capped })])
  expect(plan(stock, settingsFor, startMs).map(({ step }) => step.kind)).not.toContain('compare-and-set')
})
