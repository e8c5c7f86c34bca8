// Long reads for reports. `node:sqlite` is synchronous, so that a read of a second would stop the hub for a second: a file is read by a
// worker thread on a connection of its own, in one consistent view, batch by batch (the next is read when the last was taken). A database
// in memory has one connection, so that it is read at once.
import { Worker } from 'node:worker_threads'
import type { SQLInputValue } from 'node:sqlite'
import { BelayError } from '../../domain/errors.ts'
import type { Connection, Row } from './connection.ts'

/** Rows of one batch. */
const batchRows = 1000

export interface ReadRequest {
  readonly path: string
  readonly sql: string
  readonly values: readonly SQLInputValue[]
  readonly batchRows: number
}

/** What the thread says: rows, the last of them, or what went wrong. */
export type ReadAnswer = { readonly rows: readonly Row[]; readonly done: boolean } | { readonly error: string }

export type ReadRows = (
  sql: string,
  values: readonly SQLInputValue[],
  onRows: (rows: readonly Row[]) => Promise<void> | void,
) => Promise<void>

const readByThread = async (request: ReadRequest, onRows: (rows: readonly Row[]) => Promise<void> | void): Promise<void> => {
  const thread = new Worker(new URL('./report-reader-thread.ts', import.meta.url), { workerData: request })
  const unavailable = (message: string): BelayError =>
    new BelayError('store-unavailable', `The database could not be read for a report: ${message}`, {
      fix: 'Look at the disk that holds the database; the report is tried again.',
    })
  try {
    await new Promise<void>((resolve, reject) => {
      const take = async (answer: ReadAnswer): Promise<void> => {
        if ('error' in answer) throw unavailable(answer.error)
        if (answer.rows.length > 0) await onRows(answer.rows)
        if (answer.done) resolve()
        else thread.postMessage('next', [])
      }
      thread.on('message', (answer: ReadAnswer) => void take(answer).catch(reject))
      thread.on('error', (error: Error) => reject(unavailable(error.message)))
      thread.on('exit', () => reject(unavailable('the reading thread ended')))
    })
  } finally {
    await thread.terminate()
  }
}

export const createReader =
  (connection: Connection, path: string): ReadRows =>
  async (sql, values, onRows) => {
    if (path !== ':memory:') return readByThread({ path, sql, values, batchRows }, onRows)
    const rows = connection.all(sql, ...values)
    for (let i = 0; i < rows.length; i += batchRows) await onRows(rows.slice(i, i + batchRows))
  }
