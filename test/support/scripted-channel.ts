// A channel that does what a test writes down: what each offer shows, which are unusable or refused, which orders there are. It sells nothing
// by itself and knows no platform.
import { BelayError } from '../../src/domain/errors.ts'
import type { ChannelId } from '../../src/domain/ids.ts'
import type { OrderFact } from '../../src/domain/orders.ts'
import type { WriteClass } from '../../src/domain/stock.ts'
import type {
  AcknowledgeOutcome,
  ChannelAdapter,
  ChannelCapabilities,
  Interpretation,
  PushOutcome,
  SettleOutcome,
} from '../../src/ports/channel.ts'
import { maxSweepRows, type SweptRow } from '../../src/ports/sweep.ts'

export interface Script {
  readonly shown: Map<string, number>
  readonly unusable: Map<string, string>
  readonly refused: Map<string, string>
  readonly orders: OrderFact[]
  pollFails: BelayError | null
  undecidedSinceMs: number | null
  acknowledgement: AcknowledgeOutcome
  settlement: SettleOutcome
  /** What an inbound event means. */
  meaning: Interpretation
  /** Quantities written, in order. */
  readonly writes: number[]
}

export const createScript = (): Script => ({
  shown: new Map(),
  unusable: new Map(),
  refused: new Map(),
  orders: [],
  pollFails: null,
  undecidedSinceMs: null,
  acknowledgement: { kind: 'accepted', transactionId: 't' },
  settlement: { kind: 'applied' },
  meaning: { kind: 'ignore', reason: 'nothing' },
  writes: [],
})

/** Read at no time that is told: a script has no clock. */
const sweptRow = (externalId: string, quantity: number | undefined): SweptRow => ({
  source: 'amazon-listings-item',
  key: externalId,
  row: { sku: externalId },
  observed: {
    externalId,
    keys: [externalId],
    sku: externalId,
    quantity: quantity ?? null,
    state: quantity === undefined ? 'gone' : 'live',
    fulfilment: 'MFN',
    tracked: true,
    sellsBelowZero: false,
    offersWithSku: 1,
    unitsPerListing: null,
    elsewhere: [],
  },
  readFromMs: 0,
  readThroughMs: 0,
})

export const scriptedChannel = (
  channel: string,
  writeClass: WriteClass,
  script: Script,
  capabilities: Partial<ChannelCapabilities> = {},
): ChannelAdapter => {
  const always = { items: 100, retryAtMs: 0 }
  const write = (externalId: string, quantity: number, fromQuantity: number | null): PushOutcome => {
    const refused = script.refused.get(externalId)
    if (refused !== undefined) return { kind: 'rejected', code: 'channel-rejected', message: refused, fix: 'Mend it.' }
    const shown = script.shown.get(externalId) ?? 0
    if (writeClass === 'compare-and-set' && fromQuantity !== shown) return { kind: 'stale', quantity: shown }
    script.shown.set(externalId, quantity)
    script.writes.push(quantity)
    return writeClass === 'compare-and-set' ? { kind: 'applied', quantity } : { kind: 'accepted', submissionId: `s${script.writes.length}` }
  }
  return {
    channel: channel as ChannelId,
    platform: 'scripted',
    capabilities: {
      maxPushItems: 10,
      maxReadItems: 10,
      readable: writeClass !== 'absolute-set',
      settles: writeClass === 'absolute-set',
      keyRetentionMs: 0,
      selfDecrement: 'documented',
      streams: ['orders'],
      pollEveryMs: { orders: 60_000 },
      acknowledges: true,
      ...capabilities,
    },
    parseListing: (externalId) => ({ externalId, keys: [externalId], fulfilment: 'MFN', writeClass }),
    capacity: () => always,
    push: (items) => Promise.resolve(items.map((item) => write(item.externalId, item.quantity, item.fromQuantity))),
    read: (ids) =>
      Promise.resolve(
        ids.map((id) => {
          const reason = script.unusable.get(id)
          return reason === undefined ? { kind: 'quantity', quantity: script.shown.get(id) ?? 0 } : { kind: 'unusable', reason }
        }),
      ),
    settle: (ids) => Promise.resolve(ids.map(() => script.settlement)),
    sweep: async ({ scope, onRows }) => {
      const ids = scope.kind === 'offers' ? scope.externalIds : [...script.shown.keys()]
      const rows = ids.map((externalId) => sweptRow(externalId, script.shown.get(externalId)))
      for (let at = 0; at < rows.length; at += maxSweepRows) await onRows({ rows: rows.slice(at, at + maxSweepRows), resume: '' })
      return { complete: true, calls: 1 }
    },
    pollOrders: async ({ sinceMs, nowMs, onPage }) => {
      if (script.pollFails) throw script.pollFails
      await onPage(script.orders.filter((order) => order.revisedAtMs >= sinceMs))
      return { throughMs: nowMs, undecidedSinceMs: script.undecidedSinceMs }
    },
    fetchOrders: (ids) => Promise.resolve(script.orders.filter((order) => ids.includes(order.orderId))),
    interpret: () => script.meaning,
    webhook: null,
    queue: null,
    subscribe: () => Promise.resolve(),
    acknowledge: (orders) => Promise.resolve(orders.map(() => script.acknowledgement)),
    settleAcknowledgements: (ids) => Promise.resolve(ids.map(() => script.settlement)),
    async *discover() {},
    check: () => Promise.resolve([]),
  }
}

/** An order of one line, seen as the platform tells it. */
export const orderFact = (
  channel: string,
  orderId: string,
  listingKey: string,
  quantity: number,
  createdAtMs: number,
  over: Partial<OrderFact> = {},
): OrderFact => ({
  channel: channel as ChannelId,
  orderId,
  createdAtMs,
  revisedAtMs: createdAtMs,
  demand: 'fact',
  merge: 'maximum',
  acknowledgeByMs: null,
  lines: [
    {
      lineId: '1',
      listingKeys: [listingKey],
      orderedQuantity: quantity,
      cancelledQuantity: 0,
      shippedQuantity: 0,
      cancelledAtMs: null,
      cancelMayRestock: true,
      amountMinor: null,
      currency: null,
    },
  ],
  echo: null,
  ...over,
})
