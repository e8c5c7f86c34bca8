// What platforms sent (snapshots.ts), and what changed since the view was last made (view-changes.ts).
import { type SchemaStep, shape } from './collection-plan.ts'

const { text, number, listOf, object } = shape

export const snapshots: SchemaStep = {
  title: 'readings of the platforms',
  collections: [
    {
      name: 'snapshots',
      validator: {
        $jsonSchema: object({
          _id: text,
          channel: text,
          source: text,
          key: text,
          names: listOf(text),
          listingKeys: listOf(text),
          row: { bsonType: 'object' },
          readFromMs: number,
          readThroughMs: number,
        }),
      },
      indexes: [
        { name: 'byAge', key: { channel: 1, source: 1, readThroughMs: 1 }, serves: ['removeSnapshotsReadBefore'] },
        { name: 'byName', key: { names: 1 }, serves: ['refreshInventory'] },
      ],
    },
    { name: 'viewChanges' },
  ],
}
