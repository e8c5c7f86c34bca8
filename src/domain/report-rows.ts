// The rows that reports are made of, the same from every store. Units are single goods, money is minor units of its currency.
import type { ChannelId, StockKey } from './ids.ts'

/** Order lines of a span, summed by SKU, pool, channel, demand and currency. */
export interface SalesRow extends StockKey {
  readonly channel: ChannelId
  readonly demand: 'fact' | 'ask-first'
  /** null: their price is not known (yet). */
  readonly currency: string | null
  readonly lines: number
  readonly orderedUnits: number
  /** Never more than ordered. */
  readonly cancelledUnits: number
  /** Of lines that were answered. */
  readonly acceptedUnits: number
  /** Ordered, of lines that were answered. */
  readonly answeredUnits: number
  readonly amountMinor: number
  /** The share of it that was cancelled, line by line, rounded half up. */
  readonly cancelledMinor: number
  /** The share of it that was accepted, in the same way. */
  readonly acceptedMinor: number
}

/** What a day moved of a SKU, from the ledger. */
export interface SkuDayRow {
  readonly soldUnits: number
  readonly cancelledUnits: number
  readonly shippedUnits: number
  readonly returnedUnits: number
  readonly receivedUnits: number
  /** Change of what is on hand, and of what is reserved. */
  readonly onHandDelta: number
  readonly reservedDelta: number
  /** The least that (on hand - reserved) was above its value at the day's beginning, after any movement: 0 or below. */
  readonly lowestFreeDelta: number
}

/** A SKU at the end of a day. */
export interface StockRow extends StockKey {
  readonly title: string
  readonly onHandUnits: number
  readonly reservedUnits: number
  /** As it is now: buffers are not in the ledger. */
  readonly bufferUnits: number
  /** Sold less cancelled in the window that ends with the day. */
  readonly windowSoldUnits: number
  /** null: nothing was moved that day. */
  readonly moved: SkuDayRow | null
}
