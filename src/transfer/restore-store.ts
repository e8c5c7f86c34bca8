// Writing a backup into an empty store. What happened since the backup is not in it: charges that were sent, evidence, movements of the
// warehouse. So nothing that a channel may sell is proven any more, and (ZERO-OVERSELL.md section 4, point 7):
// - every listing is adopted anew, and looked at first (adopt-anew.ts);
// - no watermark counts: the windows are read again from where they stood at the backup, which brings the orders since then;
// - an incident tells it.
import { adoptAnew } from '../domain/adopt-anew.ts'
import type { Incident } from '../domain/incidents.ts'
import type { Stock } from '../domain/stock.ts'
import type { Clock } from '../ports/clock.ts'
import { maxTransferRows, type TransferKind, type TransferValue } from '../ports/store-transfer.ts'
import type { Store, WorkMark } from '../ports/store.ts'
import { type BackupHeader, readBackup } from './backup-file.ts'
import { assertNotInUse, placeToWrite } from './copy-store.ts'
import { type Inventory, pagesOf, type Progress } from './inventory.ts'
import { writeFilling, writeMoved } from './store-marks.ts'

/** Looked at as soon as its channel is worked on: the plan is made anew then, and with it the marks. */
const lookNow = (stock: Stock): readonly WorkMark[] =>
  [...new Set(stock.listings.map(({ channel }) => channel))].flatMap((channel) =>
    (['push', 'read'] as const).map((kind): WorkMark => ({ channel, kind, priority: 0, dueAtMs: 0 })),
  )

const asRestored = (kind: TransferKind, value: TransferValue, nowMs: number): TransferValue => {
  if (kind === 'cursors') return { ...value, watermarkMs: null }
  if (kind !== 'stock') return value
  const stock = adoptAnew(value['stock'] as Stock, nowMs)
  return { stock, work: lookNow(stock) }
}

const restored = (summary: string, evidence: Incident['evidence'], nowMs: number): Incident => ({
  id: `store-restored/${nowMs}`,
  kind: 'store-restored',
  channel: null,
  sku: null,
  listing: null,
  units: 0,
  atMs: nowMs,
  summary,
  evidence,
})

export interface RestoreRequest {
  readonly path: string
  readonly to: Store
  readonly clock: Pick<Clock, 'nowMs'>
  readonly onProgress: Progress
}

/** Reads the file twice: nothing is written before it is known to be whole. May be run again when it was cut off. */
export const restoreStore = async ({
  path,
  to,
  clock,
  onProgress,
}: RestoreRequest): Promise<{ header: BackupHeader; inventory: Inventory }> => {
  const { inventory } = await readBackup(path, null)
  await to.migrate()
  const nowMs = clock.nowMs()
  await assertNotInUse(to, nowMs)
  const source = `backup ${inventory.kinds.ledger.checksum} ${inventory.kinds.stock.checksum}`
  await placeToWrite(to, source)
  await writeFilling(to, { source, at: { kind: 'settings', after: null } })
  let batch: TransferValue[] = []
  let batchKind: TransferKind = 'settings'
  let written = 0
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await to.transfer.writeAll(batchKind, batch)
    written += batch.length
    onProgress(batchKind, written)
    batch = []
  }
  const { header } = await readBackup(path, async (kind, value) => {
    if (kind !== batchKind || batch.length === maxTransferRows) await flush()
    if (kind !== batchKind) written = 0
    batchKind = kind
    batch.push(asRestored(kind, value, nowMs))
  })
  await flush()
  await to.commit({
    incidents: [
      restored(
        `Restored from a backup of ${new Date(header.createdAtMs).toISOString()}: what the channels may sell is proven anew.`,
        { backupAtMs: header.createdAtMs, documents: inventory.kinds.stock.documents },
        nowMs,
      ),
    ],
  })
  await writeFilling(to, { source, at: null })
  return { header, inventory }
}

/**
 * A store that was marked as moved is used again. What the other one did since is not known here, so that the same holds as after a restore.
 */
export const reopenStore = async (store: Store, clock: Pick<Clock, 'nowMs'>): Promise<number> => {
  const nowMs = clock.nowMs()
  await assertNotInUse(store, nowMs)
  let listings = 0
  for await (const { values } of pagesOf(store.transfer, 'stock')) {
    const stock = values.map((value) => {
      const before = value['stock'] as Stock
      listings += before.listings.length
      const next = { ...adoptAnew(before, nowMs), version: before.version + 1 }
      return { next, work: lookNow(next) }
    })
    if (stock.length > 0) await store.commit({ stock })
  }
  for await (const { values } of pagesOf(store.transfer, 'cursors'))
    if (values.length > 0) await store.commit({ cursors: values.map((value) => ({ ...value, watermarkMs: null })) as never })
  await store.commit({
    incidents: [restored('A store that had been moved away is in use again: what the channels may sell is proven anew.', {}, nowMs)],
  })
  await writeMoved(store, null)
  return listings
}
