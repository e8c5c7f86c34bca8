// "Sorts before this key" as a filter, for listings that go from the newest to the oldest.
import type { Document } from 'mongodb'

/** (a, b, c) < (x, y, z): a < x, or a = x and b < y, or both equal and c < z. The first condition stands alone too, so that an index is entered at it. */
export const before = (fields: readonly string[], key: readonly (string | number)[]): Document => {
  const alternatives = fields.map((field, i): Document => {
    const equal = Object.fromEntries(fields.slice(0, i).map((each, j) => [each, key[j]]))
    return { ...equal, [field]: { $lt: key[i] } }
  })
  const [first] = fields
  return first === undefined ? {} : { [first]: { $lte: key[0] }, $or: alternatives }
}

/**
 * The first page of everything: a bound that holds for every time (epoch milliseconds), so that the index is entered by a condition on
 * every server, and walked from its newest end where the server can.
 */
export const fromNewest = (field: string): Document => ({ [field]: { $gte: 0 } })
