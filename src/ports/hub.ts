// What the shell (HTTP API, command line, terminal) may ask of a running hub. The engine implements it (src/engine/hub.ts).
import type { Connection } from '../domain/connection.ts'
import type { Explanation } from '../domain/explain.ts'
import type { ChannelId, ListingId, LocationId, PoolId, Sku } from '../domain/ids.ts'
import type { ImportListingRow, ImportRows, ImportStockRow } from '../domain/import-rows.ts'
import type { KnownSettings } from '../domain/protection.ts'
import type { Policy } from '../domain/rules.ts'
import type { ChannelMode } from '../domain/settings.ts'
import type { RuleStatement, Stock } from '../domain/stock.ts'
import type { ChannelAdapter } from './channel.ts'
import type { Reconciler } from './reconciliations.ts'
import type { InboxEvent, Store } from './store.ts'

/** A change of physical stock or a promise that the warehouse makes. Units are whole and positive; a count may be 0. */
export interface MovementRequest {
  readonly kind: 'receipt' | 'count' | 'shrinkage' | 'transfer' | 'return' | 'reserve' | 'release' | 'ship'
  readonly sku: Sku
  readonly pool: PoolId
  /** Where; for reserve and release it is not used. */
  readonly location: LocationId | null
  /** Transfers only: where to (same pool). */
  readonly toLocation: LocationId | null
  /** For a count: what was counted. */
  readonly units: number
  /** The caller's own id of this movement: sent twice, it happens once. 1 to 200 characters. A release or a shipment names the reservation it ends. */
  readonly reference: string
}

export interface MovementResult {
  /** duplicate: this reference was applied before; nothing changed now. */
  readonly outcome: 'applied' | 'duplicate'
  readonly onHandUnits: number
  readonly reservedUnits: number
  readonly availableUnits: number
}

/** What a person says of the rule of a SKU, or of one of its listings. */
export interface RuleRequest {
  readonly sku: Sku
  readonly pool: PoolId
  /** null: for the SKU. */
  readonly listing: ListingId | null
  /** All that this level says from now on. */
  readonly statement: RuleStatement
}

/** What a person says of whether a listing is there. */
export interface ConnectionRequest {
  readonly sku: Sku
  readonly pool: PoolId
  readonly listing: ListingId
  readonly connection: Connection
}

export type StockRow = ImportStockRow
export type ListingRow = ImportListingRow
/** `reference` is made from the files' content (a hash) unless one is given: the same import twice is a no-op. */
export type ImportRequest = ImportRows

export interface ImportPreview {
  readonly skusCreated: number
  readonly levelsChanged: number
  readonly listingsCreated: number
  readonly listingsChanged: number
  readonly unchanged: number
  /** Any problem and nothing is imported. */
  readonly problems: readonly {
    readonly file: 'stock' | 'listings'
    readonly line: number
    readonly message: string
    readonly fix: string
  }[]
  /** The first 20 changes, one readable line each. */
  readonly sample: readonly string[]
}

export interface OperationStatus {
  readonly operation: string
  readonly requests: number
  readonly throttled: number
  readonly failed: number
  readonly lastDurationMs: number
}

export interface ChannelStatus {
  readonly channel: ChannelId
  readonly platform: string
  readonly mode: ChannelMode
  /** ok; degraded: the last call failed or throttled; down: nothing has worked for five minutes. */
  readonly health: 'ok' | 'degraded' | 'down' | 'starting'
  readonly operations: readonly OperationStatus[]
  /** Newest first, at most 5. */
  readonly lastErrors: readonly { readonly atMs: number; readonly operation: string; readonly code: string; readonly message: string }[]
  readonly throttles: number
  readonly retries: number
  /** Per order stream: age of the watermark, milliseconds; null: no complete poll yet. */
  readonly watermarkAgeMs: Readonly<Record<string, number | null>>
  /** Within ten minutes. */
  readonly pushesDue: number
  readonly pushesOpen: number
  /** The process that works it; null: none does now. */
  readonly owner: string | null
  /** When its owner told how it is; null: this process is the owner, or none has told. */
  readonly reportedAtMs: number | null
}

/** What a process does: api answers HTTP and takes webhooks in, worker works channel accounts, scheduler does what is due at set times. */
export type HubRole = 'api' | 'worker' | 'scheduler'

/** What a person can watch live. */
export type HubEvent =
  | {
      readonly kind: 'sale'
      readonly channel: ChannelId
      readonly orderId: string
      readonly sku: Sku
      readonly units: number
      readonly availableUnits: number
      readonly arrivedAtMs: number
      readonly atMs: number
    }
  | {
      readonly kind: 'cancel'
      readonly channel: ChannelId
      readonly orderId: string
      readonly sku: Sku
      readonly units: number
      readonly availableUnits: number
      readonly atMs: number
    }
  /** `causedBy`: the latest sale or movement that changed the plan; delay = sentAtMs - its arrival. */
  | {
      readonly kind: 'push'
      readonly channel: ChannelId
      readonly sku: Sku
      readonly quantity: number
      readonly outcome: string
      readonly delayMs: number | null
      readonly atMs: number
    }
  | { readonly kind: 'parked'; readonly channel: ChannelId; readonly reason: string; readonly atMs: number }
  | { readonly kind: 'incident'; readonly summary: string; readonly atMs: number }

export interface Hub {
  readonly store: Store
  readonly reconciler: Reconciler
  readonly adapters: ReadonlyMap<ChannelId, ChannelAdapter>
  /** As they are in force now, widened constants included; null: the channel is not configured. */
  readonly settingsOf: KnownSettings
  /** How each number of the SKU came about, one for each pool; [] when it is not known. */
  explain(sku: Sku): Promise<readonly Explanation[]>
  /** Throws movement-invalid, sku-unknown, insufficient-stock, movement-conflict (a reference used before for something else). */
  move(request: MovementRequest): Promise<MovementResult>
  /** What the configuration says of the rules. */
  readonly policy: Policy
  /** Resolved in the same commit; answers the document. Throws sku-unknown, listing-unknown. */
  setRule(request: RuleRequest): Promise<Stock>
  /**
   * A listing is disconnected, closed or connected again (connection.ts); answers the document. Throws sku-unknown, listing-unknown,
   * connection-invalid.
   */
  setConnection(request: ConnectionRequest): Promise<Stock>
  previewImport(request: ImportRequest): Promise<ImportPreview>
  /** All or nothing; throws `import-invalid` when the preview has problems. */
  applyImport(request: ImportRequest): Promise<ImportPreview>
  /** Durable when it resolves; wakes the fold. */
  receive(events: readonly InboxEvent[]): Promise<void>
  /** Parked events become pending again (after a mapping was mended). Returns how many. */
  retryParked(): Promise<number>
  /** What evidence taught about the channel is forgotten, and its configured constants count again. False: nothing was learned. */
  forgetLearned(channel: ChannelId): Promise<boolean>
  channelStatus(): Promise<readonly ChannelStatus[]>
  /** Events since the listener was added; bounded, a slow listener misses some. Returns the way to stop. */
  watch(listener: (event: HubEvent) => void): () => void
  /** Starts loops. */
  start(): Promise<void>
  /** Finishes what is in flight (bounded), releases leases. Idempotent. */
  stop(): Promise<void>
}
