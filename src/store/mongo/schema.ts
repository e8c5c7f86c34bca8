// The schema, numbered step by step; the document `schema` of `counters` says how many steps a database has had. A step is never changed
// once it has been released: what must change becomes a new step at the end. Steps only add: processes of the version before go on
// working beside the new one until they are restarted.
import { BelayError } from '../../domain/errors.ts'
import type { SchemaStore } from '../../ports/schema.ts'
import { type CollectionPlan, ensureCollections, type SchemaStep } from './collection-plan.ts'
import { type Connection, reached } from './connection.ts'
import { inventoryView } from './schema-inventory-view.ts'
import { peers } from './schema-peers.ts'
import { reports } from './schema-reports.ts'
import { reconciliations } from './schema-reconciliations.ts'
import { schedules } from './schema-schedules.ts'
import { snapshots } from './schema-snapshots.ts'
import { stockAndOrders } from './schema-stock-and-orders.ts'

/** One line for each; the content is in a file of its own. */
const steps: readonly SchemaStep[] = [
  stockAndOrders,
  // One a line.
  schedules,
  peers,
  snapshots,
  reports,
  inventoryView,
  reconciliations,
]

/** As they are after the last step: a later step may add indexes to a collection of an earlier one. */
export const collectionPlans: readonly CollectionPlan[] = [
  ...Map.groupBy(
    steps.flatMap(({ collections }) => collections),
    ({ name }) => name,
  ),
].map(([name, plans]) => {
  const validator = plans.findLast((plan) => plan.validator !== undefined)?.validator
  return { name, ...(validator ? { validator } : {}), indexes: plans.flatMap(({ indexes = [] }) => indexes) }
})

const counterName = 'schema'

const storedVersion = async ({ collections }: Connection): Promise<number> =>
  (await collections.counters.findOne({ _id: counterName }))?.value ?? 0

export const mongoSchema = (connection: Connection): SchemaStore => ({
  migrate: () =>
    reached(async () => {
      const from = await storedVersion(connection)
      if (from > steps.length)
        throw new BelayError('schema-unknown', `The database has schema ${from}; this program knows schemas up to ${steps.length}`, {
          fix: 'Start the newer program that wrote it, or restore a backup from before the upgrade.',
        })
      for (const [i, { collections, run }] of steps.entries()) {
        if (i < from) continue
        await ensureCollections(connection.db, collections)
        await run?.(connection)
        await connection.collections.counters.updateOne({ _id: counterName }, { $max: { value: i + 1 } }, { upsert: true })
      }
      return { from, to: steps.length }
    }),
  schemaStatus: () =>
    reached(async () => ({
      stored: await storedVersion(connection),
      steps: steps.map(({ title }, i) => ({ number: i + 1, title })),
    })),
})
