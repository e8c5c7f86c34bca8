// Judges what is pending, once the watermarks of all order streams have passed the second look: by the ledger since then, by what the channel
// tells when it is asked for its orders once more, and by the evidence of the look itself (domain/reconcile-judge.ts).
import type { Listing, OrderFact } from '../domain/orders.ts'
import { type JudgeContext, ingestedSince, judgeDueMs, judgeQuantity } from '../domain/reconcile-judge.ts'
import type { Explanation, Finding, QuantityFacts } from '../domain/reconcile.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { foldFacts } from './fold.ts'
import { explainAway, factsOf } from './reconcile-look.ts'
import { eachFinding, type RunWork } from './reconcile-work.ts'
import { listingsOfFindings } from './stock-of-findings.ts'

/** How long a run waits for the watermark. It stands still for longer only where that is told already. */
const maxWaitMs = 4 * 60 * 60_000
const lookEveryMs = 5_000
/** Ledger entries of a SKU looked through; one that moves more in that time is judged by the next run. */
const maxEntries = 2_000
/**
 * How far back the channel is asked for orders again, and in how many pages at most: the budget is the live polls', and on Amazon a page is three
 * minutes of it. What lies beyond stays with its merged kind.
 */
const askBackMs = 6 * 60 * 60_000
const maxAskedPages = 2

const dueOf = (work: RunWork, finding: Finding): number => {
  const facts = factsOf(finding)
  return facts ? judgeDueMs(facts, work.context.settingsFor(work.adapter.channel).constants) : 0
}

/** Orders and cancellations up to here are in. */
const completeThroughMs = async ({ context, adapter }: RunWork): Promise<number> => {
  const cursors = await Promise.all(adapter.capabilities.streams.map((stream) => context.store.readCursor(adapter.channel, stream)))
  return Math.min(...cursors.map((cursor) => cursor?.watermarkMs ?? Number.NEGATIVE_INFINITY))
}

/** Until what was looked at can be judged, or for as long as a run waits. */
export const waitForOrders = async (work: RunWork): Promise<void> => {
  const { context, signal } = work
  let dueMs = Number.NEGATIVE_INFINITY
  await eachFinding(work, 'pending', async (findings) => {
    for (const finding of findings) dueMs = Math.max(dueMs, dueOf(work, finding))
  })
  const untilMs = context.clock.nowMs() + maxWaitMs
  while (context.clock.nowMs() < untilMs && (await completeThroughMs(work)) < dueMs) {
    signal.throwIfAborted()
    await context.clock.sleep(lookEveryMs, signal)
  }
}

const entriesSince = async (work: RunWork, finding: Finding, sinceMs: number): Promise<readonly LedgerEntry[] | null> => {
  if (finding.sku === null) return null
  const entries: LedgerEntry[] = []
  let after: string | null = null
  do {
    const page: { items: readonly LedgerEntry[]; next: string | null } = await work.context.store.listLedger({
      sku: finding.sku,
      after,
      limit: entries.length === 0 ? 50 : 500,
    })
    for (const entry of page.items) {
      if (entry.atMs < sinceMs) return entries
      if (entry.pool === finding.pool) entries.push(entry)
    }
    if (entries.length > maxEntries) return null
    after = page.next
  } while (after !== null)
  return entries
}

interface Asked {
  /** Listing quantities of orders that were not in, by listing. */
  readonly quantity: Map<string, number>
  readonly orderIds: Map<string, string[]>
}

const countUnheard = async (
  work: RunWork,
  facts: readonly OrderFact[],
  wanted: ReadonlyMap<string, QuantityFacts>,
  asked: Asked,
): Promise<void> => {
  const { context, adapter } = work
  const { orders } = await context.store.readState({
    stock: [],
    orders: facts.map(({ channel, orderId }) => ({ channel, orderId })),
    ledgerKeys: [],
  })
  const listings: ReadonlyMap<string, Listing> = await context.listings.find(
    adapter.channel,
    facts.flatMap(({ lines }) => lines.flatMap(({ listingKeys }) => listingKeys)),
  )
  for (const [i, fact] of facts.entries()) {
    for (const line of fact.lines) {
      const listing = line.listingKeys.map((key) => listings.get(key)).find((each) => each !== undefined)
      const look = listing && wanted.get(listing.id)
      const known = orders[i]?.lines.find(({ lineId }) => lineId === line.lineId)
      const unheard = line.orderedQuantity - line.cancelledQuantity - ((known?.orderedQuantity ?? 0) - (known?.cancelledQuantity ?? 0))
      if (!listing || !look || unheard <= 0 || fact.createdAtMs > look.window.throughMs) continue
      asked.quantity.set(listing.id, (asked.quantity.get(listing.id) ?? 0) + unheard)
      asked.orderIds.set(listing.id, [...(asked.orderIds.get(listing.id) ?? []), fact.orderId].slice(0, 20))
    }
  }
}

/** The channel's orders once more. What never came in is folded (not in a dry run), so that the stock is right whatever is judged. */
const askForOrders = async (work: RunWork, wanted: ReadonlyMap<string, QuantityFacts>, sinceMs: number): Promise<Asked> => {
  const { context, adapter, signal } = work
  const asked: Asked = { quantity: new Map(), orderIds: new Map() }
  const enough = new AbortController()
  let pages = 0
  try {
    await adapter.pollOrders({
      stream: adapter.capabilities.streams[0] ?? 'orders',
      sinceMs,
      nowMs: context.clock.nowMs(),
      signal: AbortSignal.any([signal, enough.signal]),
      onPage: async (facts) => {
        await countUnheard(work, facts, wanted, asked)
        if (!work.run().dryRun) await foldFacts(context, facts, null, context.clock.nowMs())
        pages += 1
        if (pages >= maxAskedPages) enough.abort()
      },
    })
  } catch (error) {
    if (signal.aborted) throw error
    context.log.info({ channel: adapter.channel, pages, error: String(error) }, 'orders were not asked for to the end')
  }
  work.note({ calls: work.run().calls + Math.max(1, pages) })
  return asked
}

const elsewhereChange = ({ evidence }: Finding): number | null => {
  const { elsewhereBefore, elsewhereNow } = evidence
  return typeof elsewhereBefore === 'number' && typeof elsewhereNow === 'number' ? elsewhereNow - elsewhereBefore : null
}

type Weighed = { readonly finding: Finding; readonly facts: QuantityFacts; readonly context: JudgeContext }

/** What the ledger says since the look. Those that are not to be judged are explained. */
const weigh = async (work: RunWork, findings: readonly Finding[], completeMs: number): Promise<readonly Weighed[]> => {
  const { context } = work
  const listings = await listingsOfFindings(context.store, findings)
  const weighed: Weighed[] = []
  const away: (readonly [string, Explanation])[] = []
  for (const finding of findings) {
    const facts = factsOf(finding)
    if (!facts || finding.kind !== null) continue
    const listing = listings.get(finding.id)
    const entries = listing ? await entriesSince(work, finding, facts.comparedAtMs) : null
    if (!listing) away.push([finding.id, 'listing-removed'])
    else if (finding.evidence['looked'] !== true) away.push([finding.id, 'not-answered'])
    else if (dueOf(work, finding) > completeMs) away.push([finding.id, 'orders-not-complete'])
    else if (entries === null) away.push([finding.id, 'trade-in-window'])
    else {
      const { sold, cancelled } = ingestedSince(entries, listing.channel, facts.comparedAtMs, listing.unitsPerListing)
      const judge = { soldSince: sold, cancelledSince: cancelled, toldWhenAsked: 0, elsewhereChange: elsewhereChange(finding) }
      const verdict = judgeQuantity(facts, judge)
      if (verdict.kind === 'explained') away.push([finding.id, verdict.reason])
      else weighed.push({ finding, facts, context: judge })
    }
  }
  await explainAway(work, away)
  return weighed
}

/** Gives every pending finding its kind, or explains it. */
export const judgeFindings = async (work: RunWork): Promise<void> => {
  const { context } = work
  const completeMs = await completeThroughMs(work)
  let sinceMs = Number.POSITIVE_INFINITY
  const wanted = new Map<string, QuantityFacts>()
  const left: Weighed[] = []
  // At most maxPending of them (reconcile-read.ts), and only what is drift for certain.
  await eachFinding(work, 'pending', async (findings) => {
    left.push(...(await weigh(work, findings, completeMs)))
  })
  for (const { finding, facts } of left) {
    if (facts.shown >= facts.low || finding.listing === null) continue
    const { agreedAtMs } = finding.evidence
    sinceMs = Math.min(sinceMs, typeof agreedAtMs === 'number' ? agreedAtMs : 0)
    wanted.set(finding.listing, facts)
  }
  const { constants } = context.settingsFor(work.adapter.channel)
  const earliestMs = context.clock.nowMs() - askBackMs - constants.orderVisibilityMs
  const asked =
    wanted.size > 0
      ? await askForOrders(work, wanted, Math.max(earliestMs, sinceMs - constants.clockSkewMs - constants.checkoutHoldMs))
      : { quantity: new Map<string, number>(), orderIds: new Map<string, string[]>() }
  const judged = left.flatMap(({ finding, facts, context: judge }): Finding[] => {
    const verdict = judgeQuantity(facts, { ...judge, toldWhenAsked: asked.quantity.get(finding.listing ?? '') ?? 0 })
    if (verdict.kind === 'explained') return []
    const orderIds = asked.orderIds.get(finding.listing ?? '')
    return [{ ...finding, kind: verdict.drift, evidence: { ...finding.evidence, ...verdict.evidence, ...(orderIds ? { orderIds } : {}) } }]
  })
  for (let i = 0; i < judged.length; i += 500) await context.store.putFindings(judged.slice(i, i + 500))
}
