// The teeth of the simulator: one rule of the protocol taken away at a time, outside the product (what the hub is told, or what it decided, is
// changed on the way). Each must be caught: a simulator that stays silent proves nothing. `seed` is a world that caught it once, tried first.
import { guaranteedExposureUnits, openCharge } from '../../src/domain/exposure.ts'
import { completeFences, fenceDueMs } from '../../src/domain/fence.ts'
import type { Incident } from '../../src/domain/incidents.ts'
import type { OrderFact } from '../../src/domain/orders.ts'
import type { PushResult } from '../../src/domain/push.ts'
import type { ChannelConstants, ChannelSettings } from '../../src/domain/settings.ts'
import { type Fence, type ListingState, type Push, sellableUnits, type Stock } from '../../src/domain/stock.ts'
import type { WriteRequest } from './marketplace.ts'
import { asDelta, type Scenario } from './scenario.ts'

export type Cause = 'issue' | 'record' | 'upkeep' | 'fold' | 'move' | 'say'

export interface Teeth {
  /** What the hub is told of a channel. */
  readonly settings?: (honest: ChannelSettings) => ChannelSettings
  readonly result?: (result: PushResult, push: Push) => PushResult
  readonly fact?: (fact: OrderFact) => OrderFact
  readonly key?: (push: Push) => string
  /** What goes over the wire instead. */
  readonly request?: (request: WriteRequest, push: Push) => WriteRequest
  /** Never leaves the process. */
  readonly withholds?: (push: Push) => boolean
  /** An answer that is missing: the request is made once more, under another key. */
  readonly asksTwice?: (push: Push) => boolean
  /** A request leaves before its charge is durable: a crash between the two forgets it. */
  readonly sendsFirst?: boolean
  /** Moves the watermark although the poll failed. */
  readonly failedPoll?: (advance: () => void) => void
  readonly watermarkFirst?: boolean
  /** A process that stood still sends what it had issued, however old. */
  readonly sendsLate?: boolean
  /** What a decision looks at. */
  readonly seen?: (cause: Cause, stock: Stock) => Stock
  /** What is stored instead of what was decided. */
  readonly after?: (cause: Cause, before: Stock, after: Stock, nowMs: number, settingsFor: (channel: string) => ChannelSettings) => Stock
  readonly incidents?: (incidents: readonly Incident[]) => readonly Incident[]
}

export const noTeeth: Teeth = {}

export interface Rule {
  readonly name: string
  readonly seed: number
  readonly make: () => Teeth
  /** What breaks without it, where that is not safety: P7, all must come to agree. */
  readonly liveness?: true
  /** A world in which the rule matters more often; the rule in force must hold in it. */
  readonly world?: (scenario: Scenario) => Scenario
}

const constants = (change: Partial<ChannelConstants>): Teeth => ({
  settings: (honest) => ({ ...honest, constants: { ...honest.constants, ...change } }),
})

type ListingChange = (after: ListingState, before: ListingState | undefined, nowMs: number, settings: ChannelSettings) => ListingState

const listings = (causes: readonly Cause[], change: ListingChange): Teeth => ({
  after: (cause, before, after, nowMs, settingsFor) =>
    causes.includes(cause)
      ? {
          ...after,
          listings: after.listings.map((l) =>
            change(
              l,
              before.listings.find((b) => b.id === l.id),
              nowMs,
              settingsFor(l.channel),
            ),
          ),
        }
      : after,
})

const everywhere: readonly Cause[] = ['issue', 'record', 'upkeep', 'fold', 'move']

const gone = (before: ListingState | undefined, after: ListingState): readonly Push[] =>
  (before?.pushes ?? []).filter((p) => !after.pushes.some((a) => a.id === p.id))

const completed = (before: ListingState | undefined, after: ListingState): readonly Fence[] =>
  (before?.fences ?? []).filter((f) => !after.fences.some((a) => a.throughMs === f.throughMs && a.fromMs === f.fromMs))

const closeWhen = (proves: (push: Push, fence: Fence, listing: ListingState) => boolean): Teeth =>
  listings(['upkeep'], (after, before) =>
    completed(before, after).reduce((listing, fence) => {
      const push = listing.pushes.find((p) => p.charge > 0 && p.status !== 'prepared' && before !== undefined && proves(p, fence, before))
      if (!push) return listing
      const pushes = listing.pushes.filter((p) => p !== push)
      const bound = fence.quantity - fence.sold + fence.restocked + fence.later
      return Object.assign({}, listing, { pushes, base: Math.min(listing.base + push.charge, bound) })
    }, after),
  )

/** Drops what a refusal of a repeat leaves open. */
const dropRefused = (): Teeth => {
  let refused: string | null = null
  return {
    result: (result, push) => {
      refused = push.attempts > 1 && ['not-executed', 'stale', 'rejected'].includes(result.kind) ? push.id : null
      return result
    },
    after: (cause, _before, after) =>
      cause === 'record' && refused !== null
        ? { ...after, listings: after.listings.map((l) => ({ ...l, pushes: l.pushes.filter((p) => p.id !== refused) })) }
        : after,
  }
}

const lateWorld = (scenario: Scenario): Scenario => ({
  ...scenario,
  channels: scenario.channels.map((c) => ({ ...c, lateByL: 3, webhooks: false })),
})

const zombieWorld = (scenario: Scenario): Scenario => ({ ...scenario, faults: { ...scenario.faults, zombie: 0.4, throttled: 0.4 } })

/** Raises add wherever they could compare; no checkouts hold anything. */
const deltaWorld = (scenario: Scenario): Scenario => ({ ...scenario, channels: scenario.channels.map(asDelta) })
const withoutHolds = (scenario: Scenario): Scenario => ({
  ...scenario,
  channels: scenario.channels.map((c) => ({ ...c, holds: 0, constants: { ...c.constants, checkoutHoldMs: 0 } })),
})

/** With requests that land late. */
const disconnectedWorld = (scenario: Scenario): Scenario => ({
  ...scenario,
  sharing: 'strict',
  disconnectsPerDay: 48,
  foreignWritesPerDay: 0,
  shrinkagesPerDay: 0,
  faults: { ...scenario.faults, lostRequest: 0.2, zombie: 0.6 },
})

const foreignWorld = (scenario: Scenario): Scenario => ({ ...scenario, sharing: 'strict', foreignWritesPerDay: 48, shrinkagesPerDay: 0 })

/** Decides on a document that is another than the one that is stored. */
const misled = (cause: Cause, show: (stock: Stock) => Stock, restore: (after: Stock, before: Stock) => Stock): Teeth => ({
  seen: (at, stock) => (at === cause ? show(stock) : stock),
  after: (at, before, after) => (at === cause ? restore(after, before) : after),
})

const withReserved =
  (units: number): ((stock: Stock) => Stock) =>
  (stock) => ({ ...stock, reservedUnits: stock.reservedUnits + units })

/** As a compare-and-set down at its answer, whatever may be held. */
const reclaimsAlways = (): Teeth => {
  let taken: { readonly id: string; readonly quantity: number } | null = null
  return {
    result: (result, push) => {
      const lowers = result.kind === 'applied' && push.kind === 'compare-and-set'
      taken = lowers ? { id: push.id, quantity: Math.max(0, (push.fromQuantity ?? 0) - push.quantity) } : null
      return result
    },
    after: (cause, before, after, _nowMs, settingsFor) =>
      cause === 'record'
        ? {
            ...after,
            listings: after.listings.map((l, i) =>
              before.listings[i]?.pushes.some((p) => p.id === taken?.id) && settingsFor(l.channel).constants.checkoutHoldMs > 0
                ? { ...l, base: l.base - (taken?.quantity ?? 0) }
                : l,
            ),
          }
        : after,
  }
}

export const rules: readonly Rule[] = [
  {
    name: 'a set is charged in full',
    seed: 3,
    make: () =>
      listings(['issue'], (l) => ({
        ...l,
        pushes: l.pushes.map((p) => (p.kind === 'set' ? { ...p, charge: Math.max(0, p.quantity - (p.fromQuantity ?? 0)) } : p)),
      })),
  },
  {
    name: 'a fence waits for the watermark',
    seed: 2,
    make: () => listings(['record'], (l, _b, nowMs, s) => completeFences(l, Number.MAX_SAFE_INTEGER, s.constants, nowMs)),
  },
  {
    name: 'a timeout keeps its charge',
    seed: 3,
    make: () => listings(['record', 'issue'], (l) => ({ ...l, pushes: l.pushes.filter((p) => p.status !== 'unknown') })),
  },
  { name: 'a refusal of a repeat keeps the charge', seed: 24, make: dropRefused, world: zombieWorld },
  {
    name: 'a repeat carries its key',
    seed: 24,
    make: () => ({ key: (push) => `${push.id}/${push.attempts}` }),
  },
  {
    name: 'a key is not used after it is forgotten',
    seed: 99,
    make: () => ({ settings: (honest) => ({ ...honest, keyRetentionMs: Number.MAX_SAFE_INTEGER }) }),
    world: (scenario) => ({
      ...scenario,
      channels: scenario.channels.map((c) => ({ ...c, keyRetentionMs: 60_000 })),
      faults: { ...scenario.faults, lostAnswer: 0.7, lostRequest: 0.2 },
    }),
  },
  {
    name: 'a cancellation gives its units back to the bound',
    seed: 2,
    make: () => ({ fact: (fact) => ({ ...fact, lines: fact.lines.map((l) => ({ ...l, cancelMayRestock: false })) }) }),
  },
  {
    name: 'an expired request may have landed',
    seed: 3,
    make: () =>
      listings(['upkeep'], (after, before) => {
        const charge = gone(before, after).reduce((sum, p) => sum + p.charge, 0)
        return charge === 0 ? after : { ...after, base: after.base - charge }
      }),
  },
  {
    name: 'a request lives for D',
    seed: 2,
    make: () => constants({ requestLifetimeMs: 1_000 }),
    world: zombieWorld,
  },
  {
    name: 'an acceptance is no evidence',
    seed: 2,
    make: () => ({
      result: (result, push) => (result.kind === 'accepted' ? { kind: 'applied', quantity: push.quantity, evidence: true } : result),
    }),
  },
  { name: 'H: a checkout may end later', seed: 47, make: () => constants({ checkoutHoldMs: 0 }) },
  { name: 'L: an order may show later', seed: 1, make: () => constants({ orderVisibilityMs: 0 }) },
  { name: 'eps: clocks differ', seed: 438, make: () => constants({ clockSkewMs: 0 }) },
  {
    name: 'sigma: a read may be old',
    seed: 2,
    make: () => constants({ readStalenessMs: 0 }),
    world: (scenario) => ({ ...scenario, faults: { ...scenario.faults, staleRead: 0.9 } }),
  },
  {
    name: 'a late order lowers nothing',
    seed: 20,
    make: () => ({
      seen: (cause, stock) =>
        cause === 'fold'
          ? { ...stock, listings: stock.listings.map((l) => ({ ...l, fencedThroughMs: l.fencedThroughMs > 0 ? 1 : 0 })) }
          : stock,
      after: (cause, before, after) =>
        cause === 'fold'
          ? { ...after, listings: after.listings.map((l, i) => ({ ...l, fencedThroughMs: before.listings[i]?.fencedThroughMs ?? 0 })) }
          : after,
    }),
    world: lateWorld,
  },
  {
    name: 'a fence counts charges settled after it opened',
    seed: 1,
    make: () => listings(everywhere, (l) => ({ ...l, fences: l.fences.map((f) => ({ ...f, later: 0 })) })),
    world: zombieWorld,
  },
  {
    name: 'a fence counts cancellations after it opened',
    seed: 2,
    make: () => listings(everywhere, (l) => ({ ...l, fences: l.fences.map((f) => ({ ...f, restocked: 0 })) })),
  },
  {
    name: 'cancellations are remembered for windows that open in the past',
    seed: 2,
    make: () => listings(everywhere, (l) => ({ ...l, cancels: [] })),
  },
  {
    name: 'settled charges are remembered for windows that open in the past',
    seed: 910,
    make: () => listings(everywhere, (l) => ({ ...l, applied: [] })),
    world: zombieWorld,
  },
  {
    name: 'a request of a process that is gone counts as timed out',
    seed: 12,
    make: () =>
      listings(['issue'], (after, before) => ({
        ...after,
        pushes: after.pushes.filter((p) => p.status !== 'unknown' || before?.pushes.find((b) => b.id === p.id)?.status !== 'prepared'),
      })),
    world: (scenario) => ({ ...scenario, faults: { ...scenario.faults, crashesPerHour: 12 } }),
  },
  {
    name: 'a charge is proven by its ceiling, not by the bound of the moment',
    seed: 3,
    make: () => closeWhen((push, fence, listing) => fence.quantity > Math.max(0, listing.base + openCharge(listing) - push.charge)),
  },
  {
    name: 'a proof allows for cancellations that nobody told of',
    seed: 89,
    make: () => closeWhen((push, fence) => push.issuedAtMs <= fence.fromMs && fence.quantity > (push.ceilingQuantity ?? 1_000_000)),
    world: (scenario) => ({
      ...scenario,
      faults: { ...scenario.faults, lostRequest: 0.2, zombie: 0.6, webhookLost: 0.9 },
      channels: scenario.channels.map((c) => ({ ...c, cancels: 0.6, restocks: 'always' as const, shipsAfterMs: 12 * 3_600_000 })),
    }),
  },
  {
    name: 'a proof needs a window after the request',
    seed: 3,
    make: () => closeWhen((push, fence, listing) => push.issuedAtMs > fence.fromMs && fence.quantity > openCharge(listing) - push.charge),
  },
  {
    name: 'a push must fit into the slack',
    seed: 1,
    make: () => ({
      seen: (cause, stock) => (cause === 'issue' ? { ...stock, reservedUnits: stock.reservedUnits - 3 } : stock),
      after: (cause, before, after) => (cause === 'issue' ? { ...after, reservedUnits: before.reservedUnits } : after),
    }),
  },
  { name: 'an incomplete poll does not move the watermark', seed: 2, make: () => ({ failedPoll: (advance) => advance() }) },
  { name: 'the watermark moves after the rows', seed: 2, make: () => ({ watermarkFirst: true }) },
  {
    name: 'the first fence makes the bound',
    seed: 63,
    make: () =>
      listings(['upkeep'], (after, before) =>
        before?.status === 'adopting' && before.fencedThroughMs === 0 && after.fencedThroughMs > 0
          ? { ...after, base: Math.min(after.base, before.base) }
          : after,
      ),
  },
  {
    name: 'an adopted listing comes in when it fits',
    seed: 5,
    make: () =>
      listings(['upkeep'], (after) => (after.status === 'adopting' && after.fencedThroughMs > 0 ? { ...after, status: 'active' } : after)),
  },
  {
    name: 'a number below 0 is evidence of 0',
    seed: 106,
    make: () =>
      listings(['record'], (after, before) =>
        after.fences.length > (before?.fences.length ?? 0) && after.believedQuantity !== null && after.believedQuantity < 0
          ? {
              ...after,
              fences: after.fences.map((f, i) => (i === after.fences.length - 1 ? { ...f, quantity: after.believedQuantity ?? 0 } : f)),
            }
          : after,
      ),
  },
  {
    name: 'only sales after its instant for certain lower a fence',
    seed: 5,
    make: () =>
      listings(['fold'], (after, before) => {
        const sold = (before?.base ?? 0) - after.base
        return sold <= 0 || before === undefined
          ? after
          : {
              ...after,
              fences: after.fences.map((f, i) => (f.sold === before.fences[i]?.sold ? { ...f, sold: f.sold + sold } : f)),
            }
      }),
  },
  {
    name: 'a fence is due after the holds of its instant',
    seed: 15,
    make: () =>
      listings(['upkeep'], (after, _before, nowMs, s) => {
        const early = after.fences.filter(
          (f) => fenceDueMs(f, s.constants) - s.constants.checkoutHoldMs <= nowMs - s.constants.orderVisibilityMs,
        )
        return early.length === 0 ? after : completeFences({ ...after, fences: early }, Number.MAX_SAFE_INTEGER, s.constants, nowMs)
      }),
  },
  {
    name: 'a decrease takes back at its answer only where nothing is held',
    seed: 47,
    make: reclaimsAlways,
    world: (scenario) => ({
      ...scenario,
      channels: scenario.channels.map((c) => ({ ...c, holds: c.constants.checkoutHoldMs > 0 ? 1 : 0 })),
    }),
  },
  {
    name: 'a delta is sent once',
    seed: 1,
    make: () => ({ asksTwice: (push) => push.kind === 'delta' }),
    world: (scenario) => deltaWorld({ ...scenario, faults: { ...scenario.faults, lostAnswer: 0.4 } }),
  },
  {
    name: 'a delta down takes back only what was there',
    seed: 16,
    make: () => ({
      request: (request, push) =>
        push.kind === 'compare-and-set' && request.fromQuantity !== null && request.quantity < request.fromQuantity
          ? { ...request, fromQuantity: null, addQuantity: request.quantity - request.fromQuantity }
          : request,
    }),
    world: (scenario) => withoutHolds(deltaWorld({ ...scenario, restocksPerDay: 12 })),
  },
  {
    name: 'a compare-and-set compares',
    seed: 24,
    make: () => ({ request: (request) => ({ ...request, fromQuantity: null }) }),
  },
  { name: 'a charge is durable before its request is sent', seed: 48, make: () => ({ sendsFirst: true }) },
  {
    name: 'a process that stood still looks at the time before it sends',
    seed: 51,
    make: () => ({ sendsLate: true }),
    world: (scenario) => ({ ...scenario, takeoversPerHour: 12 }),
  },
  {
    name: 'what somebody else wrote lifts the bound',
    seed: 1,
    liveness: true,
    make: () =>
      listings(['record'], (after, before) =>
        before !== undefined &&
        after.base > before.base &&
        before.pushes.every((p) => p.charge === 0 || after.pushes.some((a) => a.id === p.id))
          ? { ...after, base: before.base }
          : after,
      ),
    world: foreignWorld,
  },
  {
    name: 'a cancellation known before its order keeps its time',
    seed: 2,
    make: () => ({
      fact: (fact) => ({
        ...fact,
        lines: fact.lines.map((l) => (l.cancelledAtMs === null ? l : { ...l, cancelledAtMs: fact.createdAtMs })),
      }),
    }),
    world: (scenario) => ({ ...scenario, faults: { ...scenario.faults, cancelOnly: 0.9 } }),
  },
  {
    name: 'a line counts once, however often it is told',
    seed: 3,
    make: () => ({ fact: (fact) => ({ ...fact, lines: fact.lines.map((l) => ({ ...l, lineId: String(fact.revisedAtMs) })) }) }),
  },
  {
    name: 'a pack counts all of its units',
    seed: 1,
    make: () =>
      misled(
        'issue',
        (stock) => ({ ...stock, listings: stock.listings.map((l) => ({ ...l, unitsPerListing: 1 })) }),
        (after, before) => ({
          ...after,
          listings: after.listings.map((l, i) => ({ ...l, unitsPerListing: before.listings[i]?.unitsPerListing ?? 1 })),
        }),
      ),
  },
  {
    name: 'a reservation must fit into the slack',
    seed: 3,
    make: () => misled('move', withReserved(-9), withReserved(9)),
    world: (scenario) => ({ ...scenario, asksPerDay: 40 }),
  },
  {
    name: 'a purchase order is accepted as far as it fits into the slack',
    seed: 1,
    make: () => misled('fold', withReserved(-9), withReserved(9)),
    world: (scenario) => ({ ...scenario, asksPerDay: 40 }),
  },
  {
    name: 'what shrinkage takes is taken from sale',
    seed: 6,
    liveness: true,
    make: () =>
      misled(
        'issue',
        (stock) => withReserved(-Math.max(0, guaranteedExposureUnits(stock) - sellableUnits(stock)))(stock),
        (after, before) => ({ ...after, reservedUnits: before.reservedUnits }),
      ),
    world: (scenario) => ({ ...scenario, shrinkagesPerDay: 20 }),
  },
  {
    name: 'what a disconnected listing may sell stays counted',
    seed: 1,
    make: () =>
      listings(['say'], (after, before) =>
        after.disconnectedAtMs !== undefined && before?.disconnectedAtMs === undefined ? { ...after, base: -openCharge(after) } : after,
      ),
    world: disconnectedWorld,
  },
  {
    name: 'a closed listing frees its goods when its orders are in',
    seed: 2,
    make: () =>
      listings(['say'], (after) => (after.closedAtMs === undefined ? after : { ...after, base: Math.min(0, after.base), fences: [] })),
    world: disconnectedWorld,
  },
  {
    name: 'a closed listing is not connected while a request from before may land',
    seed: 35,
    make: () =>
      misled(
        'say',
        (stock) => ({ ...stock, listings: stock.listings.map((l) => (l.closedAtMs === undefined ? l : { ...l, pushes: [] })) }),
        (after) => after,
      ),
    world: disconnectedWorld,
  },
  {
    name: 'a set to 0 is always sent',
    seed: 1,
    liveness: true,
    make: () => ({ withholds: (push) => push.kind === 'set' && push.quantity === 0 }),
    world: (scenario) => ({ ...scenario, shrinkagesPerDay: 20 }),
  },
  {
    name: 'a shortfall is reported',
    seed: 15,
    make: () => ({ incidents: (incidents) => incidents.filter((i) => i.kind !== 'at-risk') }),
    world: (scenario) => ({ ...scenario, shrinkagesPerDay: 20 }),
  },
]
