// Changes of rules. What a person says of a SKU is resolved in the same commit. A change of the configuration reaches the stored documents in
// bounded batches through the committer, beside live work: one batch at a time, with a pause as long as the batch took, and only documents
// whose resolved rule differs are written. Where it stands is durable, so that a restart goes on there; one process of many does it (a lease).
// Safety does not wait for it: a document is planned on the rule that it holds.
import type { StockKey } from '../domain/ids.ts'
import { type Policy, resolveStock, sayRule } from '../domain/rules.ts'
import type { Stock } from '../domain/stock.ts'
import type { RuleRequest } from '../ports/hub.ts'
import type { Change } from './change.ts'
import type { EngineContext } from './context.ts'
import { namedListing, namedStock } from './named-listing.ts'

/** Documents of one batch: a few milliseconds of the committer's time. */
const batchSize = 100
const leaseName = 'rules'
const leaseMs = 60_000
/** The shortest pause between two batches that wrote. */
const shortestPauseMs = 20
const retryAfterMs = 10_000
/** What is written under this name: which policy the documents are resolved under, and how far. */
export const resolvedSetting = 'rules/resolved'

interface Progress {
  /** The policy, as text. */
  readonly policy: string
  /** Continue after this document; null: from the beginning, or done. */
  readonly after: string | null
  readonly done: boolean
}

/** Throws sku-unknown, listing-unknown. */
export const ruleChange = ({ sku, pool, listing: id, statement }: RuleRequest, policy: Policy): Change<Stock> => ({
  stock: [{ sku, pool }],
  orders: [],
  ledgerKeys: [],
  decide: (view) => {
    const stock = namedStock(view, { sku, pool })
    const listing = id === null ? null : namedListing(stock, id)
    const next = sayRule(stock, listing, statement, policy)
    return { stock: [next], value: next }
  },
})

const resolveChange = (keys: readonly StockKey[], policy: Policy): Change<number> => ({
  stock: keys,
  orders: [],
  ledgerKeys: [],
  decide: (view) => {
    const changed: Stock[] = []
    for (const key of keys) {
      const stock = view.stock(key)
      const next = stock ? resolveStock(stock, policy) : null
      if (next && next !== stock) changed.push(next)
    }
    return { stock: changed, value: changed.length }
  },
})

const readProgress = async ({ store, log }: EngineContext, policy: string): Promise<Progress> => {
  const fresh: Progress = { policy, after: null, done: false }
  const text = await store.readSetting(resolvedSetting)
  if (text === null || text === '') return fresh
  try {
    const known = JSON.parse(text) as Progress
    return known.policy === policy ? known : fresh
  } catch {
    log.error({ setting: resolvedSetting }, 'how far rules are resolved is not readable; it begins anew')
    return fresh
  }
}

/** Resolves every document under the policy, unless that is done. Returns how many were written; null: another process is at it. */
const resolveAll = async (context: EngineContext, policy: Policy, owner: string, signal: AbortSignal): Promise<number | null> => {
  const { store, clock, committer } = context
  const text = JSON.stringify(policy)
  let progress = await readProgress(context, text)
  let written = 0
  const note = async (next: Progress): Promise<void> => {
    progress = next
    await store.writeSetting(resolvedSetting, JSON.stringify(next))
  }
  try {
    while (!progress.done && !signal.aborted) {
      if (!(await store.acquireLease(leaseName, owner, leaseMs, clock.nowMs()))) return null
      const beganMs = clock.nowMs()
      const page = await store.listStock({ limit: batchSize, after: progress.after })
      // Looked at before it is asked for: most documents are as they should be, and are not written.
      const keys = page.items.filter((stock) => resolveStock(stock, policy) !== stock).map(({ sku, pool }) => ({ sku, pool }))
      if (keys.length > 0) written += await committer.submit(resolveChange(keys, policy))
      await note({ policy: text, after: page.next, done: page.next === null })
      if (keys.length > 0 && !progress.done) await clock.sleep(Math.max(shortestPauseMs, clock.nowMs() - beganMs), signal)
    }
    return written
  } finally {
    const lease = await store.acquireLease(leaseName, owner, leaseMs, clock.nowMs())
    if (lease) await store.releaseLease(leaseName, owner, lease.token)
  }
}

/** Until it is done; a store that is away is tried again. */
export const runRuleResolve = async (context: EngineContext, policy: Policy, owner: string, signal: AbortSignal): Promise<void> => {
  const { clock, log } = context
  while (!signal.aborted) {
    try {
      const written = await resolveAll(context, policy, owner, signal)
      if (written !== null) {
        if (written > 0) log.info({ written }, 'rules of the configuration reach the stock')
        return
      }
    } catch (error) {
      log.warn({ error: String(error) }, 'rules are not resolved yet')
    }
    await clock.sleep(retryAfterMs, signal)
  }
}
