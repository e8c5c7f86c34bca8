// The first step: the tables of stock, orders, the ledger and what goes with them.
// Documents are JSON text in `body`; beside it stand only the columns that a query needs. Rows of `ledger` and `inbox` are flat.
import type { SchemaStep } from './schema.ts'

export const stockAndOrders: SchemaStep = {
  title: 'stock, orders, ledger, inbox, listings, cursors, incidents, leases and settings',
  sql: `
  -- marks: the document's work marks as canonical text, so that the table "work" is touched only when they change.
  CREATE TABLE stock (
    sku TEXT NOT NULL, pool TEXT NOT NULL, version INTEGER NOT NULL, marks TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (sku, pool)
  );
  CREATE TABLE work (
    channel TEXT NOT NULL, kind TEXT NOT NULL, priority INTEGER NOT NULL, due_at_ms INTEGER NOT NULL,
    sku TEXT NOT NULL, pool TEXT NOT NULL,
    PRIMARY KEY (channel, kind, priority, due_at_ms, sku, pool)
  ) WITHOUT ROWID;

  CREATE TABLE orders (
    channel TEXT NOT NULL, order_id TEXT NOT NULL, version INTEGER NOT NULL, first_seen_at_ms INTEGER NOT NULL,
    acknowledgement TEXT, acknowledgement_due_at_ms INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (channel, order_id)
  );
  CREATE INDEX orders_by_channel ON orders (channel, first_seen_at_ms);
  CREATE INDEX orders_by_time ON orders (first_seen_at_ms);
  CREATE INDEX orders_to_acknowledge ON orders (channel, acknowledgement, acknowledgement_due_at_ms) WHERE acknowledgement IS NOT NULL;

  CREATE TABLE ledger (
    key TEXT NOT NULL PRIMARY KEY, sku TEXT NOT NULL, pool TEXT NOT NULL, from_account TEXT NOT NULL, to_account TEXT NOT NULL,
    units INTEGER NOT NULL CHECK (units > 0), reason TEXT NOT NULL, reference TEXT NOT NULL, at_ms INTEGER NOT NULL, version INTEGER NOT NULL
  );
  CREATE INDEX ledger_by_sku ON ledger (sku, at_ms);
  CREATE INDEX ledger_by_time ON ledger (at_ms);

  CREATE TABLE inbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL, dedupe_key TEXT NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL, received_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL, reason TEXT,
    UNIQUE (channel, dedupe_key)
  );
  CREATE INDEX inbox_open ON inbox (state, sequence) WHERE state <> 'applied';
  CREATE INDEX inbox_open_by_channel ON inbox (state, channel, sequence) WHERE state <> 'applied';
  CREATE INDEX inbox_applied ON inbox (received_at_ms) WHERE state = 'applied';

  CREATE TABLE cursors (
    channel TEXT NOT NULL, stream TEXT NOT NULL, since_ms INTEGER NOT NULL, watermark_ms INTEGER,
    PRIMARY KEY (channel, stream)
  ) WITHOUT ROWID;

  CREATE TABLE listings (id TEXT NOT NULL PRIMARY KEY, channel TEXT NOT NULL, body TEXT NOT NULL);
  CREATE INDEX listings_by_channel ON listings (channel, id);
  CREATE TABLE listing_keys (
    channel TEXT NOT NULL, key TEXT NOT NULL, listing TEXT NOT NULL,
    PRIMARY KEY (channel, key)
  ) WITHOUT ROWID;
  CREATE INDEX listing_keys_by_listing ON listing_keys (listing);

  CREATE TABLE incidents (id TEXT NOT NULL PRIMARY KEY, sku TEXT, at_ms INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE INDEX incidents_by_sku ON incidents (sku, at_ms);
  CREATE INDEX incidents_by_time ON incidents (at_ms);

  CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
}
