// How a collection is described: its validator, its indexes, and beside each index the store methods whose queries it is for. The plan test
// (test/contract/store-mongo-plans.test.ts) explains every query of every method: a collection scan, an index that is for another method,
// or an index that a method named here does not use fails it.
import { type CreateIndexesOptions, type Db, type Document, MongoServerError } from 'mongodb'
import type { Store } from '../../ports/store.ts'
import type { Connection } from './connection.ts'

type StoreMethod = { [K in keyof Store]-?: NonNullable<Store[K]> extends (...args: never[]) => unknown ? K : never }[keyof Store]

export interface IndexPlan {
  readonly name: string
  readonly key: Readonly<Record<string, 1 | -1>>
  /** The methods whose queries it is for. Empty only where it holds a rule (unique, expiry) that no query of the store needs. */
  readonly serves: readonly StoreMethod[]
  readonly options?: Pick<CreateIndexesOptions, 'unique' | 'partialFilterExpression' | 'expireAfterSeconds'>
}

export interface CollectionPlan {
  readonly name: string
  /** Always for what holds stock or money. No `additionalProperties`: a newer program may add a field before an older one has gone. */
  readonly validator?: Document
  /** Keys that are unique are `_id`, which needs no index of its own. */
  readonly indexes?: readonly IndexPlan[]
}

/** One number of the schema. May be run again: a step that was cut off is run anew, and two processes may migrate at once. */
export interface SchemaStep {
  /** What it does, for people. */
  readonly title: string
  readonly collections: readonly CollectionPlan[]
  /** After the collections. */
  readonly run?: (connection: Connection) => Promise<void>
}

const text = { bsonType: 'string' }
const textOrNull = { bsonType: ['string', 'null'] }
const number = { bsonType: ['int', 'long', 'double'] }
const numberOrNull = { bsonType: ['int', 'long', 'double', 'null'] }

/** Parts of a `$jsonSchema`. */
export const shape = {
  text,
  textOrNull,
  number,
  numberOrNull,
  atLeast: (minimum: number): Document => ({ ...number, minimum }),
  oneOf: (...values: readonly (string | number)[]): Document => ({ enum: values }),
  listOf: (items: Document): Document => ({ bsonType: 'array', items }),
  /** All of these fields must be there; those of `optional` may be. */
  object: (required: Readonly<Record<string, Document>>, optional: Readonly<Record<string, Document>> = {}): Document => ({
    bsonType: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional },
  }),
} as const

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

/** Makes what is not there; what is there gets the validator. Does not drop anything. */
export const ensureCollections = async (db: Db, plans: readonly CollectionPlan[]): Promise<void> => {
  for (const plan of plans) {
    await ensureCollection(db, plan)
    for (const { name, key, options } of plan.indexes ?? []) await db.collection(plan.name).createIndex(key, { ...options, name })
  }
}
