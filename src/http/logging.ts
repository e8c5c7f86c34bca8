// The program's log: one JSON object a line, with every known secret taken out of the finished line, whoever wrote it.
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Redact } from '../config/redaction.ts'

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly redact: Redact
  /** Left out: standard error, so that standard output belongs to what was asked for. */
  readonly destination?: DestinationStream
}

export const createLog = ({ level, redact, destination }: LogOptions): Logger =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite: redact } },
    destination ?? pino.destination({ fd: 2, sync: false }),
  )
