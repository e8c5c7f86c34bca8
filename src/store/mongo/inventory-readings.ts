// The part of the view's pipeline that makes one shape of what platforms sent, nine sources in their own words, and finds the SKU and the
// listing that each reading tells of. Every expression here is plain MQL that MongoDB 5 and the compatible test server have.
import type { Document } from 'mongodb'
import { europeanUnion } from '../view/marketplaces.ts'

const fallback = (expression: unknown, otherwise: unknown): Document => ({ $ifNull: [expression, otherwise] })
/** The value beside the first condition that holds. */
export const firstOf = (cases: readonly (readonly [condition: unknown, value: unknown])[], otherwise: unknown): unknown =>
  cases.reduceRight((rest, [condition, value]) => ({ $cond: [condition, value, rest] }), otherwise)
/** Text or number to a whole number; null when it is none. */
const whole = (expression: unknown): Document => ({ $convert: { input: expression, to: 'int', onError: null, onNull: null } })
const sum = (...fields: readonly string[]): Document => ({ $add: fields.map((field) => fallback(whole(field), 0)) })

/** The field of the first element that has this value in another field; null: there is none. */
const ofElement = (array: string, by: string, value: string, field: string): Document =>
  fallback(
    {
      $let: {
        vars: {
          found: { $arrayElemAt: [{ $filter: { input: fallback(array, []), as: 'each', cond: { $eq: [`$$each.${by}`, value] } } }, 0] },
        },
        in: `$$found.${field}`,
      },
    },
    null,
  )

const isSource = (...sources: readonly string[]): Document => ({ $in: ['$source', sources] })

/** What an offer shows, in listing quantities; null: the reading does not tell. */
const quantity: unknown = firstOf(
  [
    [isSource('shopify-level', 'shopify-bulk-level'), ofElement('$row.quantities', 'name', 'available', 'quantity')],
    [isSource('amazon-listings-item'), ofElement('$row.fulfillmentAvailability', 'fulfillmentChannelCode', 'DEFAULT', 'quantity')],
    [{ $and: [isSource('amazon-merchant-listings'), { $eq: ['$row.fulfillment-channel', 'DEFAULT'] }] }, whole('$row.quantity')],
    [
      { $and: [isSource('vendor-transaction'), { $eq: ['$row.status', 'Success'] }] },
      {
        $cond: [{ $isNumber: '$row.availableQuantity' }, '$row.availableQuantity', fallback('$row.availableQuantity.amount', null)],
      },
    ],
  ],
  null,
)

const fba: Document = {
  $cond: [
    isSource('amazon-fba-summary'),
    {
      fulfillableUnits: fallback(whole('$row.inventoryDetails.fulfillableQuantity'), fallback(whole('$row.totalQuantity'), 0)),
      reservedUnits: sum('$row.inventoryDetails.reservedQuantity.totalReservedQuantity'),
      inboundUnits: sum(
        '$row.inventoryDetails.inboundWorkingQuantity',
        '$row.inventoryDetails.inboundShippedQuantity',
        '$row.inventoryDetails.inboundReceivingQuantity',
      ),
      unfulfillableUnits: sum('$row.inventoryDetails.unfulfillableQuantity.totalUnfulfillableQuantity'),
    },
    {
      fulfillableUnits: sum('$row.afn-fulfillable-quantity'),
      reservedUnits: sum('$row.afn-reserved-quantity'),
      inboundUnits: sum('$row.afn-inbound-working-quantity', '$row.afn-inbound-shipped-quantity', '$row.afn-inbound-receiving-quantity'),
      unfulfillableUnits: sum('$row.afn-unsellable-quantity'),
    },
  ],
}

const kind: unknown = firstOf(
  [
    [isSource('amazon-fba-summary', 'amazon-fba-report'), 'fba'],
    [isSource('vendor-inventory'), 'vendor-inventory'],
    [isSource('vendor-sales'), 'vendor-sales'],
  ],
  'offer',
)

/** What names the goods where it is not a listing. */
const subject: unknown = firstOf(
  [
    [isSource('amazon-fba-summary'), fallback('$row.sellerSku', '')],
    [isSource('amazon-fba-report'), fallback('$row.sku', '')],
  ],
  fallback('$row.asin', ''),
)

/** One stock of FBA: a marketplace, or those that share one. A report tells of all at once. */
const region: unknown = firstOf(
  [
    [{ $ne: ['$source', 'amazon-fba-summary'] }, ''],
    [{ $in: [fallback('$row.marketplaceId', ''), europeanUnion] }, 'EU'],
  ],
  fallback('$row.marketplaceId', ''),
)

/** Whole units a vendor's report tells; null: it does not. */
const told = (field: string): Document => whole(`$row.${field}`)

const normalised: Document = {
  _id: 0,
  name: '$names',
  reading: {
    id: '$_id',
    channel: '$channel',
    source: '$source',
    kind,
    subject,
    region,
    fromMs: '$readFromMs',
    throughMs: '$readThroughMs',
    startDate: fallback('$row.startDate', ''),
    endDate: fallback('$row.endDate', ''),
    quantity,
    fba,
    sellableUnits: told('sellableOnHandInventoryUnits'),
    unsellableUnits: told('unsellableOnHandInventoryUnits'),
    openOrderUnits: told('openPurchaseOrderUnits'),
    orderedUnits: told('orderedUnits'),
    shippedUnits: told('shippedUnits'),
  },
}

const newestFirst = { endDate: -1, throughMs: -1, source: 1, id: 1 } as const
const newestOf = (expression: string): Document => ({ $first: expression, window: { documents: ['unbounded', 'unbounded'] } })
const inReading = (fields: Readonly<Record<string, 1 | -1>>): Document =>
  Object.fromEntries(Object.entries(fields).map(([field, order]) => [`reading.${field}`, order]))
const partition = (...fields: readonly string[]): Document =>
  Object.fromEntries(fields.map((field) => [field.replace('.', '_'), `$${field}`]))

/**
 * On `stockSummaries`: one document for each thing that a SKU's readings tell of, its newest reading: {sku, listing, units, reading}.
 * An offer is told by whatever source read it last; FBA stock once for each region, by one kind of source; a vendor's report by its last period.
 */
export const readingsOf = (stockIds: readonly string[], names: readonly string[]): readonly Document[] => [
  { $match: { _id: { $in: stockIds } } },
  { $project: { _id: 0, sku: 1, links: 1 } },
  { $unwind: '$links' },
  {
    $project: {
      name: '$links.name',
      owner: { sku: '$sku', listing: '$links.listing', units: '$links.unitsPerListing', except: '$links.exceptChannels' },
    },
  },
  {
    $unionWith: {
      coll: 'snapshots',
      pipeline: [
        { $match: { names: { $in: names } } },
        { $unwind: '$names' },
        { $match: { names: { $in: names } } },
        { $project: normalised },
      ],
    },
  },
  { $group: { _id: '$name', owners: { $push: fallback('$owner', null) }, readings: { $push: fallback('$reading', null) } } },
  { $unwind: '$readings' },
  { $match: { readings: { $ne: null } } },
  { $unwind: '$owners' },
  { $match: { owners: { $ne: null } } },
  { $match: { $expr: { $not: [{ $in: ['$readings.channel', fallback('$owners.except', [])] }] } } },
  // A reading that is found by several names counts once, for the listing if one of them is a listing's.
  {
    $group: {
      _id: { sku: '$owners.sku', reading: '$readings.id' },
      listing: { $max: '$owners.listing' },
      units: { $max: '$owners.units' },
      reading: { $first: '$readings' },
    },
  },
  { $project: { _id: 0, sku: '$_id.sku', listing: 1, units: 1, reading: 1 } },
  { $match: { $or: [{ 'reading.kind': { $ne: 'offer' } }, { listing: { $ne: null } }] } },
  {
    $addFields: {
      about: { $cond: [{ $eq: ['$reading.kind', 'offer'] }, '$listing', { $concat: ['$reading.channel', '\u001f', '$reading.subject'] }] },
    },
  },
  {
    $setWindowFields: {
      partitionBy: partition('sku', 'reading.kind', 'about', 'reading.region'),
      sortBy: inReading(newestFirst),
      output: { newest: newestOf('$reading.id') },
    },
  },
  { $match: { $expr: { $eq: ['$reading.id', '$newest'] } } },
  // The report and the summaries tell of the same shelf: the kind that was read last is believed.
  {
    $setWindowFields: {
      partitionBy: partition('sku', 'reading.kind', 'about'),
      sortBy: inReading(newestFirst),
      output: { newestSource: newestOf('$reading.source') },
    },
  },
  { $match: { $expr: { $eq: ['$reading.source', '$newestSource'] } } },
]
