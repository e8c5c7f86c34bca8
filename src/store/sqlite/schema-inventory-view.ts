// The unified view (inventory.ts), and what it keeps of each stock document (inventory-refresh.ts).
import type { SchemaStep } from './schema.ts'

export const inventoryView: SchemaStep = {
  title: 'the unified view',
  sql: `
  -- body: what the domain says of the document (domain/inventory-summary.ts). links: JSON; in "stock_links" row by row.
  CREATE TABLE stock_summaries (sku TEXT NOT NULL, pool TEXT NOT NULL, links TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (sku, pool));
  CREATE TABLE stock_links (
    name TEXT NOT NULL, sku TEXT NOT NULL, pool TEXT NOT NULL, listing TEXT, units_per_listing INTEGER NOT NULL, except_channels TEXT NOT NULL
  );
  CREATE INDEX stock_links_by_name ON stock_links (name, sku);
  CREATE INDEX stock_links_by_sku ON stock_links (sku, pool);
  CREATE INDEX listings_by_sku ON listings (body ->> '$.sku');

  CREATE TABLE inventory_view (sku TEXT NOT NULL PRIMARY KEY, barcode TEXT, facets TEXT NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL);
  CREATE INDEX inventory_by_barcode ON inventory_view (barcode, sku) WHERE barcode IS NOT NULL;
  -- A row for each filter that the SKU answers to, with what it is sorted by. Most SKUs have nothing at risk and no drift.
  CREATE TABLE inventory_facets (
    facet TEXT NOT NULL, sku TEXT NOT NULL, changed_at_ms INTEGER NOT NULL, units_at_risk INTEGER NOT NULL, drift_units INTEGER NOT NULL,
    PRIMARY KEY (facet, sku)
  ) WITHOUT ROWID;
  CREATE INDEX inventory_by_change ON inventory_facets (facet, changed_at_ms DESC, sku);
  CREATE INDEX inventory_by_risk ON inventory_facets (facet, units_at_risk DESC, sku) WHERE units_at_risk > 0;
  CREATE INDEX inventory_by_drift ON inventory_facets (facet, drift_units DESC, sku) WHERE drift_units > 0;
  CREATE TABLE inventory_words (word TEXT NOT NULL, sku TEXT NOT NULL, PRIMARY KEY (word, sku)) WITHOUT ROWID;
  `,
}
