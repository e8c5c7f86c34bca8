// The pipeline that makes rows of the unified view: stock documents, what the domain says of them, the mapped listings and the newest
// readings become parts {sku, at, key, part}; parts of the same thing are merged, then things of the same SKU, then rows are merged into the
// view. It starts on `stock` and ends in `inventoryView`.
import type { Document } from 'mongodb'
import { anyFacet, facetLetters, facetSeparator } from '../view/facets.ts'
import { changeOffsetMs } from './schema-inventory-view.ts'
import { statusOrder } from '../../domain/inventory-summary.ts'
import { firstOf, readingsOf } from './inventory-readings.ts'

export interface InventoryBatch {
  readonly skus: readonly string[]
  /** Keys of all their stock documents. */
  readonly stockIds: readonly string[]
  /** Of all their readings. */
  readonly names: readonly string[]
}

const fallback = (expression: unknown, otherwise: unknown): Document => ({ $ifNull: [expression, otherwise] })

const stockParts: readonly Document[] = [
  {
    $project: {
      _id: 0,
      sku: 1,
      parts: {
        $concatArrays: [
          [
            {
              at: 'pool',
              key: '$pool',
              part: {
                pool: '$pool',
                version: '$version',
                title: '$title',
                barcode: fallback('$barcode', null),
                onHandUnits: { $sum: '$onHandUnits.units' },
                onHandByLocation: '$onHandUnits',
                reservedUnits: '$reservedUnits',
                bufferUnits: '$bufferUnits',
                sharing: '$sharing',
                changedAtMs: '$changedAtMs',
              },
            },
          ],
          {
            $map: {
              input: '$listings',
              as: 'each',
              in: {
                at: 'listing',
                key: '$$each.id',
                part: {
                  listing: '$$each.id',
                  channel: '$$each.channel',
                  pool: '$pool',
                  externalId: '$$each.externalId',
                  unitsPerListing: '$$each.unitsPerListing',
                  status: '$$each.status',
                },
              },
            },
          },
        ],
      },
    },
  },
  { $unwind: '$parts' },
  { $project: { sku: 1, at: '$parts.at', key: '$parts.key', part: '$parts.part' } },
]

const summaryParts = (stockIds: readonly string[]): readonly Document[] => [
  { $match: { _id: { $in: stockIds } } },
  {
    $project: {
      _id: 0,
      sku: 1,
      parts: {
        $concatArrays: [
          [
            {
              at: 'pool',
              key: '$pool',
              part: {
                status: '$status',
                statusRank: '$statusRank',
                atRiskUnits: '$atRiskUnits',
                reasons: '$reasons',
                rate: '$rate',
                words: '$words',
              },
            },
          ],
          { $map: { input: '$listings', as: 'each', in: { at: 'listing', key: '$$each.listing', part: '$$each' } } },
        ],
      },
    },
  },
  { $unwind: '$parts' },
  { $project: { sku: 1, at: '$parts.at', key: '$parts.key', part: '$parts.part' } },
]

const offerParts = (skus: readonly string[]): readonly Document[] => [
  { $match: { sku: { $in: skus } } },
  { $project: { _id: 0, sku: 1, at: { $literal: 'listing' }, key: '$_id', part: { fulfilment: '$fulfilment' } } },
]

const units = (field: string): Document => ({ $multiply: [`$reading.fba.${field}`, '$units'] })

const readingParts = (batch: InventoryBatch): readonly Document[] => [
  ...readingsOf(batch.stockIds, batch.names),
  {
    $project: {
      sku: 1,
      at: { $cond: [{ $eq: ['$reading.kind', 'offer'] }, 'listing', { $cond: [{ $eq: ['$reading.kind', 'fba'] }, 'fba', 'vendor'] }] },
      key: '$about',
      region: '$reading.region',
      part: firstOf(
        [
          [
            { $eq: ['$reading.kind', 'offer'] },
            {
              observedQuantity: '$reading.quantity',
              observedSource: '$reading.source',
              observedFromMs: '$reading.fromMs',
              observedThroughMs: '$reading.throughMs',
            },
          ],
          [
            { $eq: ['$reading.kind', 'fba'] },
            {
              channel: '$reading.channel',
              sellerSku: '$reading.subject',
              fulfillableUnits: units('fulfillableUnits'),
              reservedUnits: units('reservedUnits'),
              inboundUnits: units('inboundUnits'),
              unfulfillableUnits: units('unfulfillableUnits'),
              readThroughMs: '$reading.throughMs',
            },
          ],
          [
            { $eq: ['$reading.kind', 'vendor-inventory'] },
            {
              channel: '$reading.channel',
              asin: '$reading.subject',
              sellableUnits: '$reading.sellableUnits',
              unsellableUnits: '$reading.unsellableUnits',
              openOrderUnits: '$reading.openOrderUnits',
              inventoryOn: '$reading.endDate',
            },
          ],
        ],
        {
          channel: '$reading.channel',
          asin: '$reading.subject',
          orderedUnits: '$reading.orderedUnits',
          shippedUnits: '$reading.shippedUnits',
          salesFrom: '$reading.startDate',
          salesThrough: '$reading.endDate',
        },
      ),
    },
  },
]

const at = (name: string, expression: unknown): Document => ({ $cond: [{ $eq: ['$_id.at', name] }, expression, null] })
const part = (...fields: readonly string[]): Document =>
  Object.fromEntries(fields.map((field) => [field, fallback(`$part.${field}`, null)]))

const available: Document = {
  $max: [0, { $subtract: [{ $subtract: ['$part.onHandUnits', '$part.reservedUnits'] }, '$part.bufferUnits'] }],
}

/** A reading counts against what should show only when nothing is known to have changed the number since before it. */
const comparable: Document = {
  $and: [
    { $ne: [fallback('$part.observedQuantity', null), null] },
    { $ne: [fallback('$part.shownQuantity', null), null] },
    { $gte: ['$part.observedFromMs', '$part.quietSinceMs'] },
  ],
}

const pool: Document = {
  ...part('pool', 'version', 'onHandUnits', 'reservedUnits', 'bufferUnits', 'sharing', 'status', 'atRiskUnits', 'reasons', 'changedAtMs'),
  onHandByLocation: { $sortArray: { input: '$part.onHandByLocation', sortBy: { location: 1 } } },
  availableUnits: available,
}

const listing: Document = {
  ...part('listing', 'channel', 'pool', 'externalId', 'unitsPerListing', 'fulfilment', 'status', 'desiredQuantity', 'sentQuantity'),
  ...part('acceptedQuantity', 'exposureQuantity', 'observedQuantity', 'observedSource', 'observedFromMs', 'observedThroughMs'),
  observedUnits: fallback({ $multiply: ['$part.observedQuantity', '$part.unitsPerListing'] }, null),
  driftQuantity: { $cond: [comparable, { $subtract: ['$part.observedQuantity', '$part.shownQuantity'] }, null] },
}

const fba = part('channel', 'sellerSku', 'fulfillableUnits', 'reservedUnits', 'inboundUnits', 'unfulfillableUnits', 'readThroughMs')
const vendor: Document = {
  ...part('channel', 'asin', 'sellableUnits', 'unsellableUnits', 'openOrderUnits', 'inventoryOn'),
  ...part('orderedUnits', 'shippedUnits', 'salesFrom', 'salesThrough'),
}

const present = (array: string): Document => ({ $filter: { input: array, as: 'each', cond: { $ne: ['$$each', null] } } })
const total = (array: string, value: unknown): Document => ({ $sum: { $map: { input: array, as: 'each', in: value } } })
const tag = (letter: string, ...values: readonly unknown[]): Document => ({
  $concat: [letter, ...values.flatMap((value) => [facetSeparator, value])],
})
const tags = (array: string, ...values: readonly unknown[]): Document => ({
  $map: { input: array, as: 'each', in: tag(String(values[0]), ...values.slice(1)) },
})
const union = (array: string, start: unknown): Document => ({
  $reduce: { input: array, initialValue: start, in: { $setUnion: ['$$value', '$$this'] } },
})

const row: Document = {
  _id: 1,
  pools: 1,
  listings: 1,
  fba: 1,
  vendor: 1,
  title: fallback({ $arrayElemAt: [{ $filter: { input: '$titles', as: 'each', cond: { $ne: ['$$each', ''] } } }, 0] }, ''),
  barcode: fallback({ $arrayElemAt: [{ $filter: { input: '$barcodes', as: 'each', cond: { $ne: ['$$each', null] } } }, 0] }, null),
  status: { $arrayElemAt: [[...statusOrder], '$rank'] },
  reasons: { $sortArray: { input: union('$pools.reasons', []), sortBy: 1 } },
  words: { $sortArray: { input: union('$words', []), sortBy: 1 } },
  unitsAtRisk: { $sum: '$pools.atRiskUnits' },
  driftUnits: total('$listings', { $multiply: [{ $abs: fallback('$$each.driftQuantity', 0) }, '$$each.unitsPerListing'] }),
  changedAtMs: { $max: '$pools.changedAtMs' },
  onHandUnits: { $sum: '$pools.onHandUnits' },
  reservedUnits: { $sum: '$pools.reservedUnits' },
  bufferUnits: { $sum: '$pools.bufferUnits' },
  availableUnits: { $sum: '$pools.availableUnits' },
  rate: {
    $cond: [
      { $gt: [{ $size: '$rates' }, 0] },
      { milliUnitsPerDay: { $sum: '$rates.milliUnitsPerDay' }, atMs: { $max: '$rates.atMs' } },
      null,
    ],
  },
  fbaUnits: { $sum: '$fba.fulfillableUnits' },
  vendorUnits: total('$vendor', fallback('$$each.sellableUnits', 0)),
}

/** What of a SKU that has stock documents is merged into its row; a reading alone makes none. */
const rows: readonly Document[] = [
  // FBA stock of a seller's SKU: the regions of it together.
  {
    $group: {
      _id: { sku: '$sku', at: '$at', key: '$key' },
      part: { $mergeObjects: '$part' },
      fulfillableUnits: { $sum: '$part.fulfillableUnits' },
      reservedUnits: { $sum: '$part.reservedUnits' },
      inboundUnits: { $sum: '$part.inboundUnits' },
      unfulfillableUnits: { $sum: '$part.unfulfillableUnits' },
      readThroughMs: { $max: '$part.readThroughMs' },
    },
  },
  {
    $addFields: {
      part: {
        $cond: [
          { $eq: ['$_id.at', 'fba'] },
          {
            channel: '$part.channel',
            sellerSku: '$part.sellerSku',
            fulfillableUnits: '$fulfillableUnits',
            reservedUnits: '$reservedUnits',
            inboundUnits: '$inboundUnits',
            unfulfillableUnits: '$unfulfillableUnits',
            readThroughMs: '$readThroughMs',
          },
          '$part',
        ],
      },
    },
  },
  // A listing is told with its stock document: what else knows of it waits for that.
  { $match: { $or: [{ '_id.at': { $ne: 'listing' } }, { 'part.exposureQuantity': { $exists: true }, 'part.pool': { $exists: true } }] } },
  { $sort: { '_id.sku': 1, '_id.at': 1, '_id.key': 1 } },
  {
    $group: {
      _id: '$_id.sku',
      pools: { $push: at('pool', pool) },
      listings: { $push: at('listing', listing) },
      fba: { $push: at('fba', fba) },
      vendor: { $push: at('vendor', vendor) },
      titles: { $push: at('pool', '$part.title') },
      barcodes: { $push: at('pool', '$part.barcode') },
      words: { $push: at('pool', fallback('$part.words', [])) },
      rates: { $push: at('pool', fallback('$part.rate', null)) },
      rank: { $max: at('pool', '$part.statusRank') },
    },
  },
  {
    $addFields: {
      pools: present('$pools'),
      listings: present('$listings'),
      fba: present('$fba'),
      vendor: present('$vendor'),
      titles: present('$titles'),
      words: present('$words'),
      rates: present('$rates'),
    },
  },
  { $match: { rank: { $ne: null } } },
  { $project: row },
  {
    $addFields: {
      facets: {
        $setUnion: [
          [anyFacet, tag(facetLetters.status, '$status')],
          tags('$pools', facetLetters.pool, '$$each.pool'),
          tags('$listings', facetLetters.channel, '$$each.channel'),
          tags('$listings', facetLetters.statusOnChannel, '$status', '$$each.channel'),
        ],
      },
    },
  },
  {
    $addFields: {
      changes: {
        $map: {
          input: '$facets',
          as: 'each',
          in: {
            $concat: [
              '$$each',
              facetSeparator,
              { $toString: { $toLong: { $add: [changeOffsetMs, '$changedAtMs'] } } },
              facetSeparator,
              '$_id',
            ],
          },
        },
      },
    },
  },
]

export const inventoryPipeline = (batch: InventoryBatch): Document[] => [
  { $match: { _id: { $in: batch.stockIds } } },
  ...stockParts,
  { $unionWith: { coll: 'stockSummaries', pipeline: summaryParts(batch.stockIds) } },
  { $unionWith: { coll: 'listings', pipeline: offerParts(batch.skus) } },
  { $unionWith: { coll: 'stockSummaries', pipeline: readingParts(batch) } },
  ...rows,
  { $merge: { into: 'inventoryView', on: '_id', whenMatched: 'replace', whenNotMatched: 'insert' } },
]
