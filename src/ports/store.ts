// The store, in the language of stock. Two engines implement it (src/store/sqlite, src/store/mongo); one contract suite
// (test/contract/store.ts) says what it must do. Everything a decision changes goes through `commit`, all or nothing.
// Errors: `store-unavailable` (nothing happened, try again), `store-commit-unknown` (a commit whose outcome is not known: read
// again and decide again; versions and keys make the repeat harmless). Conflicts are answers, not errors.
import type { Incident, Resolution } from '../domain/incidents.ts'
import type { ChannelId, OrderKey, PoolId, Sku, StockKey } from '../domain/ids.ts'
import type { LedgerLevels } from '../domain/books.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import type { Listing, Order } from '../domain/orders.ts'
import type { Stock } from '../domain/stock.ts'
import type { ReportStore } from './reports.ts'
import type { InventoryViewStore } from './inventory-view.ts'
import type { ScheduleStore } from './schedule.ts'
import type { PeerStore } from './peers.ts'
import type { SchemaStore } from './schema.ts'
import type { ReconciliationStore } from './reconciliations.ts'
import type { SnapshotStore } from './snapshots.ts'
import type { TransferStore } from './store-transfer.ts'

/**
 * push: something to write (due by the clock). read: something to read back or to settle (clock). expire: a request's lifetime ends
 * (clock). fence: due when the channel's watermark has passed `dueAtMs`.
 */
export type WorkKind = 'push' | 'read' | 'expire' | 'fence'

/** A dirty key. At most one for each (stock, channel, kind); committed with the stock document, which names all of its marks. */
export interface WorkMark {
  readonly channel: ChannelId
  readonly kind: WorkKind
  /** 0 before 1: decreases outrank increases. */
  readonly priority: 0 | 1
  readonly dueAtMs: number
}

export interface WorkItem extends StockKey {
  readonly priority: 0 | 1
  readonly dueAtMs: number
}

/** A raw inbound event: durable before it is acknowledged to the platform; buyer data stripped before it gets here. */
export interface InboxEvent {
  readonly channel: ChannelId
  /** Unique per channel: the platform's delivery id. */
  readonly dedupeKey: string
  readonly topic: string
  /** JSON text. */
  readonly payload: string
  readonly receivedAtMs: number
}

export interface StoredInboxEvent extends InboxEvent {
  /** Grows in order of arrival per store; gaps are allowed. */
  readonly sequence: number
  readonly state: 'pending' | 'applied' | 'parked'
  /** Why it is parked and what to do, or why it was before it is tried again; null otherwise. */
  readonly reason: string | null
}

export interface Cursor {
  readonly channel: ChannelId
  /** An order stream of the channel, or another polled thing. */
  readonly stream: string
  /** The next window starts here (platform time). */
  readonly sinceMs: number
  /** W: every order of this stream created up to here is in; null: none completed yet. */
  readonly watermarkMs: number | null
}

export interface Lease {
  readonly name: string
  readonly owner: string
  /** Fencing number: grows with every change of owner, never repeats. */
  readonly token: number
  readonly expiresAtMs: number
}

/** Everything one decision changes. Written completely or not at all. */
export interface Commit {
  /** Documents to write with version + 1 set by the caller; the stored version must be `version - 1` (1: must not exist). */
  readonly stock?: readonly { readonly next: Stock; readonly work: readonly WorkMark[] }[]
  readonly orders?: readonly Order[]
  /** Inserted; an existing key is a conflict. */
  readonly ledger?: readonly LedgerEntry[]
  /** Marks events of the inbox. */
  readonly inbox?: readonly {
    readonly channel: ChannelId
    readonly dedupeKey: string
    readonly state: 'applied' | 'parked' | 'pending'
    readonly reason: string | null
  }[]
  readonly cursors?: readonly Cursor[]
  /** Written over what has the same id. */
  readonly listings?: readonly Listing[]
  /** Inserted; one with the same id stays as it is. */
  readonly incidents?: readonly Incident[]
  /** Marks incidents as over, those of this commit included. One that is over already keeps its time; one that is not stored is passed over. */
  readonly resolvedIncidents?: readonly Resolution[]
  /** The commit is refused (`lease-lost`) unless these leases are held with these tokens at `nowMs`. */
  readonly leases?: readonly { readonly name: string; readonly token: number; readonly nowMs: number }[]
}

export type CommitResult =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly stock: readonly StockKey[]
      readonly orders: readonly OrderKey[]
      readonly ledgerKeys: readonly string[]
    }

export interface StateRequest {
  readonly stock: readonly StockKey[]
  readonly orders: readonly OrderKey[]
  readonly ledgerKeys: readonly string[]
}

export interface State {
  /** In the order asked; null: not stored. */
  readonly stock: readonly (Stock | null)[]
  readonly orders: readonly (Order | null)[]
  /** Those of the keys that exist. */
  readonly ledgerKeys: ReadonlySet<string>
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Give it back to get the next page; null: that was the last. */
  readonly next: string | null
}

export interface StockFilter {
  /** Prefix of the SKU. */
  readonly prefix?: string
  readonly pool?: PoolId
  readonly after?: string | null
  /** 1 to 500. */
  readonly limit: number
}

export interface StoreCounts {
  readonly stock: number
  readonly orders: number
  readonly ledger: number
  readonly inboxPending: number
  readonly inboxParked: number
}

export interface Store extends SchemaStore, ScheduleStore, PeerStore, SnapshotStore, ReportStore, InventoryViewStore, ReconciliationStore {
  readonly engine: 'sqlite' | 'mongo'
  /** The store as a whole: moving house, backups. */
  readonly transfer: TransferStore
  close(): Promise<void>

  /** One consistent read for a batch of decisions. */
  readState(request: StateRequest): Promise<State>
  commit(commit: Commit): Promise<CommitResult>
  /**
   * Grows by one with each commit that went in through this object, and by at least one when anybody else has written. Who counts their
   * own commits knows by it that nobody else was there. Missing where only a server could tell.
   */
  commitCount?(): number

  /** Durable when it resolves. In the order given: stored, or already there. */
  appendInbox(events: readonly InboxEvent[]): Promise<readonly ('stored' | 'duplicate')[]>
  /** In order of arrival. */
  readInbox(filter: {
    readonly channel?: ChannelId
    readonly state: 'pending' | 'parked'
    readonly afterSequence?: number
    readonly limit: number
  }): Promise<readonly StoredInboxEvent[]>
  /** Deletes applied events received before. Returns how many. */
  expireInbox(receivedBeforeMs: number): Promise<number>

  /** Due keys, by priority, then due time, then key. For fences `dueBeforeMs` is the watermark. */
  dueWork(query: {
    readonly channel: ChannelId
    readonly kind: WorkKind
    readonly dueBeforeMs: number
    readonly limit: number
  }): Promise<readonly WorkItem[]>
  /** The earliest due time of that kind, or null. */
  nextWorkAtMs(query: { readonly channel: ChannelId; readonly kind: WorkKind }): Promise<number | null>
  /** `dueBeforeMs` left out: whenever due. */
  countWork(query: { readonly channel: ChannelId; readonly kind: WorkKind; readonly dueBeforeMs?: number }): Promise<number>

  /** Orders of the channel whose acknowledgement is due or failed by then, or submitted (to be settled), earliest first. */
  dueAcknowledgements(query: {
    readonly channel: ChannelId
    readonly state: 'due' | 'submitted'
    readonly dueBeforeMs: number
    readonly limit: number
  }): Promise<readonly Order[]>

  /** For each key the listing that has it on this channel, or null. */
  findListings(channel: ChannelId, keys: readonly string[]): Promise<readonly (Listing | null)[]>
  listListings(filter: { readonly channel: ChannelId; readonly after: string | null; readonly limit: number }): Promise<Page<Listing>>

  readCursor(channel: ChannelId, stream: string): Promise<Cursor | null>

  /** Takes or renews. Null: another owner holds it and it has not expired. Renewing keeps the token; taking gives a new one. */
  acquireLease(name: string, owner: string, ttlMs: number, nowMs: number): Promise<Lease | null>
  /** Ends it if this owner and token still hold it. */
  releaseLease(name: string, owner: string, token: number): Promise<void>

  listStock(filter: StockFilter): Promise<Page<Stock>>
  /** All pools of one SKU. */
  readSku(sku: Sku): Promise<readonly Stock[]>
  /** Newest first. */
  listLedger(filter: { readonly sku?: Sku; readonly after: string | null; readonly limit: number }): Promise<Page<LedgerEntry>>
  /** Null: no entry has this key. */
  readLedgerEntry(key: string): Promise<LedgerEntry | null>
  /** Newest first by first-seen time. */
  listOrders(filter: { readonly channel?: ChannelId; readonly after: string | null; readonly limit: number }): Promise<Page<Order>>
  /** Newest first. */
  listIncidents(filter: { readonly sku?: Sku; readonly after: string | null; readonly limit: number }): Promise<Page<Incident>>
  /** What the ledger comes to, in the order of the keys (at most a page of them). */
  ledgerLevels(keys: readonly StockKey[]): Promise<readonly LedgerLevels[]>
  counts(): Promise<StoreCounts>

  readSetting(name: string): Promise<string | null>
  writeSetting(name: string, value: string): Promise<void>
}
