// Folding an order: (order, stock documents, fact) -> (order, stock documents, ledger entries, incidents). Lines merge by maximum, so that
// a duplicate, an older snapshot or any order of arrival ends in the same state. A marketplace's line is a fact and is never refused;
// ask-first demand (purchase orders, manual reservations) is accepted up to the slack; an order that we must answer is accepted whole or
// not at all when the platform says fill or kill. Quantities are listing quantities, times units per listing for the stock.
import { BelayError } from './errors.ts'
import { admitAdopted, heldByListings } from './exposure.ts'
import { type ChannelId, type LocationId, type StockKey, stockKeyText } from './ids.ts'
import type { Incident } from './incidents.ts'
import { ingestCancel, ingestRefusal, ingestSale, ingestUnknownCancel } from './ingest.ts'
import { type LedgerAccount, type LedgerEntry, type MovementReason, onHandAccount } from './ledger.ts'
import type { Acknowledgement, Listing, Order, OrderFact, OrderLine, OrderLineFact } from './orders.ts'
import { allocate } from './allocation.ts'
import { modesOf, type SettingsFor, slackUnits } from './plan.ts'
import { countSale } from './sales-rate.ts'
import { findListing, reserveUnits, sellableUnits, type Stock, withListing } from './stock.ts'

/** A line above this is parked, not sold: no real order has it, and it would empty the shelf by a typing error. */
export const maxLineQuantity = 100_000

export interface FoldContext {
  readonly order: Order | null
  readonly stock: (key: StockKey) => Stock | null
  /** The listing that a line names, or null. */
  readonly listingFor: (line: OrderLineFact) => Listing | null
  readonly settingsFor: SettingsFor
  readonly nowMs: number
}

export interface FoldResult {
  /** null: nothing in it is new. */
  readonly order: Order | null
  readonly stock: readonly Stock[]
  readonly ledger: readonly LedgerEntry[]
  readonly incidents: readonly Incident[]
  /** Lines that could not be folded, with the reason; the others are. */
  readonly unresolved: readonly { readonly lineId: string; readonly reason: string }[]
  /** Units newly sold and newly cancelled, by stock key: for people to watch. */
  readonly sold: readonly { readonly key: StockKey; readonly units: number }[]
  readonly cancelled: readonly { readonly key: StockKey; readonly units: number }[]
}

const promisedQuantity = (line: OrderLine): number => line.acceptedQuantity ?? line.orderedQuantity
/** A line may know of shipments and cancellations before it knows what was ordered: they count as far as something is promised. */
const shippedOpenQuantity = (line: OrderLine): number => Math.min(line.shippedQuantity, promisedQuantity(line))
/** What a line holds reserved: promised and neither cancelled before shipment nor shipped. */
const openQuantity = (line: OrderLine): number => Math.max(0, promisedQuantity(line) - line.cancelledQuantity - line.shippedQuantity)
/** The part of a cancellation that came before shipment: what was promised and is neither open nor shipped. */
const cancelledOpenQuantity = (line: OrderLine): number => promisedQuantity(line) - openQuantity(line) - shippedOpenQuantity(line)

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0 && n <= maxLineQuantity

/** Refuses what no platform may say; the caller parks the event. */
export const checkFact = (fact: OrderFact): void => {
  for (const line of fact.lines) {
    for (const quantity of [line.orderedQuantity, line.cancelledQuantity, line.shippedQuantity]) {
      if (!isCount(quantity))
        throw new BelayError(
          'body-malformed',
          `order ${fact.orderId} line ${line.lineId}: quantity ${quantity} is not a whole number from 0 to ${maxLineQuantity}`,
          {
            fix: 'look at the order on the marketplace; if it is real, enter it as several manual reservations',
          },
        )
    }
  }
}

const newLine = (listing: Listing, fact: OrderFact, line: OrderLineFact): OrderLine => ({
  lineId: line.lineId,
  listing: listing.id,
  sku: listing.sku,
  pool: listing.pool,
  unitsPerListing: listing.unitsPerListing,
  orderedQuantity: 0,
  cancelledQuantity: 0,
  shippedQuantity: 0,
  cancelledAtMs: null,
  amountMinor: null,
  currency: null,
  createdAtMs: fact.createdAtMs,
  acceptedQuantity: null,
  location: null,
})

/**
 * The amount of the whole ordered quantity. A fact may tell less ordered, and the amount of that (cancelled units left out): then what was
 * known stays, or the amount is carried over to the whole.
 */
const mergeAmount = (line: OrderLine, fact: OrderLineFact): Pick<OrderLine, 'amountMinor' | 'currency'> => {
  const { orderedQuantity, amountMinor } = fact
  if (amountMinor === null || (orderedQuantity < line.orderedQuantity && line.amountMinor !== null))
    return { amountMinor: line.amountMinor, currency: line.currency }
  const whole = Math.max(line.orderedQuantity, orderedQuantity)
  return {
    amountMinor: orderedQuantity === 0 || orderedQuantity === whole ? amountMinor : Math.round((amountMinor * whole) / orderedQuantity),
    currency: fact.currency,
  }
}

/** The merge: maximum of everything, or for platforms that only tell net quantities what the later revision says. */
const mergeLine = (line: OrderLine, fact: OrderLineFact, mode: 'maximum' | 'revision', newer: boolean): OrderLine => {
  if (mode === 'revision') {
    if (!newer) return line
    return {
      ...line,
      orderedQuantity: fact.orderedQuantity,
      cancelledQuantity: Math.min(fact.cancelledQuantity, fact.orderedQuantity),
      shippedQuantity: Math.max(line.shippedQuantity, fact.shippedQuantity),
      cancelledAtMs: fact.cancelledAtMs ?? line.cancelledAtMs,
      amountMinor: fact.amountMinor ?? line.amountMinor,
      currency: fact.currency ?? line.currency,
      acceptedQuantity: line.acceptedQuantity === null ? null : Math.min(line.acceptedQuantity, fact.orderedQuantity),
    }
  }
  // Not capped by what is known to be ordered: a cancellation that comes before its order waits here, with its time.
  return {
    ...line,
    orderedQuantity: Math.max(line.orderedQuantity, fact.orderedQuantity),
    cancelledQuantity: Math.max(line.cancelledQuantity, fact.cancelledQuantity),
    shippedQuantity: Math.max(line.shippedQuantity, fact.shippedQuantity),
    cancelledAtMs: fact.cancelledAtMs === null ? line.cancelledAtMs : Math.max(line.cancelledAtMs ?? 0, fact.cancelledAtMs),
    ...mergeAmount(line, fact),
  }
}

const sameLine = (a: OrderLine, b: OrderLine): boolean =>
  a.orderedQuantity === b.orderedQuantity &&
  a.cancelledQuantity === b.cancelledQuantity &&
  a.shippedQuantity === b.shippedQuantity &&
  a.cancelledAtMs === b.cancelledAtMs &&
  a.amountMinor === b.amountMinor &&
  a.acceptedQuantity === b.acceptedQuantity

/** Where goods leave from when the platform does not say: the fullest location, the first by name among equals. */
const fullestLocation = (stock: Stock): LocationId => {
  let best: LocationId | null = null
  for (const location of Object.keys(stock.onHandUnits).sort() as LocationId[])
    if (best === null || (stock.onHandUnits[location] ?? 0) > (stock.onHandUnits[best] ?? 0)) best = location
  return best ?? ('main' as LocationId)
}

/** Collects what one fold changes. Local to a fold: nothing outside sees it before it is done. */
interface Draft {
  readonly stock: Map<string, Stock>
  /** Changed without a movement of goods. */
  readonly doubted: Set<string>
  readonly ledger: LedgerEntry[]
  readonly incidents: Incident[]
  readonly sold: { key: StockKey; units: number }[]
  readonly cancelled: { key: StockKey; units: number }[]
}

const entry = (
  draft: Draft,
  stock: Stock,
  order: Order,
  line: OrderLine,
  move: { reason: MovementReason; from: LedgerAccount; to: LedgerAccount; units: number },
  nowMs: number,
): void => {
  if (move.units === 0) return
  const reference = `${order.channel}/${order.orderId}/${line.lineId}`
  const side = move.from.startsWith('on_hand') ? 'goods' : 'promise'
  draft.ledger.push({
    key: `${reference}/${move.reason}/${side}/${order.version}`,
    sku: stock.sku,
    pool: stock.pool,
    ...move,
    reference,
    atMs: nowMs,
    version: stock.version,
  })
}

/** All of it is cancelled, and nobody told how many that were. */
const cancelsUnknown = (line: OrderLine): boolean => line.orderedQuantity === 0 && line.cancelledQuantity >= maxLineQuantity

/** Applies the difference between two states of one line to its stock document. */
const applyLine = (
  draft: Draft,
  before: OrderLine,
  after: OrderLine,
  order: Order,
  fact: OrderLineFact | null,
  context: FoldContext,
): void => {
  const key: StockKey = { sku: after.sku, pool: after.pool }
  let stock = draft.stock.get(stockKeyText(key))
  if (!stock) return
  const units = after.unitsPerListing
  const promised = promisedQuantity(after) - promisedQuantity(before)
  const cancelled = cancelledOpenQuantity(after) - cancelledOpenQuantity(before)
  const shipped = after.shippedQuantity - before.shippedQuantity
  const reserved = openQuantity(after) - openQuantity(before)
  const named = findListing(stock, after.listing)
  if (named && named.writeClass !== 'ask-first' && cancelsUnknown(after) && !cancelsUnknown(before)) {
    const settings = context.settingsFor(named.channel)
    stock = withListing(stock, ingestUnknownCancel(named, after.cancelledAtMs ?? context.nowMs, context.nowMs, settings))
    draft.stock.set(stockKeyText(key), stock)
    draft.doubted.add(stockKeyText(key))
  }
  const refused = after.acceptedQuantity === null ? 0 : after.orderedQuantity - before.orderedQuantity - promised
  const sold = findListing(stock, after.listing)
  if (sold && sold.writeClass !== 'ask-first' && refused > 0) {
    stock = withListing(stock, ingestRefusal(sold, refused))
    draft.stock.set(stockKeyText(key), stock)
    draft.doubted.add(stockKeyText(key))
  }
  if (promised === 0 && cancelled === 0 && shipped === 0) return

  const location = after.location ?? fullestLocation(stock)
  stock = {
    ...stock,
    reservedUnits: stock.reservedUnits + reserved * units,
    onHandUnits:
      shipped === 0 ? stock.onHandUnits : { ...stock.onHandUnits, [location]: (stock.onHandUnits[location] ?? 0) - shipped * units },
  }
  const promise = (reason: MovementReason, quantity: number): void =>
    entry(
      draft,
      stock as Stock,
      order,
      after,
      quantity > 0
        ? { reason, from: 'free', to: 'reserved', units: quantity * units }
        : { reason, from: 'reserved', to: 'free', units: -quantity * units },
      context.nowMs,
    )
  promise('sale', promised)
  promise('cancel', -cancelled)
  promise('ship', shippedOpenQuantity(before) - shippedOpenQuantity(after))
  if (shipped > 0)
    entry(
      draft,
      stock,
      order,
      after,
      { reason: 'ship', from: onHandAccount(location), to: 'customer', units: shipped * units },
      context.nowMs,
    )

  const listing = findListing(stock, after.listing)
  if (listing && listing.writeClass !== 'ask-first') {
    const settings = context.settingsFor(listing.channel)
    let next = listing
    if (promised > 0) {
      // Units added to a known order were decided after it was created, and by the revision that tells of them.
      const grown = promisedQuantity(before) > 0
      const revisedAtMs = Math.max(after.createdAtMs, order.revisedAtMs)
      // Known to be cancelled all along, and in as such: its units come and go at once, however late their number is told.
      const addedByMs = cancelsUnknown(before) ? Number.POSITIVE_INFINITY : grown ? revisedAtMs : after.createdAtMs
      const effect = ingestSale(next, promised, { createdAtMs: after.createdAtMs, addedByMs, revisedAtMs }, context.nowMs, settings)
      next = effect.listing
      if (effect.late) draft.incidents.push(lateIncident(order, after, promised * units, listing.fencedThroughMs, context.nowMs))
    }
    // Less ordered than before is a cancellation too.
    const back = Math.max(0, cancelled) + Math.max(0, -promised)
    if (back > 0)
      next = ingestCancel(next, back, after.cancelledAtMs ?? context.nowMs, fact?.cancelMayRestock ?? true, context.nowMs, settings)
    // What is sold for good, from the time of the order: a cancellation takes back what its sale counted.
    const net = promised - cancelled
    if (net !== 0) next = { ...next, rate: countSale(next.rate, net * units, Math.min(after.createdAtMs, context.nowMs)) }
    stock = withListing(stock, next)
  }
  if (promised > 0) draft.sold.push({ key, units: promised * units })
  if (cancelled > 0) draft.cancelled.push({ key, units: cancelled * units })
  draft.stock.set(stockKeyText(key), stock)
}

const lateIncident = (order: Order, line: OrderLine, units: number, fencedThroughMs: number, nowMs: number): Incident => ({
  id: `late-order/${order.channel}/${order.orderId}/${line.lineId}`,
  kind: 'late-order',
  channel: order.channel,
  sku: line.sku,
  listing: line.listing,
  units,
  atMs: nowMs,
  summary: `Order ${order.orderId} became visible later than the channel's order visibility bound allows.`,
  evidence: { createdAtMs: line.createdAtMs, fencedThroughMs, lateByMs: fencedThroughMs - line.createdAtMs },
})

/** Units oversold by an order, once its lines are in: free stock below zero. */
const oversellIncidents = (draft: Draft, order: Order, context: FoldContext): void => {
  for (const { key, units } of draft.sold) {
    const stock = draft.stock.get(stockKeyText(key))
    const before = context.stock(key)
    const free = stock ? sellableUnits(stock) : 0
    const freeBefore = before ? sellableUnits(before) : 0
    if (!stock || free >= 0 || free >= freeBefore) continue
    draft.incidents.push({
      id: `oversold/${order.channel}/${order.orderId}/${key.sku}/${order.version}`,
      kind: 'oversold',
      channel: order.channel,
      sku: key.sku,
      listing: null,
      units: Math.min(units, -free),
      atMs: context.nowMs,
      summary: `Order ${order.orderId} sold ${Math.min(units, -free)} more of ${key.sku} than is on the shelf.`,
      evidence: { sellableUnits: free, sharing: stock.sharing },
    })
  }
}

/** A demand that asks first got less than it asked for: who has the rest is told, since a reserve would have kept it. */
const acceptedLess = (fact: OrderFact, line: OrderLine, acceptedQuantity: number, stock: Stock, nowMs: number): Incident => {
  const { unitsPerListing, orderedQuantity, sku } = line
  const missing = (orderedQuantity - acceptedQuantity) * unitsPerListing
  return {
    id: `accepted-less/${fact.channel}/${fact.orderId}/${line.lineId}`,
    kind: 'accepted-less',
    channel: fact.channel,
    sku,
    listing: line.listing,
    units: missing,
    atMs: nowMs,
    summary: `Order ${fact.orderId} of ${fact.channel} asks for ${orderedQuantity * unitsPerListing} of ${sku} and got ${acceptedQuantity * unitsPerListing}: the rest is not there, or channels may sell it.`,
    evidence: {
      askedUnits: orderedQuantity * unitsPerListing,
      acceptedUnits: acceptedQuantity * unitsPerListing,
      sellableUnits: sellableUnits(stock),
      reserveUnits: reserveUnits(stock),
      heldByListings: heldByListings(stock),
    },
  }
}

/** How much of each line of an order we say yes to, decided once, when it is first seen. Null: nothing is asked of us. */
const decideAcceptance = (
  draft: Draft,
  lines: readonly OrderLine[],
  fact: OrderFact,
  { settingsFor, nowMs }: FoldContext,
): readonly OrderLine[] => {
  if (fact.demand === 'ask-first') {
    const slack = new Map<string, number>()
    return lines.map((line) => {
      const key = stockKeyText(line)
      const stock = draft.stock.get(key)
      const left = slack.get(key) ?? (stock ? Math.max(0, slackUnits(stock, allocate(stock, modesOf(settingsFor)))) : 0)
      const acceptedQuantity = line.acceptedQuantity ?? Math.min(line.orderedQuantity, Math.floor(left / line.unitsPerListing))
      if (stock && line.acceptedQuantity === null && acceptedQuantity < line.orderedQuantity)
        draft.incidents.push(acceptedLess(fact, line, acceptedQuantity, stock, nowMs))
      slack.set(key, left - (line.acceptedQuantity === null ? acceptedQuantity * line.unitsPerListing : 0))
      return { ...line, acceptedQuantity }
    })
  }
  if (fact.acknowledgeByMs === null) return lines
  const needed = new Map<string, number>()
  for (const line of lines)
    needed.set(stockKeyText(line), (needed.get(stockKeyText(line)) ?? 0) + openQuantity(line) * line.unitsPerListing)
  const whole = lines.every((line) => {
    const stock = draft.stock.get(stockKeyText(line))
    return stock !== undefined && sellableUnits(stock) >= (needed.get(stockKeyText(line)) ?? 0)
  })
  return lines.map((line) => (line.acceptedQuantity === null ? { ...line, acceptedQuantity: whole ? line.orderedQuantity : 0 } : line))
}

/**
 * A platform that wants no answer (any more) to an order has one: ours, whose own answer was lost, or that of a person. Then to give it again
 * would only be refused.
 */
const answeredBy = (fact: OrderFact, known: Acknowledgement | null): Acknowledgement | null =>
  known && fact.acknowledgeByMs === null && (known.state === 'due' || known.state === 'failed')
    ? { ...known, state: 'done', lastError: null }
    : known

export const foldOrder = (fact: OrderFact, context: FoldContext): FoldResult => {
  checkFact(fact)
  const known = context.order
  if (fact.knownOnly === true && known === null)
    return { order: null, stock: [], ledger: [], incidents: [], unresolved: [], sold: [], cancelled: [] }
  const order: Order = {
    channel: fact.channel,
    orderId: fact.orderId,
    version: (known?.version ?? 0) + 1,
    createdAtMs: known?.createdAtMs ?? fact.createdAtMs,
    revisedAtMs: Math.max(known?.revisedAtMs ?? 0, fact.revisedAtMs),
    demand: fact.demand,
    merge: fact.merge,
    lines: known?.lines ?? [],
    acknowledgement: known?.acknowledgement ?? null,
    echo: fact.echo ?? known?.echo ?? null,
    firstSeenAtMs: known?.firstSeenAtMs ?? context.nowMs,
  }
  const newer = !known || fact.revisedAtMs >= known.revisedAtMs
  const draft: Draft = { stock: new Map(), doubted: new Set(), ledger: [], incidents: [], sold: [], cancelled: [] }
  const unresolved: { lineId: string; reason: string }[] = []
  const before = new Map(order.lines.map((l) => [l.lineId, l]))
  const merged = new Map(before)
  const facts = new Map(fact.lines.map((l) => [l.lineId, l]))
  const blanks = new Map<string, OrderLine>()
  for (const lineFact of fact.lines) {
    let line = before.get(lineFact.lineId)
    if (!line) {
      const listing = context.listingFor(lineFact)
      const key = listing && { sku: listing.sku, pool: listing.pool }
      if (!listing || !key || !context.stock(key)) {
        // Nothing of it is open or was ever ours: a line that stands at another location, or was cancelled before we heard of it.
        if (lineFact.cancelledQuantity >= lineFact.orderedQuantity && lineFact.shippedQuantity === 0) continue
        unresolved.push({ lineId: lineFact.lineId, reason: `no listing is known for ${lineFact.listingKeys.join(' or ')}` })
        continue
      }
      line = newLine(listing, fact, lineFact)
      blanks.set(line.lineId, line)
    }
    const stock = context.stock({ sku: line.sku, pool: line.pool })
    if (stock) draft.stock.set(stockKeyText(line), draft.stock.get(stockKeyText(line)) ?? stock)
    merged.set(line.lineId, mergeLine(line, lineFact, fact.merge, newer))
  }
  // A vendor order is answered as a whole: while a line of it cannot be placed, nothing is decided.
  const decides =
    unresolved.length === 0 && (fact.demand === 'ask-first' || fact.acknowledgeByMs !== null || known?.acknowledgement != null)
  const lines = decides ? decideAcceptance(draft, [...merged.values()], fact, context) : [...merged.values()]
  for (const after of lines)
    applyLine(draft, before.get(after.lineId) ?? blanks.get(after.lineId) ?? after, after, order, facts.get(after.lineId) ?? null, context)
  oversellIncidents(draft, order, context)

  const mustAnswer = fact.acknowledgeByMs !== null && order.acknowledgement === null && decides
  const acknowledgement = answeredBy(fact, order.acknowledgement)
  const changed =
    mustAnswer ||
    acknowledgement !== order.acknowledgement ||
    lines.some((line) => {
      const was = before.get(line.lineId)
      return !was || !sameLine(was, line)
    })
  const touched = new Set([...draft.ledger.map((e) => stockKeyText(e)), ...draft.doubted])
  return {
    order: changed
      ? {
          ...order,
          lines,
          acknowledgement: mustAnswer
            ? { state: 'due', dueAtMs: context.nowMs, byMs: fact.acknowledgeByMs ?? 0, attempts: 0, transactionId: null, lastError: null }
            : acknowledgement,
        }
      : null,
    stock: [...draft.stock.values()].filter((s) => touched.has(stockKeyText(s))).map(admitAdopted),
    ledger: draft.ledger,
    incidents: draft.incidents,
    unresolved,
    sold: draft.sold,
    cancelled: draft.cancelled,
  }
}

/** The channel of demands that people and other systems make of the hub itself. */
export const hubChannel = 'hub' as ChannelId
