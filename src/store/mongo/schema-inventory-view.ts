// The unified view (inventory-view.ts), and what it keeps of each stock document (inventory-refresh.ts).
import { facetSeparator } from '../view/facets.ts'
import { type SchemaStep, shape } from './collection-plan.ts'

const { text, number, listOf, object } = shape

/** Most rows have nothing at risk and no drift: only those that have are in these indexes. */
const above0 = (field: string): { partialFilterExpression: Record<string, unknown> } => ({
  partialFilterExpression: { [field]: { $gt: 0 } },
})

/** Added to a time of change, so that all have fourteen digits and their texts have the order of the times. */
export const changeOffsetMs = 10_000_000_000_000
const lastChangeMs = 8 * changeOffsetMs

/**
 * One of a row's `changes`: a facet it answers to, the time, the SKU. A range of them is a range of one index, of just the rows of that facet
 * and time, on every server: with these in fields of their own, one that intersects what it finds by each reads all of the facet. Without the
 * SKU: before all of that time.
 */
export const changeKey = (facet: string, atMs: number, sku?: string): string =>
  [facet, changeOffsetMs + Math.min(atMs, lastChangeMs), ...(sku === undefined ? [] : [sku])].join(facetSeparator)

export const inventoryView: SchemaStep = {
  title: 'the unified view',
  collections: [
    {
      name: 'listings',
      indexes: [{ name: 'bySku', key: { sku: 1 }, serves: ['refreshInventory'] }],
    },
    {
      name: 'stockSummaries',
      indexes: [
        { name: 'bySku', key: { sku: 1 }, serves: ['refreshInventory'] },
        { name: 'byName', key: { 'links.name': 1 }, serves: ['refreshInventory'] },
      ],
    },
    {
      name: 'inventoryView',
      validator: {
        $jsonSchema: object({
          _id: text,
          status: text,
          unitsAtRisk: number,
          driftUnits: number,
          changedAtMs: number,
          onHandUnits: number,
          reservedUnits: number,
          availableUnits: number,
          facets: listOf(text),
          changes: listOf(text),
          words: listOf(text),
        }),
      },
      indexes: [
        { name: 'bySku', key: { facets: 1, _id: 1 }, serves: ['listInventory'] },
        { name: 'byChange', key: { changes: 1 }, serves: ['listInventory'] },
        { name: 'byRisk', key: { facets: 1, unitsAtRisk: -1, _id: 1 }, serves: ['listInventory'], options: above0('unitsAtRisk') },
        { name: 'byDrift', key: { facets: 1, driftUnits: -1, _id: 1 }, serves: ['listInventory'], options: above0('driftUnits') },
        {
          name: 'byBarcode',
          key: { barcode: 1, _id: 1 },
          serves: ['listInventory'],
          options: { partialFilterExpression: { barcode: { $gt: '' } } },
        },
        { name: 'byWord', key: { words: 1, _id: 1 }, serves: ['listInventory'] },
      ],
    },
  ],
}
