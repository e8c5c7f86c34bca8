// Idempotency keys of mutations (`@idempotent(key)`): the same key with the same arguments answers the first result again, with other
// arguments it is refused. Keys are remembered for a set time and at most `maxKeys` of them, the oldest going first.
import { GraphQLError, getDirectiveValues, type GraphQLResolveInfo } from 'graphql'

interface KeyedResult<T> {
  readonly kind: 'fresh' | 'replayed' | 'mismatch'
  readonly result: T | null
}

export interface IdempotencyKeys {
  /** `keep` decides whether a fresh result is remembered. */
  run<T>(operation: string, key: string, args: unknown, nowMs: number, execute: () => T, keep: (result: T) => boolean): KeyedResult<T>
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

const maxKeys = 100_000

export const createIdempotencyKeys = (retentionMs: number): IdempotencyKeys => {
  const kept = new Map<string, { readonly args: string; readonly result: unknown; readonly expiresAtMs: number }>()
  return {
    run: (operation, key, args, nowMs, execute, keep) => {
      for (const [oldest, { expiresAtMs }] of kept) {
        if (expiresAtMs > nowMs && kept.size < maxKeys) break
        kept.delete(oldest)
      }
      const text = canonical({ operation, args })
      const known = kept.get(key)
      if (known && known.args !== text) return { kind: 'mismatch', result: null }
      if (known) return { kind: 'replayed', result: known.result as ReturnType<typeof execute> }
      const result = execute()
      if (keep(result)) kept.set(key, { args: text, result, expiresAtMs: nowMs + retentionMs })
      return { kind: 'fresh', result }
    },
  }
}

/** The field's key. Required since 2026-04 though the schema does not say so; message and code as observed by a public project in 2026-05. */
export const requiredKey = (info: GraphQLResolveInfo): string => {
  const directive = info.schema.getDirective('idempotent')
  const node = info.fieldNodes[0]
  const key: unknown = directive && node ? getDirectiveValues(directive, node, info.variableValues)?.['key'] : undefined
  if (typeof key !== 'string') {
    throw new GraphQLError('The @idempotent directive is required for this mutation but was not provided.', {
      extensions: { code: 'BAD_REQUEST' },
    })
  }
  if (key.trim() === '') throw new GraphQLError('The idempotency key must not be blank.', { extensions: { code: 'BAD_REQUEST' } })
  return key
}
