// The ledger audit: every stock document held against the ledger, the open orders and its own bounds (domain/books.ts), page by page over the
// whole catalogue, while trade goes on. What differs is looked at again until two looks at the same version of the document agree, so that a
// sale in between is no difference. Changes nothing; a difference is an incident, and a finding with the documents in it.
import { booksDifferences, heldUnits, type BooksDifference, type LedgerLevels } from '../domain/books.ts'
import { type StockKey, stockKeyText } from '../domain/ids.ts'
import type { Incident } from '../domain/incidents.ts'
import type { Order } from '../domain/orders.ts'
import { counted, type Finding } from '../domain/reconcile.ts'
import type { Stock } from '../domain/stock.ts'
import type { EngineContext } from './context.ts'
import { explain } from './fold.ts'
import { openRun, type RunBook } from './reconcile-work.ts'
import type { Wake } from './wake.ts'

const pageSize = 200
const leaseName = 'ledger-audit'
const leaseMs = 60_000
const longestIdleMs = 10_000
/** Looks at one document whose books differ; one that changes under each of them is left to the next audit. */
const maxLooks = 5
/** Documents looked at again: more of them, and the cause is one and the same. */
const maxSuspects = 500
const lookAgainAfterMs = 500
/** Order lines put into a report of one document. */
const maxLinesShown = 50

interface AuditWork extends RunBook {
  readonly context: EngineContext
  readonly signal: AbortSignal
  /** Holds the lease for another while; throws when it is lost. */
  readonly held: () => Promise<void>
}

/** What open orders hold, by stock. As many entries as there are SKUs with open orders. `only`: of these alone, with their lines. */
const heldByOrders = async (
  { context, signal, held }: AuditWork,
  only: ReadonlySet<string> | null,
): Promise<{ readonly units: ReadonlyMap<string, number>; readonly orders: ReadonlyMap<string, readonly Order[]> }> => {
  const units = new Map<string, number>()
  const orders = new Map<string, Order[]>()
  let after: string | null = null
  do {
    signal.throwIfAborted()
    const page: { items: readonly Order[]; next: string | null } = await context.store.listOrders({ after, limit: 500 })
    for (const order of page.items)
      for (const line of order.lines) {
        const key = stockKeyText(line)
        const open = heldUnits(line)
        if (open === 0 || (only && !only.has(key))) continue
        units.set(key, (units.get(key) ?? 0) + open)
        if (only && (orders.get(key)?.length ?? 0) < maxLinesShown) orders.set(key, [...(orders.get(key) ?? []), order])
      }
    await held()
    after = page.next
  } while (after !== null)
  return { units, orders }
}

interface Look {
  readonly stock: Stock
  readonly differences: readonly BooksDifference[]
  readonly levels: LedgerLevels
}

/** One read of the ledger for all of them. `units`: what open orders hold. */
const lookAt = async (
  { context }: AuditWork,
  documents: readonly Stock[],
  units: ReadonlyMap<string, number>,
): Promise<readonly Look[]> => {
  const all = await context.store.ledgerLevels(documents)
  return documents.flatMap((stock, i) => {
    const levels = all[i]
    return levels ? [{ stock, levels, differences: booksDifferences(stock, levels, units.get(stockKeyText(stock)) ?? 0) }] : []
  })
}

/** The documents that may differ. Trade goes on meanwhile, so that most of them do not. */
const findSuspects = async (work: AuditWork): Promise<readonly StockKey[]> => {
  const { context, signal, save, run, held } = work
  const { units } = await heldByOrders(work, null)
  const suspects: StockKey[] = []
  let after: string | null = null
  do {
    signal.throwIfAborted()
    const page: { items: readonly Stock[]; next: string | null } = await context.store.listStock({ after, limit: pageSize })
    for (const { stock, differences } of await lookAt(work, page.items, units))
      if (differences.length > 0 && suspects.length < maxSuspects) suspects.push({ sku: stock.sku, pool: stock.pool })
    await held()
    await save({ rowsRead: run().rowsRead + page.items.length, compared: run().compared + page.items.length })
    after = page.next
  } while (after !== null)
  return suspects
}

const withoutEcho = ({ echo: _echo, ...order }: Order): Omit<Order, 'echo'> => order

const report = async (
  work: AuditWork,
  stock: Stock,
  difference: BooksDifference,
  documents: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const { context, run, save } = work
  const nowMs = context.clock.nowMs()
  const finding: Finding = {
    id: `${run().id}/${difference.fault}/${stock.sku}/${stock.pool}`,
    run: run().id,
    channel: null,
    listing: null,
    externalId: `${stock.sku}/${stock.pool}`,
    sku: stock.sku,
    pool: stock.pool,
    kind: difference.fault,
    state: 'flagged',
    dryRun: false,
    foundAtMs: nowMs,
    changedAtMs: nowMs,
    shown: null,
    expected: null,
    evidence: { text: difference.text, ...documents },
  }
  const incident: Incident = {
    id: `books-differ/${finding.id}`,
    kind: 'books-differ',
    channel: null,
    sku: stock.sku,
    listing: null,
    units: 0,
    atMs: nowMs,
    summary: `${stock.sku}: the hub's own books differ: ${difference.text}.`,
    evidence: finding.evidence,
  }
  await context.store.putFindings([finding])
  await context.committer.submit({ stock: [], orders: [], ledgerKeys: [], decide: () => ({ incidents: [incident], value: undefined }) })
  await save({ found: counted(run().found, difference.fault) })
}

/** Looks at the suspects until each was looked at while it stood still. */
const lookAgain = async (work: AuditWork, keys: readonly StockKey[]): Promise<void> => {
  const { context, signal, note, run } = work
  let open = keys
  for (let look = 0; open.length > 0 && look < maxLooks; look++) {
    if (look > 0) await context.clock.sleep(lookAgainAfterMs, signal)
    const before = (await context.store.readState({ stock: open, orders: [], ledgerKeys: [] })).stock
    const { units, orders } = await heldByOrders(work, new Set(open.map(stockKeyText)))
    const again: StockKey[] = []
    const looks = await lookAt(
      work,
      before.filter((stock) => stock !== null),
      units,
    )
    const after = (await context.store.readState({ stock: looks.map(({ stock }) => stock), orders: [], ledgerKeys: [] })).stock
    for (const [i, { stock, levels, differences }] of looks.entries()) {
      const key = { sku: stock.sku, pool: stock.pool }
      if (after[i]?.version !== stock.version) again.push(key)
      else
        for (const difference of differences)
          await report(work, stock, difference, { stock, ledger: levels, orders: (orders.get(stockKeyText(key)) ?? []).map(withoutEcho) })
    }
    open = again
  }
  if (open.length > 0) note({ explained: counted(run().explained, 'trade-in-window', open.length) })
}

const runAudit = async (work: AuditWork): Promise<void> => {
  const { context, save, run } = work
  // What was counted before a process died is counted anew: an audit is short, and holds nothing.
  await save({
    state: 'reading',
    startedAtMs: run().startedAtMs ?? context.clock.nowMs(),
    rowsRead: 0,
    compared: 0,
    found: {},
    explained: {},
  })
  const { stock: rowsExpected } = await context.store.counts()
  await save({ rowsExpected })
  const suspects = await findSuspects(work)
  await save({ state: 'looking' })
  await lookAgain(work, suspects)
  const differing = Object.values(run().found).reduce((sum, count) => sum + count, 0)
  await save({
    state: 'done',
    endedAtMs: context.clock.nowMs(),
    agreed: run().compared - differing,
    message: differing === 0 ? 'All books agree.' : `${differing} differences: each is a mistake in Belay.`,
  })
}

/** Works on audits that were asked for, one process at a time. */
export const runAuditLoop = async (context: EngineContext, owner: string, wake: Wake, signal: AbortSignal): Promise<void> => {
  const { store, clock, log } = context
  while (!signal.aborted) {
    try {
      const [stored] = await store.openReconciliations(null)
      const lease = stored ? await store.acquireLease(leaseName, owner, leaseMs, clock.nowMs()) : null
      if (!stored || !lease) {
        await wake.wait(longestIdleMs, signal)
        continue
      }
      const book = openRun(store, stored, signal)
      const held = async (): Promise<void> => {
        const renewed = await store.acquireLease(leaseName, owner, leaseMs, clock.nowMs())
        if (renewed?.token !== lease.token) throw new Error('another process audits')
      }
      try {
        await runAudit({ ...book, context, signal, held })
      } catch (error) {
        if (signal.aborted) return
        log.warn({ run: stored.id, error: explain(error) }, 'audit failed')
        await book.save({ state: 'failed', endedAtMs: clock.nowMs(), message: explain(error) }).catch(() => undefined)
      }
      await store.releaseLease(leaseName, owner, lease.token)
    } catch (error) {
      if (signal.aborted) return
      log.warn({ error: explain(error) }, 'audits are not readable')
      await clock.sleep(longestIdleMs, signal)
    }
  }
}
