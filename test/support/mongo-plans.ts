// What a MongoDB server says of the commands that the driver sends: which collection each reads, by which index.
// Changes are explained as the find with the same filter, which every server can.
import type { Db, Document, MongoClient } from 'mongodb'

export interface Access {
  readonly collection: string
  /** Names of the indexes used; [] for a scan of the whole collection. */
  readonly indexes: readonly string[]
  /** It asks for one or more keys, or a range of them. */
  readonly byKey: boolean
  readonly command: string
}

const reads: ReadonlySet<string> = new Set(['find', 'aggregate', 'count', 'distinct'])

/** What a session and the driver add; explain takes the query alone. */
const added: ReadonlySet<string> = new Set([
  'lsid',
  'txnNumber',
  'startTransaction',
  'autocommit',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
])

const bare = (command: Document): Document =>
  Object.fromEntries(Object.entries(command).filter(([name]) => !added.has(name) && !name.startsWith('$')))

/** Each collection that a pipeline reads, as the find that its part of the pipeline begins with; the first one up to where others come in. */
const partsOf = (collection: string, pipeline: readonly Document[]): readonly Document[] => {
  const unions = pipeline.flatMap((stage) => (stage['$unionWith'] === undefined ? [] : [stage['$unionWith'] as Document]))
  const own = pipeline.findIndex((stage) => stage['$unionWith'] !== undefined || stage['$merge'] !== undefined)
  return [
    { aggregate: collection, pipeline: own < 0 ? pipeline : pipeline.slice(0, own), cursor: {} },
    ...unions.flatMap(({ coll, pipeline: inner }) => partsOf(String(coll), inner as readonly Document[])),
  ]
}

/** The queries in a command; an insert has none. */
const queriesOf = (name: string, command: Document): readonly Document[] => {
  const asFind = (filter: unknown): Document => ({ find: command[name] as string, filter })
  if (name === 'aggregate' && JSON.stringify(command['pipeline']).includes('$unionWith'))
    return partsOf(command[name] as string, command['pipeline'] as readonly Document[])
  if (reads.has(name)) return [bare(command)]
  if (name === 'update') return (command['updates'] as readonly Document[]).map(({ q }) => asFind(q))
  if (name === 'delete') return (command['deletes'] as readonly Document[]).map(({ q }) => asFind(q))
  if (name === 'findAndModify') return [asFind(command['query'])]
  return []
}

/** Every value under a key of this name, wherever it is. */
const valuesOf = (value: unknown, key: string): readonly unknown[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => [...(name === key ? [each] : []), ...valuesOf(each, key)])
}

const filterOf = (query: Document): unknown =>
  query['filter'] ?? query['query'] ?? (query['pipeline'] as readonly Document[])[0]?.['$match']

export interface PlanWatch {
  /** The accesses of all commands sent since the last call; the same query of a batch is explained once. */
  accesses(): Promise<readonly Access[]>
}

/** `client`: with monitorCommands. */
export const watchPlans = (client: MongoClient, db: Db): PlanWatch => {
  const sent = new Map<string, Document>()
  client.on('commandStarted', ({ commandName, command, databaseName }) => {
    if (databaseName !== db.databaseName) return
    for (const query of queriesOf(commandName, command)) sent.set(`${commandName} ${JSON.stringify(query)}`, query)
  })
  return {
    accesses: async () => {
      const queries = [...sent]
      const answers: Access[] = []
      for (const [text, query] of queries) {
        const { postgres: _engine, ...plan } = await db.command({ explain: query, verbosity: 'queryPlanner' })
        const stages = new Set(valuesOf(plan, 'stage'))
        // mongod tells a find by key as IDHACK or EXPRESS_IXSCAN, without or with the index's name.
        const names = new Set(valuesOf(plan, 'indexName').map(String))
        if (stages.has('IDHACK')) names.add('_id_')
        const [collection] = Object.values(query) as [string]
        const byKey = valuesOf(filterOf(query), '_id').length > 0
        answers.push({ collection, indexes: stages.has('COLLSCAN') ? [] : [...names], byKey, command: text })
      }
      sent.clear()
      return answers
    },
  }
}
