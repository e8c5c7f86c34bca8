// The hub of a world: the product's own changes (issue, record, upkeep, fold, movements) decided over one document in memory, the document's
// work marks deciding when something is due. What is modelled here is only what surrounds them: the wire with its faults, webhooks, polls
// with their watermark, and a process that dies between any two durable steps and starts again.
import type { Connection } from '../../src/domain/connection.ts'
import { exposureQuantity, hasBound } from '../../src/domain/exposure.ts'
import type { ChannelId, PoolId, Sku } from '../../src/domain/ids.ts'
import type { Incident } from '../../src/domain/incidents.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import { moveStock, type Movement } from '../../src/domain/movement.ts'
import { foldOrder } from '../../src/domain/order-fold.ts'
import type { Listing, Order, OrderFact, OrderLine } from '../../src/domain/orders.ts'
import { type Mark, recoverAfterMs, workMarks } from '../../src/domain/plan.ts'
import type { PushResult } from '../../src/domain/push.ts'
import type { ChannelSettings } from '../../src/domain/settings.ts'
import type { Stock } from '../../src/domain/stock.ts'
import type { Change, Decision, View } from '../../src/engine/change.ts'
import { connectionChange } from '../../src/engine/connection.ts'
import { completeThroughMs } from '../../src/engine/poll-loop.ts'
import { doubtChange, issueChange, type Job, recordChange, recordReadChange, upkeepChange } from '../../src/engine/push-changes.ts'
import { backoffMs, resultOfFailedRead, resultOfPush, resultOfSettle } from '../../src/engine/push-record.ts'
import type { PushOutcome, ReadOutcome, SettleOutcome } from '../../src/ports/channel.ts'
import { diceOf } from './dice.ts'
import type { EventQueue } from './event-queue.ts'
import type { Marketplace, WriteRequest } from './marketplace.ts'
import { type Faults, numberOf, type Scenario } from './scenario.ts'
import type { Cause, Teeth } from './teeth.ts'

export const sku = 'SKU-1' as Sku
export const pool = 'main' as PoolId
const key = { sku, pool }
const requestTimeoutMs = 30_000

export interface HubCounts {
  pushes: number
  reads: number
  webhooks: number
  raisesFound: number
}

export interface WorldHub {
  stock(): Stock
  settingsFor(channel: ChannelId): ChannelSettings
  isIn(orderId: string): boolean
  /** Units ordered less cancelled as ingested, listing quantities, of a channel. */
  ingestedNet(channel: string): number
  /** Orders of the channel created up to here are in. */
  watermarkMs(index: number): number
  readonly counts: HubCounts
  readonly incidents: Incident[]
  readonly ledger: LedgerEntry[]
  /** Where exposure rose although nothing may raise it. */
  readonly rises: readonly string[]
  webhook(index: number, fact: OrderFact): void
  move(movement: Movement): boolean
  ask(fact: OrderFact): void
  crash(armed: boolean): void
  /** Another process takes over, at once or when the next request is issued; the one before it stands still then, and goes on later. */
  takeOver(atStep: boolean): void
  /** The channel tells that it shows this number. */
  notice(index: number, quantity: number): void
  setOutage(index: number, out: boolean): void
  /** A person's word on a listing; false: it is refused. */
  say(index: number, connection: Connection): boolean
  start(): void
  isUp(): boolean
  /** Faults are over: no crash is to come, and the process runs. */
  calm(): void
  story: ((text: string) => void) | null
}

export interface WorldHubOptions {
  readonly scenario: Scenario
  readonly queue: EventQueue
  readonly markets: readonly Marketplace[]
  readonly stock: Stock
  readonly faults: () => Faults
  readonly teeth: Teeth
}

const promised = (line: OrderLine): number => line.acceptedQuantity ?? line.orderedQuantity
/** What the line counts as sold less cancelled: its net demand. */
const netOf = (line: OrderLine): number =>
  promised(line) - Math.max(0, Math.min(line.cancelledQuantity, promised(line) - line.shippedQuantity))

const listingOf = (market: Marketplace): Listing => ({
  id: market.listing,
  channel: market.scenario.name as ChannelId,
  externalId: market.scenario.name,
  keys: [market.listing],
  sku,
  pool,
  unitsPerListing: market.scenario.unitsPerListing,
  fulfilment: 'MFN',
})

export const createWorldHub = (options: WorldHubOptions): WorldHub => {
  const { scenario, queue, markets, teeth } = options
  const dice = diceOf(scenario.seed, 1_000)
  const wires = markets.map((market) => diceOf(scenario.seed, 2_000 + numberOf(market.scenario)))
  const settings = new Map<string, ChannelSettings>()
  for (const { scenario: channel } of markets) {
    const honest: ChannelSettings = {
      channel: channel.name as ChannelId,
      mode: 'enforce',
      constants: channel.constants,
      keyedRetry: channel.keyedRetry,
      keyRetentionMs: channel.keyRetentionMs,
      selfDecrement: 'documented',
    }
    settings.set(channel.name, teeth.settings?.(honest) ?? honest)
  }
  const askSettings: ChannelSettings = {
    channel: 'purchases' as ChannelId,
    mode: 'enforce',
    constants: { orderVisibilityMs: 0, clockSkewMs: 0, checkoutHoldMs: 0, requestLifetimeMs: 60_000, readStalenessMs: 0 },
    keyedRetry: false,
    keyRetentionMs: 0,
    selfDecrement: 'documented',
  }
  const settingsFor = (channel: ChannelId): ChannelSettings => settings.get(channel) ?? askSettings

  let stock = options.stock
  let marks: readonly Mark[] = []
  let epoch = 0
  let up = false
  let armed = false
  let pauses = false
  let startedAtMs = 0
  const orders = new Map<string, Order>()
  const net = new Map<string, number>()
  const ledger: LedgerEntry[] = []
  const ledgerKeys = new Set<string>()
  const incidents: Incident[] = []
  const rises: string[] = []
  let cancelledQuantity = 0
  const failures = new Map<string, number>()
  const wakes = new Map<string, number>()
  /** Processes that were taken over from and do not know it yet: they record answers and finish what they had under way. */
  const lingering = new Set<number>()
  const isGone = (born: number): boolean => born !== epoch && !lingering.has(born)
  const watermarks = markets.map(() => Number.NEGATIVE_INFINITY)
  const lastPolled = markets.map(() => Number.NEGATIVE_INFINITY)
  const outages = markets.map(() => false)
  const counts: HubCounts = { pushes: 0, reads: 0, webhooks: 0, raisesFound: 0 }
  const tell = (text: string): void => hub.story?.(text)

  const view: View = {
    stock: () => stock,
    order: ({ orderId }) => orders.get(orderId) ?? null,
    hasLedgerKey: (text) => ledgerKeys.has(text),
    get nowMs() {
      return queue.nowMs()
    },
  }

  const marksNow = (): readonly Mark[] => workMarks(teeth.seen?.('issue', stock) ?? stock, settingsFor, queue.nowMs())

  const commit = (cause: Cause, decision: Decision<unknown>): void => {
    const [decided] = decision.stock ?? []
    if (decided) {
      const next = teeth.after?.(cause, stock, decided, queue.nowMs(), (channel) => settingsFor(channel as ChannelId)) ?? decided
      checkRises(cause, stock, next, decision.incidents ?? [])
      stock = { ...next, version: stock.version + 1, changedAtMs: queue.nowMs() }
      marks = marksNow()
      wakeAll()
    }
    for (const order of decision.orders ?? []) {
      const before = orders.get(order.orderId)?.lines.reduce((sum, l) => sum + netOf(l), 0) ?? 0
      const after = order.lines.reduce((sum, l) => sum + netOf(l), 0)
      net.set(order.channel, (net.get(order.channel) ?? 0) + after - before)
      orders.set(order.orderId, order)
    }
    for (const entry of decision.ledger ?? []) {
      if (ledgerKeys.has(entry.key)) throw new Error(`ledger key twice: ${entry.key}`)
      ledgerKeys.add(entry.key)
      ledger.push(entry)
    }
    for (const incident of teeth.incidents?.(decision.incidents ?? []) ?? decision.incidents ?? []) {
      incidents.push(incident)
      if (incident.kind === 'external-raise') counts.raisesFound += 1
      tell(`incident ${incident.kind}: ${incident.summary}`)
    }
  }

  /** P5: exposure rises only where a push is issued, a cancellation is ingested, or somebody else raised the number. */
  const checkRises = (cause: Cause, before: Stock, after: Stock, found: readonly Incident[]): void => {
    if (cause === 'issue' || (cause === 'record' && found.some((i) => i.kind === 'external-raise'))) return
    after.listings.forEach((listing, index) => {
      const was = before.listings[index]
      if (!was || !hasBound(was)) return
      const back = cause === 'fold' ? cancelledQuantity : 0
      if (exposureQuantity(listing) > exposureQuantity(was) + back)
        rises.push(`${cause} raised ${listing.id} from ${exposureQuantity(was)} to ${exposureQuantity(listing)}`)
    })
  }

  const decide = <T>(cause: Cause, change: Change<T>): T => {
    const seen = teeth.seen?.(cause, stock) ?? stock
    const decision = change.decide(seen === stock ? view : { ...view, nowMs: queue.nowMs(), stock: () => seen })
    if ('needs' in decision) throw new Error('a change asked for a document that is not there')
    commit(cause, decision)
    return decision.value
  }

  const indexOf = (channel: string): number => markets.findIndex((m) => m.scenario.name === channel)

  const wakeAll = (): void => {
    if (!up) return
    for (const mark of marks) {
      const index = indexOf(mark.channel)
      if (mark.kind === 'fence') {
        if (mark.dueAtMs <= (watermarks[index] ?? 0)) wakeAt(mark, queue.nowMs() + 5)
      } else wakeAt(mark, Math.max(queue.nowMs() + 2, mark.dueAtMs))
    }
  }

  const wakeAt = ({ channel, kind }: Mark, atMs: number): void => {
    const text = `${kind} ${channel}`
    const planned = wakes.get(text)
    if (planned !== undefined && planned <= atMs) return
    wakes.set(text, atMs)
    const born = epoch
    queue.after(atMs - queue.nowMs(), () => {
      if (born !== epoch || wakes.get(text) !== atMs) return
      wakes.delete(text)
      const mark = marks.find((m) => m.channel === channel && m.kind === kind)
      if (!mark) return
      const index = indexOf(channel)
      const due = kind === 'fence' ? mark.dueAtMs <= (watermarks[index] ?? 0) : mark.dueAtMs <= queue.nowMs()
      if (!due) return wakeAll()
      if (kind === 'push' || kind === 'read') issue(index, kind)
      else upkeep(index)
    })
  }

  const upkeep = (index: number): void => {
    const channel = markets[index]?.scenario.name as ChannelId
    const watermarkMs = watermarks[index] ?? Number.NEGATIVE_INFINITY
    decide('upkeep', upkeepChange(key, channel, watermarkMs === Number.NEGATIVE_INFINITY ? null : watermarkMs, settingsFor))
  }

  const issue = (index: number, work: 'push' | 'read'): void => {
    const channel = markets[index]?.scenario.name as ChannelId
    const before = stock
    const jobs = decide('issue', issueChange(key, channel, work, settingsFor, startedAtMs))
    if (jobs.length > 0 && armed && teeth.sendsFirst === true) {
      for (const job of jobs) send(index, job, epoch)
      hub.crash(false)
      stock = { ...before, version: stock.version }
      return
    }
    if (jobs.length > 0 && stepCrash()) return tell('crash: issued, not sent')
    if (jobs.length > 0 && pauses) return pauseAndSend(index, jobs)
    for (const job of jobs) send(index, job, epoch)
  }

  /** A process that stands still between issue and send: a write that is too old by then is not sent (engine/push-loop.ts, `splitByAge`). */
  const pauseAndSend = (index: number, jobs: readonly Job[]): void => {
    pauses = false
    const born = epoch
    const lifetimeMs = markets[index]?.scenario.constants.requestLifetimeMs ?? 0
    const oldestMs = Math.min(recoverAfterMs / 2, lifetimeMs / 4)
    const pauseMs = dice.int(1, 3 * (teeth.sendsLate === true ? lifetimeMs : oldestMs))
    tell(`stands still for ${pauseMs} ms after issuing`)
    hub.takeOver(false)
    queue.after(pauseMs, () => {
      if (isGone(born)) return
      for (const job of jobs)
        if (job.kind !== 'write' || pauseMs < oldestMs || teeth.sendsLate === true) send(index, job, born)
        else decide('record', recordOf(job, { kind: 'not-executed', retryAtMs: queue.nowMs() }))
    })
  }

  const stepCrash = (): boolean => {
    if (!armed) return false
    hub.crash(false)
    return true
  }

  const failed = (channel: string, kind: string, yes: boolean): number => {
    const text = `${kind} ${channel}`
    failures.set(text, yes ? (failures.get(text) ?? 0) + 1 : 0)
    return backoffMs(failures.get(text) ?? 0, dice)
  }

  const recordAfter = (born: number, delayMs: number, result: (nowMs: number) => { change: Change<unknown> }): void => {
    queue.after(delayMs, () => {
      if (isGone(born)) return
      if (stepCrash()) return tell('crash: answered, not recorded')
      decide('record', result(queue.nowMs()).change)
    })
  }

  const send = (index: number, job: Job, born: number): void => {
    const market = markets[index]
    if (!market) return
    if (job.kind === 'write') return sendWrite(market, index, job, born)
    const wire = wires[index] ?? dice
    const faults = options.faults()
    const channel = market.scenario.name
    const own = settingsFor(channel as ChannelId)
    const lost = outages[index] === true || wire.chance(faults.lostRead)
    const delayMs = wire.int(10, market.scenario.latencyMs)
    if (job.kind === 'settle') {
      counts.reads += 1
      queue.after(delayMs, () => {
        const outcome: SettleOutcome = lost
          ? { kind: 'failed', code: 'channel-timeout', message: 'no answer' }
          : market.settle(job.push.submissionId ?? '')
        if (isGone(born)) return
        recordAfter(born, lost ? requestTimeoutMs : delayMs, (nowMs) => ({
          change: recordOf(job, resultOfSettle(outcome, job.push, own, nowMs, failed(channel, 'settle', lost))),
        }))
      })
      return
    }
    counts.reads += 1
    queue.after(delayMs, () => {
      const outcome: ReadOutcome = lost
        ? { kind: 'failed', code: 'channel-timeout', message: 'no answer' }
        : wire.chance(faults.throttled)
          ? { kind: 'throttled', retryAtMs: queue.nowMs() + wire.int(500, 30_000) }
          : { kind: 'quantity', quantity: market.read() }
      recordAfter(born, lost ? requestTimeoutMs : delayMs, (nowMs) => {
        const retryAfterMs = failed(channel, 'read', lost)
        const failure = resultOfFailedRead(outcome, nowMs, retryAfterMs)
        tell(`${channel}: read ${outcome.kind === 'quantity' ? outcome.quantity : outcome.kind} (${job.push.id})`)
        return {
          change:
            outcome.kind === 'quantity'
              ? recordReadChange(job, outcome.quantity, settingsFor)
              : recordOf(job, failure ?? { kind: 'not-executed', retryAtMs: nowMs + retryAfterMs }),
        }
      })
    })
  }

  const recordOf = (job: Job, result: PushResult): Change<void> =>
    recordChange(job, teeth.result?.(result, job.push) ?? result, settingsFor)

  const sendWrite = (market: Marketplace, index: number, job: Job, born: number): void => {
    counts.pushes += 1
    const { push } = job
    const { scenario: channel } = market
    const own = settingsFor(channel.name as ChannelId)
    const wire = wires[index] ?? dice
    const faults = options.faults()
    const lifetimeMs = channel.constants.requestLifetimeMs
    const latestEffectMs = Math.max(push.lastSendMs + Math.floor(lifetimeMs * 0.95), queue.nowMs() + channel.latencyMs)
    const asked: WriteRequest = {
      key: teeth.key?.(push) ?? push.id,
      quantity: push.quantity,
      fromQuantity: push.kind === 'compare-and-set' ? push.fromQuantity : null,
      ...(push.kind === 'delta' ? { addQuantity: push.charge } : {}),
      latestEffectMs,
    }
    const request = teeth.request?.(asked, push) ?? asked
    const delayMs = wire.int(10, channel.latencyMs)
    const answer = (atDelayMs: number, outcome: PushOutcome): void =>
      recordAfter(born, atDelayMs, (nowMs) => {
        tell(
          `${channel.name}: ${push.kind} ${push.fromQuantity ?? ''}->${push.quantity} (${push.id}, attempt ${push.attempts}) ${outcome.kind}`,
        )
        const retryAfterMs = failed(channel.name, 'push', outcome.kind === 'unsent' || outcome.kind === 'ambiguous')
        return { change: recordOf(job, resultOfPush(outcome, own, nowMs, retryAfterMs)) }
      })
    const silent: PushOutcome = { kind: 'ambiguous', code: 'channel-timeout', message: 'no answer' }
    if (teeth.withholds?.(push) === true) return answer(delayMs, { kind: 'throttled', retryAtMs: queue.nowMs() + 600_000 })
    if (wire.chance(faults.unsent)) return answer(delayMs, { kind: 'unsent', code: 'channel-unreachable', message: 'no route' })
    if (outages[index] || wire.chance(faults.lostRequest)) return answer(requestTimeoutMs, silent)
    if (wire.chance(faults.zombie)) {
      queue.after(wire.int(Math.min(requestTimeoutMs, latestEffectMs - queue.nowMs()), latestEffectMs - queue.nowMs()), () =>
        market.write(request),
      )
      return answer(requestTimeoutMs, silent)
    }
    const lostAnswer = wire.chance(faults.lostAnswer)
    queue.after(delayMs, () => {
      const outcome = market.write(request)
      if (lostAnswer && teeth.asksTwice?.(push) === true) answer(delayMs, market.write({ ...request, key: `${request.key}/2` }))
      else if (lostAnswer) answer(requestTimeoutMs - delayMs, silent)
      else answer(delayMs, outcome)
    })
  }

  const fold = (fact: OrderFact, listing: Listing): void => {
    const told = teeth.fact?.(fact) ?? fact
    const given = teeth.seen?.('fold', stock) ?? stock
    const result = foldOrder(told, {
      order: orders.get(fact.orderId) ?? null,
      stock: () => given,
      listingFor: () => listing,
      settingsFor,
      nowMs: queue.nowMs(),
    })
    if (result.unresolved.length > 0) throw new Error('a line could not be placed')
    if (result.sold.length + result.cancelled.length > 0)
      tell(`hub folds ${fact.orderId}: +${result.sold[0]?.units ?? 0} -${result.cancelled[0]?.units ?? 0}`)
    cancelledQuantity = result.cancelled.reduce((sum, c) => sum + c.units, 0) / listing.unitsPerListing
    commit('fold', { ...result, orders: result.order ? [result.order] : [], value: undefined })
  }

  const foldMarket = (index: number, fact: OrderFact): void => {
    const market = markets[index]
    if (market) fold(fact, listingOf(market))
  }

  const poll = (index: number, born: number): void => {
    const market = markets[index]
    if (born !== epoch || !market) return
    const wire = wires[index] ?? dice
    const beganMs = queue.nowMs()
    const facts = market.visibleSince((lastPolled[index] ?? 0) - 1)
    const pages = Math.max(1, Math.ceil(facts.length / 3))
    const fails = outages[index] === true || wire.chance(options.faults().pollFailure)
    const failsAt = fails ? wire.int(0, pages - 1) : pages
    const page = (number: number): void => {
      if (isGone(born)) return
      if (number === failsAt && fails) {
        teeth.failedPoll?.(() => advance())
        queue.after(market.scenario.pollEveryMs, () => poll(index, born))
        return
      }
      for (const fact of facts.slice(number * 3, number * 3 + 3)) foldMarket(index, fact)
      if (number + 1 < pages) {
        queue.after(wire.int(10, market.scenario.latencyMs), () => page(number + 1))
        return
      }
      if (stepCrash()) return tell('crash: ingested, watermark not moved')
      advance()
      queue.after(market.scenario.pollEveryMs, () => poll(index, born))
    }
    const advance = (): void => {
      const { constants } = settingsFor(market.scenario.name as ChannelId)
      const completeMs = completeThroughMs(beganMs, { throughMs: beganMs, undecidedSinceMs: null }, constants)
      watermarks[index] = Math.max(watermarks[index] ?? completeMs, completeMs)
      lastPolled[index] = beganMs
      wakeAll()
    }
    if (teeth.watermarkFirst) advance()
    queue.after(wire.int(10, market.scenario.latencyMs), () => page(0))
  }

  const start = (): void => {
    up = true
    startedAtMs = queue.nowMs()
    marks = marksNow()
    markets.forEach((market, index) => {
      const due = marks.some((m) => m.kind === 'push' && m.channel === market.scenario.name && m.dueAtMs <= startedAtMs + recoverAfterMs)
      if (due && up) issue(index, 'push')
      if (up) poll(index, epoch)
    })
    wakeAll()
  }

  const hub: WorldHub = {
    stock: () => stock,
    settingsFor,
    isIn: (orderId) => orders.has(orderId),
    ingestedNet: (channel) => net.get(channel) ?? 0,
    watermarkMs: (index) => watermarks[index] ?? Number.NEGATIVE_INFINITY,
    counts,
    incidents,
    ledger,
    rises,
    story: null,
    isUp: () => up,
    calm: () => {
      armed = false
      pauses = false
      if (!up) start()
    },
    start,
    setOutage: (index, out) => {
      outages[index] = out
    },
    webhook: (index, fact) => {
      if (up) {
        counts.webhooks += 1
        foldMarket(index, fact)
      } else if (dice.chance(0.5)) queue.after(60_000, () => hub.webhook(index, fact))
    },
    move: (movement) => {
      try {
        const effect = moveStock(movement, teeth.seen?.('move', stock) ?? stock, null, queue.nowMs())
        commit('move', { stock: [effect.stock], ledger: effect.ledger, incidents: effect.incidents, value: undefined })
        return true
      } catch {
        return false
      }
    },
    say: (index, connection) => {
      const id = markets[index]?.listing
      if (id === undefined) return false
      try {
        const decision = connectionChange({ sku, pool, listing: id, connection }, (channel) => settingsFor(channel)).decide({
          stock: () => teeth.seen?.('say', stock) ?? stock,
          order: () => null,
          hasLedgerKey: () => false,
          nowMs: queue.nowMs(),
        })
        if ('value' in decision) commit('say', decision)
        tell(`a person says of ${id}: ${connection.kind}`)
        return true
      } catch {
        return false
      }
    },
    ask: (fact) =>
      fold(fact, {
        id: 'purchases/1' as Listing['id'],
        channel: fact.channel,
        externalId: '1',
        keys: [],
        sku,
        pool,
        unitsPerListing: 1,
        fulfilment: 'retail',
      }),
    takeOver: (atStep) => {
      if (!up) return
      if (atStep) {
        pauses = true
        return
      }
      tell('another process takes over')
      const old = epoch
      epoch += 1
      lingering.add(old)
      queue.after(dice.int(1_000, 600_000), () => lingering.delete(old))
      wakes.clear()
      failures.clear()
      start()
    },
    notice: (index, quantity) => {
      const listing = stock.listings[index]
      if (up && listing) decide('record', doubtChange(key, listing.id, quantity))
    },
    crash: (atStep) => {
      if (atStep) {
        armed = true
        return
      }
      if (!up) return
      tell('crash')
      armed = false
      pauses = false
      up = false
      epoch += 1
      lingering.clear()
      wakes.clear()
      failures.clear()
      const died = epoch
      queue.after(dice.chance(0.1) ? dice.int(600_000, 5_400_000) : dice.int(500, 60_000), () => {
        if (!up && epoch === died) start()
      })
    },
  }
  return hub
}
