// What a transfer leaves in a store for whoever opens it next, as settings:
//   store/filling   a copy or a restore is being written here and is not complete; no hub may run on it
//   store/moved     everything was copied to another store and is used there; no hub may run on this one, or goods would be sold twice
import { BelayError } from '../domain/errors.ts'
import type { TransferKind } from '../ports/store-transfer.ts'
import type { Store } from '../ports/store.ts'

const prefix = 'store/'
const fillingName = `${prefix}filling`
const movedName = `${prefix}moved`

export const isTransferMark = (name: string): boolean => name.startsWith(prefix)

export interface Filling {
  /** From what: only the same thing may go on writing. */
  readonly source: string
  /** Kinds and pages before this place are written. null: complete. */
  readonly at: { readonly kind: TransferKind; readonly after: string | null } | null
}

type Settings = Pick<Store, 'readSetting' | 'writeSetting'>

/** null: nothing is being written, or it is complete. */
export const readFilling = async (store: Settings): Promise<Filling | null> => {
  const text = await store.readSetting(fillingName)
  const filling = text === null ? null : (JSON.parse(text) as Filling)
  return filling?.at == null ? null : filling
}

export const writeFilling = (store: Settings, filling: Filling): Promise<void> => store.writeSetting(fillingName, JSON.stringify(filling))

/** `to`: the engine that it moved to; null: it is in use again. */
export const writeMoved = (store: Settings, moved: { readonly to: string; readonly atMs: number } | null): Promise<void> =>
  store.writeSetting(movedName, JSON.stringify(moved))

/** Throws `store-unfinished` or `store-moved` when no hub may run on this store. */
export const assertUsable = async (store: Settings): Promise<void> => {
  if ((await readFilling(store)) !== null)
    throw new BelayError('store-unfinished', 'A copy or a restore was being written into this store and did not end', {
      fix: 'Run the same `belay store copy` or `belay restore` again: it goes on where it was cut off.',
    })
  const text = await store.readSetting(movedName)
  const moved = text === null ? null : (JSON.parse(text) as { readonly to: string; readonly atMs: number } | null)
  if (moved)
    throw new BelayError('store-moved', `This store was copied to ${moved.to} on ${new Date(moved.atMs).toISOString()} and is used there`, {
      fix: 'Name the new store in the configuration. To use this one again, end the other hub for good and run: belay store reopen',
    })
}
