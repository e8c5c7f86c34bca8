// That every number told is derived from others that are told, and that every sentence is said as it should be read.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  anySettings,
  anyStock,
  knownSettings,
  listingWith,
  minuteMs,
  nineMs,
  settingsOf as settingsWith,
  stockWith,
} from '../../test/support/told-stock.ts'
import { allocate } from './allocation.ts'
import { explainStock, type Explanation } from './explain.ts'
import type { TargetExplanation } from './explain-target.ts'
import { explanationSections } from './explain-text.ts'
import type { ChannelId } from './ids.ts'
import { plan, slackUnits } from './plan.ts'
import type { KnownSettings } from './protection.ts'
import type { Stock } from './stock.ts'

const total = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((sum, item) => sum + of(item), 0)

const watermarkOf = (channel: string): number | null => (channel === 'vendor' ? null : nineMs - 20 * minuteMs)

const holds = (check: (explanation: Explanation, stock: Stock, settingsOf: KnownSettings) => void): void =>
  fc.assert(
    fc.property(anyStock, anySettings, (stock, settingsOf) =>
      check(explainStock(stock, { settingsOf, watermarkOf, nowMs: nineMs }), stock, settingsOf),
    ),
    { numRuns: 500 },
  )

/** The share before limits, from what is told. */
const shareOf = ({ basis }: TargetExplanation): number => {
  switch (basis.kind) {
    case 'none':
    case 'left-out':
      return 0
    case 'pooled':
      return basis.availableUnits
    case 'fixed':
    case 'percent':
      return Math.min(basis.wantedUnits, basis.leftUnits)
    case 'weight':
      return basis.weights === 0 ? 0 : Math.floor((basis.potUnits * basis.weight) / basis.weights)
  }
}

/** The target once more, from what is told about it alone. null: it says itself that one sentence cannot tell it. */
const derived = (target: TargetExplanation, unitsPerListing: number, availableUnits: number): number | null => {
  const { rule, limits } = target
  if (limits.includes('rest')) return null
  if (limits.includes('hide-below')) return 0
  const share = shareOf(target)
  const capped = limits.includes('cap') ? Math.min(share, rule.capUnits ?? share) : share
  const offered = limits.includes('buffer') ? Math.min(capped, Math.max(0, availableUnits - (rule.bufferUnits ?? 0))) : capped
  const whole = Math.max(0, Math.floor(offered / unitsPerListing))
  return limits.includes('largest-remainder') ? whole + 1 : whole
}

describe('every number is derived', () => {
  test('the levels of the stock', () => {
    holds((e, stock, settingsOf) => {
      expect(e.onHandUnits).toBe(total(e.onHandByLocation, (each) => each.units))
      expect(e.sellableUnits).toBe(e.onHandUnits - e.reservedUnits)
      expect(e.availableUnits).toBe(Math.max(0, e.sellableUnits - e.bufferUnits))
      expect(e.countedUnits).toBe(total(e.listings, (each) => each.countedUnits))
      expect(e.slackUnits).toBe(e.sellableUnits - e.bufferUnits - e.countedUnits)
      expect(e.slackUnits).toBe(
        slackUnits(
          stock,
          allocate(stock, (channel) => settingsOf(channel)?.mode ?? 'paused'),
        ),
      )
      expect(e.guaranteedUnits).toBe(total(e.listings, (each) => (each.guaranteed ? each.exposureUnits : 0)))
      const short = stock.sharing === 'pooled' ? 0 : Math.max(0, e.guaranteedUnits - e.sellableUnits)
      expect(e.protection.atRiskUnits).toBe(short)
      expect(e.shortfall?.units ?? 0).toBe(short)
      expect(total(e.shortfall?.holders ?? [], (each) => each.units)).toBe(short === 0 ? 0 : e.guaranteedUnits)
    })
  })

  test('exposure, charges and evidence of each listing', () => {
    holds((e, _stock, settingsOf) => {
      for (const listing of e.listings) {
        const constants = settingsOf(listing.channel)?.constants
        expect(listing.chargesQuantity).toBe(total(listing.openPushes, (push) => push.chargeQuantity))
        const exposure = Math.max(0, listing.baseQuantity + listing.chargesQuantity)
        expect(listing.exposureQuantity).toBe(listing.writeClass === 'ask-first' ? 0 : exposure)
        expect(listing.exposureUnits).toBe(listing.exposureQuantity * listing.unitsPerListing)
        for (const fence of listing.openFences) {
          expect(fence.boundQuantity).toBe(fence.quantity - fence.sold + fence.restocked + fence.later)
          const dueAtMs = constants ? fence.throughMs + constants.clockSkewMs + constants.checkoutHoldMs : null
          expect(fence.dueAtMs).toBe(dueAtMs)
          expect(fence.watermarkMs).toBe(watermarkOf(listing.channel))
          const missing = dueAtMs === null || fence.watermarkMs === null ? null : Math.max(0, dueAtMs - fence.watermarkMs)
          expect(fence.remainingMs).toBe(missing)
        }
        for (const push of listing.openPushes)
          expect(push.endsAtMs).toBe(constants ? push.lastSendMs + constants.requestLifetimeMs + constants.readStalenessMs : null)
      }
    })
  })

  test('targets, which are the ones that are aimed for', () => {
    let told = 0
    let untold = 0
    holds((e, stock, settingsOf) => {
      const targets = allocate(stock, (channel) => settingsOf(channel)?.mode ?? 'paused')
      const promised = total(e.listings, ({ target }) => (target.basis.kind === 'pooled' ? 0 : target.units))
      expect(promised).toBeLessThanOrEqual(e.availableUnits - e.reserveUnits)
      for (const { target, id, unitsPerListing } of e.listings) {
        expect(target.quantity).toBe(targets.get(id) ?? 0)
        expect(target.units).toBe(target.quantity * unitsPerListing)
        const again = derived(target, unitsPerListing, e.availableUnits)
        if (again === null) untold += 1
        else told += 1
        expect(again ?? target.quantity, JSON.stringify(target)).toBe(target.quantity)
      }
    })
    expect(untold).toBeLessThan(told / 50)
  })

  test('a cap that is reached once another listing has left the sharing', () => {
    const offer = (channel: string, capUnits: number | null) =>
      listingWith(channel, { rule: { mode: 'weight', value: 1, capUnits, hideBelowUnits: 0, priority: 0 } })
    const stock = stockWith(2, [offer('one', 1), offer('open', null), offer('none', 0)])
    const { listings } = explainStock(stock, { settingsOf: knownSettings(), watermarkOf, nowMs: nineMs })
    expect(listings[0]?.target).toMatchObject({ quantity: 1, basis: { kind: 'weight', potUnits: 2, weights: 2 }, limits: [] })
  })

  test('next steps, which are the plan', () => {
    holds((e, stock, settingsOf) => {
      const settingsFor = (channel: ChannelId) => settingsOf(channel) ?? settingsWith(channel, { mode: 'paused' })
      const intents = new Map(plan(stock, settingsFor, nineMs).map((intent) => [intent.listing, intent]))
      for (const listing of e.listings) {
        const intent = intents.get(listing.id)
        expect(listing.next.kind === 'none').toBe(intent === undefined)
        if (!intent || listing.next.kind === 'none') continue
        expect(listing.next.dueAtMs).toBe(intent.dueAtMs)
        const { kind } = listing.next
        expect(kind === 'write' ? { ...intent.step } : { kind }).toMatchObject(
          kind === 'write' ? { quantity: listing.next.quantity, fromQuantity: listing.next.fromQuantity } : { kind: intent.step.kind },
        )
      }
    })
  })

  test('every document can be told, without a hole in a sentence', () => {
    holds((e) => {
      const sections = explanationSections(e, 'Europe/Berlin')
      expect(sections).toHaveLength(e.listings.length + 2)
      const text = sections.flatMap((s) => [s.title, ...s.sentences]).join('\n')
      expect(text).not.toMatch(/undefined|null|NaN|Infinity|\[object|\.\.| {2}/)
      for (const { sentences } of sections.slice(0, -1)) for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z0-9].*\.$/)
    })
  })
})
