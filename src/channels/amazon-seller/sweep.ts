// Reading a seller account back. Everything: the report of all listings, then Amazon's own stock by summaries, asked of one marketplace alone
// (every European one answers the same sums). Offers: searches of 20 SKUs, and each that no search found alone, because a search may be
// behind. Cut off, it goes on: `resume` is the report with the lines read of it, or the place in the list that was asked for.
import type { Fetch } from '../../ports/channel.ts'
import { BelayError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { maxSweepRows, type SweepRequest, type SweepResult, type SweptRow } from '../../ports/sweep.ts'
import { ExchangeFailure } from '../http/exchange.ts'
import { inBackground } from '../sp-api/background.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import { answeredStatus, failureError } from '../sp-api/errors.ts'
import type { Gunzip } from '../sp-api/gunzip.ts'
import { tableRows, textOf } from '../sp-api/report-text.ts'
import { askForReport, type DoneReport, openDocument, type ReportPlace, type ReportPorts, reportDone } from '../sp-api/reports.ts'
import { createSellerClient, type SellerClient } from './client.ts'
import type { AmazonSellerConfig } from './config.ts'
import { maxReadItems } from './limits.ts'
import { fbaRow, goneListingRow, listingRow, reportRow } from './sweep-map.ts'

export interface SweepPorts {
  readonly api: SpApiClient
  readonly config: AmazonSellerConfig
  readonly fetch: Fetch
  readonly clock: Clock
  readonly gunzip: Gunzip
}

const reportType = 'GET_MERCHANT_LISTINGS_ALL_DATA'
/** Handed over together. */
const offersPerBatch = 100
/** A token of the summaries lives 30 seconds: when one has ended the walk begins again, so many times. */
const maxWalks = 3

/** `lines`: of the report, handed over; null: all of it, and Amazon's own stock comes next. */
interface Place extends ReportPlace {
  readonly lines: number | null
}

const placeOf = (resume: string | null): Place | null => {
  if (resume === null) return null
  try {
    const { reportId, readFromMs, lines } = JSON.parse(resume) as Partial<Place>
    return typeof reportId === 'string' && Number.isSafeInteger(readFromMs) && (lines === null || Number.isSafeInteger(lines))
      ? { reportId, readFromMs: readFromMs as number, lines: lines as number | null }
      : null
  } catch {
    return null
  }
}

interface Run {
  readonly ports: SweepPorts
  readonly request: SweepRequest
  readonly client: SellerClient
  readonly reports: ReportPorts
  calls: number
  rowsRead: number
  rowsExpected: number | null
}

const told = (run: Run): void => run.request.onProgress({ rowsRead: run.rowsRead, rowsExpected: run.rowsExpected, calls: run.calls })

const stopIfAsked = (run: Run): void => {
  if (run.request.signal.aborted) throw new BelayError('channel-unreachable', 'the sweep was stopped')
}

const handOver = async (run: Run, rows: readonly SweptRow[], resume: string): Promise<void> => {
  await run.request.onRows({ rows, resume })
  run.rowsRead += rows.length
  told(run)
  stopIfAsked(run)
}

const readReport = async (run: Run, place: Place, report: DoneReport): Promise<void> => {
  const times = { readFromMs: report.readFromMs, readThroughMs: report.readThroughMs }
  const document = await openDocument(run.reports, report.documentId)
  let lines = 0
  let rows: SweptRow[] = []
  for await (const line of tableRows(textOf(document.chunks, document.charset))) {
    lines += 1
    if (lines <= (place.lines ?? 0)) continue
    if (lines === 1 && line['seller-sku'] === undefined)
      throw new BelayError('channel-answer-malformed', `${reportType}: the report has no column seller-sku`)
    const row = reportRow(line, times)
    if (row) rows.push(row)
    if (rows.length < maxSweepRows) continue
    await handOver(run, rows, JSON.stringify({ ...place, lines } satisfies Place))
    rows = []
  }
  await handOver(run, rows, JSON.stringify({ ...place, lines: null } satisfies Place))
}

const sweepReport = async (run: Run): Promise<Place> => {
  const begin = async (): Promise<Place> => {
    const asked = await askForReport(run.reports, { reportType, marketplaceIds: [run.client.writeMarketplace] })
    const place = { ...asked, lines: 0 }
    await handOver(run, [], JSON.stringify(place))
    return place
  }
  const earlier = placeOf(run.request.resume)
  if (earlier?.lines === null) return earlier
  let place = earlier ?? (await begin())
  let report = await reportDone(run.reports, place)
  stopIfAsked(run)
  if (report === 'lost' && earlier !== null) {
    place = await begin()
    report = await reportDone(run.reports, place)
    stopIfAsked(run)
  }
  if (report === 'lost') throw new BelayError('channel-unreachable', `Amazon could not make the report ${reportType}`)
  if (report !== 'empty') await readReport(run, place, report)
  return { ...place, lines: null }
}

/** One walk through all pages. Returns false when its token ended before its next page was asked for. */
const walkSummaries = async (run: Run, place: Place): Promise<boolean> => {
  const { clock } = run.ports
  const marketplaceId = run.client.writeMarketplace
  const rows: SweptRow[] = []
  for (let token: string | undefined; ; ) {
    const readFromMs = clock.nowMs()
    let answer: Awaited<ReturnType<SellerClient['fbaSummaries']>>
    try {
      answer = await run.client.fbaSummaries(token, run.request.signal)
    } catch (error) {
      if (token !== undefined && answeredStatus(error) === 400) return false
      // An application without the role for Amazon's stock still reads all listings; the refusal has been reported as every one is.
      if (token === undefined && answeredStatus(error) === 403) return true
      throw error
    }
    const times = { readFromMs, readThroughMs: clock.nowMs() }
    for (const summary of answer.payload.inventorySummaries) {
      const row = fbaRow(summary, marketplaceId, times)
      if (row) rows.push(row)
    }
    token = answer.pagination?.nextToken ?? undefined
    // The store may take longer than a token lives, so rows are handed over in few, large batches.
    const isLast = token === undefined || token === ''
    while (rows.length >= maxSweepRows || (isLast && rows.length > 0))
      await handOver(run, rows.splice(0, maxSweepRows), JSON.stringify(place))
    if (isLast) return true
    stopIfAsked(run)
  }
}

const sweepSummaries = async (run: Run, place: Place): Promise<void> => {
  for (let walks = 0; walks < maxWalks; walks++) if (await walkSummaries(run, place)) return
  throw new BelayError('channel-unreachable', "getInventorySummaries: the tokens of Amazon's pages ended before their pages were read")
}

const readSome = async (run: Run, skus: readonly string[]): Promise<readonly SweptRow[]> => {
  const { clock } = run.ports
  const { signal } = run.request
  const readFromMs = clock.nowMs()
  const times = () => ({ readFromMs, readThroughMs: clock.nowMs() })
  // The list is joined with commas: a SKU that has one can only be asked for alone.
  const together = skus.filter((sku) => !sku.includes(','))
  let found = new Map<string, SweptRow>()
  try {
    if (together.length > 0) {
      const { items } = await run.client.sweepBySku(together, signal)
      found = new Map(items.map((listing) => [listing.sku, listingRow(listing, times())]))
    }
  } catch (error) {
    // One SKU that Amazon will not take refuses the whole search: each is asked for alone.
    if (answeredStatus(error) !== 400) throw error
  }
  const rows: SweptRow[] = []
  for (const sku of skus) {
    const row = found.get(sku)
    if (row) rows.push(row)
    else {
      const listing = await run.client.sweepListing(sku, signal)
      rows.push(listing === null ? goneListingRow(sku, times()) : listingRow(listing, times()))
    }
  }
  return rows
}

const sweepOffers = async (run: Run, skus: readonly string[]): Promise<void> => {
  const from = Number(run.request.resume ?? 0)
  run.rowsExpected = skus.length
  for (let at = Number.isSafeInteger(from) && from > 0 ? from : 0; at < skus.length; at += offersPerBatch) {
    const batch = skus.slice(at, at + offersPerBatch)
    const rows: SweptRow[] = []
    for (let first = 0; first < batch.length; first += maxReadItems)
      rows.push(...(await readSome(run, batch.slice(first, first + maxReadItems))))
    await handOver(run, rows, String(Math.min(at + offersPerBatch, skus.length)))
  }
}

export const sweepAccount = async (ports: SweepPorts, request: SweepRequest): Promise<SweepResult> => {
  const onCall = (): void => {
    run.calls += 1
  }
  const api = inBackground(ports.api, ports.clock, onCall)
  const run: Run = {
    ports,
    request,
    client: createSellerClient(api, ports.config),
    reports: { ...ports, api, signal: request.signal, onWait: () => told(run), onDownload: onCall },
    calls: 0,
    rowsRead: 0,
    rowsExpected: null,
  }
  try {
    stopIfAsked(run)
    if (request.scope.kind === 'everything') await sweepSummaries(run, await sweepReport(run))
    else await sweepOffers(run, request.scope.externalIds)
    return { complete: true, calls: run.calls }
  } catch (error) {
    throw error instanceof ExchangeFailure ? failureError('report document', error, false) : error
  }
}
