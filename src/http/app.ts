// The hub over HTTP: health, metrics, API, webhooks. Puts the routes under their guards and gives every request an id, a log line
// (no bodies, no headers, no query) and a time. At most maxConcurrent requests are worked on at once; the others are sent away at once.
import { Hono } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { BelayError, isBelayError } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Hub } from '../ports/hub.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Random } from '../ports/random.ts'
import type { ReportDesk } from '../ports/report-desk.ts'
import type { ScheduleReader } from '../ports/schedule.ts'
import { answerError, statusOf } from './error-answers.ts'
import { guard, securityHeaders } from './guards.ts'
import { reportRoutes } from './report-routes.ts'
import { inventoryRoutes } from './inventory-routes.ts'
import { readRoutes } from './read-routes.ts'
import { reconcileRoutes } from './reconcile-routes.ts'
import { scheduleRoutes } from './schedule-routes.ts'
import { connectionRoutes } from './connection-routes.ts'
import { ruleRoutes } from './rule-routes.ts'
import { webhookRoute } from './webhook-route.ts'
import { writeRoutes } from './write-routes.ts'

export interface HttpAppParts {
  readonly hub: Hub
  readonly metrics: Metrics & { text(): Promise<string> }
  /** null: no key is set; only loopback names are answered. */
  readonly apiKeyHash: Uint8Array | null
  /** In which times are told to people: a name of the IANA list. */
  readonly timeZone?: string
  /** False: only health and metrics are answered. */
  readonly api?: boolean
  /** Not given: there are no reports. */
  readonly reports?: ReportDesk
  /** Not given: nothing is scheduled. */
  readonly schedule?: ScheduleReader
  readonly clock: Clock
  readonly random: Random
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/** With bodies of 1 MiB this bounds what waits in memory to half a gigabyte at worst, and to a few megabytes as platforms send. */
const maxConcurrent = 512
/** Longer than this without an answer of the store is not healthy. */
const healthTimeoutMs = 2000

type Variables = { requestId: string }

const healthy = async (hub: Hub, clock: Clock): Promise<boolean> => {
  const stop = new AbortController()
  const asked = hub.store.readSetting('health').then(
    () => true,
    () => false,
  )
  const answer = await Promise.race([asked, clock.sleep(healthTimeoutMs, stop.signal).then(() => false)])
  stop.abort()
  return answer
}

export const createHttpApp = ({
  hub,
  metrics,
  apiKeyHash,
  timeZone = 'UTC',
  api = true,
  reports,
  schedule = { states: () => Promise.resolve([]) },
  clock,
  random,
  log,
}: HttpAppParts): Hono<{ Variables: Variables }> => {
  const app = new Hono<{ Variables: Variables }>()
  let open = 0

  app.use(async (c, next) => {
    const startedMs = clock.nowMs()
    const requestId = random.uuid()
    c.set('requestId', requestId)
    await next()
    c.header('X-Request-Id', requestId)
    const durationMs = clock.nowMs() - startedMs
    const line = { requestId, method: c.req.method, path: c.req.path.slice(0, 300), status: c.res.status, durationMs }
    if (c.res.status >= 500) log.warn(line, 'request')
    else log.info(line, 'request')
    metrics.observe(
      'belay_http_request_seconds',
      { route: routePath(c, -1), method: c.req.method, status: String(c.res.status) },
      durationMs / 1000,
    )
  })
  app.use(securityHeaders)
  app.use(async (_c, next) => {
    if (open >= maxConcurrent)
      throw new BelayError('overloaded', 'Too many requests at once.', {
        fix: 'Send it again in a moment.',
        retryAtMs: clock.nowMs() + 1000,
      })
    open++
    try {
      await next()
    } finally {
      open--
    }
  })

  app.get('/healthz', async (c) => {
    const ok = await healthy(hub, clock)
    return c.json({ status: ok ? 'ok' : 'store-unavailable' }, ok ? 200 : 503)
  })

  const guarded = guard(apiKeyHash)
  app.use('/metrics', guarded)
  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }))
  if (api) {
    app.use('/api/*', guarded)
    app.route('/api/v1', readRoutes(hub, timeZone, clock))
    app.route('/api/v1', inventoryRoutes(hub.store, clock))
    app.route('/api/v1', writeRoutes(hub))
    app.route('/api/v1', ruleRoutes(hub))
    app.route('/api/v1', connectionRoutes(hub))
    app.route('/api/v1', reconcileRoutes(hub))
    app.route('/api/v1', scheduleRoutes(schedule, timeZone))
    if (reports) app.route('/api/v1', reportRoutes(reports))
    app.route('/webhooks', webhookRoute(hub, metrics, clock))
  }

  app.notFound((c) =>
    answerError(
      c,
      new BelayError('not-found', `There is no ${c.req.method} ${c.req.path.slice(0, 200)}.`, { fix: 'docs/api.md lists every address.' }),
      '',
      0,
    ),
  )
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    if (!isBelayError(error)) log.error({ requestId, err: error }, 'bug')
    else if (statusOf(error) >= 500) log.warn({ requestId, code: error.code, message: error.message }, 'refused')
    return answerError(c, error, requestId, clock.nowMs())
  })
  return app
}
