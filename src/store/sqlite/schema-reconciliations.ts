// Runs of reconciliation, their findings, and when each listing was last seen (reconciliations.ts).
import type { SchemaStep } from './schema.ts'

export const reconciliations: SchemaStep = {
  title: 'reconciliation',
  sql: `
  -- channel '': the hub's own books.
  CREATE TABLE reconciliations (
    id TEXT NOT NULL PRIMARY KEY, channel TEXT NOT NULL, open INTEGER NOT NULL, requested_at_ms INTEGER NOT NULL, version INTEGER NOT NULL,
    body TEXT NOT NULL
  );
  CREATE INDEX reconciliations_open ON reconciliations (channel, requested_at_ms) WHERE open = 1;
  CREATE INDEX reconciliations_by_channel ON reconciliations (channel, requested_at_ms, id);
  CREATE INDEX reconciliations_by_time ON reconciliations (requested_at_ms, id);
  CREATE TABLE findings (
    id TEXT NOT NULL PRIMARY KEY, channel TEXT NOT NULL, kind TEXT, state TEXT NOT NULL, dry_run INTEGER NOT NULL,
    found_at_ms INTEGER NOT NULL, body TEXT NOT NULL
  );
  CREATE INDEX findings_by_time ON findings (found_at_ms, channel, kind, state) WHERE dry_run = 0 AND kind IS NOT NULL;
  CREATE TABLE sightings (
    listing TEXT NOT NULL PRIMARY KEY, run TEXT NOT NULL, sku TEXT, elsewhere_quantity INTEGER, agreed_at_ms INTEGER
  ) WITHOUT ROWID;
  `,
}
