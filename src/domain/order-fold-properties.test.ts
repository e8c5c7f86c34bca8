// Facts of an order in any order, any number of times: the same order, the same stock, and a ledger that folds to the levels.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listingOf, settingsOf, shelf, startMs, stockOf } from '../../test/support/stock-samples.ts'
import type { LedgerEntry } from './ledger.ts'
import { type Movement, moveStock } from './movement.ts'
import { foldOrder } from './order-fold.ts'
import type { Listing, Order, OrderFact } from './orders.ts'
import { onHandTotal, type Stock } from './stock.ts'

const stock = stockOf(50, [listingOf({ base: 20, fencedThroughMs: 0 })])
const [state] = stock.listings
if (!state) throw new Error('no listing')
const listing: Listing = {
  id: state.id,
  channel: state.channel,
  externalId: state.externalId,
  keys: ['offer'],
  sku: stock.sku,
  pool: stock.pool,
  unitsPerListing: 1,
  fulfilment: 'MFN',
}

interface Snapshot {
  readonly orderedQuantity: number
  readonly cancelledQuantity: number
  readonly shippedQuantity: number
  readonly revision: number
}

const factOf = (snapshot: Snapshot, orderId = '1001'): OrderFact => ({
  channel: state.channel,
  orderId,
  createdAtMs: startMs,
  revisedAtMs: startMs + snapshot.revision,
  demand: 'fact',
  merge: 'maximum',
  acknowledgeByMs: null,
  lines: [
    {
      lineId: '1',
      listingKeys: ['offer'],
      orderedQuantity: snapshot.orderedQuantity,
      cancelledQuantity: snapshot.cancelledQuantity,
      shippedQuantity: snapshot.shippedQuantity,
      cancelledAtMs: snapshot.cancelledQuantity > 0 ? startMs + snapshot.revision : null,
      cancelMayRestock: true,
      amountMinor: null,
      currency: null,
    },
  ],
  echo: null,
})

interface World {
  readonly stock: Stock
  readonly orders: ReadonlyMap<string, Order>
  readonly ledger: readonly LedgerEntry[]
}

const start: World = { stock, orders: new Map(), ledger: [] }

const fold = (world: World, fact: OrderFact): World => {
  const result = foldOrder(fact, {
    order: world.orders.get(fact.orderId) ?? null,
    stock: () => world.stock,
    listingFor: () => listing,
    settingsFor: (channel) => settingsOf(channel),
    nowMs: startMs + 60_000,
  })
  return {
    stock: result.stock[0] ?? world.stock,
    orders: result.order ? new Map(world.orders).set(fact.orderId, result.order) : world.orders,
    ledger: [...world.ledger, ...result.ledger],
  }
}

const levelsOf = (ledger: readonly LedgerEntry[]): { onHand: number; reserved: number } => {
  let onHand = 50
  let reserved = 0
  for (const entry of ledger) {
    expect(entry.units).toBeGreaterThan(0)
    if (entry.to.startsWith('on_hand/')) onHand += entry.units
    if (entry.from.startsWith('on_hand/')) onHand -= entry.units
    if (entry.to === 'reserved') reserved += entry.units
    if (entry.from === 'reserved') reserved -= entry.units
  }
  return { onHand, reserved }
}

const summaryOf = (world: World): object => ({
  reserved: world.stock.reservedUnits,
  onHand: onHandTotal(world.stock),
  base: world.stock.listings[0]?.base,
  lines: [...world.orders.values()].map((o) => o.lines.map((l) => [l.orderedQuantity, l.cancelledQuantity, l.shippedQuantity])),
})

/** A line's life: what was ordered, then step by step cancelled and shipped, never more than was ordered. Told as snapshots. */
const life = fc
  .record({
    ordered: fc.integer({ min: 1, max: 9 }),
    steps: fc.array(fc.record({ cancel: fc.boolean(), units: fc.nat(4) }), { maxLength: 5 }),
  })
  .map(({ ordered, steps }) => {
    const snapshots: Snapshot[] = [{ orderedQuantity: ordered, cancelledQuantity: 0, shippedQuantity: 0, revision: 1 }]
    let cancelled = 0
    let shipped = 0
    for (const step of steps) {
      const units = Math.min(step.units, ordered - cancelled - shipped)
      if (step.cancel) cancelled += units
      else shipped += units
      snapshots.push({ orderedQuantity: ordered, cancelledQuantity: cancelled, shippedQuantity: shipped, revision: snapshots.length + 1 })
    }
    return snapshots
  })

describe('facts of an order', () => {
  test('in any order, any number of times, and told in parts end in the same state; the ledger folds to it (P4)', () => {
    const shuffled = life.chain((snapshots) =>
      fc.tuple(
        fc.constant(snapshots),
        fc.shuffledSubarray([...snapshots, ...snapshots], { minLength: snapshots.length * 2 }),
        fc.array(fc.boolean(), { minLength: snapshots.length * 2, maxLength: snapshots.length * 2 }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([snapshots, order, parts]) => {
        const straight = snapshots.reduce((world, s) => fold(world, factOf(s)), start)
        // Some messages tell of the cancellation alone; the order itself is told too, so nothing is missing in the end.
        const messages = order.flatMap((s, i) =>
          parts[i] ? [factOf({ ...s, orderedQuantity: 0, shippedQuantity: 0 }), factOf(s)] : [factOf(s)],
        )
        const mixed = messages.reduce(fold, start)
        expect(summaryOf(mixed)).toEqual(summaryOf(straight))
        for (const world of [straight, mixed]) {
          expect(levelsOf(world.ledger)).toEqual({ onHand: onHandTotal(world.stock), reserved: world.stock.reservedUnits })
          expect(new Set(world.ledger.map((e) => e.key)).size).toBe(world.ledger.length)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('folded again they change nothing', () => {
    fc.assert(
      fc.property(life, (snapshots) => {
        const once = snapshots.reduce((world, s) => fold(world, factOf(s)), start)
        const twice = snapshots.reduce((world, s) => fold(world, factOf(s)), once)
        expect(twice).toEqual(once)
      }),
    )
  })

  test('a cancellation that comes before its order waits, and the units come back when the order is known', () => {
    const cancelled = fold(start, factOf({ orderedQuantity: 0, cancelledQuantity: 2, shippedQuantity: 0, revision: 9 }))
    expect(cancelled.stock.reservedUnits).toBe(0)
    const known = fold(cancelled, factOf({ orderedQuantity: 3, cancelledQuantity: 0, shippedQuantity: 0, revision: 1 }))
    expect(known.stock.reservedUnits).toBe(1)
    expect(known.stock.listings[0]?.base).toBe(20 - 3 + 2)
    expect(known.stock.listings[0]?.cancels).toEqual([{ atMs: startMs + 9, quantity: 2 }])
  })
})

describe('movements', () => {
  const movement = fc.record({
    kind: fc.constantFrom('receipt' as const, 'return' as const, 'count' as const, 'shrinkage' as const, 'reserve' as const),
    units: fc.integer({ min: 1, max: 30 }),
  })

  test('together with orders the ledger folds to the levels, and a refusal changes nothing', () => {
    const step = fc.oneof(
      movement.map((m) => ({ movement: m, fact: null })),
      life.map((snapshots) => ({ movement: null, fact: snapshots })),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let world = start
        steps.forEach((each, index) => {
          if (each.fact) world = each.fact.reduce((now, s) => fold(now, factOf(s, `order-${index}`)), world)
          if (each.movement) world = moved(world, each.movement, index)
        })
        expect(levelsOf(world.ledger)).toEqual({ onHand: onHandTotal(world.stock), reserved: world.stock.reservedUnits })
      }),
      { numRuns: 200 },
    )
  })

  const moved = (world: World, { kind, units }: { kind: Movement['kind']; units: number }, index: number): World => {
    const full: Movement = {
      kind,
      units,
      sku: stock.sku,
      pool: stock.pool,
      location: shelf,
      toLocation: null,
      reference: `movement-${index}`,
    }
    try {
      const effect = moveStock(full, world.stock, null, startMs)
      return { ...world, stock: effect.stock, ledger: [...world.ledger, ...effect.ledger] }
    } catch (error) {
      expect(error).toMatchObject({ code: 'insufficient-stock' })
      return world
    }
  }
})
