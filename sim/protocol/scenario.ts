// A world as plain data: what it is made of, how often each thing goes wrong, and for how long. Drawn from a seed by swarm testing (each
// fault is in about half of the worlds, at a rate of its own), so that rare mixtures come up. Everything stays inside the assumptions that
// the protocol states (ZERO-OVERSELL.md: L, eps, H, D, sigma); a world outside them is made on purpose, by `lateByL` above 1.
import type { ChannelConstants } from '../../src/domain/settings.ts'
import type { AllocationRule, SalesRate, WriteClass } from '../../src/domain/stock.ts'
import { type Dice, diceOf } from './dice.ts'

/** Probabilities for each occasion, except where the name says otherwise. */
export interface Faults {
  readonly lostRequest: number
  readonly lostAnswer: number
  readonly throttled: number
  readonly unsent: number
  readonly zombie: number
  readonly neverApplied: number
  readonly rejected: number
  readonly staleRead: number
  readonly lostRead: number
  readonly webhookLost: number
  readonly webhookTwice: number
  readonly webhookLate: number
  readonly cancelOnly: number
  readonly pollFailure: number
  readonly crashesPerHour: number
  readonly outagesPerDay: number
  /** Share of crashes that hit between two durable steps rather than at any time. */
  readonly crashAtStep: number
}

export interface ChannelScenario {
  readonly name: string
  readonly writeClass: WriteClass
  readonly constants: ChannelConstants
  readonly keyedRetry: boolean
  readonly keyRetentionMs: number
  /** Does an answer `stale` use the key up, so that a repeat gets the same answer? */
  readonly staleUsesKey: boolean
  readonly pollEveryMs: number
  readonly latencyMs: number
  readonly processingMs: number
  readonly webhooks: boolean
  readonly skewMs: number
  readonly unitsPerListing: number
  readonly rule: AllocationRule
  /** What it sold before the world began; left out: nothing. */
  readonly rate?: SalesRate
  readonly adopting: boolean
  readonly startQuantity: number
  readonly buyersPerHour: number
  /** Share of buyers who want two or three at once. */
  readonly multiples: number
  readonly holds: number
  readonly abandons: number
  readonly cancels: number
  /** Share of orders to which the buyer adds a unit later. */
  readonly edits: number
  readonly restocks: 'always' | 'never' | 'sometimes'
  readonly shipsAfterMs: number
  /** 1: orders become visible within L. Above: the assumption is broken. */
  readonly lateByL: number
}

/** The channel's number in the world that it was drawn in: what its dice are chosen by. */
export const numberOf = (channel: ChannelScenario): number => Number(channel.name.split('-').at(-1))

export interface Scenario {
  readonly seed: number
  readonly horizonMs: number
  readonly onHandUnits: number
  readonly bufferUnits: number
  /** Kept from the channels, percent of what is available. */
  readonly reservePercent: number
  readonly channels: readonly ChannelScenario[]
  readonly faults: Faults
  readonly restocksPerDay: number
  readonly restockUnits: number
  readonly shrinkagesPerDay: number
  readonly asksPerDay: number
  /** Somebody else writes a quantity: no bound is owed there until the hub looks. */
  readonly foreignWritesPerDay: number
  /** Another process takes a channel's work over while the one before it goes on for a while. */
  readonly takeoversPerHour: number
  /** A person disconnects a listing: it is connected again later, or closed for good. */
  readonly disconnectsPerDay: number
  readonly sharing: 'strict' | 'pooled'
}

const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 60 * minuteMs

export const startMs = 1_000_000_000

export const noFaults: Faults = {
  lostRequest: 0,
  lostAnswer: 0,
  throttled: 0,
  unsent: 0,
  zombie: 0,
  neverApplied: 0,
  rejected: 0,
  staleRead: 0,
  lostRead: 0,
  webhookLost: 0,
  webhookTwice: 0,
  webhookLate: 0,
  cancelOnly: 0,
  pollFailure: 0,
  crashesPerHour: 0,
  outagesPerDay: 0,
  crashAtStep: 0,
}

const drawFaults = (dice: Dice): Faults => {
  const hostile = dice.chance(0.15)
  const rate = (most: number): number => (hostile || dice.chance(0.5) ? most * (hostile ? 0.5 + dice.next() / 2 : dice.next() ** 2) : 0)
  return {
    lostRequest: rate(0.3),
    lostAnswer: rate(0.4),
    throttled: rate(0.4),
    unsent: rate(0.2),
    zombie: rate(0.4),
    neverApplied: rate(0.3),
    rejected: rate(0.15),
    staleRead: rate(0.9),
    lostRead: rate(0.3),
    webhookLost: rate(0.9),
    webhookTwice: rate(0.4),
    webhookLate: rate(0.7),
    cancelOnly: rate(0.6),
    pollFailure: rate(0.4),
    crashesPerHour: rate(6),
    outagesPerDay: rate(16),
    crashAtStep: 0.8,
  }
}

const drawConstants = (dice: Dice): ChannelConstants => ({
  orderVisibilityMs: dice.pick([5 * secondMs, minuteMs, 5 * minuteMs, 30 * minuteMs]),
  clockSkewMs: dice.pick([0, 5 * secondMs, 30 * secondMs]),
  checkoutHoldMs: dice.pick([0, minuteMs, 10 * minuteMs]),
  requestLifetimeMs: dice.pick([2 * minuteMs, 10 * minuteMs, hourMs]),
  readStalenessMs: dice.pick([0, 10 * secondMs, 5 * minuteMs]),
})

const drawRule = (dice: Dice): AllocationRule => {
  const mode = dice.pick(['weight', 'weight', 'weight', 'weight', 'weight', 'fixed', 'percent'] as const)
  return {
    mode,
    value: mode === 'weight' ? dice.int(1, 10) : mode === 'fixed' ? dice.int(0, 8) : dice.int(0, 60),
    capUnits: dice.chance(0.15) ? dice.int(1, 20) : null,
    hideBelowUnits: dice.chance(0.1) ? dice.int(2, 4) : 0,
    priority: dice.int(1, 3),
  }
}

/** Half of the weights are those of velocity, some listings with sales of before, some with a hysteresis of their own. */
const drawPolicy = (dice: Dice, rule: AllocationRule): Pick<ChannelScenario, 'rule' | 'rate'> => {
  const mode = rule.mode === 'weight' && dice.chance(0.5) ? 'velocity' : rule.mode
  const hysteresis = dice.chance(0.2) ? { hysteresisUnits: dice.int(0, 5) } : {}
  // Up to a unit a minute: its turn with the last units may end inside of the world.
  const milliUnitsPerDay = dice.chance(0.3) ? dice.int(1_000, 1_500_000) : 0
  const rate = milliUnitsPerDay > 0 ? { rate: { milliUnitsPerDay, atMs: startMs - dice.int(0, 24 * hourMs) } } : {}
  return { rule: { ...rule, mode, ...hysteresis }, ...rate }
}

const drawChannel = (dice: Dice, index: number, adoptingWorld: boolean): ChannelScenario => {
  const writeClass = dice.pick(['compare-and-set', 'absolute-set-with-read', 'absolute-set'] as const)
  const constants = drawConstants(dice)
  const cas = writeClass === 'compare-and-set'
  return {
    name: `${writeClass}-${index}`,
    writeClass,
    constants: cas && constants.requestLifetimeMs > 10 * minuteMs ? { ...constants, requestLifetimeMs: 2 * minuteMs } : constants,
    keyedRetry: cas && dice.chance(0.7),
    keyRetentionMs: dice.pick([10 * minuteMs, hourMs, 24 * hourMs]),
    staleUsesKey: dice.chance(0.5),
    pollEveryMs: dice.pick([30 * secondMs, minuteMs, 5 * minuteMs]),
    latencyMs: dice.pick([50, 500, 5 * secondMs]),
    // Slower than this, and no answer of a submission could be had within D.
    processingMs: cas ? 0 : Math.min(dice.pick([secondMs, 30 * secondMs, 5 * minuteMs, 20 * minuteMs]), 0.4 * constants.requestLifetimeMs),
    webhooks: dice.chance(0.7),
    skewMs: Math.round((dice.next() * 2 - 1) * constants.clockSkewMs),
    unitsPerListing: dice.pick([1, 1, 1, 1, 1, 2, 3]),
    rule: drawRule(dice),
    adopting: adoptingWorld && dice.chance(0.6),
    startQuantity: 0,
    buyersPerHour: dice.pick([0.5, 2, 8, 30]),
    multiples: 0.2,
    holds: constants.checkoutHoldMs > 0 ? dice.pick([0, 0.5, 1]) : 0,
    abandons: dice.pick([0, 0.3, 0.7]),
    cancels: dice.pick([0, 0.1, 0.4]),
    edits: 0,
    restocks: dice.pick(['always', 'always', 'never', 'sometimes'] as const),
    shipsAfterMs: dice.pick([10 * minuteMs, hourMs, 12 * hourMs]),
    lateByL: 1,
  }
}

/** A channel whose raises add to what is shown. */
export const asDelta = (channel: ChannelScenario): ChannelScenario =>
  channel.writeClass === 'compare-and-set' ? { ...channel, name: `delta-${numberOf(channel)}`, writeClass: 'delta' } : channel

export const drawScenario = (seed: number): Scenario => {
  const dice = diceOf(seed, 0)
  const edits = diceOf(seed, 1)
  const policy = diceOf(seed, 2)
  const adding = diceOf(seed, 3)
  const company = diceOf(seed, 4)
  const people = diceOf(seed, 5)
  const faults = drawFaults(dice)
  const onHandUnits = dice.chance(0.5) ? dice.int(1, 8) : dice.int(5, 40)
  const adoptingWorld = dice.chance(0.25)
  const count = dice.int(2, 4)
  const channels: ChannelScenario[] = []
  let left = onHandUnits
  for (let index = 0; index < count; index++) {
    const channel = drawChannel(dice, index, adoptingWorld)
    // Listings that are adopted already show together no more than there is; one that is new shows anything.
    const most = channel.adopting ? onHandUnits : left
    const startQuantity = Math.floor((most * dice.pick([0, 0.3, 1])) / channel.unitsPerListing)
    if (!channel.adopting) left -= startQuantity * channel.unitsPerListing
    const drawn = { ...channel, startQuantity, edits: edits.chance(0.3) ? 0.3 : 0, ...drawPolicy(policy, channel.rule) }
    channels.push(adding.chance(0.5) ? asDelta(drawn) : drawn)
  }
  return {
    seed,
    horizonMs: dice.pick([hourMs, 3 * hourMs, 8 * hourMs]),
    onHandUnits,
    bufferUnits: dice.chance(0.2) ? dice.int(1, 2) : 0,
    reservePercent: policy.chance(0.15) ? policy.int(1, 40) : 0,
    channels,
    faults,
    restocksPerDay: dice.pick([0, 4, 12]),
    restockUnits: dice.int(1, 20),
    shrinkagesPerDay: dice.chance(0.2) ? dice.pick([3, 10]) : 0,
    asksPerDay: dice.chance(0.4) ? dice.pick([4, 20]) : 0,
    foreignWritesPerDay: company.chance(0.12) ? company.pick([6, 24]) : 0,
    takeoversPerHour: company.chance(0.35) ? company.pick([1, 6]) : 0,
    disconnectsPerDay: people.chance(0.15) ? people.pick([6, 24]) : 0,
    sharing: company.chance(0.06) ? 'pooled' : 'strict',
  }
}
