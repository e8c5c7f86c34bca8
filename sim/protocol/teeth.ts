// The teeth of the simulator: one rule of the protocol taken away at a time, outside the product (what the hub is told, or what it decided, is
// changed on the way). Each must be caught: a simulator that stays silent proves nothing. `seed` is a world that caught it once, tried first.
import { openCharge } from '../../src/domain/exposure.ts'
import { completeFences, fenceDueMs } from '../../src/domain/fence.ts'
import type { Incident } from '../../src/domain/incidents.ts'
import type { OrderFact } from '../../src/domain/orders.ts'
import type { PushResult } from '../../src/domain/push.ts'
import type { ChannelConstants, ChannelSettings } from '../../src/domain/settings.ts'
import type { Fence, ListingState, Push, Stock } from '../../src/domain/stock.ts'
import type { Scenario } from './scenario.ts'

export type Cause = 'issue' | 'record' | 'upkeep' | 'fold' | 'move'

export interface Teeth {
  /** What the hub is told of a channel. */
  readonly settings?: (honest: ChannelSettings) => ChannelSettings
  readonly result?: (result: PushResult, push: Push) => PushResult
  readonly fact?: (fact: OrderFact) => OrderFact
  readonly key?: (push: Push) => string
  /** Moves the watermark although the poll failed. */
  readonly failedPoll?: (advance: () => void) => void
  readonly watermarkFirst?: boolean
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

export const rules: readonly Rule[] = [
  {
    name: 'a set is charged in full',
    seed: 5,
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
  { name: 'a refusal of a repeat keeps the charge', seed: 15, make: dropRefused, world: zombieWorld },
  {
    name: 'a repeat carries its key',
    seed: 15,
    make: () => ({ key: (push) => `${push.id}/${push.attempts}` }),
  },
  {
    name: 'a key is not used after it is forgotten',
    seed: 3,
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
    seed: 3,
    make: () => ({
      result: (result, push) => (result.kind === 'accepted' ? { kind: 'applied', quantity: push.quantity, evidence: true } : result),
    }),
  },
  { name: 'H: a checkout may end later', seed: 49, make: () => constants({ checkoutHoldMs: 0 }) },
  { name: 'L: an order may show later', seed: 1, make: () => constants({ orderVisibilityMs: 0 }) },
  { name: 'eps: clocks differ', seed: 238, make: () => constants({ clockSkewMs: 0 }) },
  {
    name: 'sigma: a read may be old',
    seed: 2,
    make: () => constants({ readStalenessMs: 0 }),
    world: (scenario) => ({ ...scenario, faults: { ...scenario.faults, staleRead: 0.9 } }),
  },
  {
    name: 'a late order lowers nothing',
    seed: 54,
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
    seed: 404,
    make: () => listings(everywhere, (l) => ({ ...l, applied: [] })),
    world: zombieWorld,
  },
  {
    name: 'a request of a process that is gone counts as timed out',
    seed: 26,
    make: () =>
      listings(['issue'], (after, before) => ({
        ...after,
        pushes: after.pushes.filter((p) => p.status !== 'unknown' || before?.pushes.find((b) => b.id === p.id)?.status !== 'prepared'),
      })),
    world: (scenario) => ({ ...scenario, faults: { ...scenario.faults, crashesPerHour: 12 } }),
  },
  {
    name: 'a charge is proven by its ceiling, not by the bound of the moment',
    seed: 15,
    make: () => closeWhen((push, fence, listing) => fence.quantity > Math.max(0, listing.base + openCharge(listing) - push.charge)),
  },
  {
    name: 'a proof allows for cancellations that nobody told of',
    seed: 100,
    make: () => closeWhen((push, fence) => push.issuedAtMs <= fence.fromMs && fence.quantity > (push.ceilingQuantity ?? 1_000_000)),
    world: (scenario) => ({
      ...scenario,
      faults: { ...scenario.faults, lostRequest: 0.2, zombie: 0.6, webhookLost: 0.9 },
      channels: scenario.channels.map((c) => ({ ...c, cancels: 0.6, restocks: 'always' as const, shipsAfterMs: 12 * 3_600_000 })),
    }),
  },
  {
    name: 'a proof needs a window after the request',
    seed: 4,
    make: () => closeWhen((push, fence, listing) => push.issuedAtMs > fence.fromMs && fence.quantity > openCharge(listing) - push.charge),
  },
  {
    name: 'a push must fit into the slack',
    seed: 3,
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
    seed: 158,
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
    seed: 2,
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
    seed: 2,
    make: () =>
      listings(['upkeep'], (after, _before, nowMs, s) => {
        const early = after.fences.filter(
          (f) => fenceDueMs(f, s.constants) - s.constants.checkoutHoldMs <= nowMs - s.constants.orderVisibilityMs,
        )
        return early.length === 0 ? after : completeFences({ ...after, fences: early }, Number.MAX_SAFE_INTEGER, s.constants, nowMs)
      }),
  },
  {
    name: 'a shortfall is reported',
    seed: 15,
    make: () => ({ incidents: (incidents) => incidents.filter((i) => i.kind !== 'at-risk') }),
    world: (scenario) => ({ ...scenario, shrinkagesPerDay: 20 }),
  },
]
