// The committer: every change of stock documents of this process, in order, many in one commit (group commit). Guarantees:
// - a change resolves only after what it decided is durable, and is decided on the state that it was committed against;
// - a change that throws is refused alone; a commit that conflicts is read again and decided again, in halves when it keeps conflicting,
//   so that no change is dropped; a commit of unknown outcome is read again (versions and keys make the repeat harmless).
// Stock documents are cached (bounded): what this process wrote last is what is stored, unless another process wrote too, and then the
// compare-and-swap says so.
import { BelayError, isBelayError } from '../domain/errors.ts'
import { type OrderKey, orderKeyText, type StockKey, stockKeyText } from '../domain/ids.ts'
import type { Order } from '../domain/orders.ts'
import { type SettingsFor, workMarks } from '../domain/plan.ts'
import type { Stock } from '../domain/stock.ts'
import type { Clock } from '../ports/clock.ts'
import type { Commit, State, Store, WorkMark } from '../ports/store.ts'
import type { Change, Committer, Decision, Needs, View } from './change.ts'

/** Changes in one commit: beyond this the gain per change is small and the wait for the first one grows. */
const maxBatch = 256
/** Changes waiting: beyond this the hub says that it is overloaded rather than growing without bound. */
const maxQueue = 20_000
/** Stock documents kept: about 1 KiB each. */
const maxCached = 50_000
/** Reads-and-decides before a commit that conflicts alone is given up: another process would have to win each time. */
const maxRounds = 50

interface Waiting {
  readonly change: Change<unknown>
  /** Decided on documents read for it, not on the cache: another process may have written since. */
  readonly fresh: boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface CommitterOptions {
  readonly store: Store
  readonly clock: Clock
  readonly settingsFor: SettingsFor
  /** Called after each commit with the marks that are now stored, so that loops of this process wake at once. */
  readonly onCommit?: (marks: readonly WorkMark[]) => void
}

export const createCommitter = (options: CommitterOptions): Committer & { idle(): Promise<void> } => {
  const { store, clock, settingsFor } = options
  const queue: Waiting[] = []
  const cache = new Map<string, Stock>()
  let running: Promise<void> | null = null

  const remember = (key: string, stock: Stock): void => {
    cache.delete(key)
    cache.set(key, stock)
    if (cache.size > maxCached) {
      const oldest = cache.keys().next()
      if (!oldest.done) cache.delete(oldest.value)
    }
  }

  /** Reads what the batch needs and the cache does not have. */
  const load = async (batch: readonly Waiting[]): Promise<Loaded> => {
    const stock = new Map<string, Stock | null>()
    const missing = new Map<string, StockKey>()
    const orders = new Map<string, OrderKey>()
    const ledgerKeys = new Set<string>()
    for (const { change } of batch) {
      for (const key of change.stock) {
        const text = stockKeyText(key)
        const cached = cache.get(text)
        if (cached) stock.set(text, cached)
        else missing.set(text, key)
      }
      for (const key of change.orders) orders.set(orderKeyText(key), key)
      for (const key of change.ledgerKeys) ledgerKeys.add(key)
    }
    const empty = missing.size === 0 && orders.size === 0 && ledgerKeys.size === 0
    const state: State = empty
      ? { stock: [], orders: [], ledgerKeys: new Set() }
      : await store.readState({ stock: [...missing.values()], orders: [...orders.values()], ledgerKeys: [...ledgerKeys] })
    let index = 0
    for (const text of missing.keys()) stock.set(text, state.stock[index++] ?? null)
    const loadedOrders = new Map<string, Order | null>()
    index = 0
    for (const text of orders.keys()) loadedOrders.set(text, state.orders[index++] ?? null)
    return { stock, orders: loadedOrders, ledgerKeys: new Set(state.ledgerKeys) }
  }

  const forget = (batch: readonly Waiting[]): void => {
    for (const { change } of batch) for (const key of change.stock) cache.delete(stockKeyText(key))
  }

  /** Decides and commits a batch; resolves its changes; returns those that must wait for the next one. */
  const commitBatch = async (batch: readonly Waiting[], rounds: number): Promise<readonly Waiting[]> => {
    let outcome: BatchOutcome
    try {
      const loaded = await load(batch)
      outcome = decideBatch(batch, loaded, clock.nowMs(), settingsFor)
      const result = outcome.commit ? await store.commit(outcome.commit) : { ok: true as const }
      if (!result.ok) return await again(batch, rounds)
    } catch (error) {
      forget(batch)
      if (isBelayError(error, 'store-commit-unknown')) return await again(batch, rounds)
      for (const { reject } of batch) reject(error)
      return []
    }
    for (const [text, stock] of outcome.written) remember(text, stock)
    options.onCommit?.(outcome.marks)
    for (const { waiting, value } of outcome.decided) waiting.resolve(value)
    const rechecked: Waiting[] = []
    for (const { waiting, error } of outcome.refused) {
      if (waiting.fresh || waiting.change.stock.length === 0) waiting.reject(error)
      else rechecked.push({ ...waiting, fresh: true })
    }
    // A refusal is checked against the store: what is cached may be older than another process's commit.
    forget(rechecked)
    return [...outcome.postponed, ...rechecked]
  }

  const again = async (batch: readonly Waiting[], rounds: number): Promise<readonly Waiting[]> => {
    forget(batch)
    if (rounds + 1 >= maxRounds) {
      const error = new BelayError('store-unavailable', `a change conflicted ${maxRounds} times`, {
        fix: 'find what else writes the same SKU so often',
      })
      for (const { reject } of batch) reject(error)
      return []
    }
    if (batch.length === 1 || rounds === 0) return commitBatch(batch, rounds + 1)
    const half = Math.ceil(batch.length / 2)
    const first = await commitBatch(batch.slice(0, half), rounds + 1)
    const second = await commitBatch(batch.slice(half), rounds + 1)
    return [...first, ...second]
  }

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0, maxBatch)
      const postponed = await commitBatch(batch, 0)
      queue.unshift(...postponed)
    }
    running = null
  }

  return {
    submit: <T>(change: Change<T>): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        if (queue.length >= maxQueue) {
          reject(new BelayError('overloaded', 'too many changes are waiting to be committed', { retryAtMs: clock.nowMs() + 1000 }))
          return
        }
        queue.push({ change, fresh: false, resolve: resolve as (value: unknown) => void, reject })
        // One microtask later, so that changes submitted together are committed together.
        running ??= Promise.resolve().then(run)
      }),
    idle: async () => {
      await running
      await running
    },
  }
}

interface Loaded {
  readonly stock: Map<string, Stock | null>
  readonly orders: Map<string, Order | null>
  readonly ledgerKeys: Set<string>
}

interface BatchOutcome {
  readonly commit: Commit | null
  readonly written: ReadonlyMap<string, Stock>
  readonly marks: readonly WorkMark[]
  readonly decided: readonly { readonly waiting: Waiting; readonly value: unknown }[]
  readonly refused: readonly { readonly waiting: Waiting; readonly error: unknown }[]
  readonly postponed: readonly Waiting[]
}

const listOrNone = <T>(items: readonly T[]): readonly T[] | undefined => (items.length > 0 ? items : undefined)

/** Runs the decisions in order, each on what the ones before it made, and merges them into one commit. */
const decideBatch = (batch: readonly Waiting[], loaded: Loaded, nowMs: number, settingsFor: SettingsFor): BatchOutcome => {
  const baseVersions = new Map<string, number>()
  const writtenStock = new Map<string, Stock>()
  const writtenOrders = new Map<string, Order>()
  const decisions: Decision<unknown>[] = []
  const decided: { waiting: Waiting; value: unknown }[] = []
  const refused: { waiting: Waiting; error: unknown }[] = []
  const postponed: Waiting[] = []
  const view: View = {
    stock: (key) => writtenStock.get(stockKeyText(key)) ?? loaded.stock.get(stockKeyText(key)),
    order: (key) => loaded.orders.get(orderKeyText(key)) ?? null,
    hasLedgerKey: (key) => loaded.ledgerKeys.has(key),
    nowMs,
  }
  for (const waiting of batch) {
    // An order is written once in a commit: its ledger keys carry its version. The next change of it waits for the next commit.
    if (waiting.change.orders.some((key) => writtenOrders.has(orderKeyText(key)))) {
      postponed.push(waiting)
      continue
    }
    let decision: Decision<unknown> | Needs
    try {
      decision = waiting.change.decide(view)
    } catch (error) {
      refused.push({ waiting, error })
      continue
    }
    if ('needs' in decision) {
      postponed.push({ ...waiting, change: { ...waiting.change, stock: [...waiting.change.stock, ...decision.needs] } })
      continue
    }
    for (const stock of decision.stock ?? []) {
      const text = stockKeyText(stock)
      if (!baseVersions.has(text)) baseVersions.set(text, view.stock(stock)?.version ?? 0)
      writtenStock.set(text, { ...stock, version: (baseVersions.get(text) ?? 0) + 1, changedAtMs: nowMs })
    }
    for (const order of decision.orders ?? []) writtenOrders.set(orderKeyText(order), order)
    for (const entry of decision.ledger ?? []) loaded.ledgerKeys.add(entry.key)
    decisions.push(decision)
    decided.push({ waiting, value: decision.value })
  }
  const stock = [...writtenStock.values()].map((next) => ({ next, work: workMarks(next, settingsFor, nowMs) }))
  const versions = new Map(stock.map(({ next }) => [stockKeyText(next), next.version]))
  const ledger = decisions.flatMap((d) => d.ledger ?? []).map((e) => ({ ...e, version: versions.get(stockKeyText(e)) ?? e.version }))
  const commit: Commit = {
    stock: listOrNone(stock),
    orders: listOrNone([...writtenOrders.values()]),
    ledger: listOrNone(ledger),
    incidents: listOrNone(decisions.flatMap((d) => d.incidents ?? [])),
    resolvedIncidents: listOrNone(decisions.flatMap((d) => d.resolvedIncidents ?? [])),
    listings: listOrNone(decisions.flatMap((d) => d.listings ?? [])),
    inbox: listOrNone(decisions.flatMap((d) => d.inbox ?? [])),
    cursors: listOrNone(decisions.flatMap((d) => d.cursors ?? [])),
  }
  return {
    commit: Object.values(commit).some((part) => part !== undefined) ? commit : null,
    written: writtenStock,
    marks: stock.flatMap((s) => s.work),
    decided,
    refused,
    postponed,
  }
}
