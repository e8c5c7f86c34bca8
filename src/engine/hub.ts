// The hub: the parts of the engine put to work over a store and a set of adapters. See ports/hub.ts for what it promises.
import { BelayError } from '../domain/errors.ts'
import type { ChannelId, LocationId, PoolId } from '../domain/ids.ts'
import { checkMovement, endKey, moveStock, movementKey } from '../domain/movement.ts'
import type { Incident } from '../domain/incidents.ts'
import { hubChannel } from '../domain/order-fold.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import type { KnownSettings } from '../domain/protection.ts'
import { noPolicy, type Policy } from '../domain/rules.ts'
import { defaultPolicy, type ReconcilePolicy } from '../domain/reconcile-policy.ts'
import type { ChannelSettings } from '../domain/settings.ts'
import { availableUnits, onHandTotal, type Stock } from '../domain/stock.ts'
import type { ChannelAdapter } from '../ports/channel.ts'
import type { Clock } from '../ports/clock.ts'
import type { ChannelStatus, Hub, HubEvent, HubRole, ImportPreview, ImportRequest, MovementRequest, MovementResult } from '../ports/hub.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { runAuditLoop } from './audit.ts'
import { createCauseBook } from './causes.ts'
import type { Change, Decision } from './change.ts'
import { createChannelReports, type OwnedStatus } from './channel-reports.ts'
import { createChannelWakes, runChannel } from './channel-runner.ts'
import { createCommitTurn } from './commit-turn.ts'
import { createCommitter } from './committer.ts'
import type { EngineContext, Logger } from './context.ts'
import { explainSku } from './explain-sku.ts'
import { runImport } from './import.ts'
import { createLearnedSettings } from './learned-settings.ts'
import { createListingFinder } from './listing-finder.ts'
import { createPeerSignals, noPeerSignals } from './peer-signals.ts'
import { connectionChange } from './connection.ts'
import { ruleChange, runRuleResolve } from './rule-resolve.ts'
import { createReconciler } from './reconciler.ts'
import type { StatusBook } from './status.ts'
import { createWake } from './wake.ts'
import { watchCommitter } from './watched-committer.ts'

export interface HubOptions {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  readonly log: Logger
  /** Made before the adapters, which report into it. */
  readonly status: StatusBook
  readonly adapters: readonly ChannelAdapter[]
  readonly settings: readonly ChannelSettings[]
  readonly poolLocations: ReadonlyMap<PoolId, readonly LocationId[]>
  /** Left out: nothing is said but by imports and people. */
  readonly policy?: Policy
  /** Where platforms reach this hub's webhooks; null: nowhere, polls and queues alone serve. */
  readonly webhookUrlFor: (channel: ChannelId) => string | null
  /** What is done about drift; not given: the defaults. */
  readonly reconcilePolicyFor?: (channel: ChannelId) => ReconcilePolicy
  /** Default: all of them. */
  readonly roles?: readonly HubRole[]
  /** Names this process among those on the store, and no other one ever; default: made up. */
  readonly owner?: string
  /** True: other processes may be on the same store; they are told of what they have to do, and listened to. */
  readonly peers?: boolean
}

const allRoles: readonly HubRole[] = ['api', 'worker', 'scheduler']
/** For each channel that is held already: who holds fewer takes a free one first. */
const holdBackStepMs = 100
const longestHoldBackMs = 2_000

/** The settings of channels that are not configured (any more): nothing is written there. */
const unknownSettings = (channel: ChannelId): ChannelSettings => ({
  channel,
  mode: 'paused',
  constants: {
    orderVisibilityMs: 30 * 60_000,
    clockSkewMs: 10_000,
    checkoutHoldMs: 15 * 60_000,
    requestLifetimeMs: 60 * 60_000,
    readStalenessMs: 5 * 60_000,
  },
  keyedRetry: false,
  keyRetentionMs: 0,
  selfDecrement: 'documented',
})

/** Applied inbox events are kept this long for people to look at. */
const inboxKeptMs = 7 * 24 * 60 * 60_000
const inboxSweepEveryMs = 60 * 60_000
const refreshEveryMs = 60_000
const maxEventListeners = 64
/** What waits longer than this is not due, but planned: another listing's turn with the last units, a refused listing's next try. */
const dueSoonMs = 10 * 60_000
const stopWithinMs = 10_000

const usedBefore = (request: MovementRequest): BelayError =>
  new BelayError('movement-conflict', `reference ${request.reference} was used for another movement`, {
    fix: 'give each movement a reference of its own',
  })

/** Is this the movement that the entry was made for? A count's entry holds the difference it found, so that its units cannot be compared. */
const sameMovement = (request: MovementRequest, entry: LedgerEntry): boolean =>
  entry.sku === request.sku &&
  entry.pool === request.pool &&
  entry.reason === request.kind &&
  (request.kind === 'count' || entry.units === request.units)

/** A place is one of the configuration, or one where goods of this SKU still lie. */
const checkPlaces = (request: MovementRequest, stock: Stock, locations: readonly LocationId[]): void => {
  if (request.kind === 'reserve' || request.kind === 'release') return
  for (const place of [request.location, request.kind === 'transfer' ? request.toLocation : null]) {
    if (place === null || locations.includes(place) || stock.onHandUnits[place] !== undefined) continue
    throw new BelayError('movement-invalid', `${place} is not a location of pool ${request.pool}`, {
      fix: `use one of: ${locations.join(', ') || 'none is configured'}; or add it under pools in the configuration`,
    })
  }
}

const moveChange = (request: MovementRequest, locations: readonly LocationId[]): Change<MovementResult & { changed: boolean }> => {
  const key = { sku: request.sku, pool: request.pool }
  const ends = request.kind === 'release' || request.kind === 'ship'
  const ledgerKey = ends ? endKey(request.reference) : movementKey(request)
  const orderKey = { channel: hubChannel, orderId: request.reference }
  const promise = request.kind === 'reserve' || ends
  const shown = (stock: Stock, outcome: 'applied' | 'duplicate'): MovementResult & { changed: boolean } => ({
    outcome,
    changed: outcome === 'applied',
    onHandUnits: onHandTotal(stock),
    reservedUnits: stock.reservedUnits,
    availableUnits: availableUnits(stock),
  })
  return {
    stock: [key],
    orders: promise ? [orderKey] : [],
    // A promise is known by its order; only physical movements are known by their ledger key alone.
    ledgerKeys: promise ? [] : [ledgerKey],
    presumesNew: !ends,
    decide: (view): Decision<MovementResult & { changed: boolean }> => {
      const stock = view.stock(key) ?? null
      const order = promise ? view.order(orderKey) : null
      if (!stock) {
        throw new BelayError('sku-unknown', `${request.sku} is not known in pool ${request.pool}`, {
          fix: 'import it first: belay import --stock FILE',
        })
      }
      checkPlaces(request, stock, locations)
      const line = order?.lines[0]
      const ended =
        line !== undefined &&
        ((request.kind === 'release' && line.cancelledQuantity === line.orderedQuantity) ||
          (request.kind === 'ship' && line.shippedQuantity === line.orderedQuantity))
      if (view.hasLedgerKey(ledgerKey) || ended || (request.kind === 'reserve' && line)) {
        if (promise && (line?.sku !== request.sku || line.pool !== request.pool || line.orderedQuantity !== request.units)) {
          throw usedBefore(request)
        }
        return { value: shown(stock, 'duplicate') }
      }
      const effect = moveStock(request, stock, order, view.nowMs)
      return {
        stock: [effect.stock],
        orders: effect.order ? [effect.order] : [],
        ledger: effect.ledger,
        incidents: effect.incidents,
        value: shown(effect.stock, 'applied'),
      }
    },
  }
}

export const createHub = (options: HubOptions): Hub & { readonly context: EngineContext } => {
  const { store, clock, metrics, log, status, policy = noPolicy } = options
  const adapters = new Map(options.adapters.map((a) => [a.channel, a]))
  const learned = createLearnedSettings({ store, clock, log, configured: options.settings, unknown: unknownSettings })
  const { settingsFor } = learned
  const settingsOf: KnownSettings = (channel) => (adapters.has(channel) ? settingsFor(channel) : null)
  const listeners = new Set<(event: HubEvent) => void>()
  const owner = options.owner ?? options.random.uuid()
  const groups = createCommitter({
    store,
    clock,
    settingsFor,
    ...(options.peers ? { turn: createCommitTurn({ store, clock, random: options.random, owner }) } : {}),
    onCommit: (marks) => {
      for (const mark of marks) {
        const wake = wakes.get(mark.channel)
        if (!wake || (mark.kind !== 'push' && mark.kind !== 'read')) continue
        wake[mark.kind].ring()
        peers.give(mark.channel, 'work')
      }
    },
  })
  const tell = (incident: Incident): void => {
    metrics.count('belay_incidents_total', { kind: incident.kind })
    // Parked events are told as such.
    if (incident.kind !== 'event-parked') context.emit({ kind: 'incident', summary: incident.summary, atMs: incident.atMs })
  }
  const committer = watchCommitter({ committer: groups, store, settingsOf, onIncident: tell })
  const context: EngineContext = {
    store,
    clock,
    random: options.random,
    committer,
    settingsFor,
    metrics,
    log,
    listings: createListingFinder(store),
    causes: createCauseBook(),
    emit: (event) => {
      if (event.kind === 'sale' || event.kind === 'cancel') wakes.get(event.channel)?.acknowledge.ring()
      for (const listener of listeners) listener(event)
    },
    contradicted: async (channel, contradiction) => {
      const incident = await learned.contradicted(channel, contradiction)
      if (!incident) return
      await committer.submit({ stock: [], orders: [], ledgerKeys: [], decide: () => ({ incidents: [incident], value: undefined }) })
    },
    retried: (channel) => status.retried(channel),
  }
  const wakes = new Map([...adapters.keys()].map((channel) => [channel, createChannelWakes(context)]))
  const stopping = new AbortController()
  const running: Promise<void>[] = []
  const roles = new Set<HubRole>(options.roles ?? allRoles)
  /** The channels that this process works now. */
  const owned = new Set<ChannelId>()
  const peers = options.peers
    ? createPeerSignals({
        store,
        clock,
        log,
        channels: [...adapters.keys()],
        isOwnedHere: (channel) => owned.has(channel),
        onSignal: (channel, kind) => {
          const wake = wakes.get(channel)
          if (kind === 'work') for (const loop of [wake?.push, wake?.read, wake?.acknowledge]) loop?.ring()
          else wake?.[kind].ring()
        },
      })
    : noPeerSignals
  const reports = createChannelReports({ store, clock, log, status, owner, owned })
  const wakeInbox = (channel: ChannelId): void => {
    wakes.get(channel)?.inbox.ring()
    peers.give(channel, 'inbox')
  }

  const sweepInbox = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await store.expireInbox(clock.nowMs() - inboxKeptMs).catch((error: unknown) => log.warn({ error: String(error) }, 'inbox not swept'))
      await clock.sleep(inboxSweepEveryMs, stopping.signal)
    }
  }

  /** What other processes learned of the channels counts here too. */
  const refreshLearned = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await clock.sleep(refreshEveryMs, stopping.signal)
      if (!stopping.signal.aborted)
        await learned
          .refresh()
          .catch((error: unknown) => log.warn({ error: String(error) }, 'what was learned of the channels is not readable'))
    }
  }

  const retryParked = async (): Promise<number> => {
    let count = 0
    let afterSequence = -1
    for (;;) {
      const parked = await store.readInbox({ state: 'parked', afterSequence, limit: 500 })
      const last = parked.at(-1)
      if (!last) break
      const inbox = parked.map((e) => ({ channel: e.channel, dedupeKey: e.dedupeKey, state: 'pending' as const, reason: e.reason }))
      await committer.submit({ stock: [], orders: [], ledgerKeys: [], decide: () => ({ inbox, value: undefined }) })
      count += parked.length
      afterSequence = last.sequence
    }
    for (const channel of wakes.keys()) wakeInbox(channel)
    return count
  }

  /** A paused channel's orders come in all the same; the plan sets and reads nothing there. */
  const startChannel = (adapter: ChannelAdapter): void => {
    const { channel } = adapter
    const channelWakes = wakes.get(channel)
    if (!channelWakes) return
    running.push(
      runChannel({
        context,
        adapter,
        wakes: channelWakes,
        owner,
        webhookUrl: options.webhookUrlFor(channel),
        reconcilePolicy: options.reconcilePolicyFor?.(channel) ?? defaultPolicy,
        holdBackMs: () => (options.peers ? Math.min(longestHoldBackMs, owned.size * holdBackStepMs) : 0),
        onTaken: () => {
          owned.add(channel)
          metrics.gauge('belay_channel_owned', { channel }, 1)
        },
        onEnded: (released) => {
          owned.delete(channel)
          metrics.gauge('belay_channel_owned', { channel }, 0)
          if (released) peers.give(channel, 'lease')
        },
        signal: stopping.signal,
      }),
    )
  }

  const importWith = (request: ImportRequest, apply: boolean): Promise<ImportPreview> =>
    runImport(context, request, { adapters, poolLocations: options.poolLocations, policy, apply })

  const statusOf = async (adapter: ChannelAdapter, told: OwnedStatus): Promise<ChannelStatus> => {
    const { channel, platform, capabilities } = adapter
    const watermarkAgeMs: Record<string, number | null> = {}
    for (const stream of capabilities.streams) {
      const cursor = await store.readCursor(channel, stream)
      watermarkAgeMs[stream] = cursor?.watermarkMs == null ? null : clock.nowMs() - cursor.watermarkMs
    }
    return {
      channel,
      platform,
      mode: settingsFor(channel).mode,
      ...told,
      watermarkAgeMs,
      pushesDue: await store.countWork({ channel, kind: 'push', dueBeforeMs: clock.nowMs() + dueSoonMs }),
      pushesOpen: await store.countWork({ channel, kind: 'expire' }),
    }
  }

  const auditWake = createWake(clock)
  const reconciler = createReconciler({
    store,
    clock,
    random: options.random,
    committer,
    channels: [...adapters.keys()],
    ring: (channel) => (channel === null ? auditWake : wakes.get(channel)?.reconcile)?.ring(),
  })

  return {
    context,
    store,
    reconciler,
    adapters,
    settingsOf,
    explain: (sku) => explainSku(sku, { store, adapters, settingsOf, policy, nowMs: clock.nowMs() }),
    move: async (request) => {
      checkMovement(request)
      const arrivedAtMs = clock.nowMs()
      const { changed, ...result } = await committer.submit(moveChange(request, options.poolLocations.get(request.pool) ?? []))
      const physical = !['reserve', 'release', 'ship'].includes(request.kind)
      const known = changed || !physical ? null : await store.readLedgerEntry(movementKey(request))
      if (known && !sameMovement(request, known)) throw usedBefore(request)
      if (changed) context.causes.arrived(request, arrivedAtMs)
      return result
    },
    policy,
    setRule: (request) => committer.submit(ruleChange(request, policy)),
    setConnection: (request) => committer.submit(connectionChange(request, settingsOf)),
    previewImport: (request) => importWith(request, false),
    applyImport: async (request) => {
      const preview = await importWith(request, true)
      // What waited for a listing may be placed now.
      if (preview.listingsCreated > 0) await retryParked()
      return preview
    },
    receive: async (events) => {
      await store.appendInbox(events)
      for (const { channel } of events) wakeInbox(channel)
    },
    retryParked,
    forgetLearned: (channel) => learned.forget(channel),
    channelStatus: async () => {
      const told = await reports.read([...adapters.keys()])
      return Promise.all([...adapters.values()].map((adapter, i) => statusOf(adapter, told[i] as OwnedStatus)))
    },
    watch: (listener) => {
      if (listeners.size < maxEventListeners) listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: async () => {
      await learned.refresh()
      if (roles.has('worker')) {
        for (const adapter of adapters.values()) startChannel(adapter)
        running.push(runAuditLoop(context, owner, auditWake, stopping.signal))
        if (options.peers) running.push(reports.write(stopping.signal))
      }
      if (roles.has('scheduler')) running.push(sweepInbox(), runRuleResolve(context, policy, owner, stopping.signal))
      running.push(refreshLearned(), peers.listen(stopping.signal))
    },
    stop: async () => {
      stopping.abort()
      const stopped = new AbortController()
      const finished = Promise.all(running)
        .then(() => groups.idle())
        .then(() => peers.idle())
      await Promise.race([finished.finally(() => stopped.abort()), clock.sleep(stopWithinMs, stopped.signal)])
    },
  }
}
