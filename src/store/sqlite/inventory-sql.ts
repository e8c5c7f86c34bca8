// The statement that makes rows of the unified view: the same that the pipeline of the MongoDB store makes (mongo/inventory-pipeline.ts and
// inventory-readings.ts), in SQL over the JSON as it was stored. ?1: a JSON list of SKUs. It finds everything by index from there.
import { statusOrder } from '../../domain/inventory-summary.ts'
import { anyFacet, facetLetters } from '../view/facets.ts'
import { europeanUnion } from '../view/marketplaces.ts'

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
const list = (values: readonly string[]): string => values.map(text).join(', ')

/** Whole number of a column of a report, which is text, or of a field, which is a number; NULL when it is none. */
const whole = (field: string): string => {
  const value = `(row ->> ${text(field)})`
  return `CASE WHEN ltrim(${value}, '-') GLOB '[0-9]*' AND ltrim(${value}, '-') NOT GLOB '*[^0-9]*' THEN CAST(${value} AS INTEGER) END`
}
const sum = (...fields: readonly string[]): string => fields.map((field) => `coalesce(${whole(field)}, 0)`).join(' + ')

/** The field of the first element of the list that has this value in another field. */
const ofElement = (array: string, by: string, value: string, field: string): string =>
  `(SELECT e.value ->> '$.${field}' FROM json_each(row, '$.${array}') e WHERE e.value ->> '$.${by}' = ${text(value)} ORDER BY e.key LIMIT 1)`

const quantity = `CASE
  WHEN source IN ('shopify-level', 'shopify-bulk-level') THEN ${ofElement('quantities', 'name', 'available', 'quantity')}
  WHEN source = 'amazon-listings-item' THEN ${ofElement('fulfillmentAvailability', 'fulfillmentChannelCode', 'DEFAULT', 'quantity')}
  WHEN source = 'amazon-merchant-listings' AND row ->> '$."fulfillment-channel"' = 'DEFAULT' THEN ${whole('$.quantity')}
  WHEN source = 'vendor-transaction' AND row ->> '$.status' = 'Success' THEN
    CASE json_type(row, '$.availableQuantity') WHEN 'object' THEN row ->> '$.availableQuantity.amount' ELSE row ->> '$.availableQuantity' END
  END`

const details = '$.inventoryDetails.'
const fba = (fromSummary: string, fromReport: string): string =>
  `CASE source WHEN 'amazon-fba-summary' THEN ${fromSummary} WHEN 'amazon-fba-report' THEN ${fromReport} ELSE 0 END`

const readings = `
links AS MATERIALIZED (SELECT l.* FROM wanted w CROSS JOIN stock_links l ON l.sku = w.sku),
found AS (
  SELECT l.sku, max(l.listing) AS listing, max(l.units_per_listing) AS units, s.channel, s.source, s.key, s.row, s.read_from_ms, s.read_through_ms
  FROM links l CROSS JOIN snapshot_names n ON n.name = l.name
    CROSS JOIN snapshots s ON s.channel = n.channel AND s.source = n.source AND s.key = n.key
  WHERE NOT EXISTS (SELECT 1 FROM json_each(l.except_channels) x WHERE x.value = n.channel)
  GROUP BY l.sku, s.channel, s.source, s.key
),
kinds AS (
  SELECT *,
    CASE WHEN source IN ('amazon-fba-summary', 'amazon-fba-report') THEN 'fba' WHEN source IN ('vendor-inventory', 'vendor-sales') THEN source
      ELSE 'offer' END AS kind,
    coalesce(CASE source WHEN 'amazon-fba-summary' THEN row ->> '$.sellerSku' WHEN 'amazon-fba-report' THEN row ->> '$.sku'
      ELSE row ->> '$.asin' END, '') AS subject,
    CASE WHEN source <> 'amazon-fba-summary' THEN '' WHEN row ->> '$.marketplaceId' IN (${list(europeanUnion)}) THEN 'EU'
      ELSE coalesce(row ->> '$.marketplaceId', '') END AS region,
    coalesce(row ->> '$.startDate', '') AS start_date, coalesce(row ->> '$.endDate', '') AS end_date
  FROM found
),
things AS (
  SELECT *, CASE kind WHEN 'offer' THEN listing ELSE channel || char(31) || subject END AS about FROM kinds WHERE kind <> 'offer' OR listing IS NOT NULL
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY sku, kind, about, region ORDER BY end_date DESC, read_through_ms DESC, source, key) AS rank FROM things
),
-- The report and the summaries tell of the same shelf: the kind that was read last is believed.
newest AS (
  SELECT *, first_value(source) OVER (PARTITION BY sku, kind, about ORDER BY end_date DESC, read_through_ms DESC, source, key) AS newest_source
  FROM ranked WHERE rank = 1
),
readings AS MATERIALIZED (SELECT *, ${quantity} AS quantity FROM newest WHERE source = newest_source)`

const pools = `
pools AS MATERIALIZED (
  SELECT sku, pool, body, summary, on_hand, reserved, buffer, max(0, on_hand - reserved - buffer) AS available FROM (
    SELECT s.sku, s.pool, s.body, m.body AS summary, s.body ->> '$.reservedUnits' AS reserved, s.body ->> '$.bufferUnits' AS buffer,
      (SELECT coalesce(sum(e.value), 0) FROM json_each(s.body, '$.onHandUnits') e) AS on_hand
    FROM wanted w CROSS JOIN stock s ON s.sku = w.sku CROSS JOIN stock_summaries m ON m.sku = s.sku AND m.pool = s.pool
  )
),
pool_rows AS (
  SELECT sku, json_group_array(json_object(
      'pool', pool, 'version', body ->> '$.version', 'onHandUnits', on_hand,
      'onHandByLocation', (SELECT json_group_array(json_object('location', e.key, 'units', e.value) ORDER BY e.key) FROM json_each(body, '$.onHandUnits') e),
      'reservedUnits', reserved, 'bufferUnits', buffer, 'availableUnits', available, 'sharing', body ->> '$.sharing',
      'status', summary ->> '$.status', 'atRiskUnits', summary ->> '$.atRiskUnits', 'reasons', summary -> '$.reasons',
      'changedAtMs', body ->> '$.changedAtMs') ORDER BY pool) AS pools,
    sum(on_hand) AS on_hand, sum(reserved) AS reserved, sum(buffer) AS buffer, sum(available) AS available,
    max(summary ->> '$.statusRank') AS status_rank, sum(summary ->> '$.atRiskUnits') AS at_risk, max(body ->> '$.changedAtMs') AS changed_at_ms,
    sum(summary ->> '$.rate.milliUnitsPerDay') AS milli_units_per_day, max(summary ->> '$.rate.atMs') AS rate_at_ms
  FROM pools GROUP BY sku
)`

const listings = `
listings_of AS MATERIALIZED (
  SELECT p.sku, p.pool, e.value AS state, e.value ->> '$.id' AS listing, e.value ->> '$.channel' AS channel,
    e.value ->> '$.unitsPerListing' AS units, d.value AS decided, o.body ->> '$.fulfilment' AS fulfilment,
    r.quantity AS observed, r.source AS observed_source, r.read_from_ms AS observed_from_ms, r.read_through_ms AS observed_through_ms,
    CASE WHEN r.quantity IS NOT NULL AND d.value ->> '$.shownQuantity' IS NOT NULL AND r.read_from_ms >= d.value ->> '$.quietSinceMs'
      THEN r.quantity - (d.value ->> '$.shownQuantity') END AS drift
  FROM pools p, json_each(p.body, '$.listings') e
    JOIN json_each(p.summary, '$.listings') d ON d.value ->> '$.listing' = e.value ->> '$.id'
    LEFT JOIN listings o ON o.id = e.value ->> '$.id'
    LEFT JOIN readings r ON r.kind = 'offer' AND r.about = e.value ->> '$.id' AND r.sku = p.sku
),
listing_rows AS (
  SELECT sku, json_group_array(json_object(
      'listing', listing, 'channel', channel, 'pool', pool, 'externalId', state ->> '$.externalId', 'unitsPerListing', units,
      'fulfilment', fulfilment, 'status', state ->> '$.status', 'desiredQuantity', decided ->> '$.desiredQuantity',
      'sentQuantity', decided ->> '$.sentQuantity', 'acceptedQuantity', decided ->> '$.acceptedQuantity',
      'exposureQuantity', decided ->> '$.exposureQuantity', 'observedQuantity', observed, 'observedUnits', observed * units,
      'observedSource', observed_source, 'observedFromMs', observed_from_ms, 'observedThroughMs', observed_through_ms,
      'driftQuantity', drift) ORDER BY listing) AS listings,
    sum(abs(coalesce(drift, 0)) * units) AS drift
  FROM listings_of GROUP BY sku
)`

const held = `
fba_sums AS (
  SELECT sku, channel, subject, max(read_through_ms) AS through_ms,
    sum(units * (${fba(
      `coalesce(${whole(`${details}fulfillableQuantity`)}, ${whole('$.totalQuantity')}, 0)`,
      sum('$."afn-fulfillable-quantity"'),
    )})) AS fulfillable,
    sum(units * (${fba(sum(`${details}reservedQuantity.totalReservedQuantity`), sum('$."afn-reserved-quantity"'))})) AS reserved,
    sum(units * (${fba(
      sum(`${details}inboundWorkingQuantity`, `${details}inboundShippedQuantity`, `${details}inboundReceivingQuantity`),
      sum('$."afn-inbound-working-quantity"', '$."afn-inbound-shipped-quantity"', '$."afn-inbound-receiving-quantity"'),
    )})) AS inbound,
    sum(units * (${fba(sum(`${details}unfulfillableQuantity.totalUnfulfillableQuantity`), sum('$."afn-unsellable-quantity"'))})) AS unfulfillable
  FROM readings WHERE kind = 'fba' GROUP BY sku, channel, subject
),
fba_rows AS (
  SELECT sku, sum(fulfillable) AS units, json_group_array(json_object('channel', channel, 'sellerSku', subject, 'fulfillableUnits', fulfillable,
    'reservedUnits', reserved, 'inboundUnits', inbound, 'unfulfillableUnits', unfulfillable, 'readThroughMs', through_ms)
    ORDER BY channel, subject) AS fba
  FROM fba_sums GROUP BY sku
),
vendor_sums AS (
  SELECT sku, channel, subject,
    max(CASE kind WHEN 'vendor-inventory' THEN ${whole('$.sellableOnHandInventoryUnits')} END) AS sellable,
    max(CASE kind WHEN 'vendor-inventory' THEN ${whole('$.unsellableOnHandInventoryUnits')} END) AS unsellable,
    max(CASE kind WHEN 'vendor-inventory' THEN ${whole('$.openPurchaseOrderUnits')} END) AS open_orders,
    max(CASE kind WHEN 'vendor-inventory' THEN end_date END) AS inventory_on,
    max(CASE kind WHEN 'vendor-sales' THEN ${whole('$.orderedUnits')} END) AS ordered,
    max(CASE kind WHEN 'vendor-sales' THEN ${whole('$.shippedUnits')} END) AS shipped,
    max(CASE kind WHEN 'vendor-sales' THEN start_date END) AS sales_from, max(CASE kind WHEN 'vendor-sales' THEN end_date END) AS sales_through
  FROM readings WHERE kind IN ('vendor-inventory', 'vendor-sales') GROUP BY sku, channel, subject
),
vendor_rows AS (
  SELECT sku, sum(coalesce(sellable, 0)) AS units, json_group_array(json_object('channel', channel, 'asin', subject, 'sellableUnits', sellable,
    'unsellableUnits', unsellable, 'openOrderUnits', open_orders, 'inventoryOn', inventory_on, 'orderedUnits', ordered, 'shippedUnits', shipped,
    'salesFrom', sales_from, 'salesThrough', sales_through) ORDER BY channel, subject) AS vendor
  FROM vendor_sums GROUP BY sku
)`

const status = `CASE t.status_rank ${statusOrder.map((name, rank) => `WHEN ${rank} THEN ${text(name)}`).join(' ')} END`

const row = `
totals AS MATERIALIZED (
  SELECT t.*, ${status} AS status,
    coalesce((SELECT p.body ->> '$.title' FROM pools p WHERE p.sku = t.sku AND p.body ->> '$.title' <> '' ORDER BY p.pool LIMIT 1), '') AS title,
    (SELECT p.body ->> '$.barcode' FROM pools p WHERE p.sku = t.sku AND p.body ->> '$.barcode' IS NOT NULL ORDER BY p.pool LIMIT 1) AS barcode,
    (SELECT json_group_array(kind ORDER BY kind)
       FROM (SELECT DISTINCT e.value AS kind FROM pools p, json_each(p.summary, '$.reasons') e WHERE p.sku = t.sku)) AS reasons,
    (SELECT json_group_array(word ORDER BY word)
       FROM (SELECT DISTINCT e.value AS word FROM pools p, json_each(p.summary, '$.words') e WHERE p.sku = t.sku)) AS words,
    (SELECT json_group_array(channel) FROM (SELECT DISTINCT l.channel FROM listings_of l WHERE l.sku = t.sku)) AS channels
  FROM pool_rows t
)
SELECT t.sku, t.barcode, t.words, t.changed_at_ms, t.at_risk AS units_at_risk, coalesce(l.drift, 0) AS drift_units,
  (SELECT json_group_array(facet ORDER BY facet) FROM (
     SELECT ${text(anyFacet)} AS facet
     UNION SELECT ${text(facetLetters.status)} || char(31) || t.status
     UNION SELECT ${text(facetLetters.pool)} || char(31) || p.pool FROM pools p WHERE p.sku = t.sku
     UNION SELECT ${text(facetLetters.channel)} || char(31) || c.value FROM json_each(t.channels) c
     UNION SELECT ${text(facetLetters.statusOnChannel)} || char(31) || t.status || char(31) || c.value FROM json_each(t.channels) c)) AS facets,
  json_object('sku', t.sku, 'title', t.title, 'barcode', t.barcode, 'status', t.status, 'reasons', json(t.reasons), 'unitsAtRisk', t.at_risk,
    'driftUnits', coalesce(l.drift, 0), 'changedAtMs', t.changed_at_ms, 'onHandUnits', t.on_hand, 'reservedUnits', t.reserved,
    'bufferUnits', t.buffer, 'availableUnits', t.available,
    'rate', CASE WHEN t.rate_at_ms IS NOT NULL
      THEN json_object('milliUnitsPerDay', t.milli_units_per_day, 'atMs', t.rate_at_ms) END,
    'fbaUnits', coalesce(f.units, 0), 'vendorUnits', coalesce(v.units, 0), 'pools', json(t.pools), 'listings', json(coalesce(l.listings, '[]')),
    'fba', json(coalesce(f.fba, '[]')), 'vendor', json(coalesce(v.vendor, '[]'))) AS body
FROM totals t LEFT JOIN listing_rows l ON l.sku = t.sku LEFT JOIN fba_rows f ON f.sku = t.sku LEFT JOIN vendor_rows v ON v.sku = t.sku`

export const inventoryRowsSql = `WITH wanted(sku) AS (SELECT value FROM json_each(?1)),${readings},${pools},${listings},${held},${row}`
