// Sends stored reports where they are wanted: durable, tried again, never silent.
//
//   waiting -(sent)-> delivered
//   waiting -(failed)-> waiting, later: 5 minutes, doubling, at most 4 hours -(maxAttempts failed)-> given-up, with an incident
//   given-up or delivered -(wanted again by a person)-> waiting; the incident ends with the delivery
//
// A target may get a report twice: when its answer was lost, or the process died between sending and noting it.
import { BelayError } from '../domain/errors.ts'
import type { Incident } from '../domain/incidents.ts'
import type { LocalDay } from '../domain/local-day.ts'
import type { DailyReport } from '../domain/report-figures.ts'
import type { Clock } from '../ports/clock.ts'
import type { ReportTarget } from '../ports/report-desk.ts'
import type { ReportDelivery } from '../ports/reports.ts'
import type { Store } from '../ports/store.ts'

const firstWaitMs = 5 * 60_000
const longestWaitMs = 4 * 3_600_000
/** With these waits about a day and a half. */
const maxAttempts = 14
/** Of one run; the others wait for the next. */
const maxAtOnce = 100
const sendWithinMs = 60_000
const maxErrorLength = 300

const idOf = (day: LocalDay, target: string): string => `${day}/${target}`
const incidentId = (delivery: ReportDelivery): string => `report-undelivered/${delivery.id}/${delivery.sinceMs}`

/** once: a delivery that is there stays as it is. */
export const wantDelivery = async (store: Store, day: LocalDay, target: string, nowMs: number, how: 'once' | 'again'): Promise<void> => {
  const id = idOf(day, target)
  const known = await store.readDelivery(id)
  if (known && how === 'once') return
  // Of one that was given up the time it was first wanted stays: it names the incident that its delivery ends.
  const sinceMs = known?.state === 'given-up' ? known.sinceMs : nowMs
  await store.putDelivery({ id, day, target, state: 'waiting', attempts: 0, atMs: nowMs, sinceMs, lastError: known?.lastError ?? null })
}

const undelivered = (delivery: ReportDelivery, nowMs: number): Incident => ({
  id: incidentId(delivery),
  kind: 'report-undelivered',
  channel: null,
  sku: null,
  listing: null,
  units: 0,
  atMs: nowMs,
  summary: `The report of ${delivery.day} could not be sent to ${delivery.target}: ${delivery.lastError ?? 'unknown'}`,
  evidence: { day: delivery.day, target: delivery.target, attempts: delivery.attempts },
})

const messageOf = (error: unknown): string => {
  const text =
    error instanceof BelayError && error.fix ? `${error.message}. ${error.fix}` : error instanceof Error ? error.message : String(error)
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, maxErrorLength)
}

export interface DeliverOptions {
  readonly store: Store
  readonly clock: Clock
  readonly targets: readonly ReportTarget[]
  /** Takes secrets out of what a target's error says. */
  readonly redact: (text: string) => string
}

const attempt = async (options: DeliverOptions, delivery: ReportDelivery, signal: AbortSignal): Promise<string | null> => {
  const target = options.targets.find(({ name }) => name === delivery.target)
  if (!target) return `${delivery.target} is not configured any more`
  const stored = await options.store.readReport(delivery.day)
  if (!stored) return `no report of ${delivery.day} is stored`
  const ended = new AbortController()
  const late = options.clock.sleep(sendWithinMs, ended.signal)
  const timeout = new AbortController()
  void late.then(() => timeout.abort())
  try {
    const sent = target.deliver(JSON.parse(stored.body) as DailyReport, AbortSignal.any([signal, timeout.signal]))
    sent.catch(() => undefined)
    await Promise.race([
      sent,
      late.then(() => {
        if (!ended.signal.aborted) throw new Error(`no answer within ${sendWithinMs / 1000} seconds`)
      }),
    ])
    return null
  } catch (error) {
    return options.redact(messageOf(error))
  } finally {
    ended.abort()
  }
}

/** What is due, one after the other. Returns one line for people. */
export const deliverReports = async (options: DeliverOptions, signal: AbortSignal): Promise<string> => {
  const { store, clock } = options
  const due = await store.dueDeliveries({ dueBeforeMs: clock.nowMs(), limit: maxAtOnce })
  const counts = { delivered: 0, failed: 0, givenUp: 0 }
  for (const delivery of due) {
    if (signal.aborted) break
    const lastError = await attempt(options, delivery, signal)
    if (signal.aborted && lastError !== null) break
    const attempts = delivery.attempts + 1
    const nowMs = clock.nowMs()
    if (lastError === null) {
      counts.delivered += 1
      await store.putDelivery({ ...delivery, state: 'delivered', attempts, atMs: nowMs, lastError: null })
      await store.commit({ resolvedIncidents: [{ id: incidentId(delivery), atMs: nowMs }] })
    } else if (attempts >= maxAttempts) {
      counts.givenUp += 1
      const ended: ReportDelivery = { ...delivery, state: 'given-up', attempts, atMs: nowMs, lastError }
      // The incident first: a process that dies between the two tries once more and tells it once.
      await store.commit({ incidents: [undelivered(ended, nowMs)] })
      await store.putDelivery(ended)
    } else {
      counts.failed += 1
      const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempts - 1))
      await store.putDelivery({ ...delivery, attempts, atMs: nowMs + waitMs, lastError })
    }
  }
  return due.length === 0
    ? 'Nothing was due.'
    : `${counts.delivered} delivered, ${counts.failed} to be tried again, ${counts.givenUp} given up.`
}
