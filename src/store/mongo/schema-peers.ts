// What processes tell each other: one small document for each channel account in each collection, one for each term of a lease, and one for
// taking turns, found by its key. The validators of the
// first step are set again, for databases that had an earlier form of them.
import { ensureCollections, type SchemaStep } from './collection-plan.ts'
import { stockAndOrders } from './schema-stock-and-orders.ts'

export const peers: SchemaStep = {
  title: 'signals and reports between processes; validators of protocol state, order lines and listings',
  collections: [{ name: 'signals' }, { name: 'channelReports' }, { name: 'terms' }, { name: 'turns' }],
  run: ({ db }) => ensureCollections(db, stockAndOrders.collections),
}
