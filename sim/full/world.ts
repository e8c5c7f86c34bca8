// Runs one full-depth world: the real hub with its real adapters against the real simulators, in one process, on one clock, over one SQLite
// store in memory. First everything goes wrong as often as the scenario says, with safety checked after every step; then the faults end, and
// all must come to rest within the protocol's bound. The same scenario gives the same run, to the last event.
import { createHash } from 'node:crypto'
import { isBelayError } from '../../src/domain/errors.ts'
import type { ChannelId, Sku } from '../../src/domain/ids.ts'
import type { ChannelSettings } from '../../src/domain/settings.ts'
import type { MovementRequest } from '../../src/ports/hub.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { type Dice, diceOf } from '../protocol/dice.ts'
import { noFaults } from '../simulator.ts'
import { seededRandom } from '../world/seeded-random.ts'
import { createBooks } from './books.ts'
import { createFaultyStore, never } from './faulty-store.ts'
import { createHubProcess, type HubProcess } from './hub-process.ts'
import { createMerchant, location, type Market, type Merchant, pool } from './merchant.ts'
import { calmStore, calmWire, channelOf, type FullScenario } from './scenario.ts'
import { startShoppers } from './shoppers.ts'
import { createWire } from './wire.ts'
import { createWorldClock, type Life, type WorldClock } from './world-clock.ts'

export interface FullBreach {
  readonly property: 'P1' | 'P2' | 'P3' | 'P7' | 'bug' | 'runaway'
  readonly atMs: number
  readonly text: string
}

export interface FullResult {
  readonly breach: FullBreach | null
  /** Requests, store writes and what shoppers did. */
  readonly events: number
  readonly steps: number
  readonly orders: number
  readonly unitsSold: number
  readonly pushes: number
  readonly falseRaises: number
  readonly oversoldUnits: number
  readonly crashes: number
  readonly virtualMs: number
  /** Of everything durable at the end. */
  readonly hash: string
  readonly story: readonly string[]
}

export interface FullRunOptions {
  readonly story?: boolean
  /** Turns of the event loop beyond those that somebody waits for. They change nothing; a test says so. */
  readonly extraTurns?: number
  /** A run of more steps than this is taken for one that never comes to rest. */
  readonly maxSteps?: number
}

const startMs = Date.UTC(2026, 10, 23, 9)
const minuteMs = 60_000
/** The waits that the hub chooses itself: an hour after a refusal, ten minutes for an accepted write to show, twice. */
const hubWaitsMs = 85 * minuteMs
const checkEveryMs = 20_000
const defaultMaxSteps = 400_000

export const runFullScenario = async (scenario: FullScenario, options: FullRunOptions = {}): Promise<FullResult> => {
  const clock = createWorldClock(startMs, options.extraTurns)
  const store = await openSqliteStore(':memory:')
  await store.migrate()
  const story: string[] = []
  const dice = diceOf(scenario.seed, 1)
  const maxSteps = options.maxSteps ?? defaultMaxSteps
  let breach: FullBreach | null = null
  let events = 0
  let steps = 0
  let crashes = 0
  let births = 0
  let calm = true
  let dirty = true
  const processes: HubProcess[] = []
  const outages = new Set<string>()

  const tell = (text: string): void => {
    if (options.story) story.push(`${((clock.nowMs() - startMs) / 1000).toFixed(3)} s  ${text}`)
  }
  const fail = (property: FullBreach['property'], text: string): void => {
    breach ??= { property, atMs: clock.nowMs() - startMs, text }
    tell(`${property}: ${text}`)
  }
  const going = (): boolean => breach === null
  const told = (): void => {
    events += 1
    dirty = true
  }

  const webhookDice = diceOf(scenario.seed, 2)
  const merchant = createMerchant(scenario, {
    clock,
    deliver: async (request) => {
      told()
      await clock.pause(webhookDice.int(1, 300))
      const process = processes[webhookDice.int(0, Math.max(0, processes.length - 1))]
      if (!process) throw new TypeError('fetch failed')
      return await process.serve(request)
    },
  })
  const books = createBooks(merchant, scenario.editsPerHour > 0)
  const settings = new Map(merchant.settings.map((each) => [each.channel, each]))
  const settingsFor = (channel: ChannelId): ChannelSettings => {
    const found = settings.get(channel)
    if (!found) throw new Error(`no channel ${channel}`)
    return found
  }

  const bear = (index: number): HubProcess => {
    const birth = births++
    const life: Life = { name: `hub ${index + 1}.${birth}`, alive: true, frozenUntilMs: 0 }
    const die = (where: string): void => crash(life, index, where)
    const way = diceOf(scenario.seed, 100 + birth * 16)
    const wakes = diceOf(scenario.seed, 100 + birth * 16 + 15)
    const timer = clock.view(life, scenario.hubSkewsMs[index] ?? 0)
    // A process may die as it wakes. Between these points, the store's and the wire's, nothing leaves it: dying elsewhere is dying at one of them.
    const view = {
      ...timer,
      sleep: async (ms: number, signal?: AbortSignal): Promise<void> => {
        await timer.sleep(ms, signal)
        if (!calm && wakes.chance(scenario.store.crash)) die('as it wakes')
        if (!life.alive) await never()
      },
    }
    const lazy = { ...view, sleep: (ms: number, signal?: AbortSignal) => view.sleep(ms === 1_000 ? scenario.idleMs : ms, signal) }
    const random = seededRandom(scenario.seed * 17 + birth)
    return createHubProcess({
      life,
      clock: lazy,
      random,
      store: createFaultyStore({
        store,
        life,
        clock,
        dice: way,
        faults: () => (calm ? calmStore : scenario.store),
        crash: die,
        observe: (commit) => {
          books.observe(commit)
          if (options.story) tellCommit(commit, tell)
        },
        told,
      }),
      merchant,
      adapters: merchant.markets.map((market, at) =>
        merchant.adapter(market, {
          clock: view,
          random,
          fetch: createWire({
            platform: (request) => market.simulator.fetch(request),
            life,
            clock,
            dice: diceOf(scenario.seed, 101 + birth * 16 + at),
            latencyMs: market.scenario.latencyMs,
            staleMs: market.scenario.constants.readStalenessMs,
            faults: () => (calm ? calmWire : market.scenario.wire),
            isOut: () => outages.has(market.scenario.platform),
            crash: die,
            told,
          }),
        }),
      ),
      complain: (text) => {
        // A store that is away ends a loop, which starts again: that is how it should be.
        if (!/store-unavailable|the store does not answer|conflicted \d+ times/.test(text)) fail('bug', text)
      },
    })
  }

  const start = (index: number): void => {
    const process = bear(index)
    processes.push(process)
    tell(`${process.life.name} starts`)
    // One that finds no store ends, and whoever watches over it starts another.
    process.hub.start().catch((error: unknown) => {
      if (!isBelayError(error, 'store-unavailable')) fail('bug', String(error))
      crash(process.life, index, 'at its start')
    })
  }

  const crash = (life: Life, index: number, where: string): void => {
    if (!life.alive) return
    life.alive = false
    crashes += 1
    tell(`${life.name} dies ${where}`)
    const at = processes.findIndex((each) => each.life === life)
    if (at >= 0) processes.splice(at, 1)
    clock.after(dice.chance(0.1) ? dice.int(minuteMs, 10 * minuteMs) : dice.int(200, 30_000), () => start(index))
  }

  const run = async (untilMs: number): Promise<void> => {
    while (going() && (await clock.step(untilMs))) {
      steps += 1
      if (steps > maxSteps) fail('runaway', `more than ${maxSteps} steps`)
      if (!dirty) continue
      dirty = false
      const finding = books.check()
      if (finding) fail(finding.property, `${finding.sku} ${finding.text}`)
    }
  }

  const untilTrue = async (isTrue: () => Promise<boolean>): Promise<boolean> => {
    const beganMs = clock.nowMs()
    while (going() && clock.nowMs() < beganMs + boundMs()) {
      if (await isTrue()) return true
      await run(Math.min(beganMs + boundMs(), clock.nowMs() + checkEveryMs))
    }
    return false
  }

  const setFaults = (on: boolean): void => {
    calm = !on
    for (const { simulator, scenario: own } of merchant.markets) Object.assign(simulator.faults, on ? own.faults : noFaults())
  }

  // Decrease, evidence, increase: what one listing of a SKU is to get may have to wait for each of the others in turn.
  const rounds = Math.max(2, ...scenario.skus.map((each) => each.listings.length))
  /** By the constants that are in force: what evidence widened is waited for longer. */
  const boundMs = (): number =>
    hubWaitsMs +
    rounds *
      Math.max(
        ...scenario.platforms.map(({ constants, pollEveryMs, platform }) => {
          const c = processes[0]?.hub.settingsOf(channelOf[platform] as ChannelId)?.constants ?? constants
          const pollMs = platform === 'amazon-seller' ? 15 * minuteMs : 10 * pollEveryMs
          return c.requestLifetimeMs + c.orderVisibilityMs + c.checkoutHoldMs + c.readStalenessMs + 2 * c.clockSkewMs + pollMs
        }),
      )

  const first = bear(0)
  const imported = first.hub.applyImport(merchant.importRequest)
  await clock.settle()
  await imported
  first.life.alive = false
  setFaults(!scenario.quietAdoption)
  for (let index = 0; index < scenario.hubs; index++) start(index)
  if (scenario.quietAdoption && !(await untilTrue(() => Promise.resolve(books.isAdopted()))))
    fail('P7', 'not every listing was adopted in a calm')
  setFaults(true)
  const began = clock.nowMs()
  tell('the trade begins')
  const shoppers = startShoppers({ scenario, merchant, clock, told, tell })
  scheduleTrouble({ scenario, markets: merchant.markets, clock, dice, processes, outages, isCalm: () => calm, crash, tell })
  scheduleEdits(scenario, merchant, clock, () => calm, told, tell)
  scheduleWarehouse({ scenario, clock, processes, isCalm: () => calm, told, tell })
  await run(began + scenario.horizonMs)
  setFaults(false)
  shoppers.close()
  outages.clear()
  tell('calm')
  let missing: string | null = null
  const rests = await untilTrue(async () => {
    if (processes.length < scenario.hubs) return false
    missing = await books.unconverged(store, settingsFor, clock.nowMs())
    return missing === null
  })
  if (!rests) fail('P7', missing ?? 'a hub is down')
  const virtualMs = clock.nowMs() - startMs
  for (const process of processes) process.life.alive = false
  // Deliveries to a process that is gone never end: nobody waits for them.
  for (const { simulator } of merchant.markets) void simulator.close()
  await clock.settle()
  await store.close()
  const hash = createHash('sha256')
    .update(JSON.stringify([events, steps, virtualMs, breach]))
    .update(books.state())
    .digest('hex')
    .slice(0, 16)
  const sold = merchant.markets.flatMap(({ simulator, offers }) => {
    const units = new Map(offers.map((offer) => [offer.externalId, offer.unitsPerListing]))
    return simulator.market.books().map((each) => each.soldQuantity * (units.get(each.externalId) ?? 1))
  })
  return {
    breach,
    events,
    steps,
    orders: merchant.markets.reduce((sum, { simulator }) => sum + simulator.market.orders().length, 0),
    unitsSold: sold.reduce((sum, units) => sum + units, 0),
    pushes: books.pushes(),
    falseRaises: books.falseRaises(),
    oversoldUnits: books.oversoldUnits(),
    crashes,
    virtualMs,
    hash,
    story,
  }
}

const tellCommit = (commit: Parameters<Parameters<typeof createFaultyStore>[0]['observe']>[0], tell: (text: string) => void): void => {
  for (const { next } of commit.stock ?? [])
    tell(
      `commit ${next.sku} v${next.version} reserved ${next.reservedUnits} ${next.listings
        .map(
          (l) =>
            `[${l.channel} ${l.status} base ${l.base} believed ${l.believedQuantity} through ${l.fencedThroughMs - startMs} ${l.pushes
              .map((p) => `${p.kind} ${p.fromQuantity ?? ''}->${p.quantity} ${p.status} x${p.attempts} at ${p.issuedAtMs - startMs}`)
              .join(
                '; ',
              )} fences ${l.fences.map((f) => `${f.quantity}@${f.fromMs - startMs}-${f.throughMs - startMs} s${f.sold} r${f.restocked} l${f.later}`).join('; ')}]`,
        )
        .join(' ')}`,
    )
  for (const order of commit.orders ?? [])
    tell(
      `commit order ${order.orderId} created ${order.createdAtMs - startMs}: ${order.lines.map((l) => `${l.listing} ${l.orderedQuantity}-${l.cancelledQuantity} shipped ${l.shippedQuantity} cancelled at ${(l.cancelledAtMs ?? startMs) - startMs}`).join('; ')}`,
    )
  for (const cursor of commit.cursors ?? [])
    tell(`commit watermark ${cursor.channel} ${cursor.stream} ${(cursor.watermarkMs ?? startMs) - startMs}`)
  for (const incident of commit.incidents ?? []) tell(`incident ${incident.kind}: ${incident.summary}`)
}

interface Trouble {
  readonly scenario: FullScenario
  readonly markets: readonly Market[]
  readonly clock: WorldClock
  readonly dice: Dice
  readonly processes: readonly HubProcess[]
  readonly outages: Set<string>
  readonly isCalm: () => boolean
  readonly crash: (life: Life, index: number, where: string) => void
  readonly tell: (text: string) => void
}

const hourMs = 60 * minuteMs

/** Processes that die at any time, platforms that are away. */
const scheduleTrouble = (trouble: Trouble): void => {
  const { scenario, clock, isCalm } = trouble
  const again = (dice: Dice, perHour: number, happen: () => void): void => {
    if (perHour <= 0) return
    clock.after(dice.wait(hourMs / perHour), () => {
      if (isCalm()) return
      happen()
      again(dice, perHour, happen)
    })
  }
  const crashDice = diceOf(scenario.seed, 3)
  again(crashDice, scenario.crashesPerHour, () => {
    const process = trouble.processes[crashDice.int(0, Math.max(0, trouble.processes.length - 1))]
    if (process) trouble.crash(process.life, Number(process.life.name.slice(4).split('.')[0]) - 1, 'at a random time')
  })
  trouble.markets.forEach(({ scenario: own }, index) => {
    const dice = diceOf(scenario.seed, 10 + index)
    again(dice, own.outagesPerHour, () => {
      trouble.outages.add(own.platform)
      trouble.tell(`${own.platform} is away`)
      const lasts = dice.chance(0.2) ? dice.int(5 * minuteMs, 3 * hourMs) : dice.int(5_000, 5 * minuteMs)
      clock.after(lasts, () => trouble.outages.delete(own.platform))
    })
  })
}

/** Somebody who writes past the hub, with an application of their own. */
const scheduleEdits = (
  scenario: FullScenario,
  merchant: Merchant,
  clock: WorldClock,
  isCalm: () => boolean,
  told: () => void,
  tell: (text: string) => void,
): void => {
  if (scenario.editsPerHour <= 0) return
  const dice = diceOf(scenario.seed, 5)
  const random = seededRandom(scenario.seed * 13 + 5)
  const writers = merchant.markets.flatMap((market) => {
    const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
      market.simulator.fetch(new Request(input, { ...init, signal: null }))
    const adapter = merchant.adapter(market, { clock: clock.view(null, 0), random, fetch })
    return market.offers.filter((offer) => !offer.asks).map((offer) => ({ adapter, offer }))
  })
  const edit = (): void => {
    clock.after(dice.wait(hourMs / scenario.editsPerHour), () => {
      const writer = writers[dice.int(0, writers.length - 1)]
      if (isCalm() || !writer) return
      const { adapter, offer } = writer
      const fromQuantity = offer.simulator.market.liveQuantity(offer.externalId)
      const quantity = dice.int(0, 12)
      told()
      tell(`somebody writes ${quantity} to ${offer.channel}/${offer.externalId}`)
      void adapter.push([{ key: random.uuid(), externalId: offer.externalId, quantity, fromQuantity }], new AbortController().signal)
      edit()
    })
  }
  edit()
}

interface Warehouse {
  readonly scenario: FullScenario
  readonly clock: WorldClock
  readonly processes: readonly HubProcess[]
  readonly isCalm: () => boolean
  readonly told: () => void
  readonly tell: (text: string) => void
}

/** Goods come in and get lost, and people reserve. A movement whose answer is missing is sent again under its reference, as people do. */
const scheduleWarehouse = ({ scenario, clock, processes, isCalm, told, tell }: Warehouse): void => {
  const dice = diceOf(scenario.seed, 4)
  let references = 0

  const attempt = async (request: MovementRequest): Promise<'done' | 'refused' | 'again'> => {
    const process = processes[dice.int(0, Math.max(0, processes.length - 1))]
    if (!process) return 'again'
    told()
    try {
      const late = clock.pause(10_000).then(() => 'again' as const)
      return await Promise.race([process.hub.move(request).then(() => 'done' as const), late])
    } catch (error) {
      return isBelayError(error) && error.kind === 'permanent' ? 'refused' : 'again'
    }
  }
  const move = async (kind: MovementRequest['kind'], sku: Sku, units: number, reference: string): Promise<boolean> => {
    const request: MovementRequest = { kind, sku, pool, location, toLocation: null, units, reference }
    for (;;) {
      const outcome = await attempt(request)
      if (outcome !== 'again') {
        tell(`${kind} of ${units} ${sku} (${reference}) ${outcome}`)
        return outcome === 'done'
      }
      await clock.pause(1_000)
    }
  }
  const again = (perHour: number, happen: (sku: Sku, reference: string) => void): void => {
    if (perHour <= 0) return
    clock.after(dice.wait(hourMs / perHour), () => {
      if (isCalm()) return
      happen(dice.pick(skus), `m${++references}`)
      again(perHour, happen)
    })
  }
  const [firstSku, ...otherSkus] = scenario.skus.map((each) => each.sku as Sku)
  if (firstSku === undefined) return
  const skus: readonly [Sku, ...Sku[]] = [firstSku, ...otherSkus]
  again(scenario.restocksPerHour, (sku, reference) => void move('receipt', sku, dice.int(1, 12), reference))
  again(scenario.shrinkagesPerHour, (sku, reference) => void move('shrinkage', sku, dice.int(1, 3), reference))
  again(scenario.reservationsPerHour, (sku, reference) => {
    const units = dice.int(1, 4)
    const ends = dice.pick(['release', 'ship', null] as const)
    const afterMs = dice.int(5_000, 10 * minuteMs)
    void move('reserve', sku, units, reference).then(async (held) => {
      if (!held || ends === null) return
      await clock.pause(afterMs)
      await move(ends, sku, units, reference)
    })
  })
}
