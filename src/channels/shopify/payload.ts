// Reading JSON that others wrote: exact numbers, checked types, nothing trusted. Whole numbers beyond 2^53 come out as text, so that an
// id is the same text whether the body held it as a number or as a string.
import { parse } from 'lossless-json'
import { isResourceId } from './addresses.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Arrays longer than this are not what the platform sends (an order has at most 500 lines). */
const maxRows = 5_000

const exactNumber = (text: string): number | string => {
  const value = Number(text)
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(value) ? value : text
  return value
}

/** Null: not JSON, not an object, or nested deeper than the stack holds. */
export const parseObject = (text: string): JsonObject | null => {
  try {
    return asObject(parse(text, undefined, exactNumber))
  } catch {
    return null
  }
}

export const asObject = (value: unknown): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null

/** Null: not an array, too long, or a row that is not an object. */
export const asRows = (value: unknown): readonly JsonObject[] | null => {
  if (!Array.isArray(value) || value.length > maxRows) return null
  const rows: JsonObject[] = []
  for (const each of value) {
    const row = asObject(each)
    if (!row) return null
    rows.push(row)
  }
  return rows
}

export const asId = (value: unknown): string | null => {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && isResourceId(text) ? text : null
}

export const asCount = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null

export const asInteger = (value: unknown): number | null => (typeof value === 'number' && Number.isSafeInteger(value) ? value : null)

/** At most 200 characters. */
export const asText = (value: unknown): string | null => (typeof value === 'string' && value.length <= 200 ? value : null)

/** ISO 8601 with an offset, as Shopify writes it. */
export const asTimeMs = (value: unknown): number | null => {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.test(value)) return null
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? null : atMs
}
