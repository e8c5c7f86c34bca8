// What processes tell each other about the channel accounts.
import type { SchemaStep } from './schema.ts'

export const peers: SchemaStep = {
  title: 'signals and reports between processes',
  sql: `
  CREATE TABLE signals (
    channel TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (channel, kind)
  ) WITHOUT ROWID;
  CREATE TABLE turns (name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, number INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE channel_reports (channel TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
  `,
}
