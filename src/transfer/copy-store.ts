// Moving house: everything of one store into another, empty one, of either engine. Guarantees:
// - the source is not in use (no lease is held) and, once the copy is verified, marked as moved, so that no hub sells the same goods twice;
// - the target is empty or this copy's own unfinished work; what was cut off goes on after the last page that was written;
// - nothing counts as moved before both stores were read in full and agree in every kind, count and checksum.
// Nothing is lost between the two, open charges included, so that the channels stay as they are: the hub on the new store goes on like one that
// was restarted.
import { BelayError } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'
import { transferKinds } from '../ports/store-transfer.ts'
import type { Store } from '../ports/store.ts'
import { differences, type Inventory, pagesOf, type Progress, takeInventory } from './inventory.ts'
import { assertUsable, readFilling, writeFilling, writeMoved } from './store-marks.ts'

export interface CopyRequest {
  readonly from: Store
  readonly to: Store
  /** Names the source: only a copy from the same one goes on in a target that is not complete. */
  readonly source: string
  readonly clock: Pick<Clock, 'nowMs'>
  readonly onProgress: (doing: 'copying' | 'verifying', ...progress: Parameters<Progress>) => void
}

export const assertNotInUse = async ({ transfer }: Store, nowMs: number): Promise<void> => {
  const [lease] = await transfer.heldLeases(nowMs)
  if (lease)
    throw new BelayError('store-in-use', `A hub is running on this store: ${lease.owner} holds ${lease.name}`, {
      fix: 'Stop every hub that uses it, and try again. One that was killed is forgotten within 15 seconds.',
    })
}

/** Throws `store-not-empty` unless the store has nothing, or only what the same source wrote. The place to go on from, or null: the beginning. */
export const placeToWrite = async (
  store: Store,
  source: string,
): Promise<{ readonly kind: string; readonly after: string | null } | null> => {
  const filling = await readFilling(store)
  if (filling?.source === source) return filling.at
  for (const kind of transferKinds) {
    // Of settings a store may have some before anything happened in it.
    if (filling === null && (kind === 'settings' || (await store.transfer.countAll(kind)) === 0)) continue
    throw new BelayError('store-not-empty', `The target has ${kind} already${filling ? ', from another copy that did not end' : ''}`, {
      fix: 'Name a new file or database: nothing is ever written over.',
    })
  }
  return null
}

/** Throws unless the store can be read as this program writes it. */
export const assertCurrent = async (store: Store): Promise<void> => {
  const { stored, steps } = await store.schemaStatus()
  if (stored === steps.length) return
  if (stored === 0)
    throw new BelayError('config-invalid', 'There is no data of Belay in this store', {
      fix: 'Check the path, or the name of the database.',
    })
  throw new BelayError(stored > steps.length ? 'schema-unknown' : 'schema-pending', `The store has schema ${stored} of ${steps.length}`, {
    fix: stored > steps.length ? 'Use the newer program that wrote it.' : 'Run `belay migrate up --store …` on it first.',
  })
}

/** Resolves with what both stores hold. */
export const copyStore = async ({ from, to, source, clock, onProgress }: CopyRequest): Promise<Inventory> => {
  await assertCurrent(from)
  await assertUsable(from)
  await assertNotInUse(from, clock.nowMs())
  await to.migrate()
  await assertNotInUse(to, clock.nowMs())
  const place = await placeToWrite(to, source)
  const first = place === null ? 0 : transferKinds.findIndex((kind) => kind === place.kind)
  for (const kind of transferKinds.slice(first)) {
    let copied = 0
    let after = kind === place?.kind ? place.after : null
    await writeFilling(to, { source, at: { kind, after } })
    for await (const { values, next } of pagesOf(from.transfer, kind, after)) {
      await to.transfer.writeAll(kind, values)
      copied += values.length
      after = next
      if (after !== null) await writeFilling(to, { source, at: { kind, after } })
      onProgress('copying', kind, copied)
    }
  }
  const verifying: Progress = (...progress) => onProgress('verifying', ...progress)
  const read = await takeInventory(from.transfer, verifying)
  const written = await takeInventory(to.transfer, verifying)
  const different = differences(read, written)
  if (different.length > 0)
    throw new BelayError('store-unfinished', `The copy is not the same as the source in: ${different.join(', ')}`, {
      fix: 'Something wrote to one of them meanwhile. Begin again with a new, empty target; the source is as it was.',
    })
  await assertNotInUse(from, clock.nowMs())
  await writeMoved(from, { to: to.engine, atMs: clock.nowMs() })
  await writeFilling(to, { source, at: null })
  return written
}
