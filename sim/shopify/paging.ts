// Connections: pages of at most 250 by an opaque cursor. A cursor is the sort key of the last node, so that a page continues behind it
// even when nodes moved meanwhile, as Shopify's does. Deep paging stops at 25 000 nodes only in the sense that nothing here is longer.
import { GraphQLError } from 'graphql'

export interface SortKey {
  readonly value: number
  readonly sequence: number
}

export interface PageArguments {
  readonly first?: number | null
  readonly last?: number | null
  readonly after?: string | null
  readonly before?: string | null
  readonly reverse?: boolean | null
}

export interface Connection {
  readonly nodes: readonly unknown[]
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/** [third party: error text "first cannot exceed 250"; shopify.dev/api/usage/limits] */
const maxPageItems = 250

const refused = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })

const encode = (key: SortKey): string => Buffer.from(JSON.stringify([key.value, key.sequence])).toString('base64')

const decode = (cursor: string): SortKey => {
  const match = /^\[(-?\d{1,16}),(\d{1,16})\]$/.exec(Buffer.from(cursor, 'base64').toString('utf8'))
  if (!match) throw refused('Invalid cursor for current pagination sort.')
  return { value: Number(match[1]), sequence: Number(match[2]) }
}

const compareKeys = (a: SortKey, b: SortKey): number => a.value - b.value || a.sequence - b.sequence

export interface PageSource<T> {
  /** Sorted ascending by key. */
  readonly nodes: readonly T[]
  readonly keyOf: (node: T) => SortKey
  /** Turned into what GraphQL resolves on. */
  readonly present: (node: T) => unknown
}

/** `unlimited`: inside a bulk operation, where `first` is not needed. */
export const connectionOf = <T>(source: PageSource<T>, page: PageArguments, unlimited: boolean): Connection => {
  const size = page.first ?? page.last ?? null
  if (size === null && !unlimited) throw refused('you must provide one of first or last')
  if (page.first != null && page.last != null) throw refused('providing both first and last is not supported')
  if (size !== null && size < 0) throw refused(`${page.first == null ? 'last' : 'first'} must be a non-negative number`)
  if (size !== null && size > maxPageItems) throw refused(`${page.first == null ? 'last' : 'first'} cannot exceed ${maxPageItems}`)
  const direction = page.reverse ? -1 : 1
  let nodes = page.reverse ? source.nodes.toReversed() : source.nodes
  const total = nodes.length
  const behind = (key: SortKey, inclusive: boolean): number => {
    let low = 0
    let high = nodes.length
    while (low < high) {
      const middle = (low + high) >> 1
      const order = direction * compareKeys(source.keyOf(nodes[middle]!), key)
      if (order < 0 || (inclusive && order === 0)) low = middle + 1
      else high = middle
    }
    return low
  }
  let from = page.after ? behind(decode(page.after), true) : 0
  let to = page.before ? behind(decode(page.before), false) : total
  if (page.first != null) to = Math.min(to, from + page.first)
  else if (page.last != null) from = Math.max(from, to - page.last)
  nodes = nodes.slice(from, Math.max(from, to))
  const cursors = nodes.map((node) => encode(source.keyOf(node)))
  const presented = nodes.map(source.present)
  return {
    nodes: presented,
    edges: presented.map((node, index) => ({ cursor: cursors[index]!, node })),
    pageInfo: { hasNextPage: to < total, hasPreviousPage: from > 0, startCursor: cursors[0] ?? null, endCursor: cursors.at(-1) ?? null },
  }
}
