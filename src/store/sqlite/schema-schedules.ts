// The state of scheduled jobs (schedules.ts).
import type { SchemaStep } from './schema.ts'

export const schedules: SchemaStep = {
  title: 'scheduled jobs',
  sql: 'CREATE TABLE schedules (name TEXT NOT NULL PRIMARY KEY, token INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID',
}
