// What is true and what the hub knows, side by side: the marketplaces' hidden books against a mirror of every durable commit. Checked after
// every step of a run:
//   P1  exposure of each guaranteed listing >= live or held quantity + (sold - cancelled that the hub has not ingested)
//   P2  sum of exposures <= sellable, except for what was lost from the shelf (reported at risk)
//   P3  net orders, but what the hub refused - goods on hand <= what was reported at risk; 0 where nothing was lost
// and at the end (P7): exposure = live quantity, nothing open, planned, pending or parked, every order in, the ledger folds to the levels.
import { exposureQuantity, isGuaranteed, openCharge } from '../../src/domain/exposure.ts'
import { listingIdOf, type OrderKey, orderKeyText, type Sku } from '../../src/domain/ids.ts'
import type { Order, OrderLine } from '../../src/domain/orders.ts'
import { plan, type SettingsFor } from '../../src/domain/plan.ts'
import { findListing, type ListingState, onHandTotal, sellableUnits, type Stock } from '../../src/domain/stock.ts'
import type { Commit, Store } from '../../src/ports/store.ts'
import type { OfferBooks } from '../simulator.ts'
import { type Merchant, type Offer, pool } from './merchant.ts'

export interface Finding {
  readonly property: 'P1' | 'P2' | 'P3'
  readonly sku: Sku
  readonly text: string
}

interface SkuBooks {
  readonly sku: Sku
  readonly pooled: boolean
  readonly offers: readonly Offer[]
  /** Units that came to the shelf less those that went from it otherwise than by shipping. */
  goodsUnits: number
  lostUnits: number
  atRiskUnits: number
  raisedUnits: number
  /** More than there was could be sold while listings were being adopted. */
  adoptionUnits: number
  adopting: boolean
  oversoldUnits: number
}

/** Known demand of one listing, in listing quantities. */
interface Known {
  ordered: number
  cancelled: number
  shipped: number
  /** Promised and not cancelled: what counts where the hub is asked first. */
  promised: number
  /** Refused, and not cancelled as far as the hub was told. */
  refused: number
}

/** What the hub may refuse is sold all the same, and stays so on the platform until it has the answer. */
const refusedOf = (line: OrderLine): number =>
  line.acceptedQuantity === null
    ? 0
    : Math.max(0, Math.min(line.orderedQuantity - line.acceptedQuantity, line.orderedQuantity - line.cancelledQuantity))

export interface Books {
  observe(commit: Commit): void
  /** The first property that does not hold now. */
  check(): Finding | null
  /** What has not come to rest; null: nothing. */
  unconverged(store: Store, settingsFor: SettingsFor, nowMs: number): Promise<string | null>
  isAdopted(): boolean
  readonly oversoldUnits: () => number
  readonly pushes: () => number
  readonly falseRaises: () => number
  /** Everything durable, as one text. */
  state(): string
}

const promisedOf = (line: OrderLine): number => {
  const accepted = line.acceptedQuantity ?? line.orderedQuantity
  return accepted - Math.max(0, Math.min(line.cancelledQuantity, accepted - line.shippedQuantity))
}

export const createBooks = (merchant: Merchant, edited: boolean): Books => {
  const skus = new Map<Sku, SkuBooks>(
    merchant.importRequest.stock.map(({ sku, sharing }) => [
      sku,
      {
        sku,
        pooled: sharing === 'pooled',
        offers: merchant.offers.filter((offer) => offer.sku === sku),
        goodsUnits: 0,
        lostUnits: 0,
        atRiskUnits: 0,
        raisedUnits: 0,
        adoptionUnits: 0,
        adopting: true,
        oversoldUnits: 0,
      },
    ]),
  )
  const stocks = new Map<Sku, Stock>()
  const orders = new Map<string, Order>()
  /** Orders that the hub refused, wholly or in part, and the platform may not know it yet. */
  const refusals = new Map<string, Order>()
  const known = new Map<string, Known>()
  const promisedHere = new Map<Sku, number>()
  let falseRaises = 0

  const knownOf = (listing: string): Known => {
    let found = known.get(listing)
    if (!found) known.set(listing, (found = { ordered: 0, cancelled: 0, shipped: 0, promised: 0, refused: 0 }))
    return found
  }

  const count = (order: Order, sign: 1 | -1): void => {
    for (const line of order.lines) {
      // The hub's own reservations name no listing of a platform.
      if (order.channel === 'hub') {
        promisedHere.set(line.sku, (promisedHere.get(line.sku) ?? 0) + sign * promisedOf(line) * line.unitsPerListing)
        continue
      }
      const sums = knownOf(line.listing)
      sums.ordered += sign * line.orderedQuantity
      // What is cancelled of an order that is not known yet waits on its line.
      sums.cancelled += sign * Math.min(line.cancelledQuantity, line.orderedQuantity)
      sums.shipped += sign * Math.min(line.shippedQuantity, line.orderedQuantity)
      sums.promised += sign * promisedOf(line)
      sums.refused += sign * refusedOf(line)
    }
  }

  const observe: Books['observe'] = (commit) => {
    for (const { next } of commit.stock ?? []) if ((stocks.get(next.sku)?.version ?? 0) < next.version) stocks.set(next.sku, next)
    for (const order of commit.orders ?? []) {
      const key = orderKeyText(order)
      const before = orders.get(key)
      if (before && before.version >= order.version) continue
      if (before) count(before, -1)
      count(order, 1)
      orders.set(key, order)
      if (order.lines.some((line) => refusedOf(line) > 0)) refusals.set(key, order)
      else refusals.delete(key)
    }
    for (const entry of commit.ledger ?? []) {
      const books = skus.get(entry.sku)
      if (!books || entry.reason === 'ship') continue
      if (entry.to.startsWith('on_hand/')) books.goodsUnits += entry.units
      if (entry.from.startsWith('on_hand/')) {
        books.goodsUnits -= entry.units
        books.lostUnits += entry.units
      }
    }
    for (const incident of commit.incidents ?? []) {
      const books = incident.sku === null ? undefined : skus.get(incident.sku)
      if (!books) continue
      if (incident.kind === 'at-risk') books.atRiskUnits = Math.max(books.atRiskUnits, incident.units)
      if (incident.kind === 'external-raise') {
        books.raisedUnits += incident.units
        if (!edited) falseRaises += 1
      }
    }
  }

  const tellsNetOnly = (offer: Offer): boolean =>
    merchant.markets.some((market) => market.simulator === offer.simulator && market.scenario.cancelledUnits === 'removed')

  const readBooks = (): Map<string, OfferBooks> => {
    const all = new Map<string, OfferBooks>()
    for (const { simulator, offers } of merchant.markets) {
      const [first] = offers
      if (first) for (const each of simulator.market.books()) all.set(`${first.channel}/${each.externalId}`, each)
    }
    return all
  }

  /** Quantities by listing that the platforms still count as sold, and nobody will send: the hub refused them, for good. */
  const readRefused = (): Map<string, number> => {
    const refused = new Map<string, number>()
    for (const { simulator, offers } of merchant.markets)
      for (const order of refusals.values())
        if (order.channel === offers[0]?.channel && !simulator.market.isCancelled(order.orderId))
          for (const line of order.lines) refused.set(line.listing, (refused.get(line.listing) ?? 0) + refusedOf(line))
    return refused
  }

  const listingOf = (stock: Stock, offer: Offer): ListingState | undefined =>
    findListing(stock, listingIdOf(offer.channel, offer.externalId))

  /**
   * What the hub has refused is no demand any more, though the platform goes on counting it until it has the answer: no goods go out for it, and
   * what it did not get is free for others. An oversell is not hidden by refusing it: the sale itself was checked, when no hub knew of it.
   */
  const checkSku = (books: SkuBooks, truth: ReadonlyMap<string, OfferBooks>, refused: ReadonlyMap<string, number>): Finding | null => {
    const stock = stocks.get(books.sku)
    if (!stock || books.pooled || edited) return null
    const fail = (property: Finding['property'], text: string): Finding => ({ property, sku: books.sku, text })
    let demandUnits = promisedHere.get(books.sku) ?? 0
    let potentialUnits = 0
    let committedUnits = 0
    let guaranteed = true
    for (const offer of books.offers) {
      const id = `${offer.channel}/${offer.externalId}`
      const real = truth.get(id)
      const listing = listingOf(stock, offer)
      const told = known.get(id)
      if (!real) continue
      if (offer.asks) {
        demandUnits += (told?.promised ?? 0) * offer.unitsPerListing
        continue
      }
      const net = real.soldQuantity - real.cancelledQuantity - (refused.get(id) ?? 0)
      demandUnits += net * offer.unitsPerListing
      const unknown = net - ((told?.ordered ?? 0) - (told?.cancelled ?? 0) - (told?.refused ?? 0))
      const held = merchant.held.get(offer) ?? 0
      const potential = Math.max(0, real.liveQuantity, held) + unknown
      potentialUnits += Math.max(0, potential) * offer.unitsPerListing
      if (!listing || !isGuaranteed(listing)) {
        guaranteed = false
        continue
      }
      committedUnits += (listing.base + openCharge(listing)) * offer.unitsPerListing
      if (exposureQuantity(listing) < potential)
        return fail(
          'P1',
          `${id}: exposure ${exposureQuantity(listing)} (base ${listing.base}, ${listing.pushes.length} open) < ${potential} = live ${real.liveQuantity} or held ${held} + unknown ${unknown}`,
        )
    }
    const sellable = sellableUnits(stock)
    if (books.adopting) books.adoptionUnits = Math.max(books.adoptionUnits, potentialUnits - sellable)
    if (guaranteed) books.adopting = false
    const excuse = books.lostUnits + Math.max(0, books.adoptionUnits)
    if (guaranteed && books.raisedUnits === 0 && committedUnits > Math.max(0, sellable) + excuse)
      return fail('P2', `exposures ${committedUnits} > sellable ${sellable} + lost ${books.lostUnits}`)
    const over = Math.max(0, demandUnits - books.goodsUnits)
    if (over <= books.oversoldUnits) return null
    books.oversoldUnits = over
    const reported = Math.max(0, books.adoptionUnits) + (books.lostUnits > 0 ? books.atRiskUnits : 0)
    return over > reported ? fail('P3', `${over} units oversold, ${reported} reported at risk`) : null
  }

  const unconvergedListing = (stock: Stock, books: SkuBooks, offer: Offer, real: OfferBooks): string | null => {
    const id = `${offer.channel}/${offer.externalId}`
    const listing = listingOf(stock, offer)
    if (!listing) return `${id}: not imported`
    const told = knownOf(id)
    const where = `${id} (live ${real.liveQuantity}, believed ${listing.believedQuantity}, base ${listing.base}, ${listing.status})`
    if (offer.asks) return null
    // Where a platform takes cancelled units out of the ordered ones, what was cancelled before the hub looked was never there.
    const hidden = tellsNetOnly(offer) ? real.soldQuantity - told.ordered : 0
    const soldQuantity = real.soldQuantity - Math.max(0, hidden)
    const cancelledQuantity = real.cancelledQuantity - Math.max(0, hidden)
    if (told.ordered !== soldQuantity || told.cancelled !== cancelledQuantity || told.shipped !== real.shippedQuantity)
      return `${where}: ordered, cancelled, shipped ${told.ordered}, ${told.cancelled}, ${told.shipped}; true ${real.soldQuantity}, ${real.cancelledQuantity}, ${real.shippedQuantity}`
    if (listing.pushes.length > 0) return `${where}: ${listing.pushes.map((p) => `${p.kind} ${p.quantity} ${p.status}`).join(', ')} open`
    // What somebody else wrote is found by the next look at it, whenever that is.
    if (books.pooled || edited) return null
    if (!isGuaranteed(listing)) return `${where}: not guaranteed`
    const exposure = exposureQuantity(listing)
    // Where nothing can be read, only a write makes evidence, and it must fit beside what it makes evidence of.
    const unreadable = listing.writeClass === 'absolute-set' && real.liveQuantity > 0 && exposure > real.liveQuantity
    return exposure === Math.max(0, real.liveQuantity) || unreadable ? null : `${where}: exposure ${exposure}`
  }

  const missingOrder = (): string | null => {
    for (const { simulator, offers } of merchant.markets) {
      const channel = offers[0]?.channel
      if (channel === undefined) continue
      for (const { orderId, lines } of simulator.market.orders()) {
        const key: OrderKey = { channel, orderId }
        const order = orders.get(orderKeyText(key))
        if (!order) return `order ${channel}/${orderId} is not in the hub`
        for (const { lineId, externalId, quantity } of lines) {
          const line = order.lines.find((each) => each.lineId === lineId)
          if (!line) return `order ${channel}/${orderId}: line ${lineId} is not in the hub`
          const exact = !offers.some((offer) => offer.externalId === externalId && (offer.asks || tellsNetOnly(offer)))
          if (exact && line.orderedQuantity !== quantity)
            return `order ${channel}/${orderId}: line ${lineId} has ${line.orderedQuantity}, true ${quantity}`
        }
      }
    }
    return null
  }

  const unconverged: Books['unconverged'] = async (store, settingsFor, nowMs) => {
    const truth = readBooks()
    for (const books of skus.values()) {
      const stock = stocks.get(books.sku)
      if (!stock) return `${books.sku} was not imported`
      for (const offer of books.offers) {
        const real = truth.get(`${offer.channel}/${offer.externalId}`)
        const wrong = real ? unconvergedListing(stock, books, offer, real) : null
        if (wrong) return wrong
      }
      // The one step that waits for time alone, days from here, is another listing's turn with the last units.
      const intent = plan(stock, settingsFor, nowMs).find(({ passes }) => passes !== true)
      if (intent) return `still planned: ${intent.listing} ${JSON.stringify(intent.step)} in ${intent.dueAtMs - nowMs} ms`
    }
    const missing = missingOrder()
    if (missing) return missing
    for (const [sku, stock] of stocks) {
      const [levels] = await store.ledgerLevels([{ sku, pool }])
      const onHand = Object.values(levels?.onHandUnits ?? {}).reduce((sum, units) => sum + units, 0)
      if (levels?.reservedUnits !== stock.reservedUnits)
        return `${sku} ledger: reserved ${levels?.reservedUnits}, document ${stock.reservedUnits}`
      if (onHand !== onHandTotal(stock)) return `${sku} ledger: on hand ${onHand}, document ${onHandTotal(stock)}`
    }
    const { inboxPending, inboxParked } = await store.counts()
    return inboxPending + inboxParked > 0 ? `inbox: ${inboxPending} pending, ${inboxParked} parked` : null
  }

  return {
    observe,
    check: () => {
      const truth = readBooks()
      const refused = readRefused()
      for (const books of skus.values()) {
        const finding = checkSku(books, truth, refused)
        if (finding) return finding
      }
      return null
    },
    unconverged,
    isAdopted: () =>
      [...skus.values()].every(({ sku, pooled, offers }) => {
        const stock = stocks.get(sku)
        return pooled || (stock !== undefined && offers.every((offer) => offer.asks || isIn(listingOf(stock, offer))))
      }),
    oversoldUnits: () =>
      [...skus.values()].reduce(
        (sum, { oversoldUnits, lostUnits, adoptionUnits }) => sum + (lostUnits > 0 || adoptionUnits > 0 ? 0 : oversoldUnits),
        0,
      ),
    pushes: () => [...stocks.values()].reduce((sum, stock) => sum + stock.listings.reduce((n, listing) => n + listing.sequence, 0), 0),
    falseRaises: () => falseRaises,
    state: () => JSON.stringify([[...stocks.values()], [...orders.keys()].sort(), [...known].sort(([a], [b]) => (a < b ? -1 : 1))]),
  }
}

const isIn = (listing: ListingState | undefined): boolean => listing !== undefined && isGuaranteed(listing)
