// What reports read of a store, and where they are kept. Everything of a day is derived from orders and ledger by an index on its time, so
// that running a day again gives the same figures, and what came late is in them. The only sums that are kept are those of the ledger by SKU
// and day: the ledger never changes, so they never do either.
import type { ChannelId, StockKey } from '../domain/ids.ts'
import type { Incident } from '../domain/incidents.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import type { DaySpan, LocalDay } from '../domain/local-day.ts'
import type { SalesRow, StockRow } from '../domain/report-rows.ts'
import type { SyncSlot } from '../domain/sync-slot.ts'

/** In batches of at most 1,000; the next one comes after it resolved. */
export type OnRows<T> = (rows: readonly T[]) => Promise<void> | void

export interface OrderCount {
  readonly channel: ChannelId
  readonly demand: 'fact' | 'ask-first'
  readonly orders: number
}

export interface IncidentSummary {
  /** Begun in the span, by kind. */
  readonly begun: readonly { readonly kind: Incident['kind']; readonly count: number; readonly units: number }[]
  /** Begun before the span's end and not over then, by kind; only kinds that end. */
  readonly open: readonly { readonly kind: Incident['kind']; readonly count: number }[]
  /** Of the open ones the newest, at most 20. */
  readonly newestOpen: readonly Incident[]
}

/** A report as it is stored. `body`: its figures, JSON text. */
export interface StoredReport {
  readonly day: LocalDay
  readonly madeAtMs: number
  /** 1, and one more each time that its figures changed. */
  readonly revision: number
  readonly body: string
}

/** waiting -> delivered, or given-up after too many tries. */
export interface ReportDelivery {
  /** `{day}/{target}`: one delivery for each day and target. */
  readonly id: string
  readonly day: LocalDay
  readonly target: string
  readonly state: 'waiting' | 'delivered' | 'given-up'
  readonly attempts: number
  /** When to try next; of one that has ended: when that was. */
  readonly atMs: number
  /** When it was first wanted. */
  readonly sinceMs: number
  readonly lastError: string | null
}

export interface ReportStore {
  /** Lines of orders created in the span, summed by SKU, pool, channel, demand and currency, in the order of SKU and pool (code points). */
  readSales(span: DaySpan, onRows: OnRows<SalesRow>): Promise<void>
  countOrders(span: DaySpan): Promise<readonly OrderCount[]>

  /** Sums the ledger of a day that is over, and notes that it was done. May be done again. */
  makeSkuDay(span: DaySpan): Promise<void>
  /** The days of [from, to] that are made, as they were understood then. */
  listSkuDays(range: { readonly from: LocalDay; readonly to: LocalDay }): Promise<readonly DaySpan[]>
  /** When the oldest entry of the ledger was made; null: there is none. */
  firstLedgerAtMs(): Promise<number | null>
  /**
   * Every SKU with its level at the end of `day`, in the order of SKU and pool: the level now, less what was moved after it. The days of
   * [windowFrom, madeThrough.day] must be made, `madeThrough` being the last of them; what was moved since is read from the ledger.
   */
  readStockRows(
    query: { readonly day: LocalDay; readonly windowFrom: LocalDay; readonly madeThrough: DaySpan },
    onRows: OnRows<StockRow>,
  ): Promise<void>
  /** Entries of the span for these keys (at most 500), in the order of their versions for each key. */
  readMovements(span: DaySpan, keys: readonly StockKey[]): Promise<readonly LedgerEntry[]>
  summariseIncidents(span: DaySpan): Promise<IncidentSummary>

  /** Written over what the same writer wrote for the same channel and slot: a slot holds sums, not increments. */
  putSyncSlots(slots: readonly SyncSlot[]): Promise<void>
  readSyncSlots(span: DaySpan): Promise<readonly SyncSlot[]>
  /** Returns how many. */
  removeSyncSlotsBefore(slotMs: number): Promise<number>

  putReport(report: StoredReport): Promise<void>
  readReport(day: LocalDay): Promise<StoredReport | null>
  /** Newest day first, without bodies. `before`: days before this one. */
  listReports(filter: { readonly before: LocalDay | null; readonly limit: number }): Promise<readonly Omit<StoredReport, 'body'>[]>

  putDelivery(delivery: ReportDelivery): Promise<void>
  readDelivery(id: string): Promise<ReportDelivery | null>
  /** Waiting and due, earliest first. */
  dueDeliveries(query: { readonly dueBeforeMs: number; readonly limit: number }): Promise<readonly ReportDelivery[]>
  /** Newest day first. */
  listDeliveries(limit: number): Promise<readonly ReportDelivery[]>
}
