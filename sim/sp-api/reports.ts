// Reports API 2021-06-30: createReport, getReport, getReportDocument, and the document store that their addresses lead to. A report is asked
// for, waits in a queue, is made (its data are of that moment) and is done; one without data ends as CANCELLED, one that the fault plan
// lets fail as FATAL. Addresses live five minutes and carry their own permission.
//
//   IN_QUEUE --> IN_PROGRESS --> DONE      IN_QUEUE --> IN_PROGRESS --no data--> CANCELLED      ... --fault--> FATAL
import { gzipSync } from 'node:zlib'
import type { FaultPlan, SimulatorPorts } from '../simulator.ts'
import type { Agenda } from './agenda.ts'
import { chance, type DelayRange, delayMs, pick } from './chance.ts'
import { type Answer, answered, type Endpoint, invalid, refusal } from './gateway.ts'
import { type Arguments, loadOperation } from './operation.ts'

export interface ReportSpecification {
  readonly reportType: string
  readonly marketplaceIds: readonly string[]
  readonly dataStartTime?: string
  readonly dataEndTime?: string
  readonly reportOptions?: Readonly<Record<string, string>>
}

export interface ReportKind {
  /** What is wrong with the request; null: nothing. */
  readonly refuse: (specification: ReportSpecification) => Answer | null
  /** Called once, when the report is made; null: there are no data. Latin-1 where the text says so. */
  readonly make: (specification: ReportSpecification, atMs: number) => { readonly text: string; readonly contentType: string } | null
}

export interface ReportsOptions {
  readonly kinds: Readonly<Record<string, ReportKind>>
  readonly marketplaceIds: readonly string[]
  readonly agenda: Agenda
  readonly ports: SimulatorPorts
  readonly faults: FaultPlan
  /** From the request to the end. Default: 1 to 5 minutes; the first quarter in the queue. */
  readonly processing?: DelayRange
  /** Default: GZIP, as large reports come. */
  readonly compression?: 'GZIP' | 'none'
}

interface Report {
  readonly reportId: string
  readonly specification: ReportSpecification
  readonly createdAtMs: number
  startedAtMs: number | null
  endedAtMs: number | null
  status: 'IN_QUEUE' | 'IN_PROGRESS' | 'DONE' | 'CANCELLED' | 'FATAL'
  documentId: string | null
}

interface Document {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly contentType: string
  readonly compression: 'GZIP' | null
}

export interface Reports {
  readonly endpoints: readonly Endpoint[]
  /** The document store; null: not one of its addresses. */
  document(request: Request): Response | null
}

/** Kept for asking; Amazon keeps them 90 days. The oldest are forgotten first. */
const maxReports = 500
const addressLivesMs = 5 * 60_000
const documentPath = '/report-documents/'

const isoTime = (ms: number): string => new Date(ms).toISOString()

const encoded = (text: string, contentType: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text, /iso-8859-1/i.test(contentType) ? 'latin1' : 'utf8'))

export const createReports = (options: ReportsOptions): Reports => {
  const { agenda, ports, faults, kinds } = options
  const { clock, random } = ports
  const reports = new Map<string, Report>()
  const documents = new Map<string, Document>()

  const end = (report: Report, atMs: number): void => {
    report.endedAtMs = atMs
    if (chance(random, faults.acceptedNeverApplied)) {
      report.status = 'FATAL'
      return
    }
    const made = kinds[report.specification.reportType]?.make(report.specification, report.startedAtMs ?? atMs)
    if (!made) {
      report.status = 'CANCELLED'
      return
    }
    const bytes = encoded(made.text, made.contentType)
    const compression = (options.compression ?? 'GZIP') === 'GZIP' ? 'GZIP' : null
    report.documentId = `amzn1.spdoc.1.4.eu.${random.uuid()}`
    documents.set(report.documentId, {
      bytes: compression === null ? bytes : Uint8Array.from(gzipSync(bytes)),
      contentType: made.contentType,
      compression,
    })
    report.status = 'DONE'
  }

  const create = (call: Arguments): Answer => {
    const specification = call.body as ReportSpecification
    const kind = kinds[specification.reportType]
    if (!kind) return refusal(400, 'InvalidInput', `Report type ${specification.reportType} is not allowed at this time`)
    if (!specification.marketplaceIds.every((each) => options.marketplaceIds.includes(each)))
      return invalid('marketplaceIds', 'names a marketplace in which the account does not take part')
    const refused = kind.refuse(specification)
    if (refused) return refused
    const nowMs = clock.nowMs()
    const report: Report = {
      reportId: pick(random, '0123456789', 12),
      specification,
      createdAtMs: nowMs,
      startedAtMs: null,
      endedAtMs: null,
      status: 'IN_QUEUE',
      documentId: null,
    }
    reports.set(report.reportId, report)
    for (const [id, oldest] of reports) {
      if (reports.size <= maxReports) break
      reports.delete(id)
      documents.delete(oldest.documentId ?? '')
    }
    const takesMs = delayMs(random, options.processing ?? { minMs: 60_000, maxMs: 300_000 })
    agenda.at(nowMs + Math.floor(takesMs / 4), (atMs) => {
      report.status = 'IN_PROGRESS'
      report.startedAtMs = atMs
      agenda.at(nowMs + takesMs, (endMs) => end(report, endMs))
    })
    return answered(202, { reportId: report.reportId })
  }

  const get = (call: Arguments): Answer => {
    const report = reports.get(call.path['reportId'] ?? '')
    if (!report) return refusal(404, 'NotFound', 'The requested report was not found.')
    const { specification, startedAtMs, endedAtMs, documentId } = report
    return answered(200, {
      reportId: report.reportId,
      reportType: specification.reportType,
      marketplaceIds: specification.marketplaceIds,
      ...(specification.dataStartTime === undefined ? {} : { dataStartTime: specification.dataStartTime }),
      ...(specification.dataEndTime === undefined ? {} : { dataEndTime: specification.dataEndTime }),
      createdTime: isoTime(report.createdAtMs),
      processingStatus: report.status,
      ...(startedAtMs === null ? {} : { processingStartTime: isoTime(startedAtMs) }),
      ...(endedAtMs === null ? {} : { processingEndTime: isoTime(endedAtMs) }),
      ...(documentId === null ? {} : { reportDocumentId: documentId }),
    })
  }

  const getDocument = (call: Arguments, origin: string): Answer => {
    const id = call.path['reportDocumentId'] ?? ''
    const document = documents.get(id)
    if (!document) return refusal(404, 'NotFound', 'The requested report document was not found.')
    return answered(200, {
      reportDocumentId: id,
      url: `${origin}${documentPath}${id}?expires=${clock.nowMs() + addressLivesMs}`,
      ...(document.compression === null ? {} : { compressionAlgorithm: document.compression }),
    })
  }

  const endpoint = (operationId: string, writes: boolean, handle: Endpoint['handle']): Endpoint => ({
    operation: loadOperation('reports', operationId),
    access: 'partner',
    writes,
    handle,
  })
  return {
    endpoints: [
      endpoint('createReport', true, create),
      endpoint('getReport', false, get),
      endpoint('getReportDocument', false, getDocument),
    ],
    document: (request) => {
      const url = new URL(request.url)
      if (request.method !== 'GET' || !url.pathname.startsWith(documentPath)) return null
      const document = documents.get(url.pathname.slice(documentPath.length))
      if (!document) return new Response('<Error><Code>NoSuchKey</Code></Error>', { status: 404 })
      if (clock.nowMs() > Number(url.searchParams.get('expires')))
        return new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      return new Response(document.bytes, { headers: { 'content-type': document.contentType } })
    },
  }
}
