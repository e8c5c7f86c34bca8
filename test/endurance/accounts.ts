// The accounts at the end of a long run: every unit is where an order, a movement or the shelf says, for the hub and for the platforms alike.
// What the platforms' books say is the truth; the hub's orders, documents and ledger are held against it.
import type { Order } from '../../src/domain/orders.ts'
import { exposureQuantity } from '../../src/domain/exposure.ts'
import { onHandTotal, type Stock } from '../../src/domain/stock.ts'
import type { Page, Store } from '../../src/ports/store.ts'
import type { Simulator } from '../../sim/simulator.ts'
import { isRetail, type MarketDay } from './market-day.ts'

export interface Accounts {
  /** Orders, and listing quantities that a platform sold, cancelled or shipped, that the hub does not know of; units received that the ledger lacks. */
  readonly lost: number
  /** What the hub has twice, or has no reason to have: the other direction of the same comparison. */
  readonly doubled: number
  /** At the end, by the hub's documents; the worst of the day is the market day's. */
  readonly oversoldUnits: number
  /** Levels rebuilt from the ledger are the documents', and what is reserved is what orders hold. */
  readonly ledgerConserved: boolean
  /** Events of the inbox that nobody could place. */
  readonly parked: number
  /** Listings whose bound is not yet what the platform shows, or with something open. */
  readonly unsettled: number
  /** The first differences found, for a person. */
  readonly findings: readonly string[]
}

const channelOf: Readonly<Record<Simulator['platform'], string>> = {
  shopify: 'shopify',
  'amazon-seller': 'amazon',
  'amazon-vendor': 'vendor',
}
const maxFindings = 20
/** Pages of a run: its SKUs and orders, far below this. */
const maxPages = 10_000

interface Quantities {
  sold: number
  cancelled: number
  shipped: number
}

const nothing = (): Quantities => ({ sold: 0, cancelled: 0, shipped: 0 })

async function* pagesOf<T>(page: (after: string | null) => Promise<Page<T>>): AsyncGenerator<T> {
  let after: string | null = null
  for (let pages = 0; pages < maxPages; pages++) {
    const { items, next }: Page<T> = await page(after)
    yield* items
    if (next === null) return
    after = next
  }
  throw new Error(`more than ${maxPages} pages`)
}

interface HubBooks {
  /** Channel and number of each order. */
  readonly orders: ReadonlySet<string>
  readonly byListing: ReadonlyMap<string, Quantities>
  /** Units that orders hold, and units that have left the shelf for them, by SKU. */
  readonly promised: ReadonlyMap<string, number>
  readonly shipped: ReadonlyMap<string, number>
}

const add = (sums: Map<string, number>, key: string, units: number): void => {
  sums.set(key, (sums.get(key) ?? 0) + units)
}

const hubBooks = async (store: Store): Promise<HubBooks> => {
  const orders = new Set<string>()
  const byListing = new Map<string, Quantities>()
  const promised = new Map<string, number>()
  const shipped = new Map<string, number>()
  for await (const order of pagesOf<Order>((after) => store.listOrders({ after, limit: 500 }))) {
    orders.add(`${order.channel}/${order.orderId}`)
    for (const line of order.lines) {
      const sum = byListing.get(line.listing) ?? nothing()
      sum.sold += line.orderedQuantity
      sum.cancelled += line.cancelledQuantity
      sum.shipped += line.shippedQuantity
      byListing.set(line.listing, sum)
      const open = Math.max(0, (line.acceptedQuantity ?? line.orderedQuantity) - line.cancelledQuantity - line.shippedQuantity)
      add(promised, line.sku, open * line.unitsPerListing)
      add(shipped, line.sku, line.shippedQuantity * line.unitsPerListing)
    }
  }
  return { orders, byListing, promised, shipped }
}

/** Each order of the platforms, retail orders too, and no other: by its number. */
const compareOrders = (day: MarketDay, orders: ReadonlySet<string>, compare: (what: string, truth: number, ours: number) => void): void => {
  const sold = new Set(
    day.marketplaces.all.flatMap((simulator) =>
      simulator.market.orders().map(({ orderId }) => `${channelOf[simulator.platform]}/${orderId}`),
    ),
  )
  for (const order of sold.union(orders)) compare(`order ${order}`, Number(sold.has(order)), Number(orders.has(order)))
}

/** Reads everything through the store port, so that it is the same on each engine. The hub may run on meanwhile: then ask again. */
const readAccounts = async (day: MarketDay, store: Store): Promise<Accounts> => {
  const findings: string[] = []
  const find = (text: string): void => {
    if (findings.length < maxFindings) findings.push(text)
  }
  let lost = 0
  let doubled = 0
  const compare = (what: string, truth: number, ours: number): void => {
    if (truth === ours) return
    find(`${what}: the world has ${truth}, the hub ${ours}`)
    if (truth > ours) lost += truth - ours
    else doubled += ours - truth
  }
  const books = await hubBooks(store)
  compareOrders(day, books.orders, compare)
  const live = new Map<string, number>()
  for (const simulator of day.marketplaces.all) {
    for (const offer of simulator.market.books()) {
      const listing = `${channelOf[simulator.platform]}/${offer.externalId}`
      live.set(listing, offer.liveQuantity)
      if (isRetail(offer.externalId)) continue
      const ours = books.byListing.get(listing) ?? nothing()
      compare(`${listing} sold`, offer.soldQuantity, ours.sold)
      compare(`${listing} cancelled`, offer.cancelledQuantity, ours.cancelled)
      compare(`${listing} shipped`, offer.shippedQuantity, ours.shipped)
    }
  }
  let oversoldUnits = 0
  let ledgerConserved = true
  let unsettled = 0
  const seen = new Set<string>()
  const look = async (stock: Stock): Promise<void> => {
    seen.add(stock.sku)
    const onHand = onHandTotal(stock)
    compare(`${stock.sku} on hand`, (day.goodsUnits.get(stock.sku) ?? 0) - (books.shipped.get(stock.sku) ?? 0), onHand)
    oversoldUnits += Math.max(0, stock.reservedUnits - onHand)
    const [levels] = await store.ledgerLevels([stock])
    const rebuilt = Object.values(levels?.onHandUnits ?? {}).reduce((sum, units) => sum + units, 0)
    const promised = books.promised.get(stock.sku) ?? 0
    if (rebuilt !== onHand || levels?.reservedUnits !== stock.reservedUnits || promised !== stock.reservedUnits) {
      ledgerConserved = false
      find(
        `${stock.sku}: on hand ${onHand}, by the ledger ${rebuilt}; reserved ${stock.reservedUnits}, by the ledger ${levels?.reservedUnits}, by orders ${promised}`,
      )
    }
    for (const listing of stock.listings) {
      if (listing.writeClass === 'ask-first') continue
      const shown = live.get(listing.id) ?? Number.NaN
      const bound = exposureQuantity(listing)
      // Where nothing can be read, only a write makes evidence, and it must fit beside what it makes evidence of.
      const unreadable = listing.writeClass === 'absolute-set' && shown > 0 && bound > shown
      if (listing.pushes.length === 0 && (bound === shown || unreadable) && listing.status === 'active') continue
      unsettled += 1
      find(
        `${listing.id} (${listing.status}) shows ${shown}, bound ${bound}, believed ${listing.believedQuantity}, ${listing.pushes.length} open, ${listing.fences.length} fences`,
      )
    }
  }
  for await (const stock of pagesOf((after) => store.listStock({ after, limit: 500 }))) await look(stock)
  for (const { sku, quantity } of day.catalogue) if (!seen.has(sku)) compare(`${sku} on hand`, quantity, 0)
  const { inboxParked } = await store.counts()
  for (const event of await store.readInbox({ state: 'parked', limit: 5 })) find(`parked: ${event.channel} ${event.topic}: ${event.reason}`)
  return { lost, doubled, oversoldUnits, ledgerConserved, parked: inboxParked, unsettled, findings }
}

export const isClean = (accounts: Accounts): boolean =>
  accounts.lost === 0 &&
  accounts.doubled === 0 &&
  accounts.oversoldUnits === 0 &&
  accounts.ledgerConserved &&
  accounts.parked === 0 &&
  accounts.unsettled === 0

/**
 * Asks until everything is in and at rest, or no longer than `withinMs` of the machine's time; what it found last is the answer. A store that
 * does not answer just now is asked again.
 */
export const settledAccounts = async (day: MarketDay, store: Store, withinMs: number, nowMs: () => number): Promise<Accounts> => {
  const deadlineMs = nowMs() + withinMs
  for (;;) {
    const accounts = await readAccounts(day, store).catch((error: unknown) => {
      if (nowMs() > deadlineMs) throw error
      return null
    })
    if (accounts && (isClean(accounts) || nowMs() > deadlineMs)) return accounts
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}
