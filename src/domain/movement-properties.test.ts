// The ledger under any run of movements: what one account loses another gains (conservation), and the levels are the fold of it (rebuild).
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listingOf } from '../../test/support/stock-samples.ts'
import { BelayError } from './errors.ts'
import { guaranteedExposureUnits } from './exposure.ts'
import type { LocationId, PoolId, Sku } from './ids.ts'
import type { LedgerAccount, LedgerEntry } from './ledger.ts'
import { moveStock, type Movement } from './movement.ts'
import type { Order } from './orders.ts'
import { emptyStock, sellableUnits, type Stock } from './stock.ts'

const sku = 'MUG' as Sku
const pool = 'main' as PoolId
const places = ['berlin' as LocationId, 'lyon' as LocationId]

interface World {
  readonly stock: Stock
  readonly ledger: readonly LedgerEntry[]
  readonly orders: ReadonlyMap<string, Order>
}

const start: World = { stock: { ...emptyStock(sku, pool), version: 1, listings: [listingOf({ base: 3 })] }, ledger: [], orders: new Map() }

const step = fc.record({
  kind: fc.constantFrom('receipt', 'count', 'shrinkage', 'transfer', 'return', 'reserve', 'release', 'ship'),
  from: fc.constantFrom(0, 1),
  units: fc.integer({ min: 1, max: 9 }),
  /** Which of the reservations so far is ended. */
  which: fc.nat(20),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What is refused changes nothing. */
const move = (world: World, { kind, from, units, which }: Step, index: number): World => {
  const held = [...world.orders.keys()]
  const ends = kind === 'release' || kind === 'ship'
  const reference = ends ? (held[which % Math.max(1, held.length)] ?? 'none') : `m${index}`
  const order = world.orders.get(reference) ?? null
  const movement: Movement = {
    kind,
    sku,
    pool,
    location: kind === 'reserve' || kind === 'release' ? null : (places[from] ?? null),
    toLocation: kind === 'transfer' ? (places[1 - from] ?? null) : null,
    units: ends ? (order?.lines[0]?.orderedQuantity ?? units) : units,
    reference,
  }
  try {
    const effect = moveStock(movement, world.stock, order, 1_000 + index)
    const orders = new Map(world.orders)
    if (effect.order) orders.set(reference, effect.order)
    return { stock: effect.stock, ledger: [...world.ledger, ...effect.ledger], orders }
  } catch (error) {
    if (!(error instanceof BelayError)) throw error
    return world
  }
}

const balances = (ledger: readonly LedgerEntry[]): ReadonlyMap<LedgerAccount, number> => {
  const found = new Map<LedgerAccount, number>()
  for (const { from, to, units } of ledger) {
    found.set(from, (found.get(from) ?? 0) - units)
    found.set(to, (found.get(to) ?? 0) + units)
  }
  return found
}

test('levels rebuilt from the ledger are the levels; goods come from outside and go there, promises come from free and go there', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { stock, ledger } = steps.reduce(move, start)
      const balance = balances(ledger)
      for (const place of places) expect(balance.get(`on_hand/${place}`) ?? 0).toBe(stock.onHandUnits[place] ?? 0)
      expect(balance.get('reserved') ?? 0).toBe(stock.reservedUnits)
      const sum = (accounts: readonly LedgerAccount[]): number => accounts.reduce((units, each) => units + (balance.get(each) ?? 0), 0)
      expect(sum(['on_hand/berlin', 'on_hand/lyon', 'supplier', 'customer', 'scrap', 'adjustment', 'in_transit'])).toBe(0)
      expect(sum(['free', 'reserved'])).toBe(0)
      for (const { units, from, to } of ledger) expect(units > 0 && from !== to).toBe(true)
      expect(new Set(ledger.map((entry) => entry.key)).size).toBe(ledger.length)
    }),
    { numRuns: 500 },
  )
})

test('a reservation takes only what no channel may still sell; no movement raises an exposure (P5)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      steps.reduce((world, each, index) => {
        const next = move(world, each, index)
        expect(guaranteedExposureUnits(next.stock)).toBe(guaranteedExposureUnits(world.stock))
        const reserved = each.kind === 'reserve' && next !== world
        const room = sellableUnits(next.stock) - guaranteedExposureUnits(next.stock)
        expect(!reserved || room >= 0).toBe(true)
        return next
      }, start)
    }),
    { numRuns: 300 },
  )
})
