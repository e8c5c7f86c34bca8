// The schema, numbered step by step; `PRAGMA user_version` says how many steps a file has had. A step is never changed once it has been
// released: what must change becomes a new step at the end. Steps only add.
import { BelayError } from '../../domain/errors.ts'
import type { SchemaStore } from '../../ports/schema.ts'
import type { Connection } from './connection.ts'
import { reports } from './schema-reports.ts'
import { reconciliations } from './schema-reconciliations.ts'
import { schedules } from './schema-schedules.ts'
import { inventoryView } from './schema-inventory-view.ts'
import { peers } from './schema-peers.ts'
import { snapshots } from './schema-snapshots.ts'
import { stockAndOrders } from './schema-stock-and-orders.ts'

export interface SchemaStep {
  /** What it does, for people. */
  readonly title: string
  readonly sql: string
}

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

const storedVersion = ({ database }: Connection): number =>
  (database.prepare('PRAGMA user_version').get() as { readonly user_version: number }).user_version

export const sqliteSchema = (connection: Connection): SchemaStore => ({
  migrate: async () =>
    connection.write(() => {
      const from = storedVersion(connection)
      if (from > steps.length)
        throw new BelayError('schema-unknown', `The database has schema ${from}; this program knows schemas up to ${steps.length}`, {
          fix: 'Start the newer program that wrote it, or restore a backup from before the upgrade.',
        })
      for (const { sql } of steps.slice(from)) connection.database.exec(sql)
      connection.database.exec(`PRAGMA user_version = ${steps.length}`)
      return { from, to: steps.length }
    }),
  schemaStatus: async () => ({
    stored: storedVersion(connection),
    steps: steps.map(({ title }, i) => ({ number: i + 1, title })),
  }),
})
