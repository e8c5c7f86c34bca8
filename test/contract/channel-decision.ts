// An order with the hub's decision, as the adapters get it for an answer: what the fold makes of a fact, without the fold.
import type { Order, OrderFact } from '../../src/domain/orders.ts'
import type { ListingId, PoolId, Sku } from '../../src/domain/ids.ts'

/** `accepted`: how much of each line we take; default: all of it. */
export const decidedOrder = (fact: OrderFact, accepted: (ordered: number, at: number) => number = (ordered) => ordered): Order => ({
  channel: fact.channel,
  orderId: fact.orderId,
  version: 1,
  createdAtMs: fact.createdAtMs,
  revisedAtMs: fact.revisedAtMs,
  demand: fact.demand,
  merge: fact.merge,
  echo: fact.echo,
  firstSeenAtMs: fact.createdAtMs,
  acknowledgement: {
    state: 'due',
    dueAtMs: fact.createdAtMs,
    byMs: fact.acknowledgeByMs ?? 0,
    attempts: 0,
    transactionId: null,
    lastError: null,
  },
  lines: fact.lines.map((line, at) => ({
    ...line,
    listing: `${fact.channel}/${line.listingKeys[0] ?? ''}` as ListingId,
    sku: 'SKU' as Sku,
    pool: 'main' as PoolId,
    unitsPerListing: 1,
    createdAtMs: fact.createdAtMs,
    acceptedQuantity: accepted(line.orderedQuantity, at),
    location: null,
  })),
})
