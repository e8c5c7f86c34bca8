// One GraphQL request: form, schema, cost, quota, access, execution; errors in Shopify's words [PROTOCOLS.md 1.3; codes of graphql-ruby].
//   form wrong                        400
//   document does not fit the schema  200, errors, no data, no points taken
//   cost above 1000                   200, MAX_COST_EXCEEDED
//   not enough points                 200 (or 429), THROTTLED
//   otherwise                         200, data, errors of single fields (ACCESS_DENIED among them), extensions.cost
import {
  execute,
  type ExecutionResult,
  getNamedType,
  getOperationAST,
  GraphQLError,
  type GraphQLFieldResolver,
  isNonNullType,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql'
import { type Bucket, createCost } from './cost.ts'
import type { ShopifySimulatorOptions } from './options.ts'
import type { Context, Node } from './present-stock.ts'
import { type Access, accessScopes, checkDocument, shopifySchema } from './schema.ts'

interface GraphqlAnswer {
  readonly status: number
  readonly body: unknown
  /** Root fields, for the counts; empty when nothing was executed. */
  readonly operations: readonly string[]
  readonly wrote: boolean
}

export interface GraphqlServer {
  /** `throttleNow`: as if another client had used the points up. */
  answer(body: unknown, context: Context, throttleNow: boolean): GraphqlAnswer
  readonly fieldResolver: GraphQLFieldResolver<unknown, Context>
}

const maxQueryPoints = 1_000
const documentation = 'https://shopify.dev/api/usage/rate-limits'

/** Whether the granted scopes allow a field; writing includes reading. */
const createAccessCheck = (scopes: ReadonlySet<string>) => {
  const { fields, types } = accessScopes()
  const decided = new Map<string, Access | null>()
  const allowed = (access: Access): boolean =>
    access.scopes.some((scope) => scopes.has(scope) || (scope.startsWith('read_') && scopes.has(`write_${scope.slice(5)}`)))
  /** The access that is missing, or null. */
  return (parent: string, field: string, returned: string): Access | null => {
    const key = `${parent}.${field}`
    const known = decided.get(key)
    if (known !== undefined) return known
    const needed = [fields[key], types[returned.replace(/(?:Connection|Edge)$/, '')]].filter((each) => each !== undefined)
    const missing = needed.find((access) => !allowed(access)) ?? null
    decided.set(key, missing)
    return missing
  }
}

export const createGraphqlServer = (
  options: Pick<ShopifySimulatorOptions, 'throttleStatus' | 'connectionCost'>,
  scopes: ReadonlySet<string>,
  bucket: Bucket,
  root: { readonly query: Node; readonly mutation: Node },
  nowMs: () => number,
): GraphqlServer => {
  const schema = shopifySchema()
  const missingAccess = createAccessCheck(scopes)

  const fieldResolver: GraphQLFieldResolver<unknown, Context> = (source, args, context, info) => {
    const returned = getNamedType(info.returnType).name
    const missing = missingAccess(info.parentType.name, info.fieldName, returned)
    if (missing) {
      throw new GraphQLError(`Access denied for ${info.fieldName} field. Required access: ${missing.requiredAccess}`, {
        extensions: {
          code: 'ACCESS_DENIED',
          documentation: 'https://shopify.dev/api/usage/access-scopes',
          requiredAccess: missing.requiredAccess,
        },
      })
    }
    const value = (source as Node)[info.fieldName]
    if (typeof value === 'function') return (value as (...all: readonly unknown[]) => unknown)(args, context, info)
    if (value !== undefined) return value
    if (info.path.prev !== undefined && !isNonNullType(info.returnType)) return null
    throw new GraphQLError(`${info.parentType.name}.${info.fieldName} is not simulated`, { extensions: { code: 'NOT_SIMULATED' } })
  }

  const costOf = (requestedQueryCost: number, actualQueryCost: number | null) => ({
    cost: { requestedQueryCost, actualQueryCost, throttleStatus: bucket.status(nowMs()) },
  })

  const fragmentsOf = (document: DocumentNode): Record<string, FragmentDefinitionNode> =>
    Object.fromEntries(document.definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION).map((each) => [each.name.value, each]))

  const rootFields = (operation: OperationDefinitionNode): string[] =>
    operation.selectionSet.selections.map((each) => (each.kind === Kind.FIELD ? each.name.value : 'fragment'))

  const refuse = (status: number, body: unknown): GraphqlAnswer => ({ status, body, operations: [], wrote: false })

  const variableError = (error: GraphQLError): GraphQLError =>
    error.message.startsWith('Variable ')
      ? new GraphQLError(error.message, { nodes: error.nodes, extensions: { code: 'INVALID_VARIABLE' } })
      : error

  const answer: GraphqlServer['answer'] = (body, context, throttleNow) => {
    const { query, variables: given, operationName } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
    if (typeof query !== 'string' || query.trim() === '') return refuse(400, { errors: { query: 'Required parameter missing or invalid' } })
    if (given != null && (typeof given !== 'object' || Array.isArray(given))) {
      return refuse(400, { errors: { variables: 'Required parameter missing or invalid' } })
    }
    const variables = (given ?? {}) as Record<string, unknown>
    const checked = checkDocument(query)
    if (!checked.ok) return refuse(200, { errors: checked.errors.map((error) => error.toJSON()) })
    const operation = getOperationAST(checked.document, typeof operationName === 'string' ? operationName : undefined)
    if (!operation) return refuse(200, { errors: [{ message: 'An operation name is required', extensions: { code: 'BAD_REQUEST' } }] })

    const cost = createCost({
      schema,
      operation,
      fragments: fragmentsOf(checked.document),
      variables: { ...defaultsOf(operation), ...variables },
      connectionCost: options.connectionCost ?? 'logarithmic',
    })
    const requested = cost.requested()
    if (requested > maxQueryPoints) {
      const message = `Query cost is ${requested}, which exceeds the single query max cost limit (${maxQueryPoints}).`
      const extensions = { code: 'MAX_COST_EXCEEDED', cost: requested, maxCost: maxQueryPoints, documentation }
      return refuse(200, { errors: [{ message, extensions }], extensions: costOf(requested, null) })
    }
    if (throttleNow) bucket.drain(nowMs())
    if (!bucket.take(requested, nowMs())) {
      const errors = [{ message: 'Throttled', extensions: { code: 'THROTTLED', documentation } }]
      return refuse(options.throttleStatus ?? 200, { errors, extensions: costOf(requested, null) })
    }
    const wrote = operation.operation === OperationTypeNode.MUTATION
    // Every resolver is synchronous, so that an operation happens at one instant.
    const result = execute({
      schema,
      document: checked.document,
      rootValue: wrote ? root.mutation : root.query,
      contextValue: context,
      variableValues: variables,
      operationName: operation.name?.value,
      fieldResolver,
    }) as ExecutionResult
    const actual = Math.min(requested, cost.actual(result.data))
    bucket.refund(requested - actual, nowMs())
    const errors = result.errors?.map((error) => variableError(error).toJSON())
    return {
      status: 200,
      body: { ...('data' in result ? { data: result.data } : {}), ...(errors ? { errors } : {}), extensions: costOf(requested, actual) },
      operations: rootFields(operation),
      wrote,
    }
  }
  return { answer, fieldResolver }
}

/** Integer defaults of an operation's variables: `first` may hang on one. */
const defaultsOf = (operation: OperationDefinitionNode): Record<string, unknown> =>
  Object.fromEntries(
    (operation.variableDefinitions ?? []).flatMap((each) =>
      each.defaultValue?.kind === Kind.INT ? [[each.variable.name.value, Number(each.defaultValue.value)]] : [],
    ),
  )
