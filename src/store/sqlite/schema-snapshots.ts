// What platforms sent (snapshots.ts), and what changed since the view was last made (view-changes.ts).
import type { SchemaStep } from './schema.ts'

export const snapshots: SchemaStep = {
  title: 'readings of the platforms',
  sql: `
  -- names: by which the row is found (snapshot-names.ts), as sorted JSON, so that "snapshot_names" is touched only when they change.
  CREATE TABLE snapshots (
    channel TEXT NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL, names TEXT NOT NULL, listing_keys TEXT NOT NULL, row TEXT NOT NULL,
    read_from_ms INTEGER NOT NULL, read_through_ms INTEGER NOT NULL,
    PRIMARY KEY (channel, source, key)
  );
  CREATE INDEX snapshots_by_age ON snapshots (channel, source, read_through_ms);
  CREATE TABLE snapshot_names (
    name TEXT NOT NULL, channel TEXT NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (name, channel, source, key)
  ) WITHOUT ROWID;

  -- One row a commit: JSON lists of the stock keys [sku, pool] and of the names that it touched.
  CREATE TABLE view_changes (sequence INTEGER PRIMARY KEY AUTOINCREMENT, stock TEXT NOT NULL, names TEXT NOT NULL);
  `,
}
