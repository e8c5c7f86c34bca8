// The lines of the terminal view, as pure text: what happened, where, to which SKU, and how long it took to be told to the others.
import type { ChannelStatus, HubEvent } from '../ports/hub.ts'

type Style = 'dim' | 'bold' | 'green' | 'yellow' | 'red' | 'cyan'
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_style, text) => text

const channelWidth = 14
const skuWidth = 24

/** One line stays one line, whatever a platform put into a message. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')

const fit = (text: string, width: number): string => {
  const line = printable(text)
  return line.length > width ? `${line.slice(0, width - 1)}…` : line.padEnd(width)
}

/** 250 ms, 4.2 s, 12 min, 3.5 h. */
export const durationText = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}

export const clockText = (atMs: number, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  }).format(atMs)

const outcomeStyle = (outcome: string): Style => {
  if (outcome === 'applied') return 'green'
  if (outcome === 'accepted' || outcome === 'throttled' || outcome === 'stale') return 'yellow'
  return outcome === 'rejected' ? 'red' : 'cyan'
}

const row = (time: string, channel: string, what: string, rest: string, paint: Paint): string =>
  `${paint('dim', time)}  ${fit(channel, channelWidth)} ${what} ${rest}`

export const eventLine = (event: HubEvent, timeZone: string, paint: Paint): string => {
  const time = clockText(event.atMs, timeZone)
  switch (event.kind) {
    case 'sale':
      return row(
        time,
        event.channel,
        paint('bold', 'sale  '),
        `${fit(event.sku, skuWidth)} ${`-${event.units}`.padStart(6)}  ${event.availableUnits} left`,
        paint,
      )
    case 'cancel':
      return row(
        time,
        event.channel,
        paint('cyan', 'cancel'),
        `${fit(event.sku, skuWidth)} ${`+${event.units}`.padStart(6)}  ${event.availableUnits} left`,
        paint,
      )
    case 'push': {
      const delay = event.delayMs === null ? '' : `  ${durationText(event.delayMs)} after`
      const outcome = paint(outcomeStyle(event.outcome), printable(event.outcome).padEnd(9))
      return row(
        time,
        event.channel,
        '→ push',
        `${fit(event.sku, skuWidth)} ${`=${event.quantity}`.padStart(6)}  ${outcome}${delay}`,
        paint,
      )
    }
    case 'parked':
      return row(time, event.channel, paint('red', 'parked'), printable(event.reason), paint)
    case 'incident':
      return `${paint('dim', time)}  ${paint('red', `incident: ${printable(event.summary)}`)}`
  }
}

/** What happened since the last summary; delays are bounded by whoever fills it. */
interface Tally {
  readonly sales: number
  readonly soldUnits: number
  readonly pushes: number
  /** Pushes that were put off. */
  readonly throttled: number
  readonly delaysMs: readonly number[]
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

export const tallyLine = (tally: Tally, sinceMs: number): string => {
  const sorted = [...tally.delaysMs].sort((a, b) => a - b)
  const delays =
    sorted.length === 0 ? '' : `, half within ${durationText(quantile(sorted, 0.5))}, 95 % within ${durationText(quantile(sorted, 0.95))}`
  const throttled = tally.throttled === 0 ? '' : `, ${tally.throttled} put off`
  return `last ${durationText(sinceMs)}: ${tally.sales} sales (${tally.soldUnits} units), ${tally.pushes} pushes${throttled}${delays}`
}

/** The worst of a channel's streams; a stream without a complete poll yet outweighs all. */
const watermarkText = (ages: ChannelStatus['watermarkAgeMs']): string => {
  const values = Object.values(ages)
  if (values.length === 0) return '-'
  return values.some((age) => age === null) ? 'none yet' : durationText(Math.max(...values.map((age) => age ?? 0)))
}

const healthStyle: Readonly<Record<ChannelStatus['health'], Style>> = { ok: 'green', starting: 'cyan', degraded: 'yellow', down: 'red' }

export const statusHeader = (): string =>
  `  ${'channel'.padEnd(channelWidth)} ${'mode'.padEnd(8)} ${'health'.padEnd(9)} ${'orders in up to'.padEnd(16)} ${'due'.padStart(5)} ${'open'.padStart(5)} ${'throttled'.padStart(9)} ${'retried'.padStart(7)}  last error`

export const statusLine = (status: ChannelStatus, nowMs: number, paint: Paint): string => {
  const error = status.lastErrors[0]
  const told = error ? `${error.code} (${durationText(Math.max(0, nowMs - error.atMs))} ago): ${printable(error.message)}` : '-'
  const age = watermarkText(status.watermarkAgeMs)
  return `  ${fit(status.channel, channelWidth)} ${status.mode.padEnd(8)} ${paint(healthStyle[status.health], status.health.padEnd(9))} ${(age === 'none yet' || age === '-' ? age : `${age} ago`).padEnd(16)} ${String(status.pushesDue).padStart(5)} ${String(status.pushesOpen).padStart(5)} ${String(status.throttles).padStart(9)} ${String(status.retries).padStart(7)}  ${told.slice(0, 100)}`
}
