// The first step: the collections of stock, orders, the ledger and what goes with them. The validators hold what the sums of the protocol
// rest on; the domain's own types hold the rest. No list of allowed words: a newer program may write another before an older one has gone.
import { inboxCounter } from './codec.ts'
import { type SchemaStep, shape } from './collection-plan.ts'

const { text, textOrNull, number, numberOrNull, atLeast, oneOf, listOf, object } = shape

const trace = listOf(object({ atMs: number, quantity: number }))

/** The protocol state of a listing: the terms of its exposure, and what its open requests may still do. */
const listingState = object(
  {
    id: text,
    channel: text,
    externalId: text,
    unitsPerListing: atLeast(1),
    writeClass: text,
    status: text,
    rule: object({
      mode: text,
      value: number,
      capUnits: numberOrNull,
      hideBelowUnits: number,
      priority: number,
    }),
    base: number,
    pushes: listOf(
      object(
        {
          id: text,
          kind: text,
          quantity: number,
          fromQuantity: numberOrNull,
          charge: atLeast(0),
          issuedAtMs: number,
          attempts: atLeast(0),
          lastSendMs: number,
          status: text,
          submissionId: textOrNull,
        },
        { ceilingQuantity: number },
      ),
    ),
    fences: listOf(
      object({ quantity: number, fromMs: number, throughMs: number, sold: atLeast(0), restocked: atLeast(0), later: atLeast(0) }),
    ),
    fencedThroughMs: number,
    believedQuantity: numberOrNull,
    believedAtMs: number,
    sequence: atLeast(0),
    nextPushAtMs: number,
    applied: trace,
    cancels: trace,
    lateOrders: atLeast(0),
    blockedReason: textOrNull,
  },
  { lowered: trace, sales: trace },
)

const stock = object({
  _id: text,
  sku: text,
  pool: text,
  version: atLeast(1),
  onHandUnits: listOf(object({ location: text, units: number })),
  reservedUnits: number,
  bufferUnits: atLeast(0),
  sharing: text,
  listings: listOf(listingState),
  work: listOf(object({ channel: text, kind: text, priority: oneOf(0, 1), dueAtMs: number })),
  changedAtMs: number,
})

/** Money: an amount is whole minor units and has a currency, or neither is told. */
const orderLine = object({
  lineId: text,
  listing: text,
  sku: text,
  pool: text,
  unitsPerListing: atLeast(1),
  orderedQuantity: atLeast(0),
  cancelledQuantity: atLeast(0),
  shippedQuantity: atLeast(0),
  amountMinor: numberOrNull,
  currency: textOrNull,
  acceptedQuantity: numberOrNull,
})

const order = object({
  _id: text,
  channel: text,
  orderId: text,
  version: atLeast(1),
  createdAtMs: number,
  firstSeenAtMs: number,
  demand: text,
  merge: text,
  lines: listOf(orderLine),
})

const ledgerEntry = object({
  _id: text,
  sku: text,
  pool: text,
  from: text,
  to: text,
  units: atLeast(1),
  reason: text,
  reference: text,
  atMs: number,
  version: atLeast(1),
})

/** What a line sells and which SKU it takes from decide every sum that follows from it. */
const listing = object({
  _id: text,
  channel: text,
  externalId: text,
  keys: listOf(text),
  sku: text,
  pool: text,
  unitsPerListing: atLeast(1),
  fulfilment: text,
})

/** A backstop for events that no sweep has deleted: well after any platform has stopped delivering the same event again. */
const inboxLifetimeSeconds = 90 * 24 * 60 * 60

const open = { partialFilterExpression: { open: true } }

/** `stock` has one index besides its key: every write of a document pays for each of them. */
export const stockAndOrders: SchemaStep = {
  title: 'stock, orders, ledger, inbox, listings, cursors, incidents, leases and settings',
  collections: [
    {
      name: 'stock',
      validator: { $jsonSchema: stock },
      indexes: [
        {
          name: 'work',
          key: { 'work.channel': 1, 'work.kind': 1, 'work.priority': 1, 'work.dueAtMs': 1 },
          serves: ['dueWork', 'nextWorkAtMs', 'countWork'],
        },
      ],
    },
    {
      name: 'orders',
      validator: { $jsonSchema: order },
      indexes: [
        { name: 'byChannel', key: { channel: 1, firstSeenAtMs: -1, _id: -1 }, serves: ['listOrders'] },
        { name: 'byTime', key: { firstSeenAtMs: -1, _id: -1 }, serves: ['listOrders'] },
        {
          name: 'toAcknowledge',
          key: { channel: 1, 'acknowledgement.state': 1, 'acknowledgement.dueAtMs': 1, _id: 1 },
          serves: ['dueAcknowledgements'],
          options: { partialFilterExpression: { 'acknowledgement.dueAtMs': { $exists: true } } },
        },
      ],
    },
    {
      name: 'ledger',
      validator: { $jsonSchema: ledgerEntry },
      indexes: [
        {
          name: 'bySku',
          key: { sku: 1, atMs: -1, version: -1, _id: -1 },
          serves: ['listLedger', 'ledgerLevels', 'readStockRows', 'readMovements'],
        },
        { name: 'byTime', key: { atMs: -1, version: -1, _id: -1 }, serves: ['listLedger', 'makeSkuDay', 'firstLedgerAtMs'] },
      ],
    },
    {
      name: 'inbox',
      indexes: [
        { name: 'open', key: { state: 1, sequence: 1 }, serves: ['readInbox', 'counts'], options: open },
        { name: 'openByChannel', key: { state: 1, channel: 1, sequence: 1 }, serves: ['readInbox'], options: open },
        {
          name: 'expiry',
          key: { receivedAt: 1 },
          serves: ['expireInbox'],
          options: { expireAfterSeconds: inboxLifetimeSeconds, partialFilterExpression: { state: 'applied' } },
        },
      ],
    },
    {
      name: 'listings',
      validator: { $jsonSchema: listing },
      indexes: [
        { name: 'keys', key: { channel: 1, keys: 1 }, serves: ['findListings', 'commit', 'refreshInventory'], options: { unique: true } },
        { name: 'byChannel', key: { channel: 1, _id: 1 }, serves: ['listListings', 'listUnsighted'] },
      ],
    },
    { name: 'cursors' },
    {
      name: 'incidents',
      indexes: [
        { name: 'bySku', key: { sku: 1, atMs: -1, _id: -1 }, serves: ['listIncidents'] },
        { name: 'byTime', key: { atMs: -1, _id: -1 }, serves: ['listIncidents', 'summariseIncidents'] },
      ],
    },
    { name: 'leases' },
    { name: 'settings' },
    { name: 'counters' },
  ],
  run: async ({ collections }) => {
    await collections.counters.updateOne({ _id: inboxCounter }, { $setOnInsert: { value: 0 } }, { upsert: true })
  },
}
