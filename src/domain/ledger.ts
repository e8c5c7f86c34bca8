// The ledger: every change of a level as one immutable, double-entry movement. Goods move between places and the outside;
// promises move between a pool's free and reserved. Levels are the fold of it.
import type { LocationId, StockKey } from './ids.ts'

/** `on_hand/{location}` or one of the outside accounts; promises move between `free` and `reserved`. */
export type LedgerAccount = `on_hand/${string}` | 'in_transit' | 'supplier' | 'customer' | 'scrap' | 'adjustment' | 'free' | 'reserved'

export type MovementReason = 'receipt' | 'sale' | 'cancel' | 'ship' | 'return' | 'count' | 'shrinkage' | 'transfer' | 'release'

export interface LedgerEntry extends StockKey {
  /** Unique for ever; the second entry with the same key is a duplicate and changes nothing. */
  readonly key: string
  readonly from: LedgerAccount
  readonly to: LedgerAccount
  /** Always positive. */
  readonly units: number
  readonly reason: MovementReason
  /** What caused it: `{channel}/{orderId}/{lineId}`, a document of the warehouse, a file and its line. */
  readonly reference: string
  readonly atMs: number
  /** Version of the stock document that this entry is part of. */
  readonly version: number
}

export const onHandAccount = (location: LocationId): LedgerAccount => `on_hand/${location}`
