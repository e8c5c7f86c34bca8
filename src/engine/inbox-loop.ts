// The inbox of one channel: stored events in order of arrival become facts and are folded. An event leaves `pending` only in the commit
// of what it changed, so a crash at any step means that it is folded again, and folding twice changes nothing.
import { isBelayError } from '../domain/errors.ts'
import type { OrderFact } from '../domain/orders.ts'
import type { ChannelAdapter, Interpretation } from '../ports/channel.ts'
import type { StoredInboxEvent } from '../ports/store.ts'
import type { EngineContext } from './context.ts'
import { carrierOf, explain, factTopic, foldFacts, parkEvent, passEvent } from './fold.ts'
import { doubtChange } from './push-changes.ts'
import { backoffMs } from './push-record.ts'
import { createIdle, type Wake } from './wake.ts'

const maxTake = 500

const interpret = (adapter: ChannelAdapter, event: StoredInboxEvent): Interpretation => {
  if (event.topic !== factTopic) return adapter.interpret(event)
  // Written by the hub itself from an OrderFact (fold.ts).
  return { kind: 'orders', facts: [JSON.parse(event.payload) as OrderFact] }
}

/**
 * Notices name goods by fewer ids than the order itself (Shopify's webhooks know the variant only). An order with a line that no listing is
 * known for is read once before it is parked; what cannot be read stays as it was told.
 */
const withKnownListings = async (
  context: EngineContext,
  adapter: ChannelAdapter,
  facts: readonly OrderFact[],
  signal: AbortSignal,
): Promise<readonly OrderFact[]> => {
  const known = await context.listings.find(
    adapter.channel,
    facts.flatMap((f) => f.lines.flatMap((l) => l.listingKeys)),
  )
  const unknown = facts.filter((f) => f.lines.some((l) => !l.listingKeys.some((key) => known.has(key))))
  if (unknown.length === 0) return facts
  const read = await adapter.fetchOrders(
    unknown.map((f) => f.orderId),
    signal,
  )
  return facts.map((fact) => read.find((each) => each.orderId === fact.orderId) ?? fact)
}

const apply = async (context: EngineContext, adapter: ChannelAdapter, event: StoredInboxEvent, signal: AbortSignal): Promise<void> => {
  const meaning = interpret(adapter, event)
  const carrier = carrierOf(event)
  switch (meaning.kind) {
    case 'orders':
      return foldFacts(context, await withKnownListings(context, adapter, meaning.facts, signal), carrier, event.receivedAtMs)
    case 'refetch':
      return foldFacts(context, await adapter.fetchOrders(meaning.orderIds, signal), carrier, event.receivedAtMs)
    case 'malformed':
      return parkEvent(context, carrier, meaning.reason)
    case 'quantity': {
      const listing = (await context.listings.find(adapter.channel, [meaning.listingKey])).get(meaning.listingKey)
      if (listing) await context.committer.submit(doubtChange(listing, listing.id, meaning.quantity))
      return passEvent(context, carrier)
    }
    case 'ignore':
      return passEvent(context, carrier)
  }
}

export const runInboxLoop = async (context: EngineContext, adapter: ChannelAdapter, wake: Wake, signal: AbortSignal): Promise<void> => {
  const { store, clock } = context
  /** Events that could not be applied yet (the platform did not answer), with the time to try again. Bounded by maxTake. */
  const deferred = new Map<string, { atMs: number; failures: number }>()
  const handle = async (event: StoredInboxEvent): Promise<boolean> => {
    const waiting = deferred.get(event.dedupeKey)
    if (waiting && waiting.atMs > clock.nowMs()) return false
    try {
      await apply(context, adapter, event, signal)
      deferred.delete(event.dedupeKey)
    } catch (error) {
      if (signal.aborted) return false
      if (isBelayError(error) && error.kind === 'permanent') {
        await parkEvent(context, carrierOf(event), explain(error))
        return true
      }
      const failures = (waiting?.failures ?? 0) + 1
      const atMs = (isBelayError(error) ? error.retryAtMs : undefined) ?? clock.nowMs() + backoffMs(failures, context.random)
      deferred.set(event.dedupeKey, { atMs, failures })
      context.retried(adapter.channel)
      context.log.warn({ channel: adapter.channel, topic: event.topic, failures, error: explain(error) }, 'event waits')
    }
    return true
  }
  let afterSequence: number | undefined
  const idle = createIdle()
  while (!signal.aborted) {
    const events = await store.readInbox({
      channel: adapter.channel,
      state: 'pending',
      limit: maxTake,
      ...(afterSequence === undefined ? {} : { afterSequence }),
    })
    await Promise.all(events.map(handle))
    // Deferred events stay pending in front; the rest is read past them, and from the start again once the end is reached.
    afterSequence = events.length === maxTake ? events.at(-1)?.sequence : undefined
    if (events.some((e) => !deferred.has(e.dedupeKey))) continue
    // An event that waits for its next try is not told by a ring.
    if (afterSequence === undefined) idle.waited((await wake.wait(idle.ms(), signal)) || deferred.size > 0)
  }
}
