// The fold: what platforms say becomes stock. Facts are folded as changes of the committer, each with the mark of the inbox event that
// carried it, in one commit. What cannot be placed is parked with the reason and folded again when a person has mended the mapping.
import { BelayError, isBelayError } from '../domain/errors.ts'
import type { ChannelId, OrderKey, StockKey } from '../domain/ids.ts'
import type { Incident } from '../domain/incidents.ts'
import { acknowledgementIncidents } from '../domain/acknowledgement-incident.ts'
import type { Contradiction } from '../domain/learned.ts'
import { findInOrder } from '../domain/order-findings.ts'
import { checkFact, type FoldResult, foldOrder } from '../domain/order-fold.ts'
import type { Listing, OrderFact } from '../domain/orders.ts'
import { availableUnits } from '../domain/stock.ts'
import type { InboxEvent, StoredInboxEvent } from '../ports/store.ts'
import type { Change, Decision, Needs, View } from './change.ts'
import type { EngineContext } from './context.ts'

/** The inbox topic of a fact that the hub itself parks (from a poll): its payload is the OrderFact. */
export const factTopic = 'belay/order-fact'

export interface Carrier {
  readonly channel: ChannelId
  readonly dedupeKey: string
  /** It was parked before: what told of that is over when it is applied. */
  readonly wasParked?: boolean
}

/** An event of the inbox as a carrier. A parked one keeps its reason when it is tried again. */
export const carrierOf = ({ channel, dedupeKey, reason }: StoredInboxEvent): Carrier => ({ channel, dedupeKey, wasParked: reason !== null })

interface Folded {
  readonly parked: string | null
  readonly contradictions: readonly Contradiction[]
  readonly result: FoldResult | null
  readonly availableBySku: ReadonlyMap<string, number>
}

const parkedId = (carrier: Carrier): string => `event-parked/${carrier.channel}/${carrier.dedupeKey}`

const parkedIncident = (carrier: Carrier, reason: string, atMs: number): Incident => ({
  id: parkedId(carrier),
  kind: 'event-parked',
  channel: carrier.channel,
  sku: null,
  listing: null,
  units: 0,
  atMs,
  summary: `An event of ${carrier.channel} waits for a person: ${reason}`,
  evidence: { dedupeKey: carrier.dedupeKey },
})

/** The event's mark, and what people are told with it. */
const markOf = (
  carrier: Carrier,
  parked: string | null,
  atMs: number,
): Pick<Decision<unknown>, 'inbox' | 'incidents' | 'resolvedIncidents'> => ({
  inbox: [{ channel: carrier.channel, dedupeKey: carrier.dedupeKey, state: parked === null ? 'applied' : 'parked', reason: parked }],
  incidents: parked === null ? [] : [parkedIncident(carrier, parked, atMs)],
  resolvedIncidents: parked === null && carrier.wasParked === true ? [{ id: parkedId(carrier), atMs }] : [],
})

const reasonOf = (result: FoldResult): string | null =>
  result.unresolved.length === 0
    ? null
    : `${result.unresolved.map((u) => `line ${u.lineId}: ${u.reason}`).join('; ')}. Import the listing, then run: belay inbox --retry`

/** Which SKU a listing sells never changes; how many units it holds may, by an import of any process. The stock document says what counts. */
const asStored = (listing: Listing | null, view: View): Listing | null => {
  const state = listing && view.stock(listing)?.listings.find(({ id }) => id === listing.id)
  return state ? { ...listing, unitsPerListing: state.unitsPerListing } : listing
}

const changeFor = (
  context: EngineContext,
  fact: OrderFact,
  listings: ReadonlyMap<string, Listing>,
  carrier: Carrier | null,
  earlier: string | null,
  arrivedAtMs: number,
): Change<Folded> => {
  const listingFor = (line: OrderFact['lines'][number]): Listing | null => {
    for (const key of line.listingKeys) {
      const listing = listings.get(key)
      if (listing) return listing
    }
    return null
  }
  const orderKey: OrderKey = { channel: fact.channel, orderId: fact.orderId }
  const stock: StockKey[] = []
  for (const line of fact.lines) {
    const listing = listingFor(line)
    if (listing) stock.push({ sku: listing.sku, pool: listing.pool })
  }
  const decide = (view: View): Decision<Folded> | Needs => {
    const order = view.order(orderKey)
    const needs = (order?.lines ?? []).filter((l) => view.stock(l) === undefined).map((l) => ({ sku: l.sku, pool: l.pool }))
    if (needs.length > 0) return { needs }
    const result = foldOrder(fact, {
      order,
      stock: (key) => view.stock(key) ?? null,
      listingFor: (line) => asStored(listingFor(line), view),
      settingsFor: context.settingsFor,
      nowMs: view.nowMs,
    })
    const parked = [earlier, reasonOf(result)].filter((r) => r !== null).join('; ') || null
    const found = findInOrder({
      fact,
      known: order !== null,
      arrivedAtMs,
      nowMs: view.nowMs,
      settings: context.settingsFor(fact.channel),
      before: (key) => view.stock(key) ?? null,
      after: result.stock,
      incidents: result.incidents,
    })
    const mark = carrier ? markOf(carrier, parked, view.nowMs) : {}
    const answer = result.order ? acknowledgementIncidents(order, result.order, view.nowMs) : { incidents: [], resolved: [] }
    return {
      stock: found.stock,
      orders: result.order ? [result.order] : [],
      ledger: result.ledger,
      incidents: [...result.incidents, ...found.incidents, ...answer.incidents, ...(mark.incidents ?? [])],
      resolvedIncidents: [...answer.resolved, ...(mark.resolvedIncidents ?? [])],
      inbox: mark.inbox ?? [],
      value: {
        parked,
        result,
        contradictions: found.contradictions,
        availableBySku: new Map(found.stock.map((s) => [s.sku, availableUnits(s)])),
      },
    }
  }
  return { stock, orders: [orderKey], ledgerKeys: [], decide }
}

/** Marks an event without changing stock. */
const settleEvent = async (context: EngineContext, carrier: Carrier, parked: string | null): Promise<void> => {
  await context.committer.submit({
    stock: [],
    orders: [],
    ledgerKeys: [],
    decide: (view) => ({ ...markOf(carrier, parked, view.nowMs), value: undefined }),
  })
  if (parked !== null) context.emit({ kind: 'parked', channel: carrier.channel, reason: parked, atMs: context.clock.nowMs() })
}

export const parkEvent = (context: EngineContext, carrier: Carrier, reason: string): Promise<void> => settleEvent(context, carrier, reason)
export const passEvent = (context: EngineContext, carrier: Carrier): Promise<void> => settleEvent(context, carrier, null)

const announce = (context: EngineContext, fact: OrderFact, folded: Folded, arrivedAtMs: number): void => {
  const atMs = context.clock.nowMs()
  const { result } = folded
  if (!result) return
  for (const { key, units } of result.sold) {
    context.causes.arrived(key, arrivedAtMs)
    const availableUnitsNow = folded.availableBySku.get(key.sku) ?? 0
    context.metrics.count('belay_units_sold_total', { channel: fact.channel }, units)
    context.metrics.observe('belay_fold_seconds', { channel: fact.channel }, Math.max(0, atMs - arrivedAtMs) / 1000)
    context.emit({
      kind: 'sale',
      channel: fact.channel,
      orderId: fact.orderId,
      sku: key.sku,
      units,
      availableUnits: availableUnitsNow,
      arrivedAtMs,
      atMs,
    })
  }
  for (const { key, units } of result.cancelled) {
    context.causes.arrived(key, arrivedAtMs)
    context.metrics.count('belay_units_cancelled_total', { channel: fact.channel }, units)
    const availableUnitsNow = folded.availableBySku.get(key.sku) ?? 0
    context.emit({
      kind: 'cancel',
      channel: fact.channel,
      orderId: fact.orderId,
      sku: key.sku,
      units,
      availableUnits: availableUnitsNow,
      atMs,
    })
  }
}

/** A polled fact that cannot be placed becomes a parked event of the inbox, so that it is not lost. */
const parkFact = async (context: EngineContext, fact: OrderFact, reason: string): Promise<void> => {
  const event: InboxEvent = {
    channel: fact.channel,
    dedupeKey: `fact/${fact.orderId}/${fact.revisedAtMs}`,
    topic: factTopic,
    payload: JSON.stringify(fact),
    receivedAtMs: context.clock.nowMs(),
  }
  const [stored] = await context.store.appendInbox([event])
  if (stored === 'stored') await parkEvent(context, event, reason)
}

/**
 * Folds facts; resolves when all are durable. `carrier`: the inbox event that they came in, marked with the last of them.
 * Facts that cannot be placed are parked; nothing throws for them.
 */
export const foldFacts = async (
  context: EngineContext,
  facts: readonly OrderFact[],
  carrier: Carrier | null,
  arrivedAtMs: number,
): Promise<void> => {
  const [first] = facts
  if (!first) {
    if (carrier) await passEvent(context, carrier)
    return
  }
  const keys = facts.flatMap((f) => f.lines.flatMap((l) => l.listingKeys))
  const listings = await context.listings.find(first.channel, keys)
  /** Returns why the fact is parked, or null. */
  const fold = async (fact: OrderFact, mark: Carrier | null, earlier: string | null): Promise<string | null> => {
    try {
      checkFact(fact)
      const folded = await context.committer.submit(changeFor(context, fact, listings, mark, earlier, arrivedAtMs))
      for (const contradiction of folded.contradictions) await context.contradicted(fact.channel, contradiction)
      announce(context, fact, folded, arrivedAtMs)
      return folded.parked
    } catch (error) {
      if (!isBelayError(error, 'body-malformed')) throw error
      if (mark) await settleEvent(context, mark, explain(error))
      return explain(error)
    }
  }
  const report = async (fact: OrderFact, reason: string | null): Promise<void> => {
    if (reason === null) return
    if (carrier) context.emit({ kind: 'parked', channel: fact.channel, reason, atMs: context.clock.nowMs() })
    else await parkFact(context, fact, reason)
  }
  // The event is marked with its last fact, so the others must be durable before it.
  const others = facts.slice(0, -1)
  const reasons = await Promise.all(others.map((fact) => fold(fact, null, null)))
  for (const [index, fact] of others.entries()) await report(fact, reasons[index] ?? null)
  const last = facts.at(-1) ?? first
  const earlier = reasons.filter((r) => r !== null).join('; ') || null
  await report(last, await fold(last, carrier, earlier))
}

export const explain = (error: unknown): string => {
  if (error instanceof BelayError) return error.fix ? `${error.message}. ${error.fix}` : error.message
  return error instanceof Error ? error.message : 'unknown error'
}
