// Paging as both engines do it: a listing asks for one row more than its page, and the opaque cursor is the sort key of the page's
// last row. A cursor stays valid while rows come and go, because it names a place in the order, not a row.
import { BelayError } from '../domain/errors.ts'
import type { Page } from '../ports/store.ts'

/** The most rows of one page: a page is one answer held in memory. */
const maxPageRows = 500

export const pageLimit = (limit: number): number => Math.min(Math.max(1, Math.trunc(limit)), maxPageRows)

type SortKey = readonly (string | number)[]

/** The cursor of the place after this key, for a listing that stops between two rows. */
export const placeAfter = (key: SortKey): string => Buffer.from(JSON.stringify(key)).toString('base64url')

/** Throws `body-malformed` when the text is not a cursor of a listing with this many sort keys. */
export const decodeCursor = (text: string, example: SortKey): SortKey => {
  const refused = (cause?: unknown): BelayError =>
    new BelayError('body-malformed', 'The page cursor is not one that this listing gave', {
      fix: 'Give back `next` of the previous page as it was, or leave it out to begin at the first page.',
      cause,
    })
  let key: unknown
  try {
    key = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch (error) {
    throw refused(error)
  }
  if (!Array.isArray(key) || key.length !== example.length || !key.every((part, i) => typeof part === typeof example[i])) throw refused()
  return key as SortKey
}

/** `rows`: up to limit + 1 of them. */
export const pageOf = <T>(rows: readonly T[], limit: number, sortKey: (row: T) => SortKey): Page<T> => {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? placeAfter(sortKey(last)) : null }
}

/** Sorts after every text that begins with the prefix, in the order of UTF-8 bytes (U+10FFFF is no character of any text). */
export const afterPrefix = (prefix: string): string => `${prefix}\u{10FFFF}`
