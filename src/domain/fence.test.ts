import { describe, expect, test } from 'vitest'
import { constants, fenceOf, listingOf, minuteMs, pushOf, startMs } from '../../test/support/stock-samples.ts'
import { exposureQuantity } from './exposure.ts'
import { completeFences, fenceDueMs, openFence } from './fence.ts'
import { maxFences } from './stock.ts'

const dueMs = fenceDueMs(fenceOf(), constants)
const complete = (listing: ReturnType<typeof listingOf>, watermarkMs = dueMs, reservedUnits = 0): ReturnType<typeof listingOf> =>
  completeFences(listing, watermarkMs, constants, watermarkMs, reservedUnits)

describe('when a fence completes', () => {
  test('not before the watermark has passed its last instant, the clock difference and the longest checkout', () => {
    const listing = listingOf({ base: 9, fences: [fenceOf()] })
    expect(complete(listing, dueMs - 1)).toBe(listing)
    expect(complete(listing).base).toBe(5)
    expect(complete(listing).fencedThroughMs).toBe(dueMs)
  })

  test('it never raises the bound', () => {
    expect(complete(listingOf({ base: 3, fences: [fenceOf({ quantity: 7 })] })).base).toBe(3)
  })

  test('sales after it lower, cancellations and charges after it raise what it says', () => {
    expect(complete(listingOf({ base: 99, fences: [fenceOf({ quantity: 5, sold: 2, restocked: 1, later: 4 })] })).base).toBe(8)
  })

  test('the first one of an adopted listing makes the bound, also above what was counted so far', () => {
    const listing = listingOf({ status: 'adopting', fencedThroughMs: 0, base: -2, fences: [fenceOf()] })
    expect(complete(listing).base).toBe(5)
  })

  test('charges of open pushes stay on top', () => {
    const open = pushOf({ charge: 4, quantity: 4, ceilingQuantity: 9 })
    expect(exposureQuantity(complete(listingOf({ base: 9, pushes: [open], fences: [fenceOf()] })))).toBe(9)
  })
})

describe('what opens a fence', () => {
  test('below 0 nothing can be sold, and a later raise starts from 0', () => {
    expect(openFence(listingOf(), { quantity: -2, fromMs: startMs, throughMs: startMs }, constants).fences[0]?.quantity).toBe(0)
  })

  test('cancellations and settled charges of its window count from the start', () => {
    const listing = listingOf({
      cancels: [{ atMs: startMs - constants.clockSkewMs, quantity: 2 }],
      applied: [
        { atMs: startMs - 1, quantity: 7 },
        { atMs: startMs, quantity: 3 },
      ],
    })
    expect(openFence(listing, { quantity: 1, fromMs: startMs, throughMs: startMs }, constants).fences[0]).toMatchObject({
      restocked: 2,
      later: 3,
    })
  })

  test('in a full list the oldest stay, so that evidence completes at all', () => {
    let listing = listingOf()
    for (let i = 0; i < 9; i++) listing = openFence(listing, { quantity: i, fromMs: startMs + i, throughMs: startMs + i }, constants)
    expect(listing.fences).toHaveLength(maxFences)
    expect(listing.fences.map((f) => f.quantity)).toEqual([0, 1, 2, 8])
  })
})

describe('charges proven applied', () => {
  const shown = (quantity: number): ReturnType<typeof fenceOf> =>
    fenceOf({ quantity, fromMs: startMs + minuteMs, throughMs: startMs + 2 * minuteMs })
  const late = startMs + 60 * minuteMs

  test('a number above the ceiling closes the push: its charge is inside the number', () => {
    const listing = complete(listingOf({ base: 2, pushes: [pushOf({ ceilingQuantity: 2 })], fences: [shown(5)] }), late)
    expect(listing.pushes).toEqual([])
    expect(exposureQuantity(listing)).toBe(5)
  })

  test('a bound that sales lowered since proves nothing', () => {
    // SET 5 over 3, unanswered; the channel still shows 3; two are sold and known before the watermark passes. SET 5 may land any time.
    const listing = complete(listingOf({ base: 1, pushes: [pushOf({ ceilingQuantity: 3 })], fences: [{ ...shown(3), sold: 0 }] }), late)
    expect(listing.pushes).toHaveLength(1)
    expect(exposureQuantity(listing)).toBe(6)
  })

  test('reserved units may have been cancelled and shown again without our knowing', () => {
    const sales = [{ atMs: startMs + minuteMs, quantity: 3 }]
    const listing = listingOf({ base: 0, pushes: [pushOf({ ceilingQuantity: 0 })], fences: [shown(2)], sales })
    expect(complete(listing, late, 2).pushes).toHaveLength(1)
    expect(complete(listing, late, 1).pushes).toHaveLength(0)
  })

  test('a number smaller than the push wrote, less what was sold since, is not its own: the push may still land over it', () => {
    const of = (soldQuantity: number, soldAfterwards = 0): ReturnType<typeof listingOf> =>
      complete(
        listingOf({
          base: -soldAfterwards,
          pushes: [pushOf({ ceilingQuantity: 0 })],
          fences: [{ ...shown(3), sold: soldAfterwards }],
          sales: [{ atMs: startMs + minuteMs, quantity: soldQuantity }],
        }),
        late,
      )
    expect(of(1).pushes).toHaveLength(1)
    expect(exposureQuantity(of(1))).toBe(5)
    expect(of(2).pushes).toHaveLength(0)
    // Sales after the number was shown do not explain it.
    expect(of(2, 2).pushes).toHaveLength(1)
  })

  test('a window that opened before the push was issued proves nothing', () => {
    const early = fenceOf({ quantity: 5, fromMs: startMs - 1, throughMs: startMs + minuteMs })
    expect(complete(listingOf({ base: 0, pushes: [pushOf()], fences: [early] }), late).pushes).toHaveLength(1)
  })

  test('a push issued while there was no bound is not proven', () => {
    expect(complete(listingOf({ pushes: [pushOf({ ceilingQuantity: undefined })], fences: [shown(5)] }), late).pushes).toHaveLength(1)
  })

  test('evidence that overlaps counts the proven charge as later', () => {
    const overlapping = fenceOf({ quantity: 0, fromMs: startMs, throughMs: startMs + 90 * minuteMs })
    const listing = complete(listingOf({ base: 0, pushes: [pushOf()], fences: [shown(5), overlapping] }), late)
    expect(listing.fences).toMatchObject([{ quantity: 0, later: 5 }])
  })
})
