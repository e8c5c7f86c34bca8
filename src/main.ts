// The composition root: the only place where the parts are put together. `assemble` makes a hub of a configuration; `serve`, `check` and
// `demo` are what the command line starts.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { createAmazonSellerAdapter } from './channels/amazon-seller/index.ts'
import { configSchema as amazonSellerSchema } from './channels/amazon-seller/config.ts'
import { amazonVendorConfig } from './channels/amazon-vendor/config.ts'
import { createAmazonVendor } from './channels/amazon-vendor/index.ts'
import { configSchema as shopifySchema, createShopify } from './channels/shopify/index.ts'
import { createLiveView } from './cli/live-view.ts'
import type { DemoOptions, Programs } from './cli/program.ts'
import type { ServeOptions } from './cli/serve-command.ts'
import { type ChannelConfig, type Config, loadConfig } from './config/config.ts'
import { BelayError, isBelayError } from './domain/errors.ts'
import type { ChannelId } from './domain/ids.ts'
import type { ChannelSettings } from './domain/settings.ts'
import { createHub } from './engine/hub.ts'
import { createSyncRecorder } from './engine/sync-recorder.ts'
import { reconcileJobs } from './engine/reconcile-jobs.ts'
import { createScheduler } from './engine/scheduler.ts'
import { createStatusBook } from './engine/status.ts'
import { watchOutages } from './engine/store-outage.ts'
import { runViewBound } from './engine/view-bound.ts'
import { runViewLoop } from './engine/view-loop.ts'
import { systemClock } from './engine/system-clock.ts'
import { systemRandom } from './engine/system-random.ts'
import { createHttpApp } from './http/app.ts'
import { createLog } from './http/logging.ts'
import { createPrometheusMetrics } from './http/prometheus-metrics.ts'
import { type HttpServer, serveHttp } from './http/serve-http.ts'
import type { ChannelAdapter, Fetch } from './ports/channel.ts'
import type { Clock } from './ports/clock.ts'
import type { Hub, HubRole } from './ports/hub.ts'
import type { ChannelObserver } from './ports/metrics.ts'
import type { ReportTarget } from './ports/report-desk.ts'
import type { Random } from './ports/random.ts'
import type { Store } from './ports/store.ts'
import { mailTarget } from './reports/mail-target.ts'
import { createReportDesk } from './reports/report-desk.ts'
import { reportJobs } from './reports/report-jobs.ts'
import { slackTarget } from './reports/slack-target.ts'
import { openStore } from './store/index.ts'
import { assertUsable } from './transfer/store-marks.ts'

export const platformSchemas = { shopify: shopifySchema, 'amazon-seller': amazonSellerSchema, 'amazon-vendor': amazonVendorConfig }
type BelayConfig = Config<typeof platformSchemas>
type Channel = ChannelConfig<typeof platformSchemas>

interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly fetch: Fetch
}

const systemPorts: Ports = { clock: systemClock, random: systemRandom, fetch: (input, init) => fetch(input, init) }

export const createAdapter = (channel: Channel, ports: Ports, observer: ChannelObserver): ChannelAdapter => {
  switch (channel.platform) {
    case 'shopify':
      return createShopify(channel.settings, { ...ports, observer })
    case 'amazon-seller':
      return createAmazonSellerAdapter(channel.settings, { ...ports, observer })
    case 'amazon-vendor':
      return createAmazonVendor(channel.settings, { ...ports, observer })
  }
}

export const settingsOf = (channel: Channel, adapter: ChannelAdapter): ChannelSettings => ({
  channel: channel.id,
  mode: channel.mode,
  constants: channel.constants,
  keyedRetry: adapter.capabilities.keyRetentionMs > 0,
  keyRetentionMs: adapter.capabilities.keyRetentionMs,
  selfDecrement: adapter.capabilities.selfDecrement,
})

const storeUrl = (config: BelayConfig): string => (config.store.engine === 'sqlite' ? `sqlite:${config.store.path}` : config.store.uri)

export interface Assembled {
  readonly hub: Hub
  readonly server: HttpServer
  /** Ends everything in order: no new requests, what is in flight recorded, the store closed. */
  stop(): Promise<void>
}

export interface AssembleOptions {
  /** null: all of them. */
  readonly roles: readonly HubRole[] | null
  readonly migrates: boolean
}

const bringUpToDate = async (store: Store, migrates: boolean): Promise<void> => {
  const { stored, steps } = await store.schemaStatus()
  if (migrates || stored > steps.length) await store.migrate()
  else if (stored < steps.length)
    throw new BelayError('schema-pending', `The store has schema ${stored}; this program needs ${steps.length}`, {
      fix: 'Run `belay migrate up` first, or start without --no-migrate.',
    })
}

/** Where daily reports are sent. */
const reportTargets = ({ reports }: BelayConfig, ports: Ports): readonly ReportTarget[] => [
  ...(reports.mail === null ? [] : [mailTarget(reports.mail)]),
  ...(reports.slack === null ? [] : [slackTarget(reports.slack.webhookUrl, ports.fetch)]),
]

/** Channels whose prices are what Amazon pays the merchant. */
export const paidByAmazon = (config: Pick<BelayConfig, 'channels'>): ReadonlySet<ChannelId> =>
  new Set(config.channels.flatMap(({ id, platform }) => (platform === 'amazon-vendor' ? [id] : [])))

/** Puts a hub together and starts it. The HTTP server listens before the channels are asked to call it. */
export const assemble = async (
  config: BelayConfig,
  ports: Ports,
  logLevel: 'info' | 'warn' | 'silent',
  { roles, migrates }: AssembleOptions = { roles: null, migrates: true },
): Promise<Assembled> => {
  const metrics = createPrometheusMetrics()
  const opened: Store = await openStore(storeUrl(config))
  const requestLog = createLog({ level: logLevel, redact: config.redact })
  const { store, log } = watchOutages({ store: opened, log: requestLog, clock: ports.clock })
  const stopping = new AbortController()
  try {
    await bringUpToDate(store, migrates)
    await assertUsable(store)
    const owner = `${hostname()}/${process.pid}/${ports.random.uuid().slice(0, 8)}`
    const sync = createSyncRecorder({ store, clock: ports.clock, log, status: createStatusBook(ports.clock, metrics), writer: owner })
    const { status } = sync
    const adapters = config.channels.map((channel) => createAdapter(channel, ports, status.observerFor(channel.id)))
    const publicUrl = config.http.publicUrl
    const has = (role: HubRole): boolean => roles === null || roles.includes(role)
    const hub = createHub({
      store,
      clock: ports.clock,
      random: ports.random,
      metrics,
      log,
      status,
      adapters,
      settings: config.channels.flatMap((channel, index) => {
        const adapter = adapters[index]
        return adapter ? [settingsOf(channel, adapter)] : []
      }),
      policy: config.policy,
      poolLocations: new Map(config.pools.map((pool) => [pool.id, pool.locations])),
      webhookUrlFor: (channel: ChannelId) => (publicUrl === null ? null : `${publicUrl}/webhooks/${channel}`),
      reconcilePolicyFor: config.reconcilePolicyFor,
      ...(roles === null ? {} : { roles }),
      owner,
      // One process with everything on one file has nobody to tell.
      peers: roles !== null || store.engine === 'mongo',
    })
    const source = {
      store,
      clock: ports.clock,
      timeZone: config.timeZone,
      channels: config.channels.map(({ id }) => id),
      paidByAmazon: paidByAmazon(config),
    }
    const targets = reportTargets(config, ports)
    const desk = createReportDesk(source, targets)
    const scheduler = createScheduler({
      store,
      clock: ports.clock,
      log,
      timeZone: config.timeZone,
      // Work at set times. One line for each.
      jobs: [
        ...reportJobs({ source, desk, targets, redact: config.redact }),
        ...reconcileJobs(
          hub,
          config.channels.map(({ id }) => id),
          ports.clock,
        ),
      ],
      overrides: config.schedule,
      owner,
    })
    const app = createHttpApp({
      hub,
      api: has('api'),
      schedule: scheduler,
      reports: desk,
      metrics,
      apiKeyHash: config.apiKeyHash,
      timeZone: config.timeZone,
      clock: ports.clock,
      random: ports.random,
      log: requestLog,
    })
    const server = await serveHttp(app, config.http)
    const noting = sync.run(hub, adapters, stopping.signal)
    await hub.start()
    if (has('scheduler')) scheduler.start()
    const viewing = has('worker')
      ? runViewLoop({
          context: { store, clock: ports.clock, log, metrics },
          settings: () => config.channels.flatMap(({ id }) => hub.settingsOf(id) ?? []),
          owner,
          signal: stopping.signal,
        })
      : Promise.resolve()
    const bounding = has('scheduler')
      ? runViewBound({ context: { store, clock: ports.clock, log, random: ports.random }, owner, signal: stopping.signal })
      : Promise.resolve()
    return {
      hub,
      server,
      stop: async () => {
        await server.close()
        await Promise.all([hub.stop(), scheduler.stop()])
        stopping.abort()
        await Promise.all([noting, viewing, bounding])
        await store.close()
      },
    }
  } catch (error) {
    stopping.abort()
    await store.close()
    throw error
  }
}

/** Resolves at the first SIGINT or SIGTERM, or when the signal aborts; a second one ends the process at once. */
const untilStopped = (signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(130))
      resolve()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })

const readConfig = async (path: string): Promise<BelayConfig> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new BelayError('config-invalid', `the configuration file ${path} cannot be read`, {
      fix: 'name it with --config FILE; examples/belay.yaml is one to start from',
      cause,
    })
  })
  return loadConfig(text, process.env, platformSchemas)
}

const serve = async ({ configPath, roles, port, migrates }: ServeOptions): Promise<void> => {
  const read = await readConfig(configPath)
  const config = port === null ? read : { ...read, http: { ...read.http, port } }
  const running = await assemble(config, systemPorts, 'info', { roles, migrates })
  const said = roles === null ? '' : ` (${roles.join(', ')})`
  process.stdout.write(`Belay listens on ${running.server.url}${said}\n`)
  await untilStopped()
  process.stdout.write('Stopping: what is in flight is being recorded.\n')
  await running.stop()
  process.stdout.write('Stopped.\n')
}

const check = async (configPath: string): Promise<number> => {
  const config = await readConfig(configPath)
  let problems = 0
  const tell = (ok: boolean, subject: string, message: string, fix: string | null): void => {
    if (!ok) problems += 1
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${config.redact(`${subject}: ${message}${ok || fix === null ? '' : ` Fix: ${fix}`}`)}\n`)
  }
  tell(true, 'configuration', `${configPath} is valid: ${config.channels.length} channels.`, null)
  try {
    const store = await openStore(storeUrl(config))
    try {
      await store.counts()
    } finally {
      await store.close()
    }
    tell(true, 'store', 'can be reached.', null)
  } catch (error) {
    // A store that has no tables yet is what a first start finds; only SQLite says so by an error.
    const message = error instanceof Error ? error.message : String(error)
    const fresh = message.includes('no such table')
    const fix = isBelayError(error) ? (error.fix ?? null) : null
    tell(fresh, 'store', fresh ? 'is empty; the first start sets it up.' : message, fix)
  }
  const silent: ChannelObserver = { request: () => undefined, error: () => undefined }
  for (const channel of config.channels) {
    const adapter = createAdapter(channel, systemPorts, silent)
    try {
      for (const finding of await adapter.check(AbortSignal.timeout(60_000)))
        tell(finding.ok, `${channel.id} ${finding.subject}`, finding.message, finding.fix)
    } catch (error) {
      tell(false, channel.id, error instanceof Error ? error.message : String(error), isBelayError(error) ? (error.fix ?? null) : null)
    }
  }
  process.stdout.write(problems === 0 ? 'Nothing is wrong.\n' : `${problems} ${problems === 1 ? 'thing needs' : 'things need'} mending.\n`)
  return problems === 0 ? 0 : 1
}

const demo = async (options: DemoOptions): Promise<void> => {
  // Only the demo needs the simulators: a hub in production never loads them.
  const { openRehearsal } = await import('../sim/rehearsal.ts')
  const rehearsal = await openRehearsal({ ...options, clock: systemClock, store: 'sqlite:data/belay.db', openStore })
  const config = loadConfig(rehearsal.files.config, { ...process.env, ...rehearsal.files.environment }, platformSchemas)
  const running = await assemble(config, systemPorts, 'warn')
  const { hub, server } = running
  const ended = new AbortController()
  const view = createLiveView({ hub, out: process.stdout, clock: systemClock, url: server.url, timeZone: config.timeZone })
  try {
    await rehearsal.stock(hub)
    rehearsal.world.start()
    if (options.forSeconds !== null) void systemClock.sleep(options.forSeconds * 1000, ended.signal).then(() => ended.abort())
    await untilStopped(ended.signal)
  } finally {
    ended.abort()
    await rehearsal.world.stop()
    view.stop()
    await running.stop()
    await rehearsal.close()
  }
  process.stdout.write('Stopped. The next start continues with the same stock (data/belay.db).\n')
}

const openNamed: Programs['openStore'] = async ({ configPath, storeUrl: named, mustExist = false }) => {
  const url = named ?? storeUrl(await readConfig(configPath))
  const path = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : null
  if (mustExist && path !== null && path !== ':memory:' && !existsSync(path))
    throw new BelayError('config-invalid', `There is no file ${path}`, {
      fix: 'Check the path; it is looked up from the folder that the command runs in.',
    })
  return openStore(url)
}

// As the demo, the only ones that load simulators.
const simulate: Programs['simulate'] = async (options) => (await import('../sim/simulate.ts')).simulate(options)

export const programs: Programs = { serve, check, demo, openStore: openNamed, simulate, clock: systemClock }
