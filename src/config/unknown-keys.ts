// Keys that no schema knows, wherever they stand, with the keys that are known there. zod on its own drops or reports them depending
// on how each object was declared; a mistyped setting must never be ignored silently, so this walk does not depend on it.
import type { z } from 'zod'
import type { KeyPath } from './document.ts'

export interface UnknownKey {
  /** The key included. */
  readonly path: KeyPath
  readonly key: string
  readonly known: readonly string[]
}

type Schema = z.ZodType

/** The parts of zod's definitions that the walk needs. */
interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, Schema>>
  readonly catchall?: Schema
  readonly element?: Schema
  readonly valueType?: Schema
  readonly innerType?: Schema
  readonly in?: Schema
  readonly out?: Schema
  readonly options?: readonly Schema[]
}

const definitionOf = (schema: Schema): Definition => schema.def

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const inObject = (definition: Definition, value: Readonly<Record<string, unknown>>, path: KeyPath): readonly UnknownKey[] => {
  const shape = definition.shape ?? {}
  const open = definition.catchall !== undefined && definitionOf(definition.catchall).type !== 'never'
  return Object.keys(value).flatMap((key) => {
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined
    if (schema) return unknownKeys(schema, value[key], [...path, key])
    return open ? [] : [{ path: [...path, key], key, known: Object.keys(shape) }]
  })
}

/** Of several shapes the one that explains most of the keys is the one that was meant. */
const fewest = (found: readonly (readonly UnknownKey[])[]): readonly UnknownKey[] =>
  found.reduce((best, each) => (each.length < best.length ? each : best), found[0] ?? [])

/** A union's shape: the one whose literals fit (a discriminator), else the one with the fewest unknown keys. */
const fits = (schema: Schema, value: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(definitionOf(schema).shape ?? {}).every(
    ([key, each]) =>
      definitionOf(each).type !== 'literal' || (definitionOf(each) as unknown as { values: unknown[] }).values.includes(value[key]),
  )

export const unknownKeys = (schema: Schema, value: unknown, path: KeyPath): readonly UnknownKey[] => {
  const definition = definitionOf(schema)
  if (definition.type === 'object') return isRecord(value) ? inObject(definition, value, path) : []
  if (definition.type === 'array' && definition.element && Array.isArray(value))
    return value.flatMap((each, index) => unknownKeys(definition.element as Schema, each, [...path, index]))
  if (definition.type === 'record' && definition.valueType && isRecord(value))
    return Object.entries(value).flatMap(([key, each]) => unknownKeys(definition.valueType as Schema, each, [...path, key]))
  if (definition.type === 'union' && definition.options && isRecord(value)) {
    const objects = definition.options.filter((each) => definitionOf(each).type === 'object')
    const fitting = objects.filter((each) => fits(each, value))
    return fewest((fitting.length > 0 ? fitting : objects).map((each) => unknownKeys(each, value, path)))
  }
  if (definition.innerType) return unknownKeys(definition.innerType, value, path)
  if (definition.type === 'pipe' && definition.in && definition.out)
    return unknownKeys(definitionOf(definition.in).type === 'transform' ? definition.out : definition.in, value, path)
  return []
}
