// Calculated query cost [shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits]: scalar and enum 0, object 1, interface and union the
// most expensive selection, connection by its size, mutation 10. `requested` is known before the execution; `actual` counts what came back
// and is never more. How a connection's size counts is a setting (options.ts): it is not documented.
import {
  getNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { GraphQLCompositeType } from 'graphql'

export interface CostInput {
  readonly schema: GraphQLSchema
  readonly operation: OperationDefinitionNode
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>
  readonly variables: Readonly<Record<string, unknown>>
  readonly connectionCost: 'logarithmic' | 'linear'
}

const mutationPoints = 10
const connectionPoints = 2

interface Row {
  readonly [key: string]: unknown
}
/** What came back for a selection; null: nothing executed yet. */
type Data = Row | null

const row = (value: unknown): Data => {
  const first: unknown = Array.isArray(value) ? value.find((each) => each !== null) : value
  return typeof first === 'object' && first !== null ? (first as Row) : null
}

export const createCost = (input: CostInput) => {
  const { schema, fragments, variables } = input
  const pages = (size: number): number => {
    if (size <= 0) return 0
    return input.connectionCost === 'linear' ? size : Math.floor(Math.log2(size)) + 1
  }
  const argument = (field: FieldNode, name: string): unknown => {
    const node = field.arguments?.find((each) => each.name.value === name)?.value
    if (!node) return undefined
    if (node.kind === Kind.VARIABLE) return variables[node.name.value]
    if (node.kind === Kind.INT) return Number(node.value)
    return node.kind === Kind.LIST ? node.values : undefined
  }

  const selectionCost = (selections: SelectionSetNode | undefined, parent: GraphQLCompositeType, data: Data, executed: boolean): number => {
    let sum = 0
    let mostOfAlternatives = 0
    for (const each of selections?.selections ?? []) {
      if (each.kind === Kind.FIELD) {
        sum += fieldCost(each, parent, data, executed)
        continue
      }
      const fragment = each.kind === Kind.INLINE_FRAGMENT ? each : fragments[each.name.value]
      if (!fragment) continue
      const condition = fragment.typeCondition?.name.value
      const type = condition === undefined ? parent : schema.getType(condition)
      if (!type || !isCompositeType(type)) continue
      const cost = selectionCost(fragment.selectionSet, type, data, executed)
      if (isAbstractType(parent) && condition !== undefined) mostOfAlternatives = Math.max(mostOfAlternatives, cost)
      else sum += cost
    }
    return sum + mostOfAlternatives
  }

  const connectionCostOf = (field: FieldNode, type: GraphQLCompositeType, data: Data, executed: boolean): number => {
    const nodes = Array.isArray(data?.['nodes']) ? data['nodes'] : Array.isArray(data?.['edges']) ? data['edges'] : []
    const asked = argument(field, 'first') ?? argument(field, 'last')
    const size = executed ? nodes.length : typeof asked === 'number' ? asked : 0
    let node = 0
    for (const each of field.selectionSet?.selections ?? []) {
      if (each.kind !== Kind.FIELD) continue
      const name = each.name.value
      const inner = name === 'nodes' ? each : name === 'edges' ? nodeOf(each) : undefined
      if (!inner) continue
      const nodeType = namedTypeOf(type, name, inner === each ? undefined : 'node')
      if (!nodeType) continue
      const list = data?.[each.alias?.value ?? name]
      const sample = name === 'nodes' ? row(list) : row(row(list)?.['node'])
      node += 1 + selectionCost(inner.selectionSet, nodeType, sample, executed)
    }
    return connectionPoints + pages(size) * node
  }

  const nodeOf = (edges: FieldNode): FieldNode | undefined =>
    edges.selectionSet?.selections.find((each): each is FieldNode => each.kind === Kind.FIELD && each.name.value === 'node')

  const typeOf = (parent: GraphQLCompositeType, name: string): GraphQLOutputType | undefined =>
    isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name]?.type : undefined

  const namedTypeOf = (parent: GraphQLCompositeType, ...path: readonly (string | undefined)[]): GraphQLCompositeType | undefined => {
    let type: GraphQLCompositeType | undefined = parent
    for (const name of path) {
      if (name === undefined || !type) continue
      const output = typeOf(type, name)
      const named = output && getNamedType(output)
      type = named && isCompositeType(named) ? named : undefined
    }
    return type
  }

  const fieldCost = (field: FieldNode, parent: GraphQLCompositeType, data: Data, executed: boolean): number => {
    if (parent === schema.getMutationType()) return mutationPoints
    const type = namedTypeOf(parent, field.name.value)
    if (!type || field.name.value.startsWith('__')) return 0
    const value = data?.[field.alias?.value ?? field.name.value]
    if (executed && (value === null || value === undefined)) return 0
    if (type.name.endsWith('Connection')) return connectionCostOf(field, type, row(value), executed)
    const one = 1 + selectionCost(field.selectionSet, type, row(value), executed)
    const ids = field.name.value === 'nodes' ? argument(field, 'ids') : undefined
    return Array.isArray(ids) ? ids.length * one : one
  }

  const root = schema.getRootType(input.operation.operation)
  return {
    requested: (): number => (root ? selectionCost(input.operation.selectionSet, root, null, false) : 0),
    actual: (data: unknown): number => (root ? selectionCost(input.operation.selectionSet, root, row(data), true) : 0),
  }
}

export interface Bucket {
  /** Takes the points; false: they are not there, and nothing was taken. */
  take(points: number, nowMs: number): boolean
  /** Gives back what was taken too much. */
  refund(points: number, nowMs: number): void
  /** As if somebody else had used it up. */
  drain(nowMs: number): void
  status(nowMs: number): { readonly maximumAvailable: number; readonly currentlyAvailable: number; readonly restoreRate: number }
}

/** A leaky bucket that restores continuously, one per (app, shop). */
export const createBucket = (maximum: number, restorePerSecond: number, startMs: number): Bucket => {
  let available = maximum
  let atMs = startMs
  const restore = (nowMs: number): void => {
    available = Math.min(maximum, available + ((nowMs - atMs) * restorePerSecond) / 1000)
    atMs = nowMs
  }
  return {
    take: (points, nowMs) => {
      restore(nowMs)
      if (points > available) return false
      available -= points
      return true
    },
    refund: (points, nowMs) => {
      restore(nowMs)
      available = Math.min(maximum, available + points)
    },
    drain: (nowMs) => {
      restore(nowMs)
      available = 0
    },
    status: (nowMs) => {
      restore(nowMs)
      return { maximumAvailable: maximum, currentlyAvailable: Math.floor(available), restoreRate: restorePerSecond }
    },
  }
}
