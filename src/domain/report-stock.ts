// From levels and movements of SKUs to what a day did to the stock. The formulas:
//   available       = on hand - reserved - buffer
//   velocity        = units sold less cancelled in the window / days of the window
//   days of cover   = available / velocity
//   out of stock    = the time of the day with nothing available, of SKUs that sell
//   sales it cost   = velocity * time out of stock / length of the day
//   sell-through    = sold less cancelled / (on hand at the day's beginning + received + returned)
import type { Sku } from './ids.ts'
import type { LedgerAccount, LedgerEntry } from './ledger.ts'
import { type CoverRow, lowStockDays, maxListed, type SlowMover, type StockFigures, type StockOut } from './report-figures.ts'
import type { StockRow } from './report-rows.ts'
import { topList } from './top-list.ts'

/** With less history nothing is called slow. */
const leastSlowDays = 7

const onShelf = (account: LedgerAccount): boolean => account.startsWith('on_hand/')

/** What an entry does to (on hand - reserved). */
const freeDelta = ({ from, to, units }: LedgerEntry): number => {
  const side = (account: LedgerAccount): number => (onShelf(account) ? units : account === 'reserved' ? -units : 0)
  return side(to) - side(from)
}

/** How long of [fromMs, toMs) nothing was available. `entries`: of that span, in the order of their versions. */
export const outOfStockMs = (
  openingAvailableUnits: number,
  entries: readonly LedgerEntry[],
  span: { readonly fromMs: number; readonly toMs: number },
): number => {
  let available = openingAvailableUnits
  let atMs = span.fromMs
  let outMs = 0
  for (const entry of entries) {
    // Clocks of several processes may differ: time does not go back. Between the entries of one commit no time passes.
    const untilMs = Math.min(span.toMs, Math.max(atMs, entry.atMs))
    if (available <= 0) outMs += untilMs - atMs
    atMs = untilMs
    available += freeDelta(entry)
  }
  return available <= 0 ? outMs + span.toMs - atMs : outMs
}

const sellThroughPermille = (soldUnits: number, hadUnits: number): number | null =>
  hadUnits <= 0 ? null : Math.max(0, Math.round((soldUnits * 1000) / hadUnits))

interface Derived {
  readonly available: number
  readonly openingAvailable: number
  readonly openingOnHand: number
  readonly velocityMilliUnits: number
}

const derive = (row: StockRow, windowDays: number): Derived => {
  const { moved } = row
  const available = row.onHandUnits - row.reservedUnits - row.bufferUnits
  return {
    available,
    openingAvailable: available - (moved ? moved.onHandDelta - moved.reservedDelta : 0),
    openingOnHand: row.onHandUnits - (moved?.onHandDelta ?? 0),
    velocityMilliUnits: Math.max(0, Math.round((row.windowSoldUnits * 1000) / windowDays)),
  }
}

const sells = (row: StockRow, { velocityMilliUnits }: Derived): boolean => velocityMilliUnits > 0 || (row.moved?.soldUnits ?? 0) > 0

/** Does its time out of stock have to be looked for among the day's entries? */
export const needsMovements = (row: StockRow, windowDays: number): boolean => {
  const derived = derive(row, windowDays)
  return row.moved !== null && sells(row, derived) && derived.openingAvailable + row.moved.lowestFreeDelta <= 0
}

/** The opening level that `outOfStockMs` takes. */
export const openingAvailableUnits = (row: StockRow): number => derive(row, 1).openingAvailable

export interface SkuStock {
  readonly title: string
  readonly onHandUnits: number
  readonly sellThroughPermille: number | null
}

export interface StockFold {
  /** `outMs`: of a row that needs movements what they said; null for the others. */
  add(row: StockRow, outMs: number | null): void
  result(): StockFigures
  /** Of the SKUs that were asked about, over their pools. */
  skus(): ReadonlyMap<Sku, SkuStock>
}

const coverOf = (availableUnits: number, velocityMilliUnits: number): number => Math.floor((availableUnits * 10_000) / velocityMilliUnits)

export const stockFold = (options: {
  readonly windowDays: number
  readonly span: { readonly fromMs: number; readonly toMs: number }
  readonly asked: ReadonlySet<Sku>
}): StockFold => {
  const { windowDays, span, asked } = options
  const dayMs = span.toMs - span.fromMs
  const sums = {
    skus: 0,
    skusAvailable: 0,
    onHandUnits: 0,
    reservedUnits: 0,
    openingOnHandUnits: 0,
    receivedUnits: 0,
    returnedUnits: 0,
    shippedUnits: 0,
    soldUnits: 0,
  }
  const outs = { skus: 0, lostMilliUnits: 0 }
  const slow = { skus: 0, units: 0 }
  const belowZero = { skus: 0, units: 0, movedSkus: 0 }
  let belowLow = 0
  let newlyLow = 0
  const worst = topList<StockOut>(maxListed, (a, b) => b.lostMilliUnits - a.lostMilliUnits || b.outMs - a.outMs)
  const lowest = topList<CoverRow>(maxListed, (a, b) => a.coverDeciDays - b.coverDeciDays)
  const low = topList<CoverRow>(maxListed, (a, b) => a.coverDeciDays - b.coverDeciDays)
  const slowest = topList<SlowMover>(maxListed, (a, b) => b.availableUnits - a.availableUnits)
  const skus = new Map<Sku, { title: string; onHandUnits: number; soldUnits: number; hadUnits: number }>()

  const addOut = (row: StockRow, derived: Derived, outMs: number): void => {
    if (outMs <= 0) return
    const lostMilliUnits = dayMs === 0 ? 0 : Math.round((derived.velocityMilliUnits * outMs) / dayMs)
    outs.skus += 1
    outs.lostMilliUnits += lostMilliUnits
    worst.add({
      sku: row.sku,
      title: row.title,
      outMs,
      velocityMilliUnits: derived.velocityMilliUnits,
      lostMilliUnits,
      outAtEnd: derived.available <= 0,
    })
  }

  const addCover = (row: StockRow, { available, openingAvailable, velocityMilliUnits }: Derived): void => {
    if (velocityMilliUnits === 0 || available <= 0) return
    const coverDeciDays = coverOf(available, velocityMilliUnits)
    const cover = { sku: row.sku, title: row.title, availableUnits: available, velocityMilliUnits, coverDeciDays }
    lowest.add(cover)
    if (coverDeciDays >= lowStockDays * 10) return
    belowLow += 1
    if (coverOf(openingAvailable, velocityMilliUnits) < lowStockDays * 10) return
    newlyLow += 1
    low.add(cover)
  }

  return {
    add: (row, outMs) => {
      const derived = derive(row, windowDays)
      const { moved } = row
      sums.skus += 1
      if (derived.available > 0) sums.skusAvailable += 1
      sums.onHandUnits += row.onHandUnits
      sums.reservedUnits += row.reservedUnits
      sums.openingOnHandUnits += derived.openingOnHand
      if (moved) {
        sums.receivedUnits += moved.receivedUnits
        sums.returnedUnits += moved.returnedUnits
        sums.shippedUnits += moved.shippedUnits
        sums.soldUnits += moved.soldUnits - moved.cancelledUnits
        belowZero.movedSkus += 1
      }
      const lowestFree = derived.openingAvailable + row.bufferUnits + (moved?.lowestFreeDelta ?? 0)
      if (lowestFree < 0) {
        belowZero.skus += 1
        belowZero.units -= lowestFree
      }
      if (sells(row, derived)) addOut(row, derived, outMs ?? (moved === null && derived.available <= 0 ? dayMs : 0))
      addCover(row, derived)
      if (derived.available > 0 && row.windowSoldUnits <= 0 && windowDays >= leastSlowDays) {
        slow.skus += 1
        slow.units += derived.available
        slowest.add({ sku: row.sku, title: row.title, availableUnits: derived.available })
      }
      if (!asked.has(row.sku)) return
      const known = skus.get(row.sku) ?? { title: row.title, onHandUnits: 0, soldUnits: 0, hadUnits: 0 }
      skus.set(row.sku, {
        title: known.title,
        onHandUnits: known.onHandUnits + row.onHandUnits,
        soldUnits: known.soldUnits + (moved ? moved.soldUnits - moved.cancelledUnits : 0),
        hadUnits: known.hadUnits + derived.openingOnHand + (moved ? moved.receivedUnits + moved.returnedUnits : 0),
      })
    },
    result: () => ({
      ...sums,
      sellThroughPermille: sellThroughPermille(sums.soldUnits, sums.openingOnHandUnits + sums.receivedUnits + sums.returnedUnits),
      windowDays,
      stockOuts: { ...outs, worst: worst.items() },
      cover: { belowLow, lowest: lowest.items() },
      newlyLow: { skus: newlyLow, rows: low.items() },
      slow: { ...slow, rows: slowest.items() },
      belowZero,
    }),
    skus: () =>
      new Map(
        [...skus].map(([sku, { title, onHandUnits, soldUnits, hadUnits }]) => [
          sku,
          { title, onHandUnits, sellThroughPermille: sellThroughPermille(soldUnits, hadUnits) },
        ]),
      ),
  }
}
