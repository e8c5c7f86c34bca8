// What an operations lead reads, situation by situation. At nine in the morning UTC, told in Berlin.
import { describe, expect, test } from 'vitest'
import { fenceWith, knownSettings, listingWith, minuteMs, nineMs, pushWith, stockWith } from '../../test/support/told-stock.ts'
import { type Policy, resolveStock } from './rules.ts'
import { explainStock } from './explain.ts'
import { explanationSections } from './explain-text.ts'
import type { LocationId } from './ids.ts'
import type { ListingState, Stock } from './stock.ts'

interface Situation {
  readonly settings?: Parameters<typeof knownSettings>[0]
  readonly watermarkMs?: number | null
}

const policy: Policy = { catalogue: { priority: 2 }, channels: { shop: { capUnits: 30, hideBelowUnits: 2 } } as Policy['channels'] }

const told = (stock: Stock, { settings = {}, watermarkMs = nineMs - 6 * minuteMs }: Situation = {}): string =>
  explanationSections(
    explainStock(stock, { settingsOf: knownSettings(settings), watermarkOf: () => watermarkMs, nowMs: nineMs }),
    'Europe/Berlin',
  )
    .map(({ title, sentences }) => [title, ...sentences.map((sentence) => `  ${sentence}`)].join('\n'))
    .join('\n')

/** What is told of its only listing: without the stock's section and the status. */
const listing = (over: Partial<ListingState>, stock: Partial<Stock> & { onHand?: number } = {}, situation: Situation = {}): string => {
  const { onHand = 10, ...rest } = stock
  const sections = explanationSections(
    explainStock(stockWith(onHand, [listingWith('shop', over)], rest), {
      settingsOf: knownSettings(situation.settings),
      watermarkOf: () => situation.watermarkMs ?? nineMs - 6 * minuteMs,
      nowMs: nineMs,
    }),
    'Europe/Berlin',
  )
  return (sections[1]?.sentences ?? []).join('\n')
}

const atTen = { base: 10, believedQuantity: 10 }
const set = { writeClass: 'absolute-set-with-read' } as const

test('all is well', () => {
  const stock = stockWith(
    0,
    [listingWith('shop', { base: 4, believedQuantity: 4 }), listingWith('market', { ...set, base: 3, believedQuantity: 3 })],
    {
      onHandUnits: { ['berlin' as LocationId]: 6, ['paris' as LocationId]: 4 },
      reservedUnits: 2,
      bufferUnits: 1,
    },
  )
  expect(told(stock)).toMatchInlineSnapshot(`
    "MUG (Red mug), pool main, at 10:00:00 CET
      On hand: 10 units (berlin 6, paris 4).
      Reserved for orders that are not shipped yet: 2 units, which leaves 8 units to sell.
      Kept back as a buffer: 1 unit. Available to the channels: 7 units.
      Rules: buffer 1 from the SKU; all else by default.
      Held by listings already: 7 units. Free to be given to a listing or a reservation: 0 units (slack: 8 to sell - 1 buffer - 7 held = 0).
    shop, listing mug (each change names the number it replaces)
      Should be showing 4 units now; the last evidence is from 09:50:00 CET.
      May still sell at most 4 units that we do not know of (exposure: 4 by evidence and known orders).
      Should have 4 units: weight 1 of 2 in 7 units is 3.5; rounded up, because its remainder is among the largest.
      Nothing to do: it shows what it should.
    market, listing mug (a change overwrites the number; reading it back is the proof)
      Should be showing 3 units now; the last evidence is from 09:50:00 CET.
      May still sell at most 3 units that we do not know of (exposure: 3 by evidence and known orders).
      Should have 3 units: weight 1 of 2 in 7 units is 3.5.
      Nothing to do: it shows what it should.
    Protected
      No sale can exceed the shelf, as long as this holds:
      shop: every order is visible within 5 min (L), clocks differ by at most 10 s (eps), a checkout holds a unit for at most 15 min (H), a request takes effect within 2 min or never (D), a read is at most 30 s old (sigma).
      market: every order is visible within 5 min (L), clocks differ by at most 10 s (eps), a checkout holds a unit for at most 15 min (H), a request takes effect within 2 min or never (D), a read is at most 30 s old (sigma)."
  `)
})

test('open requests: which, since when, how often, why they still count', () => {
  const pushes = [
    pushWith({ id: 'shop/mug#11', status: 'seen', charge: 1, quantity: 4 }),
    pushWith({ id: 'shop/mug#12', status: 'unknown', charge: 2, attempts: 2, lastSendMs: nineMs - 30_000 }),
    pushWith({ id: 'shop/mug#13', kind: 'read', status: 'prepared', charge: 0, quantity: 0, fromQuantity: null }),
  ]
  expect(listing({ base: 2, believedQuantity: 3, pushes })).toMatchInlineSnapshot(`
    "Should be showing 3 units now; the last evidence is from 09:50:00 CET.
    May still sell at most 5 units that we do not know of (exposure: 2 by evidence and known orders, 3 by requests that are still open).
    Open request 11: change from 3 to 4, sent 09:59:00 CET: it shows or was refused when repeated, and the proof waits for later orders to come in. It counts 1 unit until there is proof; after 10:01:30 CET it is taken for done.
    Open request 12: change from 3 to 5, sent 09:59:00 CET, attempt 2, last 09:59:30 CET: no answer came, so it may or may not have happened. It counts 2 units until there is proof; after 10:02:00 CET it is taken for done.
    Open request 13: read the number, sent 09:59:00 CET: the answer is awaited. It counts nothing.
    Should have 10 units: weight 1 of 1 in 10 units is 10.
    Next, now: count request 13 as timed out, because no answer came."
  `)
  expect(
    listing({ ...set, base: 0, pushes: [pushWith({ kind: 'set', status: 'accepted', charge: 5, submissionId: 's' })] }),
  ).toMatchInlineSnapshot(`
    "Should be showing 0 units now; the last evidence is from 09:50:00 CET.
    May still sell at most 5 units that we do not know of (exposure: 0 by evidence and known orders, 5 by requests that are still open).
    Open request 1: set to 5, sent 09:59:00 CET: the channel took it, and it does not show yet. It counts 5 units until there is proof; after 10:01:30 CET it is taken for done.
    Should have 10 units: weight 1 of 1 in 10 units is 10.
    Next, now: read the number: to see whether the open request has arrived."
  `)
  expect(
    listing({ writeClass: 'absolute-set', base: 0, pushes: [pushWith({ kind: 'set', status: 'accepted', charge: 5, submissionId: 's' })] }),
  ).toMatchInlineSnapshot(`
    "Should be showing 0 units now; the last evidence is from 09:50:00 CET.
    May still sell at most 5 units that we do not know of (exposure: 0 by evidence and known orders, 5 by requests that are still open).
    Open request 1: set to 5, sent 09:59:00 CET: the channel took it, and it does not show yet. It counts 5 units until there is proof; after 10:01:30 CET it is taken for done.
    Should have 10 units: weight 1 of 1 in 10 units is 10.
    Next, now: ask the channel what became of request 1."
  `)
  expect(listing({ base: 0, believedQuantity: 3, pushes: [pushWith({ status: 'unknown' })] })).toMatchInlineSnapshot(`
    "Should be showing 3 units now; the last evidence is from 09:50:00 CET.
    May still sell at most 2 units that we do not know of (exposure: 0 by evidence and known orders, 2 by requests that are still open).
    Open request 1: change from 3 to 5, sent 09:59:00 CET: no answer came, so it may or may not have happened. It counts 2 units until there is proof; after 10:01:30 CET it is taken for done.
    Should have 10 units: weight 1 of 1 in 10 units is 10.
    Next, now: send request 1 again under the same key; it takes effect once."
  `)
})

test('evidence under way: what it showed, what happened since, how far the orders are', () => {
  const fences = [
    fenceWith({ quantity: 9, sold: 2, restocked: 1, later: 3 }),
    fenceWith({ quantity: 7, throughMs: nineMs - 22 * minuteMs, fromMs: nineMs - 23 * minuteMs }),
  ]
  expect(listing({ base: 12, believedQuantity: 8, fences })).toMatchInlineSnapshot(`
    "Should be showing 8 units now; the last evidence is from 09:50:00 CET.
    May still sell at most 12 units that we do not know of (exposure: 12 by evidence and known orders).
    Evidence under way (fence): it showed 9 units between 09:58:00 CET and 09:59:00 CET. Since then: 2 sold, 1 put back by cancellations, 3 more by other requests. So it may sell at most 11 units. This counts when all orders up to 10:14:10 CET are in; they are in up to 09:54:00 CET, 20 min 10 s are missing.
    Evidence under way (fence): it showed 7 units between 09:37:00 CET and 09:38:00 CET. So it may sell at most 7 units. This counts when all orders up to 09:53:10 CET are in; they are.
    Should have 10 units: weight 1 of 1 in 10 units is 10.
    Nothing to do: evidence is under way, and settles the rest by itself."
  `)
  expect(listing({ base: 12, believedQuantity: 8, fences: fences.slice(0, 1) }, {}, { settings: { shop: null } })).toMatchInlineSnapshot(`
    "Should be showing 8 units now; the last evidence is from 09:50:00 CET.
    May still sell at most 12 units that we do not know of (exposure: 12 by evidence and known orders).
    Evidence under way (fence): it showed 9 units between 09:58:00 CET and 09:59:00 CET. Since then: 2 sold, 1 put back by cancellations, 3 more by other requests. So it may sell at most 11 units. The channel is not configured, so this cannot be completed.
    Has no share: the channel is not configured; what it may still sell (12 units) stays counted, and is nobody else's.
    Nothing to do: the channel is not configured."
  `)
})

test('no complete look at the orders yet', () => {
  const sections = told(stockWith(10, [listingWith('shop', { base: 12, believedQuantity: 8, fences: [fenceWith()] })]), {
    watermarkMs: null,
  })
  expect(sections).toContain('no complete look at the orders has been made yet.')
})

describe('targets', () => {
  const two = (first: Partial<ListingState>, second: Partial<ListingState>, onHand = 19): string =>
    told(stockWith(onHand, [listingWith('market', first), listingWith('shop', second)]))
      .split('\n')
      .filter((line) => line.includes('Should have'))
      .join('\n')
  const rule = { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 } as const

  test('by what they sell', () => {
    const selling = (milliUnitsPerDay: number, value = 1): Partial<ListingState> => ({
      rule: { ...rule, mode: 'velocity', value },
      ...(milliUnitsPerDay > 0 ? { rate: { milliUnitsPerDay, atMs: nineMs } } : {}),
    })
    expect(two(selling(3_000), selling(500, 2))).toMatchInlineSnapshot(`
      "  Should have 13 units: by its sales (about 3 a day), 69 % of 19 units is 13.1.
        Should have 6 units: by its sales (about 15 in 30 days, times its weight 2), 31 % of 19 units is 5.8; rounded up, because its remainder is among the largest."
    `)
    expect(two(selling(0), selling(10), 100)).toMatchInlineSnapshot(`
      "  Should have 45 units: by its sales (none yet), 45.5 % of 100 units is 45.4.
        Should have 55 units: by its sales (less than 1 in 30 days), 54.5 % of 100 units is 54.5; rounded up, because its remainder is among the largest."
    `)
  })

  test('which level said what, and what the others say', () => {
    const stock = resolveStock(
      stockWith(19, [{ ...listingWith('shop', {}), ruleFrom: {}, said: { capUnits: 9 } }], {
        ruleFrom: {},
        said: { capUnits: 12, reserve: { units: 4 } },
      }),
      policy,
    )
    const sections = explanationSections(
      explainStock(stock, { settingsOf: knownSettings({}), watermarkOf: () => nineMs, policy, nowMs: nineMs }),
      'Europe/Berlin',
    )
    const lines = sections.flatMap(({ sentences }) => sentences).filter((line) => /^(Rules|Of these)/.test(line))
    expect(lines).toMatchInlineSnapshot(`
      [
        "Of these kept for demand that asks first (purchase orders, manual reservations): 4 units.",
        "Rules: reserve 4 from the SKU; all else by default.",
        "Rules: cap 9 from the SKU on this channel (the SKU says 12, the channel says 30); hidden below 2 from the channel; priority 2 from the catalogue; all else by default.",
      ]
    `)
    const behind = explainStock(stock, {
      settingsOf: knownSettings({}),
      watermarkOf: () => nineMs,
      policy: { ...policy, catalogue: { priority: 5 } },
      nowMs: nineMs,
    })
    expect(behind.rulesBehind).toBe(true)
    expect(explanationSections(behind, 'UTC')[0]?.sentences).toContain(
      'A change of the rules in the configuration has not reached this SKU yet; it will.',
    )
  })

  test('an observed channel has no share, and what it would have', () => {
    const observed = { settings: { shop: { mode: 'observe' as const } } }
    expect(listing({ base: 3, believedQuantity: 3 }, {}, observed)).toMatchInlineSnapshot(`
      "Should be showing 3 units now; the last evidence is from 09:50:00 CET.
      May still sell at most 3 units that we do not know of (exposure: 3 by evidence and known orders).
      Has no share: the channel is only observed; what it may still sell (3 units) stays counted, and is nobody else's; with the observed channels enforced it would have 10 units.
      Nothing to do: the channel is only observed: nothing is written there."
    `)
  })

  test('by weight, rounded by largest remainder', () => {
    expect(two({ rule }, { rule })).toMatchInlineSnapshot(`
      "  Should have 10 units: weight 1 of 2 in 19 units is 9.5; rounded up, because its remainder is among the largest.
        Should have 9 units: weight 1 of 2 in 19 units is 9.5."
    `)
    expect(two({ rule: { ...rule, value: 0 } }, { rule: { ...rule, value: 3 } })).toMatchInlineSnapshot(`
      "  Should have 0 units: its weight is 0, so nothing is shared with it.
        Should have 19 units: weight 3 of 3 in 19 units is 19."
    `)
  })

  test('capped, and what that leaves goes round again', () => {
    expect(two({ rule: { ...rule, capUnits: 4 } }, { rule })).toMatchInlineSnapshot(`
      "  Should have 4 units: weight 1 of 2 in 19 units is 9.5; capped at 4 units.
        Should have 15 units: weight 1 of 1 in 15 units is 15."
    `)
  })

  test('hidden below a floor', () => {
    expect(two({ rule: { ...rule, hideBelowUnits: 3 } }, { rule: { ...rule, value: 4 } }, 10)).toMatchInlineSnapshot(`
      "  Should have 0 units: weight 1 of 5 in 10 units is 2; shown as sold out below 3 units.
        Should have 10 units: weight 4 of 4 in 10 units is 10."
    `)
  })

  test('fixed by priority, then percent', () => {
    expect(
      two({ rule: { ...rule, mode: 'fixed', value: 15, priority: 1 } }, { rule: { ...rule, mode: 'percent', value: 50, priority: 2 } }),
    ).toMatchInlineSnapshot(`
      "  Should have 15 units: fixed at 15 units, of 19 left for it (priority 1).
        Should have 4 units: 50 % of what is available is 9 units, of 4 left for it (priority 2); less because others go first."
    `)
  })

  test('whole packs', () => {
    expect(listing({ unitsPerListing: 6, base: 1, believedQuantity: 1 }, { onHand: 17 })).toMatchInlineSnapshot(`
      "Should be showing 1 pack of 6 (6 units) now; the last evidence is from 09:50:00 CET.
      May still sell at most 1 pack of 6 (6 units) that we do not know of (exposure: 1 by evidence and known orders).
      Should have 2 packs of 6 (12 units): weight 1 of 1 in 17 units is 17; whole packs of 6 only.
      Next, now: write 2 packs of 6 (12 units) over 1, because it should have more, and that is free."
    `)
  })
})

describe('the next step and its reason', () => {
  const step = (over: Partial<ListingState>, stock: Partial<Stock> & { onHand?: number } = {}, situation: Situation = {}): string =>
    listing(over, stock, situation)
      .split('\n')
      .filter((line) => /^(Next|Nothing)/.test(line))
      .join('\n')

  test('raise, when it is free', () => {
    expect(step({ base: 3, believedQuantity: 3 })).toMatchInlineSnapshot(
      `"Next, now: write 10 units over 3, because it should have more, and that is free."`,
    )
    expect(step({ base: 3, believedQuantity: 3, nextPushAtMs: nineMs + 90_000 })).toMatchInlineSnapshot(
      `"Next, at 10:01:30 CET: write 10 units over 3, because it should have more, and that is free."`,
    )
  })
  test('a channel that is overwritten gets what is free: its whole number counts', () => {
    expect(step({ ...set, base: 4, believedQuantity: 4 })).toMatchInlineSnapshot(
      `"Next, now: write 6 units over 4, because it should have more, and that is free."`,
    )
  })
  test('lower at once when more could be sold than there is', () => {
    expect(step({ ...atTen, base: 10 }, { onHand: 6 })).toMatchInlineSnapshot(
      `"Next, now: write 6 units over 10, because more could be sold than there is."`,
    )
  })
  test('read what is not known, or sells more than it shows', () => {
    expect(step({ base: 10, believedQuantity: null })).toMatchInlineSnapshot(`"Next, now: read the number: what it shows is not known."`)
    expect(step({ base: 10, believedQuantity: 6, believedAtMs: nineMs - 3 * 60 * minuteMs })).toMatchInlineSnapshot(
      `"Next, now: read the number: it may still sell more than it shows, and new evidence can lower that."`,
    )
  })
  test('say the number again where nothing can be read', () => {
    expect(step({ writeClass: 'absolute-set', base: 4, believedQuantity: 0 }, { onHand: 4 })).toMatchInlineSnapshot(
      `"Next, at 10:10:50 CET: write 0 units over 0, because to say the number again is the only proof that this channel gives."`,
    )
  })
  test('wait for an answer', () => {
    expect(step({ base: 3, pushes: [pushWith({ lastSendMs: nineMs - 10_000 })] })).toMatchInlineSnapshot(
      `"Next: wait for the answer to request 1; without one it counts as timed out from 10:00:50 CET."`,
    )
  })
  test('nothing: no slack', () => {
    const full = listingWith('market', { base: 10, believedQuantity: 10 })
    const text = told(
      stockWith(10, [
        listingWith('shop', {
          base: 0,
          believedQuantity: 0,
          rule: { mode: 'fixed', value: 5, capUnits: null, hideBelowUnits: 0, priority: 0 },
        }),
        { ...full, fences: [fenceWith({ quantity: 5 })] },
      ]),
    )
    expect(
      text
        .split('\n')
        .filter((line) => /Next|Nothing/.test(line))
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "  Nothing to do: it should have more, and no more is free: other listings hold it, or the evidence that frees it is still under way.
        Nothing to do: evidence is under way, and settles the rest by itself."
    `)
  })
  test('nothing: too small a difference', () => {
    expect(step({ base: 98, believedQuantity: 98 }, { onHand: 100 })).toMatchInlineSnapshot(
      `"Nothing to do: the difference is too small to be worth a call."`,
    )
  })
  test('nothing: evidence is under way', () => {
    expect(
      step({ base: 12, believedQuantity: 8, fences: [fenceWith({ quantity: 10 })] }, { onHand: 12, bufferUnits: 2 }),
    ).toMatchInlineSnapshot(`"Nothing to do: evidence is under way, and settles the rest by itself."`)
  })
  test('nothing: nobody needs what it has too much', () => {
    expect(step({ base: 12, believedQuantity: 12 }, { onHand: 12, bufferUnits: 2 })).toMatchInlineSnapshot(
      `"Nothing to do: it may sell more than it should, and nobody else needs the units now."`,
    )
  })
  test('nothing, for what the channel is', () => {
    expect(step({ writeClass: 'ask-first' })).toMatchInlineSnapshot(`"Nothing to do: the channel asks when it wants goods."`)
    expect(step({ ...atTen, disconnectedAtMs: 1 })).toMatchInlineSnapshot(
      `"Nothing to do: it is disconnected, so what it may sell stays counted."`,
    )
    expect(step(atTen, {}, { settings: { shop: { mode: 'observe' } } })).toMatchInlineSnapshot(
      `"Nothing to do: the channel is only observed: nothing is written there."`,
    )
    expect(step(atTen, {}, { settings: { shop: { mode: 'paused' } } })).toMatchInlineSnapshot(`"Nothing to do: the channel is paused."`)
    expect(step(atTen, {}, { settings: { shop: null } })).toMatchInlineSnapshot(`"Nothing to do: the channel is not configured."`)
  })
})

describe('the status', () => {
  const status = (stock: Stock, situation: Situation = {}): string => {
    const sections = told(stock, situation).split('\n')
    return sections.slice(sections.findLastIndex((line) => !line.startsWith(' '))).join('\n')
  }

  test('at risk', () => {
    const text = told(stockWith(6, [listingWith('shop', atTen)]))
    expect(text).toMatchInlineSnapshot(`
      "MUG (Red mug), pool main, at 10:00:00 CET
        On hand: 6 units (berlin 6).
        Reserved for orders that are not shipped yet: 0 units, which leaves 6 units to sell.
        Kept back as a buffer: 0 units. Available to the channels: 6 units.
        Held by listings already: 10 units. That is 4 units more than there are to give (slack: 6 to sell - 0 buffer - 10 held = -4).
      shop, listing mug (each change names the number it replaces)
        Should be showing 10 units now; the last evidence is from 09:50:00 CET.
        May still sell at most 10 units that we do not know of (exposure: 10 by evidence and known orders).
        Should have 6 units: weight 1 of 1 in 6 units is 6.
        Next, now: write 6 units over 10, because more could be sold than there is.
      At risk 4 units
        If every channel sold all it may, 4 units would be missing. What they may still sell: shop 10.
        Their numbers are being lowered; that is expected to be proven by 10:20:20 CET."
    `)
  })
  test('more promised than there is', () => {
    expect(told(stockWith(6, [], { reservedUnits: 8 }))).toMatchInlineSnapshot(`
      "MUG (Red mug), pool main, at 10:00:00 CET
        On hand: 6 units (berlin 6).
        Reserved for orders that are not shipped yet: 8 units. That is 2 units more than there are.
        Kept back as a buffer: 0 units. Available to the channels: 0 units.
        Held by listings already: 0 units. That is 2 units more than there are to give (slack: -2 to sell - 0 buffer - 0 held = -2).
      At risk 2 units
        Orders take 2 units more than there are: only new goods or cancellations mend that."
    `)
  })
  test('unprotected', () => {
    expect(
      status(stockWith(10, [listingWith('shop', { status: 'adopting', fencedThroughMs: 0, believedQuantity: null, believedAtMs: 0 })])),
    ).toMatchInlineSnapshot(`
      "Unprotected
        shop is being adopted: what it may sell is not proven yet."
    `)
    expect(status(stockWith(10, [listingWith('shop', atTen)], { sharing: 'pooled' }))).toMatchInlineSnapshot(`
      "Unprotected
        Every listing shows all that is available, by choice: two channels can sell the same unit."
    `)
    expect(
      status(stockWith(10, [listingWith('vendor', { ...atTen, writeClass: 'absolute-set', status: 'unprotected' })]), {
        settings: { vendor: { selfDecrement: 'unproven' } },
      }),
    ).toMatchInlineSnapshot(`
      "Unprotected
        vendor is not known to lower its number by itself when it sells."
    `)
    expect(
      status(stockWith(10, [listingWith('shop', { status: 'unprotected', blockedReason: 'the item is not tracked' })])),
    ).toMatchInlineSnapshot(`
      "Unprotected
        shop sells without regard to our number (the item is not tracked)."
    `)
  })
  test('a new listing', () => {
    expect(listing({ status: 'adopting', fencedThroughMs: 0, base: 0, believedQuantity: null, believedAtMs: 0 })).toMatchInlineSnapshot(`
      "What it shows is not known yet.
      May still sell at most 0 units that we do not know of (exposure: 0 by evidence and known orders). What it could sell before it was connected is not proven yet.
      Should have 10 units: weight 1 of 1 in 10 units is 10.
      Next, now: read the number: what it shows is not known."
    `)
  })
  test('refused numbers and late orders are told with the listing', () => {
    expect(listing({ ...atTen, blockedReason: 'the item is archived', lateOrders: 2 })).toMatchInlineSnapshot(`
      "Should be showing 10 units now; the last evidence is from 09:50:00 CET.
      May still sell at most 10 units that we do not know of (exposure: 10 by evidence and known orders).
      Has no share: the channel refuses our number, so nobody could sell a share of it; what it may still sell (10 units) stays counted, and is nobody else's.
      Next, now: write 10 units over 10, because the channel refused our number for good; saying the same again tells whether it takes numbers now.
      The channel does not take our number: the item is archived.
      2 orders of it came in later than the channel was assumed to show them."
    `)
  })
})
