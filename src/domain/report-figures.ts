// The figures of a day, as they are stored and answered. Units are single goods; money is minor units and its currency, never added across
// currencies; shares are thousandths; velocities and estimates are thousandths of a unit. Lists are bounded (`report-limits`).
import type { ChannelId, Sku } from './ids.ts'
import type { IncidentKind } from './incidents.ts'
import type { LocalDay } from './local-day.ts'

/** Rows of every list of a report. */
export const maxListed = 20
/** Days of the window that velocities are taken from: four whole weeks. */
export const velocityWindowDays = 28
/** Fewer days of cover than this is low stock. */
export const lowStockDays = 7

export interface MoneyFigures {
  readonly currency: string
  /** Of everything ordered. */
  readonly orderedMinor: number
  readonly cancelledMinor: number
}

/** What was ordered on a channel that day, as it is known now. */
export interface ChannelSales {
  readonly orders: number
  readonly lines: number
  readonly orderedUnits: number
  readonly cancelledUnits: number
  /** Discounted item prices with tax. */
  readonly revenue: readonly MoneyFigures[]
  /** What Amazon pays a vendor, before tax. */
  readonly netCost: readonly MoneyFigures[]
  /** Lines whose price is not known yet, and their units. */
  readonly unpricedLines: number
  readonly unpricedUnits: number
}

export interface SalesFigures {
  readonly channels: readonly (ChannelSales & { readonly channel: ChannelId })[]
  readonly together: ChannelSales
}

/** Retail purchase orders of a channel. */
export interface PurchaseFigures {
  readonly channel: ChannelId
  readonly orders: number
  readonly askedUnits: number
  readonly acceptedUnits: number
  /** Answered and not accepted. */
  readonly rejectedUnits: number
  readonly unansweredUnits: number
  /** Accepted of what was answered; null: nothing was. */
  readonly fillPermille: number | null
  /** Net cost of what was accepted. */
  readonly acceptedCost: readonly { readonly currency: string; readonly amountMinor: number }[]
}

export interface Mover {
  readonly sku: Sku
  readonly title: string
  /** Ordered less cancelled. */
  readonly units: number
  readonly revenue: readonly MoneyFigures[]
  /** At the end of the day, all pools. null: the SKU is not ours to stock. */
  readonly onHandUnits: number | null
  readonly sellThroughPermille: number | null
}

export interface StockOut {
  readonly sku: Sku
  readonly title: string
  readonly outMs: number
  readonly velocityMilliUnits: number
  readonly lostMilliUnits: number
  readonly outAtEnd: boolean
}

export interface CoverRow {
  readonly sku: Sku
  readonly title: string
  readonly availableUnits: number
  readonly velocityMilliUnits: number
  /** Tenths of a day. */
  readonly coverDeciDays: number
}

export interface SlowMover {
  readonly sku: Sku
  readonly title: string
  readonly availableUnits: number
}

export interface StockFigures {
  readonly skus: number
  readonly skusAvailable: number
  readonly onHandUnits: number
  readonly reservedUnits: number
  readonly openingOnHandUnits: number
  readonly receivedUnits: number
  readonly returnedUnits: number
  readonly shippedUnits: number
  /** Sold less cancelled that day, from the ledger. */
  readonly soldUnits: number
  readonly sellThroughPermille: number | null
  /** Days of history behind the velocities, at most velocityWindowDays. */
  readonly windowDays: number
  readonly stockOuts: { readonly skus: number; readonly lostMilliUnits: number; readonly worst: readonly StockOut[] }
  readonly cover: { readonly belowLow: number; readonly lowest: readonly CoverRow[] }
  readonly newlyLow: { readonly skus: number; readonly rows: readonly CoverRow[] }
  readonly slow: { readonly skus: number; readonly units: number; readonly rows: readonly SlowMover[] }
  /** SKUs of which more was promised than was there, at any time of the day. */
  readonly belowZero: { readonly skus: number; readonly units: number; readonly movedSkus: number }
}

export interface SyncFigures {
  readonly channel: ChannelId
  readonly pushesTimed: number
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly pushesReached: number
  readonly pushesNotReached: number
  readonly requests: number
  readonly throttled: number
  readonly failed: number
  readonly retries: number
  /** Mean share of the budget for writes that was in use; null: not looked at. */
  readonly quotaUsedPermille: number | null
  /** Share of the looks at which nothing was left of it. */
  readonly quotaEmptyPermille: number | null
}

/** Why a section has no figures. */
export interface Missing {
  readonly missing: string
}

export interface IncidentFigures {
  readonly begun: readonly { readonly kind: IncidentKind; readonly count: number }[]
  readonly open: readonly { readonly kind: IncidentKind; readonly count: number }[]
  readonly newestOpen: readonly { readonly kind: IncidentKind; readonly summary: string; readonly atMs: number }[]
}

export interface OversellFigures {
  /** Incidents of orders that took more than there was, begun that day. */
  readonly incidents: number
  readonly units: number
  readonly belowZeroSkus: number
  readonly movedSkus: number
  readonly skus: number
}

/** Amazon's own figures beside ours. */
export interface VendorFigures {
  readonly channel: ChannelId
  readonly sales: Missing | { readonly rows: readonly VendorRow[]; readonly units: number; readonly readThroughMs: number }
  readonly inventory: Missing | { readonly rows: readonly VendorRow[]; readonly units: number; readonly readThroughMs: number }
}

export interface VendorRow {
  readonly asin: string
  readonly units: number
  readonly amount: { readonly currency: string; readonly amountMinor: number } | null
}

/** What reconciliation found that day, as it is now; dry runs left out. */
export interface DriftFigures {
  readonly rows: readonly {
    /** null: the hub's own books. */
    readonly channel: ChannelId | null
    readonly kind: string
    readonly found: number
    readonly mended: number
    /** Neither mended nor dismissed. */
    readonly open: number
  }[]
}

export interface ComparedDay {
  readonly day: LocalDay
  readonly sales: SalesFigures
}

export interface DailyReport {
  readonly day: LocalDay
  readonly timeZone: string
  readonly fromMs: number
  readonly toMs: number
  readonly sales: SalesFigures
  readonly dayBefore: ComparedDay
  readonly weekBefore: ComparedDay
  readonly purchases: readonly PurchaseFigures[]
  readonly movers: readonly Mover[]
  readonly stock: StockFigures
  readonly oversells: OversellFigures
  readonly sync: readonly SyncFigures[]
  readonly incidents: IncidentFigures
  readonly drift: DriftFigures
  readonly vendor: readonly VendorFigures[]
}
