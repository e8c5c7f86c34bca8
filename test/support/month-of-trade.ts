// A month of made-up trade as a store holds it, and its answers found by going through all of it the slow way: the reports' queries of every
// store must say the same. October 2026 in Berlin: one of its days has 25 hours.
import type { ChannelId, ListingId, LocationId, StockKey } from '../../src/domain/ids.ts'
import type { LedgerAccount, LedgerEntry, MovementReason } from '../../src/domain/ledger.ts'
import { addDays, type DaySpan, daySpan } from '../../src/domain/local-day.ts'
import type { Order, OrderLine } from '../../src/domain/orders.ts'
import type { SalesRow, StockRow } from '../../src/domain/report-rows.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { Store } from '../../src/ports/store.ts'
import { seededRandom } from './seeded-random.ts'
import { keyOf, stockOf } from './store-samples.ts'

export const tradeZone = 'Europe/Berlin'
export const firstDay = '2026-10-01'
export const days = 31
const skuCount = 40
const channels = ['shop', 'amazon', 'vendor'] as ChannelId[]
const north = 'north' as LocationId
const south = 'south' as LocationId

export interface MonthOfTrade {
  readonly orders: readonly Order[]
  readonly ledger: readonly LedgerEntry[]
  readonly stock: readonly Stock[]
}

/** SKUs that sort differently by code units, by code points and by a separator that is forgotten. */
const skuName = (index: number): string =>
  ['A', 'A B', 'A-1', 'Ä', '\u{1F600}', '\uFF21', 'a'][index] ?? `sku-${String(index).padStart(3, '0')}`

export const monthOfTrade = (seed: number): MonthOfTrade => {
  const random = seededRandom(seed)
  const below = (limit: number): number => Math.floor(random.next() * limit)
  const chance = (probability: number): boolean => random.next() < probability
  const spans = Array.from({ length: days }, (_, i) => daySpan(addDays(firstDay, i), tradeZone))
  const ledger: LedgerEntry[] = []
  const orders: Order[] = []
  const levels = new Map<string, { version: number; onHand: Map<LocationId, number>; reserved: number }>()
  const keys = Array.from({ length: skuCount }, (_, i) => keyOf(skuName(i), i % 9 === 0 ? 'second' : 'main'))
  const idOf = (key: StockKey): string => `${key.sku}|${key.pool}`
  for (const key of keys) levels.set(idOf(key), { version: 1, onHand: new Map([[north, 0]]), reserved: 0 })

  /** One commit: its entries share a version. */
  const move = (
    key: StockKey,
    atMs: number,
    name: string,
    moves: readonly [MovementReason, LedgerAccount, LedgerAccount, number][],
  ): void => {
    const level = levels.get(idOf(key))
    if (!level) throw new Error('no level')
    level.version += 1
    for (const [index, [reason, from, to, units]] of moves.entries()) {
      if (units <= 0) continue
      ledger.push({ ...key, key: `${name}/${index}`, from, to, units, reason, reference: name, atMs, version: level.version })
      for (const [account, sign] of [
        [to, 1],
        [from, -1],
      ] as const) {
        if (account === 'reserved') level.reserved += sign * units
        else if (account.startsWith('on_hand/')) {
          const place = account.slice('on_hand/'.length) as LocationId
          level.onHand.set(place, (level.onHand.get(place) ?? 0) + sign * units)
        }
      }
    }
  }
  const onHand = (place: LocationId): LedgerAccount => `on_hand/${place}`

  interface Event {
    readonly atMs: number
    readonly run: () => void
  }
  const events: Event[] = []
  const at = (atMs: number, run: () => void): void => void events.push({ atMs, run })
  for (const span of spans) {
    const within = (): number => span.fromMs + below(span.toMs - span.fromMs)
    // The very first and the very last instant of the day belong to it.
    const times = [span.fromMs, span.toMs - 1, ...Array.from({ length: 20 }, within)]
    for (const atMs of times) {
      const key = keys[below(keys.length)] as StockKey
      const name = `${atMs}-${orders.length}-${below(1e9)}`
      const kind = below(20)
      if (kind < 3)
        at(atMs, () => move(key, atMs, `movement/${name}`, [['receipt', 'supplier', onHand(chance(0.5) ? north : south), 1 + below(30)]]))
      else if (kind === 3) at(atMs, () => move(key, atMs, `movement/${name}`, [['return', 'customer', onHand(north), 1 + below(3)]]))
      else if (kind === 4) at(atMs, () => move(key, atMs, `movement/${name}`, [['sale', 'free', 'reserved', 1]]))
      else if (kind === 5) at(atMs, () => move(key, atMs, `movement/${name}`, [['transfer', onHand(north), onHand(south), 2]]))
      else {
        const channel = channels[below(channels.length)] as ChannelId
        const asksFirst = channel === 'vendor' && chance(0.4)
        const lineCount = 1 + below(3)
        const lines = Array.from({ length: lineCount }, (_, i): OrderLine => {
          const of = keys[below(keys.length)] as StockKey
          const orderedQuantity = chance(0.03) ? 0 : 1 + below(4)
          const cancelledQuantity = chance(0.2) ? (chance(0.2) ? 100_000 : below(orderedQuantity + 1)) : 0
          const priced = !chance(0.15)
          const currency = chance(0.1) ? 'GBP' : 'EUR'
          return {
            lineId: String(i),
            listing: `${channel}/${of.sku}` as ListingId,
            ...of,
            unitsPerListing: chance(0.2) ? 6 : 1,
            orderedQuantity,
            cancelledQuantity,
            shippedQuantity: 0,
            cancelledAtMs: null,
            amountMinor: priced ? below(100_000) : null,
            currency: priced ? currency : null,
            createdAtMs: atMs,
            acceptedQuantity: asksFirst && chance(0.8) ? below(orderedQuantity + 1) : null,
            location: null,
          }
        })
        orders.push({
          channel,
          orderId: name,
          version: 1,
          createdAtMs: atMs,
          revisedAtMs: atMs,
          demand: asksFirst ? 'ask-first' : 'fact',
          merge: 'maximum',
          lines,
          acknowledgement: null,
          echo: null,
          firstSeenAtMs: atMs,
        })
        for (const line of lines) {
          const units = line.unitsPerListing * (line.acceptedQuantity ?? line.orderedQuantity)
          if (units === 0) continue
          const reference = `${channel}/${name}/${line.lineId}`
          at(atMs, () => move(line, atMs, reference, [['sale', 'free', 'reserved', units]]))
          const endMs = Math.min(atMs + below(3 * 86_400_000), (spans.at(-1)?.toMs ?? 0) - 1)
          if (line.cancelledQuantity > 0) at(endMs, () => move(line, endMs, `${reference}/c`, [['cancel', 'reserved', 'free', units]]))
          else
            at(endMs, () =>
              // Goods first: between the entries of this commit more is promised than there is.
              move(line, endMs, `${reference}/s`, [
                ['ship', onHand(north), 'customer', units],
                ['ship', 'reserved', 'free', units],
              ]),
            )
        }
      }
    }
  }
  events.sort((a, b) => a.atMs - b.atMs)
  for (const event of events) event.run()
  const stock = keys.map((key, index): Stock => {
    const level = levels.get(idOf(key))
    return stockOf(key.sku, level?.version ?? 1, {
      ...key,
      onHandUnits: Object.fromEntries(level?.onHand ?? []),
      reservedUnits: level?.reserved ?? 0,
      bufferUnits: index % 5,
      listings: [],
    })
  })
  return { orders, ledger, stock }
}

/** Written as the engine would have, version by version being left out: what is read is the same. */
export const storeMonth = async (store: Store, month: MonthOfTrade): Promise<void> => {
  const parts = <T>(items: readonly T[]): readonly (readonly T[])[] =>
    Array.from({ length: Math.ceil(items.length / 200) }, (_, i) => items.slice(i * 200, (i + 1) * 200))
  for (const orders of parts(month.orders)) await store.commit({ orders })
  for (const ledger of parts(month.ledger)) await store.commit({ ledger })
  // A document is stored at its first version and then at each one after it; only the last is looked at.
  const most = Math.max(...month.stock.map(({ version }) => version))
  for (let version = 1; version <= most; version++) {
    const due = month.stock.filter((each) => each.version >= version)
    await store.commit({ stock: due.map((each) => ({ next: { ...each, version }, work: [] })) })
  }
}

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const within = (atMs: number, span: DaySpan): boolean => atMs >= span.fromMs && atMs < span.toMs

export const expectedSales = (month: MonthOfTrade, span: DaySpan): readonly SalesRow[] => {
  const groups = new Map<string, SalesRow>()
  for (const order of month.orders.filter((each) => within(each.createdAtMs, span)))
    for (const line of order.lines) {
      const currency = line.amountMinor === null ? null : line.currency
      const name = JSON.stringify([line.sku, line.pool, order.channel, order.demand, currency])
      const ordered = line.orderedQuantity
      const cancelled = Math.min(ordered, line.cancelledQuantity)
      const amount = line.amountMinor ?? 0
      const share = (part: number): number => (ordered === 0 ? 0 : Math.floor((amount * part) / ordered + 0.5))
      const was = groups.get(name)
      groups.set(name, {
        sku: line.sku,
        pool: line.pool,
        channel: order.channel,
        demand: order.demand,
        currency,
        lines: (was?.lines ?? 0) + 1,
        orderedUnits: (was?.orderedUnits ?? 0) + ordered * line.unitsPerListing,
        cancelledUnits: (was?.cancelledUnits ?? 0) + cancelled * line.unitsPerListing,
        acceptedUnits: (was?.acceptedUnits ?? 0) + (line.acceptedQuantity ?? 0) * line.unitsPerListing,
        answeredUnits: (was?.answeredUnits ?? 0) + (line.acceptedQuantity === null ? 0 : ordered * line.unitsPerListing),
        amountMinor: (was?.amountMinor ?? 0) + amount,
        cancelledMinor: (was?.cancelledMinor ?? 0) + share(cancelled),
        acceptedMinor: (was?.acceptedMinor ?? 0) + share(line.acceptedQuantity ?? 0),
      })
    }
  const place = (row: SalesRow): string => [row.sku, row.pool, row.channel, row.demand, row.currency ?? ''].join('\u0000')
  return [...groups.values()].sort((a, b) => byCodePoint(place(a), place(b)))
}

/** Every level by adding up the ledger from its beginning; the month begins with nothing. */
export const expectedStock = (month: MonthOfTrade, day: string, windowFrom: string): readonly StockRow[] => {
  const span = daySpan(day, tradeZone)
  const windowMs = daySpan(windowFrom, tradeZone).fromMs
  return month.stock
    .map((document): StockRow => {
      const own = month.ledger.filter((entry) => entry.sku === document.sku && entry.pool === document.pool)
      const hand = (entry: LedgerEntry): number =>
        (entry.to.startsWith('on_hand/') ? entry.units : 0) - (entry.from.startsWith('on_hand/') ? entry.units : 0)
      const promise = (entry: LedgerEntry): number => (entry.to === 'reserved' ? entry.units : entry.from === 'reserved' ? -entry.units : 0)
      const sum = (entries: readonly LedgerEntry[], of: (entry: LedgerEntry) => number): number =>
        entries.reduce((total, entry) => total + of(entry), 0)
      const until = own.filter((entry) => entry.atMs < span.toMs)
      const today = until.filter((entry) => entry.atMs >= span.fromMs)
      const inWindow = until.filter((entry) => entry.atMs >= windowMs)
      const sold = (entries: readonly LedgerEntry[]): number =>
        sum(entries, (entry) => (entry.reason === 'sale' && !entry.key.startsWith('movement/') ? promise(entry) : 0))
      const cancelled = (entries: readonly LedgerEntry[]): number =>
        sum(entries, (entry) => (entry.reason === 'cancel' ? -promise(entry) : 0))
      const of = (reason: string, entries: readonly LedgerEntry[]): number =>
        sum(entries, (entry) => (entry.reason === reason ? entry.units : 0))
      let free = 0
      let lowest = 0
      for (const version of [...new Set(today.map((entry) => entry.version))].sort((a, b) => a - b)) {
        free += sum(
          today.filter((entry) => entry.version === version),
          (entry) => hand(entry) - promise(entry),
        )
        lowest = Math.min(lowest, free)
      }
      return {
        sku: document.sku,
        pool: document.pool,
        title: document.title,
        onHandUnits: sum(until, hand),
        reservedUnits: sum(until, promise),
        bufferUnits: document.bufferUnits,
        windowSoldUnits: sold(inWindow) - cancelled(inWindow),
        moved:
          today.length === 0
            ? null
            : {
                soldUnits: sold(today),
                cancelledUnits: cancelled(today),
                shippedUnits: sum(today, (entry) => (entry.reason === 'ship' && entry.to === 'customer' ? entry.units : 0)),
                returnedUnits: of('return', today),
                receivedUnits: of('receipt', today),
                onHandDelta: sum(today, hand),
                reservedDelta: sum(today, promise),
                lowestFreeDelta: lowest,
              },
      }
    })
    .sort((a, b) => byCodePoint(`${a.sku}\u0000${a.pool}`, `${b.sku}\u0000${b.pool}`))
}
