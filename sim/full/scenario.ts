// A full-depth world as plain data, drawn from a seed: merchant, marketplaces, shoppers, and how often each thing goes wrong. Swarm testing:
// each fault is in about half of the worlds, at a rate of its own, so that rare mixtures come up.
// The protocol's constants are what these simulators really obey (`tight`), so that the zero is owed and nothing is hidden by slack; one
// world in eight has the documented defaults and the platforms' own pace instead.
import { defaultConstants } from '../../src/config/channel-constants.ts'
import type { ChannelConstants } from '../../src/domain/settings.ts'
import { type Dice, diceOf } from '../protocol/dice.ts'
import { type FaultPlan, noFaults, type Simulator } from '../simulator.ts'
import type { StoreFaults } from './faulty-store.ts'

export type Platform = Simulator['platform']

export const channelOf: Readonly<Record<Platform, string>> = { shopify: 'shopify', 'amazon-seller': 'amazon', 'amazon-vendor': 'vendor' }

/** Probabilities for each request. */
export interface WireFaults {
  /** No connection: nothing was sent. */
  readonly refused: number
  /** The request is lost on its way, and nobody answers. */
  readonly requestLost: number
  /** It had its effect, and nobody answers. */
  readonly answerLost: number
  /** It had its effect, and the connection breaks. */
  readonly answerBroken: number
  /** It arrives up to `zombieMs` later, when nobody waits for it any more. */
  readonly zombie: number
  readonly zombieMs: number
  /** The process dies, before the request or after the answer. */
  readonly crash: number
  /** A stock read is answered from a copy that is at most sigma old. */
  readonly staleRead: number
}

export interface PlatformScenario {
  readonly platform: Platform
  readonly constants: ChannelConstants
  readonly skewMs: number
  readonly latencyMs: number
  readonly pollEveryMs: number
  readonly processing: { readonly minMs: number; readonly maxMs: number }
  /** An order is found at most this long after it was made. */
  readonly visibilityMs: number
  /** Shopify: an order's location is known this late. */
  readonly routingMs: number
  readonly quotaScale: number
  readonly keyRetentionMs: number
  readonly refusalUsesKey: boolean
  /** Amazon Seller: do ordered units keep those that were cancelled? */
  readonly cancelledUnits: 'kept' | 'removed'
  readonly retail: boolean
  readonly visitsPerHour: number
  readonly cancels: number
  readonly restocks: number
  readonly partial: number
  readonly ships: number
  /** Share of shoppers whose checkout puts the units aside before the order is there, within H. */
  readonly holds: number
  /** Share of such checkouts that end without an order. */
  readonly abandons: number
  /** Share of orders to which the buyer adds a unit later. */
  readonly edits: number
  readonly outagesPerHour: number
  readonly wire: WireFaults
  readonly faults: FaultPlan
}

export interface ListingScenario {
  readonly platform: Platform
  readonly sku: string
  readonly unitsPerListing: number
  readonly openingQuantity: number
}

export interface SkuScenario {
  readonly sku: string
  readonly onHandUnits: number
  readonly bufferUnits: number
  readonly sharing: 'strict' | 'pooled'
  readonly listings: readonly ListingScenario[]
}

export interface FullScenario {
  readonly seed: number
  readonly pace: 'tight' | 'documented'
  readonly horizonMs: number
  readonly hubs: number
  readonly hubSkewsMs: readonly number[]
  /** Idle waits of the engine's loops take this long instead: late timers, and fewer of them. */
  readonly idleMs: number
  /** Shoppers and faults wait until every listing is inside the guarantee. */
  readonly quietAdoption: boolean
  readonly skus: readonly SkuScenario[]
  readonly platforms: readonly PlatformScenario[]
  readonly store: StoreFaults
  readonly crashesPerHour: number
  readonly restocksPerHour: number
  readonly shrinkagesPerHour: number
  readonly reservationsPerHour: number
  /** Somebody writes quantities past the hub: no safety is owed then, only that nothing is lost. */
  readonly editsPerHour: number
}

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

export const calmWire: WireFaults = {
  refused: 0,
  requestLost: 0,
  answerLost: 0,
  answerBroken: 0,
  zombie: 0,
  zombieMs: 0,
  crash: 0,
  staleRead: 0,
}

export const calmStore: StoreFaults = {
  slow: 0,
  unavailable: 0,
  conflict: 0,
  commitLost: 0,
  answerLost: 0,
  crash: 0,
  freeze: 0,
  freezeMs: 0,
}

type Rate = (most: number) => number

const rateOf = (dice: Dice): Rate => {
  const hostile = dice.chance(0.15)
  return (most) => (hostile || dice.chance(0.5) ? most * (hostile ? 0.5 + dice.next() / 2 : dice.next() ** 2) : 0)
}

const drawFaults = (rate: Rate, dice: Dice): FaultPlan => ({
  ...noFaults(),
  duplicate: rate(0.4),
  reorder: rate(0.6),
  reorderWithinMs: dice.pick([5 * secondMs, minuteMs, 10 * minuteMs]),
  lose: rate(0.9),
  throttle: rate(0.3),
  errorBefore: rate(0.25),
  errorAfter: rate(0.25),
  acceptedNeverApplied: rate(0.25),
})

/** From the decision to send to the platform: a token, a refused token, the request itself, each within its timeout. */
const sendingMs = 110 * secondMs
const freezeMs = 20 * secondMs

interface Place {
  readonly dice: Dice
  /** Of what came to these worlds later, so that the rest keeps its throws. */
  readonly later: Dice
  readonly rate: Rate
  readonly skewBoundMs: number
  readonly documented: boolean
}

const drawPlatform = (platform: Platform, place: Place): PlatformScenario => {
  const { dice, later, rate, skewBoundMs, documented } = place
  const holdMs = later.pick([0, 0, 20_000, 120_000])
  const staleRead = later.pick([0, 0.3, 0.8])
  const holds = later.pick([0.3, 1])
  const abandons = later.pick([0, 0.4])
  const edits = platform === 'shopify' && later.chance(0.4) ? 0.4 : 0
  const visibilityMs = documented ? 120_000 : platform === 'shopify' ? dice.pick([0, 2_000, 20_000]) : dice.pick([0, 1_000, 30_000])
  const slowest = documented ? (platform === 'amazon-vendor' ? 900_000 : 120_000) : dice.pick([1_000, 4_000, 40_000])
  const processing = { minMs: Math.min(slowest, documented ? 60_000 : 200), maxMs: slowest }
  const wire: WireFaults = {
    refused: rate(0.1),
    requestLost: rate(0.1),
    answerLost: rate(0.15),
    answerBroken: rate(0.15),
    zombie: rate(0.15),
    zombieMs: documented ? minuteMs : dice.pick([25_000, 60_000]),
    crash: rate(0.01),
    staleRead,
  }
  const tight: ChannelConstants = {
    orderVisibilityMs: visibilityMs,
    // Platforms tell whole seconds.
    clockSkewMs: skewBoundMs + 1_000,
    checkoutHoldMs: holdMs,
    requestLifetimeMs: sendingMs + 2 * freezeMs + wire.zombieMs + (platform === 'shopify' ? 0 : processing.maxMs),
    readStalenessMs: staleRead > 0 ? 10_000 : 0,
  }
  const told = defaultConstants(platform)
  const cancelledUnits = platform === 'amazon-seller' && dice.chance(0.5) ? 'removed' : 'kept'
  return {
    platform,
    // Shopify's default lifetime holds for what its adapter may keep a request for; these zombies live longer.
    constants: documented ? { ...told, requestLifetimeMs: Math.max(told.requestLifetimeMs, tight.requestLifetimeMs) } : tight,
    skewMs: Math.round((dice.next() - 0.5) * skewBoundMs),
    latencyMs: dice.pick([20, 200, 2_000]),
    pollEveryMs: documented ? minuteMs : dice.pick([2_000, 15_000, 60_000]),
    processing,
    visibilityMs,
    routingMs: platform === 'shopify' && dice.chance(0.3) ? dice.pick([1_000, 15_000]) : 0,
    quotaScale: dice.chance(0.8) ? 1 : 0.5,
    keyRetentionMs: dice.pick([0, 10 * minuteMs, 24 * hourMs]),
    refusalUsesKey: dice.chance(0.5),
    cancelledUnits,
    retail: platform === 'amazon-vendor' && dice.chance(0.4),
    visitsPerHour: dice.pick([20, 100, 400]) / (documented ? 4 : 1),
    cancels: dice.pick([0, 0.1, 0.4]),
    restocks: dice.pick([0, 0.5, 1]),
    // A line that tells less than before, and no more than that, says nothing of a cancellation: those units stay reserved.
    partial: cancelledUnits === 'removed' ? 0 : dice.pick([0, 0.5]),
    ships: dice.pick([0.2, 0.8]),
    holds: documented || holdMs > 0 ? holds : 0,
    abandons,
    edits,
    outagesPerHour: rate(2),
    wire,
    faults: drawFaults(rate, dice),
  }
}

const drawSku = (index: number, platforms: readonly Platform[], dice: Dice, quiet: boolean): SkuScenario => {
  const sku = `GOODS-${index + 1}`
  const onHandUnits = dice.chance(0.5) ? dice.int(1, 6) : dice.int(4, 40)
  const listed = platforms.filter(() => dice.chance(0.85))
  const [first] = platforms
  const listings: ListingScenario[] = []
  // What the marketplaces show at first is together no more than there is, except where the adoption itself is what is tried.
  let left = onHandUnits
  const add = (platform: Platform, name: string, unitsPerListing: number): void => {
    const most = quiet ? left : onHandUnits
    const openingQuantity = Math.floor((most * dice.pick([0, 0.4, 1])) / unitsPerListing)
    left -= quiet ? openingQuantity * unitsPerListing : 0
    listings.push({ platform, sku: name, unitsPerListing, openingQuantity })
  }
  for (const platform of listed.length > 0 || !first ? listed : [first]) add(platform, sku, 1)
  const packed = listed.find((platform) => platform !== 'shopify')
  if (packed && dice.chance(0.25)) {
    const units = dice.int(2, 3)
    add(packed, `${sku}-PK${units}`, units)
  }
  return {
    sku,
    onHandUnits,
    bufferUnits: dice.chance(0.15) ? dice.int(1, 2) : 0,
    sharing: dice.chance(0.12) ? 'pooled' : 'strict',
    listings,
  }
}

const assortments: readonly [readonly Platform[], ...(readonly Platform[])[]] = [
  ['shopify'],
  ['shopify', 'amazon-vendor'],
  ['shopify', 'amazon-vendor'],
  ['amazon-seller'],
  ['amazon-vendor'],
  ['shopify', 'amazon-seller'],
  ['amazon-seller', 'amazon-vendor'],
  ['shopify', 'amazon-seller', 'amazon-vendor'],
]

export const drawFullScenario = (seed: number): FullScenario => {
  const dice = diceOf(seed, 0)
  const later = diceOf(seed, 6)
  const rate = rateOf(dice)
  const documented = dice.chance(0.125)
  const skewBoundMs = dice.pick([0, 2_000, 5_000])
  const assortment = dice.pick(assortments)
  const quietAdoption = dice.chance(0.6)
  const platforms = assortment.map((platform) => drawPlatform(platform, { dice, later, rate, skewBoundMs, documented }))
  const hubs = dice.chance(0.3) ? 2 : 1
  // Amazon's searches are rare by quota (one in four minutes), so that worlds with it need longer to tell anything.
  const amazon = assortment.includes('amazon-seller')
  return {
    seed,
    pace: documented ? 'documented' : 'tight',
    horizonMs: documented ? dice.pick([hourMs, 3 * hourMs]) : amazon ? dice.pick([20, 40]) * minuteMs : dice.pick([6, 15]) * minuteMs,
    hubs,
    hubSkewsMs: Array.from({ length: hubs }, () => Math.round((dice.next() - 0.5) * skewBoundMs)),
    idleMs: documented ? 10_000 : dice.pick([1_000, 3_000, 8_000]),
    quietAdoption,
    skus: Array.from({ length: dice.pick([1, 2, 3, 6]) }, (_, index) => drawSku(index, assortment, dice, quietAdoption)),
    platforms,
    store: {
      slow: rate(0.02),
      unavailable: rate(0.02),
      conflict: rate(0.1),
      commitLost: rate(0.05),
      answerLost: rate(0.08),
      crash: rate(0.001),
      freeze: rate(0.002),
      freezeMs,
    },
    crashesPerHour: rate(10),
    restocksPerHour: dice.pick([0, 2, 8]),
    shrinkagesPerHour: dice.chance(0.2) ? dice.pick([1, 4]) : 0,
    reservationsPerHour: dice.chance(0.4) ? dice.pick([2, 10]) : 0,
    editsPerHour: dice.chance(0.08) ? dice.pick([2, 8]) : 0,
  }
}
