// Runs one world: faults first, with the safety properties checked after every event, then a calm in which all must converge.
//   P1  exposure of each guaranteed listing >= max(Q, h) + U, the units its channel may still sell or has sold unknown to the hub
//   P2  sum of exposures <= sellable, except for what shrinkage took (reported as at risk) or a reported external raise
//   P3  net orders - goods received <= what was reported at risk; 0 without shrinkage
//   P5  exposure rises only by an issued push, an ingested cancellation or a reported external raise
//   P7  after the faults end: exposure = Q everywhere, nothing open, nothing planned or marked (P9), the ledger folds to the levels
import { isDisconnected } from '../../src/domain/connection.ts'
import { exposureQuantity, guaranteedExposureUnits, isGuaranteed, openCharge } from '../../src/domain/exposure.ts'
import { type ChannelId, type ListingId, listingIdOf, type LocationId } from '../../src/domain/ids.ts'
import { plan, workMarks } from '../../src/domain/plan.ts'
import { emptyStock, type ListingState, onHandTotal, sellableUnits, type Stock } from '../../src/domain/stock.ts'
import { diceOf } from './dice.ts'
import { createEventQueue } from './event-queue.ts'
import { createWorldHub, pool, sku, type WorldHub } from './hub.ts'
import { createMarketplace, type Marketplace } from './marketplace.ts'
import { noFaults, numberOf, type Scenario, startMs } from './scenario.ts'
import { noTeeth, type Teeth } from './teeth.ts'

export interface Breach {
  readonly property: 'P1' | 'P2' | 'P3' | 'P5' | 'P7' | 'drift' | 'runaway'
  readonly atMs: number
  readonly text: string
}

export interface WorldResult {
  readonly breach: Breach | null
  readonly events: number
  readonly orders: number
  readonly unitsSold: number
  readonly pushes: number
  readonly reads: number
  readonly raisesFound: number
  readonly oversoldUnits: number
  /** Oversold although nothing was lost from the shelf and nothing was being adopted. */
  readonly unexcusedUnits: number
  /** From the end of the faults to the last change of the stock document. */
  readonly restMs: number
  readonly story: readonly string[]
}

export interface RunOptions {
  readonly teeth?: Teeth
  readonly story?: boolean
  /** Called after every event; a text is what is wrong. */
  readonly watch?: (world: WorldHub, markets: readonly Marketplace[], nowMs: number) => string | null
}

const location = 'shelf' as LocationId
/**
 * The waits that the hub chooses itself, beside the protocol's own: ten minutes for an accepted write to show, twice, and an hour after a refusal,
 * where anything is ever refused.
 */
const hubWaitsMs = ({ faults }: Scenario): number => (20 + (faults.rejected > 0 ? 60 : 0)) * 60_000
const maxEvents = 400_000

const listingState = (market: Marketplace): ListingState => {
  const { scenario } = market
  return {
    id: market.listing,
    channel: scenario.name as ChannelId,
    externalId: scenario.name,
    unitsPerListing: scenario.unitsPerListing,
    writeClass: scenario.writeClass,
    status: scenario.adopting ? 'adopting' : 'active',
    rule: scenario.rule,
    ...(scenario.rate === undefined ? {} : { rate: scenario.rate }),
    base: scenario.adopting ? 0 : scenario.startQuantity,
    pushes: [],
    fences: [],
    fencedThroughMs: 0,
    believedQuantity: scenario.adopting ? null : scenario.startQuantity,
    believedAtMs: scenario.adopting ? 0 : startMs,
    sequence: 0,
    nextPushAtMs: 0,
    applied: [],
    cancels: [],
    lateOrders: 0,
    blockedReason: null,
  }
}

const askListing: ListingState = {
  id: 'purchases/1' as ListingId,
  channel: 'purchases' as ChannelId,
  externalId: '1',
  unitsPerListing: 1,
  writeClass: 'ask-first',
  status: 'active',
  rule: { mode: 'weight', value: 0, capUnits: null, hideBelowUnits: 0, priority: 9 },
  base: 0,
  pushes: [],
  fences: [],
  fencedThroughMs: 0,
  believedQuantity: null,
  believedAtMs: 0,
  sequence: 0,
  nextPushAtMs: 0,
  applied: [],
  cancels: [],
  lateOrders: 0,
  blockedReason: null,
}

export const openingStock = (scenario: Scenario, markets: readonly Marketplace[]): Stock => ({
  ...emptyStock(sku, pool),
  version: 1,
  sharing: scenario.sharing,
  onHandUnits: { [location]: scenario.onHandUnits },
  bufferUnits: scenario.bufferUnits,
  ...(scenario.reservePercent > 0 ? { reserve: { percent: scenario.reservePercent } } : {}),
  listings: [...markets.map(listingState), ...(scenario.asksPerDay > 0 ? [askListing] : [])],
})

export const runScenario = (scenario: Scenario, options: RunOptions = {}): WorldResult => {
  const queue = createEventQueue(startMs)
  const story: string[] = []
  let faults = scenario.faults
  let goodsUnits = scenario.onHandUnits
  let askedUnits = 0
  let lostUnits = 0
  let raisedUnits = 0
  /** By how much others raised each channel's number: what the hub cannot know before it looks. */
  const foreignQuantities = scenario.channels.map(() => 0)
  let atRiskUnits = 0
  let adoptionUnits = 0
  let adopting = scenario.channels.some((c) => c.adopting)
  let oversoldUnits = 0
  let unexcusedUnits = 0
  let seenIncidents = 0
  let breach: Breach | null = null
  let hub: WorldHub | null = null

  const markets = scenario.channels.map((channel, index) =>
    createMarketplace({
      scenario: channel,
      listing: listingIdOf(channel.name as ChannelId, channel.name),
      seed: scenario.seed,
      index: numberOf(channel),
      queue,
      faults: () => faults,
      onWebhook: (fact) => hub?.webhook(index, fact),
    }),
  )
  hub = createWorldHub({
    scenario,
    queue,
    markets,
    stock: openingStock(scenario, markets),
    faults: () => faults,
    teeth: options.teeth ?? noTeeth,
  })
  const world = hub
  const tell = (text: string): void => {
    if (options.story) story.push(`${((queue.nowMs() - startMs) / 1000).toFixed(3)} s  ${text}`)
  }
  if (options.story) {
    world.story = tell
    for (const market of markets) market.story = tell
  }
  const fail = (property: Breach['property'], text: string): void => {
    breach ??= { property, atMs: queue.nowMs() - startMs, text }
    tell(`${property}: ${text}`)
  }

  scheduleChance({
    scenario,
    queue,
    world,
    calm: () => faults === noFaults,
    received: (units) => {
      goodsUnits += units
    },
    lost: (units) => {
      goodsUnits -= units
      lostUnits += units
    },
    asked: (units) => {
      askedUnits += units
    },
  })
  scheduleCompany({
    scenario,
    queue,
    world,
    markets,
    calm: () => faults === noFaults,
    raised: (index, quantity) => {
      foreignQuantities[index] = (foreignQuantities[index] ?? 0) + quantity
    },
  })

  scheduleConnections({
    scenario,
    queue,
    world,
    markets,
    calm: () => faults === noFaults,
    reopened: () => {
      adopting = true
    },
  })

  const readIncidents = (): void => {
    for (; seenIncidents < world.incidents.length; seenIncidents++) {
      const incident = world.incidents[seenIncidents]
      if (incident?.kind === 'at-risk') atRiskUnits = Math.max(atRiskUnits, incident.units)
      if (incident?.kind === 'external-raise') raisedUnits += incident.units
    }
  }

  let version = 0
  let changedAtMs = startMs
  const check = (): void => {
    const stock = world.stock()
    if (stock.version !== version) {
      version = stock.version
      changedAtMs = queue.nowMs()
    }
    readIncidents()
    const [rise] = world.rises
    if (rise !== undefined) fail('P5', rise)
    let demandUnits = askedUnits
    let potentialUnits = 0
    let guaranteed = true
    let foreignUnits = 0
    for (let index = 0; index < markets.length; index++) {
      const market = markets[index]
      const listing = stock.listings[index]
      if (!market || !listing) continue
      const { unitsPerListing } = market.scenario
      const foreign = foreignQuantities[index] ?? 0
      foreignUnits += foreign * unitsPerListing
      const net = market.net()
      demandUnits += net * unitsPerListing
      const unknown = net - world.ingestedNet(market.scenario.name)
      const potential = Math.max(market.quantity(), market.held()) + unknown - market.overdue((orderId) => world.isIn(orderId))
      potentialUnits += Math.max(0, potential) * unitsPerListing
      if (!isGuaranteed(listing)) guaranteed = false
      else if (exposureQuantity(listing) < potential - foreign && stock.sharing === 'strict')
        fail(
          'P1',
          `${listing.id}: exposure ${exposureQuantity(listing)} (base ${listing.base}, ${listing.pushes.length} open) < ${potential} = max(Q ${market.quantity()}, h ${market.held()}) + U ${unknown}`,
        )
    }
    if (stock.sharing === 'pooled') return
    const sellable = sellableUnits(stock)
    if (adopting) adoptionUnits = Math.max(adoptionUnits, potentialUnits - sellable)
    if (guaranteed) adopting = false
    const committed = signedExposureUnits(stock)
    if (guaranteed && raisedUnits === 0 && committed > Math.max(0, sellable) + lostUnits + adoptionUnits)
      fail('P2', `exposures ${committed} > sellable ${sellable} + lost ${lostUnits}`)
    const over = Math.max(0, demandUnits - goodsUnits)
    if (over <= oversoldUnits) return
    oversoldUnits = over
    if (lostUnits === 0 && adoptionUnits <= 0 && foreignUnits === 0) unexcusedUnits = over
    if (over > foreignUnits + Math.max(atRiskUnits, adoptionUnits + (lostUnits > 0 ? atRiskUnits : 0)))
      fail('P3', `${over} units oversold, ${atRiskUnits} reported at risk`)
  }

  world.start()
  let events = 0
  const runUntil = (untilMs: number): void => {
    if (breach) return
    while (queue.step(untilMs)) {
      events += 1
      if (events > maxEvents) fail('runaway', `more than ${maxEvents} events`)
      check()
      const wrong = options.watch?.(world, markets, queue.nowMs())
      if (wrong !== null && wrong !== undefined) fail('drift', wrong)
      if (breach) return
    }
  }
  runUntil(startMs + scenario.horizonMs)
  faults = noFaults
  for (const market of markets) market.close()
  markets.forEach((_, index) => world.setOutage(index, false))
  for (const [index, listing] of world.stock().listings.entries())
    if (isDisconnected(listing) && listing.closedAtMs === undefined) {
      world.say(index, { kind: 'connected' })
      markets[index]?.shut(false)
    }
  tell('calm')
  world.calm()
  // A sweep over all listings finds what others wrote and nobody told of.
  if (foreignQuantities.some((_, index) => scenario.foreignWritesPerDay > 0 && isReadable(markets[index]))) sweep(queue, world, markets)
  const boundMs = Math.max(
    ...scenario.channels.map(({ constants: c, pollEveryMs, lateByL }) => {
      const visibleMs = c.orderVisibilityMs * Math.max(3, lateByL)
      return 3 * (c.requestLifetimeMs + visibleMs + c.checkoutHoldMs + c.readStalenessMs + 2 * c.clockSkewMs + pollEveryMs)
    }),
  )
  const calmMs = startMs + scenario.horizonMs
  let untilMs = calmMs + boundMs + hubWaitsMs(scenario)
  runUntil(untilMs)
  // Another listing's turn with the last units may come within the calm: its step has the same bound from then on.
  const lastTurnMs = (): number => Math.max(...world.stock().listings.map((l) => l.passedAtMs ?? 0))
  while (!breach && lastTurnMs() + boundMs + hubWaitsMs(scenario) > untilMs) {
    untilMs = lastTurnMs() + boundMs + hubWaitsMs(scenario)
    runUntil(untilMs)
  }
  if (!breach) {
    const missing = unconverged(world, markets, queue.nowMs())
    if (missing) fail('P7', missing)
  }
  return {
    breach,
    events,
    orders: markets.reduce((sum, m) => sum + m.orders.length, 0),
    unitsSold: markets.reduce((sum, m) => sum + m.orders.reduce((units, o) => units + o.quantity, 0) * m.scenario.unitsPerListing, 0),
    pushes: world.counts.pushes,
    reads: world.counts.reads,
    raisesFound: world.counts.raisesFound,
    oversoldUnits,
    unexcusedUnits,
    restMs: Math.max(0, changedAtMs - calmMs),
    story,
  }
}

/**
 * The sum that the invariant is about. A bound below 0 (an unheard cancellation went back on sale and was sold again) counts as such: the
 * product's own sum takes it for 0, which is stricter, and shows such a moment as at risk.
 */
const signedExposureUnits = (stock: Stock): number => {
  let units = 0
  for (const listing of stock.listings) if (isGuaranteed(listing)) units += (listing.base + openCharge(listing)) * listing.unitsPerListing
  return units
}

/** What has not converged, or null. */
const unconverged = (world: WorldHub, markets: readonly Marketplace[], nowMs: number): string | null => {
  const stock = world.stock()
  if (!world.isUp()) return 'the hub is down'
  for (let index = 0; index < markets.length; index++) {
    const market = markets[index]
    const listing = stock.listings[index]
    if (!market || !listing) continue
    const where = `${listing.id} (Q ${market.quantity()}, believed ${listing.believedQuantity}, base ${listing.base}, ${listing.status})`
    if (market.net() !== world.ingestedNet(market.scenario.name)) return `${where}: orders missing`
    if (!isGuaranteed(listing) && stock.sharing === 'strict') return `${where}: not guaranteed`
    if (listing.pushes.length > 0) return `${where}: ${listing.pushes.map((p) => `${p.kind} ${p.quantity} ${p.status}`).join(', ')} open`
    if (stock.sharing === 'pooled') continue
    const exposure = exposureQuantity(listing)
    // Where nothing can be read, only a write makes evidence, and it must fit beside what it makes evidence of.
    const unreadable = listing.writeClass === 'absolute-set' && market.quantity() > 0 && exposure > market.quantity()
    if (exposure !== Math.max(0, market.quantity()) && !unreadable) return `${where}: exposure ${exposure}`
  }
  const shown = guaranteedExposureUnits(stock)
  if (stock.sharing === 'strict' && shown > Math.max(0, sellableUnits(stock)))
    return `${shown} may be sold, ${sellableUnits(stock)} are there`
  const intents = plan(stock, (channel) => world.settingsFor(channel), nowMs)
  // The one step that waits for time alone, days from here: another listing's turn with the last units.
  const turns = intents.filter(({ passes }) => passes === true)
  const intent = intents.find(({ passes }) => passes !== true)
  if (intent) return `still planned: ${intent.listing} ${JSON.stringify(intent.step)} in ${intent.dueAtMs - nowMs} ms`
  // P9: work is done only where a mark says so, so without marks nothing is sent or read for ever.
  const marks = workMarks(stock, (channel) => world.settingsFor(channel), nowMs)
  const mark = marks.find((m) => !(m.kind === 'push' && turns.some((t) => t.channel === m.channel && t.dueAtMs === m.dueAtMs)))
  if (mark) return `still marked: ${mark.kind} of ${mark.channel} in ${mark.dueAtMs - nowMs} ms`
  const levels = ledgerLevels(world)
  if (levels.reserved !== stock.reservedUnits) return `ledger: reserved ${levels.reserved}, document ${stock.reservedUnits}`
  if (levels.onHand !== onHandTotal(stock)) return `ledger: on hand ${levels.onHand}, document ${onHandTotal(stock)}`
  return null
}

const ledgerLevels = (world: WorldHub): { onHand: number; reserved: number } => {
  let onHand = 0
  let reserved = 0
  for (const entry of world.ledger) {
    if (entry.to.startsWith('on_hand/')) onHand += entry.units
    if (entry.from.startsWith('on_hand/')) onHand -= entry.units
    if (entry.to === 'reserved') reserved += entry.units
    if (entry.from === 'reserved') reserved -= entry.units
  }
  return { onHand, reserved }
}

interface ChanceOptions {
  readonly scenario: Scenario
  readonly queue: ReturnType<typeof createEventQueue>
  readonly world: WorldHub
  readonly calm: () => boolean
  readonly received: (units: number) => void
  readonly lost: (units: number) => void
  readonly asked: (units: number) => void
}

const dayMs = 24 * 3_600_000

const isReadable = (market: Marketplace | undefined): market is Marketplace =>
  market !== undefined && market.scenario.writeClass !== 'absolute-set'

const sweep = (queue: ReturnType<typeof createEventQueue>, world: WorldHub, markets: readonly Marketplace[]): void => {
  for (const [index, market] of markets.entries())
    for (let round = 0; round < 6; round++)
      if (isReadable(market))
        queue.after(round * 10 * 60_000, () => {
          const { believedQuantity } = world.stock().listings[index] ?? { believedQuantity: null }
          if (believedQuantity !== market.quantity()) world.notice(index, (believedQuantity ?? 0) + 1)
        })
}

interface CompanyOptions {
  readonly scenario: Scenario
  readonly queue: ReturnType<typeof createEventQueue>
  readonly world: WorldHub
  readonly markets: readonly Marketplace[]
  readonly calm: () => boolean
  readonly raised: (index: number, quantity: number) => void
}

/** Others than this hub process: people and applications that write quantities, and a second process at the same work. */
const scheduleCompany = ({ scenario, queue, world, markets, calm, raised }: CompanyOptions): void => {
  const dice = diceOf(scenario.seed, 3_001)
  const again = (meanMs: number, happen: () => void): void => {
    if (!Number.isFinite(meanMs)) return
    queue.after(dice.wait(meanMs), () => {
      if (calm()) return
      happen()
      again(meanMs, happen)
    })
  }
  again(3_600_000 / scenario.takeoversPerHour, () => world.takeOver(dice.chance(0.6)))
  again(dayMs / scenario.foreignWritesPerDay, () => {
    const index = dice.int(0, markets.length - 1)
    const quantity = dice.int(0, 12)
    const delayMs = dice.int(10, 3_000)
    const told = dice.chance(0.5)
    const market = markets[index]
    if (!isReadable(market)) return
    raised(index, Math.max(0, quantity - market.quantity()))
    market.overwrite(quantity)
    if (told && market.scenario.webhooks) queue.after(delayMs, () => world.notice(index, quantity))
  })
}

/** A person disconnects listings. Half of them come back; the others are closed, and some of those open again with nothing. */
const scheduleConnections = ({
  scenario,
  queue,
  world,
  markets,
  calm,
  reopened,
}: Omit<CompanyOptions, 'raised'> & { readonly reopened: () => void }): void => {
  const dice = diceOf(scenario.seed, 3_002)
  const later = (mostMs: number, happen: () => void): void =>
    queue.after(dice.int(1_000, mostMs), () => {
      if (!calm()) happen()
    })
  const reopen = (index: number): void => {
    if (!world.say(index, { kind: 'connected' })) return later(10 * 60_000, () => reopen(index))
    markets[index]?.shut(false)
    reopened()
  }
  const close = (index: number): void => {
    const closedAtMs = queue.nowMs() + (markets[index]?.scenario.skewMs ?? 0)
    markets[index]?.shut(true)
    queue.after(dice.int(1_000, dice.pick([60_000, 3_600_000])), () => {
      // In the calm it is there again.
      if (calm()) return
      world.say(index, { kind: 'closed', closedAtMs: Math.min(closedAtMs, queue.nowMs()), ordersAreIn: false })
      if (dice.chance(0.5)) later(dice.pick([60_000, 4 * 3_600_000]), () => reopen(index))
    })
  }
  const again = (): void => {
    if (!Number.isFinite(dayMs / scenario.disconnectsPerDay)) return
    queue.after(dice.wait(dayMs / scenario.disconnectsPerDay), () => {
      if (calm()) return
      const index = dice.int(0, markets.length - 1)
      const listing = world.stock().listings[index]
      if (listing && !isDisconnected(listing)) {
        world.say(index, { kind: 'disconnected' })
        if (dice.chance(0.5)) later(2 * 3_600_000, () => world.say(index, { kind: 'connected' }))
        else later(dice.pick([60_000, 2 * 3_600_000]), () => close(index))
      }
      again()
    })
  }
  again()
}

/** Crashes, outages, goods in, goods lost, demands that ask first. */
const scheduleChance = ({ scenario, queue, world, calm, received, lost, asked }: ChanceOptions): void => {
  const dice = diceOf(scenario.seed, 3_000)
  const again = (meanMs: number, happen: () => void): void => {
    if (!Number.isFinite(meanMs)) return
    queue.after(dice.wait(meanMs), () => {
      if (calm()) return
      happen()
      again(meanMs, happen)
    })
  }
  let movements = 0
  const movement = (kind: 'receipt' | 'shrinkage' | 'reserve', units: number): boolean =>
    world.move({ kind, sku, pool, location, toLocation: null, units, reference: `${kind}-${++movements}` })
  // The opening stock is a receipt of the ledger, as an import writes it.
  world.ledger.push({
    key: 'opening',
    sku,
    pool,
    from: 'adjustment',
    to: `on_hand/${location}`,
    units: scenario.onHandUnits,
    reason: 'count',
    reference: 'opening',
    atMs: startMs,
    version: 1,
  })
  again(3_600_000 / scenario.faults.crashesPerHour, () => world.crash(dice.chance(scenario.faults.crashAtStep)))
  scenario.channels.forEach((_, index) =>
    again(dayMs / scenario.faults.outagesPerDay, () => {
      world.setOutage(index, true)
      queue.after(dice.int(60_000, 2 * 3_600_000), () => world.setOutage(index, false))
    }),
  )
  again(dayMs / scenario.restocksPerDay, () => {
    received(scenario.restockUnits)
    movement('receipt', scenario.restockUnits)
  })
  again(dayMs / scenario.shrinkagesPerDay, () => {
    const level = onHandTotal(world.stock())
    if (level <= 0) return
    const units = dice.int(1, Math.min(level, 4))
    lost(units)
    movement('shrinkage', units)
  })
  let asks = 0
  again(dayMs / scenario.asksPerDay, () => {
    const units = dice.int(1, 5)
    if (dice.chance(0.5)) {
      if (movement('reserve', units)) asked(units)
      return
    }
    const before = world.ingestedNet('purchases')
    world.ask({
      channel: 'purchases' as ChannelId,
      orderId: `PO-${++asks}`,
      createdAtMs: queue.nowMs(),
      revisedAtMs: queue.nowMs(),
      demand: 'ask-first',
      merge: 'revision',
      acknowledgeByMs: queue.nowMs() + dayMs,
      lines: [
        {
          lineId: '1',
          listingKeys: ['1'],
          orderedQuantity: units,
          cancelledQuantity: 0,
          shippedQuantity: 0,
          cancelledAtMs: null,
          cancelMayRestock: true,
          amountMinor: null,
          currency: null,
        },
      ],
      echo: null,
    })
    asked(world.ingestedNet('purchases') - before)
  })
}
