// Shopify's search syntax [shopify.dev/docs/api/usage/search-syntax], as far as a hub needs it: `field:value`, `field:>='value'`,
// AND (also by juxtaposition), OR, NOT or `-`, parentheses, quotes, `*` at the end of a text. A field that the simulator does not know is
// an error, never ignored: a filter that is silently dropped would look like an answer.
import { GraphQLError } from 'graphql'

type SearchField<T> =
  | { readonly kind: 'text'; readonly read: (node: T) => string | null }
  | { readonly kind: 'number'; readonly read: (node: T) => bigint }
  /** Compared in whole seconds, as Shopify tells times. */
  | { readonly kind: 'time'; readonly read: (node: T) => number }
  /** `any` matches everything. */
  | { readonly kind: 'choice'; readonly read: (node: T) => string }

export type SearchFields<T> = Readonly<Record<string, SearchField<T>>>
type Predicate<T> = (node: T) => boolean

export interface Search<T> {
  readonly matches: Predicate<T>
  /** Terms that must all hold (no OR or NOT above them): for the use of an index. */
  readonly required: readonly { readonly field: string; readonly operator: Operator; readonly value: string }[]
}

type Operator = ':' | '>' | '>=' | '<' | '<='
type Token =
  | { readonly kind: '(' | ')' | 'and' | 'or' | 'not' }
  | { readonly kind: 'term'; readonly field: string; readonly operator: Operator; readonly value: string }

/** Longer queries are refused; the longest that a hub writes names 250 SKUs. */
const maxQueryCharacters = 50_000

const bad = (message: string): GraphQLError => new GraphQLError(`The search query is not understood: ${message}`)

const tokenPattern =
  /\s*(?:([()])|(-)(?=[A-Za-z_(])|([A-Za-z_]+):(>=|<=|>|<)?\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s()'"]+))|(AND|OR|NOT)(?=[\s(]|$))/y

const tokenize = (query: string): Token[] => {
  const tokens: Token[] = []
  const text = query.trimEnd()
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.length) {
    const at = tokenPattern.lastIndex
    const match = tokenPattern.exec(text)
    if (!match) throw bad(`near "${text.slice(at, at + 30).trim()}" (only field:value terms are simulated)`)
    const [, bracket, minus, field, operator, single, double, bare, word] = match
    if (bracket === '(' || bracket === ')') tokens.push({ kind: bracket })
    else if (minus) tokens.push({ kind: 'not' })
    else if (field) {
      const quoted = single ?? double
      const value = quoted === undefined ? (bare ?? '') : quoted.replaceAll(/\\(.)/g, '$1')
      tokens.push({ kind: 'term', field: field.toLowerCase(), operator: (operator as Operator | undefined) ?? ':', value })
    } else tokens.push({ kind: word === 'AND' ? 'and' : word === 'OR' ? 'or' : 'not' })
  }
  return tokens
}

const compare = (difference: number, operator: Operator): boolean => {
  switch (operator) {
    case ':':
      return difference === 0
    case '>':
      return difference > 0
    case '>=':
      return difference >= 0
    case '<':
      return difference < 0
    case '<=':
      return difference <= 0
  }
}

export const parseTime = (value: string): number => {
  const atMs = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(value) || /(?:Z|[+-]\d{2}:?\d{2})$/.test(value) ? value : `${value}Z`)
  if (Number.isNaN(atMs)) throw bad(`"${value}" is not a time`)
  return atMs
}

const termPredicate = <T>(fields: SearchFields<T>, token: Token & { kind: 'term' }): Predicate<T> => {
  const field = fields[token.field]
  const { operator, value } = token
  if (!field) throw bad(`the field "${token.field}" is not simulated; known: ${Object.keys(fields).join(', ')}`)
  if (field.kind === 'time') {
    const limitMs = parseTime(value)
    return (node) => compare(Math.floor(field.read(node) / 1000) * 1000 - limitMs, operator)
  }
  if (field.kind === 'number') {
    const digits = /(\d+)$/.exec(value)?.[1]
    if (!digits) throw bad(`"${value}" is not an id`)
    const limit = BigInt(digits)
    return (node) => {
      const own = field.read(node)
      return compare(own < limit ? -1 : own > limit ? 1 : 0, operator)
    }
  }
  if (operator !== ':') throw bad(`the field "${token.field}" is a text and has no order`)
  if (field.kind === 'choice') return (node) => value === 'any' || field.read(node) === value
  // Matching is case-insensitive: a client has to compare the exact text itself.
  const wanted = value.toLowerCase()
  if (wanted === '*') return (node) => field.read(node) !== null
  if (wanted.endsWith('*')) return (node) => (field.read(node)?.toLowerCase() ?? '').startsWith(wanted.slice(0, -1))
  return (node) => field.read(node)?.toLowerCase() === wanted
}

/** Grammar: or = and ('OR' and)*; and = not ('AND'? not)*; not = ('NOT' | '-')? primary; primary = term | '(' or ')'. */
export const parseSearch = <T>(query: string | null | undefined, fields: SearchFields<T>): Search<T> => {
  if (!query || query.trim() === '') return { matches: () => true, required: [] }
  if (query.length > maxQueryCharacters) throw bad(`it is longer than ${maxQueryCharacters} characters`)
  const tokens = tokenize(query)
  let position = 0
  const required: (Token & { kind: 'term' })[] = []
  const peek = (): Token['kind'] | undefined => tokens[position]?.kind
  const primary = (): Predicate<T> => {
    const token = tokens[position++]
    if (token?.kind === 'term') {
      required.push(token)
      return termPredicate(fields, token)
    }
    if (token?.kind !== '(') throw bad('a term or a bracket is missing')
    const inner = or()
    if (tokens[position++]?.kind !== ')') throw bad('a closing bracket is missing')
    return inner
  }
  const not = (): Predicate<T> => {
    if (peek() !== 'not') return primary()
    position++
    const before = required.length
    const inner = not()
    required.length = before
    return (node) => !inner(node)
  }
  const and = (): Predicate<T> => {
    const parts = [not()]
    while (position < tokens.length && peek() !== ')' && peek() !== 'or') {
      if (peek() === 'and') position++
      parts.push(not())
    }
    return parts.length === 1 ? parts[0]! : (node) => parts.every((part) => part(node))
  }
  const or = (): Predicate<T> => {
    const before = required.length
    const parts = [and()]
    while (peek() === 'or') {
      position++
      parts.push(and())
    }
    if (parts.length === 1) return parts[0]!
    required.length = before
    return (node) => parts.some((part) => part(node))
  }
  const matches = or()
  if (position < tokens.length) throw bad('there is a closing bracket too many')
  return { matches, required }
}
