// The official 2026-10 schema, complete, built once for all simulated shops of a process. Measured on Node 26, one of two shared cores:
// 0.3 s (unzip 60 ms, build 210 ms when the SDL is taken as valid) and 35 MB of heap; a subset would start faster but would answer "no such
// field" where Shopify answers.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { buildSchema, GraphQLError, type GraphQLSchema, parse, validate } from 'graphql'
import type { DocumentNode } from 'graphql'

const contract = (name: string): URL => new URL(`../contracts/shopify/${name}`, import.meta.url)

let built: GraphQLSchema | undefined

export const shopifySchema = (): GraphQLSchema => {
  built ??= buildSchema(gunzipSync(readFileSync(contract('admin_2026-10.graphql.gz'))).toString('utf8'), {
    assumeValid: true,
    assumeValidSDL: true,
    noLocation: true,
  })
  return built
}

export interface Access {
  readonly requiredAccess: string
  readonly scopes: readonly string[]
}

export interface AccessScopes {
  readonly types: Readonly<Record<string, Access>>
  readonly fields: Readonly<Record<string, Access>>
}

let scopes: AccessScopes | undefined

export const accessScopes = (): AccessScopes => {
  scopes ??= JSON.parse(readFileSync(contract('access-scopes.json'), 'utf8')) as AccessScopes
  return scopes
}

export type CheckedDocument =
  | { readonly ok: true; readonly document: DocumentNode }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] }

/** Documents differ by client, not by request: a client that builds them from data would see them checked anew each time. */
const maxCachedDocuments = 200
const checked = new Map<string, CheckedDocument>()

/** Codes that Shopify's server (graphql-ruby) gives to documents that do not fit the schema, by graphql-js's message. */
const codes: readonly (readonly [RegExp, string])[] = [
  [/^Cannot query field/, 'undefinedField'],
  [/^Unknown argument/, 'argumentNotAccepted'],
  [/argument ".*" of type ".*" is required/i, 'missingRequiredArguments'],
  [/must have a selection of subfields|must not have a selection/, 'selectionMismatch'],
  [/^Unknown type/, 'undefinedType'],
  [/is not defined(?: by operation.*)?\.$/, 'variableNotDefined'],
  [/is never used/, 'variableNotUsed'],
  [/^Unknown directive/, 'undefinedDirective'],
  [/^Variable .* of type .* used in position/, 'variableMismatch'],
]

const withCode = (error: GraphQLError): GraphQLError => {
  const code = codes.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'argumentLiteralsIncompatible'
  return new GraphQLError(error.message, { nodes: error.nodes, source: error.source, positions: error.positions, extensions: { code } })
}

/** Parses and validates a document. */
export const checkDocument = (text: string): CheckedDocument => {
  const known = checked.get(text)
  if (known) return known
  let result: CheckedDocument
  try {
    const document = parse(text, { maxTokens: 20_000 })
    const errors = validate(shopifySchema(), document)
    result = errors.length === 0 ? { ok: true, document } : { ok: false, errors: errors.map(withCode) }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    result = { ok: false, errors: [error] }
  }
  if (checked.size >= maxCachedDocuments) checked.delete(checked.keys().next().value!)
  checked.set(text, result)
  return result
}
