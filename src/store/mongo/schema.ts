// Collections, indexes and validators, numbered step by step; the document `schema` of `counters` says how many steps a database has
// had. A step is never changed once it has been released: what must change becomes a new step at the end. Each step may be run again:
// one that was cut off is run anew, and two processes that migrate at once do each other no harm.
// The validators hold what the sums of the protocol rest on; the domain's own types hold the rest. No `additionalProperties`: a newer
// program may add a field before an older one has gone.
import {
  type CollationOptions,
  type CreateIndexesOptions,
  type Db,
  type Document,
  type IndexSpecification,
  MongoServerError,
} from 'mongodb'
import { BelayError } from '../../domain/errors.ts'
import { inboxCounter } from './codec.ts'
import { type Connection, reached } from './connection.ts'

const text = { bsonType: 'string' }
const number = { bsonType: ['int', 'long', 'double'] }
const atLeast = (minimum: number): Document => ({ ...number, minimum })

const stockValidator: Document = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['_id', 'sku', 'pool', 'version', 'onHandUnits', 'reservedUnits', 'bufferUnits', 'sharing', 'listings', 'work'],
    properties: {
      _id: text,
      sku: text,
      pool: text,
      version: atLeast(1),
      onHandUnits: {
        bsonType: 'array',
        items: { bsonType: 'object', required: ['location', 'units'], properties: { location: text, units: number } },
      },
      reservedUnits: number,
      bufferUnits: atLeast(0),
      sharing: { enum: ['strict', 'pooled'] },
      listings: { bsonType: 'array', items: { bsonType: 'object', required: ['id', 'channel', 'base', 'pushes', 'fences'] } },
      work: {
        bsonType: 'array',
        items: {
          bsonType: 'object',
          required: ['channel', 'kind', 'priority', 'dueAtMs'],
          properties: { channel: text, kind: text, priority: { enum: [0, 1] }, dueAtMs: number },
        },
      },
    },
  },
}

const ledgerValidator: Document = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['_id', 'sku', 'pool', 'from', 'to', 'units', 'reason', 'reference', 'atMs', 'version'],
    properties: {
      _id: text,
      sku: text,
      pool: text,
      from: text,
      to: text,
      units: atLeast(1),
      reason: text,
      reference: text,
      atMs: number,
      version: atLeast(1),
    },
  },
}

/** A backstop for events that no sweep has deleted: well after any platform has stopped delivering the same event again. */
const inboxLifetimeSeconds = 90 * 24 * 60 * 60

interface IndexPlan {
  readonly key: IndexSpecification
  readonly options: CreateIndexesOptions & { readonly name: string; readonly collation?: CollationOptions }
}

interface CollectionPlan {
  readonly name: string
  readonly validator?: Document
  readonly indexes?: readonly IndexPlan[]
}

const index = (name: string, key: Record<string, 1 | -1>, options: CreateIndexesOptions = {}): IndexPlan => ({
  key,
  options: { ...options, name },
})

const open = { partialFilterExpression: { open: true } }

/**
 * Keys are in `_id` wherever something is unique, so they need no index of their own. `stock` has one index besides: every write of a
 * document pays for each of them.
 */
const firstStep: readonly CollectionPlan[] = [
  {
    name: 'stock',
    validator: stockValidator,
    indexes: [index('work', { 'work.channel': 1, 'work.kind': 1, 'work.priority': 1, 'work.dueAtMs': 1 })],
  },
  {
    name: 'orders',
    indexes: [
      index('byChannel', { channel: 1, firstSeenAtMs: -1, _id: -1 }),
      index('byTime', { firstSeenAtMs: -1, _id: -1 }),
      index(
        'toAcknowledge',
        { channel: 1, 'acknowledgement.state': 1, 'acknowledgement.dueAtMs': 1, _id: 1 },
        { partialFilterExpression: { 'acknowledgement.dueAtMs': { $exists: true } } },
      ),
    ],
  },
  {
    name: 'ledger',
    validator: ledgerValidator,
    indexes: [index('bySku', { sku: 1, atMs: -1, version: -1, _id: -1 }), index('byTime', { atMs: -1, version: -1, _id: -1 })],
  },
  {
    name: 'inbox',
    indexes: [
      index('open', { state: 1, sequence: 1 }, open),
      index('openByChannel', { state: 1, channel: 1, sequence: 1 }, open),
      index('expiry', { receivedAt: 1 }, { expireAfterSeconds: inboxLifetimeSeconds, partialFilterExpression: { state: 'applied' } }),
    ],
  },
  { name: 'listings', indexes: [index('keys', { channel: 1, keys: 1 }, { unique: true }), index('byChannel', { channel: 1, _id: 1 })] },
  { name: 'cursors' },
  { name: 'incidents', indexes: [index('bySku', { sku: 1, atMs: -1, _id: -1 }), index('byTime', { atMs: -1, _id: -1 })] },
  { name: 'leases' },
  { name: 'settings' },
  { name: 'counters' },
]

/** NamespaceExists: mongod answers with success where the options are the same, and with this where they are not. */
const namespaceExists = 48

const ensureCollection = async (db: Db, { name, validator }: CollectionPlan): Promise<void> => {
  try {
    await db.createCollection(name, validator ? { validator } : {})
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== namespaceExists) throw error
    if (validator) await db.command({ collMod: name, validator })
  }
}

const ensureAll = async (db: Db, plans: readonly CollectionPlan[]): Promise<void> => {
  for (const plan of plans) {
    await ensureCollection(db, plan)
    for (const { key, options } of plan.indexes ?? []) await db.collection(plan.name).createIndex(key, options)
  }
}

const steps: readonly ((connection: Connection) => Promise<void>)[] = [
  async ({ db, collections }) => {
    await ensureAll(db, firstStep)
    await collections.counters.updateOne({ _id: inboxCounter }, { $setOnInsert: { value: 0 } }, { upsert: true })
  },
]

/** The newest schema that this program knows. */
const schemaVersion = steps.length

const counterName = 'schema'

export const migrate = (connection: Connection): Promise<{ readonly from: number; readonly to: number }> =>
  reached(async () => {
    const { collections } = connection
    const from = (await collections.counters.findOne({ _id: counterName }))?.value ?? 0
    if (from > schemaVersion)
      throw new BelayError('schema-unknown', `The database has schema ${from}; this program knows schemas up to ${schemaVersion}`, {
        fix: 'Start the newer program that wrote it, or restore a backup from before the upgrade.',
      })
    for (const [i, step] of steps.entries()) {
      if (i < from) continue
      await step(connection)
      await collections.counters.updateOne({ _id: counterName }, { $max: { value: i + 1 } }, { upsert: true })
    }
    return { from, to: schemaVersion }
  })
