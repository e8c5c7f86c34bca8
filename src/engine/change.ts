// A change of stock documents as a pure function: what it needs, and what it decides on what it sees. The committer (committer.ts)
// runs many of them in order over one view and commits them together; it may run `decide` again on newer state, so it must be pure.
import type { Incident, Resolution } from '../domain/incidents.ts'
import type { OrderKey, StockKey } from '../domain/ids.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import type { Listing, Order } from '../domain/orders.ts'
import type { Stock } from '../domain/stock.ts'
import type { Commit } from '../ports/store.ts'

export interface View {
  /** null: not stored. undefined: nobody asked for it, answer with `needs`. */
  stock(key: StockKey): Stock | null | undefined
  order(key: OrderKey): Order | null
  hasLedgerKey(key: string): boolean
  readonly nowMs: number
}

/** Documents without regard to version and work marks: the committer sets both. Ledger versions too. */
export interface Decision<T> {
  readonly stock?: readonly Stock[]
  readonly orders?: readonly Order[]
  readonly ledger?: readonly LedgerEntry[]
  readonly incidents?: readonly Incident[]
  readonly resolvedIncidents?: readonly Resolution[]
  readonly listings?: readonly Listing[]
  readonly inbox?: Commit['inbox']
  readonly cursors?: Commit['cursors']
  readonly value: T
}

/** More must be read before this can be decided. */
export interface Needs {
  readonly needs: readonly StockKey[]
}

export interface Change<T> {
  readonly stock: readonly StockKey[]
  readonly orders: readonly OrderKey[]
  readonly ledgerKeys: readonly string[]
  /**
   * Its orders and ledger keys are nearly always new, so they are not read: `decide` sees none of them, and what it decides stands only if
   * it inserts them all, which the store refuses for one that is there. Else it decides again on what is read.
   */
  readonly presumesNew?: boolean
  /** It is refused alone (`lease-lost`) unless this lease is held under this number when it is committed. */
  readonly lease?: { readonly name: string; readonly token: number }
  /** Pure. A BelayError thrown here refuses this change alone; the others of its batch go on. */
  decide(view: View): Decision<T> | Needs
}

export interface Committer {
  /** Resolves after the commit is durable. */
  submit<T>(change: Change<T>): Promise<T>
}
