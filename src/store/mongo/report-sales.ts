// Orders of a day: their lines summed by an aggregation.
import type { Document } from 'mongodb'
import type { SalesRow } from '../../domain/report-rows.ts'
import type { OrderCount, ReportStore } from '../../ports/reports.ts'
import { type Connection, reached } from './connection.ts'
import { batchesOf } from './report-batches.ts'

const ordered = '$lines.orderedQuantity'
const accepted = { $ifNull: ['$lines.acceptedQuantity', 0] }
const each = '$lines.unitsPerListing'
const cancelled = { $min: [ordered, '$lines.cancelledQuantity'] }

/** Sums of whole numbers, exact also beyond 32 bits. */
const long = (value: unknown): Document => ({ $toLong: value })

/** Whole division rounded half up, without a fraction on the way; a line of nothing has no share. */
const share = (part: unknown): Document => {
  const upper = { $add: [{ $multiply: [2, long('$lines.amountMinor'), part] }, ordered] }
  const lower = { $multiply: [2, ordered] }
  return {
    $cond: [
      { $and: [{ $gt: [ordered, 0] }, { $ne: [{ $ifNull: ['$lines.amountMinor', null] }, null] }] },
      { $divide: [{ $subtract: [upper, { $mod: [upper, lower] }] }, lower] },
      0,
    ],
  }
}

const salesPipeline = (fromMs: number, toMs: number): Document[] => [
  { $match: { createdAtMs: { $gte: fromMs, $lt: toMs } } },
  {
    $project: {
      channel: 1,
      demand: 1,
      'lines.sku': 1,
      'lines.pool': 1,
      'lines.unitsPerListing': 1,
      'lines.orderedQuantity': 1,
      'lines.cancelledQuantity': 1,
      'lines.acceptedQuantity': 1,
      'lines.amountMinor': 1,
      'lines.currency': 1,
    },
  },
  { $unwind: '$lines' },
  {
    $group: {
      _id: {
        sku: '$lines.sku',
        pool: '$lines.pool',
        channel: '$channel',
        demand: '$demand',
        currency: { $cond: [{ $eq: [{ $ifNull: ['$lines.amountMinor', null] }, null] }, null, '$lines.currency'] },
      },
      lines: { $sum: 1 },
      orderedUnits: { $sum: { $multiply: [long(ordered), each] } },
      cancelledUnits: { $sum: { $multiply: [long(cancelled), each] } },
      acceptedUnits: { $sum: { $multiply: [long(accepted), each] } },
      answeredUnits: {
        $sum: {
          $cond: [{ $eq: [{ $ifNull: ['$lines.acceptedQuantity', null] }, null] }, 0, { $multiply: [long(ordered), each] }],
        },
      },
      amountMinor: { $sum: long({ $ifNull: ['$lines.amountMinor', 0] }) },
      cancelledMinor: { $sum: share(cancelled) },
      acceptedMinor: { $sum: share(accepted) },
    },
  },
  { $sort: { '_id.sku': 1, '_id.pool': 1, '_id.channel': 1, '_id.demand': 1, '_id.currency': 1 } },
]

type GroupedSales = { readonly _id: Omit<SalesRow, keyof Summed> } & Summed
type Summed = Omit<SalesRow, 'sku' | 'pool' | 'channel' | 'demand' | 'currency'>

export const mongoReportSales = ({ patient }: Connection): Pick<ReportStore, 'readSales' | 'countOrders'> => ({
  readSales: ({ fromMs, toMs }, onRows) =>
    reached(() =>
      batchesOf(patient.orders.aggregate<GroupedSales>(salesPipeline(fromMs, toMs), { allowDiskUse: true }), (rows) =>
        onRows(
          rows.map(
            ({ _id: { sku, pool, channel, demand, currency }, ...sums }): SalesRow => ({
              sku,
              pool,
              channel,
              demand,
              currency: currency ?? null,
              ...sums,
            }),
          ),
        ),
      ),
    ),
  countOrders: ({ fromMs, toMs }) =>
    reached(async () => {
      const found = await patient.orders
        .aggregate<{ readonly _id: Omit<OrderCount, 'orders'>; readonly orders: number }>([
          { $match: { createdAtMs: { $gte: fromMs, $lt: toMs } } },
          { $group: { _id: { channel: '$channel', demand: '$demand' }, orders: { $sum: 1 } } },
          { $sort: { '_id.channel': 1, '_id.demand': 1 } },
        ])
        .toArray()
      return found.map(({ _id: { channel, demand }, orders }) => ({ channel, demand, orders }))
    }),
})
