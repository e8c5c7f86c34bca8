// Counts what goes to a MongoDB server: the driver tells each command and each answer. The commands of a transaction are counted as one unit,
// named by what it wrote; every other command is a unit of its own. Sizes are those of the documents in BSON, without compression.
// Only commands that the server answered: one that failed is counted as a command that did nothing.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { BSON, type Document, type MongoClient } from 'mongodb'

export interface Use {
  readonly commands: number
  readonly sentBytes: number
  readonly readDocuments: number
  readonly readBytes: number
  readonly writtenDocuments: number
  readonly writtenBytes: number
}

interface Unit {
  readonly what: string
  readonly use: Use
  /** Written documents by collection. */
  readonly written: Readonly<Record<string, Pick<Use, 'writtenDocuments' | 'writtenBytes'>>>
}

export interface CommandMeter {
  /** What was done since the last call. */
  take(): readonly Unit[]
  /** Resolves when no command is on its way and nothing that had an answer has sent another. */
  quiet(): Promise<void>
  /** Bytes of the largest whole document that was written, by the name that `nameFor` gave it. */
  readonly largest: ReadonlyMap<string, number>
}

const none: Use = { commands: 0, sentBytes: 0, readDocuments: 0, readBytes: 0, writtenDocuments: 0, writtenBytes: 0 }

const addUse = (a: Use, b: Use): Use => ({
  commands: a.commands + b.commands,
  sentBytes: a.sentBytes + b.sentBytes,
  readDocuments: a.readDocuments + b.readDocuments,
  readBytes: a.readBytes + b.readBytes,
  writtenDocuments: a.writtenDocuments + b.writtenDocuments,
  writtenBytes: a.writtenBytes + b.writtenBytes,
})

export const sumUse = (units: readonly Pick<Unit, 'use'>[]): Use => units.reduce((sum, { use }) => addUse(sum, use), none)

const sizeOf = (documents: readonly Document[]): number => documents.reduce((sum, each) => sum + BSON.calculateObjectSize(each), 0)

/** Documents that a command carries, as they are stored or as the change that makes them. */
const carried = (name: string, command: Document): readonly Document[] => {
  if (name === 'insert') return command['documents'] as readonly Document[]
  if (name === 'update') return (command['updates'] as readonly Document[]).map(({ u }) => u as Document)
  if (name === 'findAndModify') return command['update'] === undefined ? [] : [command['update'] as Document]
  return []
}

const writes: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'findAndModify'])

const writtenCount = (name: string, reply: Document): number =>
  name === 'findAndModify' ? Number(reply['lastErrorObject']?.n ?? 0) : Number(reply['n'] ?? 0)

/** A transaction, by what it wrote. */
const nameOf = (collections: ReadonlySet<string>): string => {
  if (collections.has('orders') && collections.has('ledger')) return 'order'
  if (collections.has('ledger')) return 'movement'
  if (collections.has('snapshots')) return 'readings'
  if (collections.has('orders')) return 'order, no stock'
  if (collections.has('cursors')) return 'poll window'
  if (collections.has('stock')) return 'stock'
  return collections.size === 0 ? 'read' : [...collections].sort().join('+')
}

interface Open {
  use: Use
  written: Record<string, Pick<Use, 'writtenDocuments' | 'writtenBytes'>>
}

const merge = (into: Open, name: string, collection: string, command: Document, reply: Document): void => {
  const cursor = reply['cursor'] as { readonly firstBatch?: Document[]; readonly nextBatch?: Document[] } | undefined
  const found = [...(cursor?.firstBatch ?? []), ...(cursor?.nextBatch ?? [])]
  const bytes = writes.has(name) ? sizeOf(carried(name, command)) : 0
  const documents = writes.has(name) ? writtenCount(name, reply) : 0
  into.use = addUse(into.use, {
    commands: 1,
    sentBytes: BSON.calculateObjectSize(command),
    readDocuments: found.length,
    readBytes: sizeOf(found),
    writtenDocuments: documents,
    writtenBytes: documents === 0 ? 0 : bytes,
  })
  if (documents === 0) return
  const before = into.written[collection] ?? { writtenDocuments: 0, writtenBytes: 0 }
  into.written[collection] = { writtenDocuments: before.writtenDocuments + documents, writtenBytes: before.writtenBytes + bytes }
}

const transactionOf = (command: Document): string | null =>
  command['autocommit'] === false ? `${String(command['lsid']?.id)} ${String(command['txnNumber'])}` : null

/** Turns of the event loop without a command, after which nothing more is taken to come. */
const calmTurns = 6

/** `client`: with monitorCommands. `nameFor`: a few names for the documents whose size matters; null for others. */
export const meterCommands = (client: MongoClient, nameFor: (collection: string, document: Document) => string | null): CommandMeter => {
  const sent = new Map<number, { readonly name: string; readonly command: Document }>()
  const open = new Map<string, Open>()
  const largest = new Map<string, number>()
  let units: Unit[] = []
  let answered: () => void = () => undefined

  const end = (name: string, command: Document, reply: Document): void => {
    const collection = String(command[name === 'getMore' ? 'collection' : name])
    const transaction = transactionOf(command)
    const key = transaction ?? ''
    const unit: Open = (transaction === null ? undefined : open.get(key)) ?? { use: none, written: {} }
    merge(unit, name, collection, command, reply)
    for (const document of carried(name, command)) {
      const group = document['_id'] === undefined ? null : nameFor(collection, document)
      if (group !== null) largest.set(group, Math.max(largest.get(group) ?? 0, BSON.calculateObjectSize(document)))
    }
    if (transaction !== null && name !== 'commitTransaction' && name !== 'abortTransaction') {
      open.set(key, unit)
      return
    }
    open.delete(key)
    const what = transaction === null ? `${collection} ${name}` : nameOf(new Set(Object.keys(unit.written)))
    units.push({ what, use: unit.use, written: unit.written })
  }

  client.on('commandStarted', ({ requestId, commandName, command }) => sent.set(requestId, { name: commandName, command }))
  const settle = (requestId: number, reply: Document): void => {
    const started = sent.get(requestId)
    sent.delete(requestId)
    if (started && started.name !== 'endSessions') end(started.name, started.command, reply)
    answered()
  }
  client.on('commandSucceeded', ({ requestId, reply }) => settle(requestId, reply as Document))
  client.on('commandFailed', ({ requestId }) => settle(requestId, {}))

  return {
    take: () => {
      const taken = units
      units = []
      return taken
    },
    quiet: async () => {
      for (let calm = 0; calm < calmTurns; calm++) {
        if (sent.size > 0) {
          calm = 0
          await new Promise<void>((resolve) => {
            answered = resolve
          })
        }
        await nextTurn()
      }
    },
    largest,
  }
}
