// Bulk operations: the inner query runs without page limits when its time has come, and its answer is turned into JSON lines: one per node,
// nested nodes with `__parentId`; directly behind their parent when the caller asked for grouping, else all of a piece's roots first, which
// the platform leaves open. At most 5 run at once, with at most five connections, two levels deep, and results are kept for seven days
// [shopify.dev bulk-operations/queries]; the last 20 are kept. The query is run in pieces of its roots, so that a large shop fits in memory.
import { type DocumentNode, execute, type ExecutionResult, type FieldNode, Kind, OperationTypeNode, parse, visit } from 'graphql'
import { gid, isoSeconds, numericId } from './identifiers.ts'
import { type Context, digits, type Node } from './present-stock.ts'
import { checkDocument, shopifySchema } from './schema.ts'

export interface BulkOperations {
  run(query: string, groupObjects: boolean, context: Context): Node
  cancel(id: string, context: Context): Node
  byId(id: string, context: Context): Node | null
  /** The lines of a completed operation. */
  lines(id: string): readonly string[] | undefined
}

interface Operation {
  readonly id: string
  readonly query: string
  readonly createdAtMs: number
  readonly document: DocumentNode
  readonly groupObjects: boolean
  isCancelled: boolean
  result: Result | null
}

interface Result {
  /** Pieces of the file. */
  readonly pieces: readonly string[]
  readonly bytes: number
  readonly objects: number
  readonly roots: number
  readonly failed: boolean
}

const maxRunning = 5
const maxKept = 20
const keptMs = 7 * 24 * 3_600_000
const maxConnections = 5
const maxDepth = 2
/** Roots of one piece: the largest page. */
const pieceRoots = 250

interface Row {
  readonly [key: string]: unknown
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

const nodesOf = (value: unknown): readonly Row[] | null => {
  if (!isRow(value)) return null
  if (Array.isArray(value['edges'])) return value['edges'].map((edge: unknown) => (isRow(edge) ? edge['node'] : null)).filter(isRow)
  return Array.isArray(value['nodes']) ? value['nodes'].filter(isRow) : null
}

/** Connections of a query, and how deep they are nested. A connection is a field whose selection has edges or nodes. */
const shapeOf = (document: DocumentNode): { readonly connections: number; readonly depth: number } => {
  let connections = 0
  let depth = 0
  let open = 0
  const isConnection = (node: FieldNode): boolean =>
    node.selectionSet?.selections.some((each) => each.kind === Kind.FIELD && ['edges', 'nodes'].includes(each.name.value)) ?? false
  visit(document, {
    Field: {
      enter: (node) => {
        if (!isConnection(node)) return
        connections += 1
        depth = Math.max(depth, open)
        open += 1
      },
      leave: (node) => {
        if (isConnection(node)) open -= 1
      },
    },
  })
  return { connections, depth }
}

/** The query with its root connection asked for page by page. */
const paged = (document: DocumentNode): DocumentNode => {
  let depth = 0
  const extra = parse(`{ a(first: ${pieceRoots}, after: $after) { pageInfo { hasNextPage endCursor } } }`)
  const [operation] = extra.definitions
  const field = operation?.kind === Kind.OPERATION_DEFINITION ? (operation.selectionSet.selections[0] as FieldNode) : null
  return visit<DocumentNode>(document, {
    OperationDefinition: (node) => ({
      ...node,
      variableDefinitions: [
        {
          kind: Kind.VARIABLE_DEFINITION,
          variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: 'after' } },
          type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'String' } },
        },
      ],
    }),
    Field: {
      enter: (node) => {
        depth += 1
        if (depth !== 1 || !field?.selectionSet || !node.selectionSet) return undefined
        return {
          ...node,
          arguments: [...(node.arguments ?? []), ...(field.arguments ?? [])],
          selectionSet: { ...node.selectionSet, selections: [...node.selectionSet.selections, ...field.selectionSet.selections] },
        }
      },
      leave: () => {
        depth -= 1
      },
    },
  })
}

/** Lines of a node and of what hangs below it. */
const linesOf = (node: Row, parentId: unknown): Row[] => {
  const own: Record<string, unknown> = {}
  const below: Row[] = []
  for (const [key, value] of Object.entries(node)) {
    const nested = nodesOf(value)
    if (nested) below.push(...nested.flatMap((each) => linesOf(each, node['id'])))
    else own[key] = value
  }
  if (parentId !== undefined) own['__parentId'] = parentId
  return [own, ...below]
}

export const createBulkOperations = (input: {
  readonly nowMs: () => number
  readonly durationMs: number
  readonly rootValue: () => unknown
  readonly fieldResolver: NonNullable<Parameters<typeof execute>[0]['fieldResolver']>
}): BulkOperations => {
  const operations = new Map<string, Operation>()
  let count = 0
  const isDone = (operation: Operation): boolean => input.nowMs() >= operation.createdAtMs + input.durationMs

  const runPieces = (operation: Operation, context: Context): Result => {
    const document = paged(operation.document)
    const pieces: string[] = []
    let [bytes, objects, roots, failed] = [0, 0, 0, false]
    for (let after: unknown = null; ; ) {
      const answer = execute({
        schema: shopifySchema(),
        document,
        rootValue: input.rootValue(),
        contextValue: { ...context, bulk: true } satisfies Context,
        variableValues: { after },
        fieldResolver: input.fieldResolver,
      }) as ExecutionResult
      failed ||= (answer.errors?.length ?? 0) > 0
      const [connection] = Object.values(answer.data ?? {})
      const nodes = nodesOf(connection) ?? []
      const rows = nodes.flatMap((node) => linesOf(node, undefined))
      if (!operation.groupObjects) rows.sort((a, b) => Number(a['__parentId'] !== undefined) - Number(b['__parentId'] !== undefined))
      const text = rows.map((each) => `${JSON.stringify(each)}\n`).join('')
      pieces.push(text)
      bytes += Buffer.byteLength(text)
      objects += rows.length
      roots += nodes.length
      const page = isRow(connection) && isRow(connection['pageInfo']) ? connection['pageInfo'] : null
      if (failed || page?.['hasNextPage'] !== true) return { pieces, bytes, objects, roots, failed }
      after = page['endCursor']
    }
  }

  const complete = (operation: Operation, context: Context): void => {
    if (operation.result || operation.isCancelled || !isDone(operation)) return
    operation.result = runPieces(operation, context)
  }

  const isExpired = (operation: Operation): boolean => input.nowMs() >= operation.createdAtMs + input.durationMs + keptMs

  const statusOf = (operation: Operation): string => {
    if (operation.isCancelled) return 'CANCELED'
    if (operation.result === null) return operation.createdAtMs === input.nowMs() ? 'CREATED' : 'RUNNING'
    if (operation.result.failed) return 'FAILED'
    return isExpired(operation) ? 'EXPIRED' : 'COMPLETED'
  }

  const present = (operation: Operation, context: Context): Node => {
    complete(operation, context)
    const { result } = operation
    const completed = statusOf(operation) === 'COMPLETED'
    return {
      __typename: 'BulkOperation',
      id: gid('BulkOperation', operation.id),
      type: 'QUERY',
      query: operation.query,
      status: statusOf(operation),
      errorCode: result?.failed ? 'INTERNAL_SERVER_ERROR' : null,
      createdAt: isoSeconds(operation.createdAtMs),
      completedAt: completed ? isoSeconds(operation.createdAtMs + input.durationMs) : null,
      objectCount: String(result?.objects ?? 0),
      rootObjectCount: String(result?.roots ?? 0),
      fileSize: completed ? String(result?.bytes ?? 0) : null,
      // Shopify gives no address for an empty result.
      url: completed && (result?.objects ?? 0) > 0 ? `${context.origin}/bulk/${operation.id}.jsonl` : null,
      partialDataUrl: null,
    }
  }

  const refused = (code: string, message: string): Node => ({ bulkOperation: null, userErrors: [{ code, field: ['query'], message }] })

  return {
    run: (query, groupObjects, context) => {
      const checked = checkDocument(query)
      if (!checked.ok) return refused('INVALID', `Invalid bulk query: ${checked.errors[0]?.message ?? 'not understood'}`)
      const definition = checked.document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION)
      if (definition?.operation !== OperationTypeNode.QUERY) return refused('INVALID', 'Invalid bulk query: it is not a query')
      const { connections, depth } = shapeOf(checked.document)
      if (connections === 0) return refused('INVALID', 'Invalid bulk query: it has no connection')
      if (connections > maxConnections) return refused('INVALID', `Invalid bulk query: more than ${maxConnections} connections`)
      if (depth > maxDepth) return refused('INVALID', `Invalid bulk query: connections are nested more than ${maxDepth} levels deep`)
      if ([...operations.values()].filter((each) => !isDone(each) && !each.isCancelled).length >= maxRunning) {
        return refused('LIMIT_REACHED', `A bulk query operation limit of ${maxRunning} for this app and shop is reached.`)
      }
      const operation: Operation = {
        id: numericId('BulkOperation', count++),
        query,
        createdAtMs: input.nowMs(),
        document: checked.document,
        groupObjects,
        isCancelled: false,
        result: null,
      }
      operations.set(operation.id, operation)
      if (operations.size > maxKept) operations.delete(operations.keys().next().value!)
      return { bulkOperation: present(operation, context), userErrors: [] }
    },
    byId: (id, context) => {
      const operation = operations.get(digits('BulkOperation', id))
      return operation ? present(operation, context) : null
    },
    cancel: (id, context) => {
      const operation = operations.get(digits('BulkOperation', id))
      if (!operation) return { bulkOperation: null, userErrors: [{ field: ['id'], message: 'Bulk operation does not exist' }] }
      if (isDone(operation))
        return {
          bulkOperation: present(operation, context),
          userErrors: [{ field: ['id'], message: 'A bulk operation cannot be canceled when it is completed' }],
        }
      operation.isCancelled = true
      return { bulkOperation: present(operation, context), userErrors: [] }
    },
    lines: (id) => {
      const operation = operations.get(id)
      return operation && !isExpired(operation) ? operation.result?.pieces : undefined
    },
  }
}
