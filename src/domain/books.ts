// The hub's own books held against each other: levels against the ledger that they are the sum of, reservations against the orders that hold
// them, each listing's bound against the requests that it counts. Pure. Anything found is a mistake in Belay, and is told with the documents.
import { atRiskUnits } from './exposure.ts'
import type { LocationId } from './ids.ts'
import type { OrderLine } from './orders.ts'
import { chargeOf } from './push.ts'
import type { BooksFault } from './reconcile.ts'
import { type ListingState, maxFences, maxPushes, type Stock } from './stock.ts'

export interface BooksDifference {
  readonly fault: BooksFault
  /** One sentence for whoever mends it. */
  readonly text: string
}

/** What the ledger of a stock document comes to: units in less units out of each on_hand account, and of reserved. */
export interface LedgerLevels {
  readonly onHandUnits: Readonly<Record<LocationId, number>>
  readonly reservedUnits: number
}

/** What an order line holds reserved: promised, and neither cancelled nor shipped. */
export const heldUnits = (line: OrderLine): number =>
  Math.max(0, (line.acceptedQuantity ?? line.orderedQuantity) - line.cancelledQuantity - line.shippedQuantity) * line.unitsPerListing

const differ = (fault: BooksFault, text: string): BooksDifference => ({ fault, text })

const levelDifferences = (stock: Stock, levels: LedgerLevels): readonly BooksDifference[] => {
  const found: BooksDifference[] = []
  const locations = new Set([...Object.keys(stock.onHandUnits), ...Object.keys(levels.onHandUnits)]) as Set<LocationId>
  for (const location of locations) {
    const [held, summed] = [stock.onHandUnits[location] ?? 0, levels.onHandUnits[location] ?? 0]
    if (held !== summed) found.push(differ('levels-differ', `on hand at ${location} is ${held}; the ledger sums to ${summed}`))
  }
  if (stock.reservedUnits !== levels.reservedUnits)
    found.push(differ('levels-differ', `reserved is ${stock.reservedUnits}; the ledger sums to ${levels.reservedUnits}`))
  return found
}

const isWhole = Number.isSafeInteger
const isCount = (n: number): boolean => isWhole(n) && n >= 0

const listingDifferences = (listing: ListingState): readonly BooksDifference[] => {
  const broken = (text: string): BooksDifference => differ('exposure-broken', `${listing.id}: ${text}`)
  const found: BooksDifference[] = []
  const { pushes, fences } = listing
  if (!isWhole(listing.base)) found.push(broken(`base is ${listing.base}`))
  if (pushes.length > maxPushes) found.push(broken(`${pushes.length} open pushes; at most ${maxPushes}`))
  if (fences.length > maxFences) found.push(broken(`${fences.length} open fences; at most ${maxFences}`))
  if (new Set(pushes.map(({ id }) => id)).size !== pushes.length) found.push(broken('two open pushes have the same key'))
  for (const push of pushes) {
    // Two requests made one carry the charges of both.
    const least = push.id.endsWith('+') ? 0 : chargeOf(push.kind, push.quantity, push.fromQuantity)
    if (!isCount(push.charge) || push.charge < least)
      found.push(broken(`push ${push.id} is charged ${push.charge}; it may raise what is sold by ${least}`))
    if (!isCount(push.attempts) || push.attempts === 0) found.push(broken(`push ${push.id} has ${push.attempts} attempts`))
  }
  for (const fence of fences)
    if (![fence.quantity, fence.sold, fence.restocked, fence.later].every(isCount))
      found.push(broken(`a fence counts ${JSON.stringify(fence)}`))
  return found
}

/** `openUnits`: what all orders together hold of it. `levels` null: not looked at. */
export const booksDifferences = (stock: Stock, levels: LedgerLevels | null, openUnits: number | null): readonly BooksDifference[] => {
  const risk = atRiskUnits(stock)
  const told = stock.incidents?.open.some(({ about }) => about === 'at-risk') ?? false
  return [
    ...(levels ? levelDifferences(stock, levels) : []),
    ...(openUnits === null || openUnits === stock.reservedUnits
      ? []
      : [differ('reservations-differ', `reserved is ${stock.reservedUnits}; open order lines hold ${openUnits}`)]),
    ...(isCount(stock.reservedUnits) && isCount(stock.bufferUnits)
      ? []
      : [differ('levels-differ', `reserved is ${stock.reservedUnits}, buffer ${stock.bufferUnits}`)]),
    ...stock.listings.flatMap(listingDifferences),
    ...(risk > 0 && !told ? [differ('exposure-broken', `channels may sell ${risk} more than there is, and nobody was told`)] : []),
  ]
}
