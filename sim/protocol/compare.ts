// What the promise costs: the same shoppers, wire and faults under the protocol, under a hub that pushes all it has to everyone, and under one
// that keeps a buffer of 10 %. Three channels (compare-and-set, set with read, set), demand 50 / 35 / 15 %, one and a half times the stock. The
// protocol is not told what sells where: it shares by the sales that it has seen.
import { allocate } from '../../src/domain/allocation.ts'
import { type ChannelId, listingIdOf } from '../../src/domain/ids.ts'
import { countSale } from '../../src/domain/sales-rate.ts'
import type { SalesRate, WriteClass } from '../../src/domain/stock.ts'
import { diceOf } from './dice.ts'
import { createEventQueue } from './event-queue.ts'
import { createWorldHub } from './hub.ts'
import { createMarketplace, type Marketplace } from './marketplace.ts'
import { createNaiveHub } from './naive-hub.ts'
import { type ChannelScenario, type Faults, noFaults, numberOf, type Scenario, startMs } from './scenario.ts'
import { noTeeth } from './teeth.ts'
import { openingStock } from './world.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/**
 * protocol: of goods that have sold before. reserve: the same, with a tenth kept for demand that asks first. unsold: of goods that nobody has
 * bought yet, so that it learns on the way.
 */
export type HubKind = 'naive' | 'buffer' | 'protocol' | 'reserve' | 'unsold'

const usesProtocol = (kind: HubKind): boolean => kind !== 'naive' && kind !== 'buffer'
const reservePercent = 10

export interface Cell {
  readonly latency: 'typical' | 'slow'
  readonly hours: number
  readonly stock: number
  readonly holdMs: number
}

export interface Cost {
  /** Units oversold for each 100 of stock. */
  readonly oversoldPercent: number
  /** Worlds in which something was oversold. */
  readonly oversoldWorldsPercent: number
  /** Units that somebody came for, that were there, and that were not sold in time, of the stock. */
  readonly lostPercent: number
  readonly lostUnits: number
  readonly callsPerUnit: number
}

const lightFaults: Faults = {
  ...noFaults,
  lostRequest: 0.01,
  lostAnswer: 0.01,
  throttled: 0.02,
  webhookLost: 0.05,
  webhookLate: 0.02,
  pollFailure: 0.01,
}

const classes: readonly { readonly writeClass: WriteClass; readonly share: number; readonly webhooks: boolean }[] = [
  { writeClass: 'compare-and-set', share: 50, webhooks: true },
  { writeClass: 'absolute-set-with-read', share: 35, webhooks: true },
  { writeClass: 'absolute-set', share: 15, webhooks: false },
]

const channelOf = (cell: Cell, index: number): ChannelScenario => {
  const { writeClass, share, webhooks } = classes[index] ?? { writeClass: 'absolute-set' as const, share: 0, webhooks: false }
  const slow = cell.latency === 'slow'
  return {
    name: `${writeClass}-${index}`,
    writeClass,
    constants: {
      orderVisibilityMs: slow ? 30 * minuteMs : 2 * minuteMs,
      clockSkewMs: 5_000,
      checkoutHoldMs: cell.holdMs,
      requestLifetimeMs: writeClass === 'compare-and-set' ? 2 * minuteMs : slow ? hourMs : 10 * minuteMs,
      readStalenessMs: writeClass === 'compare-and-set' ? 0 : 10_000,
    },
    keyedRetry: writeClass === 'compare-and-set',
    keyRetentionMs: 10 * minuteMs,
    staleUsesKey: true,
    pollEveryMs: slow ? 5 * minuteMs : minuteMs,
    latencyMs: 500,
    processingMs: writeClass === 'compare-and-set' ? 0 : slow ? 10 * minuteMs : minuteMs,
    webhooks,
    skewMs: 0,
    unitsPerListing: 1,
    rule: { mode: 'velocity', value: 1, capUnits: null, hideBelowUnits: 0, priority: 0 },
    adopting: false,
    startQuantity: 0,
    buyersPerHour: (1.5 * cell.stock * share) / 100 / cell.hours,
    multiples: 0,
    holds: cell.holdMs > 0 ? 1 : 0,
    abandons: 0,
    cancels: 0,
    edits: 0,
    restocks: 'never',
    shipsAfterMs: 1_000 * hourMs,
    lateByL: 1,
  }
}

/** Four weeks of the trade of a common day (one and a half times the stock), before the world begins: twice the half-life of the rate. */
const pastDays = 28
const pastMs = pastDays * 24 * hourMs

const pastOf = (cell: Cell, seed: number): readonly (SalesRate | undefined)[] => {
  const dice = diceOf(seed, 4_000)
  const sales = 1.5 * pastDays * cell.stock
  const rates: (SalesRate | undefined)[] = classes.map(() => undefined)
  for (let sale = 0; sale < sales; sale++) {
    const at = dice.next() * 100
    const index = at < 50 ? 0 : at < 85 ? 1 : 2
    rates[index] = countSale(rates[index], 1, startMs - Math.floor(dice.next() * pastMs))
  }
  return rates
}

const scenarioOf = (cell: Cell, seed: number, kind: HubKind): Scenario => {
  const past = kind === 'protocol' || kind === 'reserve' ? pastOf(cell, seed) : []
  const bare: Scenario = {
    seed,
    horizonMs: cell.hours * hourMs,
    onHandUnits: cell.stock,
    bufferUnits: 0,
    reservePercent: kind === 'reserve' ? reservePercent : 0,
    channels: classes.map((_, index) => ({ ...channelOf(cell, index), ...(past[index] ? { rate: past[index] } : {}) })),
    faults: lightFaults,
    restocksPerDay: 0,
    restockUnits: 0,
    shrinkagesPerDay: 0,
    asksPerDay: 0,
    foreignWritesPerDay: 0,
    disconnectsPerDay: 0,
    takeoversPerHour: 0,
    sharing: 'strict',
  }
  const everything = cell.stock - (kind === 'buffer' ? bufferOf(cell) : 0)
  return { ...bare, channels: bare.channels.map((c, i) => ({ ...c, startQuantity: usesProtocol(kind) ? shareOf(bare, i) : everything })) }
}

const bufferOf = (cell: Cell): number => Math.ceil(cell.stock / 10)

const shareOf = (scenario: Scenario, index: number): number => {
  const markets = scenario.channels.map((channel) => ({
    scenario: channel,
    listing: listingOf(channel),
  })) as unknown as readonly Marketplace[]
  const stock = openingStock(scenario, markets)
  const id = stock.listings[index]?.id
  return id === undefined ? 0 : (allocate(stock).get(id) ?? 0)
}

const listingOf = (channel: ChannelScenario): Marketplace['listing'] => listingIdOf(channel.name as ChannelId, channel.name)

interface Run {
  readonly sold: number
  readonly wanted: number
  readonly calls: number
}

const runOnce = (cell: Cell, seed: number, kind: HubKind): Run => {
  const scenario = scenarioOf(cell, seed, kind)
  const queue = createEventQueue(startMs)
  let receive: Parameters<typeof createMarketplace>[0]['onWebhook'][] = []
  const markets = scenario.channels.map((channel, index) =>
    createMarketplace({
      scenario: channel,
      listing: listingOf(channel),
      seed,
      index: numberOf(channel),
      queue,
      faults: () => scenario.faults,
      onWebhook: (fact) => receive[index]?.(fact),
    }),
  )
  const calls = ((): (() => number) => {
    if (usesProtocol(kind)) {
      const stock = openingStock(scenario, markets)
      const hub = createWorldHub({ scenario, queue, markets, stock, faults: () => scenario.faults, teeth: noTeeth })
      receive = markets.map((_, index) => (fact) => hub.webhook(index, fact))
      hub.start()
      return () => hub.counts.pushes + hub.counts.reads
    }
    const bufferUnits = kind === 'buffer' ? bufferOf(cell) : 0
    const hub = createNaiveHub({ scenario, queue, markets, faults: scenario.faults, bufferUnits })
    receive = markets.map(() => (fact) => hub.webhook(fact))
    hub.start()
    return () => hub.counts.pushes
  })()
  const untilMs = startMs + scenario.horizonMs
  let more = true
  while (more) more = queue.step(untilMs)
  return {
    sold: markets.reduce((sum, m) => sum + m.net() + m.held(), 0),
    wanted: markets.reduce((sum, m) => sum + m.wanted(), 0),
    calls: calls(),
  }
}

const percent = (part: number, whole: number): number => Math.round((1_000 * part) / whole) / 10

export const costOf = (cell: Cell, kind: HubKind, seeds: number): Cost => {
  let over = 0
  let overWorlds = 0
  let lost = 0
  let sold = 0
  let calls = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const run = runOnce(cell, seed, kind)
    const extra = Math.max(0, run.sold - cell.stock)
    over += extra
    if (extra > 0) overWorlds += 1
    lost += Math.max(0, Math.min(run.wanted, cell.stock) - Math.min(run.sold, cell.stock))
    sold += run.sold
    calls += run.calls
  }
  return {
    oversoldPercent: percent(over, seeds * cell.stock),
    oversoldWorldsPercent: percent(overWorlds, seeds),
    lostPercent: percent(lost, seeds * cell.stock),
    lostUnits: Math.round((100 * lost) / seeds) / 100,
    callsPerUnit: Math.round((10 * calls) / Math.max(1, sold)) / 10,
  }
}

export const cells: readonly Cell[] = [0, 10 * minuteMs].flatMap((holdMs) =>
  (['typical', 'slow'] as const).flatMap((latency) =>
    [24, 1].flatMap((hours) => [1, 2, 5, 20, 100].map((stock) => ({ latency, hours, stock, holdMs }))),
  ),
)
