// The cost of folding an order and planning what follows must not grow with the catalogue: the same trade (orders of 1,000 SKUs, three
// listings each) on a store of 1,000 SKUs and on one of 1,000,000, in turn, several rounds; the ratio is the median of the rounds' ratios.
// Beside it the same with orders spread over the whole catalogue, where the disk's cache, not the hub, meets every SKU for the first time.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ChannelId, type ListingId, listingIdOf, type LocationId, type PoolId, type Sku } from '../src/domain/ids.ts'
import { foldOrder } from '../src/domain/order-fold.ts'
import type { Listing, OrderFact } from '../src/domain/orders.ts'
import type { ChannelSettings } from '../src/domain/settings.ts'
import { emptyStock, type ListingState, type Stock } from '../src/domain/stock.ts'
import { createCommitter } from '../src/engine/committer.ts'
import { systemClock } from '../src/engine/system-clock.ts'
import { workMarks } from '../src/domain/plan.ts'
import type { Store } from '../src/ports/store.ts'
import { openStore } from '../src/store/index.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { median, residentMebibytes } from './figures.ts'

const pool = 'main' as PoolId
const channels = ['shopify', 'amazon', 'vendor'].map((id) => id as ChannelId)
const skuOf = (n: number): Sku => `SKU-${String(n).padStart(7, '0')}` as Sku
const workingSet = 1_000
const batch = 64
const eventsPerRound = 6_400

const settingsFor = (channel: ChannelId): ChannelSettings => ({
  channel,
  mode: 'enforce',
  constants: {
    orderVisibilityMs: 300_000,
    clockSkewMs: 10_000,
    checkoutHoldMs: 60_000,
    requestLifetimeMs: 120_000,
    readStalenessMs: 30_000,
  },
  keyedRetry: true,
  keyRetentionMs: 600_000,
  selfDecrement: 'documented',
})

/** Each channel shows its share: 30 of 100. */
const listingOf = (sku: Sku, channel: ChannelId): ListingState => ({
  id: listingIdOf(channel, sku),
  channel,
  externalId: sku,
  unitsPerListing: 1,
  writeClass: channel === 'shopify' ? 'compare-and-set' : 'absolute-set-with-read',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  base: 30_000,
  pushes: [],
  fences: [],
  fencedThroughMs: 0,
  believedQuantity: 30_000,
  believedAtMs: 1,
  sequence: 0,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
})

const stockOf = (sku: Sku): Stock => ({
  ...emptyStock(sku, pool),
  version: 1,
  onHandUnits: { ['berlin' as LocationId]: 100_000 },
  listings: channels.map((channel) => listingOf(sku, channel)),
})

const fill = async (store: Store, skus: number): Promise<void> => {
  const nowMs = systemClock.nowMs()
  for (let i = 0; i < skus; i += 2_000) {
    const stock = Array.from({ length: Math.min(2_000, skus - i) }, (_, j) => stockOf(skuOf(i + j)))
    const result = await store.commit({ stock: stock.map((next) => ({ next, work: workMarks(next, settingsFor, nowMs) })) })
    if (!result.ok) throw new Error('the bench store is not empty')
  }
}

interface Shop {
  readonly skus: number
  readonly store: Store
  /** Folds orders of random SKUs among the first `among`; microseconds for each. */
  trade(among: number): Promise<number>
}

const openShop = async (folder: string, skus: number): Promise<Shop> => {
  const store = await openStore(`sqlite:${join(folder, `plan-${skus}.db`)}`)
  await store.migrate()
  await fill(store, skus)
  const committer = createCommitter({ store, clock: systemClock, settingsFor })
  const random = seededRandom(3)
  let orders = 0
  const factOf = (sku: Sku, channel: ChannelId): OrderFact => ({
    channel,
    orderId: `O-${orders++}`,
    createdAtMs: systemClock.nowMs(),
    revisedAtMs: systemClock.nowMs(),
    demand: 'fact',
    merge: 'maximum',
    acknowledgeByMs: null,
    lines: [
      {
        lineId: '1',
        listingKeys: [sku],
        orderedQuantity: 1,
        cancelledQuantity: 0,
        shippedQuantity: 0,
        cancelledAtMs: null,
        cancelMayRestock: true,
        amountMinor: 990,
        currency: 'EUR',
      },
    ],
    echo: null,
  })
  const fold = (sku: Sku, channel: ChannelId): Promise<unknown> => {
    const fact = factOf(sku, channel)
    const id: ListingId = listingIdOf(channel, sku)
    const listing: Listing = { id, channel, externalId: sku, keys: [sku], sku, pool, unitsPerListing: 1, fulfilment: 'MFN' }
    const key = { channel, orderId: fact.orderId }
    return committer.submit({
      stock: [{ sku, pool }],
      orders: [key],
      ledgerKeys: [],
      decide: (view) => {
        const result = foldOrder(fact, {
          order: view.order(key),
          stock: (k) => view.stock(k) ?? null,
          listingFor: () => listing,
          settingsFor,
          nowMs: view.nowMs,
        })
        return { stock: result.stock, orders: result.order ? [result.order] : [], ledger: result.ledger, value: null }
      },
    })
  }
  return {
    skus,
    store,
    trade: async (among) => {
      const startedMs = performance.now()
      for (let i = 0; i < eventsPerRound; i += batch) {
        await Promise.all(
          Array.from({ length: batch }, (_, j) =>
            fold(skuOf(Math.floor(random.next() * among)), channels[(i + j) % channels.length] ?? ('shopify' as ChannelId)),
          ),
        )
      }
      return ((performance.now() - startedMs) * 1000) / eventsPerRound
    },
  }
}

export const run = async (args: readonly string[]): Promise<void> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      skus: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '7' },
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-plan-'))
  try {
    const small = await openShop(folder, workingSet)
    const large = await openShop(folder, Number(values.skus))
    const restMiB = residentMebibytes()
    await small.trade(workingSet)
    await large.trade(workingSet)
    const rounds: { small: number; large: number; spread: number }[] = []
    for (let round = 0; round < Number(values.rounds); round++)
      rounds.push({ small: await small.trade(workingSet), large: await large.trade(workingSet), spread: await large.trade(large.skus) })
    const result = {
      skus: [small.skus, large.skus],
      microsecondsPerEvent: [median(rounds.map((r) => r.small)), median(rounds.map((r) => r.large))].map((n) => Number(n.toFixed(1))),
      ratio: Number(median(rounds.map((r) => r.large / r.small)).toFixed(3)),
      ratioSpreadOverAll: Number(median(rounds.map((r) => r.spread / r.small)).toFixed(3)),
      restMiB,
      rssMiB: residentMebibytes(),
    }
    console.table([result])
    if (values.json) console.log(JSON.stringify(result))
    await small.store.close()
    await large.store.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
