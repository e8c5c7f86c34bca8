// The terminal view of a running hub: each sale, each push that follows it, and every ten seconds how the channels are.
// Bounded: at most maxLinesPerSecond lines of events, the others are counted and the count is told; a terminal that does not keep up
// gets fewer lines, the hub never waits for it. Plain text without colours where the output is not a terminal.
import { styleText } from 'node:util'
import type { Clock } from '../ports/clock.ts'
import type { Hub, HubEvent } from '../ports/hub.ts'
import { clockText, eventLine, type Paint, printable, statusHeader, statusLine, tallyLine } from './live-lines.ts'

export interface LiveViewParts {
  readonly hub: Pick<Hub, 'watch' | 'channelStatus'>
  readonly out: NodeJS.WriteStream
  readonly clock: Clock
  /** Where the API is; null: it is not served. */
  readonly url: string | null
  /** Of the times shown; left out: UTC. */
  readonly timeZone?: string
}

const maxLinesPerSecond = 20
/** Of these, so that a wave of pushes leaves room for the sales. */
const maxPushLinesPerSecond = 12
/** What a person must not miss has a share of its own. */
const maxAlertsPerSecond = 5
const summaryEveryMs = 10_000
/** Enough for quantiles of one summary. */
const maxDelays = 1000

interface Budget {
  /** May one more line be written at this time? */
  take(nowMs: number): boolean
}

const createBudget = (perSecond: number): Budget => {
  let second = -1
  let used = 0
  return {
    take: (nowMs) => {
      const now = Math.floor(nowMs / 1000)
      if (now !== second) {
        second = now
        used = 0
      }
      used++
      return used <= perSecond
    },
  }
}

const emptyTally = () => ({ sales: 0, soldUnits: 0, pushes: 0, throttled: 0, delaysMs: [] as number[] })

export const createLiveView = ({ hub, out, clock, url, timeZone = 'UTC' }: LiveViewParts): { stop(): void } => {
  const paint: Paint = (style, text) => styleText(style, text, { stream: out })
  const ended = new AbortController()
  const lines = createBudget(maxLinesPerSecond)
  const pushes = createBudget(maxPushLinesPerSecond)
  const alerts = createBudget(maxAlertsPerSecond)
  let folded = 0
  let tally = emptyTally()
  let talliedSinceMs = clock.nowMs()

  const write = (text: string): void => {
    if (!ended.signal.aborted) out.write(`${text}\n`)
  }
  const unfold = (): void => {
    if (folded === 0 || out.writableNeedDrain) return
    write(paint('dim', `              … ${folded} more ${folded === 1 ? 'line' : 'lines'} folded away`))
    folded = 0
  }
  const count = (event: HubEvent): void => {
    if (event.kind === 'sale') {
      tally.sales++
      tally.soldUnits += event.units
    } else if (event.kind === 'push' && event.outcome === 'throttled') tally.throttled++
    else if (event.kind === 'push') {
      tally.pushes++
      if (event.delayMs !== null && tally.delaysMs.length < maxDelays) tally.delaysMs.push(event.delayMs)
    }
  }
  const affordable = (event: HubEvent, nowMs: number): boolean => {
    if (event.kind === 'incident' || event.kind === 'parked') return alerts.take(nowMs)
    return (event.kind !== 'push' || pushes.take(nowMs)) && lines.take(nowMs)
  }
  const show = (event: HubEvent): void => {
    count(event)
    // Told by the number: a push that was put off follows later with its outcome.
    if (event.kind === 'push' && event.outcome === 'throttled') return
    if (!affordable(event, clock.nowMs()) || out.writableNeedDrain) folded++
    else write(eventLine(event, timeZone, paint))
  }
  const summarise = async (): Promise<void> => {
    const statuses = await hub.channelStatus().catch((error: unknown) => {
      write(paint('red', `  the state of the channels is not known: ${printable(error instanceof Error ? error.message : String(error))}`))
      return []
    })
    if (out.writableNeedDrain) return
    const nowMs = clock.nowMs()
    write('')
    write(`${paint('dim', clockText(nowMs, timeZone))}  ${paint('bold', tallyLine(tally, nowMs - talliedSinceMs))}`)
    if (statuses.length > 0) write(paint('dim', statusHeader()))
    for (const status of statuses) write(statusLine(status, nowMs, paint))
    write('')
    tally = emptyTally()
    talliedSinceMs = nowMs
  }
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await clock.sleep(1000, ended.signal)
      if (ended.signal.aborted) return
      unfold()
      if (clock.nowMs() - talliedSinceMs >= summaryEveryMs) await summarise()
    }
  }

  const unwatch = hub.watch(show)
  const stop = (): void => {
    if (ended.signal.aborted) return
    unwatch()
    unfold()
    ended.abort()
  }
  // The reader of a pipe may leave at any time (`belay demo | head`).
  out.once('error', stop)
  write(paint('bold', url === null ? 'Belay' : `Belay  ${url}`))
  if (url !== null) write(paint('dim', `  ${url}/api/v1/stock   ${url}/api/v1/channels   ${url}/metrics   (Ctrl-C stops)`))
  void run()
  return { stop }
}
