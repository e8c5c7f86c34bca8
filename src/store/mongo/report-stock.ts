// The ledger of a day summed by SKU, and levels at the end of a day.
// A level and the entries after it are read one after the other and yet agree: an entry carries the version of the document that it made, so
// that one which is newer than the document that was read is left out.
import type { Document } from 'mongodb'
import type { SkuDayRow, StockRow } from '../../domain/report-rows.ts'
import type { ReportStore } from '../../ports/reports.ts'
import { type StockDocument, idOf, stockId, stockKeyOf, toLedgerEntry, separator } from './codec.ts'
import { type Connection, reached } from './connection.ts'
import type { SkuDayDocument } from './report-codec.ts'

/** Stock documents read at once. */
const pageRows = 1000

const units = { $toLong: '$units' }
const isShelf = (account: string): Document => ({ $eq: [{ $substrCP: [account, 0, 8] }, 'on_hand/'] })
const sided = (matches: (account: string) => Document): Document => ({
  $subtract: [{ $cond: [matches('$to'), units, 0] }, { $cond: [matches('$from'), units, 0] }],
})
const hand = sided(isShelf)
const promised = sided((account) => ({ $eq: [account, 'reserved'] }))
const when = (conditions: readonly Document[], value: unknown = units): Document => ({
  $sum: { $cond: [{ $and: conditions }, value, 0] },
})
const isReason = (reason: string): Document => ({ $eq: ['$reason', reason] })

/** See src/store/sqlite/report-stock.ts: the lowest level is looked for after whole commits; a reservation of the warehouse is no sale. */
const skuDayPipeline = (day: string, fromMs: number, toMs: number): Document[] => [
  { $match: { atMs: { $gte: fromMs, $lt: toMs } } },
  {
    $group: {
      _id: { key: { $concat: ['$sku', separator, '$pool'] }, version: '$version' },
      onHand: { $sum: hand },
      reserved: { $sum: promised },
      sold: when([isReason('sale'), { $ne: [{ $substrCP: ['$_id', 0, 9] }, 'movement/'] }], promised),
      cancelled: when([isReason('cancel')], { $multiply: [promised, -1] }),
      shipped: when([isReason('ship'), { $eq: ['$to', 'customer'] }]),
      returned: when([isReason('return')]),
      received: when([isReason('receipt')]),
    },
  },
  { $addFields: { key: '$_id.key', version: '$_id.version', change: { $subtract: ['$onHand', '$reserved'] } } },
  {
    $setWindowFields: {
      partitionBy: '$key',
      sortBy: { version: 1 },
      output: { free: { $sum: '$change', window: { documents: ['unbounded', 'current'] } } },
    },
  },
  {
    $group: {
      _id: '$key',
      sold: { $sum: '$sold' },
      cancelled: { $sum: '$cancelled' },
      shipped: { $sum: '$shipped' },
      returned: { $sum: '$returned' },
      received: { $sum: '$received' },
      onHand: { $sum: '$onHand' },
      reserved: { $sum: '$reserved' },
      lowest: { $min: '$free' },
    },
  },
  {
    $project: {
      _id: { $concat: [day, separator, '$_id'] },
      day: { $literal: day },
      key: '$_id',
      sold: 1,
      cancelled: 1,
      shipped: 1,
      returned: 1,
      received: 1,
      onHand: 1,
      reserved: 1,
      lowestFree: { $min: ['$lowest', 0] },
    },
  },
  { $merge: { into: 'skuDays', on: '_id', whenMatched: 'replace', whenNotMatched: 'insert' } },
]

interface Later {
  readonly _id: string
  readonly onHand: number
  readonly reserved: number
}

const toMoved = (row: SkuDayDocument): SkuDayRow => ({
  soldUnits: row.sold,
  cancelledUnits: row.cancelled,
  shippedUnits: row.shipped,
  returnedUnits: row.returned,
  receivedUnits: row.received,
  onHandDelta: row.onHand,
  reservedDelta: row.reserved,
  lowestFreeDelta: row.lowestFree,
})

type StockPart = Pick<StockDocument, '_id' | 'version' | 'title' | 'onHandUnits' | 'reservedUnits' | 'bufferUnits'>

export const mongoReportStock = ({
  collections,
  patient,
}: Connection): Pick<ReportStore, 'makeSkuDay' | 'listSkuDays' | 'firstLedgerAtMs' | 'readStockRows' | 'readMovements'> => {
  const { stock, ledger, skuDays, skuDaysMade } = collections

  const after = async (id: string | null): Promise<readonly StockPart[]> =>
    stock
      .find(id === null ? {} : { _id: { $gt: id } })
      .project<StockPart>({ version: 1, title: 1, onHandUnits: 1, reservedUnits: 1, bufferUnits: 1 })
      .sort({ _id: 1 })
      .limit(pageRows)
      .toArray()

  const rowsOf = async (page: readonly StockPart[], query: Parameters<ReportStore['readStockRows']>[0]): Promise<readonly StockRow[]> => {
    const { day, windowFrom, madeThrough } = query
    const ids = page.map(({ _id }) => _id)
    const versions = new Map(page.map(({ _id, version }) => [_id, version]))
    const sold = await skuDays
      .aggregate<{ readonly _id: string; readonly sold: number }>([
        { $match: { key: { $in: ids }, day: { $gte: windowFrom, $lte: day } } },
        { $group: { _id: '$key', sold: { $sum: { $subtract: ['$sold', '$cancelled'] } } } },
      ])
      .toArray()
    const later = await skuDays
      .aggregate<Later>([
        { $match: { key: { $in: ids }, day: { $gt: day, $lte: madeThrough.day } } },
        { $group: { _id: '$key', onHand: { $sum: '$onHand' }, reserved: { $sum: '$reserved' } } },
      ])
      .toArray()
    const since = await ledger
      .aggregate<Later & { readonly version: number }>([
        { $match: { sku: { $in: page.map(({ _id }) => stockKeyOf(_id).sku) }, atMs: { $gte: madeThrough.toMs } } },
        {
          $group: {
            _id: { key: { $concat: ['$sku', separator, '$pool'] }, version: '$version' },
            onHand: { $sum: hand },
            reserved: { $sum: promised },
          },
        },
        { $project: { _id: '$_id.key', version: '$_id.version', onHand: 1, reserved: 1 } },
      ])
      .toArray()
    const moved = await skuDays.find({ _id: { $in: ids.map((id) => `${day}${separator}${id}`) } }).toArray()
    const soldOf = new Map(sold.map(({ _id, sold: each }) => [_id, each]))
    const movedOf = new Map(moved.map((row) => [row.key, toMoved(row)]))
    const levels = new Map<string, { onHand: number; reserved: number }>()
    const known = since.filter(({ _id, version }) => version <= (versions.get(_id) ?? 0))
    for (const { _id, onHand, reserved } of [...later, ...known]) {
      const level = levels.get(_id) ?? { onHand: 0, reserved: 0 }
      levels.set(_id, { onHand: level.onHand + onHand, reserved: level.reserved + reserved })
    }
    return page.map(
      ({ _id, title, onHandUnits, reservedUnits, bufferUnits }): StockRow => ({
        ...stockKeyOf(_id),
        title,
        onHandUnits: onHandUnits.reduce((sum, each) => sum + each.units, 0) - (levels.get(_id)?.onHand ?? 0),
        reservedUnits: reservedUnits - (levels.get(_id)?.reserved ?? 0),
        bufferUnits,
        windowSoldUnits: soldOf.get(_id) ?? 0,
        moved: movedOf.get(_id) ?? null,
      }),
    )
  }

  return {
    makeSkuDay: ({ day, fromMs, toMs }) =>
      reached(async () => {
        await skuDaysMade.deleteOne({ _id: day })
        await skuDays.deleteMany({ _id: { $gte: `${day}${separator}`, $lt: `${day}\u0020` } })
        // A server that has never had an entry need not know the collection.
        if ((await ledger.findOne({ atMs: { $gte: fromMs, $lt: toMs } }, { projection: { _id: 1 } })) !== null)
          await patient.ledger.aggregate(skuDayPipeline(day, fromMs, toMs), { allowDiskUse: true }).toArray()
        await skuDaysMade.updateOne({ _id: day }, { $set: { fromMs, toMs } }, { upsert: true })
      }),
    listSkuDays: ({ from, to }) =>
      reached(async () => {
        const found = await skuDaysMade
          .find({ _id: { $gte: from, $lte: to } })
          .sort({ _id: 1 })
          .toArray()
        return found.map(({ _id, fromMs, toMs }) => ({ day: _id, fromMs, toMs }))
      }),
    firstLedgerAtMs: () =>
      reached(async () => {
        const [first] = await ledger
          .find({ atMs: { $gte: 0 } })
          .project<{ readonly atMs: number }>({ atMs: 1 })
          .sort({ atMs: 1, version: 1, _id: 1 })
          .limit(1)
          .toArray()
        return first?.atMs ?? null
      }),
    readStockRows: (query, onRows) =>
      reached(async () => {
        let last: string | null = null
        for (;;) {
          const page: readonly StockPart[] = await after(last)
          const end = page.at(-1)
          if (end === undefined) return
          await onRows(await rowsOf(page, query))
          last = idOf(end)
        }
      }),
    readMovements: ({ fromMs, toMs }, keys) =>
      reached(async () => {
        const wanted = new Set(keys.map(stockId))
        const found = await ledger
          .find({ sku: { $in: keys.map(({ sku }) => sku) }, atMs: { $gte: fromMs, $lt: toMs } })
          .sort({ sku: 1, version: 1, _id: 1 })
          .toArray()
        return found.map(toLedgerEntry).filter((entry) => wanted.has(stockId(entry)))
      }),
  }
}
