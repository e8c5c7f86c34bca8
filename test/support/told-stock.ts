// Stock documents made by hand for tests of what people are told about them, and arbitrary ones for properties.
import * as fc from 'fast-check'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { KnownSettings } from '../../src/domain/protection.ts'
import type { ChannelConstants, ChannelSettings } from '../../src/domain/settings.ts'
import { emptyStock, type Fence, type ListingState, type Push, type Stock } from '../../src/domain/stock.ts'

/** Cyber Monday 2026, nine in the morning, UTC. */
export const nineMs = Date.UTC(2026, 10, 30, 9)
export const minuteMs = 60_000

export const constants: ChannelConstants = {
  orderVisibilityMs: 5 * minuteMs,
  clockSkewMs: 10_000,
  checkoutHoldMs: 15 * minuteMs,
  requestLifetimeMs: 2 * minuteMs,
  readStalenessMs: 30_000,
}

export const settingsOf = (channel: string, over: Partial<ChannelSettings> = {}): ChannelSettings => ({
  channel: channel as ChannelId,
  mode: 'enforce',
  constants,
  keyedRetry: true,
  keyRetentionMs: 24 * 60 * minuteMs,
  selfDecrement: 'documented',
  ...over,
})

/** Every channel is configured alike, but for those named. */
export const knownSettings =
  (over: Readonly<Record<string, Partial<ChannelSettings> | null>> = {}): KnownSettings =>
  (channel) => {
    const special = over[channel]
    return special === null ? null : settingsOf(channel, special)
  }

export const listingWith = (channel: string, over: Partial<ListingState> = {}): ListingState => ({
  id: `${channel}/mug` as ListingId,
  channel: channel as ChannelId,
  externalId: 'mug',
  unitsPerListing: 1,
  writeClass: 'compare-and-set',
  status: 'active',
  rule: { mode: 'weight', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
  base: 0,
  pushes: [],
  fences: [],
  fencedThroughMs: nineMs - 60 * minuteMs,
  believedQuantity: 0,
  believedAtMs: nineMs - 10 * minuteMs,
  sequence: 1,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
  ...over,
})

export const pushWith = (over: Partial<Push> = {}): Push => ({
  id: 'shop/mug#1',
  kind: 'compare-and-set',
  quantity: 5,
  fromQuantity: 3,
  charge: 2,
  issuedAtMs: nineMs - minuteMs,
  attempts: 1,
  lastSendMs: nineMs - minuteMs,
  status: 'prepared',
  submissionId: null,
  ...over,
})

export const fenceWith = (over: Partial<Fence> = {}): Fence => ({
  quantity: 5,
  fromMs: nineMs - 2 * minuteMs,
  throughMs: nineMs - minuteMs,
  sold: 0,
  restocked: 0,
  later: 0,
  ...over,
})

export const stockWith = (onHandUnits: number, listings: readonly ListingState[], over: Partial<Stock> = {}): Stock => ({
  ...emptyStock('MUG' as Sku, 'main' as PoolId),
  version: 7,
  title: 'Red mug',
  onHandUnits: { ['berlin' as LocationId]: onHandUnits },
  listings,
  changedAtMs: nineMs,
  ...over,
})

const small = fc.integer({ min: 0, max: 30 })
const aTime = fc.integer({ min: nineMs - 120 * minuteMs, max: nineMs })

const anyPush = fc
  .record({
    kind: fc.constantFrom('set', 'compare-and-set', 'read'),
    quantity: small,
    fromQuantity: fc.option(small),
    issuedAtMs: aTime,
    attempts: fc.integer({ min: 1, max: 3 }),
    status: fc.constantFrom('prepared', 'accepted', 'seen', 'unknown'),
  })
  .map((p): Push => {
    const charge = p.kind === 'read' ? 0 : p.kind === 'set' ? p.quantity : Math.max(0, p.quantity - (p.fromQuantity ?? 0))
    return pushWith({ ...p, charge, lastSendMs: p.issuedAtMs, submissionId: p.status === 'accepted' ? 's' : null })
  })

const anyFence: fc.Arbitrary<Fence> = fc
  .record({ quantity: small, fromMs: aTime, lastsMs: fc.integer({ min: 0, max: minuteMs }), sold: small, restocked: small, later: small })
  .map(({ lastsMs, ...fence }) => ({ ...fence, throughMs: fence.fromMs + lastsMs }))

const anyRule = fc
  .record({
    mode: fc.constantFrom('velocity', 'weight', 'fixed', 'percent'),
    value: fc.integer({ min: 0, max: 100 }),
    capUnits: fc.option(small),
    hideBelowUnits: fc.integer({ min: 0, max: 5 }),
    priority: fc.integer({ min: 0, max: 2 }),
    special: fc.constantFrom({}, {}, {}, {}, { bufferUnits: 3 }, { sharing: 'pooled' as const }),
  })
  .map(({ special, ...rule }) => ({ ...rule, ...special }))

const anyListing = (index: number): fc.Arbitrary<ListingState> =>
  fc
    .record({
      channel: fc.constantFrom('shop', 'market', 'vendor'),
      unitsPerListing: fc.constantFrom(1, 1, 1, 2, 6),
      sold: fc.constantFrom(
        {},
        {},
        { rate: { milliUnitsPerDay: 900, atMs: nineMs } },
        { rate: { milliUnitsPerDay: 120, atMs: nineMs - 60_000 } },
      ),
      writeClass: fc.constantFrom('compare-and-set', 'absolute-set-with-read', 'absolute-set', 'ask-first'),
      status: fc.constantFrom('adopting', 'active', 'active', 'active', 'unprotected'),
      disconnectedAtMs: fc.option(fc.constant(1), { nil: undefined, freq: 6 }),
      rule: anyRule,
      base: fc.integer({ min: -5, max: 30 }),
      pushes: fc.array(anyPush, { maxLength: 8 }),
      fences: fc.array(anyFence, { maxLength: 4 }),
      fencedThroughMs: fc.oneof(fc.constant(0), aTime),
      believedQuantity: fc.option(small),
      believedAtMs: fc.oneof(fc.constant(0), aTime),
      nextPushAtMs: fc.oneof(fc.constant(0), fc.integer({ min: nineMs - minuteMs, max: nineMs + 60 * minuteMs })),
      lateOrders: fc.integer({ min: 0, max: 2 }),
      blockedReason: fc.option(fc.constant('the item is archived'), { freq: 4 }),
    })
    .map(({ sold, ...parts }): ListingState => {
      const id = `${parts.channel}/mug-${index}` as ListingId
      const numbered = parts.pushes.map((push, i) => ({ ...push, id: `${id}#${i + 1}` }))
      const channel = parts.channel as ChannelId
      return listingWith(channel, { ...parts, ...sold, channel, id, externalId: `mug-${index}`, pushes: numbered })
    })

/** Documents of every kind, also such as the hub never makes. */
export const anyStock: fc.Arbitrary<Stock> = fc
  .record({
    berlin: small,
    paris: fc.integer({ min: -3, max: 20 }),
    reservedUnits: small,
    bufferUnits: fc.integer({ min: 0, max: 10 }),
    sharing: fc.constantFrom('strict', 'strict', 'strict', 'pooled'),
    kept: fc.constantFrom({}, {}, { reserve: { units: 3 } }, { reserve: { percent: 20 } }),
    listings: fc.integer({ min: 0, max: 5 }).chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => anyListing(i)))),
  })
  .map(({ berlin, paris, listings, kept, ...rest }) =>
    stockWith(0, listings, {
      ...rest,
      ...kept,
      onHandUnits: { ['berlin' as LocationId]: berlin, ['paris' as LocationId]: paris },
    }),
  )

export const anySettings: fc.Arbitrary<KnownSettings> = fc
  .record({
    shop: fc.constantFrom({}, {}, { mode: 'observe' } as const, { mode: 'paused' } as const, null),
    market: fc.constantFrom({}, {}, { mode: 'observe' } as const, { keyedRetry: false }),
    vendor: fc.constantFrom({}, { selfDecrement: 'unproven' } as const, { selfDecrement: 'attested' } as const),
  })
  .map((over) => knownSettings(over))
