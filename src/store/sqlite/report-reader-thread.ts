// The thread of report-reader.ts: one statement, its rows in batches, each after the last one was taken. Reads only.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { Row } from './connection.ts'
import type { ReadAnswer, ReadRequest } from './report-reader.ts'

const { path, sql, values, batchRows } = workerData as ReadRequest
const port = parentPort
const tell = (answer: ReadAnswer): void => port?.postMessage(answer)

try {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  database.exec('PRAGMA cache_size = -65536; PRAGMA temp_store = FILE')
  const rows = database.prepare(sql).iterate(...values)
  const next = (): void => {
    const batch: Row[] = []
    for (let row = rows.next(); ; row = rows.next()) {
      if (row.done === true) {
        tell({ rows: batch, done: true })
        database.close()
        return
      }
      batch.push({ ...row.value })
      if (batch.length === batchRows) break
    }
    tell({ rows: batch, done: false })
  }
  port?.on('message', () => {
    try {
      next()
    } catch (error) {
      tell({ error: error instanceof Error ? error.message : String(error) })
    }
  })
  next()
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) })
}
