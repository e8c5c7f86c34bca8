// Bulk operations: the inner query runs without page limits when its time has come, and its answer is turned into JSON lines: one per node,
// nested nodes behind their parent with `__parentId`. At most 5 run at once [shopify.dev bulk-operations/queries]; the last 20 are kept.
import { execute, type ExecutionResult, Kind, OperationTypeNode, type DocumentNode } from 'graphql'
import { gid, isoSeconds, numericId } from './identifiers.ts'
import { type Context, digits, type Node } from './present-stock.ts'
import { checkDocument, shopifySchema } from './schema.ts'

export interface BulkOperations {
  run(query: string, context: Context): Node
  byId(id: string, context: Context): Node | null
  /** The lines of a completed operation. */
  lines(id: string): string | undefined
}

interface Operation {
  readonly id: string
  readonly query: string
  readonly createdAtMs: number
  readonly document: DocumentNode
  result: { readonly text: string; readonly objects: number; readonly roots: number; readonly failed: boolean } | null
}

const maxRunning = 5
const maxKept = 20

interface Row {
  readonly [key: string]: unknown
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

const nodesOf = (value: unknown): readonly Row[] | null => {
  if (!isRow(value)) return null
  if (Array.isArray(value['edges'])) return value['edges'].map((edge: unknown) => (isRow(edge) ? edge['node'] : null)).filter(isRow)
  return Array.isArray(value['nodes']) ? value['nodes'].filter(isRow) : null
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

  const complete = (operation: Operation, context: Context): void => {
    if (operation.result || !isDone(operation)) return
    const answer = execute({
      schema: shopifySchema(),
      document: operation.document,
      rootValue: input.rootValue(),
      contextValue: { ...context, bulk: true } satisfies Context,
      fieldResolver: input.fieldResolver,
    }) as ExecutionResult
    const roots = Object.values(answer.data ?? {}).flatMap((value) => nodesOf(value) ?? [])
    const rows = roots.flatMap((node) => linesOf(node, undefined))
    operation.result = {
      text: rows.map((each) => `${JSON.stringify(each)}\n`).join(''),
      objects: rows.length,
      roots: roots.length,
      failed: (answer.errors?.length ?? 0) > 0,
    }
  }

  const present = (operation: Operation, context: Context): Node => {
    complete(operation, context)
    const { result } = operation
    const completed = result !== null && !result.failed
    return {
      __typename: 'BulkOperation',
      id: gid('BulkOperation', operation.id),
      type: 'QUERY',
      query: operation.query,
      status: result === null ? (operation.createdAtMs === input.nowMs() ? 'CREATED' : 'RUNNING') : result.failed ? 'FAILED' : 'COMPLETED',
      errorCode: result?.failed ? 'INTERNAL_SERVER_ERROR' : null,
      createdAt: isoSeconds(operation.createdAtMs),
      completedAt: completed ? isoSeconds(operation.createdAtMs + input.durationMs) : null,
      objectCount: String(result?.objects ?? 0),
      rootObjectCount: String(result?.roots ?? 0),
      fileSize: completed ? String(Buffer.byteLength(result.text)) : null,
      // Shopify gives no address for an empty result.
      url: completed && result.objects > 0 ? `${context.origin}/bulk/${operation.id}.jsonl` : null,
      partialDataUrl: null,
    }
  }

  const refused = (code: string, message: string): Node => ({ bulkOperation: null, userErrors: [{ code, field: ['query'], message }] })

  return {
    run: (query, context) => {
      const checked = checkDocument(query)
      if (!checked.ok) return refused('INVALID', `Invalid bulk query: ${checked.errors[0]?.message ?? 'not understood'}`)
      const definition = checked.document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION)
      if (definition?.operation !== OperationTypeNode.QUERY) return refused('INVALID', 'Invalid bulk query: it is not a query')
      if ([...operations.values()].filter((each) => !isDone(each)).length >= maxRunning) {
        return refused('LIMIT_REACHED', `A bulk query operation limit of ${maxRunning} for this app and shop is reached.`)
      }
      const operation: Operation = {
        id: numericId('BulkOperation', count++),
        query,
        createdAtMs: input.nowMs(),
        document: checked.document,
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
    lines: (id) => operations.get(id)?.result?.text,
  }
}
