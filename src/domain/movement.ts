// What the warehouse does to stock, as decisions. Physical facts (receipt, count, shrinkage, transfer, return) are never refused for want of
// stock elsewhere: a count is what it is. Promises (reserve) ask first: they are refused when they do not fit into the slack.
import { BelayError } from './errors.ts'
import { type LocationId, listingIdOf, type PoolId, type Sku } from './ids.ts'
import type { Incident } from './incidents.ts'
import { type LedgerAccount, type LedgerEntry, type MovementReason, onHandAccount } from './ledger.ts'
import { hubChannel } from './order-fold.ts'
import type { Order } from './orders.ts'
import { admitAdopted, atRiskUnits, heldByListings } from './exposure.ts'
import { slackUnits } from './plan.ts'
import { type Stock } from './stock.ts'

/** More than this in one movement is taken for a typing error. */
export const maxMovementUnits = 100_000

export interface Movement {
  readonly kind: 'receipt' | 'count' | 'shrinkage' | 'transfer' | 'return' | 'reserve' | 'release' | 'ship'
  readonly sku: Sku
  readonly pool: PoolId
  readonly location: LocationId | null
  readonly toLocation: LocationId | null
  readonly units: number
  readonly reference: string
}

export interface MovementEffect {
  readonly stock: Stock
  readonly ledger: readonly LedgerEntry[]
  readonly order: Order | null
  readonly incidents: readonly Incident[]
}

/** The ledger key under which a movement is known: the second one with the same reference is a duplicate. */
export const movementKey = (movement: Movement): string => `movement/${movement.reference}`

/** Throws movement-invalid. Shape only; what is on the shelf is decided by moveStock. */
export const checkMovement = (movement: Movement): void => {
  const least = movement.kind === 'count' ? 0 : 1
  const refuse = (message: string, fix: string): never => {
    throw new BelayError('movement-invalid', message, { fix })
  }
  if (!Number.isSafeInteger(movement.units) || movement.units < least || movement.units > maxMovementUnits)
    refuse(`units is ${movement.units}`, `give a whole number from ${least} to ${maxMovementUnits}`)
  if (movement.kind === 'reserve' || movement.kind === 'release') return
  if (movement.location === null) refuse(`a ${movement.kind} needs a location`, 'say where the goods are: location')
  if (movement.kind === 'transfer' && (movement.toLocation === null || movement.toLocation === movement.location))
    refuse('a transfer needs another location to go to', 'give toLocation, different from location')
}

const entryOf = (
  movement: Movement,
  stock: Stock,
  reason: MovementReason,
  from: LedgerAccount,
  to: LedgerAccount,
  units: number,
  nowMs: number,
): LedgerEntry => ({
  key: movementKey(movement),
  sku: stock.sku,
  pool: stock.pool,
  from,
  to,
  units,
  reason,
  reference: movement.reference,
  atMs: nowMs,
  version: stock.version,
})

/** Adds to a location's level (negative: takes away). */
const shift = (stock: Stock, location: LocationId, units: number): Stock => ({
  ...stock,
  onHandUnits: { ...stock.onHandUnits, [location]: (stock.onHandUnits[location] ?? 0) + units },
})

const atRiskIncident = (movement: Movement, stock: Stock, nowMs: number): readonly Incident[] => {
  const units = atRiskUnits(stock)
  if (units === 0) return []
  return [
    {
      id: `at-risk/${movement.reference}/${stock.sku}/${stock.pool}`,
      kind: 'at-risk',
      channel: null,
      sku: stock.sku,
      listing: null,
      units,
      atMs: nowMs,
      summary: `${stock.sku}: channels may still sell ${units} more than is left after a ${movement.kind}; they are being lowered now.`,
      evidence: {
        reference: movement.reference,
        listings: stock.listings.map((l) => ({ listing: l.id, base: l.base, open: l.pushes.length })),
      },
    },
  ]
}

const movePhysical = (movement: Movement, stock: Stock, nowMs: number): MovementEffect => {
  const location = movement.location as LocationId
  const here = onHandAccount(location)
  const level = stock.onHandUnits[location] ?? 0
  const made = (next: Stock, reason: MovementReason, from: LedgerAccount, to: LedgerAccount, units: number): MovementEffect => ({
    stock: admitAdopted(next),
    ledger: [entryOf(movement, next, reason, from, to, units, nowMs)],
    order: null,
    incidents: atRiskIncident(movement, next, nowMs),
  })
  switch (movement.kind) {
    case 'receipt':
      return made(shift(stock, location, movement.units), 'receipt', 'supplier', here, movement.units)
    case 'return':
      return made(shift(stock, location, movement.units), 'return', 'customer', here, movement.units)
    case 'transfer': {
      const to = movement.toLocation as LocationId
      if (level < movement.units) throw short(movement, level, `at ${location}`)
      return made(shift(shift(stock, location, -movement.units), to, movement.units), 'transfer', here, onHandAccount(to), movement.units)
    }
    case 'shrinkage':
      if (level < movement.units) throw short(movement, level, `at ${location}`)
      return made(shift(stock, location, -movement.units), 'shrinkage', here, 'scrap', movement.units)
    default: {
      const found = movement.units - level
      if (found === 0) return { stock, ledger: [], order: null, incidents: [] }
      const next = shift(stock, location, found)
      return found > 0 ? made(next, 'count', 'adjustment', here, found) : made(next, 'count', here, 'adjustment', -found)
    }
  }
}

/** What would have to be freed, and how. */
const remedy = (movement: Movement, stock: Stock): string => {
  const holders = heldByListings(stock)
  if (holders.length === 0) return ''
  const held = holders.map(({ listing, units }) => `${listing} ${units}`).join(', ')
  return `; listings hold ${held}: belay rules ${movement.sku} --reserve ${movement.units} keeps that many for demand that asks first, and frees them as evidence comes in`
}

const short = (movement: Movement, units: number, where: string): BelayError =>
  new BelayError('insufficient-stock', `${movement.sku}: ${movement.units} asked, ${Math.max(0, units)} there ${where}`, {
    fix: 'count the location first: POST a count movement',
  })

/** A promise of the hub itself, kept as an order of the channel `hub` with one line. Throws insufficient-stock. */
const reserve = (movement: Movement, stock: Stock, nowMs: number): MovementEffect => {
  const slack = slackUnits(stock)
  if (movement.units > slack) {
    throw new BelayError(
      'insufficient-stock',
      `${movement.sku}: ${movement.units} asked, ${Math.max(0, slack)} there that no channel may still sell`,
      {
        fix: `${slack > 0 ? `reserve at most ${slack}` : 'nothing can be reserved now'}${remedy(movement, stock)}`,
      },
    )
  }
  const next = { ...stock, reservedUnits: stock.reservedUnits + movement.units }
  return {
    stock: next,
    ledger: [entryOf(movement, next, 'sale', 'free', 'reserved', movement.units, nowMs)],
    order: {
      channel: hubChannel,
      orderId: movement.reference,
      version: 1,
      createdAtMs: nowMs,
      revisedAtMs: nowMs,
      demand: 'ask-first',
      merge: 'maximum',
      lines: [
        {
          lineId: '1',
          listing: listingIdOf(hubChannel, 'reservation'),
          sku: movement.sku,
          pool: movement.pool,
          unitsPerListing: 1,
          orderedQuantity: movement.units,
          cancelledQuantity: 0,
          shippedQuantity: 0,
          cancelledAtMs: null,
          amountMinor: null,
          currency: null,
          createdAtMs: nowMs,
          acceptedQuantity: movement.units,
          location: null,
        },
      ],
      acknowledgement: null,
      echo: null,
      firstSeenAtMs: nowMs,
    },
    incidents: [],
  }
}

/** Ends a reservation without goods, whole. Throws movement-invalid when there is none of that reference for this SKU. */
const release = (movement: Movement, stock: Stock, order: Order | null, nowMs: number): MovementEffect => {
  const line = order?.lines[0]
  if (!order || line?.sku !== movement.sku || line.pool !== movement.pool)
    throw new BelayError('movement-invalid', `no reservation ${movement.reference} of ${movement.sku} is known`, {
      fix: `${movement.kind} with the reference and the SKU of the reservation`,
    })
  const open = line.orderedQuantity - line.cancelledQuantity - line.shippedQuantity
  if (open !== movement.units)
    throw new BelayError('movement-invalid', `reservation ${movement.reference} holds ${open} units, not ${movement.units}`, {
      fix: open === 0 ? 'it has ended already: nothing is to be done' : `${movement.kind} the whole reservation: units ${open}`,
    })
  const next = { ...stock, reservedUnits: stock.reservedUnits - open }
  const entry = entryOf(movement, next, 'release', 'reserved', 'free', open, nowMs)
  return {
    stock: next,
    ledger: [{ ...entry, key: endKey(movement.reference) }],
    order: { ...order, version: order.version + 1, lines: [{ ...line, cancelledQuantity: line.orderedQuantity, cancelledAtMs: nowMs }] },
    incidents: [],
  }
}

/** The goods of a reservation leave, whole: the promise ends and the shelf is that much emptier. */
const ship = (movement: Movement, stock: Stock, order: Order | null, nowMs: number): MovementEffect => {
  const location = movement.location as LocationId
  const held = release(movement, stock, order, nowMs)
  const line = order?.lines[0]
  const level = stock.onHandUnits[location] ?? 0
  if (level < movement.units) throw short(movement, level, `at ${location}`)
  const next = shift(held.stock, location, -movement.units)
  const promise = entryOf(movement, next, 'ship', 'reserved', 'free', movement.units, nowMs)
  const goods = entryOf(movement, next, 'ship', onHandAccount(location), 'customer', movement.units, nowMs)
  return {
    stock: next,
    ledger: [
      { ...promise, key: endKey(movement.reference) },
      { ...goods, key: `${endKey(movement.reference)}/goods` },
    ],
    order:
      order && line
        ? { ...order, version: order.version + 1, lines: [{ ...line, shippedQuantity: line.orderedQuantity, location }] }
        : null,
    incidents: [],
  }
}

/** A reservation ends once: released or shipped. */
export const endKey = (reference: string): string => `movement/${reference}/end`

/** `order`: the reservation that a reserve repeats or a release ends, or null. */
export const moveStock = (movement: Movement, stock: Stock, order: Order | null, nowMs: number): MovementEffect => {
  if (movement.kind === 'reserve') return reserve(movement, stock, nowMs)
  if (movement.kind === 'release') return release(movement, stock, order, nowMs)
  if (movement.kind === 'ship') return ship(movement, stock, order, nowMs)
  return movePhysical(movement, stock, nowMs)
}
