// Documents of what reports keep.
import type { SyncSlot } from '../../domain/sync-slot.ts'
import type { ReportDelivery, StoredReport } from '../../ports/reports.ts'
import { separator } from './codec.ts'

export interface SkuDayDocument {
  readonly _id: string
  readonly day: string
  /** The `_id` of its stock document. */
  readonly key: string
  readonly sold: number
  readonly cancelled: number
  readonly shipped: number
  readonly returned: number
  readonly received: number
  readonly onHand: number
  readonly reserved: number
  readonly lowestFree: number
}

export interface SkuDayMadeDocument {
  readonly _id: string
  readonly fromMs: number
  readonly toMs: number
}

export interface SyncSlotDocument extends SyncSlot {
  readonly _id: string
}

export const syncSlotId = ({ slotMs, channel, writer }: SyncSlot): string => [slotMs, channel, writer].join(separator)

export interface ReportDocument extends Omit<StoredReport, 'day'> {
  readonly _id: string
}

export interface ReportDeliveryDocument extends Omit<ReportDelivery, 'id'> {
  readonly _id: string
}
