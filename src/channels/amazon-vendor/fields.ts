// Reads fields of a platform's document without believing it. Every function gives a value of its type or throws `body-malformed` with
// the field's name; the value itself never enters the message, because it may be buyer data.
import { BelayError } from '../../domain/errors.ts'

export type Fields = Readonly<Record<string, unknown>>

export const malformed = (what: string): BelayError =>
  new BelayError('body-malformed', what, {
    fix: 'look at the document in Vendor Central; if it is right there, report what Belay cannot read',
  })

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

export const fieldsAt = (from: Fields, name: string): Fields => {
  const value = from[name]
  if (!isFields(value)) throw malformed(`${name} is missing or not an object`)
  return value
}

export const listAt = (from: Fields, name: string): readonly unknown[] => {
  const value = from[name]
  if (!Array.isArray(value)) throw malformed(`${name} is missing or not a list`)
  return value
}

/** Null: absent. Ids are exact strings: never trimmed. */
export const optionalText = (from: Fields, name: string): string | null => {
  const value = from[name]
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string' || value.length > 500) throw malformed(`${name} is not text of at most 500 characters`)
  return value
}

export const textAt = (from: Fields, name: string): string => {
  const value = optionalText(from, name)
  if (value === null) throw malformed(`${name} is missing`)
  return value
}

export const countAt = (from: Fields, name: string): number => {
  const value = from[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed(`${name} is not a whole number of 0 or more`)
  return value
}

const isoShape = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** Epoch milliseconds; UTC where no zone is named (orders 2021-12-28, orderDate). Null: absent. */
export const optionalInstant = (from: Fields, name: string): number | null => {
  const text = optionalText(from, name)
  if (text === null) return null
  const zoned = /(T.*(Z|[+-]\d{2}:?\d{2}))$/.test(text) || !text.includes('T') ? text : `${text}Z`
  const atMs = isoShape.test(text) ? Date.parse(zoned) : Number.NaN
  if (!Number.isSafeInteger(atMs) || atMs < 0) throw malformed(`${name} is not a date and time`)
  return atMs
}

export const instantAt = (from: Fields, name: string): number => {
  const atMs = optionalInstant(from, name)
  if (atMs === null) throw malformed(`${name} is missing`)
  return atMs
}
