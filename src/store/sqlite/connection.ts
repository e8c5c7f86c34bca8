// One connection to one SQLite file, and its transactions. A write transaction takes the write lock at its start (BEGIN IMMEDIATE), so
// what it reads cannot change under it: compare-and-swap needs no second look. Durable when it returns: write-ahead log, synchronous FULL.
// `node:sqlite` is synchronous, so nothing can come between two statements of a transaction of this process. A second process waits
// for the lock up to `busyTimeoutMs`, with this process's event loop standing still for that long; then `store-unavailable`.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { BelayError } from '../../domain/errors.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

export interface Connection {
  readonly database: DatabaseSync
  /** Prepared once, kept. The set of texts is fixed by the code, so the map is bounded. */
  readonly statement: (sql: string) => StatementSync
  /** Keeps what `work` wrote if `keep` says so (default: always) and `work` did not throw. */
  readonly write: <T>(work: () => T, keep?: (value: T) => boolean) => T
  /** One consistent view for all reads of `work`. */
  readonly read: <T>(work: () => T) => T
  readonly all: (sql: string, ...values: SQLInputValue[]) => readonly Row[]
  readonly close: () => void
}

export interface SqliteOptions {
  /** How long to wait for another process's write transaction. */
  readonly busyTimeoutMs?: number
  /** NORMAL: commits may be lost with the machine, never in part; for what can be made again. Default: FULL. */
  readonly synchronous?: 'FULL' | 'NORMAL'
}

/** A group commit of another process takes some tens of milliseconds; this is a hundred of them. */
const defaultBusyTimeoutMs = 5000

/**
 * The log is copied back into the file when it has this many pages (16 MiB). Measured with 256 sales a commit over 10,000 SKUs:
 * 1,000 pages 19.9 k sales/s, 4,000 pages 24.3 k, 16,000 pages 26.4 k with twice the longest pause.
 */
const checkpointPages = 4000
const cacheKibibytes = 65_536

// https://sqlite.org/rescode.html: the low byte of an extended code is the primary one.
const primaryCode = { busy: 5, locked: 6, readOnly: 8, ioError: 10, full: 13, cannotOpen: 14, notADatabase: 26 } as const

const sqliteCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null

const fixes: Readonly<Record<number, string>> = {
  [primaryCode.busy]: 'Another process is writing to this database; if that lasts, end it.',
  [primaryCode.locked]: 'Another process is writing to this database; if that lasts, end it.',
  [primaryCode.readOnly]: 'Give the process the right to write to the database file and its folder.',
  [primaryCode.ioError]: 'Look at the disk that holds the database.',
  [primaryCode.full]: 'Free some space on the disk that holds the database.',
  [primaryCode.cannotOpen]: 'Give a path to a file in a folder that the process may write to.',
}

/** What SQLite says of the machine becomes `store-unavailable`; anything else is a bug and stays what it is. */
const translate = (error: unknown): unknown => {
  const code = sqliteCode(error)
  const fix = code === null ? undefined : fixes[code]
  return fix === undefined ? error : new BelayError('store-unavailable', 'The database could not be used', { fix, cause: error })
}

const openDatabase = (path: string, options: SqliteOptions): DatabaseSync => {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const database = new DatabaseSync(path, {
    timeout: options.busyTimeoutMs ?? defaultBusyTimeoutMs,
    enableForeignKeyConstraints: false,
  })
  try {
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.synchronous ?? 'FULL'}; PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA cache_size = -${cacheKibibytes}`,
    )
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

export const connect = (path: string, options: SqliteOptions): Connection => {
  let database: DatabaseSync
  try {
    database = openDatabase(path, options)
  } catch (error) {
    if (sqliteCode(error) !== primaryCode.notADatabase) throw translate(error)
    throw new BelayError('config-invalid', `${path} is not an SQLite database`, {
      fix: 'Name another file, or move this one away.',
      cause: error,
    })
  }
  const statements = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    let prepared = statements.get(sql)
    if (!prepared) statements.set(sql, (prepared = database.prepare(sql)))
    return prepared
  }
  const rollBack = (): void => {
    if (database.isTransaction) statement('ROLLBACK').run()
  }
  const finish = (): void => {
    try {
      statement('COMMIT').run()
    } catch (error) {
      const code = sqliteCode(error)
      const undone = code === primaryCode.busy || code === primaryCode.full
      rollBack()
      // After an I/O error while the log was being synced, only the next start of SQLite knows whether the commit is in it.
      throw undone
        ? translate(error)
        : new BelayError('store-commit-unknown', 'It is not known whether a commit was stored', { cause: error })
    }
  }
  const transaction = <T>(begin: string, work: () => T, keep: (value: T) => boolean): T => {
    let value: T
    let kept: boolean
    try {
      statement(begin).run()
      value = work()
      kept = keep(value)
    } catch (error) {
      rollBack()
      throw translate(error)
    }
    if (kept) finish()
    else rollBack()
    return value
  }
  return {
    database,
    statement,
    write: (work, keep = () => true) => transaction('BEGIN IMMEDIATE', work, keep),
    read: (work) => transaction('BEGIN', work, () => true),
    all: (sql, ...values) => {
      try {
        return statement(sql).all(...values)
      } catch (error) {
        throw translate(error)
      }
    },
    close: () => {
      if (database.isOpen) database.close()
    },
  }
}
