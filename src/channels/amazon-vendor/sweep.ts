// What can be read back of a vendor account: the outcome of the inventory updates that this process sent, and, where marketplaces are
// configured, Amazon's own reports of its stock and its sales of the vendor's items, day by day. Never complete: no operation lists a
// vendor's offers or tells what they show. Cut off, it goes on with the report that it was at.
import type { Fetch } from '../../ports/channel.ts'
import { BelayError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { maxSweepRows, type SweepRequest, type SweepResult, type SweptRow } from '../../ports/sweep.ts'
import { ExchangeFailure } from '../http/exchange.ts'
import { inBackground } from '../sp-api/background.ts'
import type { SpApiClient } from '../sp-api/client.ts'
import { failureError } from '../sp-api/errors.ts'
import type { Gunzip } from '../sp-api/gunzip.ts'
import { jsonEntries } from '../sp-api/json-entries.ts'
import { textOf } from '../sp-api/report-text.ts'
import { askForReport, type DoneReport, openDocument, type ReportPlace, type ReportPorts, reportDone } from '../sp-api/reports.ts'
import type { AmazonVendorConfig } from './config.ts'
import type { SentUpdate, SentUpdates } from './sent-updates.ts'
import { asinLists, type ReadTimes, reportDates, reportRow, transactionRow, type VendorReportType } from './sweep-map.ts'
import { createTransactions, type TransactionKind } from './transactions.ts'

export interface SweepPorts {
  readonly api: SpApiClient
  readonly fetch: Fetch
  readonly clock: Clock
  readonly gunzip: Gunzip
  readonly sent: SentUpdates
  readonly transaction: TransactionKind
  readonly reports: AmazonVendorConfig['settings']['reports']
}

const dayMs = 86_400_000
const updatesPerBatch = 100

interface Step {
  readonly type: VendorReportType
  readonly marketplaceId: string
}

/** `step`: the report that is read; `entries`: of it, handed over. `asked` null: not asked for yet. */
interface Place {
  readonly step: number
  readonly entries: number
  readonly asked: ReportPlace | null
}

const placeOf = (resume: string | null): Place | null => {
  if (resume === null) return null
  try {
    const { step, entries, asked } = JSON.parse(resume) as Partial<Place>
    const isAsked = asked === null || (typeof asked?.reportId === 'string' && Number.isSafeInteger(asked.readFromMs))
    return Number.isSafeInteger(step) && Number.isSafeInteger(entries) && isAsked
      ? { step: step as number, entries: entries as number, asked }
      : null
  } catch {
    return null
  }
}

interface Run {
  readonly ports: SweepPorts
  readonly request: SweepRequest
  readonly reports: ReportPorts
  calls: number
  rowsRead: number
}

const told = (run: Run): void => run.request.onProgress({ rowsRead: run.rowsRead, rowsExpected: null, calls: run.calls })

const stopIfAsked = (run: Run): void => {
  if (run.request.signal.aborted) throw new BelayError('channel-unreachable', 'the sweep was stopped')
}

const handOver = async (run: Run, rows: readonly SweptRow[], place: Place): Promise<void> => {
  await run.request.onRows({ rows, resume: JSON.stringify(place) })
  run.rowsRead += rows.length
  told(run)
  stopIfAsked(run)
}

const sweepUpdates = async (run: Run, updates: readonly SentUpdate[]): Promise<void> => {
  const { clock, transaction } = run.ports
  const transactions = createTransactions(run.reports.api, clock)
  for (let at = 0; at < updates.length; at += updatesPerBatch) {
    const some = updates.slice(at, at + updatesPerBatch)
    const readFromMs = clock.nowMs()
    const states = await transactions.ask(
      transaction,
      some.map((each) => each.transactionId),
      run.request.signal,
    )
    stopIfAsked(run)
    const times = { readFromMs, readThroughMs: clock.nowMs() }
    const rows = some.flatMap((update) => {
      const kind = states.get(update.transactionId)?.kind
      return kind === 'applied'
        ? [transactionRow(update, 'Success', times)]
        : kind === 'failure'
          ? [transactionRow(update, 'Failure', times)]
          : []
    })
    await handOver(run, rows, { step: 0, entries: 0, asked: null })
  }
}

/** Whole days, the last one so long ago that Amazon has its figures. */
const datesOf = (nowMs: number, { days, lagDays }: { readonly days: number; readonly lagDays: number }) => {
  const lastMs = Math.floor(nowMs / dayMs) * dayMs - lagDays * dayMs
  const iso = (ms: number): string => new Date(ms).toISOString().replace('.000', '')
  return { dataStartTime: iso(lastMs - (days - 1) * dayMs), dataEndTime: iso(lastMs) }
}

const readReport = async (run: Run, step: Step, place: Place, report: DoneReport): Promise<void> => {
  const times: ReadTimes = { readFromMs: report.readFromMs, readThroughMs: report.readThroughMs }
  const document = await openDocument(run.reports, report.documentId)
  let dates = reportDates(null)
  let entries = 0
  let rows: SweptRow[] = []
  for await (const entry of jsonEntries(textOf(document.chunks, document.charset ?? 'utf-8'))) {
    if (entry.name === 'reportSpecification') dates = reportDates(entry.value)
    if (entry.name !== asinLists[step.type] || !entry.ofList) continue
    entries += 1
    if (entries <= place.entries) continue
    const row = reportRow(step.type, entry.value, { marketplaceId: step.marketplaceId, dates, times })
    if (row) rows.push(row)
    if (rows.length < maxSweepRows) continue
    await handOver(run, rows, { ...place, entries })
    rows = []
  }
  await handOver(run, rows, { step: place.step + 1, entries: 0, asked: null })
}

const sweepReport = async (run: Run, step: Step, from: Place): Promise<void> => {
  const { reports, clock } = run.ports
  const begin = async (): Promise<Place & { readonly asked: ReportPlace }> => {
    const asked = await askForReport(run.reports, {
      reportType: step.type,
      marketplaceIds: [step.marketplaceId],
      ...datesOf(clock.nowMs(), reports),
      reportOptions: { reportPeriod: 'DAY', distributorView: reports.distributorView, sellingProgram: reports.sellingProgram },
    })
    const place = { step: from.step, entries: 0, asked }
    await handOver(run, [], place)
    return place
  }
  let place = from.asked === null ? await begin() : { ...from, asked: from.asked }
  let report = await reportDone(run.reports, place.asked)
  stopIfAsked(run)
  if (report === 'lost' && from.asked !== null) {
    place = await begin()
    report = await reportDone(run.reports, place.asked)
    stopIfAsked(run)
  }
  if (report === 'lost') throw new BelayError('channel-unreachable', `Amazon could not make the report ${step.type}`)
  if (report === 'empty') await handOver(run, [], { step: place.step + 1, entries: 0, asked: null })
  else await readReport(run, step, place, report)
}

const sweepEverything = async (run: Run): Promise<void> => {
  const { sent, reports } = run.ports
  const steps = reports.marketplaceIds.flatMap((marketplaceId): readonly Step[] => [
    { type: 'GET_VENDOR_INVENTORY_REPORT', marketplaceId },
    { type: 'GET_VENDOR_SALES_REPORT', marketplaceId },
  ])
  const earlier = placeOf(run.request.resume)
  if (earlier === null) await sweepUpdates(run, sent.all())
  let place: Place = earlier ?? { step: 0, entries: 0, asked: null }
  for (let index = place.step; index < steps.length; index++) {
    const step = steps[index]
    if (step) await sweepReport(run, step, place)
    place = { step: index + 1, entries: 0, asked: null }
  }
}

export const sweepVendor = async (ports: SweepPorts, request: SweepRequest): Promise<SweepResult> => {
  const onCall = (): void => {
    run.calls += 1
  }
  const api = inBackground(ports.api, ports.clock, onCall)
  const run: Run = {
    ports,
    request,
    reports: { ...ports, api, signal: request.signal, onWait: () => told(run), onDownload: onCall },
    calls: 0,
    rowsRead: 0,
  }
  try {
    stopIfAsked(run)
    if (request.scope.kind === 'everything') await sweepEverything(run)
    else {
      const asked = new Set(request.scope.externalIds)
      await sweepUpdates(
        run,
        ports.sent.all().filter((each) => asked.has(each.externalId)),
      )
    }
    return { complete: false, calls: run.calls }
  } catch (error) {
    throw error instanceof ExchangeFailure ? failureError('report document', error, false) : error
  }
}
