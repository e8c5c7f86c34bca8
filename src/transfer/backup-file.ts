// The form of a backup: gzip over lines of JSON. The first line says what it is, then one line a document, in the order in which they are
// written again, and a last line with the count and checksum of each kind, so that a file that is cut off or damaged is never taken for whole.
// Readable without Belay, and the same for both engines.
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { BelayError } from '../domain/errors.ts'
import { type TransferKind, type TransferReader, type TransferValue, transferKinds } from '../ports/store-transfer.ts'
import { createInventoryCount, differences, type Inventory, pagesOf, type Progress } from './inventory.ts'

const format = 'belay-backup'
const version = 1

export interface BackupHeader {
  readonly format: typeof format
  readonly version: number
  readonly createdAtMs: number
  readonly engine: string
  readonly schema: number
}

const invalid = (path: string, why: string, cause?: unknown): BelayError =>
  new BelayError('backup-invalid', `${path} ${why}`, { fix: 'Name another backup; this one cannot be restored, and nothing was.', cause })

async function* linesOf(
  reader: TransferReader,
  header: BackupHeader,
  count: ReturnType<typeof createInventoryCount>,
  onProgress: Progress,
) {
  yield `${JSON.stringify(header)}\n`
  for (const kind of transferKinds) {
    let seen = 0
    for await (const { values } of pagesOf(reader, kind)) {
      let lines = ''
      for (const value of values) {
        count.add(kind, value)
        lines += `${JSON.stringify({ kind, value })}\n`
      }
      if (lines !== '') yield lines
      seen += values.length
      onProgress(kind, seen)
    }
  }
  yield `${JSON.stringify({ end: count.result() })}\n`
}

/** Appears under its name only when it is whole and on the disk. An existing file is never written over. */
export const writeBackup = async (
  path: string,
  reader: TransferReader,
  about: Pick<BackupHeader, 'createdAtMs' | 'engine' | 'schema'>,
  onProgress: Progress,
): Promise<Inventory> => {
  const partial = `${path}.partial`
  const count = createInventoryCount()
  try {
    // Claims the name.
    await (await open(path, 'wx')).close()
  } catch (cause) {
    throw new BelayError(
      'backup-invalid',
      `${path} cannot be made${(cause as { code?: string }).code === 'EEXIST' ? ': it is there already' : ''}`,
      {
        fix: 'Name a file that is not there yet, in a folder that may be written to.',
        cause,
      },
    )
  }
  try {
    await pipeline(
      Readable.from(linesOf(reader, { format, version, ...about }, count, onProgress)),
      createGzip(),
      createWriteStream(partial, { mode: 0o600 }),
    )
    const file = await open(partial, 'r+')
    await file.sync()
    await file.close()
    await rename(partial, path)
    return count.result()
  } catch (error) {
    await rm(partial, { force: true })
    await rm(path, { force: true })
    throw error
  }
}

interface Line {
  readonly kind?: TransferKind
  readonly value?: TransferValue
  readonly end?: Inventory
}

const known: ReadonlySet<string> = new Set(transferKinds)

/**
 * Reads it once, whole. `onValue` null: only to see whether it is right. Throws `backup-invalid` for anything but a whole and undamaged file
 * of a form that this program knows.
 */
export const readBackup = async (
  path: string,
  onValue: ((kind: TransferKind, value: TransferValue) => Promise<void>) | null,
): Promise<{ readonly header: BackupHeader; readonly inventory: Inventory }> => {
  const count = createInventoryCount()
  let header: BackupHeader | null = null
  let end: Inventory | null = null
  try {
    const input = createReadStream(path)
    const text = createGunzip()
    const piped = pipeline(input, text)
    // Told below, by the lines that end early.
    piped.catch(() => undefined)
    for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
      const parsed = JSON.parse(line) as unknown
      if (header === null) {
        header = parsed as BackupHeader
        if (header.format !== format) throw invalid(path, 'is not a backup of Belay')
        if (header.version !== version) throw invalid(path, `has form ${header.version}; this program knows form ${version}`)
        continue
      }
      const { kind, value, end: last } = parsed as Line
      if (last) end = last
      else if (kind === undefined || value === undefined || !known.has(kind)) throw invalid(path, 'has a line that is not known')
      else {
        count.add(kind, value)
        await onValue?.(kind, value)
      }
    }
    await piped
  } catch (error) {
    if (error instanceof BelayError) throw error
    throw invalid(path, 'cannot be read, or is damaged', error)
  }
  const inventory = count.result()
  if (header === null || end === null) throw invalid(path, 'is cut off')
  if (differences(inventory, end).length > 0) throw invalid(path, 'is damaged: its checksums are not those of its documents')
  return { header, inventory }
}
