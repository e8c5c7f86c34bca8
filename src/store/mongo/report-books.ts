// What was noted for reports while it happened, incidents by state, the reports and their deliveries.
import type { Document } from 'mongodb'
import { endingKinds } from '../../domain/incidents.ts'
import type { IncidentSummary, ReportDelivery, ReportStore } from '../../ports/reports.ts'
import { toIncident } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import { type ReportDeliveryDocument, syncSlotId } from './report-codec.ts'

const maxNewestOpen = 20

const toDelivery = ({ _id, ...rest }: ReportDeliveryDocument): ReportDelivery => ({ id: _id, ...rest })

type Counted = { readonly _id: IncidentSummary['open'][number]['kind']; readonly count: number; readonly units: number }

export const mongoReportBooks = ({
  collections,
}: Connection): Omit<
  ReportStore,
  'readSales' | 'countOrders' | 'makeSkuDay' | 'listSkuDays' | 'firstLedgerAtMs' | 'readStockRows' | 'readMovements'
> => {
  const { incidents, syncSlots, reports, reportDeliveries } = collections
  return {
    summariseIncidents: ({ fromMs, toMs }) =>
      reached(async () => {
        const counted = { $group: { _id: '$kind', count: { $sum: 1 }, units: { $sum: { $toLong: '$units' } } } }
        // Without `resolvedAtMs`: not over. Null matches a missing field.
        const open: Document = {
          kind: { $in: [...endingKinds] },
          atMs: { $lt: toMs },
          $or: [{ resolvedAtMs: null }, { resolvedAtMs: { $gte: toMs } }],
        }
        const begun = await incidents
          .aggregate<Counted>([{ $match: { atMs: { $gte: fromMs, $lt: toMs } } }, counted, { $sort: { _id: 1 } }])
          .toArray()
        const openNow = await incidents.aggregate<Counted>([{ $match: open }, counted, { $sort: { _id: 1 } }]).toArray()
        const newest = await incidents.find(open).sort({ atMs: -1, _id: -1 }).limit(maxNewestOpen).toArray()
        return {
          begun: begun.map(({ _id, count, units }) => ({ kind: _id, count: count, units: units })),
          open: openNow.map(({ _id, count }) => ({ kind: _id, count: count })),
          newestOpen: newest.map(toIncident),
        }
      }),
    putSyncSlots: (slots) =>
      reached(async () => {
        if (slots.length === 0) return
        await syncSlots.bulkWrite(
          slots.map((slot) => ({
            replaceOne: {
              filter: { _id: syncSlotId(slot) },
              replacement: slot,
              upsert: true,
            },
          })),
        )
      }),
    readSyncSlots: ({ fromMs, toMs }) =>
      reached(async () => {
        const found = await syncSlots
          .find({ slotMs: { $gte: fromMs, $lt: toMs } })
          .sort({ slotMs: 1, channel: 1, writer: 1 })
          .toArray()
        return found.map(({ _id, ...slot }) => slot)
      }),
    removeSyncSlotsBefore: (slotMs) => reached(async () => (await syncSlots.deleteMany({ slotMs: { $lt: slotMs } })).deletedCount),
    putReport: ({ day, ...rest }) =>
      reached(async () => {
        await reports.replaceOne({ _id: day }, rest, { upsert: true })
      }),
    readReport: (day) =>
      reached(async () => {
        const found = await reports.findOne({ _id: day })
        if (!found) return null
        const { _id, ...rest } = found
        return { day: _id, ...rest }
      }),
    listReports: ({ before, limit }) =>
      reached(async () => {
        const found = await reports
          // After every day.
          .find({ _id: { $lt: before ?? '~' } }, { projection: { body: 0 } })
          .sort({ _id: -1 })
          .limit(limit)
          .toArray()
        return found.map(({ _id, madeAtMs, revision }) => ({ day: _id, madeAtMs, revision }))
      }),
    putDelivery: ({ id, ...rest }) =>
      reached(async () => {
        await reportDeliveries.replaceOne({ _id: id }, rest, { upsert: true })
      }),
    readDelivery: (id) =>
      reached(async () => {
        const found = await reportDeliveries.findOne({ _id: id })
        return found && toDelivery(found)
      }),
    dueDeliveries: ({ dueBeforeMs, limit }) =>
      reached(async () => {
        const found = await reportDeliveries
          .find({ state: 'waiting', atMs: { $lte: dueBeforeMs } })
          .sort({ atMs: 1, _id: 1 })
          .limit(limit)
          .toArray()
        return found.map(toDelivery)
      }),
    listDeliveries: (limit) =>
      reached(async () => {
        const found = await reportDeliveries
          // Every day, said so that the index is entered.
          .find({ day: { $gte: '' } })
          .sort({ day: -1, _id: -1 })
          .limit(limit)
          .toArray()
        return found.map(toDelivery)
      }),
  }
}
