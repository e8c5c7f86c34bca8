// How fast a listing sells: an exponentially weighted rate, kept as one number and its time. Guarantees: each unit counts once, from the time
// of its order; any order of arrival gives the same rate but for rounding (half a thousandth of a unit a day for each sale); a unit cancelled
// before shipment counts no more. It is a memory of sales, not of demand: a listing that shows nothing sells nothing, which is why the
// sharing adds to it what nobody has proven yet (allocation.ts).
import type { SalesRate } from './stock.ts'

const dayMs = 24 * 60 * 60_000
/**
 * A sale counts half after this. Two weeks: demand has a weekly rhythm, so that less would follow weekdays, and more would hold on to a
 * promotion that is over for a month.
 */
export const rateHalfLifeMs = 14 * dayMs
/** What one unit adds in its instant, so that one sale a day for ever comes to 1,000 thousandths of a unit a day. */
export const milliUnitsPerDayOfOne = (1_000 * Math.LN2 * dayMs) / rateHalfLifeMs

/** Lazily: what a rate of then has come down to. */
const decayed = (milliUnitsPerDay: number, spanMs: number): number =>
  spanMs <= 0 ? milliUnitsPerDay : milliUnitsPerDay * 2 ** (-spanMs / rateHalfLifeMs)

/** `units` below 0: so many sold at that time were cancelled. */
export const countSale = (rate: SalesRate | undefined, units: number, soldAtMs: number): SalesRate | undefined => {
  if (units === 0) return rate
  const atMs = Math.max(rate?.atMs ?? soldAtMs, soldAtMs)
  const before = rate === undefined ? 0 : decayed(rate.milliUnitsPerDay, atMs - rate.atMs)
  const added = decayed(milliUnitsPerDayOfOne * units, atMs - soldAtMs)
  return { milliUnitsPerDay: Math.max(0, Math.round(before + added)), atMs }
}

/** The rate as of a later time. All rates decay alike, so ratios between them do not depend on which. */
export const rateAt = (rate: SalesRate | undefined, atMs: number): number =>
  rate === undefined ? 0 : decayed(rate.milliUnitsPerDay, atMs - rate.atMs)

/** From one sale to the next, as of the last one. A listing that never sold is taken for one that has sold a single unit. */
export const interSaleMs = (rate: SalesRate | undefined): number =>
  Math.round((1_000 * dayMs) / Math.max(rate?.milliUnitsPerDay ?? 0, milliUnitsPerDayOfOne))
