// Reports API 2021-06-30 for sweeps: asking for a report, waiting until it is made, opening its document as a stream. All in the background
// of the rate limits. Source: reports_2021-06-30.json.
import { z } from 'zod'
import { BelayError } from '../../domain/errors.ts'
import type { Fetch } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import { download } from '../http/download.ts'
import type { RateLimit } from './buckets.ts'
import type { SpApiClient } from './client.ts'
import { answeredStatus } from './errors.ts'
import type { components } from './generated/reports.ts'
import type { Gunzip } from './gunzip.ts'
import { charsetOf } from './report-text.ts'

export type ReportRequest = components['schemas']['CreateReportSpecification']

/** Usage plans of the model. */
export const reportLimits = {
  createReport: { ratePerSecond: 0.0167, burst: 15 },
  getReport: { ratePerSecond: 2, burst: 15 },
  getReportDocument: { ratePerSecond: 0.0167, burst: 15 },
} as const satisfies Record<string, RateLimit>

/** A report that was asked for: what a sweep keeps to go on with it. */
export interface ReportPlace {
  readonly reportId: string
  readonly readFromMs: number
}

export interface DoneReport {
  readonly documentId: string
  /** Its numbers were true at some instant of this, our clock. */
  readonly readFromMs: number
  readonly readThroughMs: number
}

export interface ReportPorts {
  /** In the background of the rate limits. */
  readonly api: SpApiClient
  readonly fetch: Fetch
  readonly clock: Clock
  readonly gunzip: Gunzip
  readonly signal: AbortSignal
  /** Called between two questions. */
  readonly onWait: () => void
  /** Called for the request that is none of the API's: the download. */
  readonly onDownload: () => void
}

const firstPollMs = 5_000
const maxPollMs = 30_000
/** Amazon makes them within minutes, at worst hours. */
const maxPreparingMs = 12 * 3_600_000

const created = z.object({ reportId: z.string().min(1) })
const report = z.object({
  processingStatus: z.string(),
  createdTime: z.string(),
  processingStartTime: z.string().nullish(),
  reportDocumentId: z.string().nullish(),
})
const reportDocument = z.object({ url: z.url(), compressionAlgorithm: z.string().nullish() })

const understood = <S extends z.ZodType>(operation: string, schema: S, body: unknown): z.output<S> => {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new BelayError('channel-answer-malformed', `${operation}: the answer is not as the model says`)
}

export const askForReport = async (ports: ReportPorts, request: ReportRequest): Promise<ReportPlace> => {
  const readFromMs = ports.clock.nowMs()
  const { body } = await ports.api.call<unknown>({
    operation: 'createReport',
    method: 'POST',
    path: '/reports/2021-06-30/reports',
    body: request,
    signal: ports.signal,
    write: true,
  })
  return { reportId: understood('createReport', created, body).reportId, readFromMs }
}

/** empty: Amazon cancelled it, as it does when there are no data. lost: it failed, or Amazon does not know it (any more). */
export const reportDone = async (ports: ReportPorts, place: ReportPlace): Promise<DoneReport | 'empty' | 'lost'> => {
  const { api, clock, signal } = ports
  for (let pauseMs = firstPollMs; clock.nowMs() - place.readFromMs < maxPreparingMs; pauseMs = Math.min(maxPollMs, pauseMs * 1.5)) {
    let body: unknown
    try {
      const path = `/reports/2021-06-30/reports/${encodeURIComponent(place.reportId)}`
      body = (await api.call<unknown>({ operation: 'getReport', method: 'GET', path, signal, write: false })).body
    } catch (error) {
      const status = answeredStatus(error)
      if (status === 404 || status === 400) return 'lost'
      throw error
    }
    const told = understood('getReport', report, body)
    if (told.processingStatus === 'CANCELLED') return 'empty'
    if (told.processingStatus === 'FATAL') return 'lost'
    if (told.processingStatus === 'DONE') {
      if (told.reportDocumentId == null) throw new BelayError('channel-answer-malformed', 'getReport: a report is done and has no document')
      // Amazon may answer with one that it made earlier: then its numbers are as old as that.
      const madeMs = Date.parse(told.processingStartTime ?? told.createdTime)
      const readFromMs = Number.isNaN(madeMs) ? place.readFromMs : Math.min(place.readFromMs, madeMs)
      return { documentId: told.reportDocumentId, readFromMs, readThroughMs: clock.nowMs() }
    }
    ports.onWait()
    await clock.sleep(Math.round(pauseMs), signal)
  }
  return 'lost'
}

export interface ReportDocument {
  readonly chunks: AsyncIterable<Uint8Array>
  readonly charset: string | null
}

/** The address is asked for each time: it lives five minutes. */
export const openDocument = async (ports: ReportPorts, documentId: string): Promise<ReportDocument> => {
  const { body } = await ports.api.call<unknown>({
    operation: 'getReportDocument',
    method: 'GET',
    path: `/reports/2021-06-30/documents/${encodeURIComponent(documentId)}`,
    signal: ports.signal,
    write: false,
  })
  const { url, compressionAlgorithm } = understood('getReportDocument', reportDocument, body)
  if (compressionAlgorithm != null && compressionAlgorithm !== 'GZIP')
    throw new BelayError('channel-answer-malformed', `getReportDocument: the compression ${compressionAlgorithm.slice(0, 40)} is not known`)
  ports.onDownload()
  const file = await download(ports, url, ports.signal)
  if (file.status !== 200) throw new BelayError('channel-unreachable', `the report document was answered ${file.status}`)
  return {
    chunks: compressionAlgorithm === 'GZIP' ? ports.gunzip(file.chunks) : file.chunks,
    charset: charsetOf(file.headers.get('content-type')),
  }
}
