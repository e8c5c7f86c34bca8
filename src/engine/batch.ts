// One batch of changes: what it must read, and what its decisions come to as one commit. Guarantees:
// - decisions are made in order, each on what the ones before it made; one that throws is refused alone;
// - a refusal is final only if it was made on what is stored: on documents read for this batch, known to be untouched, or written by
//   its commit, which proves them;
// - what a change presumes to be new is not read; a decision made on that counts only if it inserts it all, which the store refuses when
//   it is there already. Otherwise the change is decided again with everything read.
import { type OrderKey, orderKeyText, type StockKey, stockKeyText } from '../domain/ids.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import type { Order } from '../domain/orders.ts'
import { type SettingsFor, workMarks } from '../domain/plan.ts'
import type { Stock } from '../domain/stock.ts'
import type { Commit, State, StateRequest, WorkMark } from '../ports/store.ts'
import type { Change, Decision, Needs, View } from './change.ts'

export interface Waiting {
  readonly change: Change<unknown>
  /** Decided on what is read for it: nothing from the cache, nothing presumed. */
  readonly certain: boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A stock document in the course of a batch. */
interface Slot {
  readonly key: StockKey
  /** As the batch has it by now. */
  stock: Stock | null
  /** Of the stored document; 0: none. */
  baseVersion: number
  /** Read for this batch. */
  read: boolean
  written: boolean
}

export interface Loaded {
  /** The cache is what is stored, for certain. */
  readonly exact: boolean
  readonly slots: ReadonlyMap<string, Slot>
  readonly orders: ReadonlyMap<string, Order | null>
  readonly ledgerKeys: Set<string>
}

const presumes = ({ change, certain }: Waiting): boolean => change.presumesNew === true && !certain

/** Takes from the cache what may come from there, and asks for the rest in one read. */
export const loadBatch = async (
  batch: readonly Waiting[],
  cached: (text: string) => Stock | undefined,
  exact: boolean,
  read: (request: StateRequest) => Promise<State>,
): Promise<Loaded> => {
  const slots = new Map<string, Slot>()
  const orders = new Map<string, OrderKey>()
  const ledgerKeys = new Set<string>()
  for (const waiting of batch) {
    const { change, certain } = waiting
    for (const key of change.stock) {
      const text = stockKeyText(key)
      let slot = slots.get(text)
      if (!slot) {
        const stock = cached(text)
        slot = { key, stock: stock ?? null, baseVersion: stock?.version ?? 0, read: stock === undefined, written: false }
        slots.set(text, slot)
      }
      if (certain && !exact) slot.read = true
    }
    if (presumes(waiting)) continue
    for (const key of change.orders) orders.set(orderKeyText(key), key)
    for (const key of change.ledgerKeys) ledgerKeys.add(key)
  }
  const missing: Slot[] = []
  for (const slot of slots.values()) if (slot.read) missing.push(slot)
  if (missing.length === 0 && orders.size === 0 && ledgerKeys.size === 0) return { exact, slots, orders: new Map(), ledgerKeys: new Set() }
  const state = await read({ stock: missing.map(({ key }) => key), orders: [...orders.values()], ledgerKeys: [...ledgerKeys] })
  for (const [i, slot] of missing.entries()) {
    slot.stock = state.stock[i] ?? null
    slot.baseVersion = slot.stock?.version ?? 0
  }
  return {
    exact,
    slots,
    orders: new Map([...orders.keys()].map((text, i) => [text, state.orders[i] ?? null])),
    ledgerKeys: new Set(state.ledgerKeys),
  }
}

export interface BatchOutcome {
  readonly commit: Commit | null
  readonly marks: readonly WorkMark[]
  readonly decided: readonly { readonly waiting: Waiting; readonly value: unknown }[]
  readonly refused: readonly { readonly waiting: Waiting; readonly error: unknown }[]
  /** To be decided in the next batch. */
  readonly postponed: readonly Waiting[]
}

/** Of a change without one: ''. */
export const leaseText = (lease: Change<unknown>['lease']): string => (lease ? `${lease.name}\u0000${lease.token}` : '')

/** What decisions add to a commit besides stock documents. */
type Part = Exclude<keyof Commit, 'stock' | 'leases'>
type Parts = { [P in Part]: NonNullable<Commit[P]>[number][] }

const noParts = (): Parts => ({ orders: [], ledger: [], incidents: [], resolvedIncidents: [], listings: [], inbox: [], cursors: [] })
const partNames = Object.keys(noParts()) as readonly Part[]

const gather = <T>(into: T[], items: readonly T[] | undefined): void => {
  if (items) for (const item of items) into.push(item)
}

const noMarks: readonly WorkMark[] = []

/** Does the decision insert everything that its change presumed to be new? */
const insertsAll = (change: Change<unknown>, decision: Decision<unknown>): boolean =>
  change.orders.every((key) =>
    decision.orders?.some((order) => order.version === 1 && order.orderId === key.orderId && order.channel === key.channel),
  ) && change.ledgerKeys.every((key) => decision.ledger?.some((entry) => entry.key === key))

/** Where the documents that it wrote are kept. */
const slotsOf = (stock: readonly Stock[], slots: Loaded['slots']): readonly Slot[] =>
  stock.map((each) => {
    const slot = slots.get(stockKeyText(each))
    if (!slot) throw new TypeError(`a change wrote the stock of ${each.sku} without having asked for it`)
    return slot
  })

const isProven = ({ change }: Waiting, { exact, slots }: Loaded): boolean =>
  exact ||
  change.stock.every((key) => {
    const slot = slots.get(stockKeyText(key))
    return slot !== undefined && (slot.read || slot.written)
  })

export const decideBatch = (batch: readonly Waiting[], loaded: Loaded, nowMs: number, settingsFor: SettingsFor): BatchOutcome => {
  const { slots } = loaded
  const writtenOrders = new Set<string>()
  const parts = noParts()
  const leases = new Map<string, NonNullable<Change<unknown>['lease']>>()
  const decided: { waiting: Waiting; value: unknown }[] = []
  const refusals: { waiting: Waiting; error: unknown }[] = []
  const postponed: Waiting[] = []
  const view: View = {
    stock: (key) => slots.get(stockKeyText(key))?.stock,
    order: (key) => loaded.orders.get(orderKeyText(key)) ?? null,
    hasLedgerKey: (key) => loaded.ledgerKeys.has(key),
    nowMs,
  }
  const take = (waiting: Waiting, decision: Decision<unknown>, written: readonly Slot[]): void => {
    for (const [i, slot] of written.entries()) {
      const stock = decision.stock?.[i]
      if (!stock) continue
      // One more than what is stored, however many changes of the batch write it.
      slot.stock = { ...stock, version: slot.baseVersion + 1, changedAtMs: nowMs }
      slot.written = true
    }
    for (const order of decision.orders ?? []) writtenOrders.add(orderKeyText(order))
    for (const entry of decision.ledger ?? []) loaded.ledgerKeys.add(entry.key)
    for (const part of partNames) gather<unknown>(parts[part], decision[part])
    const { lease } = waiting.change
    if (lease) leases.set(leaseText(lease), lease)
    decided.push({ waiting, value: decision.value })
  }
  for (const waiting of batch) {
    const { change } = waiting
    // An order is written once in a commit: its ledger keys carry its version. The next change of it waits for the next commit.
    if (change.orders.some((key) => writtenOrders.has(orderKeyText(key)))) {
      postponed.push({ ...waiting, certain: waiting.certain || presumes(waiting) })
      continue
    }
    let decision: Decision<unknown> | Needs
    let written: readonly Slot[]
    try {
      decision = change.decide(view)
      written = 'needs' in decision ? [] : slotsOf(decision.stock ?? [], slots)
    } catch (error) {
      refusals.push({ waiting, error })
      continue
    }
    if ('needs' in decision) postponed.push({ ...waiting, change: { ...change, stock: [...change.stock, ...decision.needs] } })
    else if (presumes(waiting) && !insertsAll(change, decision)) postponed.push({ ...waiting, certain: true })
    else take(waiting, decision, written)
  }
  const refused = refusals.filter((refusal) => {
    if (!presumes(refusal.waiting) && isProven(refusal.waiting, loaded)) return true
    postponed.push({ ...refusal.waiting, certain: true })
    return false
  })
  return { ...commitOf({ slots, parts, leases: [...leases.values()], nowMs, settingsFor }), decided, refused, postponed }
}

interface Outcome {
  readonly slots: Loaded['slots']
  readonly parts: Parts
  readonly leases: readonly NonNullable<Change<unknown>['lease']>[]
  readonly nowMs: number
  readonly settingsFor: SettingsFor
}

const commitOf = ({ slots, parts, leases, nowMs, settingsFor }: Outcome): { commit: Commit | null; marks: readonly WorkMark[] } => {
  const stock: NonNullable<Commit['stock']>[number][] = []
  const marks: WorkMark[] = []
  for (const { stock: next, written } of slots.values()) {
    if (!written || !next) continue
    const work = next.listings.length === 0 ? noMarks : workMarks(next, settingsFor, nowMs)
    stock.push({ next, work })
    gather(marks, work)
  }
  const withVersion = (entry: LedgerEntry): LedgerEntry => ({
    ...entry,
    version: slots.get(stockKeyText(entry))?.stock?.version ?? entry.version,
  })
  const ledger = parts.ledger.map(withVersion)
  const commit = Object.fromEntries(Object.entries({ stock, ...parts, ledger }).filter(([, items]) => items.length > 0)) as Commit
  if (Object.keys(commit).length === 0) return { commit: null, marks }
  return { commit: leases.length === 0 ? commit : { ...commit, leases: leases.map((lease) => ({ ...lease, nowMs })) }, marks }
}
