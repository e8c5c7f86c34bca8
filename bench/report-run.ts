// Makes a day's report in a process of its own and prints how long it took and the most memory that the process ever had, as JSON.
// Argument: { url, day, nowMs, timeZone }. `firstMs` sums the ledger by day where that was not done; `againMs` finds it done.
import type { ChannelId } from '../src/domain/ids.ts'
import { makeReport } from '../src/reports/daily-report.ts'
import { openStore } from '../src/store/index.ts'

export interface ReportRun {
  readonly url: string
  readonly day: string
  readonly nowMs: number
  readonly timeZone: string
}

export interface ReportMeasure {
  readonly firstMs: number
  readonly againMs: number
  /** The longest that anything else of this process had to wait for the report. */
  readonly longestPauseMs: number
  readonly rssMiB: number
  readonly lines: number
}

const { url, day, nowMs, timeZone } = JSON.parse(process.argv[2] ?? '') as ReportRun
const store = await openStore(url)
const source = {
  store,
  clock: { nowMs: () => nowMs, sleep: () => Promise.resolve() },
  timeZone,
  channels: ['shop', 'market'] as ChannelId[],
  paidByAmazon: new Set<ChannelId>(),
}
let longestPauseMs = 0
let lastMs = performance.now()
const tick = setInterval(() => {
  const atMs = performance.now()
  longestPauseMs = Math.max(longestPauseMs, atMs - lastMs - 5)
  lastMs = atMs
}, 5)
const timed = async (): Promise<{ ms: number; lines: number }> => {
  const startMs = performance.now()
  const { sales } = await makeReport(source, day)
  return { ms: performance.now() - startMs, lines: sales.together.lines }
}
const first = await timed()
const again = await timed()
clearInterval(tick)
await store.close()
const measure: ReportMeasure = {
  firstMs: Math.round(first.ms),
  againMs: Math.round(again.ms),
  longestPauseMs: Math.round(longestPauseMs),
  // Kibibytes on every platform (Node's documentation of process.resourceUsage).
  rssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  lines: again.lines,
}
console.log(JSON.stringify(measure))
