// What daily reports need: orders by the time of their creation, incidents by state, the ledger summed by day and SKU, how channels were
// kept in step, the reports themselves and their deliveries.
import type { SchemaStep } from './schema.ts'

export const reports: SchemaStep = {
  title: 'daily reports',
  sql: `
  ALTER TABLE orders ADD COLUMN created_at_ms INTEGER GENERATED ALWAYS AS (json_extract(body, '$.createdAtMs')) VIRTUAL;
  CREATE INDEX orders_by_creation ON orders (created_at_ms);

  ALTER TABLE incidents ADD COLUMN kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.kind')) VIRTUAL;
  ALTER TABLE incidents ADD COLUMN resolved_at_ms INTEGER GENERATED ALWAYS AS (json_extract(body, '$.resolvedAtMs')) VIRTUAL;
  CREATE INDEX incidents_open ON incidents (kind, at_ms) WHERE resolved_at_ms IS NULL;
  CREATE INDEX incidents_resolved ON incidents (resolved_at_ms) WHERE resolved_at_ms IS NOT NULL;

  CREATE TABLE sku_days (
    day TEXT NOT NULL, sku TEXT NOT NULL, pool TEXT NOT NULL,
    sold INTEGER NOT NULL, cancelled INTEGER NOT NULL, shipped INTEGER NOT NULL, returned INTEGER NOT NULL, received INTEGER NOT NULL,
    on_hand INTEGER NOT NULL, reserved INTEGER NOT NULL, lowest_free INTEGER NOT NULL,
    PRIMARY KEY (day, sku, pool)
  ) WITHOUT ROWID;
  CREATE TABLE sku_days_made (day TEXT NOT NULL PRIMARY KEY, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE sync_slots (
    slot_ms INTEGER NOT NULL, channel TEXT NOT NULL, writer TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (slot_ms, channel, writer)
  ) WITHOUT ROWID;

  CREATE TABLE reports (day TEXT NOT NULL PRIMARY KEY, made_at_ms INTEGER NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE report_deliveries (
    id TEXT NOT NULL PRIMARY KEY, day TEXT NOT NULL, state TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX report_deliveries_due ON report_deliveries (at_ms) WHERE state = 'waiting';
  CREATE INDEX report_deliveries_by_day ON report_deliveries (day);
  `,
}
