// What a store holds, in figures that two stores can be compared by: documents and checksum of each kind, and the sums that the guarantee rests
// on. The marks that a transfer itself leaves in a store are not part of it.
import type { ListingState, Stock } from '../domain/stock.ts'
import { maxTransferRows, type TransferKind, type TransferReader, type TransferValue, transferKinds } from '../ports/store-transfer.ts'
import { type Checksum, createChecksum } from './checksum.ts'
import { isTransferMark } from './store-marks.ts'

interface KindInventory {
  readonly documents: number
  readonly checksum: string
}

export interface Inventory {
  readonly kinds: Readonly<Record<TransferKind, KindInventory>>
  /** What may have been sent and is not settled: pushes, and by how much they may raise what channels sell. */
  readonly openPushes: number
  readonly openChargeQuantity: number
  readonly onHandUnits: number
  readonly reservedUnits: number
}

export interface InventoryCount {
  add(kind: TransferKind, value: TransferValue): void
  result(): Inventory
}

const travels = (kind: TransferKind, value: TransferValue): boolean => kind !== 'settings' || !isTransferMark(String(value['name']))

const sumOf = <T>(items: readonly T[], units: (item: T) => number): number => items.reduce((sum, item) => sum + units(item), 0)

export const createInventoryCount = (): InventoryCount => {
  const documents = new Map<TransferKind, number>()
  const checksums = new Map<TransferKind, Checksum>(transferKinds.map((kind) => [kind, createChecksum()]))
  let openPushes = 0
  let openChargeQuantity = 0
  let onHandUnits = 0
  let reservedUnits = 0
  const addStock = (stock: Stock): void => {
    const pushes = stock.listings.flatMap((listing: ListingState) => listing.pushes)
    openPushes += pushes.length
    openChargeQuantity += sumOf(pushes, ({ charge }) => charge)
    onHandUnits += sumOf(Object.values(stock.onHandUnits), (units) => units)
    reservedUnits += stock.reservedUnits
  }
  return {
    add: (kind, value) => {
      documents.set(kind, (documents.get(kind) ?? 0) + 1)
      checksums.get(kind)?.add(value)
      if (kind === 'stock') addStock(value['stock'] as Stock)
    },
    result: () => ({
      kinds: Object.fromEntries(
        transferKinds.map((kind) => [kind, { documents: documents.get(kind) ?? 0, checksum: checksums.get(kind)?.text() ?? '' }]),
      ) as unknown as Inventory['kinds'],
      openPushes,
      openChargeQuantity,
      onHandUnits,
      reservedUnits,
    }),
  }
}

/** Pages through one kind; `after` null: from the beginning. Only what travels. */
export async function* pagesOf(
  reader: TransferReader,
  kind: TransferKind,
  after: string | null = null,
): AsyncGenerator<{ readonly values: readonly TransferValue[]; readonly next: string | null }> {
  let from = after
  for (;;) {
    const { values, next } = await reader.readAll(kind, from, maxTransferRows)
    yield { values: values.filter((value) => travels(kind, value)), next }
    if (next === null) return
    from = next
  }
}

export type Progress = (kind: TransferKind, documents: number) => void

export const takeInventory = async (reader: TransferReader, onProgress: Progress): Promise<Inventory> => {
  const count = createInventoryCount()
  for (const kind of transferKinds) {
    let seen = 0
    for await (const { values } of pagesOf(reader, kind)) {
      for (const value of values) count.add(kind, value)
      seen += values.length
      onProgress(kind, seen)
    }
  }
  return count.result()
}

/** The kinds in which the two differ; []: they hold the same. */
export const differences = (a: Inventory, b: Inventory): readonly TransferKind[] =>
  transferKinds.filter((kind) => a.kinds[kind].documents !== b.kinds[kind].documents || a.kinds[kind].checksum !== b.kinds[kind].checksum)
